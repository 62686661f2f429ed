/* SPDX-License-Identifier: BSD-2-Clause */
#include "dsn_decode.h"

/* The octets that an escape stands for: one, a sequence of UTF-8, none. */
struct octets {
	char octets[4];
	size_t n;
};

/*
 * How something is written in something else: the byte by which an escape is
 * found, and what reads the one at i. That returns the index behind it, or i
 * when none is there.
 */
struct encoding {
	char lead;
	size_t (*decode)(struct str s, size_t i, struct octets *octets);
};

static char at(struct str s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

/* A sign and two hexadecimal digits. */
static size_t decode_sign(struct str s, size_t i, char sign,
			  struct octets *octets)
{
	int high = str_hex(at(s, i + 1)), low = str_hex(at(s, i + 2));

	if (at(s, i) != sign || high < 0 || low < 0)
		return i;
	octets->octets[0] = (char)(high * 16 + low);
	octets->n = 1;
	return i + 3;
}

/* RFC 3461 section 4 */
static size_t decode_xtext(struct str s, size_t i, struct octets *octets)
{
	return decode_sign(s, i, '+', octets);
}

/* RFC 3986 section 2.1 */
static size_t decode_percent(struct str s, size_t i, struct octets *octets)
{
	return decode_sign(s, i, '%', octets);
}

/* RFC 2045 section 6.7, with its soft line breaks */
static size_t decode_quoted(struct str s, size_t i, struct octets *octets)
{
	size_t end = i + 1;

	octets->n = 0;
	if (at(s, i) != '=')
		return i;
	while (str_is_wsp(at(s, end)))
		end++;
	if (at(s, end) == '\r')
		end++;
	return at(s, end) == '\n' ? end + 1 : decode_sign(s, i, '=', octets);
}

/* A number in UTF-8 (RFC 3629 section 3). */
static size_t encode_utf8(uint32_t number, struct octets *octets)
{
	unsigned tails = number < 0x80	    ? 0
			 : number < 0x800   ? 1
			 : number < 0x10000 ? 2
					    : 3;
	static const unsigned char heads[] = { 0, 0xc0, 0xe0, 0xf0 };

	octets->n = tails + 1;
	octets->octets[0] = (char)(heads[tails] | number >> (6 * tails));
	for (unsigned k = 1; k <= tails; k++)
		octets->octets[k] =
			(char)(0x80 | (number >> (6 * (tails - k)) & 0x3f));
	return octets->n;
}

/* The number at i, of that base; the index behind it, or i. */
static size_t scan_number(struct str s, size_t i, int base, uint32_t *number)
{
	size_t end = i;

	*number = 0;
	while (str_hex(at(s, end)) >= 0 && str_hex(at(s, end)) < base &&
	       end - i < 8) {
		*number = *number * (uint32_t)base +
			  (uint32_t)str_hex(at(s, end));
		end++;
	}
	return *number < 0x110000 ? end : i;
}

/* RFC 6533 section 3: "\x{FC}" */
static size_t decode_unicode(struct str s, size_t i, struct octets *octets)
{
	uint32_t number;
	size_t end;

	if (at(s, i) != '\\' || str_lower_byte(at(s, i + 1)) != 'x' ||
	    at(s, i + 2) != '{')
		return i;
	end = scan_number(s, i + 3, 16, &number);
	if (end == i + 3 || at(s, end) != '}')
		return i;
	encode_utf8(number, octets);
	return end + 1;
}

/* HTML's "&#64;" and "&#x40;"; browsers do without the semicolon. */
static size_t decode_html(struct str s, size_t i, struct octets *octets)
{
	bool hex = str_lower_byte(at(s, i + 2)) == 'x';
	size_t begin = i + (hex ? 3 : 2), end;
	uint32_t number;

	if (at(s, i) != '&' || at(s, i + 1) != '#')
		return i;
	end = scan_number(s, begin, hex ? 16 : 10, &number);
	if (end == begin)
		return i;
	encode_utf8(number, octets);
	return at(s, end) == ';' ? end + 1 : end;
}

/* The line end of a fold (RFC 5322 section 2.2.3) */
static size_t decode_fold(struct str s, size_t i, struct octets *octets)
{
	size_t end = at(s, i) == '\r' ? i + 1 : i;

	octets->n = 0;
	return at(s, end) == '\n' && str_is_wsp(at(s, end + 1)) ? end + 1 : i;
}

static const struct encoding fold = { '\n', decode_fold },
			     xtext = { '+', decode_xtext },
			     percent = { '%', decode_percent },
			     quoted = { '=', decode_quoted },
			     unicode = { '\\', decode_unicode },
			     html = { '&', decode_html };

enum { UNICODE = 5 };

/* One step after another, as a text comes to be within a text. */
static const struct encoding *const ways[DSN_VIEWS][2] = {
	{ NULL, NULL },		{ &fold, NULL },
	{ &xtext, NULL },	{ &percent, NULL },
	{ &quoted, NULL },	[UNICODE] = { &unicode, NULL },
	{ &html, NULL },	{ &quoted, &xtext },
	{ &quoted, &percent },	{ &quoted, &unicode },
	{ &quoted, &html },	{ &percent, &xtext },
	{ &percent, &percent }, { &html, &percent },
	{ &fold, &quoted },
};

static bool has_escape(struct str s, const struct encoding *encoding)
{
	struct octets octets;

	for (size_t i = str_find(s, encoding->lead); i < s.n;
	     i += 1 + str_find(str_sub(s, i + 1, s.n), encoding->lead))
		if (encoding->decode(s, i, &octets) > i)
			return true;
	return false;
}

static void begin_view(struct arena *arena, struct str text,
		       struct dsn_view *view)
{
	view->text = arena_copy(arena, text);
	view->from = ARENA_NEW(arena, uint32_t, text.n);
	view->to = ARENA_NEW(arena, uint32_t, text.n);
	for (size_t i = 0; i < text.n; i++) {
		view->from[i] = (uint32_t)i;
		view->to[i] = (uint32_t)i + 1;
	}
}

/* In place: an escape is never shorter than what it stands for. */
static bool decode_step(struct dsn_view *view, const struct encoding *encoding)
{
	char *p = (char *)view->text.p;
	size_t n = 0, end;

	if (!has_escape(view->text, encoding))
		return false;
	for (size_t i = 0; i < view->text.n; i = end) {
		struct octets octets;
		uint32_t from = view->from[i], to;

		end = i;
		/* A fold may begin before its lead. */
		if (p[i] == encoding->lead || p[i] == '\r')
			end = encoding->decode(view->text, i, &octets);
		if (end == i)
			octets = (struct octets){ { p[end++] }, 1 };
		to = view->to[end - 1];
		for (size_t k = 0; k < octets.n; k++, n++) {
			p[n] = octets.octets[k];
			view->from[n] = from;
			view->to[n] = to;
		}
	}
	view->text.n = n;
	return true;
}

bool dsn_decode(struct arena *arena, struct str text, unsigned way,
		struct dsn_view *view)
{
	if (!way) {
		*view = (struct dsn_view){ text, NULL, NULL };
		return true;
	}
	if (!has_escape(text, ways[way][0]))
		return false;
	begin_view(arena, text, view);
	return decode_step(view, ways[way][0]) &&
	       (!ways[way][1] || decode_step(view, ways[way][1]));
}

struct str dsn_decode_unicode(struct arena *arena, struct str address)
{
	struct dsn_view view;

	return dsn_decode(arena, address, UNICODE, &view) ? view.text : address;
}
