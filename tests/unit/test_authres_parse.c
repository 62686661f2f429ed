/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "authres_parse"
#include "authres.h"

#include "mail/limits.h"

struct row {
	struct str text, want;
};

static void check(const struct row *rows, size_t n)
{
	struct arena *arena = arena_new(4096);

	for (size_t i = 0; i < n; i++) {
		const char *what = unit_show(rows[i].text);
		struct authres authres;

		ASSERT_RESULT(authres_parse(arena, rows[i].text, &authres), OK,
			      what);
		ASSERT_STR(authres_show(arena, &authres), rows[i].want, what);
	}
	arena_free(arena);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

/* All fields that RFC 8601 prints: appendix B and section 2.7.6. */
static void rfc8601(void **state)
{
	static const struct row rows[] = {
		/* B.2 */
		{ S(" example.org 1; none"), S("example.org") },
		/* B.3 */
		{ S(" example.com;\r\n"
		    "          spf=pass smtp.mailfrom=example.net"),
		  S("example.com; spf=pass {smtp.mailfrom=example.net}") },
		/* B.4 */
		{ S(" example.com;\r\n"
		    "          auth=pass (cram-md5) "
		    "smtp.auth=sender@example.net;\r\n"
		    "          spf=pass smtp.mailfrom=example.net"),
		  S("example.com; auth=pass {smtp.auth=sender@example.net}; "
		    "spf=pass {smtp.mailfrom=example.net}") },
		{ S(" example.com; iprev=pass\r\n"
		    "          policy.iprev=192.0.2.200"),
		  S("example.com; iprev=pass {policy.iprev=192.0.2.200}") },
		/* B.5 */
		{ S(" example.com;\r\n"
		    "          dkim=pass (good signature) "
		    "header.d=example.com"),
		  S("example.com; dkim=pass {header.d=example.com}") },
		{ S(" example.com;\r\n"
		    "          auth=pass (cram-md5) "
		    "smtp.auth=sender@example.com;\r\n"
		    "          spf=fail smtp.mailfrom=example.com"),
		  S("example.com; auth=pass {smtp.auth=sender@example.com}; "
		    "spf=fail {smtp.mailfrom=example.com}") },
		/* B.6 */
		{ S(" example.com;\r\n"
		    "      dkim=pass reason=\"good signature\"\r\n"
		    "        header.i=@mail-router.example.net;\r\n"
		    "      dkim=fail reason=\"bad signature\"\r\n"
		    "        header.i=@newyork.example.com"),
		  S("example.com; "
		    "dkim=pass <good signature> "
		    "{header.i=@mail-router.example.net}; "
		    "dkim=fail <bad signature> "
		    "{header.i=@newyork.example.com}") },
		{ S(" example.net;\r\n"
		    "      dkim=pass (good signature) "
		    "header.i=@newyork.example.com"),
		  S("example.net; "
		    "dkim=pass {header.i=@newyork.example.com}") },
		/* B.7 */
		{ S(" foo.example.net (foobar) 1 (baz);\r\n"
		    "    dkim (Because I like it) / 1 (One yay) = "
		    "(wait for it) fail\r\n"
		    "      policy (A dot can go here) . (like that) expired\r\n"
		    "      (this surprised me) = (as I wasn't expecting it) "
		    "1362471462"),
		  S("foo.example.net; dkim=fail {policy.expired=1362471462}") },
		/* 2.7.6 */
		{ S(" example.com;\r\n"
		    "          foo=pass bar.baz=blob (2 of 3 tests OK)"),
		  S("example.com; foo=pass {bar.baz=blob}") },
	};

	(void)state;
	CHECK(rows);
}

/* The message in appendix B of RFC 8617, behind "i=N;". */
static void rfc8617(void **state)
{
	static const struct row rows[] = {
		{ S(" clochette.example.org; spf=fail\r\n"
		    "    smtp.from=jqd@d1.example; dkim=fail (512-bit key)\r\n"
		    "    header.i=@d1.example; dmarc=fail; arc=pass "
		    "(as.2.gmail.example=pass,\r\n"
		    "    ams.2.gmail.example=pass, "
		    "as.1.lists.example.org=pass,\r\n"
		    "    ams.1.lists.example.org=fail "
		    "(message has been altered))"),
		  S("clochette.example.org; "
		    "spf=fail {smtp.from=jqd@d1.example}; "
		    "dkim=fail {header.i=@d1.example}; dmarc=fail; "
		    "arc=pass") },
		{ S(" gmail.example; spf=fail\r\n"
		    "    smtp.from=jqd@d1.example; dkim=fail (512-bit key)\r\n"
		    "    header.i=@example.org; dmarc=fail; arc=pass\r\n"
		    "    (as.1.lists.example.org=pass, "
		    "ams.1.lists.example.org=pass)"),
		  S("gmail.example; spf=fail {smtp.from=jqd@d1.example}; "
		    "dkim=fail {header.i=@example.org}; dmarc=fail; "
		    "arc=pass") },
		{ S(" lists.example.org;\r\n"
		    "    spf=pass smtp.mfrom=jqd@d1.example;\r\n"
		    "    dkim=pass (512-bit key) header.i=@d1.example;\r\n"
		    "    dmarc=pass"),
		  S("lists.example.org; spf=pass {smtp.mfrom=jqd@d1.example}; "
		    "dkim=pass {header.i=@d1.example}; dmarc=pass") },
	};

	(void)state;
	CHECK(rows);
}

/* What hosts really write, grammar or not. */
static void others(void **state)
{
	static const struct row rows[] = {
		/* opendkim, from a report mail of Google's */
		{ S(" koriander.ueber.net;\n\tdkim=pass (2048-bit key; "
		    "unprotected) header.d=google.com header.i=@google.com "
		    "header.b=RNB1nVFh;\n\tdkim-atps=neutral"),
		  S("koriander.ueber.net; dkim=pass {header.d=google.com} "
		    "{header.i=@google.com} {header.b=RNB1nVFh}; "
		    "dkim-atps=neutral") },
		/* mail.ru, from one of theirs */
		{ S(" relay7.m.smailru.net; auth=pass "
		    "smtp.auth=dmarc_support@corp.mail.ru "
		    "smtp.mailfrom=dmarc_support@corp.mail.ru; iprev=pass "
		    "policy.iprev=10.161.4.115"),
		  S("relay7.m.smailru.net; auth=pass "
		    "{smtp.auth=dmarc_support@corp.mail.ru} "
		    "{smtp.mailfrom=dmarc_support@corp.mail.ru}; iprev=pass "
		    "{policy.iprev=10.161.4.115}") },
		/* Outlook, from one of theirs: no authserv-id, no ptype */
		{ S(" dkim=none (message not signed)\n header.d=none;"
		    "dmarc=none action=none header.from=microsoft.com;"),
		  S("; dkim=none {header.d=none}; dmarc=none {.action=none} "
		    "{header.from=microsoft.com}") },
		{ S(" mx.microsoft.com 1; spf=none; dmarc=none\n action=none "
		    "header.from=microsoft.com; dkim=none (message not "
		    "signed);\n arc=none"),
		  S("mx.microsoft.com; spf=none; dmarc=none {.action=none} "
		    "{header.from=microsoft.com}; dkim=none; arc=none") },
		{ S(" spf=pass (sender IP is 192.0.2.1)\n "
		    "smtp.mailfrom=example.org; compauth=pass reason=100"),
		  S("; spf=pass {smtp.mailfrom=example.org}; "
		    "compauth=pass <100>") },
		/* Gmail: quotes around addresses and base64 */
		{ S(" mx.google.com;\n       dkim=pass header.i=@example.org "
		    "header.s=s1 header.b=\"URn9/W+F\";\n       spf=pass "
		    "(google.com: domain of b=c@example.org designates "
		    "2001:db8::1 as permitted sender) "
		    "smtp.mailfrom=\"b=c@example.org\";\n       dmarc=pass "
		    "(p=REJECT sp=REJECT dis=NONE) header.from=example.org"),
		  S("mx.google.com; dkim=pass {header.i=@example.org} "
		    "{header.s=s1} {header.b=URn9/W+F}; spf=pass "
		    "{smtp.mailfrom=b=c@example.org}; dmarc=pass "
		    "{header.from=example.org}") },
		/* Yahoo: a comment that touches the result; a last ";" */
		{ S(" example.yahoo.com; dmarc=pass(p=REJECT) "
		    "header.from=example.org;"),
		  S("example.yahoo.com; dmarc=pass "
		    "{header.from=example.org}") },
		/* mailhop: header.b without the quotes it needs */
		{ S(" outbound2.eu.mailhop.org;\n dkim=pass "
		    "header.d=example.org header.b=ldM9/7F=; \n arc=none "
		    "header.oldest-pass=0;"),
		  S("outbound2.eu.mailhop.org; dkim=pass "
		    "{header.d=example.org} {header.b=ldM9/7F=}; arc=none "
		    "{header.oldest-pass=0}") },
		/* Mail::Milter::Authentication */
		{ S(" mx.example; dkim=pass (2048-bit rsa key sha256) "
		    "header.d=example.org x-bits=2048; x-tls=pass "
		    "smtp.version=TLSv1.3 smtp.bits=256/256; x-return-mx=pass "
		    "policy.is_org=yes; x-vs=clean score=0 state=0"),
		  S("mx.example; dkim=pass {header.d=example.org} "
		    "{.x-bits=2048}; x-tls=pass {smtp.version=TLSv1.3} "
		    "{smtp.bits=256/256}; x-return-mx=pass "
		    "{policy.is_org=yes}; x-vs=clean {.score=0} "
		    "{.state=0}") },
		/* the null sender; rspamd's quotes in a comment */
		{ S(" mx.example; spf=none smtp.mailfrom=<>; dkim=fail "
		    "(\"body hash did not verify\") header.d=example.org"),
		  S("mx.example; spf=none {smtp.mailfrom=<>}; dkim=fail "
		    "{header.d=example.org}") },
		{ S(" mx.example; spf=none smtp.mailfrom=; iprev=pass"),
		  S("mx.example; spf=none {smtp.mailfrom=}; iprev=pass") },
		{ S("mx.example;;spf=pass; ;"), S("mx.example; spf=pass") },
		{ S("mx.example;none(nothing);"), S("mx.example") },
		{ S("mx.example; NONE "), S("mx.example") },
	};

	(void)state;
	CHECK(rows);
}

static void quoting(void **state)
{
	static const struct row rows[] = {
		{ S("\"mx.example\";none"), S("mx.example") },
		{ S("\"mx\\.ex ample\"(c)1(c);none"), S("mx.ex ample") },
		{ S("mx; a=b c.d=\"e; f=g (h) \\\"i\\\\\""),
		  S("mx; a=b {c.d=e; f=g (h) \"i\\}") },
		{ S("mx; a=b c.d=\"e\r\n f\""), S("mx; a=b {c.d=e f}") },
		{ S("mx; a=b c.d=\"e f\"@g.example (x)"),
		  S("mx; a=b {c.d=e f@g.example}") },
		{ S("mx; a=b c.d=\"\" e.f=\"\""), S("mx; a=b {c.d=} {e.f=}") },
		{ S("mx; a=b reason=c d.e=f"), S("mx; a=b <c> {d.e=f}") },
		/* RFC 8601 section 5: UTF-8 where RFC 6532 has it */
		{ S("\xc3\xbc.example; a=b c.d=\xc3\xb6@\xc3\xa4.example"),
		  S("\xc3\xbc.example; a=b "
		    "{c.d=\xc3\xb6@\xc3\xa4.example}") },
	};

	(void)state;
	CHECK(rows);
}

static void refused(void **state)
{
	static const struct str rows[] = {
		S(""),
		S(" "),
		S("mx.example"),
		S("mx.example;"),
		S("mx.example 1"),
		S("mx.example 1.2; none"),
		S("mx.example x; none"),
		S("mx.example/1; none"),
		S("mx example; none"),
		S("; none"),
		S("mx; none; spf=pass"),
		S("mx; none x"),
		S("mx; spf"),
		S("mx; spf="),
		S("mx; spf=;"),
		S("mx; =pass"),
		S("mx; spf=pass,"),
		S("mx; spf=pass smtp"),
		S("mx; spf=pass smtp."),
		S("mx; spf=pass smtp.=x"),
		S("mx; spf=pass .mailfrom=x"),
		S("mx; spf=pass smtp.mailfrom"),
		S("mx; spf=pass smtp.mailfrom=\"x"),
		S("mx; spf=pass smtp.mailfrom=\"x\"y"),
		S("mx; spf=pass smtp.mailfrom=\"x\"a.b=c"),
		S("mx; spf=pass smtp.mailfrom=a\"b\""),
		S("mx; spf=pass smtp.mailfrom=a\\@b"),
		S("mx; spf=pass (open"),
		S("mx; spf=pass )"),
		S("mx; spf=pass x.y=a(b;dmarc=pass"),
		S("mx; spf=pass x.y=a(b).c"),
		S("mx; spf=pass\0"),
		S("mx; spf=pass x.y=a\0b"),
		S("mx; spf=pass\r x.y=z"),
		S("mx; spf=pass\nx.y=z"),
		S("mx; spf=pass x.y=\x80"),
		S("mx\v; spf=pass"),
	};
	struct arena *arena = arena_new(4096);
	struct authres authres;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_RESULT(authres_parse(arena, rows[i], &authres), E_SYNTAX,
			      unit_show(rows[i]));
	arena_free(arena);
}

static void limits(void **state)
{
	static const struct {
		const char *each;
		int n;
		enum result result;
	} rows[] = {
		{ "; a=b", LIMIT_AUTHRES_RESULTS, OK },
		{ "; a=b", LIMIT_AUTHRES_RESULTS + 1, E_LIMIT },
		{ "; a=b c.d=e", LIMIT_AUTHRES_RESULTS, OK },
		{ " c.d=e", LIMIT_AUTHRES_PROPERTIES, OK },
		{ " c.d=e", LIMIT_AUTHRES_PROPERTIES + 1, E_LIMIT },
		{ ";", LIMIT_FIELD - 6, OK },
		{ ";", LIMIT_FIELD, E_LIMIT },
		{ "(", LIMIT_COMMENT_DEPTH + 1, E_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct authres authres;
		struct buf buf;

		buf_init(&buf, arena, 1 << 20);
		buf_add(&buf, STR("mx"));
		if (rows[i].each[0] != ';' || !rows[i].each[1])
			buf_add(&buf, STR(";a=b"));
		for (int k = 0; k < rows[i].n; k++)
			buf_add(&buf, str_from(rows[i].each));
		ASSERT_RESULT(authres_parse(arena, buf_str(&buf), &authres),
			      rows[i].result, rows[i].each);
		arena_free(arena);
	}
}

struct claim {
	struct str text;
	bool ours;
};

static void check_claims(const struct claim *rows, size_t n, struct str id)
{
	struct arena *arena = arena_new(4096);

	for (size_t i = 0; i < n; i++)
		if (authres_claims(arena, rows[i].text, id) != rows[i].ours)
			fail_msg("%s: %s", unit_show(rows[i].text),
				 rows[i].ours ? "is ours" : "is not ours");
	arena_free(arena);
}

#define CLAIMS(rows, id) \
	check_claims(rows, sizeof(rows) / sizeof((rows)[0]), STR(id))

static void forged(void **state)
{
	static const struct claim rows[] = {
		{ S(" mx.example.org; none"), true },
		{ S("mx.example.org"), true },
		{ S("MX.Example.ORG; dmarc=pass"), true },
		{ S("mx.example.org.; dmarc=pass"), true },
		{ S("\"mx.example.org\"; dmarc=pass"), true },
		{ S("\"mx\\.example.org\"; dmarc=pass"), true },
		{ S("\"mx.example.org \"; dmarc=pass"), true },
		{ S("\"mx.\r\n example.org\"; dmarc=pass"), true },
		{ S("(x) mx.example.org; dmarc=pass"), true },
		{ S("(x(y)) mx.example.org (z); dmarc=pass"), true },
		{ S("mx.example.org(z); dmarc=pass"), true },
		{ S("mx.(z)example.org; dmarc=pass"), true },
		{ S("mx . example . org; dmarc=pass"), true },
		{ S("mx.exa(\\)z)mple.org; dmarc=pass"), true },
		{ S("mx.exa(=)mple.org; dmarc=pass"), true },
		{ S("mx.example.org 1; dmarc=pass"), true },
		{ S("mx.example.org 99 (x); dmarc=pass"), true },
		{ S("mx.example.org 1.1; dmarc=pass"), true },
		{ S("mx.example.org/4XabcS3x; dmarc=pass"), true },
		{ S("mx.example.org: dmarc=pass"), true },
		{ S("mx.example.org, dmarc=pass"), true },
		{ S("mx.example.org dmarc=pass"), true },
		{ S("mx.example.org=; dmarc=pass"), true },
		{ S("mx.example.org'x; dmarc=pass"), true },
		{ S("mx.example.org; garbage ((("), true },
		{ S("mx.example.org; dmarc=pass \"open"), true },
		{ S("\r\n\tmx.example.org;\r\n\tdmarc=pass"), true },
		{ S("\n mx.example.org\n ;\n dmarc=pass"), true },
		{ S("mx.exam\r\n ple.org; dmarc=pass"), true },
		{ S("mx.exam\0ple.org; dmarc=pass"), true },
		{ S("\0mx.example.org; dmarc=pass"), true },
		{ S("\vmx.example.org; dmarc=pass"), true },
		{ S("\xa0mx.example.org; dmarc=pass"), true },
		{ S("\rmx.example.org; dmarc=pass"), true },
		{ S("; mx.example.org; dmarc=pass"), true },
		{ S("i=1; mx.example.org; dmarc=pass"), true },
		{ S("<mx.example.org>; dmarc=pass"), true },
		{ S("Authentication-Results: mx.example.org; a=b"), true },
		/* byte order mark, soft hyphen, full-width letters */
		{ S("\xef\xbb\xbfmx.example.org; dmarc=pass"), true },
		{ S("mx.exam\xc2\xadple.org; dmarc=pass"), true },
		{ S("\xef\xbd\x8d\xef\xbd\x98.example.org; dmarc=pass"), true },
		/* "mx.example.org" to a reader that decodes first */
		{ S("=?utf-8?q?mx.example.org?=; dmarc=pass"), true },
		{ S("=?utf-8?b?bXguZXhhbXBsZS5vcmc=?=; dmarc=pass"), true },
		{ S("\"=?utf-8?b?bXguZXhhbXBsZS5vcmc=?=\"; a=b"), true },
		{ S("(=?utf-8?b?KSBteC5leGFtcGxlLm9yZzs=?=) evil.example; a=b"),
		  true },
		{ S("\"mx\".example.org; dmarc=pass"), true },
		{ S("\"mx.exam\\ple.org\" x; dmarc=pass"), true },
		/* comments that readers end elsewhere */
		{ S("(mx.example.org; a=b) evil.example; none"), true },
		{ S("(\\) mx.example.org; a=b) evil.example; none"), true },
		{ S("(a(b) mx.example.org; a=b) evil.example; none"), true },
		{ S("(a(b)mx(c).example.org; a=b) evil.example; none"), true },
		{ S("\"x\\\" mx.example.org; a=b\"; none"), true },
	};

	(void)state;
	CLAIMS(rows, "mx.example.org");
	CLAIMS(rows, "Mx.EXAMPLE.org");
}

static void not_ours(void **state)
{
	static const struct claim rows[] = {
		{ S(""), false },
		{ S(";"), false },
		{ S("evil.example; none"), false },
		{ S("mx.example.org.evil.example; dmarc=pass"), false },
		{ S("notmx.example.org; dmarc=pass"), false },
		{ S("x.mx.example.org; dmarc=pass"), false },
		{ S("example.org; dmarc=pass"), false },
		{ S("(x) evil.example (mx.example.org) 1; dmarc=pass"), false },
		{ S("evil.example; spf=pass (mx.example.org: domain of) "
		    "smtp.mailfrom=mx.example.org"),
		  false },
		{ S("evil.example; spf=pass reason=\"mx.example.org; x\""),
		  false },
		{ S("evil.example; mx.example.org; dmarc=pass"), false },
		{ S("\xc3\xbc.example; dmarc=pass"), false },
		/* Outlook's have no authserv-id */
		{ S(" spf=pass (sender IP is 192.0.2.1)\n "
		    "smtp.mailfrom=example.com; dkim=none"),
		  false },
		{ S("other.example/4XabcS3x; dmarc=pass"), false },
	};

	(void)state;
	CLAIMS(rows, "mx.example.org");
}

/* RFC 8601 section 2.5 has U-labels and A-labels compared as one. */
static void labels(void **state)
{
	static const struct claim rows[] = {
		{ S("mx.b\xc3\xbc"
		    "cher.example; none"),
		  true },
		{ S("MX.B\xc3\x9c"
		    "CHER.example; none"),
		  true },
		{ S("mx.xn--bcher-kva.example; none"), true },
		{ S("mx.XN--BCHER-KVA.EXAMPLE x; none"), true },
		{ S("mx.b\xc3\xbc"
		    "cher.example x; none"),
		  true },
		{ S("; mx.b\xc3\xbc"
		    "cher.example; none"),
		  true },
		{ S("mx.bucher.example; none"), false },
		{ S("mx.xn--bcher-kvb.example; none"), false },
	};

	(void)state;
	CLAIMS(rows, "mx.xn--bcher-kva.example");
	CLAIMS(rows, "mx.b\xc3\xbc"
		     "cher.example");
}

/* An authserv-id may be another name than a domain's (RFC 8601 section 2.5). */
static void names(void **state)
{
	static const struct claim rows[] = {
		{ S("Mill+Race; none"), true },
		{ S("\"mill+race\" 1; none"), true },
		{ S("mill; none"), false },
		{ S("evil.example; x=mill+race"), false },
	};

	(void)state;
	CLAIMS(rows, "mill+race");
	CLAIMS(rows, "Mill+Race");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8601), cmocka_unit_test(rfc8617),
		cmocka_unit_test(others),  cmocka_unit_test(quoting),
		cmocka_unit_test(refused), cmocka_unit_test(limits),
		cmocka_unit_test(forged),  cmocka_unit_test(not_ours),
		cmocka_unit_test(labels),  cmocka_unit_test(names),
	};

	return UNIT_RUN(tests);
}
