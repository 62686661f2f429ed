/* SPDX-License-Identifier: BSD-2-Clause */
#include "lines.h"

#include <stdint.h>

#include "limits.h"

/* Is there a byte over 127? Looks at eight at once. */
static bool has_eight_bit(struct str s)
{
	uint64_t all = 0, eight;

	for (; s.n >= sizeof(eight); s = str_sub(s, sizeof(eight), s.n)) {
		memcpy(&eight, s.p, sizeof(eight));
		all |= eight;
	}
	for (; s.n; s = str_sub(s, 1, s.n))
		all |= (unsigned char)s.p[0];
	return all & 0x8080808080808080;
}

/* The line at hand ends; its CR is none of its octets. */
static void end_line(struct lines *lines)
{
	size_t cr = lines->open && lines->last == '\r';

	if (lines->open - cr > LIMIT_LINE)
		lines->is_long = true;
	lines->open = 0;
}

/*
 * Looks not at each line, but for the last line end within the reach of the
 * longest: the lines between it and the first one can't be too long.
 */
void lines_chunk(struct lines *lines, struct str chunk)
{
	enum { REACH = LIMIT_LINE + 2 };

	lines->eight_bit = lines->eight_bit || has_eight_bit(chunk);
	while (chunk.n && !lines_have_long(lines)) {
		struct str near =
			str_sub(chunk, 0, chunk.n < REACH ? chunk.n : REACH);
		size_t n = str_find(near, '\n');

		if (n) {
			lines->open += n;
			lines->last = near.p[n - 1];
		}
		if (n < near.n) {
			end_line(lines);
			n = str_find_last(near, '\n') + 1;
		}
		chunk = str_sub(chunk, n, chunk.n);
	}
}

bool lines_have_long(const struct lines *lines)
{
	return lines->is_long || lines->open > LIMIT_LINE + 1 ||
	       (lines->open > LIMIT_LINE && lines->last != '\r');
}
