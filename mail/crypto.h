/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_CRYPTO_H
#define MAIL_CRYPTO_H

#include "arena.h"
#include "result.h"

/*
 * The one room for OpenSSL. Algorithms are fetched once, by the first call of
 * crypto_init: implicit fetches take a lock for each message.
 */
enum {
	CRYPTO_SHA1_SIZE = 20,
	CRYPTO_SHA256_SIZE = 32,
	CRYPTO_SIGNATURE_MAX = 1024,
};

enum crypto_algorithm { CRYPTO_RSA, CRYPTO_ED25519 };
enum crypto_digest { CRYPTO_SHA256, CRYPTO_SHA1 };

/* Fetches the algorithms; to be called once before anything else here. */
enum result crypto_init(void);

/* SHA-256 as a stream, or SHA-1 where old signatures are asked for. */
struct crypto_hash;
struct crypto_hash *crypto_hash_new(void);
void crypto_hash_free(struct crypto_hash *hash);
enum result crypto_hash_begin(struct crypto_hash *hash);
enum result crypto_hash_begin_as(struct crypto_hash *hash,
				 enum crypto_digest digest);
/* Octets of a digest. */
size_t crypto_digest_size(enum crypto_digest digest);
void crypto_hash_add(struct crypto_hash *hash, const char *bytes, size_t n);
/* Continues `to` from where `from` stands; `from` stays as it is. */
enum result crypto_hash_copy(struct crypto_hash *to,
			     const struct crypto_hash *from);
enum result crypto_hash_end(struct crypto_hash *hash,
			    unsigned char digest[CRYPTO_SHA256_SIZE]);

/* HMAC-SHA256 (RFC 2104, RFC 6234). */
enum result crypto_hmac(struct str secret, struct str text,
			unsigned char code[CRYPTO_SHA256_SIZE]);

/* Compares in a time that depends on the lengths alone. */
bool crypto_equal(struct str a, struct str b);

/* A private key, ready to sign, usable by any number of threads at once. */
struct crypto_key;

/*
 * Reads a private key: PEM (PKCS #8, or PKCS #1 for RSA) without pass phrase,
 * or, as RFC 8463 prints them, the 32 octets of an Ed25519 key in base64.
 * E_SYNTAX: it is not such a key; E_LIMIT: RSA outside the sizes of limits.h
 * (*key is not set then). The key is the caller's: crypto_key_free.
 */
enum result crypto_key_parse(struct str text, struct crypto_key **key);
void crypto_key_free(struct crypto_key *key);

/* A new key; `bits` is for RSA. The key is the caller's. */
enum result crypto_key_generate(enum crypto_algorithm algorithm, int bits,
				struct crypto_key **key);

enum crypto_algorithm crypto_key_algorithm(const struct crypto_key *key);
int crypto_key_bits(const struct crypto_key *key);

/* The private key as PKCS #8 PEM. Wipe it after use: crypto_wipe. */
enum result crypto_key_private_pem(const struct crypto_key *key,
				   struct arena *arena, struct str *pem);
void crypto_wipe(struct str secret);

/*
 * The public key as a key record's p= has it before base64: for RSA the
 * SubjectPublicKeyInfo (RFC 6376 section 3.6.1), for Ed25519 the 32 octets of
 * the key (RFC 8463 section 4.2).
 */
enum result crypto_key_public(const struct crypto_key *key, struct arena *arena,
			      struct str *octets);

/*
 * Signs a SHA-256 digest: RSASSA-PKCS1-v1_5 (RFC 6376 section 3.3), or
 * PureEdDSA over the digest (RFC 8463 section 3). *n is set to the octets
 * written to `signature`.
 */
enum result crypto_sign(const struct crypto_key *key,
			const unsigned char digest[CRYPTO_SHA256_SIZE],
			unsigned char signature[CRYPTO_SIGNATURE_MAX],
			size_t *n);

/*
 * A public key, ready to verify, usable by any number of threads at once. It
 * is counted: the last crypto_public_put ends it.
 */
struct crypto_public;

/*
 * Reads a public key as a key record's p= has it behind base64: for RSA the
 * SubjectPublicKeyInfo (the example in RFC 6376 appendix C) or the
 * RSAPublicKey (the text of its section 3.6.1), for Ed25519 its 32 octets.
 * E_SYNTAX: it is not such a key; E_LIMIT: RSA of more bits than limits.h
 * has. Few bits are no fault here: see crypto_public_bits. The one
 * reference is the caller's.
 */
enum result crypto_public_parse(enum crypto_algorithm algorithm,
				struct str octets, struct crypto_public **key);
struct crypto_public *crypto_public_get(struct crypto_public *key);
void crypto_public_put(struct crypto_public *key);
int crypto_public_bits(const struct crypto_public *key);

/* Is this the key's signature of the digest, as crypto_sign makes it? */
bool crypto_verify(const struct crypto_public *key, enum crypto_digest kind,
		   const unsigned char *digest, struct str signature);

/* Base64 (RFC 4648 section 4), without line ends. */
struct str crypto_base64(struct arena *arena, struct str octets);
/* Reads it, white space allowed anywhere (RFC 6376 section 2.10). */
enum result crypto_base64_parse(struct arena *arena, struct str text,
				struct str *octets);

#endif
