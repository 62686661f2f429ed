/* SPDX-License-Identifier: BSD-2-Clause */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *buf, struct arena *arena, size_t limit)
{
	*buf = (struct buf){ .arena = arena, .limit = limit };
}

/* Room for `more` bytes and a NUL, or full. */
static bool reserve(struct buf *buf, size_t more)
{
	size_t capacity = buf->capacity ? buf->capacity : 64;
	char *bigger;

	if (buf->full || more > buf->limit - buf->n) {
		buf->full = true;
		return false;
	}
	if (buf->capacity > buf->n + more)
		return true;
	while (capacity <= buf->n + more)
		capacity *= 2;
	bigger = arena_alloc(buf->arena, capacity);
	if (buf->n)
		memcpy(bigger, buf->p, buf->n);
	buf->p = bigger;
	buf->capacity = capacity;
	return true;
}

void buf_add(struct buf *buf, struct str s)
{
	if (!reserve(buf, s.n) || !s.n)
		return;
	memcpy(buf->p + buf->n, s.p, s.n);
	buf->n += s.n;
}

void buf_addc(struct buf *buf, char byte)
{
	buf_add(buf, (struct str){ &byte, 1 });
}

void buf_add_printable(struct buf *buf, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c > 32 && c < 127 && c != '\\' && c != '"')
			buf_addc(buf, (char)c);
		else
			buf_printf(buf, "\\x%02x", c);
	}
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !reserve(buf, (size_t)n))
		return;
	va_start(args, format);
	vsnprintf(buf->p + buf->n, (size_t)n + 1, format, args);
	va_end(args);
	buf->n += (size_t)n;
}

char *buf_c(struct buf *buf)
{
	if (!buf->p)
		buf->p = arena_alloc(buf->arena, buf->capacity = 1);
	buf->p[buf->n] = '\0';
	return buf->p;
}
