/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_VERDICT_H
#define MAIL_VERDICT_H

#include <stdint.h>

#include "dmarc_record.h"
#include "env.h"
#include "mac.h"

/*
 * What auth-policy found, as it hands it to the milters behind it: in a field
 * of the message, with a MAC under a secret of the host.
 */
#define VERDICT_FIELD "X-Millrace-Verdict"

struct verdict {
	bool checked; /* false: the client was trusted or authenticated */
	enum auth spf;
	enum auth dkim; /* the best */
	/* A signature aligned with the author passed: it survives a hop. */
	bool dkim_aligned;
	enum auth arc;
	size_t arc_instances; /* the highest i= of the chain */
	enum auth dmarc;
	enum dmarc_policy policy;
	struct str author;  /* the Author Domain; may be empty */
	struct str authres; /* what goes into an ARC-Authentication-Results */
};

/* The transaction that a verdict is of, in the very bytes of its session. */
struct verdict_facts {
	struct str client; /* its address */
	struct str helo;
	struct str sender;
	struct str queue_id;
	int64_t now; /* seconds since 1970 */
};

/*
 * The value of the field, with a leading space and LF folds; the first secret
 * makes the MAC, which covers verdict and facts. E_LIMIT when author and
 * authres together are over LIMIT_VERDICT_AUTHRES. E_CONFIG, E_TEMP: mac.h.
 *
 * White space means nothing, so that the field may be folded anew. No verdict
 * counts in another transaction: that would need the same queue id, client,
 * HELO name and sender within LIMIT_VERDICT_AGE, and the field of a message
 * that never left this host with it. What the MAC does not cover is the
 * message itself: whoever may change it between two milters of one MTA is
 * believed.
 */
enum result verdict_format(struct arena *arena,
			   const struct mac_secrets *secrets,
			   const struct verdict *verdict,
			   const struct verdict_facts *facts,
			   struct str *value);

/*
 * Reads it again; *verdict lives in the arena. E_SYNTAX: it is no such value;
 * E_CRYPTO: forged, or of another transaction; E_TEMP: older than
 * LIMIT_VERDICT_AGE, or of the future, or as in mac.h. E_CONFIG: mac.h.
 */
enum result verdict_parse(struct arena *arena,
			  const struct mac_secrets *secrets, struct str value,
			  const struct verdict_facts *facts,
			  struct verdict *verdict);

#endif
