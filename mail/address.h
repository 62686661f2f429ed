/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include "arena.h"
#include "result.h"

/*
 * A mailbox of an address list (RFC 5322 section 3.4): the local part without
 * quotes and the domain, comments and white space taken out of both. A domain
 * literal keeps its brackets.
 */
struct mailbox {
	struct str local;
	struct str domain;
};

struct mailboxes {
	struct mailbox *list;
	size_t n;
	const char *fault; /* for E_SYNTAX, E_LIMIT: a phrase for people */
};

/*
 * The authors: parses the value of a From field as an address list with the
 * obsolete syntax (RFC 5322 section 4.4: routes, comments around dots, null
 * elements) and with UTF-8 (RFC 6532 section 3.2); groups are looked into
 * (RFC 6854). Encoded words are never decoded: they are display text.
 * E_SYNTAX when the value does not match, to its last byte; E_LIMIT for too
 * many mailboxes; E_ABSENT for none. `mailboxes->fault` then says why.
 */
enum result address_parse_authors(struct arena *arena, struct str value,
				  struct mailboxes *mailboxes);

/*
 * Splits "local@domain" as a person or a configuration file writes it, at the
 * last @. E_SYNTAX when a part is empty or longer than RFC 5321 allows.
 */
enum result address_parse(struct str text, struct mailbox *mailbox);

/* Could a local part stand without quotes (RFC 5322 3.2.3, dot-atom)? */
bool address_is_dot_atom(struct str local);

/*
 * An address for a log or a reply: "local@domain", the local part in quotes
 * where it needs them, odd bytes as \xNN.
 */
char *address_format(struct arena *arena, const struct mailbox *mailbox);

#endif
