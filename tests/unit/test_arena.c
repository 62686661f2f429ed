/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "arena"
#include "unit.h"

#include <stdalign.h>

static void zeroed_and_aligned(void **state)
{
	struct arena *arena = arena_new(64);

	(void)state;
	for (size_t size = 0; size < 300; size++) {
		char *p = arena_alloc(arena, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		/* what is written must not show in the next object */
		memset(p, 0xff, size);
	}
	arena_free(arena);
}

static void objects_are_apart(void **state)
{
	struct arena *arena = arena_new(128);
	char *objects[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		objects[i] = arena_alloc(arena, i + 1);
		memset(objects[i], (int)i, i + 1);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t k = 0; k <= i; k++)
			assert_int_equal((unsigned char)objects[i][k], i);
	arena_free(arena);
}

static void larger_than_a_block(void **state)
{
	struct arena *arena = arena_new(16);
	char *big = arena_alloc(arena, 1 << 20);

	(void)state;
	memset(big, 1, 1 << 20);
	assert_true(arena_size(arena) >= 1 << 20);
	assert_non_null(ARENA_NEW(arena, int, 3));
	arena_free(arena);
	/* even a block size of nothing must work */
	arena = arena_new(0);
	assert_non_null(arena_alloc(arena, 1));
	arena_free(arena);
}

static void reset_gives_back(void **state)
{
	struct arena *arena = arena_new(64);

	(void)state;
	arena_reset(arena);
	assert_int_equal(arena_size(arena), 0);
	for (int i = 0; i < 100; i++)
		arena_alloc(arena, 1000);
	assert_true(arena_size(arena) >= 100 * 1000);
	arena_reset(arena);
	assert_int_equal(arena_size(arena), 0);
	assert_int_equal(*(char *)arena_alloc(arena, 1), 0);
	arena_free(arena);
	arena_free(NULL);
}

static void copies(void **state)
{
	struct arena *arena = arena_new(64);
	char from[] = "A\0b\xc4";
	struct str copy = arena_copy(arena, (struct str){ from, 4 });

	(void)state;
	memset(from, 'x', sizeof(from));
	ASSERT_STR(copy, STR("A\0b\xc4"), "copy");
	assert_int_equal(copy.p[copy.n], '\0');
	ASSERT_STR(arena_lower(arena, STR("AbZ[@\0Q\xc4")), STR("abz[@\0q\xc4"),
		   "lower");
	assert_string_equal(arena_lower(arena, STR("ABC")).p, "abc");
	ASSERT_STR(arena_copy(arena, (struct str){ NULL, 0 }), STR(""), "none");
	assert_string_equal(arena_copy(arena, STR("")).p, "");
	arena_free(arena);
}

static void prints(void **state)
{
	struct arena *arena = arena_new(16);
	char *longer;

	(void)state;
	assert_string_equal(arena_printf(arena, "%s", ""), "");
	assert_string_equal(
		arena_printf(arena, "%.*s-%d", STR_ARG(STR("ab")), 7), "ab-7");
	longer = arena_printf(arena, "%5000d", 1);
	assert_int_equal(strlen(longer), 5000);
	arena_free(arena);
}

/* Whatever is left of a block: texts whole, aligned, apart, and then zeros. */
static void prints_at_the_edge(void **state)
{
	enum { BLOCK = 256 };
	char *texts[BLOCK];

	(void)state;
	for (int used = 0; used < BLOCK; used++) {
		struct arena *arena = arena_new(BLOCK);
		char *after;

		arena_alloc(arena, (size_t)used);
		for (int n = 0; n < BLOCK; n++)
			texts[n] = arena_printf(arena, "%0*d", n + 1, 7);
		after = arena_alloc(arena, BLOCK);
		for (int i = 0; i < BLOCK; i++)
			assert_int_equal(after[i], 0);
		for (int n = 0; n < BLOCK; n++) {
			assert_int_equal(
				(uintptr_t)texts[n] % alignof(max_align_t), 0);
			assert_int_equal(strlen(texts[n]), n + 1);
			assert_int_equal(strspn(texts[n], "0"), n);
			assert_int_equal(texts[n][n], '7');
		}
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_and_aligned),
		cmocka_unit_test(objects_are_apart),
		cmocka_unit_test(larger_than_a_block),
		cmocka_unit_test(reset_gives_back),
		cmocka_unit_test(copies),
		cmocka_unit_test(prints),
		cmocka_unit_test(prints_at_the_edge),
	};

	return UNIT_RUN(tests);
}
