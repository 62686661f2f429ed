/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_TRACE_H
#define MAIL_TRACE_H

#include "buf.h"

/*
 * The trace fields that we add name what strangers sent: senders, HELO names,
 * domains of signatures. Programs read them, and not all read quotes and
 * comments as the RFCs have them, so here is what of a stranger's value may
 * stand in such a field, and how.
 */
enum trace_form {
	TRACE_ATOM,   /* as it is */
	TRACE_QUOTED, /* between quotes, in which nothing needs a backslash */
	TRACE_UNFIT,  /* not at all: a reader might see another value in it */
};

/*
 * Domain names, addresses with a dot-atom as local part and one "@", address
 * literals, IPv6 addresses, base64: all that honest values are. Nothing else
 * fits, nor what is longer than LIMIT_TRACE_VALUE or has "=?" in it, by which
 * an encoded word begins.
 */
enum trace_form trace_form(struct str value);

/*
 * May this stand in a comment or between the quotes of a phrase? ASCII words
 * with spaces between them, without quotes, backslashes, parentheses, angle
 * brackets, semicolons and "=?".
 */
bool trace_is_text(struct str text);

/* A field's value as it is written: words, and LF HTAB where a line is full. */
struct trace {
	struct buf buf;
	size_t column;
};

/* `column` is how much of the first line the field's name takes. */
void trace_begin(struct trace *trace, struct arena *arena, size_t column);
/* A word behind a space, on the next line if this one is full. */
void trace_word(struct trace *trace, struct str word);
/* Words in parentheses, which may be on several lines. */
void trace_comment(struct trace *trace, struct str text);
/* Put at the end of the last word. */
void trace_close(struct trace *trace, char byte);
/* The next word begins a line. */
void trace_fold(struct trace *trace);

#endif
