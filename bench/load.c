/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A load generator for filters: speaks the milter protocol over several
 * connections at once, checks every answer, and measures messages a second,
 * the time from MAIL to the last answer, and what the filter used of CPU time
 * and memory. Prints one line of JSON on standard output.
 */
#include "load.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct worker {
	pthread_t thread;
	struct load_talk talk;
	long quota;
	double *times; /* in seconds, of each message */
	size_t count;
	size_t room;
};

struct usage {
	double cpu; /* seconds */
	long rss;   /* KiB */
	long peak;
};

struct load_options load_options = {
	.header = "DKIM-Signature",
	.login = "alice@example.org",
	.client = "192.0.2.7",
	.helo = "client.example.net",
	.sender = "alice@example.org",
	.recipient = "bob@example.net",
	.connections = 16,
	.messages = 1000,
	.size = 4096,
	.inserted = 1,
	.edits = -1,
	.timeout_ms = 60000,
};
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

void load_die(const char *what, const char *why)
{
	fprintf(stderr, "load: %s: %s\n", what, why);
	exit(1);
}

/*
 * A process's CPU clock counts in nanoseconds and includes threads that have
 * ended, which neither /proc/PID/stat nor the threads' own files do both.
 */
static void add_usage(struct usage *u, long pid)
{
	char path[64];
	char line[256];
	long rss = 0, peak = 0;
	clockid_t clock;
	FILE *f;

	if (clock_getcpuclockid((pid_t)pid, &clock) != 0)
		load_die("--pid", "no such process");
	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	f = fopen(path, "r");
	if (!f)
		load_die(path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "VmRSS: %ld", &rss);
		sscanf(line, "VmHWM: %ld", &peak);
	}
	fclose(f);
	u->cpu += clock_seconds(clock);
	u->rss += rss;
	u->peak += peak;
}

/* Of all filters together. */
static struct usage read_usage(void)
{
	struct usage u = { 0 };

	for (size_t i = 0; i < load_options.n_pids; i++)
		add_usage(&u, load_options.pids[i]);
	return u;
}

static void keep_time(struct worker *k, double seconds)
{
	if (k->count == k->room) {
		k->room = k->room * 2 + 256;
		k->times = reallocarray(k->times, k->room, sizeof(double));
		if (!k->times)
			load_die("times", "out of memory");
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
	struct load_talk *talk = &k->talk;
	long here = 0;

	for (long n = 0; more(k, n); n++) {
		double start;

		if (load_options.per_connection > 0 &&
		    here == load_options.per_connection)
			load_talk_quit(talk);
		if (!load_talk_is_open(talk)) {
			here = 0;
			if (!load_talk_begin(talk))
				break;
		}
		start = now();
		if (!load_talk_message(talk, n))
			break;
		keep_time(k, now() - start);
		here++;
	}
	load_talk_quit(talk);
	return NULL;
}

/* Connections that have said hello and wait, as an MTA's idle clients do. */
static struct load_talk *hold_idle(void)
{
	struct load_talk *held =
		calloc((size_t)load_options.idle + 1, sizeof(*held));

	if (!held)
		load_die("idle", "out of memory");
	for (long i = 0; i < load_options.idle; i++) {
		load_talk_init(&held[i], 9999);
		if (!load_talk_begin(&held[i]) || !load_talk_flush(&held[i]))
			load_die("idle", held[i].failure);
	}
	return held;
}

static void drop_idle(struct load_talk *held)
{
	for (long i = 0; i < load_options.idle; i++)
		for (size_t w = 0; w < load_options.n_sockets; w++)
			wire_close(&held[i].wires[w]);
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
	for (long i = 0; i < load_options.connections; i++) {
		*count += k[i].count;
		if (k[i].talk.failure[0] == '\0')
			continue;
		fprintf(stderr, "load: connection %ld: %s\n", i,
			k[i].talk.failure);
		(*failed)++;
	}
	all = calloc(*count + 1, sizeof(*all));
	if (!all)
		load_die("times", "out of memory");
	for (long i = 0; i < load_options.connections; i++) {
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
	size_t n = (size_t)load_options.connections;
	struct worker *k = calloc(n, sizeof(*k));
	struct usage before = read_usage();
	struct usage after;
	double start = now();
	double *times;
	size_t count;
	int failed;

	if (!k)
		load_die("workers", "out of memory");
	if (load_options.seconds > 0)
		deadline = start + (double)load_options.seconds;
	for (size_t i = 0; i < n; i++) {
		load_talk_init(&k[i].talk, (unsigned)i);
		k[i].quota = load_options.messages / load_options.connections +
			     ((long)i <
			      load_options.messages % load_options.connections);
		if (pthread_create(&k[i].thread, NULL, work, &k[i]) != 0)
			load_die("thread", "cannot be made");
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
	fputs("usage: load --socket S... [--pid PID]... [--connections N]\n"
	      "\t[--messages N | --seconds N] [--size BYTES | --message FILE]"
	      "\n\t[--client ADDRESS] [--helo NAME] [--sender ADDRESS] "
	      "[--recipient ADDRESS]\n\t[--login NAME] [--verdict SECRET] "
	      "[--unique] [--header NAME] [--inserted N]\n"
	      "\t[--value TEXT]... [--edits N] [--per-connection N] "
	      "[--idle N] [--only-idle]\n\t[--timeout MS]\n"
	      "Several sockets are a chain of filters.\n",
	      stderr);
	exit(2);
}

/* Options: where their number goes, or their text. */
static const struct {
	const char *name;
	long *number;
	const char **text;
} table[] = {
	{ "connections", &load_options.connections, NULL },
	{ "messages", &load_options.messages, NULL },
	{ "seconds", &load_options.seconds, NULL },
	{ "size", &load_options.size, NULL },
	{ "per-connection", &load_options.per_connection, NULL },
	{ "inserted", &load_options.inserted, NULL },
	{ "edits", &load_options.edits, NULL },
	{ "idle", &load_options.idle, NULL },
	{ "timeout", &load_options.timeout_ms, NULL },
	{ "header", NULL, &load_options.header },
	{ "login", NULL, &load_options.login },
	{ "message", NULL, &load_options.message },
	{ "client", NULL, &load_options.client },
	{ "helo", NULL, &load_options.helo },
	{ "sender", NULL, &load_options.sender },
	{ "recipient", NULL, &load_options.recipient },
	{ "verdict", NULL, &load_options.verdict },
};

enum {
	TABLE_SIZE = sizeof(table) / sizeof(*table),
	/* These may come several times. */
	OPTION_SOCKET = TABLE_SIZE,
	OPTION_PID,
	OPTION_VALUE,
	OPTION_ONLY_IDLE,
	OPTION_UNIQUE,
	OPTIONS,
};

static long read_number(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*end != '\0' || number < 0)
		usage();
	return number;
}

static void read_option(int c)
{
	struct load_options *o = &load_options;

	if (c >= 0 && c < TABLE_SIZE && table[c].number)
		*table[c].number = read_number(optarg);
	else if (c >= 0 && c < TABLE_SIZE)
		*table[c].text = optarg;
	else if (c == OPTION_SOCKET && o->n_sockets < LOAD_FILTERS_MAX)
		o->sockets[o->n_sockets++] = optarg;
	else if (c == OPTION_PID && o->n_pids < LOAD_FILTERS_MAX)
		o->pids[o->n_pids++] = read_number(optarg);
	else if (c == OPTION_VALUE && o->n_values < LOAD_VALUES_MAX)
		o->values[o->n_values++] = optarg;
	else if (c == OPTION_ONLY_IDLE)
		o->only_idle = true;
	else if (c == OPTION_UNIQUE)
		o->unique = true;
	else
		usage();
}

static void read_options(int argc, char **argv)
{
	struct option names[OPTIONS + 1] = {
		[OPTION_SOCKET] = { "socket", required_argument, NULL, 0 },
		[OPTION_PID] = { "pid", required_argument, NULL, 0 },
		[OPTION_VALUE] = { "value", required_argument, NULL, 0 },
		[OPTION_ONLY_IDLE] = { "only-idle", no_argument, NULL, 0 },
		[OPTION_UNIQUE] = { "unique", no_argument, NULL, 0 },
	};
	int c;

	for (int i = 0; i < TABLE_SIZE; i++)
		names[i] = (struct option){ table[i].name, required_argument,
					    NULL, 0 };
	for (int i = 0; i < OPTIONS; i++)
		names[i].val = i;
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		read_option(c);
	if (load_options.n_sockets == 0 || optind != argc ||
	    load_options.connections < 1)
		usage();
}

int main(int argc, char **argv)
{
	struct load_talk *held;
	struct usage u;
	int status = 0;

	read_options(argc, argv);
	load_message_make();
	if (load_options.verdict)
		load_verdict_init();
	held = hold_idle();
	if (load_options.only_idle) {
		u = read_usage();
		printf("{\"idle\": %ld, \"rss_kib\": %ld}\n", load_options.idle,
		       u.rss);
	} else {
		status = run();
	}
	drop_idle(held);
	return status;
}
