/* SPDX-License-Identifier: BSD-2-Clause */
#include "str.h"

int str_hex(char digit)
{
	digit = str_lower_byte(digit);
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_ieq(struct str a, struct str b)
{
	return a.n == b.n && str_istarts(a, b);
}

int str_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

bool str_istarts(struct str s, struct str prefix)
{
	if (s.n < prefix.n)
		return false;
	for (size_t i = 0; i < prefix.n; i++)
		if (str_lower_byte(s.p[i]) != str_lower_byte(prefix.p[i]))
			return false;
	return true;
}

size_t str_find(struct str s, char byte)
{
	const char *at = s.n ? memchr(s.p, byte, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t str_find_last(struct str s, char byte)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == byte)
			return i - 1;
	return s.n;
}

static bool is_space(char c)
{
	return str_is_wsp(c) || c == '\r' || c == '\n';
}

struct str str_trim_end(struct str s)
{
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_trim(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_sub(s, 1, s.n);
	return str_trim_end(s);
}

bool str_cut(struct str *rest, char byte, struct str *part)
{
	if (!rest->p)
		return false;

	size_t at = str_find(*rest, byte);

	*part = str_sub(*rest, 0, at);
	*rest = at < rest->n ? str_sub(*rest, at + 1, rest->n)
			     : (struct str){ NULL, 0 };
	return true;
}

bool str_line(struct str *text, struct str *line)
{
	if (!text->n || !str_cut(text, '\n', line))
		return false;
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}
