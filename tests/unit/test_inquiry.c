/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "inquiry"
#include "unit.h"

#include <poll.h>

#include "folder.h"
#include "dns_server.h"

enum { THREADS = 16, NAMES = 20, ROUNDS = 50 };

static const char table[] = "a.example A 192.0.2.1\n"
			    "b.example A 192.0.2.2\n"
			    "*.many.example TXT \"many\" !delay=20\n"
			    "brief.example A 192.0.2.3 !ttl=1\n"
			    "zero.example A 192.0.2.4 !ttl=0\n"
			    "gone.example A !nxdomain !ttl=1\n"
			    "slow.example A 192.0.2.5 !delay=200\n"
			    "slower.example A 192.0.2.5 !delay=500\n"
			    "servfail.example A !servfail\n"
			    "*.silent.example A !silent\n";

static struct dns_server server;
static struct resolver *resolver;

static void begin(int64_t max_waiting)
{
	server = dns_server_begin(table);
	resolver = dns_server_resolver(&server, max_waiting);
}

static void end(void)
{
	resolver_put(resolver);
	dns_server_end(&server);
}

static struct inquiry *inquire(int64_t budget_ms)
{
	return inquiry_begin(resolver, server.folder.arena, budget_ms);
}

/* One question without any waiting. */
static enum dns_status peek(struct inquiry *inquiry, const char *name)
{
	struct dns_answer answer;

	dns_query(inquiry_resolver(inquiry), server.folder.arena,
		  str_from(name), DNS_A, &answer);
	assert_int_equal(answer.n, answer.status == DNS_OK);
	return answer.status;
}

static enum dns_status ask(struct inquiry *inquiry, const char *name)
{
	return dns_server_ask(inquiry, server.folder.arena, name, DNS_A).status;
}

/* What a message of its own gets that waits as long as it takes. */
static enum dns_status ask_anew(const char *name)
{
	struct inquiry *inquiry = inquire(30000);
	enum dns_status status = ask(inquiry, name);

	inquiry_end(inquiry);
	return status;
}

static void for_now(void **state)
{
	struct inquiry *inquiry;

	(void)state;
	begin(10);
	inquiry = inquire(30000);
	assert_false(inquiry_wait(inquiry));
	assert_int_equal(peek(inquiry, "slow.example"), DNS_TEMPORARY);
	assert_int_equal(peek(inquiry, "slow.example"), DNS_TEMPORARY);
	assert_true(inquiry_wait(inquiry));
	assert_int_equal(peek(inquiry, "SLOW.example"), DNS_OK);
	assert_false(inquiry_wait(inquiry));
	assert_false(inquiry_is_late(inquiry));

	/* What the table has is there at once. */
	inquiry_end(inquiry);
	inquiry = inquire(0);
	assert_int_equal(peek(inquiry, "slow.example"), DNS_OK);
	assert_int_equal(peek(inquiry, ""), DNS_NO_NAME);
	assert_false(inquiry_wait(inquiry));
	inquiry_end(inquiry);
	assert_int_equal(dns_server_count(&server, "slow.example A udp"), 1);
	end();
}

static void shares(void **state)
{
	struct inquiry *a, *b;

	(void)state;
	begin(10);
	a = inquire(30000);
	b = inquire(30000);
	assert_int_equal(peek(a, "slow.example"), DNS_TEMPORARY);
	assert_int_equal(ask(b, "Slow.Example"), DNS_OK);
	assert_true(inquiry_wait(a));
	assert_int_equal(peek(a, "slow.example"), DNS_OK);
	inquiry_end(a);
	inquiry_end(b);
	assert_int_equal(ask_anew("slow.example"), DNS_OK);
	assert_int_equal(dns_server_count(&server, "slow.example A udp"), 1);

	/* A failure is not tried again by every message. */
	assert_int_equal(ask_anew("servfail.example"), DNS_TEMPORARY);
	b = inquire(30000);
	assert_int_equal(peek(b, "servfail.example"), DNS_TEMPORARY);
	assert_false(inquiry_wait(b));
	inquiry_end(b);
	end();
}

/* A run that waits for nothing begins the look-up for who comes later. */
static void begins_early(void **state)
{
	struct inquiry *early;

	(void)state;
	begin(10);
	early = inquire(30000);
	assert_int_equal(peek(early, "slow.example"), DNS_TEMPORARY);
	inquiry_end(early);
	while (!dns_server_count(&server, "slow.example A udp"))
		poll(NULL, 0, 10);
	assert_int_equal(ask_anew("slow.example"), DNS_OK);
	assert_int_equal(dns_server_count(&server, "slow.example A udp"), 1);
	end();
}

static const struct {
	const char *name, *line;
	enum dns_status status;
} brief[] = {
	{ "brief.example", "brief.example A udp", DNS_OK },
	{ "zero.example", "zero.example A udp", DNS_OK },
	{ "gone.example", "gone.example A udp", DNS_NO_NAME },
};

static void expires(void **state)
{
	struct inquiry *old;

	(void)state;
	begin(10);
	old = inquire(30000);
	for (size_t i = 0; i < sizeof(brief) / sizeof(*brief); i++) {
		assert_int_equal(ask(old, brief[i].name), brief[i].status);
		assert_int_equal(dns_server_count(&server, brief[i].line), 1);
	}
	assert_int_equal(ask_anew("a.example"), DNS_OK);
	for (size_t i = 0; i < sizeof(brief) / sizeof(*brief); i++) {
		while (dns_server_count(&server, brief[i].line) < 2) {
			assert_int_equal(ask_anew(brief[i].name),
					 brief[i].status);
			poll(NULL, 0, 20);
		}
		/* Within the old message it is what it was; nobody is asked. */
		assert_int_equal(peek(old, brief[i].name), brief[i].status);
	}
	assert_false(inquiry_wait(old));
	assert_int_equal(ask_anew("a.example"), DNS_OK);
	assert_int_equal(dns_server_count(&server, "a.example A udp"), 1);
	inquiry_end(old);
	end();
}

static void budget(void **state)
{
	struct inquiry *inquiry;
	int64_t start;

	(void)state;
	begin(10);
	inquiry = inquire(300);
	assert_int_equal(ask(inquiry, "a.example"), DNS_OK);
	assert_false(inquiry_is_late(inquiry));
	/* Work of our own does not count. */
	poll(NULL, 0, 400);
	assert_false(inquiry_is_late(inquiry));
	start = resolver_now();
	assert_int_equal(ask(inquiry, "1.silent.example"), DNS_TEMPORARY);
	assert_true(inquiry_is_late(inquiry));
	assert_true(resolver_now() - start >= 200);
	assert_true(resolver_now() - start < 3000);
	/* It is over for all that follows. */
	start = resolver_now();
	assert_int_equal(ask(inquiry, "2.silent.example"), DNS_TEMPORARY);
	assert_true(resolver_now() - start < 2000);
	assert_int_equal(peek(inquiry, "a.example"), DNS_OK);
	inquiry_end(inquiry);

	inquiry = inquire(-1);
	assert_true(inquiry_is_late(inquiry));
	assert_int_equal(ask(inquiry, "3.silent.example"), DNS_TEMPORARY);
	inquiry_end(inquiry);
	end();
}

/* An answer that comes after the time changes nothing. */
static void late_answers(void **state)
{
	struct inquiry *inquiry;

	(void)state;
	begin(10);
	inquiry = inquire(100);
	assert_int_equal(ask(inquiry, "slow.example"), DNS_TEMPORARY);
	assert_true(inquiry_is_late(inquiry));
	assert_int_equal(ask_anew("slow.example"), DNS_OK);
	assert_int_equal(peek(inquiry, "slow.example"), DNS_TEMPORARY);
	assert_false(inquiry_wait(inquiry));
	inquiry_end(inquiry);
	assert_int_equal(dns_server_count(&server, "slow.example A udp"), 1);
	end();
}

/* Takes the only place as soon as it is free. */
static void *wait_long(void *context)
{
	(void)context;
	while (ask_anew("slower.example") != DNS_OK)
		;
	return NULL;
}

static void crowded(void **state)
{
	struct arena *arena;
	bool refused = false;
	pthread_t thread;

	(void)state;
	begin(1);
	assert_int_equal(ask_anew("a.example"), DNS_OK);
	arena = server.folder.arena;
	server.folder.arena = arena_new(4096); /* the thread's */
	assert_int_equal(pthread_create(&thread, NULL, wait_long, NULL), 0);
	for (int i = 0; i < 100 && !refused; i++) {
		struct inquiry *inquiry = inquiry_begin(resolver, arena, 1);
		const char *name = arena_printf(arena, "%d.silent.example", i);
		struct dns_answer answer =
			dns_server_ask(inquiry, arena, name, DNS_A);

		assert_int_equal(answer.status, DNS_TEMPORARY);
		refused = !inquiry_is_late(inquiry);
		/* What is known needs no waiting. */
		dns_query(inquiry_resolver(inquiry), arena, STR("a.example"),
			  DNS_A, &answer);
		assert_int_equal(answer.status, DNS_OK);
		inquiry_end(inquiry);
		/* Leaves the place to the thread. */
		poll(NULL, 0, 5);
	}
	pthread_join(thread, NULL);
	arena_free(server.folder.arena);
	server.folder.arena = arena;
	assert_true(refused);
	end();
}

/* 2,000 questions on their way and no more; what is known is still there. */
static void full(void **state)
{
	struct inquiry *inquiry;
	struct arena *arena;

	(void)state;
	begin(10);
	arena = server.folder.arena;
	assert_int_equal(ask_anew("a.example"), DNS_OK);
	inquiry = inquire(2000);
	for (int i = 0; i < 2100; i++)
		assert_int_equal(
			peek(inquiry,
			     arena_printf(arena, "%d.silent.example", i)),
			DNS_TEMPORARY);
	inquiry_end(inquiry);
	inquiry = inquire(2000);
	assert_int_equal(peek(inquiry, "a.example"), DNS_OK);
	assert_int_equal(peek(inquiry, "b.example"), DNS_TEMPORARY);
	/* That was an answer: there is nothing to wait for. */
	assert_false(inquiry_wait(inquiry));
	assert_false(inquiry_is_late(inquiry));
	inquiry_end(inquiry);
	/* Ended with all of them on their way. */
	end();
}

static void *many(void *context)
{
	struct arena *arena = arena_new(4096);
	size_t *wrong = context;

	for (int round = 0; round < ROUNDS; round++) {
		struct inquiry *inquiry = inquiry_begin(resolver, arena, 30000);
		size_t good;

		do {
			good = 0;
			for (int i = 0; i < NAMES; i++) {
				struct dns_answer answer;
				const char *name = arena_printf(
					arena, "%d.many.example", i);

				dns_query(inquiry_resolver(inquiry), arena,
					  str_from(name), DNS_TXT, &answer);
				good += answer.status == DNS_OK &&
					str_eq(answer.records[0].data,
					       STR("many"));
			}
		} while (inquiry_wait(inquiry));
		*wrong += NAMES - good;
		inquiry_end(inquiry);
		arena_reset(arena);
	}
	arena_free(arena);
	return NULL;
}

static void threads(void **state)
{
	pthread_t ids[THREADS];
	size_t wrong[THREADS] = { 0 };

	(void)state;
	begin(100);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, many, &wrong[i]),
				 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(ids[i], NULL);
		assert_int_equal(wrong[i], 0);
	}
	for (int i = 0; i < NAMES; i++)
		assert_int_equal(
			dns_server_count(&server,
					 arena_printf(server.folder.arena,
						      "%d.many.example TXT udp",
						      i)),
			1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_now),	cmocka_unit_test(shares),
		cmocka_unit_test(begins_early), cmocka_unit_test(expires),
		cmocka_unit_test(budget),	cmocka_unit_test(late_answers),
		cmocka_unit_test(crowded),	cmocka_unit_test(full),
		cmocka_unit_test(threads),
	};

	return UNIT_RUN(tests);
}
