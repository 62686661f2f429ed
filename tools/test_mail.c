/* SPDX-License-Identifier: BSD-2-Clause */
#include <netdb.h>
#include <time.h>
#include <unistd.h>

#include "mail/buf.h"
#include "mail/crypto.h"
#include "milters/network.h"
#include "password.h"
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
	bool insecure;
};

static const struct tool_flag flags[] = {
	{ "user", false, offsetof(struct options, user) },
	{ "to", false, offsetof(struct options, to) },
	{ "host", false, offsetof(struct options, host) },
	{ "insecure", true, offsetof(struct options, insecure) },
	{ NULL, false, 0 },
};

struct sending {
	struct tool *tool;
	struct options options;
	struct str password;
	int port;
	const char *id; /* of the message */
	const char *error;
};

static void print_line(void *context, char direction, struct str line)
{
	(void)context;
	printf("  %c ", direction);
	/* What a server says goes to a terminal. */
	for (size_t i = 0; i < line.n; i++)
		putchar((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f
				? '?'
				: line.p[i]);
	putchar('\n');
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
	return EX_UNAVAILABLE;
}

/* Gmail looks at names and chain too, before it sends the password. */
static int check_certificate(struct sending *sending, struct probe *probe)
{
	struct certificate certificate;
	const char *fault = NULL;

	if (probe_certificate(probe, &certificate) != OK)
		return broken(sending, probe);
	printf("  %s, certificate for %s, good for %lld days\n",
	       probe_tls_version(probe), certificate.names,
	       ((long long)certificate.ends - (long long)time(NULL)) / 86400);
	if (certificate.dangles)
		fault = certificate.dangles;
	else if (!certificate.is_for_name)
		fault = arena_printf(sending->tool->arena, "it is not for %s",
				     sending->options.host);
	else if (certificate.ends <= time(NULL))
		fault = "it is expired";
	if (!fault)
		return EX_OK;
	printf("  the certificate is not good: %s\n", fault);
	if (sending->options.insecure)
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
	print_line(NULL, '>', STR("AUTH PLAIN (user and password)"));
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
	print_line(NULL, '>', STR("(the message)"));
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
				       .hear = print_line };
	struct smtp_reply greeting;
	struct probe *probe;
	enum result result;
	int status;

	gethostname(name, sizeof(name) - 1);
	printf("%s, port %d, at %.*s:\n", sending->options.host, sending->port,
	       STR_ARG(text));
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
	if (getaddrinfo(sending->options.host, NULL, &hints, &found) != 0)
		return EX_NOHOST;
	for (struct addrinfo *one = found; one && status < 0;
	     one = one->ai_next) {
		struct ip address;

		if (network_address(one->ai_addr, &address))
			status = talk_to(sending, &address);
		if (status < 0)
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

int run_test_mail(struct tool *tool, int argc, char **argv)
{
	struct sending sending = { .tool = tool };
	const struct options *options = &sending.options;
	int status, worst = EX_OK;

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
	for (int i = 0; i < PORTS; i++) {
		sending.port = ports[i];
		sending.id = arena_printf(tool->arena, "%lld.%d.%d.test@%s",
					  (long long)time(NULL), (int)getpid(),
					  sending.port, options->host);
		status = send_over(&sending);
		if (status == EX_OK)
			continue;
		worst = status;
		fflush(stdout);
		tool_fail(tool, status, "port %d: %s", sending.port,
			  sending.error);
	}
	if (worst == EX_OK)
		print_advice(&sending);
	return worst;
}
