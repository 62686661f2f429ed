/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "message"
#include "unit.h"

#include "mail/limits.h"
#include "mail/message.h"

static void check_field(const struct field *field, struct str name,
			struct str value)
{
	ASSERT_STR(field->name, name, "name");
	ASSERT_STR(field->value, value, "value");
}

static void add_copies(void **state)
{
	struct arena *arena = arena_new(4096);
	char name[] = "From ", value[] = " a\0b\n c";
	struct message message;

	(void)state;
	message_init(&message, arena);
	ASSERT_RESULT(message_add(&message, str_from(name),
				  (struct str){ value, 7 }),
		      OK, "add");
	memset(name, 'x', sizeof(name));
	memset(value, 'x', sizeof(value));
	for (int i = 0; i < 1000; i++)
		ASSERT_RESULT(message_add(&message, STR("X"), STR("")), OK,
			      "more");
	assert_int_equal(message.n, 1001);
	check_field(&message.fields[0], STR("From "), STR(" a\0b\n c"));
	check_field(&message.fields[1000], STR("X"), STR(""));
	arena_free(arena);
}

static void splits(void **state)
{
	static const struct {
		struct str text;
		size_t n;
		struct str name, value; /* of the last field */
		struct str body;
	} rows[] = {
		{ S(""), 0, S(""), S(""), S("") },
		{ S("\r\n"), 0, S(""), S(""), S("") },
		{ S("\n\nbody"), 0, S(""), S(""), S("\nbody") },
		{ S("A: b"), 1, S("A"), S(" b"), S("") },
		{ S("A: b\r\n"), 1, S("A"), S(" b"), S("") },
		{ S("A: b\r\n\r\n"), 1, S("A"), S(" b"), S("") },
		{ S("A:\n\nbody\r\n"), 1, S("A"), S(""), S("body\r\n") },
		{ S("A:1\r\nB:2\nC:3\r\n\nx"), 3, S("C"), S("3"), S("x") },
		/* folds stay as they are */
		{ S("A: b\r\n c\r\n\td\r\n\r\n"), 1, S("A"),
		  S(" b\r\n c\r\n\td"), S("") },
		{ S("A: b\n c\n\n"), 1, S("A"), S(" b\n c"), S("") },
		{ S("A:\n b\n"), 1, S("A"), S("\n b"), S("") },
		{ S("A: b\n \n\n"), 1, S("A"), S(" b\n "), S("") },
		{ S("A: b\n c"), 1, S("A"), S(" b\n c"), S("") },
		/* obsolete: white space before the colon (RFC 5322 4.5) */
		{ S("From \t: x\n"), 1, S("From \t"), S(" x"), S("") },
		/* only the first colon counts, and bytes are bytes */
		{ S("A: b: c\n"), 1, S("A"), S(" b: c"), S("") },
		{ S("A: \0\xff\r\n\r\n\0"), 1, S("A"), S(" \0\xff"), S("\0") },
		{ S("!#$%&'*+-.^_`|~;: x\n"), 1, S("!#$%&'*+-.^_`|~;"), S(" x"),
		  S("") },
		/* a lone CR ends no line */
		{ S("A: b\rB: c\n\n"), 1, S("A"), S(" b\rB: c"), S("") },
		/* nor does it make an empty one of what has more bytes */
		{ S("A: b\r\r\n\r\nx"), 1, S("A"), S(" b\r"), S("x") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct message message;
		struct str body;

		message_init(&message, arena);
		ASSERT_RESULT(message_split(&message, rows[i].text, &body), OK,
			      unit_show(rows[i].text));
		assert_int_equal(message.n, rows[i].n);
		if (rows[i].n)
			check_field(&message.fields[message.n - 1],
				    rows[i].name, rows[i].value);
		ASSERT_STR(body, rows[i].body, unit_show(rows[i].text));
		arena_free(arena);
	}
}

static void splits_not(void **state)
{
	static const struct str rows[] = {
		S("no field\r\n\r\n"),
		S(" begins: folded\r\n\r\n"),
		S("\tA: b\r\n"),
		S(": no name\r\n"),
		S(" \r\nA: b\r\n"),
		S("A: b\r\nbody without end\r\n"),
		S("From a@b Thu Jan 1\n"),
		S("A b: two words\n"),
		S("\xc3\xa4: name\n"),
		S("A\0: x\n"),
		S("A\x7f: x\n"),
		S("A: b\n\r x\n"),
		/* a fold before the colon: software differs on whose it is */
		S("From\r\n : x\r\n"),
		S("A: b\nFrom\n : x\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct message message;
		struct str body;

		message_init(&message, arena);
		ASSERT_RESULT(message_split(&message, rows[i], &body), E_SYNTAX,
			      unit_show(rows[i]));
		arena_free(arena);
	}
}

static void limit_of_a_field(void **state)
{
	static char bytes[LIMIT_FIELD * 10 + 16];
	struct arena *arena = arena_new(4096);
	struct message message;
	struct str body;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	message_init(&message, arena);
	ASSERT_RESULT(message_add(&message, STR("A"),
				  (struct str){ bytes, LIMIT_FIELD - 1 }),
		      OK, "at the limit");
	ASSERT_RESULT(message_add(&message, STR("A"),
				  (struct str){ bytes, LIMIT_FIELD }),
		      E_LIMIT, "one above");
	ASSERT_RESULT(message_add(&message, (struct str){ bytes, LIMIT_FIELD },
				  STR("a")),
		      E_LIMIT, "the name counts too");
	ASSERT_RESULT(message_add(&message, STR("A"),
				  (struct str){ bytes, LIMIT_FIELD * 10 }),
		      E_LIMIT, "ten times");
	assert_int_equal(message.n, 1);
	bytes[1] = ':';
	ASSERT_RESULT(message_split(&message,
				    (struct str){ bytes, LIMIT_FIELD * 10 },
				    &body),
		      E_LIMIT, "split, ten times");
	arena_free(arena);
}

static void limit_of_fields(void **state)
{
	struct arena *arena = arena_new(4096);
	struct message message;
	char *text = arena_alloc(arena, (size_t)LIMIT_FIELDS * 10 * 4);
	struct str body;

	(void)state;
	message_init(&message, arena);
	for (int i = 0; i < LIMIT_FIELDS; i++)
		ASSERT_RESULT(message_add(&message, STR("A"), STR("b")), OK,
			      "at the limit");
	ASSERT_RESULT(message_add(&message, STR("A"), STR("b")), E_LIMIT,
		      "one above");
	for (size_t i = 0; i < (size_t)LIMIT_FIELDS * 10; i++)
		memcpy(text + i * 4, "A:b\n", 4);
	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message,
				    (struct str){ text, LIMIT_FIELDS * 4 },
				    &body),
		      OK, "split at the limit");
	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message,
				    (struct str){ text, LIMIT_FIELDS * 4 + 4 },
				    &body),
		      E_LIMIT, "split, one above");
	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message,
				    (struct str){ text, LIMIT_FIELDS * 40 },
				    &body),
		      E_LIMIT, "split, ten times");
	arena_free(arena);
}

static void limit_of_a_header(void **state)
{
	static char bytes[60000];
	struct arena *arena = arena_new(4096);
	struct message message;
	size_t left = LIMIT_HEADER;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	message_init(&message, arena);
	while (left > sizeof(bytes)) {
		struct str value = { bytes, sizeof(bytes) - 1 };

		ASSERT_RESULT(message_add(&message, STR("A"), value), OK,
			      "below the limit");
		left -= sizeof(bytes);
	}
	ASSERT_RESULT(message_add(&message, STR("A"),
				  (struct str){ bytes, left }),
		      E_LIMIT, "one above");
	ASSERT_RESULT(message_add(&message, STR("A"),
				  (struct str){ bytes, left - 1 }),
		      OK, "at the limit");
	ASSERT_RESULT(message_add(&message, STR("A"), STR("")), E_LIMIT,
		      "nothing more");
	arena_free(arena);
}

static void names(void **state)
{
	struct arena *arena = arena_new(4096);
	const struct field *last = NULL;
	struct message message;
	struct str body;

	(void)state;
	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message,
				    STR("From: 1\nTo: 2\nfrom : 3\n"
					"FROM\t: 4\nX-From: 5\nFro: 6\n"),
				    &body),
		      OK, "split");
	assert_int_equal(message_count(&message, STR("From"), &last), 3);
	assert_non_null(last);
	ASSERT_STR(last->value, STR(" 4"), "last");
	assert_int_equal(message_count(&message, STR("from"), NULL), 3);
	last = NULL;
	assert_int_equal(message_count(&message, STR("Cc"), &last), 0);
	assert_null(last);
	assert_true(message_is(&message.fields[2], STR("From")));
	assert_false(message_is(&message.fields[4], STR("From")));
	assert_false(message_is(&message.fields[5], STR("From")));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_copies),
		cmocka_unit_test(splits),
		cmocka_unit_test(splits_not),
		cmocka_unit_test(limit_of_a_field),
		cmocka_unit_test(limit_of_fields),
		cmocka_unit_test(limit_of_a_header),
		cmocka_unit_test(names),
	};

	return UNIT_RUN(tests);
}
