/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dsn_decode"
#include "unit.h"

#include "mail/dsn_decode.h"

/* A text that decodes in just these ways, found by what comes out. */
static void ways(void **state)
{
	static const struct {
		struct str text, want;
	} rows[] = {
		{ S("a@b"), S("a@b") },
		{ S("a+40b"), S("a@b") },
		{ S("a%40b"), S("a@b") },
		{ S("a=40b"), S("a@b") },
		{ S("a=\r\n@b"), S("a@b") },
		{ S("a= \t\n@b"), S("a@b") },
		{ S("a\\x{40}b"), S("a@b") },
		{ S("a\\X{000040}b"), S("a@b") },
		{ S("a&#64;b"), S("a@b") },
		{ S("a&#x40;b"), S("a@b") },
		{ S("a&#64b"), S("a@b") },
		{ S("a\r\n @b"), S("a @b") },
		{ S("a\n\t@b"), S("a\t@b") },
		/* one within the other */
		{ S("a=2B40b"), S("a@b") },
		{ S("a=2540b"), S("a@b") },
		{ S("a=5Cx{40}b"), S("a@b") },
		{ S("a&#6=\n4;b"), S("a@b") },
		{ S("a%2B40b"), S("a@b") },
		{ S("a%2540b"), S("a@b") },
		{ S("a&#37;40b"), S("a@b") },
		{ S("a\r\n =40b"), S("a @b") },
		/* RFC 6533 section 3; RFC 3629 section 7 */
		{ S("\\x{FC}"), S("\xc3\xbc") },
		{ S("\\x{2262}\\x{391}"), S("\xe2\x89\xa2\xce\x91") },
		{ S("\\x{233B4}"), S("\xf0\xa3\x8e\xb4") },
		{ S("&#252;"), S("\xc3\xbc") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool found = false;

		for (unsigned way = 0; way < DSN_VIEWS; way++) {
			struct dsn_view view;

			found |= dsn_decode(arena, rows[i].text, way, &view) &&
				 str_eq(view.text, rows[i].want);
		}
		if (!found)
			fail_msg("%s", unit_show(rows[i].text));
	}
	arena_free(arena);
}

/* Nothing is so encoded here. */
static void literal(void **state)
{
	static const struct str rows[] = {
		S(""),	     S("+"),	      S("%4"),		S("=4g"),
		S("\\x{}"),  S("\\x{40"),     S("\\x40"),	S("&#;"),
		S("&#x;"),   S("&#1114112;"), S("\\x{110000}"), S("\n"),
		S("a\r\nb"), S("\\x{g}"),     S("&amp;"),	S("=="),
	};
	struct arena *arena = arena_new(4096);
	struct dsn_view view;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(dsn_decode(arena, rows[i], 0, &view));
		ASSERT_STR(view.text, rows[i], "as it stands");
		for (unsigned way = 1; way < DSN_VIEWS; way++)
			if (dsn_decode(arena, rows[i], way, &view))
				fail_msg("%s: %u", unit_show(rows[i]), way);
	}
	arena_free(arena);
}

/* Where each octet came from. */
static void places(void **state)
{
	struct arena *arena = arena_new(4096);
	const struct str text = STR("x=2B40y\\x{FC}");
	struct dsn_view view;
	bool found = false;

	(void)state;
	for (unsigned way = 1; way < DSN_VIEWS; way++) {
		if (!dsn_decode(arena, text, way, &view) ||
		    !str_eq(view.text, STR("x@y\\x{FC}")))
			continue;
		found = true;
		assert_int_equal(view.from[1], 1);
		assert_int_equal(view.to[1], 6);
		assert_int_equal(view.from[2], 6);
		assert_int_equal(view.to[2], 7);
	}
	assert_true(found);
	ASSERT_STR(dsn_decode_unicode(arena, STR("j\\x{F6}rg@x")),
		   STR("j\xc3\xb6rg@x"), "address");
	ASSERT_STR(dsn_decode_unicode(arena, STR("jorg@x")), STR("jorg@x"),
		   "address");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways),
		cmocka_unit_test(literal),
		cmocka_unit_test(places),
	};

	return UNIT_RUN(tests);
}
