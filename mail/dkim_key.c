/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_key.h"

#include "domain.h"

enum result dkim_key_record(const struct crypto_key *key, struct arena *arena,
			    struct str *record)
{
	const char *type =
		crypto_key_algorithm(key) == CRYPTO_RSA ? "rsa" : "ed25519";
	struct str octets;
	enum result result = crypto_key_public(key, arena, &octets);

	if (result == OK)
		*record = str_from(
			arena_printf(arena, "v=DKIM1; k=%s; p=%s", type,
				     crypto_base64(arena, octets).p));
	return result;
}

bool dkim_key_is_selector(struct arena *arena, struct str selector)
{
	struct str normal;

	return domain_normalize(arena, selector, &normal) == OK &&
	       str_ieq(normal, selector);
}
