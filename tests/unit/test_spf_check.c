/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "spf_check"
#include "spf.h"

/* The zone of RFC 7208 appendix A */
#define APPENDIX_A                                          \
	"example.com MX 10 mail-a.example.com\n"            \
	"example.com MX 20 mail-b.example.com\n"            \
	"example.com A 192.0.2.10\n"                        \
	"example.com A 192.0.2.11\n"                        \
	"amy.example.com A 192.0.2.65\n"                    \
	"bob.example.com A 192.0.2.66\n"                    \
	"mail-a.example.com A 192.0.2.129\n"                \
	"mail-b.example.com A 192.0.2.130\n"                \
	"www.example.com CNAME example.com\n"               \
	"example.org MX 10 mail-c.example.org\n"            \
	"mail-c.example.org A 192.0.2.140\n"                \
	"10.2.0.192.in-addr.arpa PTR example.com\n"         \
	"11.2.0.192.in-addr.arpa PTR example.com\n"         \
	"65.2.0.192.in-addr.arpa PTR amy.example.com\n"     \
	"66.2.0.192.in-addr.arpa PTR bob.example.com\n"     \
	"129.2.0.192.in-addr.arpa PTR mail-a.example.com\n" \
	"130.2.0.192.in-addr.arpa PTR mail-b.example.com\n" \
	"140.2.0.192.in-addr.arpa PTR mail-c.example.org\n" \
	"4.0.0.10.in-addr.arpa PTR bob.example.com\n"

/* What RFC 7208 appendix A.1 says of each of its records */
static void simple_examples(void **state)
{
	static const struct {
		const char *record, *client;
		enum auth want;
	} rows[] = {
		{ "+all", "203.0.113.1", AUTH_PASS },
		{ "a -all", "192.0.2.10", AUTH_PASS },
		{ "a -all", "192.0.2.11", AUTH_PASS },
		{ "a -all", "192.0.2.65", AUTH_FAIL },
		{ "a:example.org -all", "192.0.2.140", AUTH_FAIL },
		{ "mx -all", "192.0.2.129", AUTH_PASS },
		{ "mx -all", "192.0.2.130", AUTH_PASS },
		{ "mx -all", "192.0.2.140", AUTH_FAIL },
		{ "mx:example.org -all", "192.0.2.140", AUTH_PASS },
		{ "mx mx:example.org -all", "192.0.2.129", AUTH_PASS },
		{ "mx mx:example.org -all", "192.0.2.130", AUTH_PASS },
		{ "mx mx:example.org -all", "192.0.2.140", AUTH_PASS },
		{ "mx/30 mx:example.org/30 -all", "192.0.2.128", AUTH_PASS },
		{ "mx/30 mx:example.org/30 -all", "192.0.2.131", AUTH_PASS },
		{ "mx/30 mx:example.org/30 -all", "192.0.2.132", AUTH_FAIL },
		{ "mx/30 mx:example.org/30 -all", "192.0.2.143", AUTH_PASS },
		{ "mx/30 mx:example.org/30 -all", "192.0.2.144", AUTH_FAIL },
		{ "ptr -all", "192.0.2.65", AUTH_PASS },
		{ "ptr -all", "192.0.2.140", AUTH_FAIL },
		{ "ptr -all", "10.0.0.4", AUTH_FAIL },
		{ "ip4:192.0.2.128/28 -all", "192.0.2.65", AUTH_FAIL },
		{ "ip4:192.0.2.128/28 -all", "192.0.2.129", AUTH_PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct spf_result result;
		struct world world;

		begin(&world,
		      str_from(arena_printf(arena,
					    APPENDIX_A
					    "example.com TXT \"v=spf1 %s\"\n",
					    rows[i].record)));
		result = check(&world, rows[i].client, STR("bob@example.com"));
		assert_auth(&result, rows[i].want, rows[i].record);
		ASSERT_STR(result.domain, STR("example.com"), "domain");
		arena_free(world.arena);
		arena_free(arena);
	}
}

/* RFC 7208 appendix A.2 and A.3, with the results that they describe */
static void composed_examples(void **state)
{
	static const char zone[] = APPENDIX_A
		"example.org TXT \"v=spf1 include:example.com "
		"include:example.net -all\"\n"
		"la.example.org TXT \"v=spf1 redirect=example.org\"\n"
		"ny.example.org TXT \"v=spf1 redirect=example.org\"\n"
		"example.net TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
		"example.com TXT \"v=spf1 mx include:mobile-users._spf.%{d} "
		"include:remote-users._spf.%{d} -all\"\n"
		"mobile-users._spf.example.com TXT "
		"\"v=spf1 exists:%{l1r+}.%{d}\"\n"
		"mary.mobile-users._spf.example.com A 127.0.0.2\n"
		"fred.mobile-users._spf.example.com A 127.0.0.2\n"
		"remote-users._spf.example.com TXT "
		"\"v=spf1 exists:%{ir}.%{l1r+}.%{d}\"\n"
		"15.15.168.192.joel.remote-users._spf.example.com "
		"A 127.0.0.2\n";
	static const struct {
		const char *client, *sender, *domain, *mechanism;
		enum auth want;
	} rows[] = {
		{ "192.0.2.129", "x@example.com", "example.com", "mx",
		  AUTH_PASS },
		{ "203.0.113.1", "mary@example.com", "example.com",
		  "include:mobile-users._spf.%{d}", AUTH_PASS },
		{ "203.0.113.1", "fred+blah@Example.COM", "example.com",
		  "include:mobile-users._spf.%{d}", AUTH_PASS },
		{ "192.168.15.15", "joel+1@example.com", "example.com",
		  "include:remote-users._spf.%{d}", AUTH_PASS },
		{ "192.168.15.16", "joel@example.com", "example.com", "-all",
		  AUTH_FAIL },
		{ "192.0.2.129", "x@example.org", "example.org",
		  "include:example.com", AUTH_PASS },
		/* 5.7: also of an IPv6 client the A record is looked up */
		{ "2001:db8::1", "mary@example.com", "example.com",
		  "include:mobile-users._spf.%{d}", AUTH_PASS },
		{ "198.51.100.1", "x@la.example.org", "la.example.org",
		  "include:example.net", AUTH_PASS },
		{ "192.0.2.140", "x@ny.example.org", "ny.example.org", "-all",
		  AUTH_FAIL },
	};
	struct world world;

	(void)state;
	begin(&world, STR(zone));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_result result =
			check(&world, rows[i].client, str_from(rows[i].sender));

		assert_auth(&result, rows[i].want, rows[i].sender);
		ASSERT_STR(result.domain, str_from(rows[i].domain), "domain");
		ASSERT_STR(result.mechanism, str_from(rows[i].mechanism),
			   rows[i].sender);
		assert_null(result.explanation.p);
	}
	arena_free(world.arena);
}

static const char identities_zone[] =
	"helo.example.net TXT \"v=spf1 ip4:192.0.2.1 exists:%{l}.l.example "
	"-all exp=e.example\"\n"
	"e.example TXT \"%{s} %{o} %{h} %{t} %{r}\"\n"
	"x.example TXT \"v=spf1 ip6:::ffff:192.0.2.1 -ip4:192.0.2.1 +all\"\n"
	"xn--bcher-kva.example TXT \"v=spf1 -all exp=e.example\"\n"
	"l.example.com TXT \"v=spf1 exists:%{l}.l.example ?all\"\n"
	"a\\195\\188b.l.example A 127.0.0.2\n"
	"foo@bar.l.example A 127.0.0.2\n"
	"[192.0.2.1] TXT \"v=spf1 +all\"\n";

/* Sections 2.3, 2.4, 4.3 */
static void identities(void **state)
{
	static const struct {
		struct str sender, domain, explanation;
		enum auth want;
	} rows[] = {
		/* 2.4: the null reverse-path */
		{ S(""), S("helo.example.net"),
		  S("postmaster@helo.example.net helo.example.net "
		    "helo.example.net 1750000000 unknown"),
		  AUTH_FAIL },
		/* 4.3: no local part */
		{ S("@helo.example.net."), S("helo.example.net"),
		  S("postmaster@helo.example.net. helo.example.net "
		    "helo.example.net 1750000000 unknown"),
		  AUTH_FAIL },
		/* RFC 8616 section 4: U-labels are asked for as A-labels */
		{ S("a@B\xc3\xbc\x63her.example"), S("xn--bcher-kva.example"),
		  S(""), AUTH_FAIL },
		/* and a local part that is not ASCII matches nothing */
		{ S("a\xc3\xbc\x62@l.example.com"), S("l.example.com"), S(""),
		  AUTH_NEUTRAL },
		/* the last @ parts */
		{ S("foo@bar@l.example.com"), S("l.example.com"), S(""),
		  AUTH_PASS },
		/* 4.3: malformed, one label, no domain, no such domain */
		{ S("a@b..example"), S("b..example"), S(""), AUTH_NONE },
		{ S("a@example"), S("example"), S(""), AUTH_NONE },
		{ S("a@example."), S("example"), S(""), AUTH_NONE },
		{ S("a@"), S(""), S(""), AUTH_NONE },
		{ S("a"), S(""), S(""), AUTH_NONE },
		{ S("a@[192.0.2.1]"), S("[192.0.2.1]"), S(""), AUTH_NONE },
		{ S("a@b\0.example"), S("b\0.example"), S(""), AUTH_NONE },
		{ S("a@\xff.example"), S("\xff.example"), S(""), AUTH_NONE },
		{ S("a@no.such.example"), S("no.such.example"), S(""),
		  AUTH_NONE },
	};
	struct world world;

	(void)state;
	begin(&world, STR(identities_zone));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].sender);
		struct spf_result result =
			check(&world, "192.0.2.9", rows[i].sender);

		assert_auth(&result, rows[i].want, what);
		ASSERT_STR(result.domain, rows[i].domain, what);
		ASSERT_STR(result.explanation, rows[i].explanation, what);
	}
	arena_free(world.arena);
}

static void helo(void **state)
{
	static const struct {
		const char *ip, *helo;
		enum auth want;
	} rows[] = {
		{ "192.0.2.1", "helo.example.net", AUTH_PASS },
		/* section 5: mapped addresses are IPv4 */
		{ "::ffff:192.0.2.1", "Helo.Example.Net", AUTH_PASS },
		{ "192.0.2.2", "helo.example.net", AUTH_FAIL },
		{ "2001:db8::1", "helo.example.net", AUTH_FAIL },
		{ "::ffff:192.0.2.1", "x.example", AUTH_FAIL },
		{ "2001:db8::1", "x.example", AUTH_PASS },
		{ "192.0.2.1", "[192.0.2.1]", AUTH_NONE },
		{ "192.0.2.1", "localhost", AUTH_NONE },
		{ "192.0.2.1", "", AUTH_NONE },
		{ "192.0.2.1", "JUMPIN' JUPITER", AUTH_NONE },
	};
	struct world world;

	(void)state;
	begin(&world, STR(identities_zone));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_client client = client_of(rows[i].ip, rows[i].helo);
		struct spf_result result;

		spf_check_helo(&world.env, world.arena, &client, &result);
		assert_auth(&result, rows[i].want, rows[i].helo);
	}
	arena_free(world.arena);
}

/* DNS faults: sections 4.4, 5, 5.2, 5.5, 6.1, 6.2 */
static void dns_faults(void **state)
{
	static const char zone[] = "dead.example A !timeout\n"
				   "dead.example AAAA !servfail\n"
				   "dead.example MX !timeout\n"
				   "dead.example TXT !servfail\n"
				   "9.2.0.192.in-addr.arpa PTR !timeout\n"
				   "8.2.0.192.in-addr.arpa PTR dead.example\n"
				   "8.2.0.192.in-addr.arpa PTR ok.example\n"
				   "ok.example A 192.0.2.8\n"
				   "mx.example MX 1 dead.example\n"
				   "mx.example MX 2 ok.example\n"
				   "none.example TXT \"no record\"\n"
				   "two.example TXT \"v=spf1 +all\"\n"
				   "two.example TXT \"V=SPF1 +all\"\n"
				   "void.example TXT \"v=spf1\"\n";
	static const struct {
		const char *record, *client;
		enum auth want;
	} rows[] = {
		{ "a:dead.example +all", "192.0.2.9", AUTH_TEMPERROR },
		{ "a:dead.example +all", "2001:db8::1", AUTH_TEMPERROR },
		{ "mx:dead.example +all", "192.0.2.9", AUTH_TEMPERROR },
		{ "mx:mx.example +all", "192.0.2.8", AUTH_TEMPERROR },
		{ "exists:dead.example +all", "192.0.2.9", AUTH_TEMPERROR },
		{ "include:dead.example +all", "192.0.2.9", AUTH_TEMPERROR },
		{ "redirect=dead.example", "192.0.2.9", AUTH_TEMPERROR },
		/* 5.5: the mechanism, the name does not match */
		{ "ptr:ok.example -all", "192.0.2.9", AUTH_FAIL },
		{ "ptr:ok.example -all", "192.0.2.8", AUTH_PASS },
		{ "-all exp=dead.example", "192.0.2.9", AUTH_FAIL },
		/* what stands behind a match is not asked */
		{ "+all a:dead.example", "192.0.2.9", AUTH_PASS },
		{ "include:none.example +all", "192.0.2.9", AUTH_PERMERROR },
		{ "include:no.example +all", "192.0.2.9", AUTH_PERMERROR },
		{ "include:two.example +all", "192.0.2.9", AUTH_PERMERROR },
		{ "include:void.example -all", "192.0.2.9", AUTH_FAIL },
		{ "redirect=none.example", "192.0.2.9", AUTH_PERMERROR },
		{ "redirect=a..example", "192.0.2.9", AUTH_PERMERROR },
		{ "redirect=void.example", "192.0.2.9", AUTH_NEUTRAL },
		/* 5.1: redirect is ignored where there is "all" */
		{ "?all redirect=none.example", "192.0.2.9", AUTH_NEUTRAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct spf_result result;
		struct world world;

		begin(&world, str_from(arena_printf(
				      arena, "%sx.example TXT \"v=spf1 %s\"\n",
				      zone, rows[i].record)));
		result = check(&world, rows[i].client, STR("a@x.example"));
		assert_auth(&result, rows[i].want, rows[i].record);
		arena_free(world.arena);
		arena_free(arena);
	}
}

/* 6.2: when there is an explanation, and whose */
static void explanations(void **state)
{
	static const char zone[] =
		"e.example TXT \"%{d} says no\"\n"
		"utf8.example TXT \"n\\195\\182\"\n"
		"line.example TXT \"no\\010\"\n"
		"local.example TXT \"no, %{l}\"\n"
		"empty.example TXT \"\"\n"
		"split.example TXT \"no\" \"way\"\n"
		"two.example TXT \"no\"\n"
		"two.example TXT \"never\"\n"
		"to.example TXT \"v=spf1 redirect=in.example\"\n"
		"in.example TXT \"v=spf1 -all exp=e.example\"\n";
	static const struct {
		const char *record;
		struct str sender;
		const char *want; /* NULL: none */
	} rows[] = {
		{ "-all exp=e.example", S("a@x.example"), "x.example says no" },
		{ "exp=e.example -all", S("a@X.example"), "X.example says no" },
		{ "redirect=in.example exp=split.example", S("a@x.example"),
		  "in.example says no" },
		{ "-all exp=split.example", S("a@x.example"), "noway" },
		{ "-include:in.example -all", S("a@x.example"), NULL },
		{ "include:to.example -all", S("a@x.example"), NULL },
		{ "-all exp=two.example", S("a@x.example"), NULL },
		{ "~all exp=e.example", S("a@x.example"), NULL },
		{ "-all exp=utf8.example", S("a@x.example"), NULL },
		{ "-all exp=line.example", S("a@x.example"), NULL },
		{ "-all exp=empty.example", S("a@x.example"), NULL },
		{ "-all exp=none.example", S("a@x.example"), NULL },
		{ "-all exp=%{h}..example", S("a@x.example"), NULL },
		{ "-all exp=local.example", S("a b@x.example"), "no, a b" },
		{ "-all exp=local.example", S("\xc3\xb6@x.example"), NULL },
		{ "-all exp=local.example", S("a\r\n@x.example"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct spf_result result;
		struct world world;

		begin(&world, str_from(arena_printf(
				      arena, "%sx.example TXT \"v=spf1 %s\"\n",
				      zone, rows[i].record)));
		result = check(&world, "192.0.2.9", rows[i].sender);
		ASSERT_STR(result.explanation, str_from(rows[i].want),
			   rows[i].record);
		assert_int_equal(result.explanation.p != NULL,
				 rows[i].want != NULL);
		arena_free(world.arena);
		arena_free(arena);
	}
}

/* 7.3: which of the client's validated names the p macro is */
static void validated_names(void **state)
{
	static const char zone[] =
		"x.example TXT \"v=spf1 -all exp=e.example\"\n"
		"e.example TXT \"%{p}\"\n"
		"x.example A 192.0.2.1\n"
		"x.example A 192.0.2.2\n"
		"b.x.example A 192.0.2.1\n"
		"b.x.example A 192.0.2.2\n"
		"b.x.example A 192.0.2.3\n"
		"c.x.example A 192.0.2.3\n"
		"y.example A 192.0.2.1\n"
		"y.example A 192.0.2.3\n"
		"y.example A 192.0.2.4\n"
		"z.example A 192.0.2.4\n"
		"1.2.0.192.in-addr.arpa PTR y.example\n"
		"1.2.0.192.in-addr.arpa PTR b.x.example\n"
		"1.2.0.192.in-addr.arpa PTR X.Example\n"
		"2.2.0.192.in-addr.arpa PTR x.example\n"
		"2.2.0.192.in-addr.arpa PTR b.x.example\n"
		"3.2.0.192.in-addr.arpa PTR y.example\n"
		"3.2.0.192.in-addr.arpa PTR b.x.example\n"
		"3.2.0.192.in-addr.arpa PTR c.x.example\n"
		"4.2.0.192.in-addr.arpa PTR nowhere.example\n"
		"4.2.0.192.in-addr.arpa PTR y.example\n"
		"4.2.0.192.in-addr.arpa PTR z.example\n"
		"5.2.0.192.in-addr.arpa PTR x.example\n"
		"6.2.0.192.in-addr.arpa PTR !servfail\n";
	static const struct {
		const char *client, *want;
	} rows[] = {
		{ "192.0.2.1", "X.Example" }, /* the domain itself */
		{ "192.0.2.2", "x.example" },
		{ "192.0.2.3", "b.x.example" }, /* one below it */
		{ "192.0.2.4", "y.example" },	/* any */
		{ "192.0.2.5", "unknown" },	/* none leads back */
		{ "192.0.2.6", "unknown" },	/* a DNS error */
		{ "192.0.2.7", "unknown" },	/* no name */
	};
	struct world world;

	(void)state;
	begin(&world, STR(zone));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_result result =
			check(&world, rows[i].client, STR("a@x.example"));

		ASSERT_STR(result.explanation, str_from(rows[i].want),
			   rows[i].client);
		/* what an explanation looks up is no reason for a fail */
		assert_string_equal(result.reason, "-all of x.example matches");
	}
	arena_free(world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_examples),
		cmocka_unit_test(composed_examples),
		cmocka_unit_test(identities),
		cmocka_unit_test(helo),
		cmocka_unit_test(dns_faults),
		cmocka_unit_test(explanations),
		cmocka_unit_test(validated_names),
	};

	return UNIT_RUN(tests);
}
