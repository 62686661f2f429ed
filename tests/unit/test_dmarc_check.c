/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dmarc_check"
#include "dmarc.h"

/* RFC 9989 section 4.4, table 1 */
static void alignment_table(void **state)
{
	static const char zone[] = "example.com: p=reject\n"
				   "example.net: p=reject\n";
	static const struct row rows[] = {
		{ "news.example.com", "pass:foo.example.com", "",
		  "pass example.com example.com p reject none s-" },
		{ "news.example.com", "pass:news.example.com", "",
		  "pass example.com example.com p reject none s-" },
		{ "news.example.com", "pass:foo.example.net", "",
		  "fail example.com example.com p reject reject --" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* Appendix B.1, B.3.1 */
static void alignment_examples(void **state)
{
	static const char zone[] =
		"example.com: p=reject; aspf=r; rua=mailto:dmarc-feedback@example.com\n";
	static const struct row rows[] = {
		{ "example.com", "pass:example.com", "",
		  "pass example.com example.com p reject none s-" },
		{ "example.com", "pass:child.example.com", "",
		  "pass example.com example.com p reject none s-" },
		{ "child.example.com", "pass:example.net", "",
		  "fail example.com example.com p reject reject --" },
		{ "example.com", "", "pass:example.com",
		  "pass example.com example.com p reject none -d" },
		{ "child.example.com", "", "pass:example.com",
		  "pass example.com example.com p reject none -d" },
		{ "child.example.com", "", "pass:example.net",
		  "fail example.com example.com p reject reject --" },
		{ "example.com", "pass:mail.example.com", "pass:example.com",
		  "pass example.com example.com p reject none sd" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* Appendix B.2.5: a subdomain with a record of its own */
static void owner_example(void **state)
{
	static const char test[] =
		"example.com: p=none; rua=mailto:dmarc-feedback@example.com\n"
		"test.example.com: p=quarantine; "
		"rua=mailto:dmarc-feedback@example.com,"
		"mailto:tld-test@thirdparty.example.net; t=y\n";
	static const char real[] =
		"example.com: p=none; rua=mailto:dmarc-feedback@example.com\n"
		"test.example.com: p=reject; "
		"rua=mailto:dmarc-feedback@example.com,"
		"mailto:tld-test@thirdparty.example.net\n";
	static const struct row while_testing[] = {
		{ "test.example.com", "fail:test.example.com", "",
		  "fail test.example.com example.com p quarantine none --" },
		{ "test.example.com", "pass:example.com", "",
		  "pass test.example.com example.com p quarantine none s-" },
		{ "example.com", "fail:example.com", "",
		  "fail example.com example.com p none none --" },
	};
	static const struct row then[] = {
		{ "test.example.com", "fail:test.example.com", "",
		  "fail test.example.com example.com p reject reject --" },
	};

	(void)state;
	CHECK_ROWS(test, while_testing);
	CHECK_ROWS(real, then);
}

/* Appendix B.4 */
static void walk_examples(void **state)
{
	static const char simple[] = "example.com: p=reject\n"
				     "signing.example.com: p=none\n";
	static const char psd[] = "bank.example: p=reject; psd=y\n"

				  "giant.bank.example: p=quarantine\n";
	static const struct row simple_rows[] = {
		/* B.4.1 */
		{ "example.com", "pass:example.com", "pass:signing.example.com",
		  "pass example.com example.com p reject none sd" },
		{ "example.com", "fail:example.com", "fail:signing.example.com",
		  "fail example.com example.com p reject reject --" },
		/* B.4.2 */
		{ "a.b.c.d.e.f.g.h.i.j.k.example.com", "pass:example.com",
		  "pass:signing.example.com",
		  "pass example.com example.com p reject none sd" },
		{ "a.b.c.d.e.f.g.h.i.j.k.example.com", "fail:example.com",
		  "fail:signing.example.com",
		  "fail example.com example.com p reject reject --" },
	};
	static const struct row psd_rows[] = {
		/* B.4.3 */
		{ "giant.bank.example", "pass:mail.giant.bank.example",
		  "pass:mail.mega.bank.example",
		  "pass giant.bank.example giant.bank.example p quarantine "
		  "none s-" },
		{ "giant.bank.example", "fail:mail.giant.bank.example",
		  "pass:mail.mega.bank.example",
		  "fail giant.bank.example giant.bank.example p quarantine "
		  "quarantine --" },
		/* and who has only the record of the PSD */
		{ "mail.mega.bank.example", "pass:mail.giant.bank.example",
		  "pass:mega.bank.example",
		  "pass bank.example mega.bank.example p reject none -d" },
		{ "mail.mega.bank.example", "pass:bank.example", "",
		  "fail bank.example mega.bank.example p reject reject --" },
		{ "bank.example", "pass:giant.bank.example",
		  "pass:bank.example",
		  "pass bank.example bank.example p reject none -d" },
		{ "bank.example", "pass:giant.bank.example", "",
		  "fail bank.example bank.example p reject reject --" },
	};

	(void)state;
	CHECK_ROWS(simple, simple_rows);
	CHECK_ROWS(psd, psd_rows);
}

/* 4.10.1: which record, and which of its tags */
static void policy_choice(void **state)
{
	static const char zone[] =
		"org.example: p=reject; sp=quarantine; np=none\n"
		"yes.org.example A 192.0.2.1\n"
		"own.org.example: p=none; sp=reject; np=reject\n"
		"deep.none.org.example MX 0 .\n"
		"gone.org.example A !nxdomain\n"
		"txt.org.example TXT\n"
		"nosp.example: p=quarantine; np=reject\n"
		"yes.nosp.example A 192.0.2.1\n"
		"nonp.example: p=none; sp=reject\n"
		"only.example: p=quarantine\n"
		"test.example: p=none; sp=quarantine; np=reject; t=y\n"
		"yes.test.example A 192.0.2.1\n"
		/* a PSD, of which c.psd.example has none of its own */
		"psd.example: p=none; sp=quarantine; np=reject; psd=y\n"
		"c.psd.example A 192.0.2.1\n"
		"d.psd.example: p=none\n"
		/* between the author and the Organizational Domain: unused */
		"mid.org.example: p=none\n"
		"low.mid.org.example A 192.0.2.1\n"
		/* another organization within */
		"n.org.example: p=none; sp=none; psd=n\n"
		"low.n.org.example A 192.0.2.1\n";
	static const struct row rows[] = {
		{ "org.example", "", "",
		  "fail org.example org.example p reject reject --" },
		{ "yes.org.example", "", "",
		  "fail org.example org.example sp quarantine quarantine --" },
		{ "no.org.example", "", "",
		  "fail org.example org.example np none none --" },
		{ "own.org.example", "", "",
		  "fail own.org.example org.example p none none --" },
		/* A.4: it has something below it; it has any record */
		{ "none.org.example", "", "",
		  "fail org.example org.example sp quarantine quarantine --" },
		{ "gone.org.example", "", "",
		  "fail org.example org.example np none none --" },
		{ "txt.org.example", "", "",
		  "fail org.example org.example sp quarantine quarantine --" },
		{ "yes.nosp.example", "", "",
		  "fail nosp.example nosp.example p quarantine quarantine --" },
		{ "no.nosp.example", "", "",
		  "fail nosp.example nosp.example np reject reject --" },
		{ "no.nonp.example", "", "",
		  "fail nonp.example nonp.example sp reject reject --" },
		{ "no.only.example", "", "",
		  "fail only.example only.example p quarantine quarantine --" },
		/* t=y: one level below */
		{ "test.example", "", "",
		  "fail test.example test.example p none none --" },
		{ "yes.test.example", "", "",
		  "fail test.example test.example sp quarantine none --" },
		{ "no.test.example", "", "",
		  "fail test.example test.example np reject quarantine --" },
		{ "psd.example", "", "",
		  "fail psd.example psd.example p none none --" },
		{ "c.psd.example", "", "",
		  "fail psd.example c.psd.example sp quarantine quarantine "
		  "--" },
		{ "x.c.psd.example", "", "",
		  "fail psd.example c.psd.example np reject reject --" },
		{ "no.psd.example", "", "",
		  "fail psd.example no.psd.example np reject reject --" },
		{ "x.d.psd.example", "", "",
		  "fail d.psd.example d.psd.example p none none --" },
		{ "low.mid.org.example", "", "",
		  "fail org.example org.example sp quarantine quarantine --" },
		{ "low.n.org.example", "pass:yes.org.example", "",
		  "fail n.org.example n.org.example sp none none --" },
		{ "low.n.org.example", "pass:n.org.example", "",
		  "pass n.org.example n.org.example sp none none s-" },
		{ "yes.org.example", "pass:low.n.org.example",
		  "pass:x.yes.org.example",
		  "pass org.example org.example sp quarantine none -d" },
		{ "no.such.domain", "pass:no.such.domain", "pass:such.domain",
		  "none - no.such.domain - none none --" },
		{ "", "pass:org.example", "", "none - - - none none --" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* 4.7, 4.4: adkim and aspf */
static void strictness(void **state)
{
	static const char zone[] = "s.example: p=reject; adkim=s; aspf=s\n"

				   "d.example: p=reject; adkim=s\n"

				   "m.example: p=reject; aspf=s\n";
	static const struct row rows[] = {
		{ "s.example", "pass:s.example", "pass:s.example",
		  "pass s.example s.example p reject none sd" },
		{ "s.example", "pass:a.s.example", "pass:a.s.example",
		  "fail s.example s.example p reject reject --" },
		{ "a.s.example", "pass:s.example", "pass:s.example",
		  "fail s.example s.example p reject reject --" },
		/* strict is the record's word, also for a subdomain */
		{ "a.s.example", "pass:a.s.example", "",
		  "pass s.example s.example p reject none s-" },
		{ "d.example", "pass:a.d.example", "pass:a.d.example",
		  "pass d.example d.example p reject none s-" },
		{ "m.example", "pass:a.m.example", "pass:a.m.example",
		  "pass m.example m.example p reject none -d" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* Only pass authenticates, and any one of the identifiers is enough. */
static void identifiers(void **state)
{
	static const char zone[] = "example: p=reject; psd=y\n"

				   "o.example: p=reject\n"
				   "com: p=reject\n";
	static const char fail[] =
		"fail o.example o.example p reject reject --";
	static const struct row rows[] = {
		{ "o.example", "softfail:o.example", "", fail },
		{ "o.example", "neutral:o.example", "neutral:o.example", fail },
		{ "o.example", "none:o.example", "policy:o.example", fail },
		{ "o.example", "permerror:o.example", "permerror:o.example",
		  fail },
		{ "o.example", "pass:", "pass:", fail },
		{ "o.example", "pass:example", "pass:p.example", fail },
		/* names that only look as if they were within */
		{ "o.example", "pass:xo.example", "pass:o.example.net", fail },
		{ "o.example", "pass:o", "pass:o.exampl", fail },
		{ "o.example", "",
		  "fail:o.example pass:p.example pass:a.o.example "
		  "pass:q.example",
		  "pass o.example o.example p reject none -d" },
		{ "o.example", "fail:o.example", "pass:o.example",
		  "pass o.example o.example p reject none -d" },
		/* rule 3 of 4.10.2: a TLD that says nothing of psd */
		{ "a.com", "pass:b.com", "", "pass com com p reject none s-" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* 4.10, 4.10.1: several records, and those that may not be applied */
static void odd_records(void **state)
{
	static const char zone[] =
		"o.example: p=reject\n"
		"two.o.example: p=none\n"
		"two.o.example: p=none\n"
		"other.o.example: p=none\n"
		"_dmarc.other.o.example TXT \"v=spf1 -all\"\n"
		"bad.o.example: p=bad\n"
		"rua.o.example: p=bad; rua=mailto:a@b.example\n"
		"_dmarc.new.o.example TXT \"v=DMARC2; p=none\"\n"
		"_dmarc.cname.o.example CNAME record.example.net\n"
		"record.example.net TXT \"v=DMARC1; p=quarantine\"\n"
		"_dmarc.dead.o.example CNAME nowhere.example.net\n"
		"twice.example: p=reject\n"
		"twice.example: p=reject\n"
		"worse.example: p\n"
		/* without the _dmarc it is none */
		"plain.example TXT \"v=DMARC1; p=reject\"\n"
		"xn--bcher-kva.example: p=reject\n";
	static const struct row rows[] = {
		{ "two.o.example", "", "",
		  "fail o.example o.example p reject reject --" },
		{ "other.o.example", "", "",
		  "fail other.o.example o.example p none none --" },
		{ "bad.o.example", "pass:bad.o.example", "",
		  "permerror bad.o.example o.example - none none --" },
		{ "rua.o.example", "", "",
		  "fail rua.o.example o.example p none none --" },
		{ "new.o.example", "", "",
		  "fail o.example o.example p reject reject --" },
		{ "cname.o.example", "", "",
		  "fail cname.o.example o.example p quarantine quarantine "
		  "--" },
		{ "dead.o.example", "", "",
		  "fail o.example o.example p reject reject --" },
		{ "twice.example", "pass:twice.example", "",
		  "none - twice.example - none none --" },
		{ "a.worse.example", "pass:a.worse.example", "",
		  "permerror worse.example worse.example - none none --" },
		{ "plain.example", "pass:plain.example", "",
		  "none - plain.example - none none --" },
		/* 5.3.1: IDN in A-labels */
		{ "xn--bcher-kva.example", "",
		  "pass:mail.xn--bcher-kva.example",
		  "pass xn--bcher-kva.example xn--bcher-kva.example p reject "
		  "none -d" },
		{ "a.xn--bcher-kva.example", "pass:bucher.example", "",
		  "fail xn--bcher-kva.example xn--bcher-kva.example p reject "
		  "reject --" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* Author Domains of one label */
static void top_level(void **state)
{
	static const char zone[] =
		"tld: p=reject; psd=y; sp=quarantine; np=none\n"
		"brand: p=reject\n";
	static const struct row rows[] = {
		{ "tld", "pass:tld", "", "pass tld tld p reject none s-" },
		{ "tld", "pass:a.tld", "", "fail tld tld p reject reject --" },
		{ "a.tld", "pass:tld", "", "fail tld a.tld np none none --" },
		{ "brand", "", "pass:mail.brand",
		  "pass brand brand p reject none -d" },
		{ "none", "pass:none", "", "none - none - none none --" },
	};

	(void)state;
	CHECK_ROWS(zone, rows);
}

/* 4.10: the cap, for authors of 10, 9 and 100 labels with a record above */
static void many_labels(void **state)
{
	static const char zone[] = "c.d.e.f.g.h.example: p=quarantine\n"

				   "b.c.d.e.f.g.h.example: p=none; psd=n\n";
	static const size_t labels[] = { 8, 9, 10, 100 };

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		struct dmarc_result result;
		struct world world;
		struct buf buf;

		begin(&world, zone);
		buf_init(&buf, world.arena, LIMIT_DOMAIN);
		for (size_t n = 8; n < labels[i]; n++)
			buf_add(&buf, STR("x."));
		buf_add(&buf, STR("b.c.d.e.f.g.h.example"));
		result = check(&world, DMARC_TREEWALK, buf_c(&buf),
			       "pass:c.d.e.f.g.h.example", "");
		assert_true(world.n <= 2 * LIMIT_DMARC_WALK);
		/* the record of eight labels is seen by its own domain alone */
		assert_string_equal(
			show(world.arena, &result),
			labels[i] == 8
				? "fail b.c.d.e.f.g.h.example "
				  "b.c.d.e.f.g.h.example p none none --"
				: "pass c.d.e.f.g.h.example "
				  "c.d.e.f.g.h.example p quarantine none s-");
		arena_free(world.arena);
	}
}

/* TXT of 64 KiB, and records at the limit, above it, ten times above it */
static void long_records(void **state)
{
	static const struct {
		const char *begin;
		size_t n;
		const char *want;
	} rows[] = {
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD,
		  "pass a.example a.example p reject none s-" },
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD + 1,
		  "permerror a.example a.example - none none --" },
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD * 10,
		  "permerror a.example a.example - none none --" },
		{ "v=DMARC1; p=reject; x=", 65000,
		  "permerror a.example a.example - none none --" },
		{ "x", 65000, "none - a.example - none none --" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *arena = arena_new(4096);
		struct dmarc_result result;
		struct world world;
		struct buf buf;
		size_t n = strlen(rows[i].begin);

		buf_init(&buf, arena, 4 * LIMIT_RDATA);
		buf_printf(&buf, "_dmarc.a.example TXT \"%s", rows[i].begin);
		for (; n < rows[i].n; n++)
			buf_add(&buf, n % 200 ? STR("x") : STR("\" \"x"));
		buf_add(&buf, STR("\"\n"));
		begin(&world, buf_c(&buf));
		result = check(&world, DMARC_TREEWALK, "a.example",
			       "pass:a.example", "");
		assert_string_equal(show(arena, &result), rows[i].want);
		if (result.auth == AUTH_PERMERROR)
			assert_string_equal(result.reason,
					    "the DMARC record of a.example "
					    "is too long");
		arena_free(world.arena);
		arena_free(arena);
	}
}

/* What a sender's admin reads */
static void reasons(void **state)
{
	static const char zone[] = "o.example: p=reject\n"

				   "s.example: p=reject; aspf=s; adkim=s\n"

				   "two.example: p=none\n"
				   "two.example: p=none\n"

				   "bad.example: p=bad\n"
				   "_dmarc.slow.o.example TXT !timeout\n"
				   "np.example: p=none; np=reject\n"
				   "x.np.example A !timeout\n"
				   "_dmarc.dead.example TXT !timeout\n";
	static const struct row rows[] = {
		{ "o.example", "pass:other.example", "fail:o.example",
		  "SPF passed for other.example, which is not aligned; "
		  "no DKIM signature passed" },
		{ "o.example", "softfail:o.example", "",
		  "SPF did not pass for o.example (softfail); there is no "
		  "DKIM signature" },
		{ "o.example", "", "pass:o.example",
		  "SPF has no domain to check; DKIM passed for o.example, "
		  "which is aligned" },
		{ "s.example", "pass:a.s.example", "pass:b.s.example",
		  "SPF passed for a.s.example, which is not aligned "
		  "(aspf=s); DKIM passed for b.s.example, which is not "
		  "aligned (adkim=s)" },
		{ "o.example", "", "pass:b.example pass:c.example",
		  "SPF has no domain to check; DKIM passed for b.example, "
		  "which is not aligned" },
		{ "o.example", "", "pass:slow.o.example",
		  "SPF has no domain to check; DKIM passed for "
		  "slow.o.example, but DNS did not say if that is aligned" },
		{ "x.np.example", "", "",
		  "SPF has no domain to check; there is no DKIM signature; "
		  "DNS did not say if the author's domain exists" },
		{ "o.example", "temperror:o.example", "fail:o.example",
		  "SPF for o.example had no answer from DNS; no DKIM "
		  "signature passed" },
		{ "no.test", "", "", "no DMARC record for no.test" },
		{ "two.example", "", "",
		  "two.example has more than one DMARC record" },
		{ "bad.example", "", "",
		  "the DMARC record of bad.example has no valid policy" },
		{ "a.dead.example", "", "",
		  "DNS did not answer for _dmarc.dead.example" },
	};
	struct world world;

	(void)state;
	begin(&world, zone);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dmarc_result result =
			check(&world, DMARC_TREEWALK, rows[i].author,
			      rows[i].spf, rows[i].dkim);

		assert_string_equal(result.reason, rows[i].want);
	}
	arena_free(world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alignment_table),
		cmocka_unit_test(alignment_examples),
		cmocka_unit_test(owner_example),
		cmocka_unit_test(walk_examples),
		cmocka_unit_test(policy_choice),
		cmocka_unit_test(strictness),
		cmocka_unit_test(identifiers),
		cmocka_unit_test(odd_records),
		cmocka_unit_test(top_level),
		cmocka_unit_test(many_labels),
		cmocka_unit_test(long_records),
		cmocka_unit_test(reasons),
	};

	return UNIT_RUN(tests);
}
