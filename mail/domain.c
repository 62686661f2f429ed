/* SPDX-License-Identifier: BSD-2-Clause */
#include "domain.h"

#include <idn2.h>

#include "limits.h"

/* RFC 1035 section 2.3.1, with the underscore that RFC 8552 uses. */
static bool is_label(struct str label)
{
	if (label.n == 0 || label.n > LIMIT_LABEL || label.p[0] == '-' ||
	    label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool is_domain(struct str domain)
{
	struct str rest = domain, label;

	if (domain.n > LIMIT_DOMAIN - 2) /* RFC 1035 2.3.4, on the wire */
		return false;
	while (str_cut(&rest, '.', &label))
		if (!is_label(label))
			return false;
	return true;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 127)
			return false;
	return true;
}

enum result domain_normalize(struct arena *arena, struct str domain,
			     struct str *normal)
{
	if (domain.n && domain.p[domain.n - 1] == '.')
		domain.n--;
	/* A U-label may need four octets for each of its A-label's. */
	if (domain.n == 0 || domain.n > (size_t)LIMIT_DOMAIN * 4 ||
	    memchr(domain.p, '\0', domain.n))
		return E_SYNTAX;
	*normal = arena_lower(arena, domain);
	if (!is_ascii(domain)) {
		char *ascii = NULL;

		if (idn2_to_ascii_8z(normal->p, &ascii,
				     IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) !=
		    IDN2_OK)
			return E_SYNTAX;
		*normal = arena_lower(arena, str_from(ascii));
		idn2_free(ascii);
	}
	return is_domain(*normal) ? OK : E_SYNTAX;
}

enum result domain_unicode(struct arena *arena, struct str normal,
			   struct str *unicode)
{
	struct str c_string = arena_copy(arena, normal);
	char *utf8 = NULL;

	if (memchr(normal.p, '\0', normal.n) ||
	    idn2_to_unicode_8z8z(c_string.p, &utf8, 0) != IDN2_OK)
		return E_ABSENT;
	*unicode = arena_copy(arena, str_from(utf8));
	idn2_free(utf8);
	return is_ascii(*unicode) ? E_ABSENT : OK;
}

struct str domain_parent(struct str domain)
{
	size_t dot = str_find(domain, '.');

	return dot < domain.n ? str_sub(domain, dot + 1, domain.n) : STR("");
}

bool domain_is_within(struct str domain, struct str parent)
{
	size_t above = domain.n - parent.n;

	if (domain.n <= parent.n)
		return str_eq(domain, parent);
	return domain.p[above - 1] == '.' &&
	       str_eq(str_sub(domain, above, domain.n), parent);
}
