/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_OVERRIDE_H
#define AUTH_POLICY_OVERRIDE_H

#include "auth-policy/config.h"

/*
 * Why a policy is not applied to this message: a phrase for the log, in the
 * words of RFC 9990's PolicyOverride, or NULL. Only the operator's own lists
 * can say so; the message can't.
 */
const char *override_find(struct arena *arena, const struct derived *derived,
			  const struct check_findings *findings);

/* Could DNS, had it answered, have given such a reason? */
bool override_is_open(const struct derived *derived,
		      const struct check_findings *findings);

#endif
