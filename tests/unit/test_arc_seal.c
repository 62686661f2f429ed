/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "arc_seal"
#include "unit.h"

#include "arc.h"
#include "form.h"
#include "mail/arc_chain.h"
#include "mail/arc_seal.h"

#define RESULTS " mx.example;\n\tspf=pass smtp.mailfrom=x.example"

static struct crypto_key *keys[2];

/* How to seal, beside the text. Zero stands for what a plain test wants. */
struct how {
	const struct dkim_policy *policy;
	enum crypto_algorithm key;
	enum auth cv;
	size_t step; /* octets of a chunk of the body */
	bool sorted;
	const struct str *signatures;
	size_t n_signatures;
	const char *authres;
};

static int set_up_keys(void **state)
{
	if (set_up(state) != 0 ||
	    crypto_key_parse(STR(KEY_RSA_2048), &keys[CRYPTO_RSA]) != OK ||
	    crypto_key_parse(STR(KEY_RFC8410), &keys[CRYPTO_ED25519]) != OK)
		return -1;
	return 0;
}

static int tear_down_keys(void **state)
{
	crypto_key_free(keys[CRYPTO_RSA]);
	crypto_key_free(keys[CRYPTO_ED25519]);
	return tear_down(state);
}

static EVP_PKEY *pkey_of(const struct how *how)
{
	return how->key == CRYPTO_RSA ? rsa : ed25519;
}

static struct dkim_identity identity_of(const struct how *how)
{
	return (struct dkim_identity){
		STR("x.example"),
		how->key == CRYPTO_RSA ? STR("rsa") : STR("ed25519"),
		keys[how->key],
	};
}

/* A signer that has had the whole text. */
static struct dkim_signer *sign(struct arena *arena, const struct how *how,
				struct str text, struct message *message)
{
	struct dkim_signer *signer = dkim_sign_begin(
		how->policy ? how->policy : &dkim_policy_default);
	size_t step = how->step ? how->step : SIZE_MAX;
	struct str body;

	assert_non_null(signer);
	message_init(message, arena);
	ASSERT_RESULT(message_split(message, text, &body), OK, "split");
	for (; body.n > step; body = str_sub(body, step, body.n))
		dkim_sign_body(signer, str_sub(body, 0, step));
	dkim_sign_body(signer, body);
	ASSERT_RESULT(dkim_sign_end(signer, arena, message), OK, "end");
	return signer;
}

static enum result seal(struct arena *arena, const struct how *how,
			struct str text, struct arc_fields *fields)
{
	const struct dkim_identity identity = identity_of(how);
	struct message message;
	struct dkim_signer *signer = sign(arena, how, text, &message);
	const struct arc_seal_input input = {
		.message = &message,
		.signatures = how->signatures,
		.n_signatures = how->n_signatures,
		.authres = str_from(how->authres ? how->authres : RESULTS),
		.cv = how->cv,
		.now = NOW,
		.sorted = how->sorted,
	};
	enum result result = arc_seal(signer, arena, &identity, &input, fields);

	dkim_sign_free(signer);
	return result;
}

static struct str put(struct arena *arena, const char *name, struct str value,
		      struct str text)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 24);
	buf_printf(&buf, "%s:", name);
	buf_add(&buf, value);
	buf_add(&buf, STR("\r\n"));
	buf_add(&buf, text);
	assert_false(buf.full);
	return buf_str(&buf);
}

static struct str put_set(struct arena *arena, const struct arc_fields *fields,
			  struct str text)
{
	text = put(arena, "ARC-Authentication-Results", fields->authres, text);
	text = put(arena, "ARC-Message-Signature", fields->message, text);
	return put(arena, "ARC-Seal", fields->seal, text);
}

/* Cuts a value behind "b=", and tells what stood there. */
static struct str cut_b(struct arena *arena, struct str *value)
{
	struct str b = *value;
	struct buf buf;

	while (value->n &&
	       !str_eq(str_sub(*value, value->n - 2, value->n), STR("b=")))
		value->n--;
	assert_true(value->n > 2);
	b = str_sub(b, value->n, b.n);
	buf_init(&buf, arena, 4096);
	for (size_t i = 0; i < b.n; i++)
		if (!strchr(" \t\n", b.p[i]))
			buf_addc(&buf, b.p[i]);
	return buf_str(&buf);
}

/* Tags in one line, as a person would write them. */
static char *unfold(struct arena *arena, struct str value)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\t')
			continue;
		else if (value.p[i] != '\n')
			buf_addc(&buf, value.p[i]);
		else if (i && value.p[i - 1] != ':')
			buf_addc(&buf, ' ');
	return buf_c(&buf);
}

/* bh= and b= of an ARC-Message-Signature, by OpenSSL. */
static void check_message(struct arena *arena, const struct how *how,
			  struct str value, struct str text)
{
	const char *tags = unfold(arena, value);
	struct field self = { STR("ARC-Message-Signature"), value };
	struct str b = cut_b(arena, &self.value), body;
	unsigned char digest[64];
	struct message message;
	unsigned int n;

	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message, text, &body), OK, "split");
	assert_string_equal(plain_tag(tags, " bh="),
			    hash_body(arena, tags, EVP_sha256(), body));
	n = hash_header(&message, tags, EVP_sha256(), &self, digest);
	ASSERT_STR(b,
		   str_from(sign_digest(arena, pkey_of(how), EVP_sha256(),
					digest, n)),
		   "b= of the message signature");
}

/* The seal that the other sealer makes of the same tags; `text` has sets. */
static void check_seal(struct arena *arena, const struct how *how, size_t sets,
		       const struct arc_fields *fields, struct str text)
{
	const struct sealing sealing = { .pkey = pkey_of(how) };
	struct str value = fields->seal, b = cut_b(arena, &value), other;
	const char *tags = unfold(arena, str_sub(value, 0, value.n - 3));

	text = put(arena, "ARC-Authentication-Results", fields->authres, text);
	text = put(arena, "ARC-Message-Signature", fields->message, text);
	text = seal_put_seal(arena, &sealing, sets, tags, text);
	other = str_sub(text, str_find(text, ':') + 1, str_find(text, '\r'));
	ASSERT_STR(b, cut_b(arena, &other), "b= of the seal");
}

static const struct str texts[] = {
	S(MAIL),
	S("From: a@x.example\r\n"),
	S("Subject: 1\nTo: 1\nReferences: 1\nFrom: a@x.example\nSubject: 2\n"
	  "To: 2\nReferences: 2\nList-Id: 1\nlist-id: 2\nTo: 3\n\nbody"),
	S("From: \xc3\xbc@x.example\nSubject: \xff\xfe \0 \x01\n\n\xff\0\r\r"),
	S("DKIM-Signature: v=1\n\t; b=1\ndkim-signature : v=1; b=2\n"
	  "Authentication-Results: x\nReceived: x\nFrom: a@x.example\n\n."),
};

static void signatures_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8 * sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena *arena = arena_new(1 << 16);
		struct dkim_policy policy = dkim_policy_default;
		const struct how how = {
			.policy = &policy,
			.key = i & 1 ? CRYPTO_ED25519 : CRYPTO_RSA,
		};
		struct str text = texts[i / 8];
		struct arc_fields fields;

		policy.header = i & 2 ? CANON_RELAXED : CANON_SIMPLE;
		policy.body = i & 4 ? CANON_RELAXED : CANON_SIMPLE;
		ASSERT_RESULT(seal(arena, &how, text, &fields), OK, "seal");
		check_form("ARC-Seal:", fields.seal);
		check_form("ARC-Message-Signature:", fields.message);
		check_form("ARC-Authentication-Results:", fields.authres);
		check_message(arena, &how, fields.message, text);
		check_seal(arena, &how, 1, &fields, text);
		arena_free(arena);
	}
}

static void tags(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct how how = { .cv = AUTH_PASS };
	struct arc_fields fields;
	struct str text = texts[4];

	(void)state;
	text = chain(arena, rsa, 2);
	ASSERT_RESULT(seal(arena, &how, text, &fields), OK, "seal");
	assert_int_equal(fields.instance, 3);
	assert_int_equal(fields.cv, AUTH_PASS);
	ASSERT_STR(fields.authres, STR(" i=3;" RESULTS), "results");
	cut_b(arena, &fields.seal);
	assert_string_equal(unfold(arena, fields.seal),
			    " i=3; a=rsa-sha256; cv=pass; d=x.example; s=rsa; "
			    "t=1750000000; b=");
	text = STR("DKIM-Signature: 1\r\nARC-Other: 1\r\nFrom: a@x.example\r\n"
		   "Authentication-Results: x\r\nDKIM-signature: 2\r\n\r\n");
	how.key = CRYPTO_ED25519;
	ASSERT_RESULT(seal(arena, &how, text, &fields), OK, "seal");
	cut_b(arena, &fields.message);
	/* The hash is that of no octets. */
	assert_string_equal(
		unfold(arena, fields.message),
		" i=1; a=ed25519-sha256; c=relaxed/relaxed; d=x.example; "
		"s=ed25519; t=1750000000; h=From:From:To:Cc:Subject:Date:"
		"Reply-To:Message-ID:MIME-Version:Content-Type:"
		"Content-Transfer-Encoding:DKIM-signature:DKIM-Signature; "
		"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=");
	arena_free(arena);
}

/* As published suites have it; their exact b= is in tests/corpus/arc_sign. */
static void sorted(void **state)
{
	static const char *const want[] = { "a", "b", "bh", "c", "d",
					    "h", "i", "s",  "t" };
	struct arena *arena = arena_new(1 << 16);
	const struct how how = { .sorted = true };
	struct arc_fields fields;
	struct str part;

	(void)state;
	ASSERT_RESULT(seal(arena, &how, texts[2], &fields), OK, "seal");
	assert_int_equal(str_find(fields.message, '\n'), fields.message.n);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(str_cut(&fields.message, ';', &part));
		part = str_trim(part);
		ASSERT_STR(str_sub(part, 0, str_find(part, '=')),
			   str_from(want[i]), "name");
	}
	assert_null(fields.message.p);
	arena_free(arena);
}

/* What a header bears, what a validator found, and what the new set says. */
#define SEAL(i, cv)                                                     \
	"ARC-Seal: i=" i "; a=ed25519-sha256; cv=" cv "; d=x.example; " \
	"s=ed25519; b=AA==\r\n"
#define REST(i)                                   \
	"ARC-Message-Signature: i=" i "; b=\r\n"  \
	"ARC-Authentication-Results: i=" i "; x;" \
	"\r\n"
static const struct {
	const char *chain;
	enum auth cv;
	enum result result;
	size_t instance;
	enum auth sealed;
} status_rows[] = {
	{ "", AUTH_NONE, OK, 1, AUTH_NONE },
	/* There is nothing that could be broken. */
	{ "", AUTH_PASS, OK, 1, AUTH_NONE },
	{ "", AUTH_FAIL, OK, 1, AUTH_NONE },
	{ "ARC-Other: x\r\n", AUTH_NONE, OK, 1, AUTH_NONE },
	{ SEAL("1", "none") REST("1"), AUTH_PASS, OK, 2, AUTH_PASS },
	{ REST("1") SEAL("1", "none"), AUTH_PASS, OK, 2, AUTH_PASS },
	{ SEAL("1", "none") REST("1"), AUTH_FAIL, OK, 2, AUTH_FAIL },
	{ SEAL("1", "none") REST("1"), AUTH_NONE, OK, 2, AUTH_FAIL },
	{ SEAL("1", "none") REST("1"), AUTH_TEMPERROR, OK, 2, AUTH_FAIL },
	{ SEAL("1", "none") REST("1"), AUTH_NEUTRAL, OK, 2, AUTH_FAIL },
	/* A structure that can't have passed. */
	{ SEAL("1", "pass") REST("1"), AUTH_PASS, OK, 2, AUTH_FAIL },
	{ SEAL("1", "none"), AUTH_PASS, OK, 2, AUTH_FAIL },
	{ SEAL("7", "pass") REST("7"), AUTH_PASS, OK, 8, AUTH_FAIL },
	{ REST("49"), AUTH_PASS, OK, 50, AUTH_FAIL },
	{ SEAL("x", "none") REST("x"), AUTH_PASS, OK, 1, AUTH_FAIL },
	{ SEAL("2", "pass") REST("2") SEAL("1", "fail") REST("1"), AUTH_PASS,
	  OK, 3, AUTH_FAIL },
	/* 4.2.1 */
	{ REST("50"), AUTH_PASS, E_LIMIT, 0, AUTH_NONE },
	{ REST("50"), AUTH_FAIL, E_LIMIT, 0, AUTH_NONE },
	{ REST("99"), AUTH_FAIL, E_LIMIT, 0, AUTH_NONE },
	/* 5.1: an end */
	{ SEAL("1", "fail") REST("1"), AUTH_FAIL, E_ABSENT, 0, AUTH_NONE },
	{ SEAL("1", "FAIL"), AUTH_PASS, E_ABSENT, 0, AUTH_NONE },
	{ SEAL("50", "fail"), AUTH_FAIL, E_ABSENT, 0, AUTH_NONE },
};

static void statuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]);
	     i++) {
		struct arena *arena = arena_new(1 << 16);
		const struct how how = { .key = CRYPTO_ED25519,
					 .cv = status_rows[i].cv };
		struct str text = str_from(
			arena_printf(arena, "%s" MAIL, status_rows[i].chain));
		const char *what = arena_printf(arena, "row %zu", i);
		struct arc_fields fields;

		ASSERT_RESULT(seal(arena, &how, text, &fields),
			      status_rows[i].result, what);
		if (status_rows[i].result == OK) {
			assert_int_equal(fields.instance,
					 status_rows[i].instance);
			assert_int_equal(fields.cv, status_rows[i].sealed);
		}
		/* 5.1.2: as if it were the only set */
		if (status_rows[i].result == OK && fields.cv != AUTH_PASS)
			check_seal(arena, &how, 1, &fields, STR(MAIL));
		arena_free(arena);
	}
}

static void check_whole(struct arena *arena, struct str text, enum auth want,
			size_t sets)
{
	struct arc_result result = validate_text(arena, &zone, false, text, 99);

	expect(&result, want, want == AUTH_FAIL ? "last sealer" : "", "sets");
	assert_int_equal(result.instances, sets);
}

/* Chains of both sealers by turns, up to the last set there may be. */
static void chains(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct sealing plain = { .pkey = rsa };
	struct str text = STR(MAIL);
	struct arc_fields fields;
	struct how how;

	(void)state;
	for (size_t i = 1; i <= LIMIT_ARC_SETS; i++) {
		how = (struct how){
			.key = i & 4 ? CRYPTO_ED25519 : CRYPTO_RSA,
			.cv = i == 1 ? AUTH_NONE : AUTH_PASS,
		};
		ASSERT_RESULT(seal(arena, &how, text, &fields), OK, "seal");
		check_seal(arena, &how, i, &fields, text);
		text = i % 3 == 0 ? seal_text(arena, &plain, i, text)
				  : put_set(arena, &fields, text);
		check_whole(arena, text, AUTH_PASS, i);
	}
	ASSERT_RESULT(seal(arena, &how, text, &fields), E_LIMIT, "51");
	arena_free(arena);
}

static void broken_chain(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct str text = chain(arena, rsa, 2);
	struct how how = { .cv = AUTH_FAIL };
	struct arc_fields fields;

	(void)state;
	ASSERT_RESULT(seal(arena, &how, text, &fields), OK, "seal");
	text = put_set(arena, &fields, text);
	check_whole(arena, text, AUTH_FAIL, 3);
	for (how.cv = AUTH_NONE; how.cv <= AUTH_PERMERROR; how.cv++)
		ASSERT_RESULT(seal(arena, &how, text, &fields), E_ABSENT,
			      "after a fail");
	arena_free(arena);
}

static void chunks(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	const struct str text = STR(MAIL "a \t b \t\r\n \r\n\r\n.\n\r\n\r\n");
	struct how how = { .key = CRYPTO_ED25519 };
	struct arc_fields whole, cut;

	(void)state;
	ASSERT_RESULT(seal(arena, &how, text, &whole), OK, "whole");
	for (how.step = 1; how.step < 80; how.step++) {
		ASSERT_RESULT(seal(arena, &how, text, &cut), OK, "cut");
		ASSERT_STR(cut.seal, whole.seal, "seal");
		ASSERT_STR(cut.message, whole.message, "message");
	}
	arena_free(arena);
}

/* 5.1: the DKIM signatures of this hop are made before it is sealed. */
static void own_signatures(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct how how = { .n_signatures = 2 };
	struct dkim_identity identity;
	struct str text = texts[4], sealed, values[3];
	struct dkim_signer *signer;
	struct arc_fields fields;
	struct message message;
	struct arc_seal_input input;

	(void)state;
	signer = sign(arena, &how, text, &message);
	for (int i = 0; i < 2; i++) {
		identity = identity_of(&(struct how){ .key = i & 1 });
		ASSERT_RESULT(dkim_sign_field(signer, arena, &identity, NOW,
					      &values[i]),
			      OK, "dkim");
	}
	input = (struct arc_seal_input){ .message = &message,
					 .signatures = values,
					 .n_signatures = 2,
					 .authres = STR(RESULTS),
					 .now = NOW };
	ASSERT_RESULT(arc_seal(signer, arena, &identity, &input, &fields), OK,
		      "seal");
	/* Sealing leaves the signer as it was. */
	ASSERT_RESULT(dkim_sign_field(signer, arena, &identity, NOW,
				      &values[2]),
		      OK, "dkim");
	ASSERT_STR(values[2], values[1], "dkim");
	dkim_sign_free(signer);

	text = put(arena, "DKIM-Signature", values[0], text);
	text = put(arena, "DKIM-Signature", values[1], text);
	how.key = CRYPTO_ED25519;
	check_message(arena, &how, fields.message, text);
	sealed = put_set(arena, &fields, text);
	check_whole(arena, sealed, AUTH_PASS, 1);
	check_whole(arena, put(arena, "DKIM-Signature", STR(" new"), sealed),
		    AUTH_PASS, 1);
	arena_free(arena);
}

static void limits(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct how long_results = {
		.authres = arena_printf(arena, " mx.example; %065000d", 0),
	};
	const struct how longer_results = {
		.authres = arena_printf(arena, " mx.example; %065600d", 0),
	};
	const struct how none = { .authres = " \n\t" };
	struct how plain = { .key = CRYPTO_ED25519 };
	struct arc_fields fields;
	struct buf buf;

	(void)state;
	ASSERT_RESULT(seal(arena, &long_results, texts[0], &fields), OK, "");
	ASSERT_RESULT(seal(arena, &longer_results, texts[0], &fields), E_LIMIT,
		      "too many results");
	ASSERT_RESULT(seal(arena, &none, texts[0], &fields), E_SYNTAX,
		      "no results");
	buf_init(&buf, arena, LIMIT_HEADER);
	for (int i = 0; i < 1000; i++)
		buf_add(&buf, STR("DKIM-Signature: x\r\n"));
	buf_add(&buf, STR(MAIL));
	ASSERT_RESULT(seal(arena, &plain, buf_str(&buf), &fields), OK, "1000");
	buf_init(&buf, arena, LIMIT_HEADER);
	for (int i = 0; i < 1100; i++)
		buf_add(&buf, STR("DKIM-Signature: x\r\n"));
	buf_add(&buf, STR(MAIL));
	ASSERT_RESULT(seal(arena, &plain, buf_str(&buf), &fields), E_LIMIT,
		      "1100");
	arena_free(arena);
}

static void needs(void **state)
{
	static const char *const yes[] = { "DKIM-Signature", "dkim-signature ",
					   "ARC-Seal", "arc-message-signature",
					   "ARC-Authentication-Results" };
	static const char *const no[] = { "From", "ARC", "DKIM-Signatures",
					  "Authentication-Results" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(arc_seal_needs(str_from(yes[i])));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(arc_seal_needs(str_from(no[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_verify),
		cmocka_unit_test(tags),
		cmocka_unit_test(sorted),
		cmocka_unit_test(statuses),
		cmocka_unit_test(chains),
		cmocka_unit_test(broken_chain),
		cmocka_unit_test(chunks),
		cmocka_unit_test(own_signatures),
		cmocka_unit_test(limits),
		cmocka_unit_test(needs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(UNIT_NAME, tests, set_up_keys,
					   tear_down_keys);
}
