/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_AUTHRES_H
#define MAIL_AUTHRES_H

#include "arena.h"
#include "result.h"

/* ptype.property=pvalue (RFC 8601 section 2.2) */
struct authres_property {
	struct str type;  /* "smtp", "header", "body", "policy", "dns" */
	struct str name;  /* "mailfrom", "from", "d" */
	struct str value; /* without quotes */
};

/* What one method found (resinfo). */
struct authres_result {
	struct str method; /* "spf" */
	struct str result; /* "pass" */
	struct str reason; /* without quotes; empty: none */
	/* Text of a comment behind the result, when formatted; empty: none. */
	struct str comment;
	struct authres_property *properties;
	size_t n;
};

/* The payload of an Authentication-Results field. */
struct authres {
	struct str id; /* authserv-id */
	struct authres_result *results;
	size_t n; /* 0: "none" */
};

/*
 * The value of the field, with a leading space and LF folds. What goes into
 * it besides results is what every reader understands alike: see trace_form
 * and trace_is_text in trace.h for the values that are written, or quoted, or
 * left out with their property, and the reasons and comments that are left
 * out. Results are never left out; their methods and results are Keywords
 * (RFC 8601 section 2.2), as are the types and names of properties. Empty
 * when the id is no domain name in ASCII.
 *
 * RFC 8601 section 2.7.2: smtp.mailfrom should be a domain without its local
 * part, unless the policy asked for the local part.
 */
struct str authres_format(struct arena *arena, const struct authres *authres);

/*
 * Parses the value of a field, to its last byte, comments anywhere that CFWS
 * may stand. Others write more than the grammar has: no authserv-id (it is
 * empty then), properties without a type (empty), values without the quotes
 * they need, semicolons too many. E_SYNTAX, E_LIMIT otherwise.
 */
enum result authres_parse(struct arena *arena, struct str value,
			  struct authres *authres);

/*
 * The value of the first property of a name, as in ("header", "d"); its
 * pointer is NULL when there is none.
 */
struct str authres_value(const struct authres_result *result, const char *type,
			 const char *name);

/*
 * Could a reader take this value for one that `id` wrote? True when its
 * authserv-id is `id` in any case, in quotes or not, with U-labels, a dot at
 * the end, behind and before comments, with or without a version, whatever
 * follows. True as well when no authserv-id can be read for certain and the
 * text has `id` in it or might have, decoded. False for other authserv-ids.
 * RFC 8601 section 5 has such fields removed at the border.
 */
bool authres_claims(struct arena *arena, struct str value, struct str id);

#endif
