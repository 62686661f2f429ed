/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An Authentication-Results field. The first octet chooses: a value to read
 * and write again, or lines that are the values of one to be written.
 */

#include "fuzz.h"
#include "mail/authres.h"
#include "mail/buf.h"
#include "mail/limits.h"
#include "mail/trace.h"

static const struct str ours = { "mx.example.org", 14 };

/* Lines of printable ASCII that are not too long, folded with a tab. */
static void check_lines(struct str text)
{
	struct str line;
	bool first = true;

	MUST(text.n && text.n <= LIMIT_FIELD);
	while (str_cut(&text, '\n', &line)) {
		MUST(line.n > 1 && line.n <= LIMIT_LINE);
		MUST(line.p[0] == (first ? ' ' : '\t'));
		for (size_t i = 1; i < line.n; i++)
			MUST(line.p[i] >= ' ' && line.p[i] <= '~');
		MUST(line.p[1] != ' ' && line.p[line.n - 1] != ' ');
		first = false;
	}
}

/* What was read has all that could be written, in order, and no more. */
static void check_result(const struct authres_result *written,
			 const struct authres_result *read)
{
	size_t k = 0;

	MUST(str_eq(written->method, read->method));
	MUST(str_eq(written->result, read->result));
	MUST(str_eq(read->reason, trace_is_text(written->reason)
					  ? written->reason
					  : STR("")));
	for (size_t i = 0; i < written->n; i++) {
		const struct authres_property *one = &written->properties[i];

		if (!one->type.n || one->type.n > LIMIT_LABEL ||
		    one->name.n > LIMIT_LABEL ||
		    trace_form(one->value) == TRACE_UNFIT)
			continue;
		MUST(k < read->n);
		MUST(str_eq(one->type, read->properties[k].type));
		MUST(str_eq(one->name, read->properties[k].name));
		MUST(str_eq(one->value, read->properties[k].value));
		k++;
	}
	MUST(k == read->n);
}

static void write_and_read(struct arena *arena, struct authres *authres)
{
	struct authres read;
	struct str text;
	size_t k = 0;

	authres->id = ours;
	text = authres_format(arena, authres);
	check_lines(text);
	MUST(authres_claims(arena, text, ours));
	MUST(!authres_claims(arena, text, STR("notmx.example.org")));
	MUST(authres_parse(arena, text, &read) == OK);
	MUST(str_eq(read.id, ours));
	for (size_t i = 0; i < authres->n; i++) {
		const struct authres_result *result = &authres->results[i];

		if (result->method.n > LIMIT_LABEL ||
		    result->result.n > LIMIT_LABEL)
			continue;
		MUST(k < read.n);
		check_result(result, &read.results[k++]);
	}
	MUST(k == read.n);
}

/* Somebody else's value, also with our name before it. */
static void read_and_write(struct arena *arena, struct str text)
{
	static const struct str before[] = {
		{ "MX.Example.Org;", 15 },
		{ "(a) \"mx.example.org\" 1 ", 23 },
		{ "\r\n\tmx.example.org\n (b);", 23 },
		{ "mx.example.org (", 16 },
		{ "; mx.example.org ", 17 },
	};
	struct authres authres;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		struct buf buf;

		buf_init(&buf, arena, LIMIT_FIELD);
		buf_add(&buf, before[i]);
		buf_add(&buf, text);
		MUST(authres_claims(arena, buf_str(&buf), ours));
	}
	if (authres_parse(arena, text, &authres) != OK)
		return;
	MUST(authres.n <= LIMIT_AUTHRES_RESULTS);
	if (str_ieq(authres.id, ours))
		MUST(authres_claims(arena, text, ours));
	authres_claims(arena, text, authres.id);
	write_and_read(arena, &authres);
}

/* Lines: the reason, the comment, then values. */
static void write_lines(struct arena *arena, struct str text)
{
	struct authres_property properties[20];
	struct authres_result result = { STR("spf"), STR("fail"), STR(""),
					 STR(""),    properties,  0 };
	struct authres authres = { .results = &result, .n = 1 };
	struct str line;

	if (str_cut(&text, '\n', &line))
		result.reason = line;
	if (str_cut(&text, '\n', &line))
		result.comment = line;
	while (result.n < 20 && str_cut(&text, '\n', &line))
		properties[result.n++] =
			(struct authres_property){ STR("smtp"), STR("mailfrom"),
						   line };
	write_and_read(arena, &authres);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	struct arena *arena = arena_new(4096);

	if (fuzz_first(&input) % 2)
		write_lines(arena, input);
	else
		read_and_write(arena, input);
	arena_free(arena);
	return 0;
}
