/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_COMPARE_H
#define AUTH_POLICY_COMPARE_H

#include "engine.h"

/*
 * How the second engine's result differs from the native one's, a phrase of
 * ASCII in the arena for one log line; NULL when they agree:
 *
 *	spf native=pass libspf2=permerror
 *	dmarc native=fail/reject/reject libopendmarc=none
 *
 * Of DMARC that is the result and, where there is a policy, what it says and
 * the disposition.
 */
const char *compare_spf(struct arena *arena, const struct spf_result *native,
			const struct spf_result *other);
const char *compare_dmarc(struct arena *arena,
			  const struct dmarc_result *native,
			  const struct dmarc_result *other);

#endif
