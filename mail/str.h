/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_STR_H
#define MAIL_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * A view of bytes that somebody else owns. NUL is a byte like any other, and
 * none is promised at the end. Compared ASCII case only: mail knows no locale.
 */
struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
/* For printf's "%.*s", where the length is known to be small. */
#define STR_ARG(s) (int)(s).n, (s).p

/* A view of a C string; NULL is the empty string. */
static inline struct str str_from(const char *c_string)
{
	return (struct str){ c_string ? c_string : "",
			     c_string ? strlen(c_string) : 0 };
}

/* The bytes of s from `from` up to, not including, `to`. */
static inline struct str str_sub(struct str s, size_t from, size_t to)
{
	return (struct str){ s.p + from, to - from };
}

static inline char str_lower_byte(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool str_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* What a hexadecimal digit stands for, -1 for any other byte. */
int str_hex(char digit);

bool str_eq(struct str a, struct str b);
/* Equal when ASCII case is ignored. */
bool str_ieq(struct str a, struct str b);
/* As memcmp, a prefix before what it begins. */
int str_compare(struct str a, struct str b);
bool str_istarts(struct str s, struct str prefix);

/* Index of the first (last) `byte` in s, or s.n when there is none. */
size_t str_find(struct str s, char byte);
size_t str_find_last(struct str s, char byte);

/* s without white space (SP, HTAB, CR, LF) at its ends, at its end. */
struct str str_trim(struct str s);
struct str str_trim_end(struct str s);

/*
 * Cuts the part before the next `byte` off *rest and returns it; without such
 * a byte, all of *rest. Returns false when *rest was used up before the call
 * (its pointer is NULL then), so that "a,,b" gives three parts.
 */
bool str_cut(struct str *rest, char byte, struct str *part);

/* Cuts the next line off *text, without its LF or CRLF; false at the end. */
bool str_line(struct str *text, struct str *line);

#endif
