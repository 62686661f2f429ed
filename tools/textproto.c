/* SPDX-License-Identifier: BSD-2-Clause */
#include "textproto.h"

#include "mail/buf.h"

static void skip(struct textproto *text, size_t n)
{
	text->rest = str_sub(text->rest, n, text->rest.n);
}

static bool at(const struct textproto *text, char byte)
{
	return text->rest.n && text->rest.p[0] == byte;
}

/* White space, comments, and what may stand between two fields. */
static void skip_space(struct textproto *text)
{
	while (text->rest.n) {
		char c = text->rest.p[0];

		if (c == '#')
			skip(text, str_find(text->rest, '\n'));
		else if (str_is_wsp(c) || c == '\r' || c == '\n' || c == ',' ||
			 c == ';')
			skip(text, 1);
		else
			return;
	}
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' ||
	       c == '+';
}

static struct str read_word(struct textproto *text)
{
	size_t n = 0;
	struct str word;

	while (n < text->rest.n && is_word(text->rest.p[n]))
		n++;
	word = str_sub(text->rest, 0, n);
	skip(text, n);
	return word;
}

/* Up to `most` digits of a number to this base. */
static char read_octet(struct textproto *text, int base, size_t most)
{
	int value = 0;

	for (size_t i = 0; i < most && text->rest.n; i++) {
		int digit = str_hex(text->rest.p[0]);

		if (digit < 0 || digit >= base)
			break;
		value = value * base + digit;
		skip(text, 1);
	}
	return (char)value;
}

static char read_escape(struct textproto *text)
{
	static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
	char c = text->rest.p[0];
	const char *known = c ? strchr(from, c) : NULL;

	if (c >= '0' && c <= '7')
		return read_octet(text, 8, 3);
	skip(text, 1);
	if (c == 'x' || c == 'X')
		return read_octet(text, 16, 2);
	return known ? to[known - from] : c;
}

/* One string between quotes; several in a row are one. */
static enum result read_string(struct textproto *text, struct buf *value)
{
	char quote = text->rest.p[0];

	skip(text, 1);
	while (!at(text, quote)) {
		char c;

		if (!text->rest.n || at(text, '\n'))
			return E_SYNTAX;
		c = text->rest.p[0];
		skip(text, 1);
		if (c == '\\' && text->rest.n)
			c = read_escape(text);
		buf_addc(value, c);
	}
	skip(text, 1);
	skip_space(text);
	return OK;
}

static enum result read_value(struct textproto *text, struct str *value)
{
	struct buf octets;

	if (!at(text, '"') && !at(text, '\'')) {
		*value = read_word(text);
		return value->n ? OK : E_SYNTAX;
	}
	/* No escape is shorter than what it stands for. */
	buf_init(&octets, text->arena, text->rest.n);
	while (at(text, '"') || at(text, '\''))
		if (read_string(text, &octets) != OK)
			return E_SYNTAX;
	*value = buf_str(&octets);
	return OK;
}

enum result textproto_next(struct textproto *text, struct textproto_item *item)
{
	*item = (struct textproto_item){ .kind = TEXTPROTO_END };
	skip_space(text);
	if (!text->rest.n)
		return text->depth == 0 ? OK : E_SYNTAX;
	if (at(text, '}') || at(text, '>')) {
		skip(text, 1);
		item->kind = TEXTPROTO_CLOSE;
		return text->depth-- > 0 ? OK : E_SYNTAX;
	}
	item->name = read_word(text);
	skip_space(text);
	if (!item->name.n)
		return E_SYNTAX;
	if (at(text, ':')) {
		skip(text, 1);
		skip_space(text);
		item->kind = TEXTPROTO_SCALAR;
	}
	if (at(text, '{') || at(text, '<')) {
		skip(text, 1);
		text->depth++;
		item->kind = TEXTPROTO_OPEN;
		return OK;
	}
	if (item->kind != TEXTPROTO_SCALAR)
		return E_SYNTAX;
	return read_value(text, &item->value);
}
