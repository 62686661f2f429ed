/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for bounces. A request is a line and the octets of a message:
 *
 *	VERB LENGTH ALIAS SENDER TARGET...
 *
 * The answer is "RESULT LENGTH" and so many octets: for "notice" our own
 * notification, for "strike" the message with the targets struck out, for
 * "parse" lines with one recipient each, values separated by tabs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mail/buf.h"
#include "mail/dsn_format.h"
#include "mail/dsn_strike.h"

enum { LINE = 65536, TARGETS = 16, NOW = 1795332243 };

struct request {
	struct str verb;
	struct message header;
	struct str body;
	struct mailbox public[2]; /* alias, sender */
	struct mailbox targets[TARGETS];
	size_t n;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "dsn_driver: %s\n", what);
	exit(1);
}

static struct str cut(struct str *line)
{
	struct str word;

	must(str_cut(line, ' ', &word), "a line ends early");
	return word;
}

static bool read_request(struct arena *arena, struct request *request)
{
	char *buffer = arena_alloc(arena, LINE), *message;
	struct str line;
	size_t n;

	if (!fgets(buffer, LINE, stdin))
		return false;
	line = str_trim_end(str_from(buffer));
	request->verb = cut(&line);
	n = strtoul(cut(&line).p, NULL, 10);
	must(address_parse(cut(&line), &request->public[0]) == OK, "alias");
	must(address_parse(cut(&line), &request->public[1]) == OK, "sender");
	for (request->n = 0; line.p; request->n++)
		must(request->n < TARGETS &&
			     address_parse(cut(&line),
					   &request->targets[request->n]) == OK,
		     "target");
	message = arena_alloc(arena, n);
	must(fread(message, 1, n, stdin) == n, "the message ends early");
	message_init(&request->header, arena);
	must(message_split(&request->header, (struct str){ message, n },
			   &request->body) == OK,
	     "no message");
	return true;
}

static void add_fields(struct buf *buf, const struct message *header)
{
	for (size_t i = 0; i < header->n; i++) {
		buf_add(buf, header->fields[i].name);
		buf_addc(buf, ':');
		buf_add(buf, header->fields[i].value);
		buf_add(buf, STR("\n"));
	}
	buf_add(buf, STR("\n"));
}

static enum result notice(struct arena *arena, struct request *request,
			  struct buf *out)
{
	struct dsn_notice facts = {
		.sender = request->public[1],
		.alias = request->public[0],
		.targets = request->targets,
		.n = request->n,
		.domain = STR("example.org"),
		.host = STR("mail.example.org"),
		.now = NOW,
		.random = STR("0123456789abcdef"),
	};
	struct dsn_message message;
	struct dsn dsn;
	enum result result =
		dsn_parse(arena, &request->header, request->body, &dsn);

	if (result == OK)
		result = dsn_format(arena, &dsn, &facts, &message);
	if (result != OK)
		return result;
	add_fields(out, &message.header);
	buf_add(out, message.body);
	return OK;
}

static enum result strike(struct arena *arena, struct request *request,
			  struct buf *out)
{
	struct dsn_public public = { request->public, 2,
				     STR("mail.example.org") };
	struct dsn_secrets *secrets = dsn_secrets_new(arena, &public);
	struct str body;
	enum result result;

	for (size_t i = 0; i < request->n; i++)
		dsn_secrets_add(secrets, &request->targets[i]);
	result = dsn_strike_body(arena, secrets, &request->header,
				 request->body, &body);
	for (size_t i = 0; i < request->header.n; i++) {
		struct field *field = &request->header.fields[i];

		field->value = dsn_strike_field(arena, secrets, field->value);
	}
	add_fields(out, &request->header);
	buf_add(out, body);
	return result;
}

static enum result parse(struct arena *arena, struct request *request,
			 struct buf *out)
{
	struct dsn dsn;
	enum result result =
		dsn_parse(arena, &request->header, request->body, &dsn);

	for (size_t i = 0; result == OK && i < dsn.n; i++) {
		const struct dsn_recipient *one = &dsn.recipients[i];
		const struct str values[] = {
			one->original,
			one->final,
			str_from(dsn_action_name(one->action)),
			one->status,
			one->diagnostic_type,
			one->diagnostic,
			one->last_attempt,
			one->will_retry,
			dsn.arrival_date,
			dsn.envelope_id,
		};

		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]);
		     k++) {
			buf_add(out, values[k]);
			buf_addc(out, '\t');
		}
		buf_addc(out, '\n');
	}
	return result;
}

int main(void)
{
	struct arena *arena = arena_new(65536);
	struct request request;

	while (read_request(arena, &request)) {
		enum result result;
		struct buf out;

		buf_init(&out, arena, 64 << 20);
		if (str_eq(request.verb, STR("notice")))
			result = notice(arena, &request, &out);
		else if (str_eq(request.verb, STR("strike")))
			result = strike(arena, &request, &out);
		else
			result = parse(arena, &request, &out);
		printf("%s %zu\n", result_name(result), out.n);
		if (out.n)
			fwrite(out.p, 1, out.n, stdout);
		fflush(stdout);
		arena_reset(arena);
	}
	arena_free(arena);
	return 0;
}
