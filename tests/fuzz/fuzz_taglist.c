/* SPDX-License-Identifier: BSD-2-Clause */

/* A list of tags: as such, as a key record, and as a signature. */

#include "fuzz.h"
#include "mail/dkim_key.h"
#include "mail/dkim_signature.h"
#include "mail/limits.h"

/* Name, "=" and raw value of each tag stand in the text in this order. */
static void check_places(struct str text, const struct taglist *list)
{
	const char *at = text.p;

	MUST(list->n >= 1 && list->n <= LIMIT_TAGS);
	for (size_t i = 0; i < list->n; i++) {
		const struct tag *tag = &list->tags[i];

		MUST(tag->name.n && tag->name.p >= at);
		MUST(tag->raw.p > tag->name.p + tag->name.n - 1);
		MUST(tag->raw.p[-1] == '=');
		at = tag->raw.p + tag->raw.n;
		MUST(at == text.p + text.n || *at == ';');
		MUST(tag->value.p >= tag->raw.p &&
		     tag->value.p + tag->value.n <= at);
		for (size_t k = 0; k < i; k++)
			MUST(!str_eq(list->tags[k].name, tag->name));
	}
}

static void parse_record(struct arena *arena, struct str text)
{
	struct crypto_public *public = NULL;
	struct dkim_key key;

	if (dkim_key_parse(arena, text, &key) != OK) {
		MUST(key.fault);
		return;
	}
	MUST(key.revoked || key.octets.n);
	if (crypto_public_parse(key.algorithm, key.octets, &public) == OK) {
		unsigned char digest[CRYPTO_SHA256_SIZE] = { 0 };

		MUST(crypto_public_bits(public) <= LIMIT_RSA_BITS_MAX);
		if (crypto_public_bits(public) <= LIMIT_RSA_BITS_WEAK)
			crypto_verify(public, CRYPTO_SHA256, digest, text);
	}
	crypto_public_put(public);
}

static void parse_signature(struct arena *arena, struct str text)
{
	struct dkim_signature signature;

	if (dkim_signature_parse(arena, text, true, &signature) != OK) {
		MUST(signature.fault);
		return;
	}
	MUST(signature.bare.n < text.n);
	MUST(signature.key_name.n <= LIMIT_DOMAIN - 2);
	for (size_t i = 0; i < signature.key_name.n; i++)
		MUST(signature.key_name.p[i] > ' ' &&
		     signature.key_name.p[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct str text = { (const char *)data, size };
	struct arena *arena = arena_new(4096);
	struct taglist list;

	if (!ready)
		MUST(crypto_init() == OK);
	ready = true;
	if (taglist_parse(arena, text, &list) == OK)
		check_places(text, &list);
	parse_record(arena, text);
	parse_signature(arena, text);
	arena_free(arena);
	return 0;
}
