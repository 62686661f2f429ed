/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfdef.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Length, command and data; one byte more for the NUL that we add. */
#define FRAME_HEAD 5
#define FRAME_MAX (FRAME_HEAD + WIRE_DATA_MAX)
#define IN_SIZE (2 * FRAME_MAX + 1)
#define OUT_SIZE (4 * FRAME_MAX)

/* The filter's actions; mfapi.h has them, but is not for an MTA to include. */
#define ALL_ACTIONS SMFI_CURR_ACTS

/* clang-format off */
static const struct {
	unsigned char code;
	const char *name;
} code_names[] = {
	{ SMFIR_CONTINUE, "continue" },
	{ SMFIR_ACCEPT, "accept" },
	{ SMFIR_REJECT, "reject" },
	{ SMFIR_TEMPFAIL, "tempfail" },
	{ SMFIR_DISCARD, "discard" },
	{ SMFIR_REPLYCODE, "reply" },
	{ SMFIR_SKIP, "skip" },
	{ SMFIR_CONN_FAIL, "connection-failure" },
	{ SMFIR_SHUTDOWN, "shutdown" },
	{ SMFIR_PROGRESS, "progress" },
	{ SMFIR_ADDHEADER, "add-header" },
	{ SMFIR_INSHEADER, "insert-header" },
	{ SMFIR_CHGHEADER, "change-header" },
	{ SMFIR_CHGFROM, "change-from" },
	{ SMFIR_ADDRCPT, "add-rcpt" },
	{ SMFIR_ADDRCPT_PAR, "add-rcpt" },
	{ SMFIR_DELRCPT, "delete-rcpt" },
	{ SMFIR_REPLBODY, "replace-body" },
	{ SMFIR_QUARANTINE, "quarantine" },
	{ SMFIC_OPTNEG, "negotiation" },
};
/* clang-format on */

const char *wire_result_name(enum wire_result result)
{
	static const char *const names[] = {
		[WIRE_OK] = "ok",	  [WIRE_TIMEOUT] = "time-out",
		[WIRE_CLOSED] = "closed", [WIRE_BROKEN] = "protocol error",
		[WIRE_ERROR] = "error",
	};

	return names[result];
}

const char *wire_code_name(unsigned char code)
{
	for (size_t i = 0; i < sizeof(code_names) / sizeof(*code_names); i++)
		if (code_names[i].code == code)
			return code_names[i].name;
	return "unknown";
}

enum wire_result wire_fail(struct wire *w, enum wire_result result,
			   const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(w->error, sizeof(w->error), format, ap);
	va_end(ap);
	return result;
}

/* errno to a result: the socket's own time-out shows up as EAGAIN. */
static enum wire_result fail_errno(struct wire *w, const char *what)
{
	int saved = errno;
	enum wire_result result = WIRE_ERROR;

	if (saved == EAGAIN || saved == EWOULDBLOCK || saved == ETIMEDOUT)
		result = WIRE_TIMEOUT;
	else if (saved == EPIPE || saved == ECONNRESET)
		result = WIRE_CLOSED;
	return wire_fail(w, result, "%s: %s", what, strerror(saved));
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void put32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

/* Before connect(): a filter whose backlog is full lets that wait too. */
static enum wire_result set_timeout(struct wire *w)
{
	struct timeval tv = { .tv_sec = w->timeout_ms / 1000,
			      .tv_usec = w->timeout_ms % 1000 * 1000 };

	if (w->fd < 0)
		return fail_errno(w, "socket");
	if (setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) != 0 ||
	    setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) != 0)
		return fail_errno(w, "setsockopt");
	return WIRE_OK;
}

static enum wire_result open_unix(struct wire *w, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(sun.sun_path))
		return wire_fail(w, WIRE_ERROR, "socket path too long");
	strcpy(sun.sun_path, path);
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (set_timeout(w) != WIRE_OK)
		return WIRE_ERROR;
	if (connect(w->fd, (struct sockaddr *)&sun, sizeof(sun)) != 0)
		return fail_errno(w, path);
	return WIRE_OK;
}

/* spec is port@host. */
static enum wire_result open_inet(struct wire *w, const char *spec, int family)
{
	struct addrinfo hints = { .ai_family = family,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char port[32];
	const char *at = strchr(spec, '@');
	int one = 1;
	int rc;

	if (!at || (size_t)(at - spec) >= sizeof(port))
		return wire_fail(w, WIRE_ERROR, "socket must be port@host");
	snprintf(port, sizeof(port), "%.*s", (int)(at - spec), spec);
	rc = getaddrinfo(at + 1, port, &hints, &found);
	if (rc != 0)
		return wire_fail(w, WIRE_ERROR, "%s: %s", spec,
				 gai_strerror(rc));
	w->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (set_timeout(w) != WIRE_OK ||
	    connect(w->fd, found->ai_addr, found->ai_addrlen) != 0) {
		freeaddrinfo(found);
		return fail_errno(w, spec);
	}
	freeaddrinfo(found);
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return WIRE_OK;
}

static enum wire_result open_spec(struct wire *w, const char *spec)
{
	if (strncmp(spec, "unix:", 5) == 0)
		return open_unix(w, spec + 5);
	if (strncmp(spec, "local:", 6) == 0)
		return open_unix(w, spec + 6);
	if (strncmp(spec, "inet:", 5) == 0)
		return open_inet(w, spec + 5, AF_INET);
	if (strncmp(spec, "inet6:", 6) == 0)
		return open_inet(w, spec + 6, AF_INET6);
	if (spec[0] == '/')
		return open_unix(w, spec);
	return wire_fail(w, WIRE_ERROR, "%s: not a socket", spec);
}

enum wire_result wire_open(struct wire *w, const char *spec, int timeout_ms)
{
	*w = (struct wire){ .fd = -1, .timeout_ms = timeout_ms };
	w->in = malloc(IN_SIZE);
	w->out = malloc(OUT_SIZE);
	if (!w->in || !w->out)
		return wire_fail(w, WIRE_ERROR, "out of memory");
	return open_spec(w, spec);
}

static void forget_symbols(struct wire *w)
{
	for (size_t i = 0; i < WIRE_STAGES; i++) {
		free(w->symbols[i]);
		w->symbols[i] = NULL;
	}
}

void wire_close(struct wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	forget_symbols(w);
	free(w->in);
	free(w->out);
	w->in = NULL;
	w->out = NULL;
}

enum wire_result wire_flush(struct wire *w)
{
	size_t done = 0;

	if (w->fd < 0)
		return wire_fail(w, WIRE_CLOSED, "not connected");
	while (done < w->out_len) {
		ssize_t n = send(w->fd, w->out + done, w->out_len - done,
				 MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(w, "send");
		done += (size_t)n;
	}
	w->out_len = 0;
	return WIRE_OK;
}

enum wire_result wire_put(struct wire *w, unsigned char command,
			  const void *data, size_t len)
{
	enum wire_result result;

	if (len > WIRE_DATA_MAX)
		return wire_fail(w, WIRE_ERROR, "packet too long");
	if (w->out_len + FRAME_HEAD + len > OUT_SIZE) {
		result = wire_flush(w);
		if (result != WIRE_OK)
			return result;
	}
	put32(w->out + w->out_len, (uint32_t)len + 1);
	w->out[w->out_len + 4] = command;
	if (len > 0)
		memcpy(w->out + w->out_len + FRAME_HEAD, data, len);
	w->out_len += FRAME_HEAD + len;
	return WIRE_OK;
}

/* Reads until the buffer holds n bytes. */
static enum wire_result fill(struct wire *w, size_t n)
{
	if (w->in_at > 0 && w->in_at + n > IN_SIZE - 1) {
		memmove(w->in, w->in + w->in_at, w->in_len - w->in_at);
		w->in_len -= w->in_at;
		w->in_at = 0;
	}
	while (w->in_len - w->in_at < n) {
		ssize_t got = recv(w->fd, w->in + w->in_len,
				   IN_SIZE - 1 - w->in_len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(w, "recv");
		if (got == 0)
			return wire_fail(w, WIRE_CLOSED,
					 "closed by the filter");
		w->in_len += (size_t)got;
	}
	return WIRE_OK;
}

/*
 * The NUL after the data would fall on the next packet's first byte; that byte
 * is the high one of a length below 2^24, so it is zero already or the packet
 * is refused below. Writing is therefore never needed but at the buffer's end.
 */
static enum wire_result get(struct wire *w, struct wire_reply *reply)
{
	enum wire_result result = fill(w, 4);
	uint32_t len;

	if (result != WIRE_OK)
		return result;
	len = get32(w->in + w->in_at);
	if (len < 1 || len > WIRE_DATA_MAX + 1)
		return wire_fail(w, WIRE_BROKEN, "packet of %lu bytes",
				 (unsigned long)len);
	result = fill(w, 4 + (size_t)len);
	if (result != WIRE_OK)
		return result;
	reply->heard = WIRE_REPLY;
	reply->code = w->in[w->in_at + 4];
	reply->data = w->in + w->in_at + FRAME_HEAD;
	reply->len = len - 1;
	w->in_at += 4 + (size_t)len;
	if (w->in_at == w->in_len) {
		w->in[w->in_at] = '\0';
		w->in_at = 0;
		w->in_len = 0;
	} else if (w->in[w->in_at] != 0) {
		return wire_fail(w, WIRE_BROKEN, "overlong packet follows");
	}
	return WIRE_OK;
}

enum wire_result wire_next(struct wire *w, struct wire_reply *reply)
{
	enum wire_result result = wire_flush(w);

	*reply = (struct wire_reply){ .heard = WIRE_NOT_SENT };
	if (result != WIRE_OK)
		return result;
	return get(w, reply);
}

uint32_t wire_all_actions(void)
{
	return ALL_ACTIONS;
}

uint32_t wire_all_protocol(void)
{
	return SMFI_CURR_PROT;
}

/* The lists after the three numbers: stage, then names, then NUL. */
static enum wire_result read_symbols(struct wire *w, const unsigned char *p,
				     size_t len)
{
	while (len > 4) {
		uint32_t stage = get32(p);
		const unsigned char *end = memchr(p + 4, 0, len - 4);

		if (!end || stage >= WIRE_STAGES)
			return wire_fail(w, WIRE_BROKEN, "bad list of macros");
		free(w->symbols[stage]);
		w->symbols[stage] = strdup((const char *)p + 4);
		len -= (size_t)(end + 1 - p);
		p = end + 1;
	}
	if (len != 0)
		return wire_fail(w, WIRE_BROKEN,
				 "rest after the lists of macros");
	return WIRE_OK;
}

enum wire_result wire_negotiate(struct wire *w, uint32_t actions,
				uint32_t protocol)
{
	unsigned char offer[MILTER_OPTLEN];
	struct wire_reply reply;
	enum wire_result result;

	put32(offer, SMFI_PROT_VERSION);
	put32(offer + 4, actions);
	put32(offer + 8, protocol);
	result = wire_put(w, SMFIC_OPTNEG, offer, sizeof(offer));
	if (result == WIRE_OK)
		result = wire_next(w, &reply);
	if (result != WIRE_OK)
		return result;
	if (reply.code != SMFIC_OPTNEG || reply.len < MILTER_OPTLEN)
		return wire_fail(w, WIRE_BROKEN, "negotiation answered by %s",
				 wire_code_name(reply.code));
	w->version = get32(reply.data);
	w->actions = get32(reply.data + 4);
	w->protocol = get32(reply.data + 8);
	if (w->version < 2 || w->version > SMFI_PROT_VERSION)
		return wire_fail(w, WIRE_BROKEN, "version %lu",
				 (unsigned long)w->version);
	if ((w->actions & ~actions) != 0 || (w->protocol & ~protocol) != 0)
		return wire_fail(w, WIRE_BROKEN, "chose what was not offered");
	forget_symbols(w);
	return read_symbols(w, reply.data + MILTER_OPTLEN,
			    reply.len - MILTER_OPTLEN);
}

static enum wire_result now(struct wire *w, unsigned char command)
{
	enum wire_result result = wire_put(w, command, NULL, 0);

	return result == WIRE_OK ? wire_flush(w) : result;
}

enum wire_result wire_abort(struct wire *w)
{
	w->skip_body = false;
	return now(w, SMFIC_ABORT);
}

enum wire_result wire_quit(struct wire *w)
{
	return now(w, SMFIC_QUIT);
}

enum wire_result wire_quit_nc(struct wire *w)
{
	return now(w, SMFIC_QUIT_NC);
}
