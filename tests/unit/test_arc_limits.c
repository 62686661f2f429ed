/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "arc_limits"
#include "unit.h"

#include "arc.h"

#define PLAIN " a=ed25519-sha256; d=x.example; s=ed25519;"

static void limits(void **state)
{
	static const struct {
		size_t sets;
		enum auth auth;
		size_t instances;
		const char *reason;
	} rows[] = {
		{ 0, AUTH_NONE, 0, "" },
		{ LIMIT_ARC_SETS, AUTH_PASS, LIMIT_ARC_SETS, "" },
		{ LIMIT_ARC_SETS + 1, AUTH_FAIL, LIMIT_ARC_SETS + 1,
		  "too many" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct str text = chain(arena, rsa, rows[i].sets);
		struct arc_result result =
			validate_text(arena, &zone, false, text, 4096);

		expect(&result, rows[i].auth, rows[i].reason, "sets");
		assert_int_equal(result.instances, rows[i].instances);
		assert_int_equal(result.oldest_pass, 0);
		arena_free(arena);
	}
}

/* Far more fields than a chain has: 500 sets, and one set 6,000 times. */
static void many(void **state)
{
	static const char set[] =
		"ARC-Seal: i=%zu;" PLAIN " cv=pass; b=AAAA\r\n"
		"ARC-Message-Signature: i=%zu; b=AAAA\r\n"
		"ARC-Authentication-Results: i=%zu; x\r\n";

	(void)state;
	for (int same = 0; same < 2; same++) {
		struct arena *arena = arena_new(1 << 20);
		struct arc_result result;
		struct buf buf;

		buf_init(&buf, arena, LIMIT_HEADER);
		for (size_t i = same ? 6000 : 500; i > 0; i--)
			buf_printf(&buf, set, same ? 7 : i, same ? 7 : i,
				   same ? 7 : i);
		buf_add(&buf, STR(MAIL));
		assert_false(buf.full);
		zone.queries = 0;
		result = validate_text(arena, &zone, false, buf_str(&buf), 99);
		expect(&result, AUTH_FAIL, "too many", "many");
		assert_int_equal(zone.queries, 0);
		arena_free(arena);
	}
}

/*
 * Fifty good sets on `n` fields with `size` octets each, of which `l` of the
 * sets have a body length of their own.
 */
static struct str dear_text(struct arena *arena, int n, int size, size_t l)
{
	struct buf buf, h;
	struct str text;

	buf_init(&h, arena, LIMIT_FIELD);
	for (int i = n; i > 0 && h.n < 11000; i--)
		buf_printf(&h, "%x:", i);
	buf_init(&buf, arena, 1 << 23);
	for (int i = 1; i <= n; i++)
		buf_printf(&buf, "%x: %0*d\r\n", i, size, 0);
	buf_add(&buf, STR(MAIL));
	for (int i = 0; i < 50000; i++)
		buf_add(&buf, STR("A line of the body, and many like it.\r\n"));
	assert_false(buf.full || h.full);
	text = buf_str(&buf);
	for (size_t i = 1; i <= LIMIT_ARC_SETS; i++) {
		const char *length =
			i <= l ? arena_printf(arena, " l=%zu;", i) : "";
		const struct sealing sealing = {
			.message = arena_printf(
				arena,
				" i=%zu;" PLAIN
				" c=relaxed/relaxed;%s h=%.*sFrom;",
				i, length, STR_ARG(buf_str(&h))),
			.pkey = ed25519,
		};

		text = seal_text(arena, &sealing, i, text);
	}
	return text;
}

/* The dearest messages: many fields, large fields, many lengths of the body. */
static void dear(void **state)
{
	static const struct {
		int n, size;
		size_t l, oldest;
	} rows[] = {
		{ 19000, 50, 0, 0 },
		{ 30, 60000, 0, 0 },
		{ 0, 0, LIMIT_ARC_SETS - 1, LIMIT_ARC_SETS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct str text =
			dear_text(arena, rows[i].n, rows[i].size, rows[i].l);
		struct arc_result result =
			validate_text(arena, &zone, false, text, 4096);

		expect(&result, AUTH_PASS, "", "dear");
		assert_int_equal(result.oldest_pass, rows[i].oldest);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(many),
		cmocka_unit_test(dear),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(UNIT_NAME, tests, set_up, tear_down);
}
