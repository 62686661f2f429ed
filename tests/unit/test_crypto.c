/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "crypto"
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>

#include "keys.h"
#include "mail/buf.h"
#include "mail/crypto.h"
#include "mail/limits.h"

static void digest_of(struct str text, unsigned char digest[])
{
	struct crypto_hash *hash = crypto_hash_new();

	assert_non_null(hash);
	ASSERT_RESULT(crypto_hash_begin(hash), OK, "begin");
	crypto_hash_add(hash, text.p, text.n);
	ASSERT_RESULT(crypto_hash_end(hash, digest), OK, "end");
	crypto_hash_free(hash);
}

static const char *hex(const unsigned char *bytes, size_t n)
{
	static char text[2 * 64 + 1];

	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

#define SHA256_ABC \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void sha256(void **state)
{
	/* the examples of FIPS 180-4, and the hash of nothing */
	static const struct {
		struct str text;
		const char *want;
	} rows[] = {
		{ S("abc"), SHA256_ABC },
		{ S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
		  "248d6a61d20638b8e5c026930c3e6039"
		  "a33ce45964ff2167f6ecedd419db06c1" },
		{ S(""), "e3b0c44298fc1c149afbf4c8996fb924"
			 "27ae41e4649b934ca495991b7852b855" },
	};
	unsigned char digest[CRYPTO_SHA256_SIZE];
	struct crypto_hash *hash = crypto_hash_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		digest_of(rows[i].text, digest);
		assert_string_equal(hex(digest, 32), rows[i].want);
	}
	/* a million times "a", and the same context used again */
	for (int again = 0; again < 2; again++) {
		ASSERT_RESULT(crypto_hash_begin(hash), OK, "begin");
		for (int i = 0; i < 100000; i++)
			crypto_hash_add(hash, "aaaaaaaaaa", 10);
		ASSERT_RESULT(crypto_hash_end(hash, digest), OK, "end");
		assert_string_equal(hex(digest, 32),
				    "cdc76e5c9914fb9281a1c7e284d73e67"
				    "f1809a48a497200e046d39ccc7112cd0");
	}
	crypto_hash_free(hash);
	crypto_hash_free(NULL);
}

static void sha256_continued(void **state)
{
	struct crypto_hash *from = crypto_hash_new(), *to = crypto_hash_new();
	unsigned char digest[CRYPTO_SHA256_SIZE];

	(void)state;
	ASSERT_RESULT(crypto_hash_begin(from), OK, "begin");
	ASSERT_RESULT(crypto_hash_begin(to), OK, "begin");
	crypto_hash_add(from, "a", 1);
	for (int again = 0; again < 2; again++) {
		ASSERT_RESULT(crypto_hash_copy(to, from), OK, "copy");
		crypto_hash_add(to, "bc", 2);
		ASSERT_RESULT(crypto_hash_end(to, digest), OK, "end");
		assert_string_equal(hex(digest, 32), SHA256_ABC);
	}
	crypto_hash_add(from, "bc", 2);
	ASSERT_RESULT(crypto_hash_end(from, digest), OK, "end");
	assert_string_equal(hex(digest, 32), SHA256_ABC);
	crypto_hash_free(from);
	crypto_hash_free(to);
}

static void sha1(void **state)
{
	unsigned char digest[CRYPTO_SHA256_SIZE];
	struct crypto_hash *hash = crypto_hash_new();

	(void)state;
	ASSERT_RESULT(crypto_hash_begin_as(hash, CRYPTO_SHA1), OK, "begin");
	crypto_hash_add(hash, "abc", 3);
	ASSERT_RESULT(crypto_hash_end(hash, digest), OK, "end");
	assert_int_equal(crypto_digest_size(CRYPTO_SHA1), 20);
	assert_int_equal(crypto_digest_size(CRYPTO_SHA256), 32);
	/* FIPS 180-4 */
	assert_string_equal(hex(digest, 20),
			    "a9993e364706816aba3e25717850c26c9cd0d89d");
	crypto_hash_free(hash);
}

/* RFC 4231 sections 4.2, 4.3 and 4.7 */
static void hmac(void **state)
{
	char large[131];
	const struct {
		struct str secret, text;
		const char *want;
	} rows[] = {
		{ STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		      "\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
		  STR("Hi There"),
		  "b0344c61d8db38535ca8afceaf0bf12b"
		  "881dc200c9833da726e9376c2e32cff7" },
		{ STR("Jefe"), STR("what do ya want for nothing?"),
		  "5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec3843" },
		{ { large, sizeof(large) },
		  STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		  "60e431591ee0b67f0d8a26aacbf5b77f"
		  "8e0bc6213728c5140546040f0ee37f54" },
	};
	unsigned char code[CRYPTO_SHA256_SIZE];

	(void)state;
	memset(large, 0xaa, sizeof(large));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ASSERT_RESULT(crypto_hmac(rows[i].secret, rows[i].text, code),
			      OK, "hmac");
		assert_string_equal(hex(code, 32), rows[i].want);
	}
	assert_true(crypto_equal(STR("a\0b"), STR("a\0b")));
	assert_true(crypto_equal(STR(""), STR("")));
	assert_false(crypto_equal(STR("a\0b"), STR("a\0c")));
	assert_false(crypto_equal(STR("ab"), STR("abc")));
}

static void base64(void **state)
{
	/* RFC 4648 section 10, and octets that need + and / */
	static const struct {
		struct str octets, text;
	} rows[] = {
		{ S(""), S("") },
		{ S("f"), S("Zg==") },
		{ S("fo"), S("Zm8=") },
		{ S("foo"), S("Zm9v") },
		{ S("foob"), S("Zm9vYg==") },
		{ S("fooba"), S("Zm9vYmE=") },
		{ S("foobar"), S("Zm9vYmFy") },
		{ S("\0\0\0"), S("AAAA") },
		{ S("\xfb\xff\xfe"), S("+//+") },
		{ S("\x14\xfb\x9c\x03\xd9\x7e"), S("FPucA9l+") },
	};
	struct arena *arena = arena_new(4096);
	struct str octets;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].text);

		ASSERT_STR(crypto_base64(arena, rows[i].octets), rows[i].text,
			   what);
		ASSERT_RESULT(crypto_base64_parse(arena, rows[i].text, &octets),
			      OK, what);
		ASSERT_STR(octets, rows[i].octets, what);
	}
	ASSERT_RESULT(crypto_base64_parse(arena,
					  STR(" Z m\t9\r\nv\n Y g = \r\n = "),
					  &octets),
		      OK, "white space");
	ASSERT_STR(octets, STR("foob"), "white space");
	arena_free(arena);
}

static void base64_faults(void **state)
{
	static const struct str rows[] = {
		S("Z"),
		S("Zg"),
		S("Zg="),
		S("Zg==="),
		S("Zm9vY"),
		S("="),
		S("=="),
		S("===="),
		S("A==="),
		S("Zg==Zg=="),
		S("Zm=v"),
		S("Zm9-"),
		S("Zm9_"),
		S("Zm9v!"),
		S("Zm9\0"),
		S("Zm\xc3"),
		S("=Zm9"),
		S("Zm9v="),
		S("Zm9v\vZg=="),
		/* bits behind the last octet (RFC 4648 section 3.5) */
		S("Zh=="),
		S("Zm9="),
	};
	struct arena *arena = arena_new(4096);
	struct str octets;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_RESULT(crypto_base64_parse(arena, rows[i], &octets),
			      E_SYNTAX, unit_show(rows[i]));
	arena_free(arena);
}

static void base64_round_trip(void **state)
{
	struct arena *arena = arena_new(65536);
	uint64_t seed = 4648;
	char bytes[200];

	(void)state;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct str octets = { bytes, n }, text, back;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)unit_random(&seed);
		text = crypto_base64(arena, octets);
		assert_int_equal(text.n, (n + 2) / 3 * 4);
		ASSERT_RESULT(crypto_base64_parse(arena, text, &back), OK,
			      "back");
		ASSERT_STR(back, octets, "back");
	}
	arena_free(arena);
}

static void keys(void **state)
{
	static const struct {
		struct str text;
		enum crypto_algorithm algorithm;
		int bits;
	} rows[] = {
		{ S(KEY_RFC8463_RSA), CRYPTO_RSA, 1024 },
		{ S(KEY_RFC8463_RSA_PKCS8), CRYPTO_RSA, 1024 },
		{ S(KEY_RSA_2048), CRYPTO_RSA, 2048 },
		{ S(KEY_RSA_2048_PKCS8), CRYPTO_RSA, 2048 },
		{ S(KEY_RSA_8192), CRYPTO_RSA, 8192 },
		{ S(KEY_RFC8410), CRYPTO_ED25519, 0 },
		{ S(KEY_RFC8463), CRYPTO_ED25519, 0 },
		{ S("\n " KEY_RFC8463 "\r\n"), CRYPTO_ED25519, 0 },
		/* RFC 7468 section 5.2: text before is a comment */
		{ S("made by somebody\n\n" KEY_RFC8410), CRYPTO_ED25519, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crypto_key *key = NULL;

		ASSERT_RESULT(crypto_key_parse(rows[i].text, &key), OK,
			      unit_show(rows[i].text));
		assert_non_null(key);
		assert_int_equal(crypto_key_algorithm(key), rows[i].algorithm);
		if (rows[i].bits)
			assert_int_equal(crypto_key_bits(key), rows[i].bits);
		crypto_key_free(key);
	}
	crypto_key_free(NULL);
}

static void keys_with_crlf(void **state)
{
	struct arena *arena = arena_new(4096);
	struct crypto_key *key = NULL;
	const char *pem = KEY_RSA_2048_PKCS8;
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 1 << 16);
	for (; *pem; pem++) {
		if (*pem == '\n')
			buf_addc(&buf, '\r');
		buf_addc(&buf, *pem);
	}
	ASSERT_RESULT(crypto_key_parse(buf_str(&buf), &key), OK, "CRLF");
	crypto_key_free(key);
	arena_free(arena);
}

static void keys_not(void **state)
{
	static const struct {
		struct str text;
		enum result result;
	} rows[] = {
		{ S(""), E_SYNTAX },
		{ S("\n"), E_SYNTAX },
		{ S("key"), E_SYNTAX },
		{ S("\0\0\0\0"), E_SYNTAX },
		{ S("-----BEGIN PRIVATE KEY-----\n"), E_SYNTAX },
		{ S("-----BEGIN PRIVATE KEY-----\n"
		    "-----END PRIVATE KEY-----\n"),
		  E_SYNTAX },
		{ S("-----BEGIN PRIVATE KEY-----\nAAAA\n"
		    "-----END PRIVATE KEY-----\n"),
		  E_SYNTAX },
		/* 31 and 33 octets, and 32 that are not base64 */
		{ S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="), E_SYNTAX },
		{ S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), E_SYNTAX },
		{ S("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZ"), E_SYNTAX },
		{ S(KEY_RFC8463 KEY_RFC8463), E_SYNTAX },
		{ S(KEY_PUBLIC), E_SYNTAX },
		/* must not ask at the terminal */
		{ S(KEY_ENCRYPTED), E_SYNTAX },
		{ S(KEY_ENCRYPTED_PKCS1), E_SYNTAX },
		/* keys, but none of DKIM's */
		{ S(KEY_RSA_PSS), E_SYNTAX },
		{ S(KEY_EC), E_SYNTAX },
		{ S(KEY_ED448), E_SYNTAX },
		{ S(KEY_X25519), E_SYNTAX },
		{ S(KEY_RSA_1023), E_LIMIT },
		{ S(KEY_RSA_8194), E_LIMIT },
	};
	static char much[LIMIT_KEY_FILE * 10];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crypto_key *key = NULL;

		ASSERT_RESULT(crypto_key_parse(rows[i].text, &key),
			      rows[i].result, unit_show(rows[i].text));
		assert_null(key);
	}
	memset(much, 'A', sizeof(much));
	for (size_t n = LIMIT_KEY_FILE - 4; n <= sizeof(much); n += 65536) {
		struct crypto_key *key = NULL;

		assert_int_not_equal(
			crypto_key_parse((struct str){ much, n }, &key), OK);
		assert_null(key);
	}
}

/* A key cut short or with a byte changed is refused, or it is a key. */
static void keys_damaged(void **state)
{
	static const char pem[] = KEY_RFC8463_RSA;

	(void)state;
	for (size_t n = 0; n < sizeof(pem) - 2; n += 3) {
		struct crypto_key *key = NULL;
		char *copy = malloc(n + 1);

		memcpy(copy, pem, n);
		ASSERT_RESULT(crypto_key_parse((struct str){ copy, n }, &key),
			      E_SYNTAX, "cut");
		free(copy);
	}
}

static void sign_abc(const char *text, const char *want)
{
	struct arena *arena = arena_new(4096);
	unsigned char digest[CRYPTO_SHA256_SIZE];
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	struct crypto_key *key = NULL;
	size_t n = 0;

	ASSERT_RESULT(crypto_key_parse(str_from(text), &key), OK, "key");
	digest_of(STR("abc"), digest);
	ASSERT_RESULT(crypto_sign(key, digest, signature, &n), OK, "sign");
	ASSERT_STR(crypto_base64(arena, (struct str){ (char *)signature, n }),
		   str_from(want), "signature");
	crypto_key_free(key);
	arena_free(arena);
}

static void known_signatures(void **state)
{
	(void)state;
	/* by PyNaCl, over the SHA-256 of "abc" */
	sign_abc(KEY_RFC8463,
		 "CW9VadgH7orHsZE9pwzwqrM1wlj0uUyPIQ3RQel0OSfI0aazeIcqcslEbB91"
		 "5tx7Le+YvQwhS+ZwbUh5H1doCg==");
	/* by openssl-dgst(1) -sha256 -sign, over "abc" */
	sign_abc(KEY_RFC8463_RSA,
		 "cSusaB1Q4kCwg6taq2M+H1YMMGVBEN8yI8KlVnR6q+EC7dO7BrxE/WIYZ50L"
		 "awt8SLviADgStok3AabMP3nAe+dsDMTn+vjc14sZbT7aBOi8v8OJP1X/pxK8"
		 "nTePq0R4GRyw1nTYBypMvUv/kXFsysmP86ZDhBrmn3/J+24zdfA=");
}

static void largest_signature(void **state)
{
	unsigned char digest[CRYPTO_SHA256_SIZE] = { 0 };
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	struct crypto_key *key = NULL;
	size_t n = 0;

	(void)state;
	ASSERT_RESULT(crypto_key_parse(STR(KEY_RSA_8192), &key), OK, "key");
	ASSERT_RESULT(crypto_sign(key, digest, signature, &n), OK, "sign");
	assert_int_equal(n, CRYPTO_SIGNATURE_MAX);
	crypto_key_free(key);
}

static void public_keys(void **state)
{
	static const struct {
		struct str text, want;
	} rows[] = {
		/* the key record of RFC 8463 appendix A.2 */
		{ S(KEY_RFC8463_RSA),
		  S("MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6"
		    "NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91"
		    "y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvH"
		    "O9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB") },
		{ S(KEY_RFC8463), S(KEY_RFC8463_PUBLIC) },
		/* RFC 8410 section 10.1, the last 32 octets */
		{ S(KEY_RFC8410),
		  S("Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crypto_key *key = NULL;
		struct str octets;

		ASSERT_RESULT(crypto_key_parse(rows[i].text, &key), OK, "key");
		ASSERT_RESULT(crypto_key_public(key, arena, &octets), OK,
			      "public");
		ASSERT_STR(crypto_base64(arena, octets), rows[i].want, "p=");
		crypto_key_free(key);
	}
	arena_free(arena);
}

/* Does OpenSSL itself take the signature of a digest? */
static bool verifies(EVP_PKEY *public, const unsigned char *digest,
		     const unsigned char *signature, size_t n)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new(public, NULL);
	bool ok;

	if (EVP_PKEY_is_a(public, "RSA"))
		ok = EVP_PKEY_verify_init(rsa) == 1 &&
		     EVP_PKEY_CTX_set_signature_md(rsa, EVP_sha256()) == 1 &&
		     EVP_PKEY_verify(rsa, signature, n, digest, 32) == 1;
	else
		ok = EVP_DigestVerifyInit(md, NULL, NULL, NULL, public) == 1 &&
		     EVP_DigestVerify(md, signature, n, digest, 32) == 1;
	EVP_PKEY_CTX_free(rsa);
	EVP_MD_CTX_free(md);
	return ok;
}

static EVP_PKEY *public_of(const struct crypto_key *key, struct arena *arena)
{
	struct str octets;
	const unsigned char *p;
	EVP_PKEY *public;

	ASSERT_RESULT(crypto_key_public(key, arena, &octets), OK, "public");
	p = (const unsigned char *)octets.p;
	if (crypto_key_algorithm(key) == CRYPTO_RSA)
	public = d2i_PUBKEY(NULL, &p, (long)octets.n);
	else public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, p,
						  octets.n);
	assert_non_null(public);
	return public;
}

static void generated(void **state)
{
	static const struct {
		enum crypto_algorithm algorithm;
		int bits;
	} rows[] = {
		{ CRYPTO_RSA, 1024 },
		{ CRYPTO_RSA, 2048 },
		{ CRYPTO_ED25519, 0 },
	};
	struct arena *arena = arena_new(4096);
	unsigned char digest[CRYPTO_SHA256_SIZE];
	unsigned char signature[CRYPTO_SIGNATURE_MAX];

	(void)state;
	digest_of(STR("abc"), digest);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crypto_key *key = NULL, *again = NULL;
		struct str pem;
		EVP_PKEY *public;
		size_t n;

		ASSERT_RESULT(crypto_key_generate(rows[i].algorithm,
						  rows[i].bits, &key),
			      OK, "generate");
		if (rows[i].bits)
			assert_int_equal(crypto_key_bits(key), rows[i].bits);
		ASSERT_RESULT(crypto_key_private_pem(key, arena, &pem), OK,
			      "pem");
		assert_true(
			str_istarts(pem, STR("-----BEGIN PRIVATE KEY-----\n")));
		ASSERT_RESULT(crypto_key_parse(pem, &again), OK, "parse");
		crypto_wipe(pem);
		for (size_t k = 0; k < pem.n; k++)
			assert_int_equal(pem.p[k], 0);
		ASSERT_RESULT(crypto_sign(again, digest, signature, &n), OK,
			      "sign");
		public = public_of(key, arena);
		assert_true(verifies(public, digest, signature, n));
		signature[n / 2] ^= 1;
		assert_false(verifies(public, digest, signature, n));
		EVP_PKEY_free(public);
		crypto_key_free(key);
		crypto_key_free(again);
	}
	arena_free(arena);
}

static void generated_not(void **state)
{
	static const int bits[] = { -1,
				    0,
				    512,
				    LIMIT_RSA_BITS_MIN - 1,
				    LIMIT_RSA_BITS_MAX + 1,
				    LIMIT_RSA_BITS_MAX * 10 };
	struct crypto_key *key = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		ASSERT_RESULT(crypto_key_generate(CRYPTO_RSA, bits[i], &key),
			      E_LIMIT, "bits");
	assert_null(key);
}

static void *sign_often(void *context)
{
	const struct crypto_key *const *pair = context;
	unsigned char digest[CRYPTO_SHA256_SIZE];
	unsigned char first[2][CRYPTO_SIGNATURE_MAX];
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	size_t n, wrong = 0;

	digest_of(STR("abc"), digest);
	for (int k = 0; k < 2; k++)
		wrong += crypto_sign(pair[k], digest, first[k], &n) != OK;
	for (int i = 0; i < 200; i++) {
		wrong += crypto_sign(pair[i % 2], digest, signature, &n) != OK;
		wrong += memcmp(signature, first[i % 2], n) != 0;
	}
	return wrong ? context : NULL;
}

static void keys_are_shared_by_threads(void **state)
{
	struct crypto_key *pair[2] = { NULL, NULL };
	pthread_t threads[8];
	void *wrong;

	(void)state;
	ASSERT_RESULT(crypto_key_parse(STR(KEY_RFC8463_RSA), &pair[0]), OK,
		      "rsa");
	ASSERT_RESULT(crypto_key_parse(STR(KEY_RFC8463), &pair[1]), OK, "ed");
	for (int i = 0; i < 8; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, sign_often, pair), 0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	crypto_key_free(pair[0]);
	crypto_key_free(pair[1]);
}

static int init(void **state)
{
	(void)state;
	return crypto_init() == OK && crypto_init() == OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256),
		cmocka_unit_test(sha256_continued),
		cmocka_unit_test(sha1),
		cmocka_unit_test(hmac),
		cmocka_unit_test(base64),
		cmocka_unit_test(base64_faults),
		cmocka_unit_test(base64_round_trip),
		cmocka_unit_test(keys),
		cmocka_unit_test(keys_with_crlf),
		cmocka_unit_test(keys_not),
		cmocka_unit_test(keys_damaged),
		cmocka_unit_test(known_signatures),
		cmocka_unit_test(largest_signature),
		cmocka_unit_test(public_keys),
		cmocka_unit_test(generated),
		cmocka_unit_test(generated_not),
		cmocka_unit_test(keys_are_shared_by_threads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(UNIT_NAME, tests, init, NULL);
}
