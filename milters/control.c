/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/control.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mail/buf.h"
#include "mail/limits.h"
#include "milters/metrics.h"
#include "milters/milter.h"

enum { CONVERSATION_MS = 2000, PAUSE_MS = 100 };

struct control {
	const struct milter *milter;
	int listener;
	int64_t since;
};

static int64_t growing_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_until(int64_t end, int fd, short events)
{
	struct pollfd one = { .fd = fd, .events = events };
	int64_t left = end - growing_clock_ms();

	return left > 0 && poll(&one, 1, (int)left) == 1;
}

/* The socket's mode says so too, but it may have been made by others. */
static bool may_ask(int client)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

/* One line with its end and nothing behind it. */
static bool read_question(int client, int64_t end, char *room,
			  struct str *question)
{
	struct str rest;
	size_t n = 0;

	while (!n || room[n - 1] != '\n') {
		ssize_t got;

		if (n == LIMIT_CONTROL_QUESTION ||
		    !wait_until(end, client, POLLIN))
			return false;
		got = recv(client, room + n, LIMIT_CONTROL_QUESTION - n, 0);
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	rest = (struct str){ room, n };
	return str_line(&rest, question) && !rest.n;
}

static void write_all(int client, int64_t end, struct str text)
{
	while (text.n && wait_until(end, client, POLLOUT)) {
		ssize_t sent = send(client, text.p, text.n, MSG_NOSIGNAL);

		if (sent < 0)
			return;
		text = str_sub(text, (size_t)sent, text.n);
	}
}

static void status(const struct control *control,
		   const struct snapshot *snapshot, struct buf *answer)
{
	const struct milter *milter = control->milter;
	time_t since = (time_t)control->since;
	char date[32];
	struct tm utc;

	strftime(date, sizeof(date), "%FT%TZ", gmtime_r(&since, &utc));
	buf_printf(answer, "name %s\nversion %s\nsince %s\n", milter->name,
		   PACKAGE_VERSION, date);
	if (milter->parts)
		buf_printf(answer, "domains %zu\n", snapshot->domains.n);
	buf_printf(answer, "sessions %" PRId64 "\nat-work %" PRId64 "\n",
		   metrics_sessions(), metrics_messages_at_work());
	for (int i = OUTCOME_DEFERRED; i < MILTER_OUTCOMES_MAX; i++)
		if (milter->outcomes[i].verb)
			buf_printf(answer, "messages.%s %" PRId64 "\n",
				   milter->outcomes[i].verb,
				   metrics_messages(i));
	if (metrics_reload_refused())
		buf_printf(answer, "fault " CONTROL_NOT_RELOADED "\n");
	for (size_t i = 0; i < snapshot->domains.n; i++)
		if (snapshot->domains.list[i].fault)
			buf_printf(answer, "fault %s\n",
				   snapshot->domains.list[i].fault);
}

/* What the last line of the answer says. */
static const char *answer(const struct control *control, struct str question,
			  struct buf *text)
{
	const struct milter *milter = control->milter;
	struct snapshot *snapshot = snapshot_get();
	enum result result = OK;

	if (str_eq(question, STR("status")))
		status(control, snapshot, text);
	else
		result = milter->ask ? milter->ask(snapshot, session_clock(),
						   question, text)
				     : E_ABSENT;
	snapshot_put(snapshot);
	if (text->full)
		return "error: the answer is too long\n";
	if (result == E_ABSENT)
		return "error: that is no question that is answered here\n";
	if (result != OK)
		return "error: the question can't be understood\n";
	return "ok\n";
}

static void converse(const struct control *control, int client)
{
	const int64_t end = growing_clock_ms() + CONVERSATION_MS;
	struct arena *arena = arena_new(4096);
	char room[LIMIT_CONTROL_QUESTION];
	const char *last = "error: root alone may ask\n";
	struct str question;
	struct buf text;

	buf_init(&text, arena, LIMIT_CONTROL_ANSWER);
	if (may_ask(client))
		last = read_question(client, end, room, &question)
			       ? answer(control, question, &text)
			       : "error: expected one line, soon\n";
	write_all(client, end, buf_str(&text));
	write_all(client, end, str_from(last));
	arena_free(arena);
}

static void *serve(void *context)
{
	const struct control *control = context;
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };

	for (;;) {
		struct pollfd one = { .fd = control->listener,
				      .events = POLLIN };
		int client = -1;

		if (poll(&one, 1, -1) == 1)
			client = accept4(control->listener, NULL, NULL,
					 SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client < 0) { /* no descriptor is left, say */
			nanosleep(&pause, NULL);
			continue;
		}
		converse(control, client);
		close(client);
	}
	return NULL;
}

bool control_start(const struct milter *milter, int listener)
{
	static struct control control;
	pthread_t thread;

	control = (struct control){ milter, listener, session_clock() };
	return pthread_create(&thread, NULL, serve, &control) == 0 &&
	       pthread_detach(thread) == 0;
}
