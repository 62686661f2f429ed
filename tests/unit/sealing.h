/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SEALING_H
#define TESTS_SEALING_H

/*
 * A sealer that shares nothing with mail/: fields as the test writes them, b=
 * after the words of RFC 8617 section 5.1.1, by OpenSSL. Include unit.h first.
 */

#include "mail/arc_verify.h"
#include "verifying.h"

/* What a set says; NULL stands for what a plain sealer writes. */
struct sealing {
	const char *authres; /* the whole value */
	const char *message; /* the tags but bh= and b= */
	const char *seal;    /* the tags but b= */
	EVP_PKEY *pkey;
};

#define SEALING_H " h=From:To:Subject:Date;"

static inline struct str sealing_put(struct arena *arena, const char *name,
				     const char *value, const char *b,
				     struct str text)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 24);
	buf_printf(&buf, "%s:%s%s\r\n", name, value, b);
	buf_add(&buf, text);
	assert_false(buf.full);
	return buf_str(&buf);
}

static inline const char *sealing_b(struct arena *arena, EVP_PKEY *pkey,
				    const char *tags, EVP_MD_CTX *md)
{
	const EVP_MD *type = strstr(tags, "sha1") ? EVP_sha1() : EVP_sha256();
	unsigned char digest[64];
	unsigned int n;

	EVP_DigestFinal_ex(md, digest, &n);
	EVP_MD_CTX_free(md);
	return sign_digest(arena, pkey, type, digest, n);
}

/* The field of set i: the i-th of its name from below. */
static inline void sealing_digest(EVP_MD_CTX *md, const struct message *message,
				  struct str name, size_t i)
{
	for (size_t k = message->n; k > 0; k--) {
		const struct field *field = &message->fields[k - 1];

		if (!message_is(field, name) || --i > 0)
			continue;
		digest_field(md, true, field->name, field->value);
		EVP_DigestUpdate(md, "\r\n", 2);
		return;
	}
}

static inline struct str seal_put_message(struct arena *arena,
					  const struct sealing *sealing,
					  const char *tags, struct str text)
{
	const EVP_MD *md = strstr(tags, "sha1") ? EVP_sha1() : EVP_sha256();
	struct field self = { .name = STR("ARC-Message-Signature") };
	unsigned char digest[64];
	struct message message;
	struct str body;
	unsigned int n;
	char *value;

	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message, text, &body), OK, "split");
	value = arena_printf(arena, "%s bh=%s; b=", tags,
			     hash_body(arena, tags, md, body));
	self.value = str_from(value);
	n = hash_header(&message, tags, md, &self, digest);
	return sealing_put(arena, self.name.p, value,
			   sign_digest(arena, sealing->pkey, md, digest, n),
			   text);
}

static inline struct str seal_put_seal(struct arena *arena,
				       const struct sealing *sealing, size_t i,
				       const char *tags, struct str text)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	const char *value = arena_printf(arena, "%s b=", tags);
	struct message message;
	struct str body;

	EVP_DigestInit_ex(md, strstr(tags, "sha1") ? EVP_sha1() : EVP_sha256(),
			  NULL);
	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message, text, &body), OK, "split");
	for (size_t k = 1; k <= i; k++) {
		sealing_digest(md, &message, STR("ARC-Authentication-Results"),
			       k);
		sealing_digest(md, &message, STR("ARC-Message-Signature"), k);
		if (k < i)
			sealing_digest(md, &message, STR("ARC-Seal"), k);
	}
	digest_field(md, true, STR("ARC-Seal"), str_from(value));
	return sealing_put(arena, "ARC-Seal", value,
			   sealing_b(arena, sealing->pkey, tags, md), text);
}

/* Puts set i on a text. */
static inline struct str seal_text(struct arena *arena,
				   const struct sealing *sealing, size_t i,
				   struct str text)
{
	const char *a = EVP_PKEY_is_a(sealing->pkey, "RSA") ? "rsa" : "ed25519";
	const char *plain = arena_printf(
		arena, " i=%zu; a=%s-sha256; d=x.example; s=%s;", i, a, a);

	text = sealing_put(arena, "ARC-Authentication-Results",
			   sealing->authres
				   ? sealing->authres
				   : arena_printf(arena,
						  " i=%zu; mx%zu.example; none",
						  i, i),
			   "", text);
	text = seal_put_message(
		arena, sealing,
		sealing->message
			? sealing->message
			: arena_printf(arena, "%s c=relaxed/relaxed;" SEALING_H,
				       plain),
		text);
	return seal_put_seal(arena, sealing, i,
			     sealing->seal
				     ? sealing->seal
				     : arena_printf(arena, "%s cv=%s;", plain,
						    i == 1 ? "none" : "pass"),
			     text);
}

/* Keys in DNS, by name; a name that is not there does not exist. */
struct sealing_key {
	const char *name, *record; /* no record: a temporary error */
};

enum { SEALING_KEYS = 8 };

struct sealing_zone {
	struct sealing_key keys[SEALING_KEYS];
	int queries;
};

static inline void sealing_query(void *context, struct arena *arena,
				 struct str name, enum dns_type type,
				 struct dns_answer *answer)
{
	struct sealing_zone *zone = context;

	zone->queries++;
	assert_int_equal(type, DNS_TXT);
	*answer = (struct dns_answer){ .status = DNS_NO_NAME };
	for (int i = 0; i < SEALING_KEYS && zone->keys[i].name; i++) {
		const struct sealing_key *key = &zone->keys[i];

		if (!str_eq(name, str_from(key->name)))
			continue;
		answer->status = key->record ? DNS_OK : DNS_TEMPORARY;
		answer->n = key->record != NULL;
		answer->records = ARENA_NEW(arena, struct dns_record, 1);
		answer->records->data = str_from(key->record);
	}
}

/* Validates a text with its body cut into chunks of `step`. */
static inline struct arc_result validate_text(struct arena *arena,
					      struct sealing_zone *zone,
					      bool legacy, struct str text,
					      size_t step)
{
	const struct dns_resolver resolver = { sealing_query, zone };
	const struct env env = { .resolver = &resolver, .now = NOW };
	struct arc_result result = { .auth = AUTH_NEUTRAL };
	struct arc_verifier *verifier;
	struct message message;
	struct str body;

	message_init(&message, arena);
	if (message_split(&message, text, &body) != OK)
		return result;
	verifier = arc_verify_begin(arena, legacy, &message);
	assert_non_null(verifier);
	for (; body.n > step; body = str_sub(body, step, body.n))
		arc_verify_body(verifier, str_sub(body, 0, step));
	arc_verify_body(verifier, body);
	ASSERT_RESULT(arc_verify_end(verifier, &env, &result), OK, "end");
	arc_verify_free(verifier);
	return result;
}

#endif
