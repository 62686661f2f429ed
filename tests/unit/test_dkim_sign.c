/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dkim_sign"
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "form.h"
#include "keys.h"
#include "mail/buf.h"
#include "mail/dkim_sign.h"
#include "mail/limits.h"
#include "reference.h"

enum { NOW = 1172620939 };

static struct crypto_key *keys[2];

static int set_up(void **state)
{
	(void)state;
	if (crypto_init() != OK ||
	    crypto_key_parse(STR(KEY_RFC8463_RSA), &keys[CRYPTO_RSA]) != OK ||
	    crypto_key_parse(STR(KEY_RFC8463), &keys[CRYPTO_ED25519]) != OK)
		return -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	crypto_key_free(keys[CRYPTO_RSA]);
	crypto_key_free(keys[CRYPTO_ED25519]);
	return 0;
}

/* A message signed, and all that a check of it needs. */
struct signed_message {
	struct arena *arena;
	struct message message;
	struct str body;
	struct str value;
};

static enum result sign(struct signed_message *mail,
			const struct dkim_policy *policy,
			enum crypto_algorithm algorithm, struct str text)
{
	struct dkim_identity identity = { STR("football.example.com"),
					  STR("test"), keys[algorithm] };
	struct dkim_signer *signer = dkim_sign_begin(policy);
	enum result result;

	mail->arena = arena_new(4096);
	message_init(&mail->message, mail->arena);
	ASSERT_RESULT(message_split(&mail->message, text, &mail->body), OK,
		      "split");
	assert_non_null(signer);
	for (size_t i = 0; i < mail->body.n; i += 7)
		dkim_sign_body(signer,
			       str_sub(mail->body, i,
				       i + 7 < mail->body.n ? i + 7
							    : mail->body.n));
	result = dkim_sign_end(signer, mail->arena, &mail->message);
	if (result == OK)
		result = dkim_sign_field(signer, mail->arena, &identity, NOW,
					 &mail->value);
	dkim_sign_free(signer);
	return result;
}

/* The value of a tag without white space, as RFC 6376 section 3.2 reads. */
static struct str tag(struct arena *arena, struct str list, const char *name)
{
	struct str part;

	while (str_cut(&list, ';', &part)) {
		size_t equal = str_find(part, '=');
		struct buf buf;

		if (equal == part.n ||
		    !str_eq(str_trim(str_sub(part, 0, equal)), str_from(name)))
			continue;
		buf_init(&buf, arena, 1 << 20);
		for (size_t i = equal + 1; i < part.n; i++)
			if (!strchr(" \t\r\n", part.p[i]))
				buf_addc(&buf, part.p[i]);
		return buf_str(&buf);
	}
	return STR("(absent)");
}

static void update(EVP_MD_CTX *md, struct text text)
{
	EVP_DigestUpdate(md, text.p, text.n);
	free(text.p);
}

static void update_field(EVP_MD_CTX *md, bool relaxed, struct str name,
			 struct str value)
{
	char c_name[256];

	sprintf(c_name, "%.*s", STR_ARG(name));
	update(md, reference_field(relaxed, c_name, value.p, value.n));
}

/*
 * RFC 6376 section 3.7, the way a verifier goes: the fields that h= names,
 * each name taking the lowest one not yet taken, then the field itself.
 */
static void header_hash(const struct signed_message *mail, bool relaxed,
			unsigned char *digest)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct str names = tag(mail->arena, mail->value, "h"), name;
	bool *taken = arena_alloc(mail->arena, mail->message.n + 1);
	struct str bare = mail->value;

	EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	while (str_cut(&names, ':', &name)) {
		for (size_t i = mail->message.n; i > 0; i--) {
			const struct field *field =
				&mail->message.fields[i - 1];

			if (taken[i - 1] || !message_is(field, name))
				continue;
			taken[i - 1] = true;
			update_field(md, relaxed, field->name, field->value);
			EVP_DigestUpdate(md, "\r\n", 2);
			break;
		}
	}
	/* b= is the last tag here: what follows "b=" is the signature */
	while (bare.n &&
	       !(bare.p[bare.n - 1] == '=' && bare.p[bare.n - 2] == 'b' &&
		 strchr(" \t", bare.p[bare.n - 3])))
		bare.n--;
	update_field(md, relaxed, STR("DKIM-Signature"), bare);
	EVP_DigestFinal_ex(md, digest, NULL);
	EVP_MD_CTX_free(md);
}

static EVP_PKEY *public_key(struct arena *arena,
			    enum crypto_algorithm algorithm)
{
	const unsigned char *p;
	struct str octets;

	ASSERT_RESULT(crypto_key_public(keys[algorithm], arena, &octets), OK,
		      "public");
	p = (const unsigned char *)octets.p;
	return algorithm == CRYPTO_RSA
		       ? d2i_PUBKEY(NULL, &p, (long)octets.n)
		       : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, p,
						     octets.n);
}

static void check_signature(const struct signed_message *mail, bool relaxed,
			    enum crypto_algorithm algorithm)
{
	unsigned char digest[32];
	EVP_PKEY *public = public_key(mail->arena, algorithm);
	EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new(public, NULL);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct str b;
	int ok;

	header_hash(mail, relaxed, digest);
	ASSERT_RESULT(crypto_base64_parse(mail->arena,
					  tag(mail->arena, mail->value, "b"),
					  &b),
		      OK, "b=");
	if (algorithm == CRYPTO_RSA)
		ok = EVP_PKEY_verify_init(rsa) == 1 &&
		     EVP_PKEY_CTX_set_signature_md(rsa, EVP_sha256()) == 1 &&
		     EVP_PKEY_verify(rsa, (const unsigned char *)b.p, b.n,
				     digest, 32) == 1;
	else
		ok = EVP_DigestVerifyInit(md, NULL, NULL, NULL, public) == 1 &&
		     EVP_DigestVerify(md, (const unsigned char *)b.p, b.n,
				      digest, 32) == 1;
	assert_true(ok);
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(rsa);
	EVP_PKEY_free(public);
}

static void check_body_hash(const struct signed_message *mail, bool relaxed)
{
	struct text body = reference_body(relaxed, mail->body.p, mail->body.n);
	unsigned char digest[32];

	EVP_Digest(body.p, body.n, digest, NULL, EVP_sha256(), NULL);
	ASSERT_STR(tag(mail->arena, mail->value, "bh"),
		   crypto_base64(mail->arena,
				 (struct str){ (char *)digest, 32 }),
		   "bh=");
	free(body.p);
}

static const struct str texts[] = {
	/* RFC 6376 appendix A.1 */
	S("From: Joe SixPack <joe@football.example.com>\r\n"
	  "To: Suzie Q <suzie@shopping.example.net>\r\n"
	  "Subject: Is dinner ready?\r\n"
	  "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
	  "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
	  "\r\n"
	  "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n"),
	S("From: a@x.example\r\n"),
	S("From: a@x.example\r\n\r\n"),
	S("from \t:a@x.example\nSUBJECT:\n\tfolded \n  twice\t\n\n \n\n"),
	/* several of a name, signed from the bottom up */
	S("Subject: 1\nTo: 1\nReferences: 1\nFrom: a@x.example\nSubject: 2\n"
	  "To: 2\nReferences: 2\nList-Id: 1\nlist-id: 2\nTo: 3\n\nbody"),
	S("From: \xc3\xbc@x.example\nSubject: \xff\xfe \0 \x01\n\n\xff\0\r\r"),
	S("Sender: s@x.example\nFrom: a@x.example\n\n"),
	S("Received: x\nReturn-Path: <>\nBcc: b@x.example\nARC-Seal: i=1\n"
	  "DKIM-Signature: v=1\nAuthentication-Results: x\n"
	  "From: a@x.example\nX-Other: 1\nResent-From: r@x.example\n\n."),
};

static void signatures_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8 * sizeof(texts) / sizeof(texts[0]); i++) {
		enum crypto_algorithm algorithm =
			i & 1 ? CRYPTO_ED25519 : CRYPTO_RSA;
		struct dkim_policy policy = dkim_policy_default;
		struct signed_message mail;

		policy.header = i & 2 ? CANON_RELAXED : CANON_SIMPLE;
		policy.body = i & 4 ? CANON_RELAXED : CANON_SIMPLE;
		ASSERT_RESULT(sign(&mail, &policy, algorithm, texts[i / 8]), OK,
			      "sign");
		check_form("DKIM-Signature:", mail.value);
		check_body_hash(&mail, policy.body == CANON_RELAXED);
		check_signature(&mail, policy.header == CANON_RELAXED,
				algorithm);
		arena_free(mail.arena);
	}
}

static void check_tag(const struct signed_message *mail, const char *name,
		      const char *want)
{
	ASSERT_STR(tag(mail->arena, mail->value, name), str_from(want), name);
}

static void tags(void **state)
{
	struct dkim_policy policy = dkim_policy_default;
	struct signed_message mail;

	(void)state;
	ASSERT_RESULT(sign(&mail, &policy, CRYPTO_RSA, texts[0]), OK, "rsa");
	check_tag(&mail, "v", "1");
	check_tag(&mail, "a", "rsa-sha256");
	check_tag(&mail, "c", "relaxed/relaxed");
	check_tag(&mail, "d", "football.example.com");
	check_tag(&mail, "s", "test");
	check_tag(&mail, "t", "1172620939");
	check_tag(&mail, "x", "(absent)");
	check_tag(&mail, "l", "(absent)");
	check_tag(&mail, "z", "(absent)");
	/* the bh= of the example in RFC 6376 appendix A.2 */
	check_tag(&mail, "bh", "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
	arena_free(mail.arena);
	policy.header = CANON_SIMPLE;
	policy.expire = 604800;
	ASSERT_RESULT(sign(&mail, &policy, CRYPTO_ED25519, texts[0]), OK, "ed");
	check_tag(&mail, "a", "ed25519-sha256");
	check_tag(&mail, "c", "simple/relaxed");
	check_tag(&mail, "x", "1173225739");
	arena_free(mail.arena);
}

/* How often h= names a field. */
static int named(const struct signed_message *mail, const char *want)
{
	struct str names = tag(mail->arena, mail->value, "h"), name;
	int n = 0;

	while (str_cut(&names, ':', &name))
		n += str_ieq(name, str_from(want));
	return n;
}

static void names(void **state)
{
	static const char *const oversigned[] = {
		"From",		"To",
		"Cc",		"Subject",
		"Date",		"Reply-To",
		"Message-ID",	"MIME-Version",
		"Content-Type", "Content-Transfer-Encoding",
	};
	static const char *const never[] = {
		"Received", "Return-Path",    "Bcc",
		"ARC-Seal", "DKIM-Signature", "Authentication-Results",
		"X-Other",
	};
	struct signed_message mail;

	(void)state;
	ASSERT_RESULT(sign(&mail, &dkim_policy_default, CRYPTO_RSA, texts[1]),
		      OK, "one field");
	for (size_t i = 0; i < sizeof(oversigned) / sizeof(oversigned[0]); i++)
		assert_int_equal(named(&mail, oversigned[i]), i == 0 ? 2 : 1);
	assert_int_equal(named(&mail, "Sender"), 0);
	arena_free(mail.arena);

	ASSERT_RESULT(sign(&mail, &dkim_policy_default, CRYPTO_RSA, texts[4]),
		      OK, "several");
	assert_int_equal(named(&mail, "To"), 4);
	assert_int_equal(named(&mail, "Subject"), 3);
	assert_int_equal(named(&mail, "References"), 2);
	assert_int_equal(named(&mail, "List-Id"), 2);
	arena_free(mail.arena);

	ASSERT_RESULT(sign(&mail, &dkim_policy_default, CRYPTO_RSA, texts[6]),
		      OK, "the topmost");
	assert_int_equal(named(&mail, "Sender"), 1);
	arena_free(mail.arena);

	ASSERT_RESULT(sign(&mail, &dkim_policy_default, CRYPTO_RSA, texts[7]),
		      OK, "never");
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_int_equal(named(&mail, never[i]), 0);
	assert_int_equal(named(&mail, "Resent-From"), 1);
	arena_free(mail.arena);
}

static void coverage(void **state)
{
	static const struct {
		const char *name;
		bool may, covered;
	} rows[] = {
		{ "From", true, true },
		{ "fROM", true, true },
		{ "From ", true, true },
		{ "Content-Transfer-Encoding", true, true },
		{ "In-Reply-To", true, true },
		{ "Resent-Date", true, true },
		{ "List-Unsubscribe-Post", true, true },
		{ "X-Mailer", true, false },
		{ "Fro", true, false },
		{ "FromX", true, false },
		{ "List", true, false },
		{ "Received", false, false },
		{ "RETURN-path", false, false },
		{ "Bcc", false, false },
		{ "Resent-Bcc", false, false },
		{ "DKIM-Signature", false, false },
		{ "Authentication-Results", false, false },
		{ "ARC-Seal", false, false },
		{ "arc-message-signature", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str name = str_from(rows[i].name);

		if (rows[i].may != dkim_sign_may_cover(str_trim_end(name)))
			fail_msg("may cover %s", rows[i].name);
		if (rows[i].covered !=
		    dkim_policy_covers(&dkim_policy_default, name))
			fail_msg("covers %s", rows[i].name);
	}
}

/* What a milter does not keep must not change the signature. */
static void left_out_fields(void **state)
{
	struct dkim_policy policy = dkim_policy_default;
	struct signed_message whole, part;

	(void)state;
	ASSERT_RESULT(sign(&whole, &policy, CRYPTO_RSA,
			   STR("X-A: 1\nFrom: a@x.example\nReceived: y\n"
			       "List-Id: z\nX-B: 2\n\nb")),
		      OK, "whole");
	ASSERT_RESULT(sign(&part, &policy, CRYPTO_RSA,
			   STR("From: a@x.example\nList-Id: z\n\nb")),
		      OK, "part");
	ASSERT_STR(part.value, whole.value, "value");
	arena_free(whole.arena);
	arena_free(part.arena);
}

/* A name that RFC 5322 allows but a tag list does not. */
static void odd_names(void **state)
{
	struct signed_message mail;

	(void)state;
	ASSERT_RESULT(sign(&mail, &dkim_policy_default, CRYPTO_RSA,
			   STR("From: a@x.example\nList-;b=x: 1\n"
			       "List-=: 2\nList-Id: 3\n\n")),
		      OK, "sign");
	assert_int_equal(named(&mail, "List-Id"), 1);
	check_signature(&mail, true, CRYPTO_RSA);
	arena_free(mail.arena);
}

static void long_identity(void **state)
{
	struct arena *arena = arena_new(4096);
	char domain[250], selector[200];
	struct dkim_identity identity = { { domain, sizeof(domain) },
					  { selector, sizeof(selector) },
					  keys[CRYPTO_RSA] };
	struct dkim_signer *signer = dkim_sign_begin(&dkim_policy_default);
	struct message message;
	struct str value;

	(void)state;
	memset(domain, 'd', sizeof(domain));
	memset(selector, 's', sizeof(selector));
	message_init(&message, arena);
	ASSERT_RESULT(message_add(&message, STR("From"), STR(" a@x")), OK, "");
	ASSERT_RESULT(dkim_sign_end(signer, arena, &message), OK, "end");
	ASSERT_RESULT(dkim_sign_field(signer, arena, &identity, NOW, &value),
		      OK, "field");
	ASSERT_STR(tag(arena, value, "d"), identity.domain, "d=");
	ASSERT_STR(tag(arena, value, "s"), identity.selector, "s=");
	dkim_sign_free(signer);
	dkim_sign_free(NULL);
	arena_free(arena);
}

/* One pass over the message serves all keys, in any order and again. */
static void several_identities(void **state)
{
	struct signed_message mail;
	struct dkim_signer *signer = dkim_sign_begin(&dkim_policy_default);
	static const enum crypto_algorithm order[] = {
		CRYPTO_RSA, CRYPTO_ED25519, CRYPTO_ED25519, CRYPTO_RSA
	};

	(void)state;
	mail.arena = arena_new(4096);
	message_init(&mail.message, mail.arena);
	ASSERT_RESULT(message_split(&mail.message, texts[4], &mail.body), OK,
		      "split");
	dkim_sign_body(signer, mail.body);
	ASSERT_RESULT(dkim_sign_end(signer, mail.arena, &mail.message), OK,
		      "end");
	for (size_t i = 0; i < 4; i++) {
		struct dkim_identity identity = { STR("x.example"), STR("s"),
						  keys[order[i]] };

		ASSERT_RESULT(dkim_sign_field(signer, mail.arena, &identity,
					      NOW, &mail.value),
			      OK, "field");
		check_body_hash(&mail, true);
		check_signature(&mail, true, order[i]);
	}
	dkim_sign_free(signer);
	arena_free(mail.arena);
}

static enum result sign_many(const char *line, size_t times)
{
	struct arena *arena = arena_new(65536);
	struct signed_message mail;
	enum result result;
	struct buf buf;

	buf_init(&buf, arena, 1 << 24);
	buf_add(&buf, STR("From: a@x.example\n"));
	while (times--)
		buf_add(&buf, str_from(line));
	result = sign(&mail, &dkim_policy_default, CRYPTO_RSA, buf_str(&buf));
	if (result == OK) {
		check_signature(&mail, true, CRYPTO_RSA);
		assert_true(mail.value.n <= LIMIT_SIGNATURE);
	}
	arena_free(mail.arena);
	arena_free(arena);
	return result;
}

static void many_fields(void **state)
{
	(void)state;
	ASSERT_RESULT(sign_many("X-Other: 1\n", 10000), OK, "not signed");
	ASSERT_RESULT(sign_many("To: 1\n", 1000), OK, "To");
	/* "Sender:" is seven octets of h= */
	ASSERT_RESULT(sign_many("Sender: 1\n", LIMIT_SIGNED_NAMES / 7 - 20), OK,
		      "below the limit");
	ASSERT_RESULT(sign_many("Sender: 1\n", LIMIT_SIGNED_NAMES / 7 + 1),
		      E_LIMIT, "above");
	ASSERT_RESULT(sign_many("To: 1\n", LIMIT_SIGNED_NAMES), E_LIMIT,
		      "ten times");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_verify),
		cmocka_unit_test(tags),
		cmocka_unit_test(names),
		cmocka_unit_test(coverage),
		cmocka_unit_test(left_out_fields),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(long_identity),
		cmocka_unit_test(several_identities),
		cmocka_unit_test(many_fields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(UNIT_NAME, tests, set_up, tear_down);
}
