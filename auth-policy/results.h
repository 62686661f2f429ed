/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_RESULTS_H
#define AUTH_POLICY_RESULTS_H

#include "auth-policy/check.h"
#include "mail/verdict.h"

/*
 * Our authserv-id, in A-labels: the setting, what the MTA calls itself, or
 * what the system does, the first of them that is a domain name.
 */
struct str results_id(struct arena *arena, const char *setting,
		      struct str host);

/*
 * The value of the Authentication-Results field (RFC 8601) that says what was
 * found, in the name of authserv-id `id`.
 */
struct str results_format(struct arena *arena,
			  const struct check_findings *findings, struct str id);

/* The same for the milters behind us, mail/verdict.h. */
void results_verdict(struct arena *arena, const struct check_findings *findings,
		     struct str id, struct verdict *verdict);

/*
 * The same for the log: " spf=... dkim=... arc=... dmarc=...", all of it
 * printable.
 */
const char *results_log(struct arena *arena,
			const struct check_findings *findings);

#endif
