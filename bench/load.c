/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A load generator for filters: speaks the milter protocol over several
 * connections at once, checks every answer, and measures messages a second,
 * the time from MAIL to the last answer, and what the filter used of CPU time
 * and memory. Prints one line of JSON on standard output.
 */
#include "tests/play/wire.h"

#include <errno.h>
#include <getopt.h>
#include <libmilter/mfdef.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct options {
	const char *socket;
	const char *header; /* that the filter must insert */
	const char *login;  /* {auth_authen}, "" for a stranger */
	long connections;
	long messages;	     /* in all */
	long seconds;	     /* instead of messages */
	long size;	     /* of the body */
	long per_connection; /* messages, 0: no limit */
	long inserted;	     /* headers expected for each message */
	long idle;	     /* connections held open meanwhile */
	long pid;	     /* of the filter */
	long timeout_ms;
	bool only_idle; /* send nothing, show the memory */
};

struct worker {
	pthread_t thread;
	unsigned id;
	long quota;
	double *times; /* in seconds, of each message */
	size_t count;
	size_t room;
	char failure[256];
};

struct usage {
	double cpu; /* seconds */
	long rss;   /* KiB */
	long peak;
};

static struct options options = {
	.header = "DKIM-Signature",
	.login = "alice@example.org",
	.connections = 16,
	.messages = 1000,
	.size = 4096,
	.inserted = 1,
	.timeout_ms = 60000,
};
static char *body;
static double deadline; /* 0: by number of messages */

static double clock_seconds(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) != 0)
		return 0;
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double now(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "load: %s: %s\n", what, why);
	exit(1);
}

/*
 * A process's CPU clock counts in nanoseconds and includes threads that have
 * ended, which neither /proc/PID/stat nor the threads' own files do both.
 */
static struct usage read_usage(void)
{
	struct usage u = { 0 };
	char path[64];
	char line[256];
	clockid_t clock;
	FILE *f;

	if (options.pid == 0)
		return u;
	if (clock_getcpuclockid((pid_t)options.pid, &clock) != 0)
		die("--pid", "no such process");
	u.cpu = clock_seconds(clock);
	snprintf(path, sizeof(path), "/proc/%ld/status", options.pid);
	f = fopen(path, "r");
	if (!f)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "VmRSS: %ld", &u.rss);
		sscanf(line, "VmHWM: %ld", &u.peak);
	}
	fclose(f);
	return u;
}

/* Lines of some 70 characters, some with double spaces or spaces at the end. */
static void make_body(void)
{
	static const char *const lines[] = {
		"Good morning,\r\n",
		"\r\n",
		"thank you for the figures of last week.  I went through them "
		"again,\r\n",
		"and it seems to me that the second column counts the  returned "
		"ones  \r\n",
		"twice: once when they come back, once when they go out to the "
		"store.\r\n",
		"> Could you have a look?  The sheet is in the usual folder, its "
		"name\r\n",
		"> ends in the number of the month.\t See you on Thursday at the "
		"mill.\r\n",
		"-- \r\n",
	};
	size_t size = (size_t)options.size;
	size_t at = 0;

	body = malloc(size + 128);
	if (!body)
		die("body", "out of memory");
	for (size_t i = 0; at < size; i++) {
		const char *line = lines[i % (sizeof(lines) / sizeof(*lines))];

		memcpy(body + at, line, strlen(line));
		at += strlen(line);
	}
	if (size >= 2)
		memcpy(body + size - 2, "\r\n", 2);
}

/* True if all went well and the filter, if it answered, wants to go on. */
static bool went_on(struct worker *k, struct wire *w, enum wire_result result,
		    const struct wire_reply *reply, const char *what)
{
	if (result != WIRE_OK) {
		snprintf(k->failure, sizeof(k->failure), "%s: %s", what,
			 w->error);
		return false;
	}
	if (reply && reply->heard == WIRE_REPLY &&
	    reply->code != SMFIR_CONTINUE && reply->code != SMFIR_SKIP) {
		snprintf(k->failure, sizeof(k->failure), "%s: %s %.*s", what,
			 wire_code_name(reply->code), (int)reply->len,
			 (const char *)reply->data);
		return false;
	}
	return true;
}

static bool send_headers(struct worker *k, struct wire *w, const char *id)
{
	char message_id[128];
	const char *const headers[][2] = {
		{ "From", " Alice Example <alice@example.org>" },
		{ "To", " Bob Example <bob@example.net>,\n\tfar@example.com" },
		{ "Subject", " The figures of  last week" },
		{ "Date", " Tue, 14 Nov 2023 22:13:20 +0000" },
		{ "Message-ID", message_id },
		{ "MIME-Version", " 1.0" },
		{ "Content-Type", " text/plain; charset=us-ascii" },
		{ "Content-Transfer-Encoding", " 7bit" },
		{ "User-Agent", " load/1.0" },
	};
	struct wire_reply reply;

	snprintf(message_id, sizeof(message_id), " <%s@example.org>", id);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		if (!went_on(k, w,
			     wire_header(w, headers[i][0], headers[i][1],
					 &reply),
			     &reply, headers[i][0]))
			return false;
	return went_on(k, w, wire_eoh(w, &reply), &reply, "eoh");
}

static bool send_envelope(struct worker *k, struct wire *w,
			  const struct wire_macro *macros, size_t count)
{
	struct wire_reply reply;

	return went_on(k, w, wire_macros(w, WIRE_AT_MAIL, macros, count), NULL,
		       "macros") &&
	       went_on(k, w,
		       wire_mail(w, "<alice@example.org>", "SIZE=4096", &reply),
		       &reply, "mail") &&
	       went_on(k, w, wire_macros(w, WIRE_AT_RCPT, macros, count), NULL,
		       "macros") &&
	       went_on(k, w, wire_rcpt(w, "<bob@example.net>", "", &reply),
		       &reply, "rcpt") &&
	       went_on(k, w, wire_macros(w, WIRE_AT_DATA, macros, count), NULL,
		       "macros") &&
	       went_on(k, w, wire_data(w, &reply), &reply, "data");
}

static bool send_body(struct worker *k, struct wire *w)
{
	size_t left = (size_t)options.size;
	const char *p = body;
	struct wire_reply reply;

	while (left > 0) {
		size_t n = left > WIRE_DATA_MAX ? WIRE_DATA_MAX : left;

		if (!went_on(k, w, wire_body(w, p, n, &reply), &reply, "body"))
			return false;
		p += n;
		left -= n;
	}
	return true;
}

/* The edits and the answer; the wanted headers must be among the edits. */
static bool read_end(struct worker *k, struct wire *w)
{
	struct wire_reply reply;
	struct wire_edit edit;
	long inserted = 0;

	for (;;) {
		if (!went_on(k, w, wire_next(w, &reply), NULL, "eom"))
			return false;
		if (!wire_is_edit(reply.code))
			break;
		if (!went_on(k, w, wire_edit_parse(w, &reply, &edit), NULL,
			     "edit"))
			return false;
		if (reply.code == SMFIR_INSHEADER &&
		    strcasecmp(edit.name, options.header) == 0)
			inserted++;
	}
	if (reply.code == SMFIR_ACCEPT)
		reply.code = SMFIR_CONTINUE;
	if (!went_on(k, w, WIRE_OK, &reply, "eom"))
		return false;
	if (inserted == options.inserted)
		return true;
	snprintf(k->failure, sizeof(k->failure), "%ld %s inserted", inserted,
		 options.header);
	return false;
}

static bool send_message(struct worker *k, struct wire *w, long n)
{
	char id[64];
	const struct wire_macro macros[] = {
		{ "i", id },
		{ "{auth_type}", "PLAIN" },
		{ "{auth_authen}", options.login },
		{ "{mail_addr}", "alice@example.org" },
		{ "{rcpt_addr}", "bob@example.net" },
	};
	size_t count = sizeof(macros) / sizeof(*macros);

	snprintf(id, sizeof(id), "4Xq%uz%ld", k->id, n);
	return send_envelope(k, w, macros, count) && send_headers(k, w, id) &&
	       send_body(k, w) &&
	       went_on(k, w, wire_macros(w, WIRE_AT_EOM, macros, count), NULL,
		       "macros") &&
	       went_on(k, w, wire_eom(w), NULL, "eom") && read_end(k, w);
}

/* Connects and says hello, as for a client that will log in. */
static bool begin(struct worker *k, struct wire *w)
{
	static const struct wire_macro macros[] = {
		{ "j", "mail.example.org" },
		{ "{daemon_name}", "submission" },
		{ "v", "Postfix 3.7.11" },
	};
	size_t count = sizeof(macros) / sizeof(*macros);
	struct wire_reply reply;

	return went_on(k, w,
		       wire_open(w, options.socket, (int)options.timeout_ms),
		       NULL, "connect") &&
	       went_on(k, w,
		       wire_negotiate(w, wire_all_actions(),
				      wire_all_protocol()),
		       NULL, "negotiate") &&
	       went_on(k, w, wire_macros(w, WIRE_AT_CONNECT, macros, count),
		       NULL, "macros") &&
	       went_on(k, w,
		       wire_connect(w, "client.example.net", "192.0.2.7", 40001,
				    &reply),
		       &reply, "connect") &&
	       went_on(k, w, wire_helo(w, "client.example.net", &reply), &reply,
		       "helo");
}

static void keep_time(struct worker *k, double seconds)
{
	if (k->count == k->room) {
		k->room = k->room * 2 + 256;
		k->times = reallocarray(k->times, k->room, sizeof(double));
		if (!k->times)
			die("times", "out of memory");
	}
	k->times[k->count++] = seconds;
}

static bool more(const struct worker *k, long sent)
{
	return deadline > 0 ? now() < deadline : sent < k->quota;
}

static void *work(void *arg)
{
	struct worker *k = arg;
	struct wire w = { .fd = -1 };
	long here = 0;

	for (long n = 0; more(k, n); n++) {
		double start;

		if (w.fd >= 0 && options.per_connection > 0 &&
		    here == options.per_connection) {
			wire_quit(&w);
			wire_close(&w);
		}
		if (w.fd < 0) {
			here = 0;
			if (!begin(k, &w))
				break;
		}
		start = now();
		if (!send_message(k, &w, n))
			break;
		keep_time(k, now() - start);
		here++;
	}
	if (w.fd >= 0)
		wire_quit(&w);
	wire_close(&w);
	return NULL;
}

/* Connections that have said hello and wait, as an MTA's idle clients do. */
static struct wire *hold_idle(void)
{
	struct wire *held = calloc((size_t)options.idle + 1, sizeof(*held));
	struct worker k = { .id = 9999 };

	if (!held)
		die("idle", "out of memory");
	for (long i = 0; i < options.idle; i++)
		if (!begin(&k, &held[i]) || wire_flush(&held[i]) != WIRE_OK)
			die("idle", k.failure);
	return held;
}

static void drop_idle(struct wire *held)
{
	for (long i = 0; i < options.idle; i++)
		wire_close(&held[i]);
	free(held);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* All times in one array, sorted; also counts the workers that failed. */
static double *gather(struct worker *k, size_t *count, int *failed)
{
	double *all;
	size_t at = 0;

	*count = 0;
	*failed = 0;
	for (long i = 0; i < options.connections; i++) {
		*count += k[i].count;
		if (k[i].failure[0] == '\0')
			continue;
		fprintf(stderr, "load: connection %ld: %s\n", i, k[i].failure);
		(*failed)++;
	}
	all = calloc(*count + 1, sizeof(*all));
	if (!all)
		die("times", "out of memory");
	for (long i = 0; i < options.connections; i++) {
		if (k[i].count > 0)
			memcpy(all + at, k[i].times, k[i].count * sizeof(*all));
		at += k[i].count;
		free(k[i].times);
	}
	qsort(all, *count, sizeof(*all), compare);
	return all;
}

static void report(const double *times, size_t count, double seconds,
		   const struct usage *before, const struct usage *after)
{
	double n = count > 0 ? (double)count : 1;

	printf("{\"messages\": %zu, \"seconds\": %.3f, \"rate\": %.1f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"cpu_ms\": %.4f, "
	       "\"rss_kib\": %ld, \"peak_kib\": %ld}\n",
	       count, seconds, (double)count / seconds, times[count / 2] * 1000,
	       times[count * 99 / 100] * 1000,
	       (after->cpu - before->cpu) * 1000 / n, after->rss, after->peak);
}

static int run(void)
{
	size_t n = (size_t)options.connections;
	struct worker *k = calloc(n, sizeof(*k));
	struct usage before = read_usage();
	struct usage after;
	double start = now();
	double *times;
	size_t count;
	int failed;

	if (!k)
		die("workers", "out of memory");
	if (options.seconds > 0)
		deadline = start + (double)options.seconds;
	for (size_t i = 0; i < n; i++) {
		k[i].id = (unsigned)i;
		k[i].quota = options.messages / options.connections +
			     ((long)i < options.messages % options.connections);
		if (pthread_create(&k[i].thread, NULL, work, &k[i]) != 0)
			die("thread", "cannot be made");
	}
	for (size_t i = 0; i < n; i++)
		pthread_join(k[i].thread, NULL);
	start = now() - start;
	after = read_usage();
	times = gather(k, &count, &failed);
	report(times, count, start, &before, &after);
	free(times);
	free(k);
	return failed > 0 ? 1 : 0;
}

static void usage(void)
{
	fputs("usage: load --socket S [--connections N] [--messages N | "
	      "--seconds N]\n\t[--size BYTES] [--per-connection N] "
	      "[--header NAME] [--inserted N]\n\t[--login NAME] [--idle N] "
	      "[--only-idle] [--pid PID] [--timeout MS]\n",
	      stderr);
	exit(2);
}

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "connections", required_argument, NULL, 'c' },
	{ "messages", required_argument, NULL, 'm' },
	{ "seconds", required_argument, NULL, 't' },
	{ "size", required_argument, NULL, 'b' },
	{ "per-connection", required_argument, NULL, 'n' },
	{ "header", required_argument, NULL, 'h' },
	{ "inserted", required_argument, NULL, 'e' },
	{ "login", required_argument, NULL, 'l' },
	{ "idle", required_argument, NULL, 'i' },
	{ "only-idle", no_argument, NULL, 'o' },
	{ "pid", required_argument, NULL, 'p' },
	{ "timeout", required_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 },
};

/* Where the number of an option goes, NULL for those that take a text. */
static long *number_option(int c)
{
	switch (c) {
	case 'c':
		return &options.connections;
	case 'm':
		return &options.messages;
	case 't':
		return &options.seconds;
	case 'b':
		return &options.size;
	case 'n':
		return &options.per_connection;
	case 'e':
		return &options.inserted;
	case 'i':
		return &options.idle;
	case 'p':
		return &options.pid;
	case 'w':
		return &options.timeout_ms;
	default:
		return NULL;
	}
}

static void read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		long *number = number_option(c);
		char *end;

		if (number) {
			*number = strtol(optarg, &end, 10);
			if (*end != '\0' || *number < 0)
				usage();
		} else if (c == 's') {
			options.socket = optarg;
		} else if (c == 'h') {
			options.header = optarg;
		} else if (c == 'l') {
			options.login = optarg;
		} else if (c == 'o') {
			options.only_idle = true;
		} else {
			usage();
		}
	}
	if (!options.socket || optind != argc || options.connections < 1)
		usage();
}

int main(int argc, char **argv)
{
	struct wire *held;
	struct usage u;
	int status = 0;

	read_options(argc, argv);
	make_body();
	held = hold_idle();
	if (options.only_idle) {
		u = read_usage();
		printf("{\"idle\": %ld, \"rss_kib\": %ld}\n", options.idle,
		       u.rss);
	} else {
		status = run();
	}
	drop_idle(held);
	free(body);
	return status;
}
