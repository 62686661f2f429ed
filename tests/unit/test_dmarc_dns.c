/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dmarc_dns"
#include "dmarc.h"

/* What a check asks for, elsewhere than in DNS too, and when nobody answers. */

/* 5.3.6: DNS that does not answer, at each step */
static void silence(void **state)
{
	static const char zone[] =
		/* the author's own name */
		"_dmarc.first.example TXT !timeout\n"
		/* above it, with a record of its own and without one */
		"_dmarc.dead TXT !servfail\n"
		"own.dead: p=reject\n"
		/* what is above psd=n does not matter */
		"n.dead: p=reject; psd=n\n"
		/* within an organization: a name of the identifier's alone */
		"o.example: p=reject\n"
		"_dmarc.slow.o.example TXT !timeout\n"
		/* the existence of the author */
		"np.example: p=none; sp=quarantine; np=reject\n"
		"x.np.example A !timeout\n"
		"same.example: p=none; sp=reject; np=reject\n"
		"x.same.example A !timeout\n";
	static const struct row rows[] = {
		{ "first.example", "pass:first.example", "pass:first.example",
		  "temperror - - - none none --" },
		{ "a.first.example", "", "", "temperror - - - none none --" },
		{ "a.dead", "pass:a.dead", "", "temperror - - - none none --" },
		/* equal names align whatever stands above */
		{ "own.dead", "pass:own.dead", "",
		  "pass own.dead - p reject none s-" },
		{ "own.dead", "pass:a.own.dead", "",
		  "temperror own.dead - p reject none --" },
		{ "own.dead", "pass:b.dead", "",
		  "temperror own.dead - p reject none --" },
		{ "own.dead", "pass:own.example", "fail:own.dead",
		  "fail own.dead - p reject reject --" },
		{ "n.dead", "pass:a.n.dead", "",
		  "pass n.dead n.dead p reject none s-" },
		{ "n.dead", "pass:b.dead", "",
		  "fail n.dead n.dead p reject reject --" },
		{ "o.example", "pass:slow.o.example", "",
		  "temperror o.example o.example p reject none --" },
		{ "o.example", "pass:slow.o.example", "pass:a.o.example",
		  "pass o.example o.example p reject none -d" },
		{ "o.example", "", "pass:slow.o.example pass:o.example",
		  "pass o.example o.example p reject none -d" },
		{ "x.np.example", "", "",
		  "temperror np.example np.example sp quarantine none --" },
		{ "x.np.example", "pass:np.example", "",
		  "pass np.example np.example sp quarantine none s-" },
		{ "x.same.example", "", "",
		  "fail same.example same.example sp reject reject --" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* SPF and DKIM that DNS left open: only where they could have aligned */
static void open_identifiers(void **state)
{
	static const char zone[] = "o.example: p=reject\n"

				   "s.example: p=reject; adkim=s; aspf=s\n"

				   "example: p=none; psd=y\n";
	static const char open[] =
		"temperror o.example o.example p reject none --";
	static const struct row rows[] = {
		{ "o.example", "temperror:o.example", "", open },
		{ "o.example", "temperror:a.o.example", "fail:o.example",
		  open },
		{ "a.o.example", "", "temperror:o.example", open },
		{ "o.example", "fail:o.example",
		  "fail:o.example temperror:a.o.example", open },
		{ "o.example", "temperror:p.example", "",
		  "fail o.example o.example p reject reject --" },
		{ "o.example", "", "temperror:o.example.net",
		  "fail o.example o.example p reject reject --" },
		{ "s.example", "temperror:a.s.example", "temperror:b.s.example",
		  "fail s.example s.example p reject reject --" },
		{ "s.example", "temperror:s.example", "pass:b.s.example",
		  "temperror s.example s.example p reject none --" },
		{ "o.example", "temperror:o.example", "pass:o.example",
		  "pass o.example o.example p reject none -d" },
		{ "none.test", "temperror:none.test", "",
		  "none - none.test - none none --" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* RFC 7489 sections 3.2 and 6.6.3, with a list of two suffixes */
static bool registered(void *context, struct arena *arena, struct str domain,
		       struct str *found)
{
	struct str parent = domain_parent(domain);

	(void)context;
	(void)arena;
	if (!parent.n || str_eq(domain, STR("co.example")))
		return false;
	while (domain_parent(parent).n && !str_eq(parent, STR("co.example"))) {
		domain = parent;
		parent = domain_parent(domain);
	}
	*found = domain;
	return true;
}

static void suffix_list(void **state)
{
	static const char zone[] = "o.co.example: p=reject; sp=quarantine\n"

				   "mid.o.co.example: p=none; psd=n\n"
				   "two.o.co.example: p=none\n"
				   "two.o.co.example: p=none\n"
				   "co.example: p=reject\n"

				   "example: p=reject\n"
				   "_dmarc.dead.example TXT !servfail\n";
	static const struct row rows[] = {
		{ "o.co.example", "pass:a.o.co.example", "pass:b.co.example",
		  "pass o.co.example o.co.example p reject none s-" },
		/* no walk: what stands between is not looked at */
		{ "a.mid.o.co.example", "pass:o.co.example", "",
		  "pass o.co.example o.co.example sp quarantine none s-" },
		{ "mid.o.co.example", "pass:o.co.example", "",
		  "pass mid.o.co.example o.co.example p none none s-" },
		{ "a.o.co.example", "", "pass:p.co.example",
		  "fail o.co.example o.co.example sp quarantine quarantine "
		  "--" },
		/* nothing above the registered domain */
		{ "p.co.example", "pass:p.co.example", "",
		  "none - p.co.example - none none --" },
		/* 6.6.3 step 5: several end the discovery */
		{ "two.o.co.example", "pass:o.co.example", "",
		  "none - o.co.example - none none --" },
		{ "co.example", "pass:o.co.example", "",
		  "fail co.example co.example p reject reject --" },
		{ "example", "pass:example", "",
		  "pass example example p reject none s-" },
		{ "a.dead.example", "pass:a.dead.example", "",
		  "temperror - dead.example - none none --" },
	};
	static const struct row no_list[] = {
		{ "o.co.example", "pass:a.o.co.example", "",
		  "fail o.co.example o.co.example p reject reject --" },
	};
	const struct suffix_list list = { registered, NULL };

	(void)state;
	check_rows(zone, DMARC_PSL, &list, rows, sizeof(rows) / sizeof(*rows));
	check_rows(zone, DMARC_PSL, NULL, no_list, 1);
}

/* No more is asked than may matter. */
static void queries(void **state)
{
	static const char zone[] = "o.example: p=reject; np=none\n"

				   "s.example: p=reject; aspf=s; adkim=s\n"
				   "_dmarc.c.test TXT \"v=spf1\"\n";
	static const struct {
		const char *author, *spf, *dkim;
		size_t n;
	} rows[] = {
		{ "o.example", "pass:o.example", "pass:o.example", 2 },
		{ "o.example", "fail:a.o.example", "neutral:b.o.example", 2 },
		{ "o.example", "pass:o.example.net", "pass:p.example", 2 },
		{ "o.example", "pass:a.o.example", "pass:a.o.example", 3 },
		{ "o.example", "", "pass:o.example pass:a.o.example", 2 },
		/* sp, np: one for the existence */
		{ "a.o.example", "pass:o.example", "", 4 },
		{ "s.example", "pass:a.s.example", "temperror:b.s.example", 2 },
		/* no record: no alignment */
		{ "c.test", "pass:a.c.test", "pass:b.c.test", 2 },
	};
	struct world world;

	(void)state;
	begin(&world, zone);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dmarc_identifiers identifiers = { .spf = AUTH_NONE };
		struct str domain = str_from(rows[i].spf), auth;
		struct dkim_verdict *list;
		struct dmarc_result result;

		world.n = 0;
		if (*rows[i].spf && str_cut(&domain, ':', &auth))
			identifiers.spf = auth_of(auth);
		identifiers.spf_domain = domain;
		identifiers.n_dkim =
			read_dkim(world.arena, rows[i].dkim, &list);
		identifiers.dkim = list;
		dmarc_check(&world.env, world.arena, DMARC_TREEWALK,
			    str_from(rows[i].author), &identifiers, &result);
		if (world.n != rows[i].n)
			fail_msg("row %zu: %zu queries, want %zu", i, world.n,
				 rows[i].n);
	}
	arena_free(world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence),
		cmocka_unit_test(open_identifiers),
		cmocka_unit_test(suffix_list),
		cmocka_unit_test(queries),
	};

	return UNIT_RUN(tests);
}
