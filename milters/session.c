/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/session.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "milters/metrics.h"
#include "milters/milter.h"

/*
 * The state table. A session outside a message stands at STAGE_CONNECT; in
 * one it stands at the last stage that came. For each stage: those behind
 * which it may come. A helo may come without connect, an abort at any time,
 * and MAIL begins anew whatever was before: after a refusal there is neither
 * abort nor end of message.
 */
#define AFTER(stage) (1u << STAGE_##stage)
#define ENVELOPE (AFTER(MAIL) | AFTER(RCPT) | AFTER(DATA))
#define ANY_STAGE ((1u << STAGES) - 1)

static const unsigned int may_come_after[STAGES] = {
	[STAGE_CONNECT] = ANY_STAGE,
	[STAGE_HELO] = ANY_STAGE,
	[STAGE_MAIL] = ANY_STAGE,
	[STAGE_RCPT] = AFTER(MAIL) | AFTER(RCPT),
	[STAGE_DATA] = AFTER(MAIL) | AFTER(RCPT),
	[STAGE_FIELD] = ENVELOPE | AFTER(FIELD),
	[STAGE_HEADER] = ENVELOPE | AFTER(FIELD),
	[STAGE_BODY] = AFTER(HEADER) | AFTER(BODY),
	[STAGE_END] = AFTER(HEADER) | AFTER(BODY),
	[STAGE_ABORT] = ANY_STAGE,
};

enum { CONNECTION_BLOCK = 128, MESSAGE_BLOCK = 4096 };

int64_t session_clock(void)
{
	const char *fixed = getenv("MILLRACE_TEST_NOW");

	return fixed ? strtoll(fixed, NULL, 10) : (int64_t)time(NULL);
}

static int64_t growing_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct session *session_new(const struct milter *milter)
{
	struct session *session = arena_must(calloc(1, sizeof(*session)));

	session->milter = milter;
	session->connection = arena_new(CONNECTION_BLOCK);
	session->client_text = "unknown";
	session->helo = session->host = STR("");
	return session;
}

void session_free(struct session *session)
{
	session_end_message(session);
	arena_free(session->connection);
	free(session->helo_bytes);
	free(session);
}

void session_helo(struct session *session, struct str name)
{
	free(session->helo_bytes);
	session->helo_bytes = arena_must(malloc(name.n + 1));
	memcpy(session->helo_bytes, name.p, name.n);
	session->helo = (struct str){ session->helo_bytes, name.n };
}

static void begin_message(struct session *session)
{
	session->arena = arena_new(MESSAGE_BLOCK);
	session->snapshot = snapshot_get();
	session->queue_id = "NOQUEUE";
	session->login = session->sender = session->recipient = STR("");
	message_init(&session->header, session->arena);
	session->header_too_long = false;
	session->longest_field_line = 0;
	session->now = session_clock();
	session->started_ms = growing_clock_ms();
	session->data = NULL;
	edits_init(&session->edits);
	session->pending = ACTION_CONTINUE;
	session->code = session->xcode = session->text = NULL;
	session->outcome = OUTCOME_NONE;
	session->about = session->detail = "";
	metrics_begin_message();
}

bool session_enter(struct session *session, enum stage stage)
{
	if (!(may_come_after[stage] & 1u << session->stage))
		return false;
	if (stage == STAGE_MAIL) {
		session_end_message(session);
		begin_message(session);
	}
	if (stage >= STAGE_MAIL && stage < STAGE_ABORT)
		session->stage = stage;
	return true;
}

/* A transaction that ends before its data is no message: nothing to log. */
static void log_message(const struct session *session)
{
	const struct milter_outcome *outcome =
		&session->milter->outcomes[session->outcome];
	int64_t ms = growing_clock_ms() - session->started_ms;

	if (outcome->warn)
		log_warning("%s: %s client=%s%s%s ms=%" PRId64,
			    session->queue_id, outcome->verb,
			    session->client_text, session->about,
			    session->detail, ms);
	else
		log_info("%s: %s client=%s%s%s ms=%" PRId64, session->queue_id,
			 outcome->verb, session->client_text, session->about,
			 session->detail, ms);
}

void session_end_message(struct session *session)
{
	if (!session->arena)
		return;
	if (session->outcome == OUTCOME_NONE && session->stage >= STAGE_FIELD) {
		session->outcome = OUTCOME_ABORTED;
		session->detail = " reason=\"cut short\"";
	}
	if (session->outcome != OUTCOME_NONE)
		log_message(session);
	if (session->milter->finish)
		session->milter->finish(session);
	metrics_end_message(session->outcome);
	snapshot_put(session->snapshot);
	arena_free(session->arena);
	session->arena = NULL;
	session->snapshot = NULL;
	session->stage = STAGE_CONNECT;
}

static const char *format_text(struct arena *arena, const char *format,
			       va_list args)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = arena_alloc(arena, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, format, args);
	return text;
}

enum action session_refuse(struct session *session, enum action action,
			   const char *code, const char *xcode,
			   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	session->text = format_text(session->arena, format, args);
	va_end(args);
	session->code = code;
	session->xcode = xcode;
	return action;
}

void session_outcome(struct session *session, int outcome, const char *format,
		     ...)
{
	va_list args;

	va_start(args, format);
	session->detail = format_text(session->arena, format, args);
	va_end(args);
	session->outcome = outcome;
}

enum action session_defer(struct session *session, const char *format, ...)
{
	const char *reason;
	va_list args;

	va_start(args, format);
	reason = format_text(session->arena, format, args);
	va_end(args);
	session_outcome(session, OUTCOME_DEFERRED, " reason=%s",
			log_sentence(session->arena, reason));
	return session_refuse(session, ACTION_TEMPFAIL, "451", "4.7.0",
			      "The message can't be processed now, "
			      "please try again later");
}

static bool is_port_zero(const struct sockaddr_storage *client)
{
	if (client->ss_family == AF_INET)
		return !((const struct sockaddr_in *)client)->sin_port;
	return client->ss_family == AF_INET6 &&
	       !((const struct sockaddr_in6 *)client)->sin6_port;
}

bool session_is_local(const struct session *session)
{
	static const struct network list[] = {
		{ { .octets = { 127 } }, 8 },
		{ { .octets = { [15] = 1 }, .six = true }, IP6_BITS },
	};
	static const struct networks loopback = {
		(struct network *)list, sizeof(list) / sizeof(*list)
	};

	/* So Postfix shows mail that no SMTP client brought. */
	return is_port_zero(&session->client) &&
	       network_has(&loopback,
			   (const struct sockaddr *)&session->client);
}
