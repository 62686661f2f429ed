/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "lines"
#include "unit.h"

#include "mail/limits.h"
#include "mail/lines.h"

static void table(void **state)
{
	static const struct {
		size_t octets; /* of 'x', then */
		struct str rest;
		bool is_long;
	} rows[] = {
		{ 0, S(""), false },
		{ 0, S("\r\n\r\n"), false },
		/* 998 octets without the CRLF (RFC 5322 section 2.1.1) */
		{ 998, S(""), false },
		{ 998, S("\r\n"), false },
		{ 998, S("\n"), false },
		{ 998, S("\r\nab\r\n"), false },
		{ 999, S(""), true },
		{ 999, S("\r\n"), true },
		{ 999, S("\n"), true },
		{ 999, S("\r\nab\r\n"), true },
		{ 997, S(" \r\n"), false },
		{ 998, S(" \r\n"), true },
		/* a CR alone is an octet of the line */
		{ 997, S("\ry"), true },
		{ 997, S("\r\r\n"), false },
		{ 998, S("\r\r\n"), true },
		{ 998, S("\r\r"), true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int before = 0; before < 2; before++) {
			struct lines lines = { 0 };

			if (before)
				lines_chunk(&lines, STR("short\r\n"));
			for (size_t n = 0; n < rows[i].octets; n++)
				lines_chunk(&lines, STR("x"));
			lines_chunk(&lines, rows[i].rest);
			assert_int_equal(lines_have_long(&lines),
					 rows[i].is_long);
			assert_false(lines.eight_bit);
		}
}

/* A long line between two short ones, all in one chunk. */
static void between(void **state)
{
	static char text[1002] = "\n";

	(void)state;
	for (size_t octets = 997; octets < 1000; octets++) {
		struct lines lines = { 0 };

		memset(text + 1, 'x', octets);
		text[octets + 1] = '\n';
		lines_chunk(&lines, (struct str){ text, octets + 2 });
		assert_int_equal(lines_have_long(&lines), octets > 998);
	}
}

/* What line by line is found, whatever the chunks. */
static void any_chunking(void **state)
{
	uint64_t seed = 5322;
	int found[2] = { 0 };

	(void)state;
	for (int i = 0; i < 2000; i++) {
		static char text[8000];
		size_t n = 0, from = 0;
		struct lines lines = { 0 };
		bool want = false;

		while (n < 5000) {
			/* a tenth about as long as may be, else short */
			size_t line = unit_random(&seed) % 10
					      ? unit_random(&seed) % 100
					      : 980 + unit_random(&seed) % 20;

			want = want || line > LIMIT_LINE;
			memset(text + n, 'x', line);
			memcpy(text + n + line, "\r\n", 2);
			n += line + 2;
		}
		for (size_t at = 1; at <= n; at++)
			if (at == n || unit_random(&seed) % 700 == 0) {
				lines_chunk(&lines, (struct str){ text + from,
								  at - from });
				from = at;
			}
		assert_int_equal(lines_have_long(&lines), want);
		found[want]++;
	}
	assert_true(found[0] > 100 && found[1] > 100);
}

static void eight_bit(void **state)
{
	static const struct {
		struct str text;
		bool want;
	} rows[] = {
		{ S("abc\x7f\r\n"), false }, { S("a\xc3\xa4\r\n"), true },
		{ S("\x80 2345678"), true }, { S("1234567\x80"), true },
		{ S("12345678\xff"), true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lines lines = { 0 };

		lines_chunk(&lines, rows[i].text);
		lines_chunk(&lines, STR("and no more\r\n"));
		assert_int_equal(lines.eight_bit, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(between),
		cmocka_unit_test(any_chunking),
		cmocka_unit_test(eight_bit),
	};

	return UNIT_RUN(tests);
}
