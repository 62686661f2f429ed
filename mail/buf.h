/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_BUF_H
#define MAIL_BUF_H

#include "arena.h"

/*
 * A growing buffer in an arena, with its limit given at birth. What would
 * pass the limit is left out whole and `full` is set, so that a row of
 * buf_add calls needs one check at its end.
 */
struct buf {
	struct arena *arena;
	char *p;
	size_t n;
	size_t capacity;
	size_t limit;
	bool full;
};

void buf_init(struct buf *buf, struct arena *arena, size_t limit);
void buf_add(struct buf *buf, struct str s);
void buf_addc(struct buf *buf, char byte);
/* Adds s with \xNN for white space, quotes, backslashes and odd bytes. */
void buf_add_printable(struct buf *buf, struct str s);
void buf_printf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What is in the buffer, valid as long as nothing is added. */
static inline struct str buf_str(const struct buf *buf)
{
	return (struct str){ buf->p, buf->n };
}

/* The same as a C string, with a NUL behind it that the limit ignores. */
char *buf_c(struct buf *buf);

#endif
