/* SPDX-License-Identifier: BSD-2-Clause */

/* A policy of MTA-STS, and a host that it may name. */

#include "fuzz.h"
#include "mail/limits.h"
#include "mail/sts_policy.h"

/* What a pattern names is allowed, and it stands in the text. */
static void check_pattern(struct arena *arena, struct str text,
			  const struct sts_policy *policy, struct str pattern)
{
	struct str host = pattern;

	MUST(pattern.n && pattern.p > text.p);
	MUST(pattern.p + pattern.n <= text.p + text.n);
	if (str_istarts(pattern, STR("*.")))
		host = str_from(arena_printf(arena, "x%.*s", (int)pattern.n - 1,
					     pattern.p + 1));
	MUST(sts_policy_allows(policy, host));
	MUST(!sts_policy_allows(policy, STR("")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena *arena = arena_new(4096);
	struct sts_policy policy;
	const char *fault;
	enum result result = sts_policy_parse(arena, text, &policy, &fault);

	MUST((result == OK) == !fault);
	if (result == OK) {
		MUST(policy.max_age >= 0 && policy.max_age <= LIMIT_STS_AGE);
		MUST(policy.n_mx || policy.mode == STS_NONE);
		for (size_t i = 0; i < policy.n_mx; i++)
			check_pattern(arena, text, &policy, policy.mx[i]);
	}
	arena_free(arena);
	return 0;
}
