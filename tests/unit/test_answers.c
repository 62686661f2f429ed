/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "answers"
#include "unit.h"

#include "milters/answers.h"

enum { FOREVER = 1000000 };

static const struct answers_limits roomy = { 100, 1 << 20, 100, 100 };

/* One message's interest in one question. */
struct client {
	struct answers *answers;
	struct answers_listener listener;
	struct answers_waiter waiter;
	struct answers_entry *entry;
};

static void client_begin(struct client *client, struct answers *answers)
{
	*client = (struct client){ .answers = answers };
	answers_listener_begin(&client->listener);
	client->waiter.listener = &client->listener;
}

static void client_end(struct client *client)
{
	answers_leave(client->answers, &client->waiter);
	answers_listener_end(&client->listener);
}

static enum answers_state ask_at(struct client *client, int64_t now,
				 const char *name)
{
	return answers_ask(client->answers, now, str_from(name), DNS_TXT,
			   &client->waiter, &client->entry);
}

static struct answer *make(const char *text)
{
	size_t n = strlen(text);
	struct answer *answer = answer_new(DNS_OK, 1, n);

	memcpy(answer->room, text, n);
	answer->dns.records[0].data = (struct str){ answer->room, n };
	return answer;
}

/* Asks and answers a name that the table does not have. */
static void fill(struct answers *answers, const char *name, const char *text)
{
	struct client client;

	client_begin(&client, answers);
	assert_int_equal(ask_at(&client, 0, name), ANSWERS_TO_ASK);
	answers_give(client.entry, 0, make(text), FOREVER);
	client_end(&client);
}

/* What the table knows of a name, NULL for nothing; asks nobody. */
static const char *known(struct answers *answers, struct arena *arena,
			 const char *name)
{
	struct client client;
	const char *text = NULL;

	client_begin(&client, answers);
	if (ask_at(&client, 0, name) == ANSWERS_HERE)
		text = arena_copy(arena,
				  client.waiter.answer->dns.records[0].data)
			       .p;
	else
		answers_give(client.entry, 0, make("late"), 0);
	client_end(&client);
	return text;
}

static void shares(void **state)
{
	struct answers *answers = answers_new(&roomy);
	struct client a, b, c;

	(void)state;
	client_begin(&a, answers);
	client_begin(&b, answers);
	client_begin(&c, answers);
	assert_int_equal(ask_at(&a, 0, "x"), ANSWERS_TO_ASK);
	assert_int_equal(ask_at(&b, 0, "x"), ANSWERS_COMING);
	assert_null(answers_take(answers, &a.waiter));
	answers_give(a.entry, 0, make("1"), 1000);
	assert_true(answers_wait(answers, &a.listener, 0));
	assert_true(answers_wait(answers, &b.listener, 0));
	assert_ptr_equal(a.waiter.answer, b.waiter.answer);
	assert_int_equal(ask_at(&c, 999, "x"), ANSWERS_HERE);
	assert_ptr_equal(a.waiter.answer, c.waiter.answer);
	client_end(&c);

	/* Past its time it is asked again, and who has the old one keeps it. */
	client_begin(&c, answers);
	assert_int_equal(ask_at(&c, 1000, "x"), ANSWERS_TO_ASK);
	ASSERT_STR(a.waiter.answer->dns.records[0].data, STR("1"), "kept");
	answers_give(c.entry, 1000, make("2"), 1000);
	ASSERT_STR(c.waiter.answer->dns.records[0].data, STR("2"), "new");
	ASSERT_STR(b.waiter.answer->dns.records[0].data, STR("1"), "kept");
	client_end(&a);
	client_end(&b);
	client_end(&c);
	answers_free(answers);
}

static void types_and_names_differ(void **state)
{
	static const struct {
		struct str name;
		enum dns_type type;
	} rows[] = {
		{ S("x"), DNS_A },	 { S("x"), DNS_AAAA },
		{ S("x"), DNS_TXT },	 { S("y"), DNS_A },
		{ S("xx"), DNS_A },	 { S("x\0"), DNS_A },
		{ S("x\0a"), DNS_A },	 { S("x\0b"), DNS_A },
		{ S("x\xff"), DNS_PTR }, { S("x\x7f"), DNS_PTR },
	};
	struct answers *answers = answers_new(&roomy);
	struct client clients[sizeof(rows) / sizeof(*rows)];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		client_begin(&clients[i], answers);
		assert_int_equal(answers_ask(answers, 0, rows[i].name,
					     rows[i].type, &clients[i].waiter,
					     &clients[i].entry),
				 ANSWERS_TO_ASK);
	}
	/* Questions on their way end with the table. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		client_end(&clients[i]);
	answers_free(answers);
}

static void only_what_was_asked_since(void **state)
{
	struct answers *answers = answers_new(&roomy);
	struct answers_waiter old;
	struct answers_entry *entry;
	struct client a;

	(void)state;
	client_begin(&a, answers);
	old = (struct answers_waiter){ .listener = &a.listener };
	assert_int_equal(answers_ask(answers, 0, STR("old"), DNS_A, &old,
				     &entry),
			 ANSWERS_TO_ASK);
	assert_false(answers_wait(answers, &a.listener, 0));
	assert_int_equal(ask_at(&a, 0, "new"), ANSWERS_TO_ASK);
	/* Nobody wanted this one again. */
	answers_give(entry, 0, make("1"), 1000);
	assert_false(answers_wait(answers, &a.listener, 0));
	assert_null(answers_take(answers, &a.waiter));
	answers_give(a.entry, 0, make("2"), 1000);
	assert_true(answers_wait(answers, &a.listener, 0));
	/* News are news once. */
	assert_false(answers_wait(answers, &a.listener, 0));
	answers_leave(answers, &old);
	client_end(&a);
	answers_free(answers);
}

static void leaves(void **state)
{
	struct answers *answers = answers_new(&roomy);
	struct client a, b;

	(void)state;
	client_begin(&a, answers);
	client_begin(&b, answers);
	assert_int_equal(ask_at(&a, 0, "x"), ANSWERS_TO_ASK);
	assert_int_equal(ask_at(&b, 0, "x"), ANSWERS_COMING);
	client_end(&a);
	/* The look-up goes on for the other, and for the table. */
	answers_give(b.entry, 0, make("1"), 1000);
	assert_non_null(b.waiter.answer);
	assert_null(a.waiter.answer);
	client_end(&b);
	client_begin(&a, answers);
	assert_int_equal(ask_at(&a, 0, "x"), ANSWERS_HERE);
	client_end(&a);
	answers_free(answers);
}

static void copies(void **state)
{
	struct arena *arena = arena_new(64);
	struct answer *answer = answer_new(DNS_OK, 2, 5);
	struct dns_answer copy;

	(void)state;
	answer->dns.secure = true;
	memcpy(answer->room, "ab\0cd", 5);
	answer->dns.records[0].data = (struct str){ answer->room, 2 };
	answer->dns.records[1].data = (struct str){ answer->room + 2, 3 };
	answer->dns.records[1].preference = 7;
	copy = answer_copy(answer, arena);
	memset(answer->room, 'x', 5);
	answer_put(answer);
	assert_int_equal(copy.n, 2);
	assert_true(copy.secure);
	ASSERT_STR(copy.records[0].data, STR("ab"), "first");
	ASSERT_STR(copy.records[1].data, STR("\0cd"), "second");
	assert_int_equal(copy.records[1].preference, 7);

	answer = answer_new(DNS_NO_DATA, 0, 0);
	copy = answer_copy(answer, arena);
	answer_put(answer);
	assert_int_equal(copy.status, DNS_NO_DATA);
	assert_int_equal(copy.n, 0);
	arena_free(arena);
}

/* At the limit all stay, one above it one goes, ten times above most. */
static void evicts_entries(void **state)
{
	struct answers_limits limits = roomy;
	struct arena *arena = arena_new(1024);
	struct answers *answers;

	(void)state;
	limits.entries = 10;
	answers = answers_new(&limits);
	for (int i = 0; i < 10; i++)
		fill(answers, arena_printf(arena, "n%d", i), "text");
	for (int i = 0; i < 10; i++)
		assert_non_null(
			known(answers, arena, arena_printf(arena, "n%d", i)));
	/* n0 was used last, so n1 is the longest unused. */
	assert_non_null(known(answers, arena, "n0"));
	fill(answers, "n10", "text");
	assert_non_null(known(answers, arena, "n0"));
	assert_non_null(known(answers, arena, "n10"));
	assert_null(known(answers, arena, "n1"));
	for (int i = 100; i < 200; i++)
		fill(answers, arena_printf(arena, "n%d", i), "text");
	for (int i = 190; i < 200; i++)
		assert_non_null(
			known(answers, arena, arena_printf(arena, "n%d", i)));
	assert_null(known(answers, arena, "n189"));
	answers_free(answers);
	arena_free(arena);
}

static void evicts_bytes(void **state)
{
	struct answers_limits limits = roomy;
	struct arena *arena = arena_new(1024);
	struct answers *answers;
	char *text = arena_alloc(arena, 10001);
	struct client client;

	(void)state;
	limits.bytes = 10000;
	answers = answers_new(&limits);
	memset(text, 'a', 4000);
	fill(answers, "a", text);
	fill(answers, "b", text);
	assert_non_null(known(answers, arena, "a"));
	fill(answers, "c", text);
	assert_null(known(answers, arena, "b"));
	assert_non_null(known(answers, arena, "c"));

	/* One past the limit is not kept, but who asked gets it. */
	memset(text, 'b', 10000);
	client_begin(&client, answers);
	assert_int_equal(ask_at(&client, 0, "d"), ANSWERS_TO_ASK);
	answers_give(client.entry, 0, make(text), FOREVER);
	assert_int_equal(client.waiter.answer->dns.records[0].data.n, 10000);
	client_end(&client);
	assert_null(known(answers, arena, "d"));
	answers_free(answers);
	arena_free(arena);
}

static void limits_questions(void **state)
{
	struct answers_limits limits = roomy;
	struct answers *answers;
	struct client clients[5];

	(void)state;
	limits.questions = 3;
	answers = answers_new(&limits);
	for (int i = 0; i < 5; i++)
		client_begin(&clients[i], answers);
	assert_int_equal(ask_at(&clients[0], 0, "a"), ANSWERS_TO_ASK);
	assert_int_equal(ask_at(&clients[1], 0, "b"), ANSWERS_TO_ASK);
	assert_int_equal(ask_at(&clients[2], 0, "c"), ANSWERS_TO_ASK);
	for (int i = 0; i < 30; i++)
		assert_int_equal(ask_at(&clients[3], 0, "d"), ANSWERS_FULL);
	assert_int_equal(ask_at(&clients[4], 0, "c"), ANSWERS_COMING);
	answers_give(clients[0].entry, 0, make("1"), 1000);
	assert_int_equal(ask_at(&clients[3], 0, "d"), ANSWERS_TO_ASK);
	/* What is known needs no place; what is too old does. */
	client_end(&clients[0]);
	client_begin(&clients[0], answers);
	assert_int_equal(ask_at(&clients[0], 0, "a"), ANSWERS_HERE);
	client_end(&clients[0]);
	client_begin(&clients[0], answers);
	assert_int_equal(ask_at(&clients[0], 1000, "a"), ANSWERS_FULL);
	for (int i = 0; i < 5; i++)
		client_end(&clients[i]);
	answers_free(answers);
}

static void limits_waiting(void **state)
{
	struct answers_limits limits = roomy;
	struct answers *answers;
	struct client client;

	(void)state;
	limits.waiting = 0;
	answers = answers_new(&limits);
	client_begin(&client, answers);
	assert_int_equal(ask_at(&client, 0, "a"), ANSWERS_TO_ASK);
	/* Would never end if it waited. */
	assert_false(answers_wait(answers, &client.listener, INT64_MAX));
	/* No waiting is needed for what has come. */
	assert_null(answers_take(answers, &client.waiter));
	answers_give(client.entry, 0, make("1"), 1000);
	assert_true(answers_wait(answers, &client.listener, INT64_MAX));
	client_end(&client);
	answers_free(answers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares),
		cmocka_unit_test(types_and_names_differ),
		cmocka_unit_test(only_what_was_asked_since),
		cmocka_unit_test(leaves),
		cmocka_unit_test(copies),
		cmocka_unit_test(evicts_entries),
		cmocka_unit_test(evicts_bytes),
		cmocka_unit_test(limits_questions),
		cmocka_unit_test(limits_waiting),
	};

	return UNIT_RUN(tests);
}
