/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "str"
#include "unit.h"

static const struct str none = { NULL, 0 };

static void equal(void **state)
{
	(void)state;
	assert_true(str_eq(STR("a"), STR("a")));
	assert_false(str_eq(STR("a"), STR("A")));
	assert_false(str_eq(STR("a"), STR("ab")));
	assert_true(str_eq(STR(""), none));
	assert_true(str_eq(none, none));
	/* NUL is a byte */
	assert_true(str_eq(STR("a\0b"), STR("a\0b")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_false(str_eq(STR("a\0"), STR("a")));
}

static void equal_without_case(void **state)
{
	(void)state;
	assert_true(str_ieq(STR("Message-ID"), STR("message-id")));
	assert_true(str_ieq(none, STR("")));
	assert_false(str_ieq(STR("a"), STR("ab")));
	assert_false(str_ieq(STR("ab"), STR("a")));
	/* neighbours of the letters in ASCII, and letters beyond ASCII */
	assert_false(str_ieq(STR("@"), STR("`")));
	assert_false(str_ieq(STR("["), STR("{")));
	assert_false(str_ieq(STR("\xc4"), STR("\xe4")));
	assert_true(str_istarts(STR("List-Id"), STR("list-")));
	assert_true(str_istarts(STR("x"), STR("")));
	assert_false(str_istarts(STR("Lis"), STR("list-")));
	assert_int_equal(str_lower_byte('Z'), 'z');
	assert_int_equal(str_lower_byte('a'), 'a');
	assert_int_equal(str_lower_byte('\xc4'), '\xc4');
}

static void find(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("a@b@c"), '@'), 1);
	assert_int_equal(str_find_last(STR("a@b@c"), '@'), 3);
	assert_int_equal(str_find(STR("abc"), '@'), 3);
	assert_int_equal(str_find_last(STR("abc"), '@'), 3);
	assert_int_equal(str_find(none, '@'), 0);
	assert_int_equal(str_find_last(none, '@'), 0);
	assert_int_equal(str_find(STR("a\0@"), '@'), 2);
	assert_int_equal(str_find(STR("a\0b"), '\0'), 1);
	assert_int_equal(str_find_last(STR("@"), '@'), 0);
}

static void trim(void **state)
{
	(void)state;
	ASSERT_STR(str_trim(STR(" \t\r\na b\r\n\t ")), STR("a b"), "both");
	ASSERT_STR(str_trim_end(STR(" a \n")), STR(" a"), "end");
	ASSERT_STR(str_trim(STR(" \r\n ")), STR(""), "all");
	ASSERT_STR(str_trim_end(STR(" \r\n ")), STR(""), "all");
	ASSERT_STR(str_trim(STR("\va\f")), STR("\va\f"), "VT, FF");
	ASSERT_STR(str_trim(STR("\0")), STR("\0"), "NUL");
	ASSERT_STR(str_trim(none), STR(""), "none");
}

static void cut(void **state)
{
	struct str rest = STR("a,,b"), part;

	(void)state;
	assert_true(str_cut(&rest, ',', &part));
	ASSERT_STR(part, STR("a"), "1");
	assert_true(str_cut(&rest, ',', &part));
	ASSERT_STR(part, STR(""), "2");
	assert_true(str_cut(&rest, ',', &part));
	ASSERT_STR(part, STR("b"), "3");
	assert_false(str_cut(&rest, ',', &part));
	/* a separator at the end makes an empty part behind it */
	rest = STR("a,");
	assert_true(str_cut(&rest, ',', &part));
	assert_true(str_cut(&rest, ',', &part));
	ASSERT_STR(part, STR(""), "last");
	assert_false(str_cut(&rest, ',', &part));
	/* empty but there: one part */
	rest = STR("");
	assert_true(str_cut(&rest, ',', &part));
	ASSERT_STR(part, STR(""), "empty");
	assert_false(str_cut(&rest, ',', &part));
}

static void lines(void **state)
{
	struct str text = STR("a\r\nb\n\n\rc\r\r\nd"), line;
	static const char *const want[] = { "a", "b", "", "\rc\r", "d" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(str_line(&text, &line));
		ASSERT_STR(line, str_from(want[i]), "line");
	}
	assert_false(str_line(&text, &line));
	/* a line end at the end begins no further line */
	text = STR("a\n");
	assert_true(str_line(&text, &line));
	assert_false(str_line(&text, &line));
	text = STR("");
	assert_false(str_line(&text, &line));
}

static void c_strings(void **state)
{
	(void)state;
	ASSERT_STR(str_from("abc"), STR("abc"), "abc");
	ASSERT_STR(str_from(NULL), STR(""), "NULL");
	assert_non_null(str_from(NULL).p);
	assert_true(str_is_wsp(' ') && str_is_wsp('\t'));
	assert_false(str_is_wsp('\n') || str_is_wsp('\r') || str_is_wsp('\0'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal),
		cmocka_unit_test(equal_without_case),
		cmocka_unit_test(find),
		cmocka_unit_test(trim),
		cmocka_unit_test(cut),
		cmocka_unit_test(lines),
		cmocka_unit_test(c_strings),
	};

	return UNIT_RUN(tests);
}
