/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DSN_FORMAT_H
#define MAIL_DSN_FORMAT_H

#include <stdint.h>

#include "address.h"
#include "dsn_parse.h"

/*
 * A notification of our own in place of one that names a private address.
 * RFC 3464 section 4.2 (f) has it so: the forwarder is the originator of what
 * it forwarded, and on final status it tells the first sender.
 */
struct dsn_notice {
	struct mailbox sender; /* who gets it */
	struct mailbox alias;  /* what that sender wrote to */
	/* What must not be told; the recipients of the DSN are added. */
	const struct mailbox *targets;
	size_t n;
	struct str domain; /* ours, of From: one that signs the message */
	struct str host;   /* ours: Reporting-MTA, Message-ID */
	int64_t now;	   /* seconds since 1970 */
	struct str random; /* 16 octets or more */
};

/*
 * A message as edits want it: values with their leading space and LF as
 * folds, the body with CRLF. All is ASCII but for addresses in `header`.
 */
struct dsn_message {
	struct message header;
	struct str body;
};

/*
 * Writes it, whatever its actions are: success and delay are told by the same
 * rules as failure. E_SYNTAX when an address or the host can't be written.
 */
enum result dsn_format(struct arena *arena, const struct dsn *dsn,
		       const struct dsn_notice *notice,
		       struct dsn_message *message);

#endif
