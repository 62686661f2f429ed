/* SPDX-License-Identifier: BSD-2-Clause */

/* A file with a private key. */

#include "fuzz.h"
#include "mail/dkim_key.h"
#include "mail/limits.h"

static void use(const struct crypto_key *key, struct arena *arena)
{
	unsigned char digest[CRYPTO_SHA256_SIZE] = { 0 };
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	struct str record;
	size_t n = 0;

	if (crypto_key_algorithm(key) == CRYPTO_RSA)
		MUST(crypto_key_bits(key) >= LIMIT_RSA_BITS_MIN &&
		     crypto_key_bits(key) <= LIMIT_RSA_BITS_MAX);
	MUST(dkim_key_record(key, arena, &record) == OK);
	/* a key whose numbers do not fit must fail, not write on */
	if (crypto_key_bits(key) <= LIMIT_RSA_BITS_WEAK &&
	    crypto_sign(key, digest, signature, &n) == OK)
		MUST(n <= sizeof(signature));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct str text = { (const char *)data, size }, octets;
	struct arena *arena = arena_new(4096);
	struct crypto_key *key = NULL;

	if (!ready)
		MUST(crypto_init() == OK);
	ready = true;
	if (crypto_key_parse(text, &key) == OK)
		use(key, arena);
	else
		MUST(!key);
	crypto_key_free(key);
	/* what can be read is written in one way only */
	if (crypto_base64_parse(arena, text, &octets) == OK) {
		struct str again = crypto_base64(arena, octets);
		size_t k = 0;

		for (size_t i = 0; i < text.n; i++)
			if (!strchr(" \t\r\n", text.p[i]))
				MUST(k < again.n && again.p[k++] == text.p[i]);
		MUST(k == again.n);
	}
	arena_free(arena);
	return 0;
}
