/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dmarc_record"
#include "unit.h"

#include "mail/buf.h"
#include "mail/dmarc_record.h"
#include "mail/limits.h"

static const char *show(struct arena *arena, const struct dmarc_record *r)
{
	static const char psd[] = "uyn";

	return arena_printf(arena,
			    "%s %s%s %s%s psd=%c adkim=%c aspf=%c t=%c fo=%s",
			    dmarc_policy_name(r->p), r->has_sp ? "sp=" : "",
			    dmarc_policy_name(r->sp), r->has_np ? "np=" : "",
			    dmarc_policy_name(r->np), psd[r->psd],
			    r->strict_dkim ? 's' : 'r',
			    r->strict_spf ? 's' : 'r', r->testing ? 'y' : 'n',
			    r->fo.p);
}

struct row {
	struct str text;
	enum result result;
	const char *want; /* NULL: not looked at */
	struct str rua;
};

static void check_rows(const struct row *rows, size_t n)
{
	struct arena *arena = arena_new(4096);

	for (size_t i = 0; i < n; i++) {
		const char *what = unit_show(rows[i].text);
		struct dmarc_record record;

		ASSERT_RESULT(dmarc_record_parse(arena, rows[i].text, &record),
			      rows[i].result, what);
		if (rows[i].want &&
		    strcmp(show(arena, &record), rows[i].want) != 0)
			fail_msg("%s: got %s, want %s", what,
				 show(arena, &record), rows[i].want);
		if (rows[i].rua.p)
			ASSERT_STR(record.rua, rows[i].rua, what);
	}
	arena_free(arena);
}
#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof(*(rows)))

#define DEFAULTS " psd=u adkim=r aspf=r t=n fo=0"
#define NONE "none none none" DEFAULTS
#define REJECT "reject reject reject" DEFAULTS
#define RUA "; rua=mailto:a@b.example"

/* RFC 9989 appendix B.2, B.3.1 */
static void examples(void **state)
{
	static const struct row rows[] = {
		{ S("v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com"),
		  OK, NONE, S("mailto:dmarc-feedback@example.com") },
		{ S("v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; "
		    "ruf=mailto:auth-reports@thirdparty.example.net"),
		  OK, NONE, S("mailto:dmarc-feedback@example.com") },
		{ S("v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@"
		    "example.com,mailto:tld-test@thirdparty.example.net; t=y"),
		  OK,
		  "quarantine quarantine quarantine psd=u adkim=r aspf=r t=y "
		  "fo=0",
		  S("mailto:dmarc-feedback@example.com,"
		    "mailto:tld-test@thirdparty.example.net") },
		{ S("v=DMARC1; p=reject; aspf=r; "
		    "rua=mailto:dmarc-feedback@example.com"),
		  OK, REJECT, S("mailto:dmarc-feedback@example.com") },
		/* for reports elsewhere (B.2.3); no policy */
		{ S("v=DMARC1;"), E_SYNTAX, NONE, S("") },
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* 4.7, 4.8: "v" comes first; its value is case sensitive */
static void versions(void **state)
{
	static const struct row rows[] = {
		{ S("v=DMARC1;p=reject"), OK, REJECT, S("") },
		{ S("V = DMARC1 \t;\tP = Reject ;"), OK, REJECT, S("") },
		{ S("v=DMARC1; p=reject;;; ;"), OK, REJECT, S("") },
		{ S("v=DMARC1; v=DMARC2; p=reject"), OK, REJECT, S("") },
		{ S(""), E_ABSENT, NULL, S("") },
		{ S(";"), E_ABSENT, NULL, S("") },
		{ S("v"), E_ABSENT, NULL, S("") },
		{ S("v="), E_ABSENT, NULL, S("") },
		{ S("=DMARC1; p=reject"), E_ABSENT, NULL, S("") },
		{ S("v=dmarc1; p=reject"), E_ABSENT, NULL, S("") },
		{ S("v=DMARC1\0; p=reject"), E_ABSENT, NULL, S("") },
		{ S("v=DMARC10; p=reject"), E_ABSENT, NULL, S("") },
		{ S("v=DMARC1 p=reject"), E_ABSENT, NULL, S("") },
		{ S("v=DMARC1, p=reject"), E_ABSENT, NULL, S("") },
		{ S("v==DMARC1; p=reject"), E_ABSENT, NULL, S("") },
		{ S(" v=DMARC1; p=reject"), E_ABSENT, NULL, S("") },
		{ S("\xef\xbb\xbfv=DMARC1; p=reject"), E_ABSENT, NULL, S("") },
		{ S("p=reject; v=DMARC1"), E_ABSENT, NULL, S("") },
		{ S("; v=DMARC1; p=reject"), E_ABSENT, NULL, S("") },
		{ S("v=spf1 -all"), E_ABSENT, NULL, S("") },
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* 4.7: defaults; 4.10.1: policies that are missing or not valid */
static void policies(void **state)
{
	static const struct row rows[] = {
		{ S("v=DMARC1; p=quarantine; sp=none"), OK,
		  "quarantine sp=none none" DEFAULTS, S("") },
		{ S("v=DMARC1; np=reject; sp=none; p=quarantine"), OK,
		  "quarantine sp=none np=reject" DEFAULTS, S("") },
		{ S("v=DMARC1; p=quarantine; np=reject"), OK,
		  "quarantine quarantine np=reject" DEFAULTS, S("") },
		{ S("v=DMARC1; p=n"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p="), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p=reject x"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p=reject\0"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p=reject,none"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; pp=reject"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p reject"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; sp=reject"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p=reject; sp=bob"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p=reject; sp="), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p=reject; np=bob"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1" RUA), OK, NONE, S("mailto:a@b.example") },
		{ S("v=DMARC1; p=bob" RUA), OK, NONE, S("mailto:a@b.example") },
		{ S("v=DMARC1; p=reject; sp=bob" RUA), OK, NONE,
		  S("mailto:a@b.example") },
		/* a record with p=none is all none; its other tags stay */
		{ S("v=DMARC1; p=reject; np=bob; sp=quarantine; psd=n" RUA), OK,
		  "none none none psd=n adkim=r aspf=r t=n fo=0",
		  S("mailto:a@b.example") },
		/* and the psd= of one that may not be applied */
		{ S("v=DMARC1; psd=y"), E_SYNTAX,
		  "none none none psd=y adkim=r aspf=r t=n fo=0", S("") },
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* 4.8: what is not valid has its default value; RFC 6376 section 3.2 */
static void other_tags(void **state)
{
	static const struct row rows[] = {
		{ S("v=DMARC1; p=reject; adkim=s; aspf=s; psd=n; t=y"), OK,
		  "reject reject reject psd=n adkim=s aspf=s t=y fo=0", S("") },
		{ S("v=DMARC1; p=reject; ADKIM=S; Aspf=S; PSD=Y; T=Y"), OK,
		  "reject reject reject psd=y adkim=s aspf=s t=y fo=0", S("") },
		{ S("v=DMARC1; p=reject; adkim=r; aspf=r; psd=u; t=n"), OK,
		  REJECT, S("") },
		{ S("v=DMARC1; p=reject; adkim=x; aspf=ss; psd=yes; t=true; "
		    "fo=9; rua; =; pct=bogus; ri=; rf=-; bogus"),
		  OK, REJECT, S("") },
		{ S("v=DMARC1; p=reject; adkim=s r; aspf=; psd=\0n; t=\xff"),
		  OK, REJECT, S("") },
		/* twice: no value */
		{ S("v=DMARC1; p=none; p=none"), E_SYNTAX, NONE, S("") },
		{ S("v=DMARC1; p=reject; p=none; p=none" RUA), OK, NONE,
		  S("mailto:a@b.example") },
		{ S("v=DMARC1; p=reject; psd=n; psd=n; adkim=s; ADKIM=s"), OK,
		  REJECT, S("") },
		{ S("v=DMARC1; p=reject; sp=none; sp=none"), E_SYNTAX, NONE,
		  S("") },
		{ S("v=DMARC1; p=reject; x=1; x=2"), OK, REJECT, S("") },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void failure_options(void **state)
{
	static const struct {
		struct str fo, want;
	} rows[] = {
		{ S("fo=0; "), S("0") },
		{ S("fo=1; "), S("1") },
		{ S("fo=1:d:s; "), S("1:d:s") },
		{ S("fo=d : S:0; "), S("d : S:0") },
		{ S("fo=d; "), S("d") },
		{ S("fo=s:d; "), S("s:d") },
		{ S(""), S("0") },
		{ S("fo=; "), S("0") },
		{ S("fo=0:1; "), S("0") },
		{ S("fo=d:d; "), S("0") },
		{ S("fo=1:; "), S("0") },
		{ S("fo=01; "), S("0") },
		{ S("fo=1,d; "), S("0") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *what = unit_show(rows[i].fo);
		const char *text = arena_printf(
			arena, "v=DMARC1; %.*sp=none; ruf=mailto:a@b.example",
			STR_ARG(rows[i].fo));
		struct dmarc_record record;

		ASSERT_RESULT(dmarc_record_parse(arena, str_from(text),
						 &record),
			      OK, what);
		ASSERT_STR(record.fo, rows[i].want, what);
		ASSERT_STR(record.ruf, STR("mailto:a@b.example"), what);
		/* 4.7: ignored without ruf */
		text = arena_printf(arena, "v=DMARC1; %.*sp=none",
				    STR_ARG(rows[i].fo));
		ASSERT_RESULT(dmarc_record_parse(arena, str_from(text),
						 &record),
			      OK, what);
		ASSERT_STR(record.fo, STR("0"), what);
	}
	arena_free(arena);
}

/* 4.8: dmarc-urilist, with the URI of RFC 3986 */
static void addresses(void **state)
{
	static const struct {
		struct str rua;
		enum result result;
	} rows[] = {
		{ S("mailto:a@b.example"), OK },
		{ S("mailto:a%2c%21@b.example?subject=x&a=[::1]"), OK },
		{ S("https://[2001:db8::1]:443/x?y#z"), OK },
		{ S("MAILTO:a@b.example!10m"), OK },
		{ S("mailto:a@b.example!99999999999999999999999999"), OK },
		{ S("bogus , mailto:a@b.example\t"), OK },
		{ S("mailto:a@b.example,bogus,"), OK },
		{ S("x+y-1.z:1"), OK },
		{ S(""), E_SYNTAX },
		{ S(","), E_SYNTAX },
		{ S("bogus"), E_SYNTAX },
		{ S("a@b.example"), E_SYNTAX },
		{ S("mailto:"), E_SYNTAX },
		{ S(":a@b.example"), E_SYNTAX },
		{ S("1mailto:a@b.example"), E_SYNTAX },
		{ S("mail to:a@b.example"), E_SYNTAX },
		{ S("mailto:a@b.example!"), E_SYNTAX },
		{ S("mailto:!10m"), E_SYNTAX },
		{ S("!10m:x"), E_SYNTAX },
		{ S("mailto:a@b.example!10p"), E_SYNTAX },
		{ S("mailto:a@b.example!10mm"), E_SYNTAX },
		{ S("mailto:a@b.example!m"), E_SYNTAX },
		{ S("mailto:a%2@b.example"), E_SYNTAX },
		{ S("mailto:a@b.example%2"), E_SYNTAX },
		{ S("mailto:a%"), E_SYNTAX },
		{ S("mailto:<a@b.example>"), E_SYNTAX },
		{ S("mailto:\"a\"@b.example"), E_SYNTAX },
		{ S("mailto:\xc3\xbc@b.example"), E_SYNTAX },
		{ S("mailto:a\0@b.example"), E_SYNTAX },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str rua = rows[i].rua;
		struct dmarc_record record;
		struct buf buf;

		buf_init(&buf, arena, LIMIT_DMARC_RECORD);
		buf_add(&buf, STR("v=DMARC1; rua="));
		buf_add(&buf, rua);
		ASSERT_RESULT(dmarc_record_parse(arena, buf_str(&buf), &record),
			      rows[i].result, unit_show(rua));
		ASSERT_STR(record.rua, str_trim(rua), unit_show(rua));
		assert_int_equal(record.p, DMARC_NONE);
	}
	arena_free(arena);
}

/* LIMIT_DMARC_RECORD: at it, one above, ten times above; 64 KiB of TXT */
static void limits(void **state)
{
	static const struct {
		const char *begin;
		size_t n;
		enum result result;
	} rows[] = {
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD, OK },
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD + 1, E_LIMIT },
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD * 10, E_LIMIT },
		{ "v=DMARC1; p=reject; x=", LIMIT_RDATA, E_LIMIT },
		{ "v=spf1 ", LIMIT_RDATA, E_ABSENT },
		{ "v=DMARC1", LIMIT_RDATA, E_ABSENT },
		{ "v=DMARC1;p=reject;;", LIMIT_DMARC_RECORD, OK },
	};
	struct arena *arena = arena_new(4096);
	char *text = arena_alloc(arena, LIMIT_RDATA);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t begin = strlen(rows[i].begin);
		struct dmarc_record record;

		/* the last row is nothing but tags */
		memset(text, rows[i].begin[begin - 1] == ';' ? ';' : 'x',
		       LIMIT_RDATA);
		memcpy(text, rows[i].begin, begin);
		ASSERT_RESULT(dmarc_record_parse(
				      arena, (struct str){ text, rows[i].n },
				      &record),
			      rows[i].result, rows[i].begin);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),	   cmocka_unit_test(versions),
		cmocka_unit_test(policies),	   cmocka_unit_test(other_tags),
		cmocka_unit_test(failure_options), cmocka_unit_test(addresses),
		cmocka_unit_test(limits),
	};

	return UNIT_RUN(tests);
}
