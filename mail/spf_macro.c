/* SPDX-License-Identifier: BSD-2-Clause */
#include "spf_macro.h"

#include <inttypes.h>

#include "buf.h"

/* More parts than any value has; RFC 7208 section 7.3 asks for 128. */
enum { PARTS_MAX = 65535 };

/* A macro-expand (7.1). */
struct macro {
	char letter;	/* in lower case, or one of "%_-" */
	bool escape;	/* it was in upper case */
	unsigned parts; /* 0: all of them */
	bool reverse;
	struct str delimiters;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	c = str_lower_byte(c);
	return c >= 'a' && c <= 'z';
}

static bool is_one_of(struct str set, char c)
{
	return str_find(set, c) < set.n;
}

/* macro-letter transformers *delimiter, from the letter at i on */
static size_t scan_inside(struct str s, size_t i, struct macro *macro)
{
	size_t digits;

	*macro = (struct macro){ .letter = str_lower_byte(s.p[i]) };
	macro->escape = macro->letter != s.p[i];
	digits = ++i;
	for (; i < s.n && is_digit(s.p[i]); i++)
		if (macro->parts < PARTS_MAX)
			macro->parts =
				macro->parts * 10 + (unsigned)(s.p[i] - '0');
	/* 7.3: the number must not be zero. */
	if (i > digits && !macro->parts)
		return s.n;
	if (i < s.n && str_lower_byte(s.p[i]) == 'r') {
		macro->reverse = true;
		i++;
	}
	macro->delimiters = str_sub(s, i, i);
	while (i < s.n && is_one_of(STR(".-+,/_="), s.p[i])) {
		macro->delimiters.n++;
		i++;
	}
	return i;
}

/* macro-expand: the index behind it, or i when there is none. */
static size_t scan_macro(struct str s, size_t i, struct macro *macro)
{
	size_t end;

	if (i + 1 >= s.n || s.p[i] != '%')
		return i;
	if (is_one_of(STR("%_-"), s.p[i + 1])) {
		*macro = (struct macro){ .letter = s.p[i + 1] };
		return i + 2;
	}
	if (s.p[i + 1] != '{' || i + 2 >= s.n ||
	    !is_one_of(STR("slodiphcrtv"), str_lower_byte(s.p[i + 2])))
		return i;
	end = scan_inside(s, i + 2, macro);
	return end < s.n && s.p[end] == '}' ? end + 1 : i;
}

/*
 * Is the whole text made of macro-expand without the letters of `without`,
 * of macro-literal, and of spaces if they are allowed? *last is where its
 * last macro-expand ends, 0 without one.
 */
static bool is_string(struct str s, struct str without, bool spaces,
		      size_t *last)
{
	struct macro macro;
	size_t next;

	*last = 0;
	for (size_t i = 0; i < s.n; i = next) {
		next = i + 1;
		if (s.p[i] == '%') {
			next = *last = scan_macro(s, i, &macro);
			if (next == i || is_one_of(without, macro.letter))
				return false;
		} else if ((s.p[i] < 0x21 || s.p[i] > 0x7e) &&
			   !(spaces && s.p[i] == ' ')) {
			return false;
		}
	}
	return true;
}

bool spf_macro_is_string(struct str text)
{
	size_t last;

	return is_string(text, STR(""), false, &last);
}

bool spf_macro_is_explanation(struct str text)
{
	size_t last;

	return is_string(text, STR(""), true, &last);
}

/* Letters, digits and hyphens inside; not digits alone. */
static bool is_toplabel(struct str label)
{
	bool digits = true;

	if (!label.n || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		if (!is_alpha(label.p[i]) && !is_digit(label.p[i]) &&
		    label.p[i] != '-')
			return false;
		digits = digits && is_digit(label.p[i]);
	}
	return !digits;
}

bool spf_macro_is_domain_spec(struct str text)
{
	size_t last, dot;

	/* 7.2: c, r and t are for explanations only. */
	if (!is_string(text, STR("crt"), false, &last))
		return false;
	if (text.n && last == text.n)
		return true;
	if (text.n && text.p[text.n - 1] == '.')
		text.n--;
	dot = str_find_last(text, '.');
	/* A dot before `last` has a macro-expand behind it. */
	return dot < text.n && dot >= last &&
	       is_toplabel(str_sub(text, dot + 1, text.n));
}

/* Cuts the part behind the last delimiter off; false when all is used up. */
static bool cut_last(struct str *rest, struct str delimiters, struct str *part)
{
	size_t i;

	if (!rest->p)
		return false;
	for (i = rest->n; i > 0 && !is_one_of(delimiters, rest->p[i - 1]); i--)
		continue;
	*part = str_sub(*rest, i, rest->n);
	*rest = i ? str_sub(*rest, 0, i - 1) : (struct str){ NULL, 0 };
	return true;
}

/* 7.3: an upper-case letter escapes all but the unreserved characters. */
static void add(struct buf *buf, const struct macro *macro, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (macro->escape && !is_alpha(c) && !is_digit(c) &&
		    !is_one_of(STR("-._~"), c))
			buf_printf(buf, "%%%02X", (unsigned)(unsigned char)c);
		else
			buf_addc(buf, c);
	}
}

/*
 * 7.3: splits at the delimiters, reverses, keeps the right-hand parts, and
 * joins them with dots.
 */
static void add_transformed(struct buf *buf, const struct macro *macro,
			    struct str value)
{
	struct str delimiters = macro->delimiters, rest = value, part;
	size_t n = 0, keep;

	if (!delimiters.n)
		delimiters = STR(".");
	while (cut_last(&rest, delimiters, &part))
		n++;
	keep = macro->parts && macro->parts < n ? macro->parts : n;
	if (macro->reverse) {
		/* Of the reversed parts the right-hand ones are the first. */
		for (rest = value; cut_last(&rest, delimiters, &part); n--) {
			if (n > keep)
				continue;
			add(buf, macro, part);
			if (n > 1)
				buf_addc(buf, '.');
		}
		return;
	}
	for (size_t i = 0; i < value.n; i++) {
		bool delimiter = is_one_of(delimiters, value.p[i]);

		if (n <= keep && delimiter)
			buf_addc(buf, '.');
		else if (n <= keep)
			add(buf, macro, str_sub(value, i, i + 1));
		n -= n > keep && delimiter;
	}
}

/* 7.3: IPv6 as 32 nibbles with dots, to be reversed for DNS. */
static struct str dotted(struct arena *arena, const struct ip *ip)
{
	struct buf buf;

	if (!ip->six)
		return ip_format(arena, ip);
	buf_init(&buf, arena, 4 * sizeof(ip->octets));
	for (size_t i = 0; i < sizeof(ip->octets); i++)
		buf_printf(&buf, "%s%X.%X", i ? "." : "", ip->octets[i] >> 4,
			   ip->octets[i] & 15);
	return buf_str(&buf);
}

/* What a letter stands for (7.2). */
static struct str value_of(struct arena *arena, char letter,
			   const struct spf_values *values)
{
	switch (letter) {
	case 's':
		return values->sender;
	case 'l':
		return values->local;
	case 'o':
		return values->origin;
	case 'd':
		return values->domain;
	case 'i':
		return dotted(arena, &values->client);
	case 'p':
		return values->validated(values->context);
	case 'h':
		return values->helo;
	case 'c':
		return ip_format(arena, &values->client);
	case 'r':
		return values->receiver.n ? values->receiver : STR("unknown");
	case 't':
		return str_from(arena_printf(arena, "%" PRId64, values->now));
	default:
		return values->client.six ? STR("ip6") : STR("in-addr");
	}
}

static void add_macro(struct buf *buf, const struct macro *macro,
		      const struct spf_values *values)
{
	switch (macro->letter) {
	case '%':
		buf_addc(buf, '%');
		break;
	case '_':
		buf_addc(buf, ' ');
		break;
	case '-':
		buf_add(buf, STR("%20"));
		break;
	default:
		add_transformed(buf, macro,
				value_of(buf->arena, macro->letter, values));
	}
}

enum result spf_macro_expand(struct arena *arena, struct str text,
			     const struct spf_values *values, size_t limit,
			     struct str *expanded)
{
	struct macro macro;
	struct buf buf;
	size_t next;

	buf_init(&buf, arena, limit);
	for (size_t i = 0; i < text.n && !buf.full; i = next) {
		next = i + 1;
		if (text.p[i] != '%') {
			buf_addc(&buf, text.p[i]);
			continue;
		}
		next = scan_macro(text, i, &macro);
		if (next == i)
			return E_SYNTAX;
		add_macro(&buf, &macro, values);
	}
	*expanded = buf_str(&buf);
	return buf.full ? E_LIMIT : OK;
}
