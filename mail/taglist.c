/* SPDX-License-Identifier: BSD-2-Clause */
#include "taglist.h"

#include "limits.h"
#include "scan.h"

static bool is_alpha(char c)
{
	c = str_lower_byte(c);
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* tag-name = ALPHA *ALNUMPUNC */
static size_t scan_name(struct str s, size_t i)
{
	if (i == s.n || !is_alpha(s.p[i]))
		return i;
	while (i < s.n &&
	       (is_alpha(s.p[i]) || is_digit(s.p[i]) || s.p[i] == '_'))
		i++;
	return i;
}

/* One VALCHAR: %x21-3A / %x3C-7E, and UTF-8 (RFC 8616 section 3). */
static size_t scan_valchar(struct str s, size_t i)
{
	if (i < s.n && s.p[i] > ' ' && s.p[i] <= '~' && s.p[i] != ';')
		return i + 1;
	return scan_utf8(s, i);
}

/* tag-value = [ tval *( 1*(WSP / FWS) tval ) ], and the FWS around it */
static size_t scan_value(struct str s, size_t i)
{
	for (;;) {
		size_t next = scan_fws(s, scan_valchar(s, i));

		if (next == i)
			return i;
		i = next;
	}
}

/* tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS] */
static bool parse_tag(struct str text, size_t *i, struct tag *tag)
{
	size_t from = scan_fws(text, *i), to = scan_name(text, from);

	tag->name = str_sub(text, from, to);
	from = scan_fws(text, to);
	if (tag->name.n == 0 || from == text.n || text.p[from] != '=')
		return false;
	*i = scan_value(text, from + 1);
	tag->raw = str_sub(text, from + 1, *i);
	tag->value = str_trim(tag->raw);
	return *i == text.n || text.p[*i] == ';';
}

static const struct tag *find(const struct taglist *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->tags[i].name, name))
			return &list->tags[i];
	return NULL;
}

/* Room for as many tags as there can be. */
static struct tag *make_room(struct arena *arena, struct str text)
{
	struct str part;
	size_t n = 0;

	while (n < LIMIT_TAGS && str_cut(&text, ';', &part))
		n++;
	return ARENA_NEW(arena, struct tag, n);
}

enum result taglist_parse(struct arena *arena, struct str text,
			  struct taglist *list)
{
	struct tag tag;
	size_t i = 0;

	*list = (struct taglist){ make_room(arena, text), 0 };
	do {
		if (!parse_tag(text, &i, &tag))
			return E_SYNTAX;
		/* 3.2: two tags of one name spoil the whole list. */
		if (find(list, tag.name))
			return E_SYNTAX;
		if (list->n == LIMIT_TAGS)
			return E_LIMIT;
		list->tags[list->n++] = tag;
		i += i < text.n;
	} while (scan_fws(text, i) < text.n);
	return OK;
}

const struct tag *taglist_find(const struct taglist *list, const char *name)
{
	return find(list, str_from(name));
}

struct str taglist_value(const struct taglist *list, const char *name,
			 struct str otherwise)
{
	const struct tag *tag = taglist_find(list, name);

	return tag ? tag->value : otherwise;
}

bool taglist_cut(struct str *value, struct str *part)
{
	if (!str_cut(value, ':', part))
		return false;
	*part = str_trim(*part);
	return true;
}

bool taglist_has(struct str value, struct str part)
{
	struct str one;

	while (taglist_cut(&value, &one))
		if (str_ieq(one, part))
			return true;
	return false;
}

enum result taglist_number(struct str value, size_t digits, uint64_t *number)
{
	uint64_t n = 0;

	if (value.n == 0 || value.n > digits)
		return E_SYNTAX;
	for (size_t i = 0; i < value.n; i++) {
		unsigned int digit = (unsigned int)(value.p[i] - '0');

		if (!is_digit(value.p[i]))
			return E_SYNTAX;
		/* 3.5: what is too large for us is as large as can be. */
		n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
	}
	*number = n;
	return OK;
}

/* Upper case, as RFC 6376 writes it, and lower case, which RFC 2045 takes. */
static int hex_value(char c)
{
	c = str_lower_byte(c);
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum result taglist_unquote(struct arena *arena, struct str value,
			    struct str *plain)
{
	char *out = arena_alloc(arena, value.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		/* 2.11: white space means nothing here. */
		if (str_is_wsp(c) || c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			int high = i + 2 < value.n ? hex_value(value.p[i + 1])
						   : -1;
			int low = i + 2 < value.n ? hex_value(value.p[i + 2])
						  : -1;

			if (high < 0 || low < 0)
				return E_SYNTAX;
			c = (char)(high << 4 | low);
			i += 2;
		}
		out[n++] = c;
	}
	*plain = (struct str){ out, n };
	return OK;
}
