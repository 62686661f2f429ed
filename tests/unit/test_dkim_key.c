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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(selectors),
	};

	return UNIT_RUN(tests);
}
