/* SPDX-License-Identifier: BSD-2-Clause */
#include "compare.h"

static const char *differ(struct arena *arena, const char *protocol,
			  const char *library, const char *native,
			  const char *other)
{
	if (strcmp(native, other) == 0)
		return NULL;
	return arena_printf(arena, "%s native=%s %s=%s", protocol, native,
			    library, other);
}

const char *compare_spf(struct arena *arena, const struct spf_result *native,
			const struct spf_result *other)
{
	return differ(arena, "spf", engine_spf_names[1],
		      auth_name(native->auth), auth_name(other->auth));
}

/* The result, the policy where there is one, what is done where it fails. */
static const char *shown(struct arena *arena, const struct dmarc_result *result)
{
	const char *auth = auth_name(result->auth);

	if (!result->tag)
		return auth;
	return arena_printf(arena, "%s/%s/%s", auth,
			    dmarc_policy_name(result->policy),
			    dmarc_policy_name(result->disposition));
}

const char *compare_dmarc(struct arena *arena,
			  const struct dmarc_result *native,
			  const struct dmarc_result *other)
{
	return differ(arena, "dmarc", engine_dmarc_names[1],
		      shown(arena, native), shown(arena, other));
}
