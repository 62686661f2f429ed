/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_RESULTS_H
#define AUTH_POLICY_RESULTS_H

#include "auth-policy/check.h"

/*
 * The value of the Authentication-Results field (RFC 8601) that says what was
 * found, in the name of authserv-id `id`.
 */
struct str results_format(struct arena *arena,
			  const struct check_findings *findings, struct str id);

/*
 * The same for the log: " spf=... dkim=... arc=... dmarc=...", all of it
 * printable.
 */
const char *results_log(struct arena *arena,
			const struct check_findings *findings);

#endif
