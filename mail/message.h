/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "arena.h"
#include "result.h"

/*
 * A header field with its bytes as received (RFC 5322 section 2.2): the name
 * with any white space before the colon, the value with the white space after
 * it. Folds may be CRLF or LF; there is no line end behind the value.
 */
struct field {
	struct str name;
	struct str value;
};

/* The header of a message: its fields from the top. */
struct message {
	struct arena *arena;
	struct field *fields;
	size_t n;
	size_t capacity;
	size_t bytes;
};

void message_init(struct message *message, struct arena *arena);

/* Appends a copy of a field. E_LIMIT past the limits on a header. */
enum result message_add(struct message *message, struct str name,
			struct str value);

/*
 * Splits a whole message, with CRLF or LF line ends, into its fields and its
 * body (RFC 5322 section 2.1). Both then point into `text`. E_SYNTAX when a
 * line of the header is neither a field nor the continuation of one.
 */
enum result message_split(struct message *message, struct str text,
			  struct str *body);

/* Is this the name of the field? White space before the colon is no matter. */
bool message_is(const struct field *field, struct str name);

/* How many fields have this name; the last one of them if `last` is given. */
size_t message_count(const struct message *message, struct str name,
		     const struct field **last);

#endif
