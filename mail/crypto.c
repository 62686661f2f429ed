/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "limits.h"

enum { ED25519_SIZE = 32 };

static EVP_MD *digests[2];
/* HMAC-SHA256 that waits for its key; codes are made with copies of it. */
static EVP_MAC_CTX *hmac;

static EVP_MAC_CTX *hmac_new(void)
{
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
						 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	if (context && EVP_MAC_CTX_set_params(context, params) == 1)
		return context;
	EVP_MAC_CTX_free(context);
	return NULL;
}

enum result crypto_init(void)
{
	if (!hmac)
		hmac = hmac_new();
	if (!digests[CRYPTO_SHA256])
		digests[CRYPTO_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	/* Without SHA-1, which a system may forbid, only old mail suffers. */
	if (!digests[CRYPTO_SHA1])
		digests[CRYPTO_SHA1] = EVP_MD_fetch(NULL, "SHA1", NULL);
	return digests[CRYPTO_SHA256] && hmac ? OK : E_CRYPTO;
}

/* The functions that the header names take a struct, OpenSSL its own. */
static EVP_MD_CTX *md(const struct crypto_hash *hash)
{
	return (EVP_MD_CTX *)hash;
}

struct crypto_hash *crypto_hash_new(void)
{
	return (struct crypto_hash *)EVP_MD_CTX_new();
}

void crypto_hash_free(struct crypto_hash *hash)
{
	EVP_MD_CTX_free(md(hash));
}

enum result crypto_hash_begin(struct crypto_hash *hash)
{
	return crypto_hash_begin_as(hash, CRYPTO_SHA256);
}

enum result crypto_hash_begin_as(struct crypto_hash *hash,
				 enum crypto_digest digest)
{
	return digests[digest] && EVP_DigestInit_ex2(md(hash), digests[digest],
						     NULL) == 1
		       ? OK
		       : E_CRYPTO;
}

size_t crypto_digest_size(enum crypto_digest digest)
{
	return digest == CRYPTO_SHA1 ? CRYPTO_SHA1_SIZE : CRYPTO_SHA256_SIZE;
}

void crypto_hash_add(struct crypto_hash *hash, const char *bytes, size_t n)
{
	/* A failure of SHA-256 in memory shows again, at the end. */
	EVP_DigestUpdate(md(hash), bytes, n);
}

enum result crypto_hash_copy(struct crypto_hash *to,
			     const struct crypto_hash *from)
{
	return EVP_MD_CTX_copy_ex(md(to), md(from)) == 1 ? OK : E_CRYPTO;
}

enum result crypto_hash_end(struct crypto_hash *hash,
			    unsigned char digest[CRYPTO_SHA256_SIZE])
{
	return EVP_DigestFinal_ex(md(hash), digest, NULL) == 1 ? OK : E_CRYPTO;
}

enum result crypto_hmac(struct str secret, struct str text,
			unsigned char code[CRYPTO_SHA256_SIZE])
{
	EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_dup(hmac) : NULL;
	size_t n = 0;
	bool done;

	done = context &&
	       EVP_MAC_init(context, (const unsigned char *)secret.p, secret.n,
			    NULL) == 1 &&
	       EVP_MAC_update(context, (const unsigned char *)text.p, text.n) ==
		       1 &&
	       EVP_MAC_final(context, code, &n, CRYPTO_SHA256_SIZE) == 1 &&
	       n == CRYPTO_SHA256_SIZE;
	EVP_MAC_CTX_free(context);
	return done ? OK : E_CRYPTO;
}

bool crypto_equal(struct str a, struct str b)
{
	return a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

/*
 * Beside the key stands a context that is ready to sign with it. A signature
 * is made with a copy of that context, which costs no fetch and no lock.
 */
struct crypto_key {
	EVP_PKEY *pkey;
	enum crypto_algorithm algorithm;
	EVP_PKEY_CTX *rsa;
	EVP_MD_CTX *ed25519;
};

static bool prepare(struct crypto_key *key)
{
	if (key->algorithm == CRYPTO_ED25519) {
		key->ed25519 = EVP_MD_CTX_new();
		return key->ed25519 &&
		       EVP_DigestSignInit_ex(key->ed25519, NULL, NULL, NULL,
					     NULL, key->pkey, NULL) == 1;
	}
	key->rsa = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	return key->rsa && EVP_PKEY_sign_init(key->rsa) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(key->rsa, RSA_PKCS1_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(key->rsa,
					     digests[CRYPTO_SHA256]) == 1;
}

/* Takes pkey over, also when it fails. */
static enum result key_new(EVP_PKEY *pkey, struct crypto_key **key)
{
	enum result result = OK;
	struct crypto_key *new;

	if (!pkey)
		return E_SYNTAX;
	new = arena_must(calloc(1, sizeof(*new)));
	new->pkey = pkey;
	if (EVP_PKEY_is_a(pkey, "RSA"))
		new->algorithm = CRYPTO_RSA;
	else if (EVP_PKEY_is_a(pkey, "ED25519"))
		new->algorithm = CRYPTO_ED25519;
	else
		result = E_SYNTAX;
	if (result == OK && new->algorithm == CRYPTO_RSA &&
	    (EVP_PKEY_get_bits(pkey) < LIMIT_RSA_BITS_MIN ||
	     EVP_PKEY_get_bits(pkey) > LIMIT_RSA_BITS_MAX))
		result = E_LIMIT;
	if (result == OK && !prepare(new))
		result = E_CRYPTO;
	if (result == OK)
		*key = new;
	else
		crypto_key_free(new);
	return result;
}

/* A key under a pass phrase is no key that a daemon can read: no prompt. */
static int no_pass_phrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer, (void)size, (void)writing, (void)context;
	return -1;
}

static EVP_PKEY *parse_pem(struct str text)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *pkey = NULL;

	if (bio)
		pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, no_pass_phrase,
						  NULL, NULL, NULL);
	BIO_free(bio);
	return pkey;
}

static EVP_PKEY *parse_seed(struct str text)
{
	struct arena *arena = arena_new(256);
	EVP_PKEY *pkey = NULL;
	struct str seed;

	if (crypto_base64_parse(arena, text, &seed) == OK &&
	    seed.n == ED25519_SIZE) {
		pkey = EVP_PKEY_new_raw_private_key_ex(
			NULL, "ED25519", NULL, (const unsigned char *)seed.p,
			seed.n);
		crypto_wipe(seed);
	}
	arena_free(arena);
	return pkey;
}

enum result crypto_key_parse(struct str text, struct crypto_key **key)
{
	EVP_PKEY *pkey;

	if (text.n > LIMIT_KEY_FILE)
		return E_LIMIT;
	pkey = parse_pem(text);
	return key_new(pkey ? pkey : parse_seed(text), key);
}

void crypto_key_free(struct crypto_key *key)
{
	if (!key)
		return;
	EVP_MD_CTX_free(key->ed25519);
	EVP_PKEY_CTX_free(key->rsa);
	EVP_PKEY_free(key->pkey);
	free(key);
}

enum result crypto_key_generate(enum crypto_algorithm algorithm, int bits,
				struct crypto_key **key)
{
	EVP_PKEY *pkey = NULL;

	if (algorithm == CRYPTO_ED25519)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else if (bits < LIMIT_RSA_BITS_MIN || bits > LIMIT_RSA_BITS_MAX)
		return E_LIMIT;
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	return pkey ? key_new(pkey, key) : E_CRYPTO;
}

enum crypto_algorithm crypto_key_algorithm(const struct crypto_key *key)
{
	return key->algorithm;
}

int crypto_key_bits(const struct crypto_key *key)
{
	return EVP_PKEY_get_bits(key->pkey);
}

enum result crypto_key_private_pem(const struct crypto_key *key,
				   struct arena *arena, struct str *pem)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	enum result result = E_CRYPTO;
	char *bytes;
	long n;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0,
						 NULL, NULL) == 1) {
		n = BIO_get_mem_data(bio, &bytes);
		*pem = arena_copy(arena, (struct str){ bytes, (size_t)n });
		result = OK;
	}
	BIO_free(bio);
	return result;
}

void crypto_wipe(struct str secret)
{
	OPENSSL_cleanse((char *)secret.p, secret.n);
}

static enum result public_rsa(const struct crypto_key *key, struct arena *arena,
			      struct str *octets)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key->pkey, &der);

	if (n <= 0)
		return E_CRYPTO;
	*octets = arena_copy(arena, (struct str){ (char *)der, (size_t)n });
	OPENSSL_free(der);
	return OK;
}

enum result crypto_key_public(const struct crypto_key *key, struct arena *arena,
			      struct str *octets)
{
	unsigned char raw[ED25519_SIZE];
	size_t n = sizeof(raw);

	if (key->algorithm == CRYPTO_RSA)
		return public_rsa(key, arena, octets);
	if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &n) != 1)
		return E_CRYPTO;
	*octets = arena_copy(arena, (struct str){ (char *)raw, n });
	return OK;
}

enum result crypto_sign(const struct crypto_key *key,
			const unsigned char digest[CRYPTO_SHA256_SIZE],
			unsigned char signature[CRYPTO_SIGNATURE_MAX],
			size_t *n)
{
	int done = 0;

	*n = CRYPTO_SIGNATURE_MAX;
	if (key->algorithm == CRYPTO_RSA) {
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(key->rsa);

		if (context)
			done = EVP_PKEY_sign(context, signature, n, digest,
					     CRYPTO_SHA256_SIZE);
		EVP_PKEY_CTX_free(context);
	} else {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		if (context && EVP_MD_CTX_copy_ex(context, key->ed25519) == 1)
			done = EVP_DigestSign(context, signature, n, digest,
					      CRYPTO_SHA256_SIZE);
		EVP_MD_CTX_free(context);
	}
	return done == 1 ? OK : E_CRYPTO;
}

/* As with private keys: a context that is ready, and copies of it. */
struct crypto_public {
	_Atomic int references;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *rsa[2]; /* for each digest */
	EVP_MD_CTX *ed25519;
};

/* Takes the header of a DER value off; what is left must be that value. */
static bool enter(const unsigned char **p, const unsigned char *end, int tag)
{
	int found, class;
	long n;

	return (ASN1_get_object(p, &n, &found, &class, end - *p) & 0x81) == 0 &&
	       class == V_ASN1_UNIVERSAL && found == tag && n == end - *p;
}

/*
 * The RSAPublicKey in a SubjectPublicKeyInfo of the usual form (RFC 5280
 * section 4.1, RFC 3279 section 2.3.1): OpenSSL's own way to it costs ten
 * times what the rest does.
 */
static const unsigned char *inner_key(const unsigned char *p,
				      const unsigned char *end)
{
	static const unsigned char rsa_encryption[] = {
		0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
		0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
	};
	const long n = sizeof(rsa_encryption);

	if (!enter(&p, end, V_ASN1_SEQUENCE) || end - p < n ||
	    memcmp(p, rsa_encryption, (size_t)n) != 0)
		return NULL;
	p += n;
	/* The first octet of a bit string counts the bits left over. */
	if (!enter(&p, end, V_ASN1_BIT_STRING) || p == end || *p != 0)
		return NULL;
	return p + 1;
}

static EVP_PKEY *parse_public_rsa(struct str octets)
{
	const unsigned char *const begin = (const unsigned char *)octets.p;
	const unsigned char *const end = begin + octets.n;
	const unsigned char *p = inner_key(begin, end);
	EVP_PKEY *pkey;

	if (!p)
		p = begin;
	pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, end - p);
	if (!pkey) {
		p = begin;
		pkey = d2i_PUBKEY_ex(NULL, &p, end - p, NULL, NULL);
	}
	/* Octets behind the key could be anything: such a key is none. */
	if (pkey && p == end && EVP_PKEY_is_a(pkey, "RSA"))
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static EVP_PKEY_CTX *prepare_rsa(EVP_PKEY *pkey, enum crypto_digest digest)
{
	EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	if (rsa && digests[digest] && EVP_PKEY_verify_init(rsa) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(rsa, digests[digest]) == 1)
		return rsa;
	EVP_PKEY_CTX_free(rsa);
	return NULL;
}

static bool prepare_public(struct crypto_public *key,
			   enum crypto_algorithm algorithm)
{
	if (algorithm == CRYPTO_ED25519) {
		key->ed25519 = EVP_MD_CTX_new();
		return key->ed25519 &&
		       EVP_DigestVerifyInit_ex(key->ed25519, NULL, NULL, NULL,
					       NULL, key->pkey, NULL) == 1;
	}
	key->rsa[CRYPTO_SHA256] = prepare_rsa(key->pkey, CRYPTO_SHA256);
	key->rsa[CRYPTO_SHA1] = prepare_rsa(key->pkey, CRYPTO_SHA1);
	return key->rsa[CRYPTO_SHA256];
}

enum result crypto_public_parse(enum crypto_algorithm algorithm,
				struct str octets, struct crypto_public **key)
{
	struct crypto_public *new;
	EVP_PKEY *pkey = NULL;
	enum result result = OK;

	if (octets.n > LIMIT_KEY_RECORD)
		return E_LIMIT;
	if (algorithm == CRYPTO_RSA)
		pkey = parse_public_rsa(octets);
	else if (octets.n == ED25519_SIZE)
		pkey = EVP_PKEY_new_raw_public_key_ex(
			NULL, "ED25519", NULL, (const unsigned char *)octets.p,
			octets.n);
	if (!pkey)
		return E_SYNTAX;
	new = arena_must(calloc(1, sizeof(*new)));
	new->references = 1;
	new->pkey = pkey;
	if (EVP_PKEY_get_bits(pkey) > LIMIT_RSA_BITS_MAX)
		result = E_LIMIT;
	else if (!prepare_public(new, algorithm))
		result = E_SYNTAX;
	if (result == OK)
		*key = new;
	else
		crypto_public_put(new);
	return result;
}

struct crypto_public *crypto_public_get(struct crypto_public *key)
{
	key->references++;
	return key;
}

void crypto_public_put(struct crypto_public *key)
{
	if (!key || --key->references > 0)
		return;
	EVP_MD_CTX_free(key->ed25519);
	EVP_PKEY_CTX_free(key->rsa[CRYPTO_SHA256]);
	EVP_PKEY_CTX_free(key->rsa[CRYPTO_SHA1]);
	EVP_PKEY_free(key->pkey);
	free(key);
}

int crypto_public_bits(const struct crypto_public *key)
{
	/* OpenSSL counts the bits of the group's order: 253 for Ed25519. */
	return key->ed25519 ? ED25519_SIZE * 8 : EVP_PKEY_get_bits(key->pkey);
}

bool crypto_verify(const struct crypto_public *key, enum crypto_digest kind,
		   const unsigned char *digest, struct str signature)
{
	const unsigned char *bytes = (const unsigned char *)signature.p;
	size_t n = crypto_digest_size(kind);
	int done = 0;

	if (key->ed25519) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		if (context && EVP_MD_CTX_copy_ex(context, key->ed25519) == 1)
			done = EVP_DigestVerify(context, bytes, signature.n,
						digest, n);
		EVP_MD_CTX_free(context);
	} else if (key->rsa[kind]) {
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(key->rsa[kind]);

		if (context)
			done = EVP_PKEY_verify(context, bytes, signature.n,
					       digest, n);
		EVP_PKEY_CTX_free(context);
	}
	return done == 1;
}

struct str crypto_base64(struct arena *arena, struct str octets)
{
	char *text = arena_alloc(arena, (octets.n + 2) / 3 * 4 + 1);
	int n = EVP_EncodeBlock((unsigned char *)text,
				(const unsigned char *)octets.p, (int)octets.n);

	return (struct str){ text, (size_t)n };
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum result crypto_base64_parse(struct arena *arena, struct str text,
				struct str *octets)
{
	char *out = arena_alloc(arena, text.n / 4 * 3 + 3);
	unsigned int bits = 0, have = 0, pad = 0;
	size_t n = 0, digits = 0;

	for (size_t i = 0; i < text.n; i++) {
		int value = base64_value(text.p[i]);

		if (str_is_wsp(text.p[i]) || text.p[i] == '\r' ||
		    text.p[i] == '\n')
			continue;
		digits++;
		if (text.p[i] == '=') {
			pad++;
			continue;
		}
		if (value < 0 || pad)
			return E_SYNTAX;
		bits = bits << 6 | (unsigned int)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have);
		}
	}
	/* Left-over bits must be zero: one text for one value. */
	if (digits % 4 || pad > 2 || have != pad * 2 ||
	    (bits & ((1u << have) - 1)))
		return E_SYNTAX;
	*octets = (struct str){ out, n };
	return OK;
}
