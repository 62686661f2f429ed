/* SPDX-License-Identifier: BSD-2-Clause */
#include "plain.h"

#include "mail/buf.h"
#include "mail/scan.h"

/* Code points that steer a terminal, or how a line is read. */
static const struct {
	const char *first, *last; /* in UTF-8, which sorts as they do */
} controls[] = {
	{ "\xc2\x80", "\xc2\x9f" },	    /* C1: U+009B is ESC [ */
	{ "\xd8\x9c", "\xd8\x9c" },	    /* U+061C, of direction */
	{ "\xe2\x80\x8e", "\xe2\x80\x8f" }, /* U+200E, direction */
	{ "\xe2\x80\xa8", "\xe2\x80\xae" }, /* U+2028, lines and direction */
	{ "\xe2\x81\xa6", "\xe2\x81\xa9" }, /* U+2066, direction */
};

static bool is_control(struct str c)
{
	for (size_t i = 0; i < sizeof(controls) / sizeof(*controls); i++)
		if (c.n == strlen(controls[i].first) &&
		    memcmp(c.p, controls[i].first, c.n) >= 0 &&
		    memcmp(c.p, controls[i].last, c.n) <= 0)
			return true;
	return false;
}

size_t plain_character(struct str s, size_t i)
{
	size_t next = scan_utf8(s, i);

	if (next == i)
		return s.p[i] >= ' ' && s.p[i] <= '~' ? i + 1 : i;
	return is_control(str_sub(s, i, next)) ? i : next;
}

const char *plain_text(struct arena *arena, struct str text)
{
	struct buf buf;

	/* An octet becomes four at most. */
	buf_init(&buf, arena, 4 * text.n + 1);
	for (size_t i = 0; i < text.n;) {
		size_t next = plain_character(text, i);

		if (next > i)
			buf_add(&buf, str_sub(text, i, next));
		else
			buf_printf(&buf, "\\x%02X", (unsigned char)text.p[i]);
		i = next > i ? next : i + 1;
	}
	return buf_c(&buf);
}
