/* SPDX-License-Identifier: BSD-2-Clause */
#include "spf_parse.h"

#include "buf.h"
#include "limits.h"
#include "spf_macro.h"

enum { SHOWN_MAX = 60 }; /* octets of a term in the text of a fault */

/* What stands behind the name of a mechanism. */
enum form {
	FORM_NONE,
	FORM_DOMAIN,	      /* ":" domain-spec */
	FORM_OPTIONAL_DOMAIN, /* [ ":" domain-spec ] */
	FORM_DOMAIN_CIDR,     /* [ ":" domain-spec ] [ dual-cidr-length ] */
	FORM_IP4,	      /* ":" ip4-network [ ip4-cidr-length ] */
	FORM_IP6,	      /* ":" ip6-network [ ip6-cidr-length ] */
};

static const struct {
	const char *name;
	enum form form;
} mechanisms[] = {
	[SPF_ALL] = { "all", FORM_NONE },
	[SPF_INCLUDE] = { "include", FORM_DOMAIN },
	[SPF_A] = { "a", FORM_DOMAIN_CIDR },
	[SPF_MX] = { "mx", FORM_DOMAIN_CIDR },
	[SPF_PTR] = { "ptr", FORM_OPTIONAL_DOMAIN },
	[SPF_IP4] = { "ip4", FORM_IP4 },
	[SPF_IP6] = { "ip6", FORM_IP6 },
	[SPF_EXISTS] = { "exists", FORM_DOMAIN },
};

enum { MECHANISMS = sizeof(mechanisms) / sizeof(*mechanisms) };

static const char a_domain_spec[] = "expected a domain name of two labels or "
				    "more, or macros";
static const char a_prefix4[] = "expected a prefix length from 0 to 32";
static const char a_prefix6[] = "expected a prefix length from 0 to 128";

bool spf_parse_is_record(struct str text)
{
	const struct str version = STR("v=spf1");

	/* 4.5: a space or the end of the record follows the version. */
	return str_istarts(text, version) &&
	       (text.n == version.n || text.p[version.n] == ' ');
}

/* name (12): ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ); 0 without one. */
static size_t scan_name(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		char c = str_lower_byte(s.p[i]);

		if (!(c >= 'a' && c <= 'z') &&
		    (!i || (!(c >= '0' && c <= '9') && c != '-' && c != '_' &&
			    c != '.')))
			break;
		i++;
	}
	return i;
}

/*
 * Cuts a prefix length with the slashes before it off the end of *text; all
 * of `most` bits without one. False when it is out of range or has a leading
 * zero.
 */
static bool cut_bits(struct str *text, struct str slashes, int most, int *bits)
{
	size_t digits = text->n, start;
	int value = 0;

	*bits = most;
	while (digits && text->p[digits - 1] >= '0' &&
	       text->p[digits - 1] <= '9')
		digits--;
	if (digits == text->n || digits < slashes.n)
		return true;
	start = digits - slashes.n;
	if (!str_eq(str_sub(*text, start, digits), slashes))
		return true;
	if (text->n - digits > 3 ||
	    (text->n - digits > 1 && text->p[digits] == '0'))
		return false;
	for (size_t i = digits; i < text->n; i++)
		value = value * 10 + text->p[i] - '0';
	*text = str_sub(*text, 0, start);
	*bits = value;
	return value <= most;
}

/* ip4-network or ip6-network, with its prefix length; NULL or the fault. */
static const char *parse_network(struct str text, struct spf_directive *d)
{
	bool six = d->mechanism == SPF_IP6;
	int *bits = six ? &d->ip6_bits : &d->ip4_bits;

	if (!cut_bits(&text, STR("/"), six ? IP6_BITS : IP4_BITS, bits))
		return six ? a_prefix6 : a_prefix4;
	if (ip_parse(text, &d->network) != OK || d->network.six != six)
		return six ? "expected an IPv6 address"
			   : "expected an IPv4 address";
	return NULL;
}

/* What stands behind a mechanism's name; NULL or the fault. */
static const char *parse_argument(struct str text, struct spf_directive *d)
{
	enum form form = mechanisms[d->mechanism].form;

	if (form == FORM_DOMAIN_CIDR) {
		/* dual-cidr-length, read from its end (5.6) */
		if (!cut_bits(&text, STR("//"), IP6_BITS, &d->ip6_bits))
			return a_prefix6;
		if (!cut_bits(&text, STR("/"), IP4_BITS, &d->ip4_bits))
			return a_prefix4;
	}
	if (!text.n && form != FORM_DOMAIN && form < FORM_IP4)
		return NULL;
	if (form == FORM_NONE)
		return "expected nothing behind the mechanism";
	if (!text.n || text.p[0] != ':')
		return "expected a colon behind the mechanism";
	text = str_sub(text, 1, text.n);
	if (form >= FORM_IP4)
		return parse_network(text, d);
	d->domain_spec = text;
	return spf_macro_is_domain_spec(text) ? NULL : a_domain_spec;
}

/* 4.6.2: "+" is understood where no qualifier stands. */
static enum auth cut_qualifier(struct str *text)
{
	static const struct str qualifiers = { "+-~?", 4 };
	static const enum auth results[] = { AUTH_PASS, AUTH_FAIL,
					     AUTH_SOFTFAIL, AUTH_NEUTRAL };
	size_t i = text->n ? str_find(qualifiers, text->p[0]) : qualifiers.n;

	if (i == qualifiers.n)
		return AUTH_PASS;
	*text = str_sub(*text, 1, text->n);
	return results[i];
}

static const char *parse_directive(struct str term, struct spf_directive *d)
{
	struct str text = term, name;
	size_t n = 0;

	*d = (struct spf_directive){ .text = term };
	d->result = cut_qualifier(&text);
	while (n < text.n && text.p[n] != ':' && text.p[n] != '/')
		n++;
	name = str_sub(text, 0, n);
	for (int i = 0; i < MECHANISMS; i++) {
		d->mechanism = (enum spf_mechanism)i;
		if (str_ieq(name, str_from(mechanisms[i].name)))
			return parse_argument(str_sub(text, n, text.n), d);
	}
	return "expected a mechanism of RFC 7208";
}

static const char *parse_modifier(struct str name, struct str value,
				  struct spf_record *record)
{
	struct str *known = str_ieq(name, STR("redirect")) ? &record->redirect
			    : str_ieq(name, STR("exp"))	   ? &record->exp
							   : NULL;

	/* Section 6: what is not known is ignored, but for its grammar. */
	if (!known)
		return spf_macro_is_string(value)
			       ? NULL
			       : "expected visible ASCII and macros";
	/* Section 6: neither of the two may stand twice. */
	if (known->n)
		return "expected the modifier once only";
	*known = value;
	return spf_macro_is_domain_spec(value) ? NULL : a_domain_spec;
}

static const char *parse_term(struct str term, struct spf_record *record)
{
	size_t n = scan_name(term);

	/* 4.6.1: a "=" right behind a name makes a modifier. */
	if (n && n < term.n && term.p[n] == '=')
		return parse_modifier(str_sub(term, 0, n),
				      str_sub(term, n + 1, term.n), record);
	return parse_directive(term, &record->directives[record->n++]);
}

/* "TERM: expected ...", the term cut and odd bytes escaped. */
static const char *describe(struct arena *arena, struct str term,
			    const char *expected)
{
	bool cut = term.n > SHOWN_MAX;
	struct buf buf;

	buf_init(&buf, arena, 512);
	buf_add_printable(&buf, cut ? str_sub(term, 0, SHOWN_MAX) : term);
	buf_printf(&buf, "%s: %s", cut ? "..." : "", expected);
	return buf_c(&buf);
}

enum result spf_parse(struct arena *arena, struct str text,
		      struct spf_record *record, const char **fault)
{
	struct str rest, term;
	size_t n = 0;

	*record = (struct spf_record){ .n = 0 };
	if (!spf_parse_is_record(text)) {
		*fault = "expected v=spf1 and a space";
		return E_SYNTAX;
	}
	text = str_sub(text, sizeof("v=spf1") - 1, text.n);
	for (rest = text; str_cut(&rest, ' ', &term);)
		n += term.n > 0;
	if (n > LIMIT_SPF_DIRECTIVES) {
		*fault = "there are too many terms";
		return E_LIMIT;
	}
	record->directives = ARENA_NEW(arena, struct spf_directive, n);
	for (rest = text; str_cut(&rest, ' ', &term);) {
		const char *expected = term.n ? parse_term(term, record) : NULL;

		if (expected) {
			*fault = describe(arena, term, expected);
			return E_SYNTAX;
		}
	}
	return OK;
}
