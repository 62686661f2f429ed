/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_PATH_H
#define MAIL_PATH_H

#include "address.h"

/*
 * The addresses of an envelope (RFC 5321 section 4.1.2, Mailbox; with UTF-8,
 * RFC 6531 section 3.3), without the angle brackets. In a struct mailbox the
 * local part has no quotes, the domain is in normal form or is an address
 * literal as written.
 */

/*
 * Parses an address. Dots may stand anywhere in a local part without quotes,
 * as they do in real mail. E_SYNTAX; E_LIMIT for a local part that is too
 * long.
 */
enum result path_parse(struct arena *arena, struct str text,
		       struct mailbox *mailbox);

/* Takes the quotes off a local part, where it has any; as path_parse. */
enum result path_parse_local(struct arena *arena, struct str text,
			     struct str *local);

/* The local part as it is written: in quotes where it needs them. */
struct str path_format_local(struct arena *arena, struct str local);
struct str path_format(struct arena *arena, const struct mailbox *mailbox);

/* Are they one address, to the letter of the local part? */
bool path_equal(const struct mailbox *a, const struct mailbox *b);

#endif
