/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "taglist"
#include "unit.h"

#include "mail/buf.h"
#include "mail/limits.h"
#include "mail/taglist.h"

static void lists(void **state)
{
	static const struct {
		struct str text;
		size_t n;
		struct str a, b; /* values, or absent */
	} rows[] = {
		{ S("a=1"), 1, S("1"), S("(absent)") },
		{ S("a=1;"), 1, S("1"), S("(absent)") },
		{ S("a=1; b=2"), 2, S("1"), S("2") },
		{ S("b=2;a=1;\r\n "), 2, S("1"), S("2") },
		{ S(" \t a \r\n =\n\t1 \n ; "), 1, S("1"), S("(absent)") },
		/* 3.2: "tag=" is a tag with an empty value, not an absent one */
		{ S("a=;b= "), 2, S(""), S("") },
		/* white space inside a value is the value's */
		{ S("a=x \r\n\ty"), 1, S("x \r\n\ty"), S("(absent)") },
		{ S("a=b=c=="), 1, S("b=c=="), S("(absent)") },
		/* 3.2: tags are case-sensitive */
		{ S("A=1; a=2; B=3"), 3, S("2"), S("(absent)") },
		{ S("a_1=x; b2=y; Z_=z"), 3, S("(absent)"), S("(absent)") },
		{ S("a=\"!:<~\""), 1, S("\"!:<~\""), S("(absent)") },
		/* RFC 8616 section 3 */
		{ S("a=\xc3\xbc.example"), 1, S("\xc3\xbc.example"),
		  S("(absent)") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].text);
		struct taglist list;

		ASSERT_RESULT(taglist_parse(arena, rows[i].text, &list), OK,
			      what);
		assert_int_equal(list.n, rows[i].n);
		ASSERT_STR(taglist_value(&list, "a", STR("(absent)")),
			   rows[i].a, what);
		ASSERT_STR(taglist_value(&list, "b", STR("(absent)")),
			   rows[i].b, what);
	}
	arena_free(arena);
}

static void no_lists(void **state)
{
	static const struct str rows[] = {
		S(""),
		S(" "),
		S(";"),
		S("a=1;;"),
		S(";a=1"),
		S("a"),
		S("a;"),
		S("a;b=1"),
		S("=1"),
		S("1=a"),
		S("_a=1"),
		S("a-b=1"),
		S("a b=1"),
		S("a=1; b"),
		S("a=1; =2"),
		/* 3.2: "Tags with duplicate names MUST NOT occur" */
		S("a=1;a=1"),
		S("a=1;b=2;a=3"),
		S("a=;a="),
		/* bytes that no value has */
		S("a=\0"),
		S("a=x\0y"),
		S("a=\x7f"),
		S("a=\x01"),
		S("a=\xff"),
		S("a=\xc3"),
		S("a=\xc3("),
		S("\xc3\xbc=1"),
		S("a\0=1"),
		/* line ends that fold nothing */
		S("a=1\r\n"),
		S("a=1\n"),
		S("a=1\r ;"),
		S("a=\nb"),
		S("a=1\v"),
	};
	struct arena *arena = arena_new(4096);
	struct taglist list;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_RESULT(taglist_parse(arena, rows[i], &list), E_SYNTAX,
			      unit_show(rows[i]));
	arena_free(arena);
}

/* What stands between "=" and ";", for taking b= out of a signature. */
static void raw(void **state)
{
	struct arena *arena = arena_new(4096);
	struct str text = STR("a= 1 ; b = \r\n x\ty \r\n\t; c=");
	struct taglist list;

	(void)state;
	ASSERT_RESULT(taglist_parse(arena, text, &list), OK, "raw");
	ASSERT_STR(taglist_find(&list, "a")->raw, STR(" 1 "), "a");
	ASSERT_STR(taglist_find(&list, "b")->raw, STR(" \r\n x\ty \r\n\t"),
		   "b");
	ASSERT_STR(taglist_find(&list, "b")->value, STR("x\ty"), "b");
	ASSERT_STR(taglist_find(&list, "c")->raw, STR(""), "c");
	assert_ptr_equal(taglist_find(&list, "c")->raw.p, text.p + text.n);
	assert_null(taglist_find(&list, "d"));
	arena_free(arena);
}

static void limit(void **state)
{
	static const int counts[] = { LIMIT_TAGS, LIMIT_TAGS + 1,
				      LIMIT_TAGS * 10 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct taglist list;
		struct buf buf;

		buf_init(&buf, arena, 1 << 20);
		for (int k = 0; k < counts[i]; k++)
			buf_printf(&buf, "t%d=x;", k);
		ASSERT_RESULT(taglist_parse(arena, buf_str(&buf), &list),
			      i ? E_LIMIT : OK, "limit");
		arena_free(arena);
	}
}

static void parts(void **state)
{
	struct str value = STR("a : b:\r\n c::"), part;
	static const char *const want[] = { "a", "b", "c", "", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(taglist_cut(&value, &part));
		ASSERT_STR(part, str_from(want[i]), "part");
	}
	assert_false(taglist_cut(&value, &part));
	assert_true(taglist_has(STR("y : s"), STR("s")));
	assert_true(taglist_has(STR("From:to"), STR("from")));
	assert_false(taglist_has(STR("From:to"), STR("fro")));
	assert_false(taglist_has(STR(""), STR("s")));
}

static void numbers(void **state)
{
	static const struct {
		struct str text;
		size_t digits;
		enum result result;
		uint64_t number;
	} rows[] = {
		{ S("0"), 12, OK, 0 },
		{ S("007"), 12, OK, 7 },
		{ S("999999999999"), 12, OK, 999999999999 },
		{ S("1000000000000"), 12, E_SYNTAX, 0 },
		{ S("18446744073709551615"), 76, OK, UINT64_MAX },
		{ S("18446744073709551616"), 76, OK, UINT64_MAX },
		{ S("99999999999999999999999999999999999999"), 76, OK,
		  UINT64_MAX },
		{ S(""), 12, E_SYNTAX, 0 },
		{ S("-1"), 12, E_SYNTAX, 0 },
		{ S("+1"), 12, E_SYNTAX, 0 },
		{ S("1 2"), 12, E_SYNTAX, 0 },
		{ S("0x1"), 12, E_SYNTAX, 0 },
		{ S("1\0"), 12, E_SYNTAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].text);
		uint64_t number = 0;

		ASSERT_RESULT(taglist_number(rows[i].text, rows[i].digits,
					     &number),
			      rows[i].result, what);
		if (number != rows[i].number)
			fail_msg("%s is another number", what);
	}
}

static void unquoting(void **state)
{
	static const struct {
		struct str text, want;
	} rows[] = {
		{ S("a@b"), S("a@b") },
		{ S("a=40b"), S("a@b") },
		{ S("=6Along@messiah=2Eedu"), S("jlong@messiah.edu") },
		{ S("a =\t20b\r\n c"), S("(fault)") },
		{ S("a =20 b\r\n c"), S("a bc") },
		{ S("=3D=3d"), S("==") },
		{ S("=00"), S("\0") },
		{ S("="), S("(fault)") },
		{ S("a=4"), S("(fault)") },
		{ S("=4G"), S("(fault)") },
		{ S("=G4"), S("(fault)") },
		{ S("=="), S("(fault)") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str plain = STR("(fault)");

		if (taglist_unquote(arena, rows[i].text, &plain) != OK)
			ASSERT_STR(plain, STR("(fault)"), "untouched");
		ASSERT_STR(plain, rows[i].want, unit_show(rows[i].text));
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),     cmocka_unit_test(no_lists),
		cmocka_unit_test(raw),	     cmocka_unit_test(limit),
		cmocka_unit_test(parts),     cmocka_unit_test(numbers),
		cmocka_unit_test(unquoting),
	};

	return UNIT_RUN(tests);
}
