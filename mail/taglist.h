/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_TAGLIST_H
#define MAIL_TAGLIST_H

#include <stdint.h>

#include "arena.h"
#include "result.h"

/*
 * A tag of a tag list (RFC 6376 section 3.2): the value without the white
 * space at its ends, and all that stands between "=" and ";". Both point into
 * the text that was parsed.
 */
struct tag {
	struct str name;
	struct str value;
	struct str raw;
};

/* Tags in the order of the text; no two have the same name. */
struct taglist {
	struct tag *tags;
	size_t n;
};

/*
 * Parses the tag list of a DKIM or ARC field or a key record; dmarc_record.c
 * has its own reading of records with faults.
 * Values may have UTF-8 (RFC 8616 section 3). E_SYNTAX when the text does not
 * match to its last byte, or has two tags of one name; E_LIMIT for too many
 * tags.
 */
enum result taglist_parse(struct arena *arena, struct str text,
			  struct taglist *list);

/* The tag of a name, in its case (3.2); NULL when there is none. */
const struct tag *taglist_find(const struct taglist *list, const char *name);

/* The value of a tag, `otherwise` when there is none. */
struct str taglist_value(const struct taglist *list, const char *name,
			 struct str otherwise);

/*
 * Cuts the next part off a value of parts with colons between them (h=, q=,
 * t=), without the white space around it. False at the end.
 */
bool taglist_cut(struct str *value, struct str *part);

/* Does such a value have this part, in any case? */
bool taglist_has(struct str value, struct str part);

/* A value of 1 to 12 digits (3.5: t=, x=), or up to 76 for l=. */
enum result taglist_number(struct str value, size_t digits, uint64_t *number);

/* Decodes dkim-quoted-printable (2.11). */
enum result taglist_unquote(struct arena *arena, struct str value,
			    struct str *plain);

#endif
