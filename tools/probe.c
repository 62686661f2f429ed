/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "mail/buf.h"
#include "milters/resolver.h"

/* A reply is longer than RFC 5321 has it when there are many extensions. */
enum { REPLY_MAX = 65536, REPLY_SHOWN = 300 };

struct probe {
	struct arena *arena;
	struct probe_target target;
	int fd;
	struct tls *tls;
	int64_t end; /* in ms of the growing clock */
	char room[4096];
	struct str pending;	  /* of room: read, but not used yet */
	struct sigaction at_pipe; /* as it was before */
	const char *error;
};

static enum result fail(struct probe *probe, enum result result,
			const char *error)
{
	if (!probe->error)
		probe->error = error;
	return result;
}

static bool wait_for(struct probe *probe, short events)
{
	struct pollfd one = { .fd = probe->fd, .events = events };
	int64_t left = probe->end - resolver_now();

	if (left > 0 && poll(&one, 1, (int)left) == 1)
		return true;
	fail(probe, E_TEMP, "no answer in time");
	return false;
}

static enum result connect_to(struct probe *probe)
{
	const struct probe_target *target = &probe->target;
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)target->port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port =
					    htons((uint16_t)target->port) };
	bool is_six = target->address.six;
	struct sockaddr *address =
		is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	int error = 0;
	socklen_t size = sizeof(error);

	memcpy(&four.sin_addr, target->address.octets, sizeof(four.sin_addr));
	memcpy(&six.sin6_addr, target->address.octets, sizeof(six.sin6_addr));
	probe->fd = socket(is_six ? AF_INET6 : AF_INET,
			   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe->fd < 0)
		error = errno;
	else if (connect(probe->fd, address,
			 is_six ? sizeof(six) : sizeof(four)) != 0)
		error = errno;
	if (error == EINPROGRESS) {
		if (!wait_for(probe, POLLOUT))
			return E_ABSENT;
		getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	}
	if (!error)
		return OK;
	return fail(probe, E_ABSENT,
		    arena_printf(probe->arena, "%s", strerror(error)));
}

static enum result begin_tls(struct probe *probe)
{
	int done;

	probe->tls = tls_new(probe->fd, probe->target.name);
	if (!probe->tls)
		return fail(probe, E_TEMP, tls_error(probe->arena));
	while ((done = tls_shake(probe->tls)) != TLS_DONE) {
		if (done == TLS_FAILED)
			return fail(probe, E_TEMP,
				    arena_printf(probe->arena, "no TLS: %s",
						 tls_error(probe->arena)));
		if (!wait_for(probe, done == TLS_READ ? POLLIN : POLLOUT))
			return E_TEMP;
	}
	return OK;
}

/* One read or write, by TLS or without; as tls_read and tls_write return. */
static int transfer(struct probe *probe, bool is_write, struct str text)
{
	ssize_t n;

	if (probe->tls)
		return is_write ? tls_write(probe->tls, text)
				: tls_read(probe->tls, probe->room,
					   sizeof(probe->room));
	n = is_write ? send(probe->fd, text.p, text.n, MSG_NOSIGNAL)
		     : recv(probe->fd, probe->room, sizeof(probe->room), 0);
	if (n > 0)
		return (int)n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return is_write ? TLS_WRITE : TLS_READ;
	return TLS_FAILED;
}

/* The number of octets, or 0 when it failed. */
static size_t transfer_soon(struct probe *probe, bool is_write, struct str text)
{
	int n;

	while ((n = transfer(probe, is_write, text)) <= 0) {
		if (n == TLS_FAILED)
			fail(probe, E_TEMP, "the connection was closed");
		if (n == TLS_FAILED ||
		    !wait_for(probe, n == TLS_READ ? POLLIN : POLLOUT))
			return 0;
	}
	return (size_t)n;
}

static enum result write_all(struct probe *probe, struct str text)
{
	while (text.n) {
		size_t n = transfer_soon(probe, true, text);

		if (!n)
			return E_TEMP;
		text = str_sub(text, n, text.n);
	}
	return OK;
}

/* The next line, without its end. */
static enum result read_line(struct probe *probe, struct str *line)
{
	struct buf buf;

	buf_init(&buf, probe->arena, REPLY_MAX);
	do {
		size_t end = str_find(probe->pending, '\n');

		buf_add(&buf, str_sub(probe->pending, 0, end));
		if (end < probe->pending.n) {
			probe->pending = str_sub(probe->pending, end + 1,
						 probe->pending.n);
			*line = str_trim_end(buf_str(&buf));
			return OK;
		}
		probe->pending.p = probe->room;
		probe->pending.n = transfer_soon(probe, false, STR(""));
	} while (probe->pending.n && !buf.full);
	return fail(probe, E_TEMP, "a line without end");
}

static void hear(const struct probe *probe, char direction, struct str line)
{
	if (probe->target.hear)
		probe->target.hear(probe->target.context, direction, line);
}

/* RFC 5321 4.2: three digits, and a hyphen behind them but in the last line. */
static enum result read_reply(struct probe *probe, struct smtp_reply *reply)
{
	struct buf text;
	struct str line;
	bool more = false;

	buf_init(&text, probe->arena, REPLY_MAX);
	do {
		int code = 0;

		if (more)
			buf_addc(&text, '\n');

		if (read_line(probe, &line) != OK)
			return E_TEMP;
		hear(probe, '<', line);
		for (size_t i = 0; i < 3 && i < line.n; i++)
			code = line.p[i] >= '0' && line.p[i] <= '9'
				       ? code * 10 + line.p[i] - '0'
				       : -1000;
		if (code < 200 || code > 599)
			return fail(probe, E_TEMP,
				    "what is answered is not SMTP");
		reply->code = code;
		more = line.n > 3 && line.p[3] == '-';
		buf_add(&text, line.n > 4 ? str_sub(line, 4, line.n) : STR(""));
	} while (more && !text.full);
	reply->text = buf_str(&text);
	return more ? fail(probe, E_TEMP, "a reply without end") : OK;
}

enum result probe_open(struct arena *arena, const struct probe_target *target,
		       struct probe **probe, struct smtp_reply *greeting)
{
	enum result result;

	*probe = ARENA_NEW(arena, struct probe, 1);
	(*probe)->arena = arena;
	(*probe)->target = *target;
	(*probe)->pending = STR("");
	/* OpenSSL writes to who may have hung up, and that is an error. */
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN },
		  &(*probe)->at_pipe);
	(*probe)->end = resolver_now() + target->seconds * 1000;
	result = connect_to(*probe);
	if (result == OK && target->implicit_tls)
		result = begin_tls(*probe);
	if (result == OK)
		result = read_reply(*probe, greeting);
	return result;
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	tls_free(probe->tls);
	if (probe->fd >= 0)
		close(probe->fd);
	sigaction(SIGPIPE, &probe->at_pipe, NULL);
}

const char *probe_error(const struct probe *probe)
{
	return probe->error ? probe->error : "nothing is wrong";
}

enum result probe_ask_secretly(struct probe *probe, struct str line,
			       struct smtp_reply *reply)
{
	const char *text =
		arena_printf(probe->arena, "%.*s\r\n", STR_ARG(line));

	if (write_all(probe, str_from(text)) != OK)
		return E_TEMP;
	return read_reply(probe, reply);
}

enum result probe_ask(struct probe *probe, struct str line,
		      struct smtp_reply *reply)
{
	hear(probe, '>', line);
	return probe_ask_secretly(probe, line, reply);
}

enum result probe_send(struct probe *probe, struct str body,
		       struct smtp_reply *reply)
{
	struct str line;
	struct buf text;

	buf_init(&text, probe->arena, SIZE_MAX);
	while (str_line(&body, &line)) {
		/* RFC 5321 4.5.2 */
		if (line.n && line.p[0] == '.')
			buf_addc(&text, '.');
		buf_add(&text, line);
		buf_add(&text, STR("\r\n"));
	}
	buf_add(&text, STR(".\r\n"));
	if (write_all(probe, buf_str(&text)) != OK)
		return E_TEMP;
	return read_reply(probe, reply);
}

enum result probe_hello(struct probe *probe, struct smtp_reply *reply)
{
	struct str literal = ip_format(probe->arena, &probe->target.address);
	const char *line =
		probe->target.helo
			? arena_printf(probe->arena, "EHLO %s",
				       probe->target.helo)
			/* RFC 5321 4.1.3; its name would be a stranger's lie. */
			: arena_printf(probe->arena, "EHLO [%s%.*s]",
				       probe->target.address.six ? "IPv6:" : "",
				       STR_ARG(literal));

	return probe_ask(probe, str_from(line), reply);
}

enum result probe_starttls(struct probe *probe)
{
	struct smtp_reply reply;

	if (probe_ask(probe, STR("STARTTLS"), &reply) != OK)
		return E_TEMP;
	if (reply.code != 220)
		return fail(probe, E_ABSENT,
			    probe_reply_text(probe->arena, &reply));
	/* RFC 3207 section 4.2: nothing that came before counts. */
	probe->pending = STR("");
	return begin_tls(probe);
}

bool probe_has_tls(const struct probe *probe)
{
	return probe->tls != NULL;
}

const char *probe_tls_version(const struct probe *probe)
{
	return tls_version(probe->tls);
}

enum result probe_certificate(struct probe *probe,
			      struct certificate *certificate)
{
	return tls_certificate(probe->tls, probe->arena, probe->target.name,
			       certificate);
}

const char *probe_dane_fault(const struct probe *probe, struct dane *dane)
{
	return dane_fault(dane, probe->arena, probe->tls);
}

bool probe_offer(const struct smtp_reply *hello, struct str keyword,
		 struct str *parameters)
{
	struct str rest = hello->text, line, word;

	str_cut(&rest, '\n', &line); /* who answers */
	while (str_cut(&rest, '\n', &line)) {
		struct str behind = line;

		str_cut(&behind, ' ', &word);
		if (!str_ieq(word, keyword))
			continue;
		*parameters = behind.p ? behind : STR("");
		return true;
	}
	return false;
}

const char *probe_reply_text(struct arena *arena,
			     const struct smtp_reply *reply)
{
	char *text =
		arena_printf(arena, "%d %.*s", reply->code,
			     (int)(reply->text.n < REPLY_SHOWN ? reply->text.n
							       : REPLY_SHOWN),
			     reply->text.p);

	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return text;
}
