/* SPDX-License-Identifier: BSD-2-Clause */

/* A domain as it stands in an address, a folder's name or a setting. */

#include "fuzz.h"
#include "mail/dkim_key.h"
#include "mail/domain.h"
#include "mail/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str domain = { (const char *)data, size }, normal, again;
	struct arena *arena = arena_new(4096);
	bool ok = domain_normalize(arena, domain, &normal) == OK;

	if (ok) {
		MUST(normal.n > 0 && normal.n <= LIMIT_DOMAIN - 2);
		for (size_t i = 0; i < normal.n; i++)
			MUST(normal.p[i] && strchr("abcdefghijklmnopqrstuvwxyz"
						   "0123456789-_.",
						   normal.p[i]));
		MUST(domain_normalize(arena, normal, &again) == OK);
		MUST(str_eq(again, normal));
		MUST(domain_is_within(normal, normal));
		MUST(domain_is_within(normal, domain_parent(normal)) ||
		     !domain_parent(normal).n);
	}
	if (dkim_key_is_selector(arena, domain))
		MUST(ok);
	arena_free(arena);
	return 0;
}
