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
 * The value of the field, with a leading space and LF folds. Values that are
 * no plain tokens are quoted; one that has octets which no quoted string can
 * hold (RFC 5322 3.2.4, RFC 6532), or is longer than LIMIT_AUTHRES_VALUE, is
 * left out with its property. A result is never left out. Values of From,
 * mailfrom and other addresses: "local@domain" or a domain (2.3 pvalue).
 */
struct str authres_format(struct arena *arena, const struct authres *authres);

/*
 * Parses the value of a field, to its last byte, comments anywhere that CFWS
 * may stand. E_SYNTAX, E_LIMIT otherwise.
 */
enum result authres_parse(struct arena *arena, struct str value,
			  struct authres *authres);

/*
 * Could a reader take this value for one that `id` wrote? True when its
 * authserv-id is `id` in any case, in quotes or not, behind and before
 * comments, with or without a version, whatever follows; and true as well
 * when no authserv-id can be read but the text has `id` in it. RFC 8601
 * section 5 has such fields removed at the border.
 */
bool authres_claims(struct arena *arena, struct str value, struct str id);

#endif
