/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_VERIFYING_H
#define TESTS_VERIFYING_H

/*
 * A signer that shares nothing with mail/: tags as the test writes them, bh=
 * and b= after the words of RFC 6376 section 3.7, by OpenSSL. And a table as
 * DNS. Include unit.h first.
 */

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "keys.h"
#include "mail/buf.h"
#include "mail/dkim_verify.h"
#include "reference.h"

static inline EVP_PKEY *private_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(pkey);
	return pkey;
}

static inline char *base64(struct arena *arena, const unsigned char *bytes,
			   size_t n)
{
	char *text = arena_alloc(arena, (n + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
	return text;
}

/* p= for a key: SubjectPublicKeyInfo, RSAPublicKey, or 32 octets. */
static inline const char *public_base64(struct arena *arena, EVP_PKEY *pkey,
					bool bare)
{
	unsigned char raw[32], *der = NULL;
	size_t n = sizeof(raw);
	const char *text;

	if (EVP_PKEY_is_a(pkey, "ED25519")) {
		assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, raw, &n), 1);
		return base64(arena, raw, n);
	}
	n = (size_t)(bare ? i2d_PublicKey(pkey, &der) : i2d_PUBKEY(pkey, &der));
	text = base64(arena, der, n);
	OPENSSL_free(der);
	return text;
}

/* The number or word behind "name=" in a list of tags written plainly. */
static inline const char *plain_tag(const char *tags, const char *name)
{
	static char value[16384];
	const char *at = strstr(tags, name);

	if (!at)
		return NULL;
	at += strlen(name);
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "; "), at);
	return value;
}

static inline void digest_text(EVP_MD_CTX *md, struct text text)
{
	EVP_DigestUpdate(md, text.p, text.n);
	free(text.p);
}

static inline void digest_field(EVP_MD_CTX *md, bool relaxed, struct str name,
				struct str value)
{
	char c_name[256];

	snprintf(c_name, sizeof(c_name), "%.*s", STR_ARG(name));
	digest_text(md, reference_field(relaxed, c_name, value.p, value.n));
}

/* bh= */
static inline const char *hash_body(struct arena *arena, const char *tags,
				    const EVP_MD *md, struct str body)
{
	const char *l = plain_tag(tags, " l=");
	size_t length = l ? strtoul(l, NULL, 10) : SIZE_MAX;
	struct text text =
		reference_body(strstr(tags, "/relaxed"), body.p, body.n);
	unsigned char digest[64];
	unsigned int n;

	EVP_Digest(text.p, text.n < length ? text.n : length, digest, &n, md,
		   NULL);
	free(text.p);
	return base64(arena, digest, n);
}

/* The hash of the header, with `self` as the field whose b= is empty. */
static inline unsigned int hash_header(const struct message *message,
				       const char *tags, const EVP_MD *type,
				       const struct field *self,
				       unsigned char *digest)
{
	bool relaxed = strstr(tags, "c=relaxed");
	bool *taken = calloc(message->n + 1, sizeof(*taken));
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct str names = str_from(plain_tag(tags, " h=")), name;
	unsigned int n;

	assert_non_null(taken);
	EVP_DigestInit_ex(md, type, NULL);
	while (str_cut(&names, ':', &name)) {
		for (size_t i = message->n; i > 0; i--) {
			const struct field *field = &message->fields[i - 1];

			if (taken[i - 1] || !message_is(field, name))
				continue;
			taken[i - 1] = true;
			digest_field(md, relaxed, field->name, field->value);
			EVP_DigestUpdate(md, "\r\n", 2);
			break;
		}
	}
	digest_field(md, relaxed, self->name, self->value);
	EVP_DigestFinal_ex(md, digest, &n);
	EVP_MD_CTX_free(md);
	free(taken);
	return n;
}

static inline const char *sign_digest(struct arena *arena, EVP_PKEY *pkey,
				      const EVP_MD *type,
				      const unsigned char *digest, size_t n)
{
	unsigned char signature[2048];
	size_t size = sizeof(signature);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new(pkey, NULL);
	int done;

	if (EVP_PKEY_is_a(pkey, "RSA"))
		done = EVP_PKEY_sign_init(rsa) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(rsa, type) == 1 &&
		       EVP_PKEY_sign(rsa, signature, &size, digest, n) == 1;
	else
		done = EVP_DigestSignInit(md, NULL, NULL, NULL, pkey) == 1 &&
		       EVP_DigestSign(md, signature, &size, digest, n) == 1;
	assert_true(done);
	EVP_PKEY_CTX_free(rsa);
	EVP_MD_CTX_free(md);
	return base64(arena, signature, size);
}

/* Signs a text; `tags` are all but bh= and b=. Returns field and text. */
static inline struct str sign_text(struct arena *arena, EVP_PKEY *pkey,
				   const char *tags, struct str text)
{
	const EVP_MD *md = strstr(tags, "sha1") ? EVP_sha1() : EVP_sha256();
	unsigned char digest[64];
	struct field self = { .name = STR("DKIM-Signature") };
	struct message message;
	struct str body;
	struct buf buf;
	unsigned int n;

	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message, text, &body), OK, "split");
	self.value = str_from(arena_printf(arena, " %s bh=%s; b=", tags,
					   hash_body(arena, tags, md, body)));
	n = hash_header(&message, tags, md, &self, digest);
	buf_init(&buf, arena, 1 << 24);
	buf_add(&buf, STR("DKIM-Signature:"));
	buf_add(&buf, self.value);
	buf_add(&buf, str_from(sign_digest(arena, pkey, md, digest, n)));
	buf_add(&buf, STR("\r\n"));
	buf_add(&buf, text);
	return buf_str(&buf);
}

/* All of DNS: the record of the one name there is; others don't exist. */
struct zone {
	const char *name;
	const char *records[3];
	enum dns_status status;
	int queries;
};

static inline void zone_query(void *context, struct arena *arena,
			      struct str name, enum dns_type type,
			      struct dns_answer *answer)
{
	struct zone *zone = context;

	zone->queries++;
	assert_int_equal(type, DNS_TXT);
	*answer = (struct dns_answer){ .status = DNS_NO_NAME };
	if (!str_eq(name, str_from(zone->name)))
		return;
	answer->status = zone->status;
	answer->records = ARENA_NEW(arena, struct dns_record, 3);
	for (int i = 0; i < 3 && zone->records[i] && !zone->status; i++)
		answer->records[answer->n++].data = str_from(zone->records[i]);
}

enum { NOW = 1750000000 };

/* Verifies a text with its body cut into chunks of `step`. */
static inline struct dkim_verdicts
verify_text(struct arena *arena, struct zone *zone,
	    const struct dkim_verify_policy *policy, const char *author,
	    struct str text, size_t step)
{
	const struct dns_resolver resolver = { zone_query, zone };
	const struct env env = { .resolver = &resolver, .now = NOW };
	struct dkim_verifier *verifier;
	struct dkim_verdicts verdicts = { NULL, 0 };
	struct message message;
	struct str body;

	message_init(&message, arena);
	if (message_split(&message, text, &body) != OK)
		return verdicts;
	verifier = dkim_verify_begin(arena, policy, &message, str_from(author));
	assert_non_null(verifier);
	for (; body.n > step; body = str_sub(body, step, body.n))
		dkim_verify_body(verifier, str_sub(body, 0, step));
	dkim_verify_body(verifier, body);
	ASSERT_RESULT(dkim_verify_end(verifier, &env, &verdicts), OK, "end");
	dkim_verify_free(verifier);
	return verdicts;
}

#endif
