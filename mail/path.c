/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include "buf.h"
#include "domain.h"
#include "ip.h"
#include "limits.h"
#include "scan.h"

/* RFC 5321 4.1.2 allows no control characters, not even behind a backslash. */
static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] >= 0 && s.p[i] < ' ') || s.p[i] == 127)
			return true;
	return false;
}

/* 1*(atext / ".") */
static bool is_atoms(struct str s)
{
	struct str part;

	if (!s.n)
		return false;
	while (str_cut(&s, '.', &part))
		if (part.n && scan_atext(part, 0) < part.n)
			return false;
	return true;
}

enum result path_parse_local(struct arena *arena, struct str text,
			     struct str *local)
{
	struct buf buf;

	/* Quotes, and a backslash before each octet. */
	if (text.n > 2 * (size_t)LIMIT_LOCAL_PART + 2)
		return E_LIMIT;
	if (is_atoms(text)) {
		*local = text;
		return text.n > LIMIT_LOCAL_PART ? E_LIMIT : OK;
	}
	if (has_control(text) || !text.n ||
	    scan_quoted_string(text, 0) < text.n)
		return E_SYNTAX;
	buf_init(&buf, arena, LIMIT_LOCAL_PART);
	for (size_t i = 1; i < text.n - 1; i++) {
		i += text.p[i] == '\\';
		buf_addc(&buf, text.p[i]);
	}
	if (buf.full)
		return E_LIMIT;
	*local = buf_str(&buf);
	return local->n ? OK : E_SYNTAX;
}

/* RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool is_literal(struct str domain)
{
	struct ip ip;
	bool six;

	if (domain.n < 2 || domain.p[0] != '[' || domain.p[domain.n - 1] != ']')
		return false;
	domain = str_sub(domain, 1, domain.n - 1);
	six = str_istarts(domain, STR("IPv6:"));
	if (six)
		domain = str_sub(domain, 5, domain.n);
	return ip_parse(domain, &ip) == OK && ip.six == six;
}

enum result path_parse(struct arena *arena, struct str text,
		       struct mailbox *mailbox)
{
	size_t sign = str_find_last(text, '@');
	enum result result;

	if (sign == text.n)
		return E_SYNTAX;
	mailbox->domain = str_sub(text, sign + 1, text.n);
	if (!is_literal(mailbox->domain)) {
		result = domain_normalize(arena, mailbox->domain,
					  &mailbox->domain);
		if (result != OK)
			return result;
	}
	return path_parse_local(arena, str_sub(text, 0, sign), &mailbox->local);
}

struct str path_format_local(struct arena *arena, struct str local)
{
	struct buf buf;

	if (address_is_dot_atom(local))
		return local;
	buf_init(&buf, arena, 2 * local.n + 2);
	buf_addc(&buf, '"');
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			buf_addc(&buf, '\\');
		buf_addc(&buf, local.p[i]);
	}
	buf_addc(&buf, '"');
	return buf_str(&buf);
}

struct str path_format(struct arena *arena, const struct mailbox *mailbox)
{
	struct str local = path_format_local(arena, mailbox->local);
	struct buf buf;

	buf_init(&buf, arena, local.n + 1 + mailbox->domain.n);
	buf_add(&buf, local);
	buf_addc(&buf, '@');
	buf_add(&buf, mailbox->domain);
	return buf_str(&buf);
}

bool path_equal(const struct mailbox *a, const struct mailbox *b)
{
	return str_eq(a->local, b->local) && str_eq(a->domain, b->domain);
}
