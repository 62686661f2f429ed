/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "buf"
#include "unit.h"

#include "mail/buf.h"

static void grows(void **state)
{
	struct arena *arena = arena_new(64);
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 100000);
	ASSERT_STR(buf_str(&buf), STR(""), "new");
	assert_string_equal(buf_c(&buf), "");
	for (int i = 0; i < 10000; i++)
		buf_printf(&buf, "%04d,", i);
	assert_false(buf.full);
	assert_int_equal(buf.n, 50000);
	ASSERT_STR(str_sub(buf_str(&buf), 0, 10), STR("0000,0001,"), "first");
	ASSERT_STR(str_sub(buf_str(&buf), 49995, 50000), STR("9999,"), "last");
	arena_free(arena);
}

static void bytes(void **state)
{
	struct arena *arena = arena_new(64);
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 100);
	buf_add(&buf, STR("a\0b"));
	buf_add(&buf, (struct str){ NULL, 0 });
	buf_addc(&buf, '\0');
	buf_addc(&buf, '\xff');
	ASSERT_STR(buf_str(&buf), STR("a\0b\0\xff"), "bytes");
	/* the NUL of the C string is not part of what follows */
	buf_c(&buf);
	buf_addc(&buf, 'x');
	ASSERT_STR(buf_str(&buf), STR("a\0b\0\xffx"), "more");
	assert_int_equal(buf_c(&buf)[6], '\0');
	arena_free(arena);
}

static void printable(void **state)
{
	struct arena *arena = arena_new(64);
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 100);
	buf_add_printable(&buf, STR("a!~ \t\0\"\\\x7f\xc3\xbc"));
	ASSERT_STR(buf_str(&buf),
		   STR("a!~\\x20\\x09\\x00\\x22\\x5c\\x7f\\xc3\\xbc"),
		   "printable");
	arena_free(arena);
}

/* At the limit, one above, and what follows a refusal. */
static void limit(void **state)
{
	struct arena *arena = arena_new(64);
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 8);
	buf_add(&buf, STR("12345678"));
	assert_false(buf.full);
	assert_string_equal(buf_c(&buf), "12345678");
	buf_add(&buf, STR(""));
	assert_false(buf.full);
	buf_addc(&buf, '9');
	assert_true(buf.full);
	ASSERT_STR(buf_str(&buf), STR("12345678"), "left out whole");

	buf_init(&buf, arena, 8);
	buf_add(&buf, STR("12345"));
	buf_printf(&buf, "%s", "6789");
	assert_true(buf.full);
	ASSERT_STR(buf_str(&buf), STR("12345"), "printf left out whole");
	/* even what would fit: a row with a gap in it is worse than a cut */
	buf_add(&buf, STR("6"));
	ASSERT_STR(buf_str(&buf), STR("12345"), "nothing behind the gap");

	buf_init(&buf, arena, 8);
	buf_printf(&buf, "%08d", 1);
	assert_false(buf.full);
	ASSERT_STR(buf_str(&buf), STR("00000001"), "printf at the limit");
	buf_init(&buf, arena, 0);
	buf_addc(&buf, 'x');
	assert_true(buf.full);
	assert_string_equal(buf_c(&buf), "");
	arena_free(arena);
}

/* A row of adds of every size around the doubling of the capacity. */
static void borders(void **state)
{
	struct arena *arena = arena_new(64);
	char many[300];

	(void)state;
	memset(many, 'm', sizeof(many));
	for (size_t first = 0; first < 140; first++) {
		for (size_t second = 0; second < 140; second++) {
			struct buf buf;

			buf_init(&buf, arena, 1000);
			buf_add(&buf, (struct str){ many, first });
			buf_printf(&buf, "%.*s", (int)second, many);
			ASSERT_STR(buf_str(&buf),
				   ((struct str){ many, first + second }),
				   "borders");
			assert_int_equal(strlen(buf_c(&buf)), first + second);
		}
		arena_reset(arena);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),     cmocka_unit_test(bytes),
		cmocka_unit_test(printable), cmocka_unit_test(limit),
		cmocka_unit_test(borders),
	};

	return UNIT_RUN(tests);
}
