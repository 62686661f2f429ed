/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dkim_verify"
#include "unit.h"

#include "mail/crypto.h"
#include "mail/limits.h"
#include "verifying.h"

/* The times of the tests below; NOW is 1750000000. */
#define PAST "1749999999"
#define SOON "1750000300"
#define LATER "1750000301"

#define BODY "\r\nHi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n"
#define MAIL                                                   \
	"From: Joe <joe@x.example>\r\nTo: suzie@y.example\r\n" \
	"Subject: Is dinner ready?\r\n"                        \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n" BODY

#define V "v=1; "
#define A "a=ed25519-sha256; "
#define RSA "a=rsa-sha256; "
#define C "c=relaxed/relaxed; "
#define D "d=x.example; s=s; "
#define H "h=From:To:Subject:Date; "

static EVP_PKEY *ed25519, *rsa, *rsa_short;
static struct arena *keys_arena;
static struct zone x_example = { .name = "s._domainkey.x.example" };
static const char *record_rsa, *record_ed25519;

static int set_up(void **state)
{
	(void)state;
	keys_arena = arena_new(4096);
	ed25519 = private_key(KEY_RFC8410);
	rsa = private_key(KEY_RSA_2048);
	rsa_short = private_key(KEY_RSA_1023);
	record_rsa = arena_printf(keys_arena, "v=DKIM1; k=rsa; p=%s",
				  public_base64(keys_arena, rsa, false));
	record_ed25519 =
		arena_printf(keys_arena, "v=DKIM1; k=ed25519; p=%s",
			     public_base64(keys_arena, ed25519, false));
	return crypto_init() == OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(ed25519);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(rsa_short);
	arena_free(keys_arena);
	return 0;
}

static void expect(const struct dkim_verdict *got, enum auth want,
		   const char *reason, const char *what)
{
	if (got->auth != want || !strstr(got->reason, reason))
		fail_msg("%s: got %s (%s), want %s (%s)", what,
			 auth_name(got->auth), got->reason, auth_name(want),
			 reason);
}

/* One signature over MAIL with these tags; returns its verdict. */
static struct dkim_verdict verify_tags(struct arena *arena, const char *tags,
				       const struct dkim_verify_policy *policy)
{
	EVP_PKEY *pkey = strstr(tags, "ed25519") ? ed25519 : rsa;
	struct zone zone = x_example;
	struct dkim_verdicts verdicts;

	zone.records[0] = pkey == rsa ? record_rsa : record_ed25519;
	verdicts = verify_text(arena, &zone, policy, "",
			       sign_text(arena, pkey, tags, STR(MAIL)), 7);
	assert_int_equal(verdicts.n, 1);
	return verdicts.list[0];
}

static const struct {
	const char *tags;
	enum auth auth;
	const char *reason;
} tag_rows[] = {
	{ V A C D H, AUTH_PASS, "" },
	{ V A "c=simple/simple; " D H, AUTH_PASS, "" },
	{ V A "c=simple/relaxed; " D H, AUTH_PASS, "" },
	{ V A "c=relaxed/simple; " D H, AUTH_PASS, "" },
	{ V A "c=relaxed; " D H, AUTH_PASS, "" },
	{ V A D H, AUTH_PASS, "" },
	{ V RSA C D H, AUTH_PASS, "" },
	{ V A C D H "q=dns/txt; t=" PAST "; x=" SOON "; z=From:a; "
		    "unknown=tag; ",
	  AUTH_PASS, "" },
	{ V A C D H "q=foo/bar:dns/txt; ", AUTH_PASS, "" },
	{ V A C D H "i=@x.example; ", AUTH_PASS, "" },
	{ V A C D H "i=joe@sub.X.example; ", AUTH_PASS, "" },
	{ V A C D H "i=joe=40x.example; ", AUTH_PASS, "" },
	{ V A C D H "t=" SOON "; ", AUTH_PASS, "" },
	{ V A C D "h=FROM:from:Cc:Cc:X-None; ", AUTH_PASS, "" },
	{ V A C "d=X.Example; s=S; " H, AUTH_PASS, "" },
	/* 3.5 */
	{ A C D H, AUTH_PERMERROR, "(v=)" },
	{ "v=2; " A C D H, AUTH_PERMERROR, "(v=)" },
	{ "v=0.5; " A C D H, AUTH_PERMERROR, "(v=)" },
	{ V C D H, AUTH_PERMERROR, "(a=)" },
	{ V "a=dsa-sha256; " C D H, AUTH_PERMERROR, "(a=)" },
	{ V "a=ed25519-sha1; " C D H, AUTH_PERMERROR, "(a=)" },
	{ V A "c=foo/simple; " D H, AUTH_PERMERROR, "(c=)" },
	{ V A "c=relaxed/foo; " D H, AUTH_PERMERROR, "(c=)" },
	{ V A C "s=s; " H, AUTH_PERMERROR, "(d=)" },
	{ V A C "d=; s=s; " H, AUTH_PERMERROR, "(d=)" },
	{ V A C "d=example; s=s; " H, AUTH_PERMERROR, "(d=)" },
	{ V A C "d=x..example; s=s; " H, AUTH_PERMERROR, "(d=)" },
	{ V A C "d=x.example.; s=s; " H, AUTH_PERMERROR, "(d=)" },
	{ V A C "d=x.exam ple; s=s; " H, AUTH_PERMERROR, "(d=)" },
	{ V A C "d=x.exam/ple; s=s; " H, AUTH_PERMERROR, "(d=)" },
	{ V A C "d=x.example; " H, AUTH_PERMERROR, "(s=)" },
	{ V A C "d=x.example; s=*; " H, AUTH_PERMERROR, "(s=)" },
	{ V A C D "h=; ", AUTH_PERMERROR, "(h=)" },
	{ V A C D "h=From:; ", AUTH_PERMERROR, "(h=)" },
	{ V A C D "h=To:Subject; ", AUTH_PERMERROR, "From" },
	{ V A C D H "l=x; ", AUTH_PERMERROR, "(l=)" },
	{ V A C D H "l=-1; ", AUTH_PERMERROR, "(l=)" },
	{ V A C D H "t=now; ", AUTH_PERMERROR, "(t=)" },
	{ V A C D H "x=1e9; ", AUTH_PERMERROR, "(x=)" },
	{ V A C D H "t=" PAST "; x=" PAST "; ", AUTH_PERMERROR, "(x=)" },
	{ V A C D H "q=dns; ", AUTH_PERMERROR, "(q=)" },
	{ V A C D H "i=joe@y.example; ", AUTH_PERMERROR, "(i=)" },
	{ V A C D H "i=joe@notx.example; ", AUTH_PERMERROR, "(i=)" },
	{ V A C D H "i=joe; ", AUTH_PERMERROR, "(i=)" },
	{ V A C D H "i=j=0Ae@x.example; ", AUTH_PERMERROR, "(i=)" },
	{ V A C D H "i=j=e@x.example; ", AUTH_PERMERROR, "(i=)" },
	{ V A C D H D, AUTH_PERMERROR, "tags" },
	{ V A C D H "x; ", AUTH_PERMERROR, "tags" },
	/* RFC 8301 section 3.1 */
	{ V "a=rsa-sha1; " C D H, AUTH_PERMERROR, "(a=)" },
	/* 3.5, x= and t= */
	{ V A C D H "x=" PAST "; ", AUTH_POLICY, "expired" },
	{ V A C D H "x=0; ", AUTH_POLICY, "expired" },
	{ V A C D H "x=1750000000; ", AUTH_PASS, "" },
	{ V A C D H "t=" LATER "; ", AUTH_POLICY, "future" },
	/* l=: the canonical body has 46 octets */
	{ V A C D H "l=46; ", AUTH_PASS, "" },
	{ V A C D H "l=45; ", AUTH_POLICY, "body" },
	{ V A C D H "l=0; ", AUTH_POLICY, "body" },
	{ V A C D H "l=47; ", AUTH_FAIL, "(l=)" },
};

static void signature_tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tag_rows) / sizeof(tag_rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct dkim_verdict verdict = verify_tags(
			arena, tag_rows[i].tags, &dkim_verify_policy_default);

		expect(&verdict, tag_rows[i].auth, tag_rows[i].reason,
		       tag_rows[i].tags);
		arena_free(arena);
	}
}

static void legacy(void **state)
{
	struct dkim_verify_policy policy = dkim_verify_policy_default;
	struct arena *arena = arena_new(4096);
	struct zone zone = x_example;
	struct dkim_verdict verdict;
	struct str text;

	(void)state;
	text = sign_text(arena, rsa_short, V RSA C D H, STR(MAIL));
	zone.records[0] = arena_printf(arena, "p=%s",
				       public_base64(arena, rsa_short, false));
	verdict = verify_text(arena, &zone, &policy, "", text, 7).list[0];
	expect(&verdict, AUTH_POLICY, "short", "1023 bits");
	assert_int_equal(verdict.bits, 1023);
	policy.short_keys = true;
	verdict = verify_text(arena, &zone, &policy, "", text, 7).list[0];
	expect(&verdict, AUTH_PASS, "", "1023 bits, legacy");

	policy = dkim_verify_policy_default;
	policy.rsa_sha1 = true;
	verdict = verify_tags(arena, V "a=rsa-sha1; " C D H, &policy);
	expect(&verdict, AUTH_PASS, "", "rsa-sha1, legacy");
	policy.expired = true;
	verdict = verify_tags(arena, V A C D H "x=" PAST "; ", &policy);
	expect(&verdict, AUTH_PASS, "", "expired, legacy");
	policy.drafts = true;
	verdict = verify_tags(arena, "v=0.5; " A C D H, &policy);
	expect(&verdict, AUTH_PASS, "", "draft, legacy");
	verdict = verify_tags(arena, "v=0.6; " A C D H, &policy);
	expect(&verdict, AUTH_PERMERROR, "(v=)", "another draft");
	arena_free(arena);
}

/* What the verdict says besides the word. */
/* Fields as an old MTA shows them: only relaxed headers can be verified. */
static void lost_space(void **state)
{
	struct dkim_verify_policy policy = dkim_verify_policy_default;
	struct arena *arena = arena_new(4096);
	struct dkim_verdict verdict;

	(void)state;
	policy.lead_space_lost = true;
	verdict = verify_tags(arena, V A "c=simple; " D H, &policy);
	expect(&verdict, AUTH_TEMPERROR, "white space", "simple");
	verdict = verify_tags(arena, V A "c=relaxed; " D H, &policy);
	expect(&verdict, AUTH_PASS, "", "relaxed");
	policy.lead_space_lost = false;
	verdict = verify_tags(arena, V A "c=simple; " D H, &policy);
	expect(&verdict, AUTH_PASS, "", "simple, with its white space");
	arena_free(arena);
}

static void facts(void **state)
{
	struct arena *arena = arena_new(4096);
	struct dkim_verdict verdict = verify_tags(
		arena, V RSA C "d=X.example; s=S; " H "i=joe=40Sub.x.Example; ",
		&dkim_verify_policy_default);

	(void)state;
	expect(&verdict, AUTH_PASS, "", "facts");
	ASSERT_STR(verdict.domain, STR("x.example"), "d=");
	ASSERT_STR(verdict.selector, STR("s"), "s=");
	ASSERT_STR(verdict.identity, STR("joe@Sub.x.Example"), "i=");
	ASSERT_STR(verdict.algorithm, STR("rsa-sha256"), "a=");
	assert_int_equal(verdict.bits, 2048);
	assert_false(verdict.testing);
	verdict = verify_tags(arena, V A C D H, &dkim_verify_policy_default);
	ASSERT_STR(verdict.identity, STR("@x.example"), "i=");
	assert_int_equal(verdict.bits, 256);
	assert_int_equal(verdict.b.n, 88);
	arena_free(arena);
}

static void key_records(void **state)
{
	const char *good = public_base64(keys_arena, rsa, false);
	const char *bare = public_base64(keys_arena, rsa, true);
	const char *other = public_base64(keys_arena, rsa_short, false);
	EVP_PKEY *too_large = private_key(KEY_RSA_8194);
	const char *large = public_base64(keys_arena, too_large, false);
	const struct {
		const char *before, *p, *after, *tags;
		enum auth auth;
		const char *reason;
		bool testing;
	} rows[] = {
		{ "p=", good, "", "", AUTH_PASS, "", false },
		{ "p=", bare, "", "", AUTH_PASS, "", false },
		{ "v=DKIM1; t=y; p=", good, "", "", AUTH_PASS, "", true },
		{ "h=sha1:sha256; p=", good, "; s=email", "", AUTH_PASS, "",
		  false },
		{ "t=s; p=", good, "", "", AUTH_PASS, "", false },
		{ "t=s; p=", good, "", "i=a@x.example; ", AUTH_PASS, "",
		  false },
		{ "t=s:y; p=", good, "", "i=a@sub.x.example; ", AUTH_PERMERROR,
		  "t=s", true },
		{ "p=", "", "", "", AUTH_PERMERROR, "revoked", false },
		{ "k=ed25519; p=", good, "", "", AUTH_PERMERROR, "(k=)",
		  false },
		{ "h=sha1; p=", good, "", "", AUTH_PERMERROR, "(h=)", false },
		{ "s=chat; p=", good, "", "", AUTH_PERMERROR, "(s=)", false },
		{ "v=DKIM2; p=", good, "", "", AUTH_PERMERROR, "(v=)", false },
		{ "p=", good, "=", "", AUTH_PERMERROR, "(p=)", false },
		{ "p=", "AAAA", "", "", AUTH_PERMERROR, "(p=)", false },
		{ "p=", other, "", "", AUTH_FAIL, "signature", false },
		{ "p=", large, "", "", AUTH_POLICY, "long", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		const char *record =
			arena_printf(arena, "%s%s%s", rows[i].before, rows[i].p,
				     rows[i].after);
		const char *tags =
			arena_printf(arena, V RSA C D H "%s", rows[i].tags);
		/* the second is the one that can be used, or says the same */
		struct zone zone = {
			x_example.name, { "v=spf1 -all", record }, DNS_OK, 0
		};
		struct dkim_verdict verdict =
			verify_text(arena, &zone, &dkim_verify_policy_default,
				    "", sign_text(arena, rsa, tags, STR(MAIL)),
				    7)
				.list[0];

		expect(&verdict, rows[i].auth, rows[i].reason, record);
		assert_int_equal(verdict.testing, rows[i].testing);
		arena_free(arena);
	}
	EVP_PKEY_free(too_large);
}

static void dns(void **state)
{
	static const struct {
		enum dns_status status;
		enum auth auth;
	} rows[] = {
		{ DNS_OK, AUTH_PERMERROR }, /* without a record */
		{ DNS_NO_NAME, AUTH_PERMERROR },
		{ DNS_NO_DATA, AUTH_PERMERROR },
		{ DNS_TEMPORARY, AUTH_TEMPERROR },
	};
	struct arena *arena = arena_new(4096);
	struct str text = sign_text(arena, rsa, V RSA C D H, STR(MAIL));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct zone zone = x_example;

		zone.status = rows[i].status;
		expect(verify_text(arena, &zone, &dkim_verify_policy_default,
				   "", text, 7)
			       .list,
		       rows[i].auth, "key", "status");
		assert_int_equal(zone.queries, 1);
	}
	arena_free(arena);
}

/* Names that are none are never asked for. */
static void odd_names(void **state)
{
	static const struct str fields[] = {
		S("d=x.example; s=a\0b"),
		S("d=x.exa\0mple; s=s"),
		S("d=x.example; s=a\nb"),
		S("d=x.example; s=a\\.b"),
		S("d=x.example; s=a b"),
		S("d=x.example; s=.."),
		S("d=-x.example; s=s"),
		S("d=x.example; s=\xff"),
		S("d=[192.0.2.1]; s=s"),
		S("d=x.example; s=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaa"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct zone zone = x_example;
		struct dkim_verdicts verdicts;
		struct buf buf;

		buf_init(&buf, arena, 1 << 16);
		buf_add(&buf, STR("DKIM-Signature: " V A C H
				  "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				  "AAA=; b=AAAA; "));
		buf_add(&buf, fields[i]);
		buf_add(&buf, STR("\r\n" MAIL));
		verdicts =
			verify_text(arena, &zone, &dkim_verify_policy_default,
				    "", buf_str(&buf), 7);
		/* a line end there spoils the whole header */
		if (verdicts.n)
			expect(verdicts.list, AUTH_PERMERROR, "",
			       unit_show(fields[i]));
		assert_int_equal(zone.queries, 0);
		arena_free(arena);
	}
}

/* RFC 8616 section 4: U-labels are asked for as A-labels. */
static void u_labels(void **state)
{
	struct arena *arena = arena_new(4096);
	struct zone zone = { "xn--tda._domainkey.xn--bcher-kva.example",
			     { record_ed25519 },
			     DNS_OK,
			     0 };
	struct str text =
		sign_text(arena, ed25519,
			  V A C "d=b\xc3\xbc"
				"cher.example; s=\xc3\xbc; "
				"i=j\xc3\xbc@a.xn--bcher-kva.example; " H,
			  STR(MAIL));
	struct dkim_verdict verdict =
		verify_text(arena, &zone, &dkim_verify_policy_default, "", text,
			    7)
			.list[0];

	(void)state;
	expect(&verdict, AUTH_PASS, "", "U-labels");
	ASSERT_STR(verdict.domain, STR("xn--bcher-kva.example"), "d=");
	ASSERT_STR(verdict.selector, STR("xn--tda"), "s=");
	arena_free(arena);
}

/* 8.15: what was added above or below a signed message. */
static void added_fields(void **state)
{
	static const struct {
		const char *names, *added;
		enum auth auth;
		const char *reason;
	} rows[] = {
		{ "From:To:Subject:Date", "From: b@z.example\r\n", AUTH_POLICY,
		  "From" },
		{ "From:To:Subject:Date", "subject : 2\r\n", AUTH_POLICY,
		  "Subject" },
		{ "From:To:Subject:Date", "Date: 2\r\n", AUTH_POLICY, "Date" },
		{ "From:To:Subject:Date", "TO: 2\r\n", AUTH_POLICY, "To" },
		{ "From", "To: 2\r\n", AUTH_POLICY, "To" },
		{ "From:From", "From: 2\r\n", AUTH_FAIL, "signature" },
		{ "From", "Received: x\r\nX-A: b\r\nCc: c@d\r\n", AUTH_PASS,
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		const char *tags =
			arena_printf(arena, V A C D "h=%s; ", rows[i].names);
		struct zone zone = x_example;
		struct str text = sign_text(arena, ed25519, tags, STR(MAIL));

		zone.records[0] = record_ed25519;
		text = str_from(arena_printf(arena, "%s%.*s", rows[i].added,
					     STR_ARG(text)));
		expect(verify_text(arena, &zone, &dkim_verify_policy_default,
				   "", text, 7)
			       .list,
		       rows[i].auth, rows[i].reason, rows[i].added);
		arena_free(arena);
	}
}

/* Any byte of a message whose every byte is signed, and any cutting. */
static void spoilt(void **state)
{
	struct arena *arena = arena_new(4096);
	struct str text = sign_text(arena, ed25519, V A "c=simple/simple; " D H,
				    STR(MAIL));
	struct zone zone = x_example;

	(void)state;
	zone.records[0] = record_ed25519;
	for (size_t step = 1; step < 70; step++)
		expect(verify_text(arena, &zone, &dkim_verify_policy_default,
				   "", text, step)
			       .list,
		       AUTH_PASS, "", "chunks");
	for (size_t i = 0; i < text.n; i++) {
		struct arena *own = arena_new(4096);
		struct dkim_verdicts verdicts;
		struct str copy = arena_copy(own, text);

		((char *)copy.p)[i] ^= 1;
		verdicts = verify_text(own, &zone, &dkim_verify_policy_default,
				       "", copy, 4096);
		if (verdicts.n && verdicts.list[0].auth == AUTH_PASS)
			fail_msg("byte %zu of %s", i, unit_show(copy));
		arena_free(own);
	}
	arena_free(arena);
}

/* A message with `n` good signatures of x.example, those of others above. */
static struct str many(struct arena *arena, size_t n, const char *above)
{
	struct str text = sign_text(arena, ed25519, V A C D H, STR(MAIL));
	size_t field = str_find(text, '\n') + 1;
	struct buf buf;

	buf_init(&buf, arena, LIMIT_HEADER);
	buf_add(&buf, str_from(above));
	for (size_t i = 1; i < n; i++)
		buf_add(&buf, str_sub(text, 0, field));
	buf_add(&buf, text);
	return buf_str(&buf);
}

static void author_first(void **state)
{
	static const char other[] =
		"DKIM-Signature: " V A C "d=%s; s=s; " H
		"bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA\r\n";
	struct dkim_verify_policy policy = { .max_signatures = 2 };
	struct arena *arena = arena_new(4096);
	struct zone zone = x_example;
	struct dkim_verdicts verdicts;
	struct str text;
	char above[2048];
	int n;

	(void)state;
	zone.records[0] = record_ed25519;
	n = sprintf(above, other, "z.example");
	n += sprintf(above + n, other, "z.example");
	sprintf(above + n, other, "sub.x.example");
	text = many(arena, 1, above);
	verdicts = verify_text(arena, &zone, &policy, "x.example", text, 99);
	assert_int_equal(verdicts.n, 4);
	expect(&verdicts.list[0], AUTH_POLICY, "not evaluated", "z");
	expect(&verdicts.list[1], AUTH_POLICY, "not evaluated", "z");
	expect(&verdicts.list[2], AUTH_PERMERROR, "key", "below");
	expect(&verdicts.list[3], AUTH_PASS, "", "author");
	ASSERT_STR(verdicts.list[0].domain, STR("z.example"), "z");
	assert_int_equal(zone.queries, 2);
	/* without an author, and with one of no signature: from the top */
	verdicts = verify_text(arena, &zone, &policy, "", text, 99);
	expect(&verdicts.list[1], AUTH_PERMERROR, "key", "z");
	expect(&verdicts.list[3], AUTH_POLICY, "not evaluated", "x");
	verdicts = verify_text(arena, &zone, &policy, "a.example", text, 99);
	expect(&verdicts.list[3], AUTH_POLICY, "not evaluated", "x");
	arena_free(arena);
}

static void limits(void **state)
{
	static const size_t counts[] = { 0, 1, LIMIT_SIGNATURES,
					 LIMIT_SIGNATURES + 1, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct arena *arena = arena_new(4096);
		size_t n = counts[i], passed = 0;
		struct str text = n ? many(arena, n, "") : STR(MAIL);
		struct zone zone = x_example;
		struct dkim_verdicts verdicts;

		zone.records[0] = record_ed25519;
		verdicts =
			verify_text(arena, &zone, &dkim_verify_policy_default,
				    "x.example", text, 4096);
		assert_int_equal(verdicts.n, n);
		for (size_t k = 0; k < n; k++)
			passed += verdicts.list[k].auth == AUTH_PASS;
		assert_int_equal(passed,
				 n < LIMIT_SIGNATURES ? n : LIMIT_SIGNATURES);
		arena_free(arena);
	}
}

/* The dearest header: as many fields and names as fit in. */
static void dear(void **state)
{
	struct arena *arena = arena_new(4096);
	struct zone zone = x_example;
	struct dkim_verdicts verdicts;
	const char *bh = hash_body(arena, C, EVP_sha256(), str_from(&BODY[2]));
	struct buf buf, names;

	(void)state;
	zone.records[0] = record_ed25519;
	buf_init(&names, arena, LIMIT_FIELD);
	for (int i = 0; names.n < 60000; i++)
		buf_printf(&names, "%x:", i * 2 + 1);
	buf_init(&buf, arena, LIMIT_HEADER);
	for (int i = 0; i < LIMIT_SIGNATURES + 2; i++)
		buf_printf(&buf,
			   "DKIM-Signature: " V A C D "h=%.*sFrom; bh=%s; "
			   "b=AAAA\r\n",
			   STR_ARG(buf_str(&names)), bh);
	for (int i = 0; i < LIMIT_FIELDS - 20; i++)
		buf_printf(&buf, "%x: %050d\r\n", i, 0);
	buf_add(&buf, STR(MAIL));
	assert_false(buf.full);
	verdicts = verify_text(arena, &zone, &dkim_verify_policy_default, "",
			       buf_str(&buf), 4096);
	assert_int_equal(verdicts.n, LIMIT_SIGNATURES + 2);
	expect(verdicts.list, AUTH_FAIL, "signature", "dear");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signature_tags), cmocka_unit_test(legacy),
		cmocka_unit_test(lost_space),	  cmocka_unit_test(facts),
		cmocka_unit_test(key_records),	  cmocka_unit_test(dns),
		cmocka_unit_test(odd_names),	  cmocka_unit_test(u_labels),
		cmocka_unit_test(added_fields),	  cmocka_unit_test(spoilt),
		cmocka_unit_test(author_first),	  cmocka_unit_test(limits),
		cmocka_unit_test(dear),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(UNIT_NAME, tests, set_up, tear_down);
}
