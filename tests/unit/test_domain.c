/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "domain"
#include "unit.h"

#include "mail/domain.h"
#include "mail/limits.h"

static void normal_form(void **state)
{
	static const struct {
		const char *domain, *normal; /* NULL: no domain */
	} rows[] = {
		{ "example.org", "example.org" },
		{ "EXAMPLE.Org", "example.org" },
		{ "example.org.", "example.org" },
		{ "localhost", "localhost" },
		{ "a", "a" },
		{ "1.2.3.4.example", "1.2.3.4.example" },
		{ "a--b.example", "a--b.example" },
		/* underscores: RFC 8552, and hosts that exist */
		{ "_dmarc.example.org", "_dmarc.example.org" },
		{ "x_y.example", "x_y.example" },
		/* U-labels and A-labels as UTS 46 and IANA publish them */
		{ "\xc3\xbc.example", "xn--tda.example" },
		{ "\xc3\x9c.EXAMPLE", "xn--tda.example" },
		{ "b\xc3\xbc"
		  "cher.example",
		  "xn--bcher-kva.example" },
		{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
		/* IDNA 2008 keeps the sharp s, 2003 made it ss */
		{ "stra\xc3\x9f"
		  "e.example",
		  "xn--strae-oqa.example" },
		/* u and a combining diaeresis is the same letter */
		{ "u\xcc\x88.example", "xn--tda.example" },
		{ "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9"
		  "\xe3\x83\x88",
		  "xn--r8jz45g.xn--zckzah" },
		/* UTS 46 takes the ideographic full stop for a dot */
		{ "\xc3\xbc\xe3\x80\x82"
		  "example",
		  "xn--tda.example" },
		{ "", NULL },
		{ ".", NULL },
		{ "..", NULL },
		{ ".example", NULL },
		{ "a..example", NULL },
		{ "example..", NULL },
		{ "-a.example", NULL },
		{ "a-.example", NULL },
		{ "a b.example", NULL },
		{ " example", NULL },
		{ "example ", NULL },
		{ "a\tb", NULL },
		{ "a\nb", NULL },
		{ "a@b", NULL },
		{ "a/b", NULL },
		{ "../etc", NULL },
		{ "a;b=c", NULL },
		{ "legitimate.com'a.attack.com", NULL },
		{ "legitimate.com(a.attack.com", NULL },
		{ "[192.0.2.1]", NULL },
		{ "*.example", NULL },
		{ "a\\b", NULL },
		{ "a\x7f", NULL },
		/* no UTF-8: alone, cut, overlong, a surrogate */
		{ "\xff.example", NULL },
		{ "\xc3.example", NULL },
		{ "\xc3", NULL },
		{ "\xc0\xae", NULL },
		{ "\xed\xa0\x80.example", NULL },
		/* what IDNA 2008 does not allow: EN QUAD, right-to-left
		 * override, a mark at the begin */
		{ "legitimate.com\xe2\x80\x80", NULL },
		{ "a\xe2\x80\xae"
		  "b.example",
		  NULL },
		{ "\xcc\x88"
		  "u.example",
		  NULL },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str domain = str_from(rows[i].domain), normal;
		const char *what = unit_show(domain);

		if (!rows[i].normal) {
			ASSERT_RESULT(domain_normalize(arena, domain, &normal),
				      E_SYNTAX, what);
			continue;
		}
		ASSERT_RESULT(domain_normalize(arena, domain, &normal), OK,
			      what);
		ASSERT_STR(normal, str_from(rows[i].normal), what);
		/* the normal form is its own normal form */
		ASSERT_RESULT(domain_normalize(arena, normal, &normal), OK,
			      what);
		ASSERT_STR(normal, str_from(rows[i].normal), what);
	}
	arena_free(arena);
}

static void nul_is_no_end(void **state)
{
	struct arena *arena = arena_new(4096);
	struct str normal;

	(void)state;
	ASSERT_RESULT(domain_normalize(arena, STR("a.example\0.evil"), &normal),
		      E_SYNTAX, "inside");
	ASSERT_RESULT(domain_normalize(arena, STR("a.example\0"), &normal),
		      E_SYNTAX, "at the end");
	ASSERT_RESULT(domain_normalize(arena, STR("\xc3\xbc\0x"), &normal),
		      E_SYNTAX, "behind a U-label");
	ASSERT_RESULT(domain_normalize(arena, (struct str){ NULL, 0 }, &normal),
		      E_SYNTAX, "no bytes");
	arena_free(arena);
}

/* `n` octets of labels as long as they may be. */
static struct str long_domain(struct arena *arena, size_t n)
{
	char *p = arena_alloc(arena, n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = i % (LIMIT_LABEL + 1) == LIMIT_LABEL ? '.' : 'a';
	return (struct str){ p, n };
}

static void limits(void **state)
{
	/* RFC 1035 2.3.4: 255 octets with the length bytes are 253 here */
	static const struct {
		size_t n;
		enum result result;
	} rows[] = {
		{ 63, OK },	    { 253, OK },	  { 254, E_SYNTAX },
		{ 255, E_SYNTAX },  { 256, E_SYNTAX },	  { 2530, E_SYNTAX },
		{ 4096, E_SYNTAX }, { 100000, E_SYNTAX },
	};
	struct arena *arena = arena_new(4096);
	struct str domain, normal;
	char label[640];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		domain = long_domain(arena, rows[i].n);
		ASSERT_RESULT(domain_normalize(arena, domain, &normal),
			      rows[i].result, "length");
	}
	/* the dot at the end is not counted */
	domain = str_from(
		arena_printf(arena, "%.*s.", STR_ARG(long_domain(arena, 253))));
	ASSERT_RESULT(domain_normalize(arena, domain, &normal), OK, "dot");
	memset(label, 'a', sizeof(label));
	ASSERT_RESULT(domain_normalize(arena, (struct str){ label, 63 },
				       &normal),
		      OK, "label");
	ASSERT_RESULT(domain_normalize(arena, (struct str){ label, 64 },
				       &normal),
		      E_SYNTAX, "label, one above");
	ASSERT_RESULT(domain_normalize(arena, (struct str){ label, 630 },
				       &normal),
		      E_SYNTAX, "label, ten times");
	arena_free(arena);
}

static void parents(void **state)
{
	(void)state;
	ASSERT_STR(domain_parent(STR("a.b.c")), STR("b.c"), "three");
	ASSERT_STR(domain_parent(STR("b.c")), STR("c"), "two");
	ASSERT_STR(domain_parent(STR("c")), STR(""), "one");
	ASSERT_STR(domain_parent(STR("")), STR(""), "none");
}

static void within(void **state)
{
	static const struct {
		const char *domain, *parent;
		bool within;
	} rows[] = {
		{ "example.org", "example.org", true },
		{ "a.example.org", "example.org", true },
		{ "a.b.example.org", "example.org", true },
		{ "aexample.org", "example.org", false },
		{ "example.org", "a.example.org", false },
		{ "example.org.evil", "example.org", false },
		{ "example.com", "example.org", false },
		{ "org", "example.org", false },
		{ "x", "y", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(domain_is_within(str_from(rows[i].domain),
						  str_from(rows[i].parent)),
				 rows[i].within);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_form), cmocka_unit_test(nul_is_no_end),
		cmocka_unit_test(limits),      cmocka_unit_test(parents),
		cmocka_unit_test(within),
	};

	return UNIT_RUN(tests);
}
