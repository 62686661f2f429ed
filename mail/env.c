/* SPDX-License-Identifier: BSD-2-Clause */
#include "env.h"

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
