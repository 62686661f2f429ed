/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dkim_key"
#include "unit.h"

#include "keys.h"
#include "mail/dkim_key.h"

/* The value of a tag, found as RFC 6376 section 3.2 reads a list of them. */
static struct str tag(struct str list, struct str name)
{
	struct str part;

	while (str_cut(&list, ';', &part)) {
		size_t sign = str_find(part, '=');

		if (sign < part.n &&
		    str_eq(str_trim(str_sub(part, 0, sign)), name))
			return str_trim(str_sub(part, sign + 1, part.n));
	}
	return STR("(absent)");
}

static void records(void **state)
{
	static const struct {
		struct str text;
		const char *k, *p;
	} rows[] = {
		/* RFC 8463 appendix A.2 */
		{ S(KEY_RFC8463_RSA), "rsa",
		  "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6"
		  "NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91"
		  "y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvH"
		  "O9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB" },
		/* RFC 8463 appendix A.2 */
		{ S(KEY_RFC8463), "ed25519", KEY_RFC8463_PUBLIC },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	ASSERT_RESULT(crypto_init(), OK, "init");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crypto_key *key = NULL;
		struct str record;

		ASSERT_RESULT(crypto_key_parse(rows[i].text, &key), OK, "key");
		ASSERT_RESULT(dkim_key_record(key, arena, &record), OK,
			      "record");
		/* RFC 6376 section 3.6.1: v= comes first if it comes */
		assert_true(str_istarts(record, STR("v=DKIM1;")));
		ASSERT_STR(tag(record, STR("k")), str_from(rows[i].k), "k=");
		ASSERT_STR(tag(record, STR("p")), str_from(rows[i].p), "p=");
		/* one text for a zone file: no quotes, no line ends */
		assert_int_equal(str_find(record, '"'), record.n);
		assert_int_equal(str_find(record, '\n'), record.n);
		crypto_key_free(key);
	}
	arena_free(arena);
}

static void selectors(void **state)
{
	static const char *const good[] = {
		"s",   "20260801", "mail._x", "brisbane", "march2005.reykjavik",
		"a-b", "S1"
	};
	static const char *const bad[] = {
		"",	"-a",	"a-",  ".",    "a.",  "a..b",	  ".a",	 "a b",
		"a/b",	"../x", "a;b", "a=b",  "a\n", "a\t",	  "a:b", "a\"",
		"a\\b", "a@b",	"*",   "\xff", "a'b", "s\xc3\xbc"
	};
	struct arena *arena = arena_new(4096);
	char label[64];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!dkim_key_is_selector(arena, str_from(good[i])))
			fail_msg("%s is a selector", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (dkim_key_is_selector(arena, str_from(bad[i])))
			fail_msg("%s is none", unit_show(str_from(bad[i])));
	assert_false(dkim_key_is_selector(arena, STR("a\0b")));
	memset(label, 'a', sizeof(label));
	assert_true(dkim_key_is_selector(arena, (struct str){ label, 63 }));
	assert_false(dkim_key_is_selector(arena, (struct str){ label, 64 }));
	arena_free(arena);
}

/* RFC 6376 section 3.6.1, RFC 8463 section 4 */
static void parsing(void **state)
{
	static const struct {
		struct str text;
		enum crypto_algorithm algorithm;
		const char *flags; /* revoked testing strict 1 2(56) */
	} rows[] = {
		{ S("p=AAAA"), CRYPTO_RSA, "12" },
		{ S("v=DKIM1; p=AAAA"), CRYPTO_RSA, "12" },
		{ S(" v = DKIM1 ; p = AA AA ; "), CRYPTO_RSA, "12" },
		{ S("v=DKIM1; k=rsa; p=AAAA"), CRYPTO_RSA, "12" },
		{ S("v=DKIM1; k=ed25519; p=AAAA"), CRYPTO_ED25519, "12" },
		{ S("v=DKIM1; p="), CRYPTO_RSA, "r12" },
		{ S("p= ; k=rsa"), CRYPTO_RSA, "r12" },
		{ S("h=sha256; p=AAAA"), CRYPTO_RSA, "2" },
		{ S("h=sha1 : md5; p=AAAA"), CRYPTO_RSA, "1" },
		{ S("h=sha512; p=AAAA"), CRYPTO_RSA, "" },
		{ S("h=; p=AAAA"), CRYPTO_RSA, "" },
		{ S("t=y; p=AAAA"), CRYPTO_RSA, "t12" },
		{ S("t=s; p=AAAA"), CRYPTO_RSA, "s12" },
		{ S("t=x : s:y ; p=AAAA"), CRYPTO_RSA, "ts12" },
		{ S("s=*; p=AAAA"), CRYPTO_RSA, "12" },
		{ S("s=web : email; p=AAAA"), CRYPTO_RSA, "12" },
		{ S("n=notes=20for people; x=unknown; g=; p=AAAA"), CRYPTO_RSA,
		  "12" },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].text);
		const char *flags = rows[i].flags;
		struct dkim_key key;

		ASSERT_RESULT(dkim_key_parse(arena, rows[i].text, &key), OK,
			      what);
		if (key.algorithm != rows[i].algorithm ||
		    key.revoked != !!strchr(flags, 'r') ||
		    key.testing != !!strchr(flags, 't') ||
		    key.strict != !!strchr(flags, 's') ||
		    key.hashes[CRYPTO_SHA1] != !!strchr(flags, '1') ||
		    key.hashes[CRYPTO_SHA256] != !!strchr(flags, '2'))
			fail_msg("%s", what);
		ASSERT_STR(key.octets, key.revoked ? STR("") : STR("\0\0\0"),
			   what);
	}
	arena_free(arena);
}

static void parsing_not(void **state)
{
	static const struct str rows[] = {
		S(""),
		S("v=spf1 -all"),
		S("v=DKIM1"),
		S("v=DKIM1; k=rsa"),
		S("v=DKIM2; p=AAAA"),
		S("v=dkim1; p=AAAA"),
		S("v=; p=AAAA"),
		/* "This tag MUST be the first tag in the record." */
		S("p=AAAA; v=DKIM1"),
		S("k=dsa; p=AAAA"),
		S("k=; p=AAAA"),
		S("k=rsa:ed25519; p=AAAA"),
		S("s=chat; p=AAAA"),
		S("s=; p=AAAA"),
		S("p=AAA"),
		S("p=!"),
		S("p=AAAA; p=AAAA"),
		S("p=AAAA; t"),
		S("p=AA\0A"),
		S("P=AAAA"),
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dkim_key key;

		ASSERT_RESULT(dkim_key_parse(arena, rows[i], &key), E_SYNTAX,
			      unit_show(rows[i]));
		assert_non_null(key.fault);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(selectors),
		cmocka_unit_test(parsing),
		cmocka_unit_test(parsing_not),
	};

	return UNIT_RUN(tests);
}
