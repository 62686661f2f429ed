/* SPDX-License-Identifier: BSD-2-Clause */
#include "env.h"

enum result env_key(const struct env *env, enum crypto_algorithm algorithm,
		    struct str octets, struct crypto_public **key)
{
	if (!env->keys)
		return crypto_public_parse(algorithm, octets, key);
	return env->keys->get(env->keys->context, algorithm, octets, key);
}

const char *auth_name(enum auth auth)
{
	static const char *const names[] = {
		[AUTH_NONE] = "none",		[AUTH_PASS] = "pass",
		[AUTH_FAIL] = "fail",		[AUTH_SOFTFAIL] = "softfail",
		[AUTH_POLICY] = "policy",	[AUTH_NEUTRAL] = "neutral",
		[AUTH_TEMPERROR] = "temperror", [AUTH_PERMERROR] = "permerror",
	};

	return names[auth];
}
