/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "keycache"
#include "unit.h"

#include <pthread.h>

#include "keys.h"
#include "milters/keycache.h"

enum { SMALL = 4, ED25519_OCTETS = 32 };

/* The n-th of many keys: OpenSSL takes any 32 octets for one of Ed25519. */
struct octets {
	char bytes[ED25519_OCTETS];
};

static struct str octets_of(struct octets *room, uint32_t n)
{
	memset(room->bytes, 0, sizeof(room->bytes));
	memcpy(room->bytes, &n, sizeof(n));
	return (struct str){ room->bytes, sizeof(room->bytes) };
}

/* A key with its reference. */
static struct crypto_public *get(struct keycache *cache, uint32_t n)
{
	const struct key_cache *keys = keycache_keys(cache);
	struct crypto_public *key = NULL;
	struct octets room;

	ASSERT_RESULT(keys->get(keys->context, CRYPTO_ED25519,
				octets_of(&room, n), &key),
		      OK, "get");
	return key;
}

static void same_octets_are_one_key(void **state)
{
	struct keycache *cache = keycache_new(SMALL);
	struct crypto_public *a = get(cache, 1), *b = get(cache, 1),
			     *c = get(cache, 2);

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_int_equal(keycache_count(cache), 2);
	crypto_public_put(a);
	crypto_public_put(b);
	crypto_public_put(c);
	keycache_put(cache);
}

/* A key stays usable when the cache has dropped it, and when it is gone. */
static void key_outlives_cache(void **state)
{
	struct keycache *cache = keycache_new(1);
	struct crypto_public *dropped = get(cache, 1), *kept = get(cache, 2);

	(void)state;
	assert_int_equal(keycache_count(cache), 1);
	assert_int_equal(crypto_public_bits(dropped), 256);
	keycache_put(cache);
	assert_int_equal(crypto_public_bits(kept), 256);
	crypto_public_put(dropped);
	crypto_public_put(kept);
}

/* At the limit, one above it, ten times above. */
static void limit(void **state)
{
	static const size_t rows[] = { KEYCACHE_KEYS, KEYCACHE_KEYS + 1,
				       KEYCACHE_KEYS * 10 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct keycache *cache = keycache_new(KEYCACHE_KEYS);

		for (uint32_t n = 0; n < rows[i]; n++)
			crypto_public_put(get(cache, n));
		assert_int_equal(keycache_count(cache), KEYCACHE_KEYS);
		keycache_put(cache);
	}
}

static void longest_unused_goes(void **state)
{
	struct keycache *cache = keycache_new(SMALL);
	struct crypto_public *first[SMALL + 1], *again;

	(void)state;
	for (uint32_t n = 0; n < SMALL; n++)
		first[n] = get(cache, n);
	/* Key 0 is used again, so 1 goes for the one that is too many. */
	crypto_public_put(get(cache, 0));
	first[SMALL] = get(cache, SMALL);
	for (uint32_t n = 0; n <= SMALL; n++) {
		if (n == 1)
			continue;
		again = get(cache, n);
		assert_ptr_equal(again, first[n]);
		crypto_public_put(again);
	}
	again = get(cache, 1);
	assert_ptr_not_equal(again, first[1]);
	crypto_public_put(again);
	for (uint32_t n = 0; n <= SMALL; n++)
		crypto_public_put(first[n]);
	keycache_put(cache);
}

/* What is no key is none each time, and the algorithm is a part of the key. */
static void no_key(void **state)
{
	struct keycache *cache = keycache_new(SMALL);
	const struct key_cache *keys = keycache_keys(cache);
	struct crypto_public *key = get(cache, 7), *none = NULL;
	struct octets room;
	struct str octets = octets_of(&room, 7);

	(void)state;
	for (int i = 0; i < 2; i++)
		ASSERT_RESULT(keys->get(keys->context, CRYPTO_RSA, octets,
					&none),
			      E_SYNTAX, "no key of RSA");
	octets.n--;
	ASSERT_RESULT(keys->get(keys->context, CRYPTO_ED25519, octets, &none),
		      E_SYNTAX, "31 octets");
	assert_null(none);
	assert_int_equal(keycache_count(cache), 1);
	crypto_public_put(key);
	keycache_put(cache);
}

/* What a private key signed verifies with the public one that was kept. */
static void kept_key_verifies(void **state)
{
	struct arena *arena = arena_new(4096);
	struct keycache *cache = keycache_new(SMALL);
	const struct env env = { .keys = keycache_keys(cache) };
	const unsigned char digest[CRYPTO_SHA256_SIZE] = "abc";
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	struct crypto_key *private = NULL;
	struct crypto_public *key;
	struct str octets, made = { (char *)signature, 0 };

	(void)state;
	ASSERT_RESULT(crypto_key_parse(str_from(KEY_RSA_2048), &private), OK,
		      "key");
	ASSERT_RESULT(crypto_key_public(private, arena, &octets), OK, "public");
	ASSERT_RESULT(crypto_sign(private, digest, signature, &made.n), OK,
		      "sign");
	for (int i = 0; i < 3; i++) {
		ASSERT_RESULT(env_key(&env, CRYPTO_RSA, octets, &key), OK,
			      "env_key");
		assert_true(crypto_verify(key, CRYPTO_SHA256, digest, made));
		crypto_public_put(key);
	}
	assert_int_equal(keycache_count(cache), 1);
	crypto_key_free(private);
	keycache_put(cache);
	arena_free(arena);
}

struct worker {
	pthread_t thread;
	struct keycache *cache;
	uint64_t random;
	size_t wrong;
};

static void *work(void *context)
{
	struct worker *worker = context;
	const struct key_cache *keys = keycache_keys(worker->cache);
	struct crypto_public *key;
	struct octets room;

	for (int i = 0; i < 20000; i++) {
		uint32_t n = unit_random(&worker->random) % (SMALL * 3);

		if (keys->get(keys->context, CRYPTO_ED25519,
			      octets_of(&room, n), &key) != OK) {
			worker->wrong++;
			continue;
		}
		worker->wrong += crypto_public_bits(key) != 256;
		crypto_public_put(key);
	}
	return NULL;
}

/* For the sanitizers: keys come and go under threads that use them. */
static void threads(void **state)
{
	struct keycache *cache = keycache_new(SMALL);
	struct worker workers[SMALL];

	(void)state;
	for (int i = 0; i < SMALL; i++) {
		workers[i] = (struct worker){ .cache = keycache_get(cache),
					      .random = (uint64_t)i };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work,
						&workers[i]),
				 0);
	}
	for (int i = 0; i < SMALL; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].wrong, 0);
		keycache_put(cache);
	}
	assert_int_equal(keycache_count(cache), SMALL);
	keycache_put(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_octets_are_one_key),
		cmocka_unit_test(key_outlives_cache),
		cmocka_unit_test(limit),
		cmocka_unit_test(longest_unused_goes),
		cmocka_unit_test(no_key),
		cmocka_unit_test(kept_key_verifies),
		cmocka_unit_test(threads),
	};

	return crypto_init() == OK ? UNIT_RUN(tests) : 1;
}
