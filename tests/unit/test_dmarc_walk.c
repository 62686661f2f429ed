/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dmarc_walk"
#include "dmarc.h"

/* "a.b.c" with as many labels as wanted, the last three mail.example.com */
static struct str deep(struct arena *arena, size_t labels)
{
	struct buf buf;

	buf_init(&buf, arena, LIMIT_DOMAIN);
	for (size_t i = 3; i < labels; i++)
		buf_printf(&buf, "%c.", (char)('a' + (int)(i % 26)));
	buf_add(&buf, STR("mail.example.com"));
	return buf_str(&buf);
}

/* 4.10: the eight queries of its example, in its order */
static void example_of_queries(void **state)
{
	static const char *const want[] = {
		"_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
		"_dmarc.g.h.i.j.mail.example.com",
		"_dmarc.h.i.j.mail.example.com",
		"_dmarc.i.j.mail.example.com",
		"_dmarc.j.mail.example.com",
		"_dmarc.mail.example.com",
		"_dmarc.example.com",
		"_dmarc.com",
	};
	struct dmarc_walk walk;
	struct world world;

	(void)state;
	begin(&world, "");
	dmarc_walk(&world.env, world.arena, DMARC_TREEWALK,
		   STR("a.b.c.d.e.f.g.h.i.j.mail.example.com"), &walk);
	assert_int_equal(world.n, LIMIT_DMARC_WALK);
	for (size_t i = 0; i < world.n; i++)
		ASSERT_STR(world.asked[i], str_from(want[i]), want[i]);
	arena_free(world.arena);
}

/* 4.10: who has more than eight labels is cut to seven behind the first */
static void labels(void **state)
{
	static const struct {
		size_t labels, queries, second;
	} rows[] = {
		{ 3, 3, 2 }, { 7, 7, 6 },  { 8, 8, 7 },
		{ 9, 8, 7 }, { 10, 8, 7 }, { 100, 8, 7 },
	};
	struct world world;

	(void)state;
	begin(&world, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str name = deep(world.arena, rows[i].labels), part;
		struct dmarc_walk walk;
		size_t n = 0;

		world.n = 0;
		dmarc_walk(&world.env, world.arena, DMARC_TREEWALK, name,
			   &walk);
		assert_int_equal(world.n, rows[i].queries);
		assert_int_equal(walk.n, rows[i].queries);
		ASSERT_STR(walk.org, name, "without a record");
		ASSERT_STR(walk.steps[0].domain, name, "first");
		part = walk.steps[1].domain;
		while (part.n) {
			part = domain_parent(part);
			n++;
		}
		assert_int_equal(n, rows[i].second);
	}
	arena_free(world.arena);
}

/* A name of one label, the longest name, and names that DNS can't have */
static void odd_names(void **state)
{
	struct arena *arena = arena_new(4096);
	char *longest = arena_alloc(arena, 254);
	struct dmarc_walk walk;
	struct world world;

	(void)state;
	for (int i = 0; i < 253; i++)
		longest[i] = i % 2 ? '.' : 'a';
	begin(&world, "com: p=none\n");
	dmarc_walk(&world.env, arena, DMARC_TREEWALK, STR("com"), &walk);
	assert_int_equal(walk.n, 1);
	ASSERT_STR(walk.org, STR("com"), "com");
	dmarc_walk(&world.env, arena, DMARC_TREEWALK, str_from(longest), &walk);
	assert_int_equal(walk.n, LIMIT_DMARC_WALK);
	ASSERT_STR(walk.org, str_from(longest), "longest");
	arena_free(world.arena);
	arena_free(arena);
}

struct org_row {
	const char *zone, *domain, *org; /* "" when DNS did not answer */
};

static void check_orgs(const struct org_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct world world;
		struct str org;
		bool known;

		begin(&world, rows[i].zone);
		known = dmarc_walk_org(&world.env, world.arena, DMARC_TREEWALK,
				       str_from(rows[i].domain), &org);
		ASSERT_STR(org, str_from(rows[i].org), rows[i].zone);
		assert_int_equal(known, org.n > 0);
		arena_free(world.arena);
	}
}
#define CHECK_ORGS(rows) check_orgs((rows), sizeof(rows) / sizeof(*(rows)))

/* 4.10.2: the examples at its end, and its three rules */
static void organizational_domains(void **state)
{
	static const char a[] = "a.mail.example.com";
	static const struct org_row rows[] = {
		{ "mail.example.com: p=none\n"
		  "example.com: p=none\n",
		  a, "example.com" },
		{ "mail.example.com: p=none; psd=n\n", a, "mail.example.com" },
		{ "com: p=none; psd=y\n", a, "example.com" },
		/* rule 2's own example */
		{ "example.com: p=none; psd=y\n", "mail.example.com",
		  "mail.example.com" },
		/* rule 1: the longest name */
		{ "mail.example.com: p=none; psd=n\n"
		  "example.com: p=none; psd=n\n",
		  a, "mail.example.com" },
		{ "mail.example.com: p=none; psd=n\n"
		  "example.com: p=none; psd=y\n",
		  a, "mail.example.com" },
		{ "a.mail.example.com: p=none; psd=n\n"
		  "com: p=none\n",
		  a, a },
		{ "com: p=none; psd=n\n", a, "com" },
		/* rule 2: not the name where the walk starts, but it ends */
		{ "a.mail.example.com: p=none; psd=y\n"
		  "com: p=none\n",
		  a, a },
		{ "com: p=none; psd=y\n", "com", "com" },
		/* a chain of them: the first ends the walk */
		{ "mail.example.com: p=none; psd=y\n"
		  "example.com: p=none; psd=y\n"
		  "com: p=none; psd=y\n",
		  a, a },
		{ "example.com: p=none; psd=y\n"
		  "com: p=none; psd=y\n",
		  a, "mail.example.com" },
		{ "example.com: p=none\n"
		  "com: p=none; psd=y\n",
		  a, "example.com" },
		/* rule 3 */
		{ "a.mail.example.com: p=none\n", a, a },
		{ "mail.example.com: p=none\n"
		  "com: p=none\n",
		  a, "com" },
		{ "", a, a },
		/* names that are skipped are not looked at */
		{ "f.g.h.i.j.mail.example.com: p=none; psd=n\n"
		  "com: p=none; psd=y\n",
		  "e.f.g.h.i.j.mail.example.com", "example.com" },
		/* one below a name of seven labels that was not asked */
		{ "g.h.i.j.mail.example.com: p=none; psd=y\n",
		  "d.e.f.g.h.i.j.mail.example.com",
		  "f.g.h.i.j.mail.example.com" },
		{ "h.i.j.mail.example.com: p=none; psd=y\n",
		  "d.e.f.g.h.i.j.mail.example.com",
		  "g.h.i.j.mail.example.com" },
	};

	(void)state;
	CHECK_ORGS(rows);
}

/* 4.10 steps 2, 6: what is discarded, and what is not */
static void records(void **state)
{
	static const char a[] = "a.example.com";
	static const struct org_row rows[] = {
		{ "a.example.com: p=none; psd=n\n"
		  "a.example.com: p=none; psd=n\n"
		  "example.com: p=none\n",
		  a, "example.com" },
		{ "a.example.com: p=none; psd=n\n"
		  "_dmarc.a.example.com TXT \"v=DMARC1\"\n"
		  "example.com: p=none\n",
		  a, "example.com" },
		{ "a.example.com: p=none; psd=n\n"
		  "_dmarc.a.example.com TXT \"v=spf1 -all\"\n"
		  "_dmarc.a.example.com TXT\n"
		  "example.com: p=none\n",
		  a, a },
		{ "_dmarc.a.example.com TXT \"psd=n; v=DMARC1\"\n"
		  "example.com: p=none\n",
		  a, "example.com" },
		/* v=, and so a record; p= is only recommended */
		{ "_dmarc.com TXT \"v=DMARC1; psd=y\"\n", a, "example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1\"\n", a, "example.com" },
		/* 4.5: strings are joined */
		{ "_dmarc.com TXT \"v=DM\" \"ARC1; ps\" \"d=y\"\n", a,
		  "example.com" },
		{ "_dmarc.example.com CNAME p.example.net\n"
		  "p.example.net TXT \"v=DMARC1; p=none\"\n",
		  a, "example.com" },
	};

	(void)state;
	CHECK_ORGS(rows);
}

/* DNS that does not answer: it matters up to where the walk ends. */
static void silence(void **state)
{
	static const char a[] = "a.example.com";
	static const struct org_row rows[] = {
		{ "_dmarc.a.example.com TXT !servfail\n", a, "" },
		{ "_dmarc.example.com TXT !timeout\n", a, "" },
		{ "_dmarc.com TXT !servfail\n", a, "" },
		{ "a.example.com: p=none; psd=n\n"
		  "_dmarc.example.com TXT !timeout\n"
		  "_dmarc.com TXT !servfail\n",
		  a, a },
		{ "_dmarc.a.example.com TXT !timeout\n"
		  "example.com: p=none; psd=n\n",
		  a, "" },
		{ "example.com: p=none; psd=y\n"
		  "_dmarc.com TXT !timeout\n",
		  a, a },
		{ "_dmarc.example.com CNAME example.com\n"
		  "example.com CNAME _dmarc.example.com\n",
		  a, "" },
	};

	(void)state;
	CHECK_ORGS(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_of_queries),
		cmocka_unit_test(labels),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(organizational_domains),
		cmocka_unit_test(records),
		cmocka_unit_test(silence),
	};

	return UNIT_RUN(tests);
}
