/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * "aliases_load CONFIG STATE": loads the domains as forward does, then follows
 * the addresses of standard input (a line each) to their targets, and prints
 * as JSON: ms to load, peak memory, and ns of a look-up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "milters/domains.h"
#include "milters/log.h"

enum { TARGETS_MAX = 500, ADDRESSES_MAX = 2000000 };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Not ru_maxrss, which counts what was there before exec too. */
static long peak_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (status)
		fclose(status);
	return kib;
}

/* "local@domain" of a line, in an arena of its own. */
static size_t read_addresses(struct arena *arena, struct mailbox *list)
{
	char line[512];
	size_t n = 0;

	while (n < ADDRESSES_MAX && fgets(line, sizeof(line), stdin)) {
		struct str text = arena_copy(arena, str_trim(str_from(line)));
		size_t sign = str_find_last(text, '@');

		list[n++] =
			(struct mailbox){ str_sub(text, 0, sign),
					  str_sub(text, sign + (sign < text.n),
						  text.n) };
	}
	return n;
}

/* How long each took, sorted; false when one was not found. */
static bool look_up(const struct domains *domains, const struct mailbox *list,
		    size_t n, int64_t *times)
{
	struct arena *arena = arena_new(4096);
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		int64_t start = now_ns();
		struct alias_expansion expansion;
		struct domains_view view;
		const struct alias_directory directory =
			domains_directory(&view, domains, arena);

		view.absent_is_none = true;
		all = alias_expand(&directory, arena, &list[i], TARGETS_MAX,
				   &expansion) == OK &&
		      all;
		arena_reset(arena);
		times[i] = now_ns() - start;
	}
	qsort(times, n, sizeof(*times), compare);
	arena_free(arena);
	return all;
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new(4096), *asked = arena_new(4096);
	struct domains domains;
	struct mailbox *list;
	int64_t *times, start;
	const char *error;
	double ms, cpu;
	long kib;
	size_t n;

	log_open("aliases_load", true);
	if (argc != 3)
		return 2;
	start = now_ns();
	if (domains_load(arena,
			 &(struct domains_source){
				 .config = argv[1],
				 .state = argv[2],
				 .parts = DOMAIN_ALIASES | DOMAIN_USERS |
					  DOMAIN_KEYS,
				 .rules = { STR("+"), STR(".") },
			 },
			 &domains, &error) != OK ||
	    domains.n_faults)
		return 1;
	ms = (double)(now_ns() - start) / 1e6;
	cpu = (double)clock() * 1e3 / CLOCKS_PER_SEC;
	kib = peak_kib();
	list = ARENA_NEW(asked, struct mailbox, ADDRESSES_MAX);
	times = ARENA_NEW(asked, int64_t, ADDRESSES_MAX);
	n = read_addresses(asked, list);
	if (!n || !look_up(&domains, list, n, times)) {
		fprintf(stderr, "not all addresses were found\n");
		return 1;
	}
	printf("{\"load_ms\": %.1f, \"cpu_ms\": %.1f, \"peak_kib\": %ld, "
	       "\"median_ns\": %lld, \"p99_ns\": %lld}\n",
	       ms, cpu, kib, (long long)times[n / 2],
	       (long long)times[n * 99 / 100]);
	domains_free(&domains);
	arena_free(asked);
	arena_free(arena);
	return 0;
}
