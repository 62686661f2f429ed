/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DSN_PARSE_H
#define MAIL_DSN_PARSE_H

#include "message.h"

/* RFC 3464 section 2.3.3, the ones that matter more first. */
enum dsn_action {
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED,
	DSN_RELAYED,
	DSN_EXPANDED,
	DSN_ACTIONS,
};

/* "failed", "delayed" ... */
const char *dsn_action_name(enum dsn_action action);

/*
 * What became of one recipient (RFC 3464 section 2.3). Texts are without
 * folds and empty where there is no such field; addresses without their
 * types, decoded (RFC 6533 section 3).
 */
struct dsn_recipient {
	struct str original;
	struct str final;
	struct str actual; /* Sendmail's X-Actual-Recipient */
	enum dsn_action action;
	struct str status;	    /* "5.1.1" */
	struct str diagnostic_type; /* "smtp" */
	struct str diagnostic;
	struct str last_attempt;
	struct str will_retry;
	struct str remote_mta;

	/*
	 * The address that the first sender knows this recipient by. Not set
	 * by dsn_parse; dsn_format takes the alias of the notice where it is
	 * empty.
	 */
	struct str known_as;
};

struct dsn {
	struct str reporting_mta;
	struct str envelope_id;
	struct str arrival_date;
	struct dsn_recipient *recipients;
	size_t n;
	/* The header of the message that it is about, as far as readable. */
	struct message returned;
};

/*
 * Reads a delivery status notification (RFC 3464, RFC 6522, RFC 6533) from
 * its header and body. E_ABSENT when it is none, E_SYNTAX when it is one that
 * can't be read for certain, E_LIMIT when it is too large.
 */
enum result dsn_parse(struct arena *arena, const struct message *header,
		      struct str body, struct dsn *dsn);

#endif
