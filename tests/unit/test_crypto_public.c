/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "crypto_public"
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "keys.h"
#include "mail/crypto.h"
#include "mail/limits.h"

static void digest_of_abc(unsigned char digest[CRYPTO_SHA256_SIZE])
{
	EVP_Digest("abc", 3, digest, NULL, EVP_sha256(), NULL);
}

/* What a record would have behind base64; PKCS #1 if `bare`. */
static struct str octets_of(struct arena *arena, const char *text, bool bare)
{
	struct crypto_key *key = NULL;
	struct str octets;
	EVP_PKEY *public;
	unsigned char *der = NULL;
	const unsigned char *p;
	int n;

	ASSERT_RESULT(crypto_key_parse(str_from(text), &key), OK, "key");
	ASSERT_RESULT(crypto_key_public(key, arena, &octets), OK, "public");
	if (bare) {
		p = (const unsigned char *)octets.p;
		public = d2i_PUBKEY(NULL, &p, (long)octets.n);
		n = i2d_PublicKey(public, &der);
		octets = arena_copy(arena,
				    (struct str){ (char *)der, (size_t)n });
		OPENSSL_free(der);
		EVP_PKEY_free(public);
	}
	crypto_key_free(key);
	return octets;
}

static void public_parse(void **state)
{
	static const struct {
		enum crypto_algorithm algorithm;
		const char *key;
		bool bare;
		int bits;
	} rows[] = {
		{ CRYPTO_RSA, KEY_RFC8463_RSA, false, 1024 },
		{ CRYPTO_RSA, KEY_RFC8463_RSA, true, 1024 },
		{ CRYPTO_RSA, KEY_RSA_2048, false, 2048 },
		{ CRYPTO_RSA, KEY_RSA_8192, false, 8192 },
		{ CRYPTO_RSA, KEY_RSA_8192, true, 8192 },
		{ CRYPTO_ED25519, KEY_RFC8463, false, 256 },
	};
	struct arena *arena = arena_new(4096);
	unsigned char digest[CRYPTO_SHA256_SIZE];
	unsigned char signature[CRYPTO_SIGNATURE_MAX];

	(void)state;
	digest_of_abc(digest);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str octets = octets_of(arena, rows[i].key, rows[i].bare);
		struct crypto_public *public = NULL;
		struct crypto_key *key = NULL;
		struct str b = { (char *)signature, 0 };

		ASSERT_RESULT(crypto_key_parse(str_from(rows[i].key), &key), OK,
			      "key");
		ASSERT_RESULT(crypto_sign(key, digest, signature, &b.n), OK,
			      "sign");
		ASSERT_RESULT(crypto_public_parse(rows[i].algorithm, octets,
						  &public),
			      OK, "parse");
		assert_int_equal(crypto_public_bits(public), rows[i].bits);
		assert_true(crypto_verify(public, CRYPTO_SHA256, digest, b));
		signature[b.n / 2] ^= 1;
		assert_false(crypto_verify(public, CRYPTO_SHA256, digest, b));
		signature[b.n / 2] ^= 1;
		b.n--;
		assert_false(crypto_verify(public, CRYPTO_SHA256, digest, b));
		b.n = 0;
		assert_false(crypto_verify(public, CRYPTO_SHA256, digest, b));
		crypto_public_put(public);
		crypto_key_free(key);
	}
	crypto_public_put(NULL);
	arena_free(arena);
}

static void public_refused(enum crypto_algorithm algorithm, struct str octets,
			   enum result want, const char *what)
{
	struct crypto_public *public = NULL;

	ASSERT_RESULT(crypto_public_parse(algorithm, octets, &public), want,
		      what);
	assert_null(public);
}

static void public_not(void **state)
{
	struct arena *arena = arena_new(4096);
	struct str rsa = octets_of(arena, KEY_RFC8463_RSA, false);
	struct str bare = octets_of(arena, KEY_RFC8463_RSA, true);
	struct str ed25519 = octets_of(arena, KEY_RFC8463, false);
	char more[2048] = { 0 };
	static char much[LIMIT_KEY_RECORD * 10];

	(void)state;
	/* what is cut, and what has an octet more */
	for (size_t n = 0; n < rsa.n; n++)
		public_refused(CRYPTO_RSA, str_sub(rsa, 0, n), E_SYNTAX, "cut");
	for (size_t n = 0; n < bare.n; n++)
		public_refused(CRYPTO_RSA, str_sub(bare, 0, n), E_SYNTAX,
			       "cut");
	memcpy(more, rsa.p, rsa.n);
	public_refused(CRYPTO_RSA, (struct str){ more, rsa.n + 1 }, E_SYNTAX,
		       "more");
	memcpy(more, bare.p, bare.n);
	public_refused(CRYPTO_RSA, (struct str){ more, bare.n + 1 }, E_SYNTAX,
		       "more");
	memcpy(more, ed25519.p, ed25519.n);
	for (size_t n = 0; n < 64; n++)
		if (n != 32)
			public_refused(CRYPTO_ED25519, (struct str){ more, n },
				       E_SYNTAX, "ed25519");
	/* a key of the other kind, or of none of DKIM's */
	public_refused(CRYPTO_RSA, ed25519, E_SYNTAX, "ed25519 as rsa");
	public_refused(CRYPTO_ED25519, rsa, E_SYNTAX, "rsa as ed25519");
	for (size_t n = LIMIT_KEY_RECORD; n <= sizeof(much); n += 4095)
		public_refused(CRYPTO_RSA, (struct str){ much, n },
			       n > LIMIT_KEY_RECORD ? E_LIMIT : E_SYNTAX,
			       "much");
	arena_free(arena);
}

/* Keys that OpenSSL knows: their octets are OpenSSL's own. */
static void public_sizes(void **state)
{
	static const struct {
		const char *pem;
		enum result result;
		int bits;
	} rows[] = {
		{ KEY_RSA_1023, OK, 1023 },   { KEY_RSA_8194, E_LIMIT, 0 },
		{ KEY_RSA_PSS, E_SYNTAX, 0 }, { KEY_EC, E_SYNTAX, 0 },
		{ KEY_ED448, E_SYNTAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		BIO *bio = BIO_new_mem_buf(rows[i].pem, -1);
		EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
		struct crypto_public *public = NULL;
		unsigned char *der = NULL;
		struct str octets;

		assert_non_null(pkey);
		octets.n = (size_t)i2d_PUBKEY(pkey, &der);
		octets.p = (char *)der;
		ASSERT_RESULT(crypto_public_parse(CRYPTO_RSA, octets, &public),
			      rows[i].result, rows[i].pem);
		if (public)
			assert_int_equal(crypto_public_bits(public),
					 rows[i].bits);
		crypto_public_put(public);
		OPENSSL_free(der);
		EVP_PKEY_free(pkey);
		BIO_free(bio);
	}
}

static void known_verification(void **state)
{
	struct arena *arena = arena_new(4096);
	struct crypto_public *public = NULL;
	unsigned char digest[CRYPTO_SHA256_SIZE];
	struct str octets, b;

	(void)state;
	digest_of_abc(digest);
	/* by openssl-dgst(1) -sha1 -sign, over "abc" */
	octets = octets_of(arena, KEY_RFC8463_RSA, false);
	ASSERT_RESULT(crypto_public_parse(CRYPTO_RSA, octets, &public), OK,
		      "key");
	ASSERT_RESULT(
		crypto_base64_parse(
			arena,
			STR("uGe3gl0rvfTgR7tJ1FJy4ZKVujBc9aUTDwCD2e5b3pjtUevEnX6XOqEZ"
			    "axRMXVXHjgQY4yaeNCLItyOLLovRJYk2oh+K7hLbLCuqOL/RXIP6rnyY"
			    "2+pIcV/GxyXq4UZPkqVol6i1j3wHGzzAQ7erka/XZ5DEpXe58W8AcicE"
			    "Y60="),
			&b),
		OK, "b");
	assert_false(crypto_verify(public, CRYPTO_SHA256, digest, b));
	ASSERT_RESULT(crypto_base64_parse(arena,
					  STR("qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
					  &octets),
		      OK, "digest");
	assert_true(crypto_verify(public, CRYPTO_SHA1,
				  (const unsigned char *)octets.p, b));
	crypto_public_put(public);
	arena_free(arena);
}

static int init(void **state)
{
	(void)state;
	return crypto_init() == OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_parse),
		cmocka_unit_test(public_not),
		cmocka_unit_test(public_sizes),
		cmocka_unit_test(known_verification),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(UNIT_NAME, tests, init, NULL);
}
