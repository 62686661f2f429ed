/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "arc_verify"
#include "unit.h"

#include "arc.h"

/* The times of the tests below; NOW is 1750000000. */
#define PAST "1749999999"
#define SOON "1750000300"
#define LATER "1750000301"

#define I " i=1;"
#define A " a=ed25519-sha256;"
#define RSA " a=rsa-sha256;"
#define C " c=relaxed/relaxed;"
#define D " d=x.example; s=ed25519;"
#define DR " d=x.example; s=rsa;"
#define H SEALING_H
#define CV " cv=none;"

/* One set with these tags. The canonical body has 46 octets. */
static const struct {
	const char *authres, *message, *seal;
	const char *reason; /* NULL: a pass */
} tag_rows[] = {
	{ NULL, I A C D H, I A D CV, NULL },
	{ NULL, I RSA C DR H, I A D CV, NULL },
	{ NULL, I A C D H, I RSA DR CV, NULL },
	/* 4.1.2 */
	{ NULL, I A D H " c=simple/simple;", NULL, NULL },
	{ NULL, I A D H " c=relaxed/simple;", NULL, NULL },
	{ NULL, I A D H " c=simple/relaxed;", NULL, NULL },
	{ NULL, I A C D H " v=2; q=x; z=From:a; other=tag;", NULL, NULL },
	{ NULL, I A C D " h=;", NULL, NULL },
	{ NULL, I A C D " h=To::ARC-Authentication-Results;", NULL, NULL },
	{ NULL, I A C D H " t=" SOON "; x=" LATER ";", NULL, NULL },
	{ NULL, I A C D H " l=46;", NULL, NULL },
	{ NULL, I A C D H " l=45;", NULL, "1: body hash" },
	{ NULL, I A C D H " l=0;", NULL, "1: body hash" },
	{ NULL, I A C D H " l=47;", NULL, "1: not the whole body" },
	{ NULL, I A C D H " l=x;", NULL, "(l=)" },
	{ NULL, I A C D H " x=" PAST ";", NULL, "expired" },
	{ NULL, I A C D H " t=" LATER ";", NULL, "future" },
	{ NULL, I A C D H " t=;", NULL, "(t=)" },
	{ NULL, I A C D " h=From:arc-seal;", NULL, "(h=)" },
	{ NULL, I A C D, NULL, "(h=)" },
	{ NULL, I A C D H H, NULL, "(i=)" },
	{ NULL, I I A C D H, NULL, "(i=)" },
	{ NULL, A C D H, NULL, "(i=)" },
	{ NULL, " i=0;" A C D H, NULL, "(i=)" },
	{ NULL, " i=;" A C D H, NULL, "(i=)" },
	{ NULL, " i=1 (one);" A C D H, NULL, "(i=)" },
	{ NULL, " i=001;" A C D H, NULL, "(i=)" },
	{ NULL, " I=1;" A C D H, NULL, "(i=)" },
	{ NULL, " i=51;" A C D H, NULL, "too many" },
	{ NULL, I C D H, NULL, "Signature i=1: no algorithm (a=)" },
	{ NULL, I " a=rsa-sha1;" C DR H, NULL, "rsa-sha1" },
	{ NULL, I A " c=;" D H, NULL, "(c=)" },
	{ NULL, I A C " d=x.example;" H, NULL, "(s=)" },
	{ NULL, I A C " s=ed25519;" H, NULL, "(d=)" },
	{ NULL, I A C " d=x.example; s=gone;" H, NULL, "1: no key" },
	/* 4.1.3 */
	{ NULL, NULL, I A D " cv=NONE;", NULL },
	{ NULL, NULL, I A D CV " c=x; x=1; l=1; t=" SOON ";", NULL },
	{ NULL, NULL, I A D CV H, "(h=)" },
	{ NULL, NULL, I A D CV " h=;", "(h=)" },
	{ NULL, NULL, I A D, "(cv=)" },
	{ NULL, NULL, I A D " cv=;", "(cv=)" },
	{ NULL, NULL, I A D " cv=pass;", "(cv=)" },
	{ NULL, NULL, I A D " CV=none;", "(cv=)" },
	{ NULL, NULL, I A D " cv=fail;", "last sealer" },
	{ NULL, NULL, I A D CV CV, "(i=)" },
	{ NULL, NULL, A D CV, "(i=)" },
	{ NULL, NULL, I D CV, "Seal i=1: no algorithm (a=)" },
	{ NULL, NULL, I " a=rsa-sha1;" DR CV, "rsa-sha1" },
	{ NULL, NULL, I A " d=x.example;" CV, "(s=)" },
	{ NULL, NULL, I A D CV " t=x;", "(t=)" },
	{ NULL, NULL, I A D CV " t=" LATER ";", "future" },
	{ NULL, NULL, I A " d=x.example; s=gone;" CV, "Seal i=1: no key" },
	{ NULL, NULL, I A " d=x.example; s=rsa;" CV, "type" },
	/* 4.1.1 */
	{ "i=1;", NULL, NULL, NULL },
	{ " i=1; mx.example; none", NULL, NULL, NULL },
	{ " i=1", NULL, NULL, "(i=)" },
	{ " i=1 x; mx.example; none", NULL, NULL, "(i=)" },
	{ " I=1; mx.example; none", NULL, NULL, "(i=)" },
	{ " i:1; mx.example; none", NULL, NULL, "(i=)" },
	{ " i=; mx.example; none", NULL, NULL, "(i=)" },
	{ " i=-1; mx.example; none", NULL, NULL, "(i=)" },
	{ " i=0; mx.example; none", NULL, NULL, "(i=)" },
	{ " i", NULL, NULL, "(i=)" },
	{ "", NULL, NULL, "(i=)" },
	{ " mx.example; i=1; none", NULL, NULL, "(i=)" },
	{ " i=2; mx.example; none", NULL, NULL, "not complete" },
	{ " i=99; mx.example; none", NULL, NULL, "too many" },
};

static void tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tag_rows) / sizeof(tag_rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct sealing sealing = { tag_rows[i].authres,
					   tag_rows[i].message,
					   tag_rows[i].seal, ed25519 };
		const char *reason = tag_rows[i].reason;
		struct arc_result result;
		struct str text;

		if (sealing.message && strstr(sealing.message, "rsa"))
			sealing.pkey = rsa;
		text = seal_text(arena, &sealing, 1, STR(MAIL));
		/* The two fields may want two keys. */
		if (sealing.seal && !strstr(sealing.seal, "ed25519-") ==
					    (sealing.pkey != rsa)) {
			text = str_sub(text, str_find(text, '\n') + 1, text.n);
			sealing.pkey = sealing.pkey == rsa ? ed25519 : rsa;
			text = seal_put_seal(arena, &sealing, 1, sealing.seal,
					     text);
		}
		result = validate_text(arena, &zone, false, text, 7);
		expect(&result, reason ? AUTH_FAIL : AUTH_PASS,
		       reason ? reason : "", arena_printf(arena, "row %zu", i));
		arena_free(arena);
	}
}

/* White space and comments around i= of an ARC-Authentication-Results. */
static void authres(void **state)
{
	struct arena *arena = arena_new(4096);
	struct sealing sealing = { .pkey = ed25519 };
	struct arc_result result;
	struct str text;

	(void)state;
	sealing.authres = " (a;\r\n b) i (=) =\r\n 01 (c)\t; mx.example; x ";
	text = seal_text(arena, &sealing, 1, STR(MAIL));
	result = validate_text(arena, &zone, false, text, 7);
	expect(&result, AUTH_PASS, "", "white space and comments");
	ASSERT_STR(result.sets[0].authres, STR("mx.example; x"), "1");

	text = chain(arena, ed25519, 2);
	result = validate_text(arena, &zone, false, text, 7);
	expect(&result, AUTH_PASS, "", "two sets");
	ASSERT_STR(result.sets[0].authres, STR("mx1.example; none"), "1");
	ASSERT_STR(result.sets[1].authres, STR("mx2.example; none"), "2");
	ASSERT_STR(result.sets[1].sealer, STR("x.example"), "d=");
	ASSERT_STR(result.sets[1].selector, STR("ed25519"), "s=");
	arena_free(arena);
}

/* The fields of a good chain of three, named by "S3", "M3", "A3" ... */
static struct str pick(struct arena *arena, struct str text, const char *want)
{
	static const char kinds[] = "SMA";
	struct str lines[10];
	struct buf buf;

	for (int i = 0; i < 9; i++) {
		size_t end = str_find(text, '\n') + 1;

		lines[i] = str_sub(text, 0, end);
		text = str_sub(text, end, text.n);
	}
	buf_init(&buf, arena, 1 << 16);
	for (; *want; want += 2)
		buf_add(&buf, lines[('3' - want[1]) * 3 +
				    (strchr(kinds, want[0]) - kinds)]);
	buf_add(&buf, text);
	return buf_str(&buf);
}

static void structure(void **state)
{
	static const struct {
		const char *fields;
		size_t instances;
		const char *reason; /* NULL: a pass */
	} rows[] = {
		{ "S3M3A3S2M2A2S1M1A1", 3, NULL },
		{ "A1A2A3M1M2M3S1S2S3", 3, NULL },
		{ "M1S3A2S1M3A1M2A3S2", 3, NULL },
		{ "S2M2A2S1M1A1", 2, NULL },
		{ "S1M1A1", 1, NULL },
		{ "S3M3A3S2M2A2S1M1", 3, "not complete" },
		{ "S3M3A3S2M2A2S1A1", 3, "not complete" },
		{ "S3M3A3S2M2A2M1A1", 3, "not complete" },
		{ "S3M3A3S2M2A2", 3, "not complete" },
		{ "S3M3A3S1M1A1", 3, "not complete" },
		{ "S3M3A3S2M2S1M1A1", 3, "not complete" },
		{ "M3A3S2M2A2S1M1A1", 3, "not complete" },
		{ "S3A3S2M2A2S1M1A1", 3, "not complete" },
		{ "S3M3S2M2A2S1M1A1", 3, "not complete" },
		{ "S2M2A2", 2, "not complete" },
		{ "S1", 1, "not complete" },
		{ "A3", 3, "not complete" },
		{ "S3S3M3A3S2M2A2S1M1A1", 3, "two fields of one kind" },
		{ "S3M3A3S2M2A2M2S1M1A1", 3, "two fields of one kind" },
		{ "S3M3A3S2M2A2S1M1A1A1", 3, "two fields of one kind" },
		{ "S1M1A1S1M1A1", 1, "two fields of one kind" },
	};
	struct arena *arena = arena_new(4096);
	struct str text = chain(arena, ed25519, 3);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reason = rows[i].reason;
		struct arc_result result;

		zone.queries = 0;
		result = validate_text(arena, &zone, false,
				       pick(arena, text, rows[i].fields), 7);
		expect(&result, reason ? AUTH_FAIL : AUTH_PASS,
		       reason ? reason : "", rows[i].fields);
		assert_int_equal(result.instances, rows[i].instances);
		assert_int_equal(result.oldest_pass, 0);
		/* A broken structure costs no look-up. */
		assert_int_equal(!zone.queries, !!reason);
	}
	arena_free(arena);
}

/* 5.2 steps 2 and 3: cv= of each of the sets. */
static void statuses(void **state)
{
	static const struct {
		const char *status[3];
		const char *reason;
	} rows[] = {
		{ { "none", "pass", "pass" }, "" },
		{ { "none", "pass", "fail" }, "last sealer" },
		{ { "pass", "pass", "fail" }, "last sealer" },
		{ { "none", "fail", "pass" }, "(cv=)" },
		{ { "fail", "pass", "pass" }, "(cv=)" },
		{ { "none", "pass", "none" }, "(cv=)" },
		{ { "none", "none", "pass" }, "(cv=)" },
		{ { "pass", "pass", "pass" }, "(cv=)" },
		{ { "none", "pass", "passed" }, "(cv=)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct str text = STR(MAIL);
		struct arc_result result;

		for (size_t k = 1; k <= 3; k++) {
			const struct sealing sealing = {
				.seal = arena_printf(arena,
						     " i=%zu;" A D " cv=%s;", k,
						     rows[i].status[k - 1]),
				.pkey = ed25519,
			};

			text = seal_text(arena, &sealing, k, text);
		}
		result = validate_text(arena, &zone, false, text, 7);
		expect(&result, *rows[i].reason ? AUTH_FAIL : AUTH_PASS,
		       rows[i].reason, arena_printf(arena, "row %zu", i));
		arena_free(arena);
	}
}

/*
 * Three sets with selectors of their own for the two signatures; which of the
 * keys are slow, which are gone, and what comes out.
 */
static const struct {
	const char *selectors[6]; /* M3, S3, S2, S1, M2, M1 */
	bool spoilt;		  /* the body */
	enum auth auth;
	size_t oldest;
	const char *reason;
} key_rows[] = {
	{ { "e", "e", "e", "e", "e", "e" }, false, AUTH_PASS, 0, "" },
	{ { "slow", "e", "e", "e", "e", "e" },
	  false,
	  AUTH_TEMPERROR,
	  0,
	  "Message-Signature i=3: key could not" },
	{ { "e", "slow", "e", "e", "e", "e" },
	  false,
	  AUTH_TEMPERROR,
	  0,
	  "Seal i=3: key could not" },
	{ { "e", "e", "e", "slow", "e", "e" },
	  false,
	  AUTH_TEMPERROR,
	  0,
	  "Seal i=1: key could not" },
	{ { "slow", "slow", "slow", "slow", "slow", "slow" },
	  false,
	  AUTH_TEMPERROR,
	  0,
	  "Message-Signature i=3: key could not" },
	/* what fails is no temporary error */
	{ { "slow", "e", "e", "e", "e", "e" },
	  true,
	  AUTH_FAIL,
	  0,
	  "Message-Signature i=3: body hash" },
	{ { "slow", "e", "gone", "e", "e", "e" },
	  false,
	  AUTH_FAIL,
	  0,
	  "Seal i=2: no key" },
	{ { "e", "slow", "e", "gone", "e", "e" },
	  false,
	  AUTH_FAIL,
	  0,
	  "Seal i=1: no key" },
	{ { "gone", "slow", "e", "e", "e", "e" },
	  false,
	  AUTH_FAIL,
	  0,
	  "Message-Signature i=3: no key" },
	/* 5.2 step 5: the older ones only say how old */
	{ { "e", "e", "e", "e", "slow", "e" }, false, AUTH_PASS, 3, "" },
	{ { "e", "e", "e", "e", "gone", "e" }, false, AUTH_PASS, 3, "" },
	{ { "e", "e", "e", "e", "e", "gone" }, false, AUTH_PASS, 2, "" },
};

/* Set k with the selectors m and s. */
static struct str seal_by(struct arena *arena, size_t k, const char *m,
			  const char *s, struct str text)
{
	const struct sealing sealing = {
		.message = arena_printf(
			arena, " i=%zu; d=x.example; s=%s;" A C H, k, m),
		.seal = arena_printf(arena,
				     " i=%zu; d=x.example; s=%s;" A " cv=%s;",
				     k, s, k == 1 ? "none" : "pass"),
		.pkey = ed25519,
	};

	return seal_text(arena, &sealing, k, text);
}

static void keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(key_rows) / sizeof(key_rows[0]); i++) {
		const char *const *by = key_rows[i].selectors;
		struct arena *arena = arena_new(4096);
		struct sealing_zone own = {
			.keys = { { "e._domainkey.x.example", record_ed25519 },
				  { "slow._domainkey.x.example", NULL } },
		};
		struct str text = STR(MAIL);
		struct arc_result result;

		text = seal_by(arena, 1, by[5], by[3], text);
		text = seal_by(arena, 2, by[4], by[2], text);
		text = seal_by(arena, 3, by[0], by[1], text);
		if (key_rows[i].spoilt)
			text.n -= 3;
		result = validate_text(arena, &own, false, text, 7);
		expect(&result, key_rows[i].auth, key_rows[i].reason,
		       arena_printf(arena, "row %zu", i));
		assert_int_equal(result.oldest_pass, key_rows[i].oldest);
		assert_int_equal(result.instances, 3);
		arena_free(arena);
	}
}

/* What a begun verifier says its keys are, each with a space behind it. */
static const char *key_names(struct arena *arena, struct str text)
{
	struct arc_verifier *verifier;
	struct message message;
	struct str body, name;
	struct buf buf;

	buf_init(&buf, arena, 4096);
	message_init(&message, arena);
	assert_int_equal(message_split(&message, text, &body), OK);
	verifier = arc_verify_begin(arena, false, &message);
	assert_non_null(verifier);
	for (size_t i = 0; arc_verify_key_name(verifier, i, &name); i++)
		buf_printf(&buf, "%.*s ", STR_ARG(name));
	arc_verify_free(verifier);
	return buf_c(&buf);
}

static void names(void **state)
{
	struct arena *arena = arena_new(4096);
	struct str text = chain(arena, ed25519, 2);
	struct sealing sealing = {
		.message = " i=3; d=Y.example; s=M;" A C H,
		.seal = " i=3; d=y.example; s=s;" A " cv=pass;",
		.pkey = ed25519,
	};

	(void)state;
	assert_string_equal(key_names(arena, STR(MAIL)), "");
	assert_string_equal(key_names(arena, text),
			    "ed25519._domainkey.x.example ");
	assert_string_equal(key_names(arena,
				      seal_text(arena, &sealing, 3, text)),
			    "m._domainkey.y.example "
			    "ed25519._domainkey.x.example "
			    "s._domainkey.y.example ");
	/* Below a signature that can't be read no other matters. */
	sealing.message = " i=3; d=y.example; s=m;" A C H;
	text = seal_text(arena, &sealing, 3, text);
	sealing.message = " i=4; d=x.example; s=ed25519;" A H " c=x;";
	sealing.seal = " i=4;" A D " cv=pass;";
	text = seal_text(arena, &sealing, 4, text);
	assert_string_equal(key_names(arena, text), "");
	sealing = (struct sealing){ .pkey = ed25519 };
	assert_string_equal(key_names(arena,
				      seal_text(arena, &sealing, 5, text)),
			    "ed25519._domainkey.x.example "
			    "s._domainkey.y.example ");
	/* A broken structure asks for nothing. */
	assert_string_equal(
		key_names(arena, seal_text(arena, &sealing, 7, text)), "");
	arena_free(arena);
}

static void short_keys(void **state)
{
	const struct {
		EVP_PKEY *message, *seal;
	} rows[] = { { rsa_short, ed25519 }, { ed25519, rsa_short } };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct arena *arena = arena_new(4096);
		struct sealing sealing = { .pkey = rows[i].message };
		struct arc_result result;
		struct str text;

		sealing.message =
			i ? I A C D H : I RSA C H " d=x.example; s=short;";
		text = seal_text(arena, &sealing, 1, STR(MAIL));
		text = str_sub(text, str_find(text, '\n') + 1, text.n);
		sealing.pkey = rows[i].seal;
		text = seal_put_seal(
			arena, &sealing, 1,
			i ? I RSA CV " d=x.example; s=short;" : I A D CV, text);
		result = validate_text(arena, &zone, false, text, 7);
		expect(&result, AUTH_FAIL, "too short", "1023 bits");
		result = validate_text(arena, &zone, true, text, 7);
		expect(&result, AUTH_PASS, "", "1023 bits, legacy");
		arena_free(arena);
	}
}

/* RFC 6376 section 8.15 */
static void added_fields(void **state)
{
	struct arena *arena = arena_new(4096);
	struct str text = chain(arena, ed25519, 1);
	struct arc_result result;

	(void)state;
	text = sealing_put(arena, "Subject", " Dinner is off", "", text);
	result = validate_text(arena, &zone, false, text, 7);
	expect(&result, AUTH_FAIL, "Subject", "another Subject above");
	arena_free(arena);
}

/* Any byte of a message that is signed whole, and any cutting. */
static void spoilt(void **state)
{
	struct arena *arena = arena_new(4096);
	struct sealing last = {
		.message = " i=3;" A D H " c=simple/simple;",
		.pkey = ed25519,
	};
	struct str text = seal_text(arena, &last, 3, chain(arena, ed25519, 2));

	(void)state;
	for (size_t step = 1; step < 70; step++) {
		struct arc_result result =
			validate_text(arena, &zone, false, text, step);

		expect(&result, AUTH_PASS, "", "chunks");
		assert_int_equal(result.oldest_pass, 0);
	}
	for (size_t i = 0; i < text.n; i++) {
		struct arena *own = arena_new(4096);
		struct str copy = arena_copy(own, text);
		struct arc_result result;

		/* 32 would make white space of another kind, which is none. */
		((char *)copy.p)[i] ^= 2;
		result = validate_text(own, &zone, false, copy, 4096);
		if (result.auth == AUTH_PASS)
			fail_msg("byte %zu of %s", i, unit_show(copy));
		arena_free(own);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags),	      cmocka_unit_test(authres),
		cmocka_unit_test(structure),  cmocka_unit_test(statuses),
		cmocka_unit_test(keys),	      cmocka_unit_test(names),
		cmocka_unit_test(short_keys), cmocka_unit_test(added_fields),
		cmocka_unit_test(spoilt),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(UNIT_NAME, tests, set_up, tear_down);
}
