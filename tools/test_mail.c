/* SPDX-License-Identifier: BSD-2-Clause */
#include <netdb.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "mail/buf.h"
#include "mail/crypto.h"
#include "milters/network.h"
#include "password.h"
#include "plain.h"
#include "postfix.h"
#include "probe.h"
#include "tool.h"

/*
 * The verb test-mail: a message as a user sends it, over each of the ports for
 * that, with all that is said; and how to read it where it arrives.
 */

enum { SECONDS = 120, PORTS = 2 };
static const int ports[PORTS] = { 465, 587 };

struct options {
	const char *user, *to, *host;
	bool insecure, json;
};

static const struct tool_flag flags[] = {
	{ "user", false, offsetof(struct options, user) },
	{ "to", false, offsetof(struct options, to) },
	{ "host", false, offsetof(struct options, host) },
	{ "insecure", true, offsetof(struct options, insecure) },
	{ "json", true, offsetof(struct options, json) },
	{ NULL, false, 0 },
};

struct sending {
	struct tool *tool;
	struct options options;
	struct str password;
	int port;
	struct str address; /* that is talked to; empty before */
	const char *id;	    /* of the message */
	const char *error;
	struct json json;
	const char *step;  /* what was said last */
	const char *reply; /* its lines so far, or NULL */
};

/* One step for programs; a code of 0 is none. */
static void json_step(struct sending *sending, int code, const char *text,
		      bool good)
{
	struct json *json = &sending->json;

	json_object(json, NULL);
	json_number(json, "port", sending->port);
	json_string(json, "address", sending->address);
	json_text(json, "step", sending->step);
	if (code)
		json_number(json, "code", code);
	else
		json_null(json, "code");
	json_text(json, "text", text);
	json_bool(json, "good", good);
	json_object_end(json);
}

/* A line of ours begins a step, the last line of the reply ends it. */
static void hear_json(struct sending *sending, char direction, struct str line)
{
	struct arena *arena = sending->tool->arena;
	int code;

	if (direction == '>') {
		sending->step = arena_copy(arena, line).p;
		return;
	}
	sending->reply = arena_printf(
		arena, "%s%s%.*s", sending->reply ? sending->reply : "",
		sending->reply ? "\n" : "",
		STR_ARG(str_sub(line, line.n < 4 ? line.n : 4, line.n)));
	if (line.n > 3 && line.p[3] == '-')
		return;
	code = atoi(
		arena_copy(arena, str_sub(line, 0, line.n < 3 ? line.n : 3)).p);
	/* What is no reply of SMTP is told as an error. */
	if (code >= 200)
		json_step(sending, code, sending->reply, code < 400);
	sending->reply = NULL;
}

static void hear(void *context, char direction, struct str line)
{
	struct sending *sending = context;

	if (sending->options.json)
		hear_json(sending, direction, line);
	else
		printf("  %c %s\n", direction,
		       plain_text(sending->tool->arena, line));
}

/* What the exit status says of a refusal. */
static int refused(struct sending *sending, const struct smtp_reply *reply,
		   const char *what)
{
	sending->error =
		arena_printf(sending->tool->arena, "%s: %s", what,
			     probe_reply_text(sending->tool->arena, reply));
	return reply->code < 500 ? EX_TEMPFAIL : EX_NOPERM;
}

static int broken(struct sending *sending, const struct probe *probe)
{
	sending->error = probe_error(probe);
	if (sending->options.json)
		json_step(sending, 0, sending->error, false);
	return EX_UNAVAILABLE;
}

/* What Gmail would not like of a certificate, names and chain too; or NULL. */
static const char *find_fault(struct sending *sending,
			      const struct certificate *certificate)
{
	if (certificate->dangles)
		return certificate->dangles;
	if (!certificate->is_for_name)
		return arena_printf(sending->tool->arena, "it is not for %s",
				    sending->options.host);
	return certificate->ends <= time(NULL) ? "it is expired" : NULL;
}

/* Before the password is sent. */
static int check_certificate(struct sending *sending, struct probe *probe)
{
	struct arena *arena = sending->tool->arena;
	struct certificate certificate;
	const char *fault, *text;

	sending->step = "certificate";
	if (probe_certificate(probe, &certificate) != OK)
		return broken(sending, probe);
	text = arena_printf(
		arena, "%s, certificate for %s, good for %lld days",
		probe_tls_version(probe), certificate.names,
		((long long)certificate.ends - (long long)time(NULL)) / 86400);
	fault = find_fault(sending, &certificate);
	if (fault)
		fault = arena_printf(arena, "the certificate is not good: %s",
				     fault);
	if (sending->options.json) {
		json_step(sending, 0, fault ? fault : text, !fault);
	} else {
		printf("  %s\n", plain_text(arena, str_from(text)));
		if (fault)
			printf("  %s\n", plain_text(arena, str_from(fault)));
	}
	if (!fault || sending->options.insecure)
		return EX_OK;
	sending->error = "the password is not sent to who shows this "
			 "certificate; --insecure sends it";
	return EX_UNAVAILABLE;
}

/* RFC 4616: no identity but the user's own, the user, the password. */
static int log_in(struct sending *sending, struct probe *probe)
{
	struct arena *arena = sending->tool->arena;
	struct smtp_reply reply;
	struct str line;
	struct buf plain;

	buf_init(&plain, arena, SIZE_MAX);
	buf_addc(&plain, '\0');
	buf_add(&plain, str_from(sending->options.user));
	buf_addc(&plain, '\0');
	buf_add(&plain, sending->password);
	line = crypto_base64(arena, buf_str(&plain));
	line = str_from(arena_printf(arena, "AUTH PLAIN %.*s", STR_ARG(line)));
	hear(sending, '>', STR("AUTH PLAIN (user and password)"));
	if (probe_ask_secretly(probe, line, &reply) != OK)
		return broken(sending, probe);
	return reply.code == 235 ? EX_OK
				 : refused(sending, &reply,
					   "user or password were refused");
}

static struct str compose(struct sending *sending)
{
	struct arena *arena = sending->tool->arena;
	time_t now = time(NULL);
	char date[64];
	struct tm utc;

	strftime(date, sizeof(date), "%a, %d %b %Y %T +0000",
		 gmtime_r(&now, &utc));
	return str_from(arena_printf(
		arena,
		"From: <%s>\nTo: <%s>\nDate: %s\nMessage-ID: <%s>\n"
		"Subject: Millrace test over port %d\n\n"
		"This message was sent over port %d of %s.\n\n"
		"In Gmail, \"Show original\" should say PASS for SPF, DKIM and "
		"DMARC.\nSaved from there, \"millrace verify FILE\" tells "
		"more.\n",
		sending->options.user, sending->options.to, date, sending->id,
		sending->port, sending->port, sending->options.host));
}

static int transact(struct sending *sending, struct probe *probe)
{
	struct arena *arena = sending->tool->arena;
	const char *const lines[] = {
		arena_printf(arena, "MAIL FROM:<%s>", sending->options.user),
		arena_printf(arena, "RCPT TO:<%s>", sending->options.to),
		"DATA",
	};
	struct smtp_reply reply;

	for (int i = 0; i < 3; i++) {
		if (probe_ask(probe, str_from(lines[i]), &reply) != OK)
			return broken(sending, probe);
		if (reply.code / 100 != (i == 2 ? 3 : 2))
			return refused(sending, &reply, lines[i]);
	}
	hear(sending, '>', STR("(the message)"));
	if (probe_send(probe, compose(sending), &reply) != OK)
		return broken(sending, probe);
	return reply.code == 250
		       ? EX_OK
		       : refused(sending, &reply, "the message was refused");
}

static int talk(struct sending *sending, struct probe *probe)
{
	struct smtp_reply reply, bye;
	int status;

	if (!probe_has_tls(probe) &&
	    (probe_hello(probe, &reply) != OK || probe_starttls(probe) != OK))
		return broken(sending, probe);
	status = check_certificate(sending, probe);
	if (status == EX_OK && probe_hello(probe, &reply) != OK)
		status = broken(sending, probe);
	if (status == EX_OK)
		status = log_in(sending, probe);
	if (status == EX_OK)
		status = transact(sending, probe);
	probe_ask(probe, STR("QUIT"), &bye);
	return status;
}

static int talk_to(struct sending *sending, const struct ip *address)
{
	struct arena *arena = sending->tool->arena;
	struct str text = ip_format(arena, address);
	char name[256] = "localhost";
	struct probe_target target = { .address = *address,
				       .port = sending->port,
				       .implicit_tls = sending->port == 465,
				       .name = sending->options.host,
				       .helo = name,
				       .seconds = SECONDS,
				       .hear = hear,
				       .context = sending };
	struct smtp_reply greeting;
	struct probe *probe;
	enum result result;
	int status;

	gethostname(name, sizeof(name) - 1);
	sending->address = text;
	sending->step = "connect";
	if (!sending->options.json)
		printf("%s, port %d, at %.*s:\n", sending->options.host,
		       sending->port, STR_ARG(text));
	result = probe_open(arena, &target, &probe, &greeting);
	status = result == OK ? talk(sending, probe) : broken(sending, probe);
	probe_close(probe);
	return result == E_ABSENT ? -1 : status;
}

/* Over one port, by the first address that somebody listens at. */
static int send_over(struct sending *sending)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int status = -1;

	sending->error = "the host's name has no address";
	sending->step = "find the address";
	sending->address = STR("");
	if (getaddrinfo(sending->options.host, NULL, &hints, &found) != 0) {
		if (sending->options.json)
			json_step(sending, 0, sending->error, false);
		return EX_NOHOST;
	}
	for (struct addrinfo *one = found; one && status < 0;
	     one = one->ai_next) {
		struct ip address;

		if (network_address(one->ai_addr, &address))
			status = talk_to(sending, &address);
		if (status < 0 && !sending->options.json)
			printf("  %s\n", sending->error);
	}
	freeaddrinfo(found);
	return status < 0 ? EX_UNAVAILABLE : status;
}

static void print_advice(const struct sending *sending)
{
	printf("\nTwo messages are on their way to %s. In Gmail open each, "
	       "\"Show original\":\n"
	       "SPF, DKIM and DMARC should say PASS, for the domain of %s.\n"
	       "\"Download original\", then \"millrace verify FILE\" tells "
	       "whether it came by TLS and IPv6.\n"
	       "If one does not come: \"mailq\" here, and the mail log by its "
	       "queue id above.\n",
	       sending->options.to, sending->options.user);
}

static bool is_address(const char *text)
{
	return text && !strpbrk(text, " \t\r\n<>") && strchr(text, '@') &&
	       *text != '@';
}

/* Without a name this host's own, as it greets. */
static int find_host(struct sending *sending)
{
	struct postfix postfix;

	if (sending->options.host)
		return EX_OK;
	if (postfix_read(sending->tool->arena, &postfix) == OK)
		sending->options.host = postfix_get(&postfix, "myhostname");
	if (sending->options.host)
		return EX_OK;
	return tool_fail(sending->tool, EX_USAGE,
			 "--host is needed: there is no Postfix here");
}

/* Over each port; EX_OK, or what the last one that failed came to. */
static int send_all(struct sending *sending)
{
	struct tool *tool = sending->tool;
	int status, worst = EX_OK;

	for (int i = 0; i < PORTS; i++) {
		sending->port = ports[i];
		sending->id =
			arena_printf(tool->arena, "%lld.%d.%d.test@%s",
				     (long long)time(NULL), (int)getpid(),
				     sending->port, sending->options.host);
		status = send_over(sending);
		if (status == EX_OK)
			continue;
		worst = status;
		fflush(stdout);
		tool_fail(tool, status, "port %d: %s", sending->port,
			  sending->error);
	}
	return worst;
}

static int send_for_programs(struct sending *sending)
{
	struct json *json = &sending->json;
	int status;

	json_begin(json, stdout);
	json_object(json, NULL);
	json_array(json, "steps");
	status = send_all(sending);
	json_array_end(json);
	json_text(json, "verdict", status == EX_OK ? "sent" : "failed");
	json_object_end(json);
	json_end(json);
	return status;
}

int run_test_mail(struct tool *tool, int argc, char **argv)
{
	struct sending sending = { .tool = tool };
	const struct options *options = &sending.options;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &sending.options, &status))
		return status;
	if (optind < argc || !is_address(options->user) ||
	    !is_address(options->to))
		return tool_usage(tool, EX_USAGE);
	status = find_host(&sending);
	if (status == EX_OK)
		status = password_ask(tool, false, &sending.password);
	if (status != EX_OK)
		return status;
	if (options->json)
		return send_for_programs(&sending);
	status = send_all(&sending);
	if (status == EX_OK)
		print_advice(&sending);
	return status;
}
