/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DSN_DECODE_H
#define MAIL_DSN_DECODE_H

#include <stdint.h>

#include "arena.h"

/*
 * A text as it may be meant, with the bytes of the first text that each of
 * its octets was written in: from[i] up to, not including, to[i].
 */
struct dsn_view {
	struct str text;
	uint32_t *from;
	uint32_t *to;
};

/* Ways in which an address is written into other texts, by number from 0. */
enum { DSN_VIEWS = 15 };

/*
 * Decodes a text of less than 4 GiB in one of the ways into `view`. False
 * when there is nothing so encoded in the text, or, for the ways in two
 * steps, nothing after the first. Number 0, the text as it stands, is true.
 */
bool dsn_decode(struct arena *arena, struct str text, unsigned way,
		struct dsn_view *view);

/* An address with RFC 6533's \x{...} in UTF-8. */
struct str dsn_decode_unicode(struct arena *arena, struct str address);

#endif
