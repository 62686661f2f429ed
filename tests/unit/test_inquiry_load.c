/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "inquiry_load"
#include "unit.h"

#include <poll.h>

#include "folder.h"
#include "dns_server.h"

/*
 * Messages that are stuck on a dead zone, and others that are not; these wait
 * 10 ms for each answer, so that the processor does not decide. The figures
 * are comments: what they are depends on the machine.
 */
enum { STUCK = 512, WORKERS = 8, ROUND_MS = 1500, BUDGET_MS = 4000 };

static const char table[] = "*.good.example A 192.0.2.1 !delay=10\n"
			    "*.dead.example A !silent\n";

static struct dns_server server;
static struct resolver *resolver;
static _Atomic int stuck, late;

struct worker {
	pthread_t id;
	int number;
	const char *phase;
	size_t good, bad;
};

/* Look-ups of names that nobody asked for before, one after another. */
static void *work(void *context)
{
	struct worker *worker = context;
	struct arena *arena = arena_new(4096);
	int64_t end = resolver_now() + ROUND_MS;

	while (resolver_now() < end) {
		struct inquiry *inquiry = inquiry_begin(resolver, arena, 30000);
		const char *name = arena_printf(arena, "%s-%d-%zu.good.example",
						worker->phase, worker->number,
						worker->good + worker->bad);
		struct dns_answer answer =
			dns_server_ask(inquiry, arena, name, DNS_A);

		if (answer.status == DNS_OK)
			worker->good++;
		else
			worker->bad++;
		inquiry_end(inquiry);
		arena_reset(arena);
	}
	arena_free(arena);
	return NULL;
}

static size_t rate(const char *phase)
{
	struct worker workers[WORKERS];
	size_t good = 0;

	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .number = i, .phase = phase };
		assert_int_equal(pthread_create(&workers[i].id, NULL, work,
						&workers[i]),
				 0);
	}
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].id, NULL);
		assert_int_equal(workers[i].bad, 0);
		good += workers[i].good;
	}
	return good * 1000 / ROUND_MS;
}

static void *be_stuck(void *context)
{
	struct arena *arena = arena_new(4096);
	struct inquiry *inquiry = inquiry_begin(resolver, arena, BUDGET_MS);
	struct dns_answer answer;

	stuck++;
	answer = dns_server_ask(
		inquiry, arena,
		arena_printf(arena, "%d.dead.example", *(int *)context), DNS_A);
	late += answer.status == DNS_TEMPORARY && inquiry_is_late(inquiry);
	inquiry_end(inquiry);
	arena_free(arena);
	return NULL;
}

static void dead_zone(void **state)
{
	static pthread_t ids[STUCK];
	static int numbers[STUCK];
	size_t without, with;

	(void)state;
	server = dns_server_begin(table);
	resolver = dns_server_resolver(&server, 1000);
	without = rate("before");
	for (int i = 0; i < STUCK; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&ids[i], NULL, be_stuck,
						&numbers[i]),
				 0);
		/* The server's socket has room for some 250 at once. */
		poll(NULL, 0, 1);
	}
	with = rate("during");
	assert_int_equal(stuck, STUCK);
	for (int i = 0; i < STUCK; i++)
		pthread_join(ids[i], NULL);
	assert_int_equal(late, STUCK);
	/* The server is not blamed for the zone. */
	rate("after");
	print_message("# good look-ups a second: %zu, with %d messages stuck "
		      "%zu (%zu %%)\n",
		      without, STUCK, with, with * 100 / (without + !without));
	resolver_put(resolver);
	dns_server_end(&server);
}

/* What a message of ten questions costs when all answers are known. */
static void known_answers(void **state)
{
	enum { QUESTIONS = 10, MESSAGES = 20000 };
	struct arena *arena = arena_new(16384);
	char names[QUESTIONS][32];
	struct dns_answer answer;
	int64_t begin = 0;

	(void)state;
	server = dns_server_begin(table);
	resolver = dns_server_resolver(&server, 1000);
	for (int message = -1; message < MESSAGES; message++) {
		struct inquiry *inquiry = inquiry_begin(resolver, arena, 30000);

		for (int i = 0; i < QUESTIONS; i++) {
			snprintf(names[i], sizeof(names[i]), "%d.good.example",
				 i);
			dns_query(inquiry_resolver(inquiry), arena,
				  str_from(names[i]), DNS_A, &answer);
			/* The first message waits for the others. */
			if (message < 0)
				answer = dns_server_ask(inquiry, arena,
							names[i], DNS_A);
			assert_int_equal(answer.status, DNS_OK);
		}
		inquiry_end(inquiry);
		arena_reset(arena);
		if (message < 0)
			begin = resolver_now();
	}
	print_message("# a question with a known answer: %lld ns\n",
		      (long long)(resolver_now() - begin) * 1000000 /
			      (QUESTIONS * MESSAGES));
	resolver_put(resolver);
	dns_server_end(&server);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dead_zone),
		cmocka_unit_test(known_answers),
	};

	return UNIT_RUN(tests);
}
