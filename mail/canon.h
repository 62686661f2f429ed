/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_CANON_H
#define MAIL_CANON_H

#include <stdint.h>

#include "message.h"

/* RFC 6376 section 3.4 */
enum canon { CANON_SIMPLE, CANON_RELAXED };

/* "simple", "relaxed" */
const char *canon_name(enum canon canon);
/* Reads "simple/relaxed"; a body left out is simple (RFC 6376 3.5, c=). */
enum result canon_parse(struct str text, enum canon *header, enum canon *body);

/* Where canonical bytes go. */
struct canon_sink {
	void (*write)(void *context, const char *bytes, size_t n);
	void *context;
};

/*
 * The canonical form of a header field (3.4.1, 3.4.2), with the CRLF behind
 * it if `crlf`. A LF or CR that is no part of a CRLF counts as CRLF where it
 * ends a line (5.3): libmilter shows folds as LF.
 */
void canon_field(enum canon canon, const struct field *field, bool crlf,
		 const struct canon_sink *sink);

/*
 * The canonical form of a body (3.4.3, 3.4.4) as a stream: any cutting into
 * chunks gives the same bytes. A LF without CR is taken for a CRLF (5.3), a
 * CR without LF is a byte like others.
 */
struct canon_body {
	struct canon_sink sink;
	enum canon canon;
	bool cr;	  /* the last byte was a CR, not yet written */
	bool wsp;	  /* white space, not yet written */
	bool in_line;	  /* the current line has bytes */
	uint64_t blank;	  /* ended empty lines, not yet written */
	uint64_t written; /* octets given to the sink */
	size_t fill;
	char out[4096];
};

void canon_body_begin(struct canon_body *body, enum canon canon,
		      const struct canon_sink *sink);
void canon_body_chunk(struct canon_body *body, struct str chunk);
void canon_body_end(struct canon_body *body);

#endif
