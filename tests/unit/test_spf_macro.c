/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "spf_macro"
#include "unit.h"

#include "mail/spf_macro.h"

enum { LIMIT = 1000 };

static struct str validated(void *context)
{
	(void)context;
	return STR("mx.example.org");
}

/* The values of RFC 7208 section 7.4, of an IPv4 or IPv6 client. */
static struct spf_values values_of(const char *client)
{
	struct spf_values values = {
		.sender = STR("strong-bad@email.example.com"),
		.local = STR("strong-bad"),
		.origin = STR("email.example.com"),
		.domain = STR("email.example.com"),
		.helo = STR("Helo.Example.NET"),
		.now = 1750000000,
		.validated = validated,
	};

	ASSERT_RESULT(ip_parse(str_from(client), &values.client), OK, client);
	return values;
}

struct row {
	struct str text, want;
};

static void expand_rows(const char *client, const struct row *rows, size_t n)
{
	struct spf_values values = values_of(client);
	struct arena *arena = arena_new(4096);

	for (size_t i = 0; i < n; i++) {
		struct str got;

		ASSERT_RESULT(spf_macro_expand(arena, rows[i].text, &values,
					       LIMIT, &got),
			      OK, rows[i].text.p);
		/* the RFC prints the nibbles of addresses in lower case */
		ASSERT_STR(arena_lower(arena, got),
			   arena_lower(arena, rows[i].want), rows[i].text.p);
		assert_true(spf_macro_is_explanation(rows[i].text));
	}
	arena_free(arena);
}

/* The examples of RFC 7208 section 7.4 */
static void examples(void **state)
{
	static const struct row four[] = {
		{ S("%{s}"), S("strong-bad@email.example.com") },
		{ S("%{o}"), S("email.example.com") },
		{ S("%{d}"), S("email.example.com") },
		{ S("%{d4}"), S("email.example.com") },
		{ S("%{d3}"), S("email.example.com") },
		{ S("%{d2}"), S("example.com") },
		{ S("%{d1}"), S("com") },
		{ S("%{dr}"), S("com.example.email") },
		{ S("%{d2r}"), S("example.email") },
		{ S("%{l}"), S("strong-bad") },
		{ S("%{l-}"), S("strong.bad") },
		{ S("%{lr}"), S("strong-bad") },
		{ S("%{lr-}"), S("bad.strong") },
		{ S("%{l1r-}"), S("strong") },
		{ S("%{ir}.%{v}._spf.%{d2}"),
		  S("3.2.0.192.in-addr._spf.example.com") },
		{ S("%{lr-}.lp._spf.%{d2}"),
		  S("bad.strong.lp._spf.example.com") },
		{ S("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}"),
		  S("bad.strong.lp.3.2.0.192.in-addr._spf.example.com") },
		{ S("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}"),
		  S("3.2.0.192.in-addr.strong.lp._spf.example.com") },
		{ S("%{d2}.trusted-domains.example.net"),
		  S("example.com.trusted-domains.example.net") },
	};
	static const struct row six[] = {
		{ S("%{ir}.%{v}._spf.%{d2}"),
		  S("1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
		    "1.0.0.2.ip6._spf.example.com") },
	};

	(void)state;
	expand_rows("192.0.2.3", four, sizeof(four) / sizeof(*four));
	expand_rows("2001:db8::cb01", six, sizeof(six) / sizeof(*six));
}

/* Sections 7.1 to 7.3, where 7.4 has no example. */
static void letters(void **state)
{
	static const struct row four[] = {
		{ S(""), S("") },
		{ S("a b."), S("a b.") },
		{ S("%%%_%-"), S("% %20") },
		{ S("%{i} %{c} %{v}"), S("192.0.2.3 192.0.2.3 in-addr") },
		{ S("%{h}"), S("Helo.Example.NET") },
		{ S("%{p}"), S("mx.example.org") },
		{ S("%{p2}"), S("example.org") },
		{ S("%{r}"), S("unknown") },
		{ S("%{t}"), S("1750000000") },
		{ S("%{d0000000002}"), S("example.com") },
		{ S("%{d128}"), S("email.example.com") },
		{ S("%{d99999999999999999999}"), S("email.example.com") },
		{ S("%{dR}"), S("com.example.email") },
		{ S("%{s2.-}"), S("example.com") },
		{ S("%{sr.-+,/_=}"), S("com.example.bad@email.strong") },
		{ S("%{S}"), S("strong-bad%40email.example.com") },
	};
	static const struct row six[] = {
		{ S("%{c} %{v}"), S("2001:db8::cb01 ip6") },
		{ S("%{C}"), S("2001%3Adb8%3A%3Acb01") },
		{ S("%{i2}"), S("0.1") },
	};

	(void)state;
	expand_rows("192.0.2.3", four, sizeof(four) / sizeof(*four));
	expand_rows("2001:db8::cb01", six, sizeof(six) / sizeof(*six));
}

/* 7.3: unreserved characters of RFC 3986 stay, all others are escaped. */
static void escapes(void **state)
{
	struct spf_values values = values_of("192.0.2.3");
	struct arena *arena = arena_new(4096);
	struct str got;

	(void)state;
	values.local = STR("aZ09-._~ !/%@\xc3\xbc\x01");
	ASSERT_RESULT(spf_macro_expand(arena, STR("%{L}"), &values, LIMIT,
				       &got),
		      OK, "L");
	ASSERT_STR(got, STR("aZ09-._~%20%21%2F%25%40%C3%BC%01"), "L");
	/* parts are joined with dots that are not escaped */
	ASSERT_RESULT(spf_macro_expand(arena, STR("%{Lr/}"), &values, LIMIT,
				       &got),
		      OK, "Lr/");
	ASSERT_STR(got, STR("%25%40%C3%BC%01.aZ09-._~%20%21"), "Lr/");
	values.local = STR("");
	ASSERT_RESULT(spf_macro_expand(arena, STR("<%{l1r}>"), &values, LIMIT,
				       &got),
		      OK, "empty");
	ASSERT_STR(got, STR("<>"), "empty");
	values.receiver = STR("mx.us.example");
	ASSERT_RESULT(spf_macro_expand(arena, STR("%{r2}"), &values, LIMIT,
				       &got),
		      OK, "r");
	ASSERT_STR(got, STR("us.example"), "r");
	arena_free(arena);
}

/* The grammar of 7.1; c, r and t only in explanations (7.2). */
static const struct {
	struct str text;
	bool domain_spec, string, explanation;
} grammar_rows[] = {
	{ S(""), false, true, true },
	{ S("a.example"), true, true, true },
	{ S("a.example."), true, true, true },
	{ S("a.example.."), false, true, true },
	{ S("example"), false, true, true },
	{ S("example."), false, true, true },
	{ S(".example"), true, true, true },
	{ S("a.b2"), true, true, true },
	{ S("a.2b"), true, true, true },
	{ S("a.22"), false, true, true },
	{ S("a.2-2"), true, true, true },
	{ S("a.-b"), false, true, true },
	{ S("a.b-"), false, true, true },
	{ S("a.b_c"), false, true, true },
	{ S("a_.b:c/d!.e"), true, true, true },
	{ S("a.b/24"), false, true, true },
	{ S("%{d}"), true, true, true },
	{ S("a%{d}"), true, true, true },
	{ S("%{d}."), false, true, true },
	{ S("%{d}.b"), true, true, true },
	{ S("%{d}b"), false, true, true },
	{ S("%{d.}b"), false, true, true },
	{ S("%%"), true, true, true },
	{ S("%{SLODIPHV}"), false, false, false },
	{ S("%{S1r.-+,/_=}"), true, true, true },
	{ S("%{c}"), false, true, true },
	{ S("%{R}"), false, true, true },
	{ S("%{t}.example"), false, true, true },
	{ S("a b.example"), false, false, true },
	{ S("%"), false, false, false },
	{ S("%a"), false, false, false },
	{ S("%("), false, false, false },
	{ S("%{"), false, false, false },
	{ S("%{}"), false, false, false },
	{ S("%{d"), false, false, false },
	{ S("%{d1"), false, false, false },
	{ S("%{d."), false, false, false },
	{ S("%{x}"), false, false, false },
	{ S("%{d0}"), false, false, false },
	{ S("%{d000}"), false, false, false },
	{ S("%{dr1}"), false, false, false },
	{ S("%{d.r}"), false, false, false },
	{ S("%{d:}"), false, false, false },
	{ S("%{s@}"), false, false, false },
	{ S("%{ d}"), false, false, false },
	{ S("%{\0}"), false, false, false },
	{ S("a.b\0"), false, false, false },
	{ S("a\t.b"), false, false, false },
	{ S("a\x7f.b"), false, false, false },
	{ S("\xc3\xbc.b"), false, false, false },
};

static void grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(grammar_rows) / sizeof(grammar_rows[0]);
	     i++) {
		struct str text = grammar_rows[i].text;

		if (spf_macro_is_domain_spec(text) !=
			    grammar_rows[i].domain_spec ||
		    spf_macro_is_string(text) != grammar_rows[i].string ||
		    spf_macro_is_explanation(text) !=
			    grammar_rows[i].explanation)
			fail_msg("%s", unit_show(text));
	}
}

static void limits(void **state)
{
	struct spf_values values = values_of("192.0.2.3");
	struct arena *arena = arena_new(4096);
	struct str got;

	(void)state;
	for (int n = 1; n <= LIMIT * 10; n += LIMIT - 1) {
		values.local = str_from(arena_printf(arena, "%0*d", n, 0));
		ASSERT_RESULT(spf_macro_expand(arena, STR("%{l}"), &values,
					       LIMIT, &got),
			      n <= LIMIT ? OK : E_LIMIT, "alone");
		ASSERT_RESULT(spf_macro_expand(arena, STR("x%{l}"), &values,
					       LIMIT, &got),
			      n < LIMIT ? OK : E_LIMIT, "one above");
	}
	ASSERT_RESULT(spf_macro_expand(arena, STR("%{q}"), &values, LIMIT,
				       &got),
		      E_SYNTAX, "no macro");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples), cmocka_unit_test(letters),
		cmocka_unit_test(escapes),  cmocka_unit_test(grammar),
		cmocka_unit_test(limits),
	};

	return UNIT_RUN(tests);
}
