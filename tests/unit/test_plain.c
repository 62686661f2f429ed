/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "plain"
#include "unit.h"

#include "tools/plain.h"

static void texts(void **state)
{
	static const struct {
		struct str text;
		const char *want;
	} rows[] = {
		{ S(""), "" },
		{ S("a \"b\" \\ ~"), "a \"b\" \\ ~" },
		{ S("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"),
		  "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ S("a\0b\x1b[31m\r\n\t\x7f"),
		  "a\\x00b\\x1B[31m\\x0D\\x0A\\x09\\x7F" },
		{ S("\xff\xc3"), "\\xFF\\xC3" },
		/* ECMA-48 section 5.4: U+009B does what ESC [ does */
		{ S("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"),
		  "\\xC2\\x80\\xC2\\x9B\\xC2\\x9F\xc2\xa0" },
		/* Unicode's Bidi_Control, and U+2028, U+2029 */
		{ S("\xd8\x9c"), "\\xD8\\x9C" },
		{ S("\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x90"),
		  "\xe2\x80\x8d\\xE2\\x80\\x8E\\xE2\\x80\\x8F"
		  "\xe2\x80\x90" },
		{ S("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf"),
		  "\xe2\x80\xa7\\xE2\\x80\\xA8\\xE2\\x80\\xAE"
		  "\xe2\x80\xaf" },
		{ S("\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa"),
		  "\xe2\x81\xa5\\xE2\\x81\\xA6\\xE2\\x81\\xA9"
		  "\xe2\x81\xaa" },
	};
	struct arena *arena = arena_new(256);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(plain_text(arena, rows[i].text),
				    rows[i].want);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
	};

	return UNIT_RUN(tests);
}
