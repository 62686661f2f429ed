/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "results"
#include "unit.h"

#include <unistd.h>

#include "auth-policy/results.h"
#include "mail/authres.h"
#include "mail/buf.h"
#include "mail/limits.h"

/*
 * Methods, results, types and properties are those of RFC 8601 section 2.7,
 * RFC 8617 section 10 (arc), RFC 6008 (header.b) and RFC 9989 (dmarc).
 */
static struct arena *arena;

/* SPF and DMARC pass for example.org, no signature, no chain. */
static struct check_findings *passing(void)
{
	struct check_findings *found =
		ARENA_NEW(arena, struct check_findings, 1);

	found->has_spf = true;
	found->client.address = (struct ip){ .octets = { 192, 0, 2, 7 } };
	found->client.helo = STR("mx.example.org");
	found->sender = STR("bob@example.org");
	found->mail_from = (struct spf_result){ .auth = AUTH_PASS,
						.domain = STR("example.org"),
						.reason = "mx matches" };
	found->helo = (struct spf_result){ .auth = AUTH_NONE,
					   .domain = STR("mx.example.org"),
					   .reason = "no record" };
	found->authors.domains = ARENA_NEW(arena, struct str, 1);
	found->authors.domains[0] = STR("example.org");
	found->authors.n = 1;
	found->dmarc = ARENA_NEW(arena, struct dmarc_result, 1);
	found->dmarc[0] = (struct dmarc_result){
		.auth = AUTH_PASS,
		.reason = "SPF passed",
		.author = STR("example.org"),
		.tag = "p",
		.policy = DMARC_REJECT,
	};
	found->strictest = found->dmarc;
	return found;
}

static void add_signatures(struct check_findings *found, size_t n,
			   const struct dkim_verdict *verdict)
{
	found->dkim.list = ARENA_NEW(arena, struct dkim_verdict, n);
	found->dkim.n = n;
	for (size_t i = 0; i < n; i++)
		found->dkim.list[i] = *verdict;
}

static const struct dkim_verdict good = {
	.auth = AUTH_PASS,
	.reason = "",
	.domain = S("example.org"),
	.selector = S("s2026"),
	.algorithm = S("rsa-sha256"),
	.b = S(" RNB1\r\n\tnVFh3xK9"),
	.bits = 2048,
};

/* What is written, without its folds. */
static struct str written(const struct check_findings *found)
{
	struct str value = results_format(arena, found, STR("mx.us.example"));
	struct buf buf;

	buf_init(&buf, arena, value.n + 1);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] != '\n')
			buf_addc(&buf, value.p[i] == '\t' ? ' ' : value.p[i]);
	return buf_str(&buf);
}

#define DMARC "; dmarc=pass (p=reject) header.from=example.org"
#define SPF " mx.us.example; spf=pass (mx matches) smtp.mailfrom=example.org"

static void of_spf(void **state)
{
	struct check_findings *found = passing();

	(void)state;
	ASSERT_STR(written(found), STR(SPF "; dkim=none" DMARC), "no HELO");
	found->helo.auth = AUTH_SOFTFAIL;
	ASSERT_STR(written(found), STR(SPF "; dkim=none" DMARC),
		   "HELO is not written beside it");
	/* RFC 7208 section 2.4: the null sender is checked as HELO. */
	found->sender = STR("");
	found->mail_from.auth = AUTH_NONE;
	found->mail_from.domain = STR("mx.example.org");
	found->mail_from.reason = "";
	ASSERT_STR(written(found),
		   STR(" mx.us.example; spf=none smtp.helo=mx.example.org; "
		       "dkim=none" DMARC),
		   "null sender");
	found->has_spf = false;
	ASSERT_STR(written(found), STR(" mx.us.example; dkim=none" DMARC),
		   "no client");
}

static void of_dkim(void **state)
{
	struct check_findings *found = passing();
	struct dkim_verdict *list;

	(void)state;
	add_signatures(found, 2, &good);
	list = found->dkim.list;
	list[0].auth = AUTH_FAIL;
	list[0].reason = "body hash did not verify";
	list[0].b = STR("URn9/W+=abc");
	ASSERT_STR(written(found),
		   STR(SPF "; dkim=pass header.d=example.org header.s=s2026 "
			   "header.a=rsa-sha256 header.b=RNB1nVFh; dkim=fail "
			   "reason=\"body hash did not verify\" "
			   "header.d=example.org header.s=s2026 "
			   "header.a=rsa-sha256 header.b=\"URn9/W+=\"" DMARC),
		   "who passed stands first");
	found->dkim.n = 1;
	list[0] = (struct dkim_verdict){ .auth = AUTH_PERMERROR,
					 .reason = "a (b" };
	ASSERT_STR(written(found), STR(SPF "; dkim=permerror" DMARC),
		   "a reason that is no plain text, nothing known");
	list[0].reason = "there is no domain";
	ASSERT_STR(written(found),
		   STR(SPF "; dkim=permerror "
			   "reason=\"there is no domain\"" DMARC),
		   "nothing known");
}

static void of_arc(void **state)
{
	struct check_findings *found = passing();

	(void)state;
	found->has_arc = true;
	found->arc = (struct arc_result){ .auth = AUTH_NONE, .reason = "" };
	ASSERT_STR(written(found), STR(SPF "; dkim=none; arc=none" DMARC),
		   "none");
	found->arc.auth = AUTH_PASS;
	found->arc.oldest_pass = 12;
	ASSERT_STR(written(found),
		   STR(SPF "; dkim=none; arc=pass header.oldest-pass=12 "
			   "smtp.remote-ip=192.0.2.7" DMARC),
		   "pass");
	found->client.address =
		(struct ip){ .octets = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
			     .six = true };
	ASSERT_STR(written(found),
		   STR(SPF "; dkim=none; arc=pass header.oldest-pass=12 "
			   "smtp.remote-ip=\"2001:db8::1\"" DMARC),
		   "IPv6");
	found->arc.auth = AUTH_FAIL;
	found->arc.reason = "an ARC set is not complete";
	ASSERT_STR(written(found),
		   STR(SPF "; dkim=none; arc=fail "
			   "reason=\"an ARC set is not complete\"" DMARC),
		   "fail");
	/* RFC 8617 section 10.1 has no word for it. */
	found->arc.auth = AUTH_TEMPERROR;
	ASSERT_STR(written(found), STR(SPF "; dkim=none" DMARC), "temperror");
}

static void of_dmarc(void **state)
{
	struct check_findings *found = passing();
	struct dmarc_result *dmarc = found->dmarc;

	(void)state;
	dmarc->auth = AUTH_FAIL;
	dmarc->tag = "np";
	dmarc->policy = DMARC_QUARANTINE;
	dmarc->record.testing = true;
	dmarc->disposition = DMARC_NONE;
	dmarc->reason = "nothing is aligned";
	ASSERT_STR(written(found),
		   STR(SPF "; dkim=none; dmarc=fail (np=quarantine t=y) "
			   "reason=\"nothing is aligned\" "
			   "header.from=example.org"),
		   "fail");
	dmarc->auth = AUTH_NONE;
	dmarc->tag = NULL;
	ASSERT_STR(written(found),
		   STR(SPF "; dkim=none; dmarc=none header.from=example.org"),
		   "none");
	found->authors.n = 0;
	ASSERT_STR(written(found), STR(SPF "; dkim=none"), "no author");
}

/* What a stranger may write, and what must not come of it. */
static const struct str hostile[] = {
	S("a; dmarc=pass header.from=victim.example"),
	S("a dmarc=pass"),
	S("a\ndmarc=pass"),
	S("a\r\n\tdmarc=pass"),
	S("a\0b"),
	S("\""),
	S("a\\"),
	S("(a"),
	S("a)"),
	S("a'b"),
	S("=?utf-8?q?a?="),
	S("\xff\xfe"),
	S("a\x7f"),
	S("a@b@c"),
	S("<a>"),
	S("a,b"),
	S("a:b"),
	S("a[b]"),
	S("a..b"),
	S(".a"),
	S("a."),
};

/* Three results, and no value but honest ones, for any reader. */
static void check_written(struct check_findings *found, struct str what)
{
	struct str value = results_format(arena, found, STR("mx.us.example"));
	struct authres read;

	ASSERT_RESULT(authres_parse(arena, value, &read), OK, unit_show(what));
	ASSERT_STR(read.id, STR("mx.us.example"), unit_show(what));
	assert_int_equal(read.n, 3);
	for (size_t i = 0; i < value.n; i++)
		if ((value.p[i] < ' ' || value.p[i] > '~') &&
		    value.p[i] != '\n' && value.p[i] != '\t')
			fail_msg("%s: an odd octet", unit_show(what));
	if (memmem(value.p, value.n, "victim", 6) ||
	    memmem(value.p, value.n, "dmarc=pass dmarc", 16))
		fail_msg("%s: %s", unit_show(what), unit_show(value));
}

static void of_strangers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct check_findings *found = passing();
		struct dkim_verdict *list;

		found->helo.auth = AUTH_PASS;
		found->client.helo = found->sender = hostile[i];
		add_signatures(found, 1, &good);
		list = found->dkim.list;
		list->selector = list->algorithm = list->b = hostile[i];
		list->domain = hostile[i];
		check_written(found, hostile[i]);
		/* A log has lines of printable words. */
		for (const char *c = results_log(arena, found); *c; c++)
			assert_in_range(*c, ' ', '~');
	}
}

/* LIMIT_SIGNATURES, and what passed is among them wherever it stands. */
static void of_many(void **state)
{
	static const size_t counts[] = { LIMIT_SIGNATURES, LIMIT_SIGNATURES + 1,
					 10 * LIMIT_SIGNATURES };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct check_findings *found = passing();
		struct authres read;

		add_signatures(found, counts[i], &good);
		for (size_t k = 0; k + 1 < counts[i]; k++)
			found->dkim.list[k].auth = AUTH_POLICY;
		ASSERT_RESULT(
			authres_parse(arena,
				      results_format(arena, found, STR("mx")),
				      &read),
			OK, "many");
		assert_int_equal(read.n, LIMIT_SIGNATURES + 2);
		ASSERT_STR(read.results[1].result, STR("pass"), "first");
		ASSERT_STR(read.results[2].result, STR("policy"), "second");
	}
}

/* LIMIT_AUTHOR_DOMAINS: more are refused; here they are only not written. */
static void of_many_authors(void **state)
{
	struct check_findings *found = passing();
	struct dmarc_result one = found->dmarc[0];
	struct authres read;

	(void)state;
	found->authors.n = LIMIT_AUTHOR_DOMAINS + 1;
	found->dmarc = ARENA_NEW(arena, struct dmarc_result, found->authors.n);
	for (size_t i = 0; i < found->authors.n; i++)
		found->dmarc[i] = one;
	ASSERT_RESULT(authres_parse(arena,
				    results_format(arena, found, STR("mx")),
				    &read),
		      OK, "authors");
	assert_int_equal(read.n, 2 + LIMIT_AUTHOR_DOMAINS);
}

static void in_the_log(void **state)
{
	struct check_findings *found = passing();

	(void)state;
	assert_string_equal(results_log(arena, found),
			    " spf=pass dkim=none arc=- dmarc=pass(reject)");
	found->has_spf = false;
	found->has_arc = true;
	found->arc.auth = AUTH_FAIL;
	add_signatures(found, 3, &good);
	found->dkim.list[0].auth = AUTH_FAIL;
	found->dkim.list[2].domain = STR("example.com");
	assert_string_equal(results_log(arena, found),
			    " spf=- dkim=pass(example.org),pass(example.com) "
			    "arc=fail dmarc=pass(reject)");
	found->dkim.n = 1;
	found->strictest = NULL;
	assert_string_equal(results_log(arena, found),
			    " spf=- dkim=fail(example.org) arc=fail dmarc=-");
}

static void ids(void **state)
{
	static const struct {
		const char *setting, *host, *id; /* NULL: the system's */
	} rows[] = {
		{ "us.example", "mta.example", "us.example" },
		{ "", "mta.example", "mta.example" },
		{ "US.Example.", "mta.example", "us.example" },
		{ "b\xc3\xbc"
		  "cher.example",
		  "mta.example", "xn--bcher-kva.example" },
		{ "", "Localhost", "localhost" },
		{ "", "[192.0.2.1]", NULL },
		{ "", "a b", NULL },
		{ "", "", NULL },
	};
	char system[256] = "";

	(void)state;
	gethostname(system, sizeof(system) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str id = results_id(arena, rows[i].setting,
					   str_from(rows[i].host));

		if (!rows[i].id)
			assert_true(str_ieq(id, str_from(system)));
		else
			ASSERT_STR(id, str_from(rows[i].id), rows[i].setting);
		assert_true(results_format(arena, passing(), id).n > 0);
	}
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_spf),	       TEST(of_dkim),	   TEST(of_arc),
		TEST(of_dmarc),	       TEST(of_strangers), TEST(of_many),
		TEST(of_many_authors), TEST(in_the_log),   TEST(ids),
	};

	return UNIT_RUN(tests);
}
