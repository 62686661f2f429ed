/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_SPF_MACRO_H
#define MAIL_SPF_MACRO_H

#include <stdint.h>

#include "ip.h"

/*
 * The macro language of RFC 7208 section 7: first its grammar (7.1), then the
 * expansion. Only these two know what stands behind a '%'.
 */

/* domain-spec. The letters c, r and t are for explanations (7.2). */
bool spf_macro_is_domain_spec(struct str text);
/* macro-string, of a modifier that is not known. */
bool spf_macro_is_string(struct str text);
/* explain-string: a macro-string with spaces. */
bool spf_macro_is_explanation(struct str text);

/* What the letters stand for (7.2). */
struct spf_values {
	struct str sender;   /* s */
	struct str local;    /* l: its local part */
	struct str origin;   /* o: its domain */
	struct str domain;   /* d: the domain whose record is evaluated */
	struct str helo;     /* h */
	struct ip client;    /* i, c, v */
	struct str receiver; /* r: the host that checks, may be empty */
	int64_t now;	     /* t */
	/* p: a validated name of the client, which takes DNS to know. */
	struct str (*validated)(void *context);
	void *context;
};

/*
 * Expands a text that one of the three above took. E_LIMIT when the result
 * is longer than `limit` octets, E_SYNTAX when the text is no macro-string.
 */
enum result spf_macro_expand(struct arena *arena, struct str text,
			     const struct spf_values *values, size_t limit,
			     struct str *expanded);

#endif
