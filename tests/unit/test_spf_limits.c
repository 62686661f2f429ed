/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "spf_limits"
#include "spf.h"

#include "mail/buf.h"
#include "mail/limits.h"

/* n times `item` behind `before`, then `behind`; %d in it is the number. */
static struct str zone_of(struct arena *arena, const char *before,
			  const char *item, int n, const char *behind)
{
	size_t hole = str_find(str_from(item), '%');
	struct buf buf;

	buf_init(&buf, arena, 1 << 22);
	buf_add(&buf, str_from(before));
	for (int i = 0; i < n; i++) {
		buf_add(&buf, str_sub(str_from(item), 0, hole));
		if (item[hole])
			buf_printf(&buf, "%d%s", i, item + hole + 2);
	}
	buf_add(&buf, str_from(behind));
	return buf_str(&buf);
}

/* Section 4.6.4: each limit, one above it, ten times as much. */
static void limits(void **state)
{
	static const struct {
		const char *before, *item, *behind;
		int most;
		enum auth within, above;
	} rows[] = {
		/* terms that ask DNS, one after the other */
		{ "x.example A 192.0.2.1\nx.example TXT \"v=spf1", "\" \" a",
		  " ?all\"\n", LIMIT_SPF_TERMS, AUTH_NEUTRAL, AUTH_PERMERROR },
		/* in includes, one within the other */
		{ "x.example TXT \"v=spf1 include:x0.example ?all\"\n",
		  "x%d.example CNAME x.example\n", "", 0, AUTH_PERMERROR,
		  AUTH_PERMERROR },
		/* void look-ups */
		{ "x.example TXT \"v=spf1", "\" \" exists:v%d.example",
		  " ?all\"\n", LIMIT_SPF_VOIDS, AUTH_NEUTRAL, AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1", "\" \" mx", " ?all\"\n",
		  LIMIT_SPF_VOIDS, AUTH_NEUTRAL, AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1", "\" \" ptr", " ?all\"\n",
		  LIMIT_SPF_VOIDS, AUTH_NEUTRAL, AUTH_PERMERROR },
		/* hosts of a MX, also when the first one matches */
		{ "x.example TXT \"v=spf1 mx ?all\"\n",
		  "x.example MX 1 m%d.example\n", "m0.example A 192.0.2.9\n",
		  LIMIT_SPF_NAMES, AUTH_PASS, AUTH_PERMERROR },
		/* names of a client: others than the first are ignored */
		{ "x.example TXT \"v=spf1 ptr ?all\"\n",
		  "9.2.0.192.in-addr.arpa PTR n%d.example\n",
		  "9.2.0.192.in-addr.arpa PTR x.example\n"
		  "x.example A 192.0.2.9\n",
		  LIMIT_SPF_NAMES - 1, AUTH_PASS, AUTH_NEUTRAL },
		/* addresses have no limit */
		{ "x.example TXT \"v=spf1 a -all\"\n",
		  "x.example A 198.51.100.%d\n", "x.example A 192.0.2.9\n", 25,
		  AUTH_PASS, AUTH_PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int counts[] = { rows[i].most, rows[i].most + 1,
				       rows[i].most * 10 };

		for (size_t k = 0; k < 3; k++) {
			struct arena *arena = arena_new(4096);
			struct spf_result result;
			struct world world;

			begin(&world,
			      zone_of(arena, rows[i].before, rows[i].item,
				      counts[k], rows[i].behind));
			result = check(&world, "192.0.2.9", STR("a@x.example"));
			assert_auth(&result, k ? rows[i].above : rows[i].within,
				    arena_printf(arena, "row %zu, %d", i,
						 counts[k]));
			arena_free(world.arena);
			arena_free(arena);
		}
	}
}

/* What counts, for who wants to know how far a record is from the limits. */
static void counts(void **state)
{
	struct spf_result result;
	struct world world;

	(void)state;
	begin(&world, STR("x.example A 192.0.2.1\n"
			  "x.example TXT \"v=spf1 ip4:192.0.2.2 a mx "
			  "include:y.example exists:no.example ?all\"\n"
			  "y.example A 192.0.2.1\n"
			  "y.example TXT \"v=spf1 a -all\"\n"));
	/* a, mx, include, a, exists; of these mx and exists in vain */
	result = check(&world, "192.0.2.9", STR("a@x.example"));
	assert_auth(&result, AUTH_NEUTRAL, "counts");
	assert_int_equal(result.terms, 5);
	assert_int_equal(result.voids, 2);
	/* up to what matches */
	result = check(&world, "192.0.2.1", STR("a@x.example"));
	assert_int_equal(result.terms, 1);
	assert_int_equal(result.voids, 0);
	arena_free(world.arena);
}

/* No record makes a check ask more than section 4.6.4 lets it. */
static void queries(void **state)
{
	static const struct {
		const char *record;
		int most;
	} rows[] = {
		{ "include:x.example", 11 },
		{ "redirect=x.example", 11 },
		{ "mx mx mx mx mx mx mx mx mx mx -all", 111 },
		{ "ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr -all", 12 },
		{ "exists:%{p}.%{p} exists:%{p} -all exp=%{p}.e.example", 15 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct str zone = zone_of(
			arena,
			arena_printf(arena,
				     "x.example TXT \"v=spf1 %s\"\n"
				     "9.2.0.192.in-addr.arpa PTR x.example\n",
				     rows[i].record),
			"9.2.0.192.in-addr.arpa PTR n%d.example\n", 50, "");
		struct world world;

		begin(&world, zone_of(arena, arena_copy(arena, zone).p,
				      "x.example MX 1 m%d.example\n", 10,
				      "m1.example A 192.0.2.1\n"));
		check(&world, "192.0.2.9", STR("a@x.example"));
		if (world.queries > rows[i].most)
			fail_msg("%s: %d queries", rows[i].record,
				 world.queries);
		arena_free(world.arena);
		arena_free(arena);
	}
}

/* 7.3: names of more than 253 octets lose labels at their left. */
static void truncation(void **state)
{
	(void)state;
	for (size_t n = 240; n <= 253; n++) {
		/* "a. ... .a.end.example" of n octets, and two more before */
		struct arena *arena = arena_new(4096);
		struct spf_result result;
		struct world world;
		struct buf name, zone, sender;

		buf_init(&name, arena, 300);
		buf_add(&name, n % 2 ? STR("a") : STR("aa"));
		while (name.n + sizeof(".end.example") - 1 < n)
			buf_add(&name, STR(".a"));
		buf_init(&zone, arena, 1000);
		buf_printf(&zone,
			   "%.*s.end.example A 127.0.0.2\n"
			   "x.example TXT \"v=spf1 "
			   "exists:%%{l}.end.example. -all\"\n",
			   STR_ARG(buf_str(&name)));
		buf_init(&sender, arena, 1000);
		buf_printf(&sender, "b.%.*s@x.example",
			   STR_ARG(buf_str(&name)));
		begin(&world, buf_str(&zone));
		result = check(&world, "192.0.2.9", buf_str(&sender));
		assert_auth(&result, n + 2 > 253 ? AUTH_PASS : AUTH_FAIL,
			    "cut");
		arena_free(world.arena);
		arena_free(arena);
	}
}

/* What others send is as long as they like. */
static void long_input(void **state)
{
	static const char zone[] =
		"x.example TXT \"v=spf1 -all exp=e.example\"\n"
		"e.example TXT \"%{l}\"\n"
		"y.example TXT \"v=spf1 exists:%{l}.%{l}.%{l}.%{l}.%{l}.%{l}."
		"%{l}.%{l}.%{l}.end.example -all\"\n"
		"end.example A 127.0.0.2\n";
	static const struct {
		int n; /* octets of the local part */
		enum auth x, y;
		bool explanation;
	} rows[] = {
		{ LIMIT_SPF_EXPLANATION, AUTH_FAIL, AUTH_PASS, true },
		{ LIMIT_SPF_EXPLANATION + 1, AUTH_FAIL, AUTH_PASS, false },
		/* nine times that, dots and ".end.example": LIMIT_SPF_NAME */
		{ (LIMIT_SPF_NAME - 20) / 9, AUTH_FAIL, AUTH_PASS, false },
		{ (LIMIT_SPF_NAME - 20) / 9 + 1, AUTH_FAIL, AUTH_PERMERROR,
		  false },
		{ LIMIT_SPF_IDENTITY - 10, AUTH_FAIL, AUTH_PERMERROR, false },
		{ LIMIT_SPF_IDENTITY - 9, AUTH_NONE, AUTH_NONE, false },
		{ LIMIT_SPF_IDENTITY * 10, AUTH_NONE, AUTH_NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_result result;
		struct world world;
		char *local;

		begin(&world, STR(zone));
		local = arena_printf(world.arena, "%0*d", rows[i].n, 0);
		result = check(&world, "192.0.2.9",
			       str_from(arena_printf(world.arena,
						     "%s@x.example", local)));
		assert_auth(&result, rows[i].x, "x");
		assert_int_equal(result.explanation.p != NULL,
				 rows[i].explanation);
		/* 7.3: cut from the left, to the labels that fit */
		result = check(&world, "192.0.2.9",
			       str_from(arena_printf(world.arena,
						     "%s@y.example", local)));
		assert_auth(&result, rows[i].y, "y");
		arena_free(world.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),     cmocka_unit_test(counts),
		cmocka_unit_test(queries),    cmocka_unit_test(truncation),
		cmocka_unit_test(long_input),
	};

	return UNIT_RUN(tests);
}
