/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_LINES_H
#define MAIL_LINES_H

#include "str.h"

/*
 * What on its way may change a body, as a stream: lines longer than LIMIT_LINE
 * are broken, bytes over 127 encoded. Begins as zeros.
 */
struct lines {
	size_t open; /* octets behind the last line end */
	char last;   /* of these */
	bool is_long, eight_bit;
};

void lines_chunk(struct lines *lines, struct str chunk);
/* Was there such a line, or is the one that has no end yet? */
bool lines_have_long(const struct lines *lines);

#endif
