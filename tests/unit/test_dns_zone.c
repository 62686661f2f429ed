/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dns_zone"
#include "unit.h"

#include "mail/buf.h"
#include "mail/dns_zone.h"
#include "mail/limits.h"

static struct dns_resolver parse(struct arena *arena, struct str text)
{
	struct dns_zone_fault fault = { 0, "" };
	struct dns_zone *zone;

	if (dns_zone_parse(arena, text, &zone, &fault) != OK)
		fail_msg("line %zu: expected %s", fault.line, fault.expected);
	return dns_zone_resolver(zone);
}

/* "data data", of MX with the preference; or the status. */
static struct str ask(struct arena *arena, const struct dns_resolver *resolver,
		      struct str name, enum dns_type type)
{
	static const char *const status[] = { "none", "no name", "no data",
					      "temporary" };
	struct dns_answer answer;
	struct buf buf;

	dns_query(resolver, arena, name, type, &answer);
	if (answer.status != DNS_OK) {
		assert_int_equal(answer.n, 0);
		return str_from(status[answer.status]);
	}
	assert_true(answer.n > 0);
	buf_init(&buf, arena, 1 << 20);
	for (size_t i = 0; i < answer.n; i++) {
		if (i)
			buf_addc(&buf, ' ');
		if (type == DNS_MX)
			buf_printf(&buf, "%u:", answer.records[i].preference);
		buf_add(&buf, answer.records[i].data);
	}
	return buf_str(&buf);
}

static const char zone_text[] =
	"# a comment\n"
	"  ; another one \\999 \"\n"
	"\n"
	"example.org A 192.0.2.1\n"
	"example.org\tA\t192.0.2.2 \r\n"
	"  Example.ORG.  mx  10  Mail.Example.org.\n"
	"example.org MX 0 .\n"
	"example.org AAAA 2001:db8::ff\n"
	"1.2.0.192.in-addr.arpa PTR Example.org\n"
	"2.0.192.in-addr.arpa NS ns.example.org\n"
	"txt.example.org TXT \"v=spf1 \" \"-all\"\n"
	"txt.example.org TXT \"\\034\\092\\\"\\\\\\255\\000;#\"\n"
	"empty.example.org TXT\n"
	"void.example.org TXT \"\"\n"
	"a.b.c.example.org A 192.0.2.3\n"
	"foo:bar/baz\\032x.example.org A 192.0.2.4\n"
	"\\035x\\255.example.org A 192.0.2.5\n"
	"cname.example.org CNAME example.ORG\n"
	"chain.example.org CNAME cname.example.org.\n"
	"loop1.example.org CNAME loop2.example.org\n"
	"loop2.example.org CNAME LOOP1.example.org\n"
	"nowhere.example.org CNAME no.such.name\n"
	"root.example.org CNAME .\n"
	"both.example.org CNAME no.such.name\n"
	"both.example.org TXT \"own\"\n"
	"fail.example.org A !servfail\n"
	"fail.example.org TXT \"x\"\n"
	"slow.example.org CNAME !Timeout\n"
	"gone.example.org A !nxdomain\n"
	"part.example.org A !nxdomain\n"
	"part.example.org TXT \"x\"\n"
	"half.example.org A 192.0.2.6\n"
	"half.example.org A !timeout\n"
	"xexample.org A 192.0.2.7\n"
	"x-c.example.net A 192.0.2.7\n"
	"b.c.example.net A 192.0.2.7\n"
	"last.example.org A 192.0.2.8";

static const struct {
	struct str name;
	enum dns_type type;
	struct str want;
} answer_rows[] = {
	{ S("example.org"), DNS_A, S("\xc0\0\2\1 \xc0\0\2\2") },
	{ S("EXAMPLE.org"), DNS_MX, S("10:Mail.Example.org 0:") },
	{ S("example.org"), DNS_AAAA,
	  S("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\xff") },
	{ S("1.2.0.192.in-addr.arpa"), DNS_PTR, S("Example.org") },
	{ S("2.0.192.in-addr.arpa"), DNS_NS, S("ns.example.org") },
	{ S("txt.example.org"), DNS_TXT, S("v=spf1 -all \"\\\"\\\xff\0;#") },
	{ S("empty.example.org"), DNS_TXT, S("") },
	{ S("void.example.org"), DNS_TXT, S("") },
	{ S("foo:bar/baz x.example.org"), DNS_A, S("\xc0\0\2\4") },
	{ S("#X\xff.example.org"), DNS_A, S("\xc0\0\2\5") },
	{ S("last.example.org"), DNS_A, S("\xc0\0\2\x8") },
	{ S("xexample.org"), DNS_A, S("\xc0\0\2\7") },
	/* what is not there, and what has something below it */
	{ S("example.org"), DNS_TXT, S("no data") },
	{ S("no.example.org"), DNS_A, S("no name") },
	{ S("b.c.example.org"), DNS_A, S("no data") },
	{ S("c.example.org"), DNS_TXT, S("no data") },
	{ S("org"), DNS_A, S("no data") },
	{ S("arpa"), DNS_PTR, S("no data") },
	{ S("xample.org"), DNS_A, S("no name") },
	{ S("com"), DNS_A, S("no name") },
	{ S("c.example.net"), DNS_A, S("no data") },
	{ S("d.a.b.c.example.org"), DNS_A, S("no name") },
	/* CNAME */
	{ S("cname.example.org"), DNS_AAAA,
	  S("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\xff") },
	{ S("Chain.example.org"), DNS_A, S("\xc0\0\2\1 \xc0\0\2\2") },
	{ S("chain.example.org"), DNS_PTR, S("no data") },
	{ S("loop1.example.org"), DNS_A, S("temporary") },
	{ S("nowhere.example.org"), DNS_A, S("no name") },
	{ S("root.example.org"), DNS_A, S("no name") },
	{ S("both.example.org"), DNS_TXT, S("own") },
	{ S("both.example.org"), DNS_A, S("no name") },
	/* faults */
	{ S("fail.example.org"), DNS_A, S("temporary") },
	{ S("fail.example.org"), DNS_TXT, S("x") },
	{ S("fail.example.org"), DNS_MX, S("no data") },
	{ S("slow.example.org"), DNS_MX, S("temporary") },
	{ S("gone.example.org"), DNS_A, S("no name") },
	{ S("gone.example.org"), DNS_TXT, S("no name") },
	{ S("part.example.org"), DNS_A, S("no name") },
	{ S("part.example.org"), DNS_MX, S("no data") },
	{ S("half.example.org"), DNS_A, S("temporary") },
	/* no names at all */
	{ S(""), DNS_A, S("no name") },
	{ S("a..b"), DNS_A, S("no name") },
};

static void answers(void **state)
{
	struct arena *arena = arena_new(4096);
	struct dns_resolver resolver = parse(arena, STR(zone_text));

	(void)state;
	for (size_t i = 0; i < sizeof(answer_rows) / sizeof(answer_rows[0]);
	     i++)
		ASSERT_STR(ask(arena, &resolver, answer_rows[i].name,
			       answer_rows[i].type),
			   answer_rows[i].want, unit_show(answer_rows[i].name));
	arena_free(arena);
}

static void faults(void **state)
{
	static const struct {
		struct str text;
		size_t line;
		const char *expected; /* a part of the phrase */
	} rows[] = {
		{ S("a"), 1, "a type" },
		{ S("\n# x\n\na A 1.2.3.4\na SOA b\n"), 5, "a type" },
		{ S("a SPF \"v=spf1\""), 1, "a type" },
		{ S("a IN A 1.2.3.4"), 1, "a type" },
		{ S("a A"), 1, "IPv4 address" },
		{ S("a A ::1"), 1, "IPv4 address" },
		{ S("a A 1.2.3"), 1, "IPv4 address" },
		{ S("a A 1.2.3.4 5"), 1, "the end" },
		{ S("a A 1.2.3.4 ; x"), 1, "the end" },
		{ S("a AAAA 1.2.3.4"), 1, "IPv6 address" },
		{ S("a MX b"), 1, "preference" },
		{ S("a MX 65536 b"), 1, "preference" },
		{ S("a MX -1 b"), 1, "preference" },
		{ S("a MX 1"), 1, "a domain name" },
		{ S("a MX 1 b c"), 1, "the end" },
		{ S("a CNAME"), 1, "a domain name" },
		{ S("a PTR b..c"), 1, "a domain name" },
		{ S(".a A 1.2.3.4"), 1, "a domain name" },
		{ S("a.. A 1.2.3.4"), 1, "a domain name" },
		{ S("a\\ A 1.2.3.4"), 1, "a domain name" },
		{ S("a\\"), 1, "a domain name" },
		{ S("a\\256 A 1.2.3.4"), 1, "a domain name" },
		{ S("a\\12 A 1.2.3.4"), 1, "a domain name" },
		{ S("a\\1x2 A 1.2.3.4"), 1, "a domain name" },
		{ S("a TXT b"), 1, "in quotes" },
		{ S("a TXT \"b"), 1, "closing quote" },
		{ S("a TXT \"b\\\""), 1, "closing quote" },
		{ S("a TXT \"b\"\"c\""), 1, "white space" },
		{ S("a TXT \"b\" c"), 1, "in quotes" },
		{ S("a TXT \"\\300\""), 1, "three digits" },
		{ S("a TXT \"\\25"), 1, "three digits" },
		{ S("a TXT !fail"), 1, "!servfail" },
		{ S("a TXT !servfail x"), 1, "the end" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		const char *what = unit_show(rows[i].text);
		struct dns_zone_fault fault = { 0, NULL };
		struct dns_zone *zone;

		ASSERT_RESULT(dns_zone_parse(arena, rows[i].text, &zone,
					     &fault),
			      E_SYNTAX, what);
		if (fault.line != rows[i].line ||
		    !strstr(fault.expected, rows[i].expected))
			fail_msg("%s: line %zu: expected %s", what, fault.line,
				 fault.expected);
		arena_free(arena);
	}
}

/* "name TXT" and a string of n octets, each third written as \DDD. */
static struct str long_string(struct arena *arena, size_t n)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	buf_add(&buf, STR("a TXT \""));
	for (size_t i = 0; i < n; i++)
		buf_add(&buf, i % 3 ? STR("x") : STR("\\001"));
	buf_addc(&buf, '"');
	return buf_str(&buf);
}

/* A record of n strings of 255 octets. */
static struct str long_record(struct arena *arena, size_t n)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 24);
	buf_add(&buf, STR("a TXT"));
	for (size_t i = 0; i < n; i++)
		buf_printf(&buf, " \"%0255d\"", 0);
	return buf_str(&buf);
}

/* A chain of n CNAMEs. */
static struct str long_chain(struct arena *arena, size_t n)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 24);
	for (size_t i = 0; i < n; i++)
		buf_printf(&buf, "a%zu CNAME a%zu\n", i, i + 1);
	buf_printf(&buf, "a%zu TXT \"end\"\n", n);
	return buf_str(&buf);
}

static void limits(void **state)
{
	const struct {
		struct str (*text)(struct arena *arena, size_t n);
		size_t n;
		enum result result;
	} rows[] = {
		{ long_string, LIMIT_TXT_STRING, OK },
		{ long_string, LIMIT_TXT_STRING + 1, E_SYNTAX },
		{ long_string, LIMIT_TXT_STRING * 10, E_SYNTAX },
		/* 255 and their length's octet, 255 times, are 65,280 */
		{ long_record, 255, OK },
		{ long_record, 256, E_SYNTAX },
		{ long_record, 2560, E_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct dns_zone_fault fault;
		struct dns_zone *zone;

		ASSERT_RESULT(dns_zone_parse(arena,
					     rows[i].text(arena, rows[i].n),
					     &zone, &fault),
			      rows[i].result, "limit");
		arena_free(arena);
	}
	for (int n = 1; n <= LIMIT_CNAMES * 10; n++) {
		struct arena *arena = arena_new(4096);
		struct dns_resolver resolver =
			parse(arena, long_chain(arena, (size_t)n));

		ASSERT_STR(ask(arena, &resolver, STR("a0"), DNS_TXT),
			   n <= LIMIT_CNAMES ? STR("end") : STR("temporary"),
			   "chain");
		arena_free(arena);
	}
}

static void file_limit(void **state)
{
	size_t sizes[] = { LIMIT_ZONE_FILE, LIMIT_ZONE_FILE + 1,
			   (size_t)LIMIT_ZONE_FILE * 10 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *text = malloc(sizes[i]);
		struct arena *arena = arena_new(4096);
		struct dns_zone_fault fault;
		struct dns_zone *zone;

		assert_non_null(text);
		memset(text, '\n', sizes[i]);
		ASSERT_RESULT(dns_zone_parse(arena,
					     (struct str){ text, sizes[i] },
					     &zone, &fault),
			      i ? E_LIMIT : OK, "file");
		arena_free(arena);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(faults),
		cmocka_unit_test(limits),
		cmocka_unit_test(file_limit),
	};

	return UNIT_RUN(tests);
}
