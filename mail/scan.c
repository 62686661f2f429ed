/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan.h"

#include "limits.h"

/* The byte at i; 0, which no rule takes, behind the end. */
static unsigned char at(struct str s, size_t i)
{
	return i < s.n ? (unsigned char)s.p[i] : 0;
}

static bool is_vchar(unsigned char c)
{
	return c > 32 && c < 127;
}

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t scan_utf8(struct str s, size_t i)
{
	unsigned char a = at(s, i), b = at(s, i + 1);
	bool tails = is_tail(at(s, i + 2));

	/* RFC 3629 section 4: no overlong forms, no surrogates. */
	if (a >= 0xc2 && a <= 0xdf)
		return is_tail(b) ? i + 2 : i;
	if (!is_tail(b) || !tails)
		return i;
	if (a >= 0xe0 && a <= 0xef)
		return (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f)
			       ? i
			       : i + 3;
	if (a < 0xf0 || a > 0xf4 || (a == 0xf0 && b < 0x90) ||
	    (a == 0xf4 && b > 0x8f))
		return i;
	return is_tail(at(s, i + 3)) ? i + 4 : i;
}

size_t scan_fws(struct str s, size_t i)
{
	for (;;) {
		size_t fold = i;

		if (at(s, fold) == '\r')
			fold++;
		if (at(s, fold) == '\n')
			fold++;
		else
			fold = i;
		/* A line end folds only with white space behind it. */
		if (at(s, fold) != ' ' && at(s, fold) != '\t')
			return i;
		i = fold + 1;
	}
}

size_t scan_quoted_pair(struct str s, size_t i)
{
	if (at(s, i) != '\\')
		return i;
	if (is_vchar(at(s, i + 1)) || str_is_wsp((char)at(s, i + 1)))
		return i + 2;
	return scan_utf8(s, i + 1) > i + 1 ? scan_utf8(s, i + 1) : i;
}

/* One octet or sequence that stands for itself, if not among `special`. */
static size_t scan_text(struct str s, size_t i, const char *special)
{
	unsigned char c = at(s, i);

	if (is_vchar(c))
		return strchr(special, c) ? i : i + 1;
	return scan_utf8(s, i);
}

/* Text, quoted pairs and white space up to a byte that is none of them. */
static size_t scan_content(struct str s, size_t i, const char *special)
{
	for (;;) {
		size_t next = scan_fws(s, i);

		if (next == i)
			next = scan_text(s, i, special);
		if (next == i)
			next = scan_quoted_pair(s, i);
		if (next == i)
			return i;
		i = next;
	}
}

size_t scan_comment(struct str s, size_t i)
{
	size_t start = i;
	int depth = 0;

	if (at(s, i) != '(')
		return start;
	do {
		unsigned char c = at(s, i);

		if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		else
			return start;
		if (depth > LIMIT_COMMENT_DEPTH)
			return start;
		i++;
		if (depth)
			i = scan_content(s, i, "()\\");
	} while (depth);
	return i;
}

size_t scan_cfws(struct str s, size_t i)
{
	for (;;) {
		size_t next = scan_comment(s, scan_fws(s, i));

		if (next == i)
			return i;
		i = next;
	}
}

size_t scan_atext(struct str s, size_t i)
{
	for (;;) {
		size_t next = scan_text(s, i, "()<>[]:;@\\,.\"");

		if (next == i)
			return i;
		i = next;
	}
}

size_t scan_quoted_string(struct str s, size_t i)
{
	size_t end;

	if (at(s, i) != '"')
		return i;
	end = scan_content(s, i + 1, "\"\\");
	return at(s, end) == '"' ? end + 1 : i;
}

size_t scan_word(struct str s, size_t i)
{
	size_t end = scan_atext(s, i);

	return end > i ? end : scan_quoted_string(s, i);
}

size_t scan_phrase(struct str s, size_t i)
{
	size_t end = scan_word(s, i);

	if (end == i)
		return i;
	for (;;) {
		size_t next = scan_cfws(s, end);

		if (at(s, next) == '.')
			next++;
		else
			next = scan_word(s, next);
		if (next == end)
			return end;
		end = next;
	}
}

size_t scan_domain_literal(struct str s, size_t i)
{
	size_t end;

	if (at(s, i) != '[')
		return i;
	end = scan_content(s, i + 1, "[]\\");
	return at(s, end) == ']' ? end + 1 : i;
}

size_t scan_keyword(struct str s, size_t i)
{
	for (;;) {
		char c = str_lower_byte((char)at(s, i));

		/* Hosts write "policy.is_org". */
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return i;
		i++;
	}
}

size_t scan_token(struct str s, size_t i)
{
	for (;;) {
		size_t next = scan_text(s, i, "()<>@,;:\\\"/[]?=");

		if (next == i)
			return i;
		i = next;
	}
}
