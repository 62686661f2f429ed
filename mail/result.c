/* SPDX-License-Identifier: BSD-2-Clause */
#include "result.h"

const char *result_name(enum result result)
{
	static const char *const names[] = {
		[OK] = "ok",
		[E_SYNTAX] = "syntax",
		[E_LIMIT] = "limit",
		[E_ABSENT] = "absent",
		[E_TEMP] = "temporary",
		[E_CRYPTO] = "crypto",
		[E_CONFIG] = "configuration",
	};

	return names[result];
}
