/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "limits.h"
#include "message.h"

/*
 * As much of MIME as bounces need. Readers of mail differ on broken MIME; so
 * what could be read in two ways is E_SYNTAX here, and the caller does what
 * is safe when it can't see into a part.
 */
struct mime_parameter {
	struct str name; /* in lower case */
	struct str value;
};

/* A Content-Type (RFC 2045 section 5), in lower case but for the values. */
struct mime_type {
	struct str type;
	struct str subtype;
	struct mime_parameter *parameters;
	size_t n;
};

/*
 * Parses a Content-Type's value, with the pieces and percent signs of RFC
 * 2231. E_SYNTAX also when a parameter is there twice; E_LIMIT.
 */
enum result mime_type_parse(struct arena *arena, struct str value,
			    struct mime_type *type);

/* Is it of this type? "*" stands for any subtype. */
bool mime_is(const struct mime_type *type, const char *name,
	     const char *subtype);

/* A parameter's value, empty when there is none of this name. */
struct str mime_parameter(const struct mime_type *type, const char *name);

enum mime_encoding {
	MIME_IDENTITY, /* 7bit, 8bit, binary */
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
	MIME_UNKNOWN,
};

/* A message or a part of one; the body is as it came, encoded. */
struct mime_part {
	struct message header;
	struct mime_type type;
	enum mime_encoding encoding;
	struct str body;
};

/*
 * Reads what a header says of a body; without a Content-Type that is
 * text/plain (RFC 2045 section 5.2). E_SYNTAX when it says two things.
 */
enum result mime_describe(struct arena *arena, struct mime_part *part);

/* Splits a part of a multipart into header and body and describes it. */
enum result mime_part_parse(struct arena *arena, struct str text,
			    struct mime_part *part);

/*
 * The decoded body. E_SYNTAX for base64 that is broken, E_ABSENT for an
 * encoding that is not known.
 */
enum result mime_decode(struct arena *arena, const struct mime_part *part,
			struct str *plain);

/* The parts of a multipart, from the top, still unparsed. */
struct mime_parts {
	struct str parts[LIMIT_MIME_PARTS];
	size_t n;
};

/*
 * Cuts the body of a multipart at its boundary (RFC 2046 section 5.1.1). What
 * is missing at the end counts as there. E_SYNTAX for a boundary that can't
 * be, E_ABSENT without a part, E_LIMIT for too many.
 */
enum result mime_split(const struct mime_part *part, struct mime_parts *parts);

/*
 * Decodes the encoded words (RFC 2047) of a field's value, to octets of
 * whatever charset. E_ABSENT when there are none, E_SYNTAX for broken ones.
 */
enum result mime_words(struct arena *arena, struct str value,
		       struct str *plain);

/* Quoted-printable (RFC 2045 section 6.7), with CRLF. */
struct str mime_quoted_printable(struct arena *arena, struct str text);

#endif
