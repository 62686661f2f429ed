/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "mac"
#include "unit.h"

#include "mail/crypto.h"
#include "mail/mac.h"

static const struct str keys[] = {
	S("0123456789abcdef"),
	S("another secret of ours"),
	S("fifteen octets."),
};
static const struct mac_secrets first = { keys, 1 }, second = { keys + 1, 1 },
				both = { keys, 2 }, none = { keys, 0 },
				weak = { keys + 2, 1 },
				weak_second = { keys + 1, 2 };
static const struct mac_use use = { S("use"), 8 };

/* From Python's hmac and base64: b32encode(HMAC(key, "use\0text")). */
#define CODE "5NQLGLTL"
#define WHOLE "5NQLGLTLAWPGVT6IJWUUGAIHAUXJCMKAMY7PYZEDSTYYLNVTKN3"

static void made(void **state)
{
	static const struct {
		size_t digits;
		struct str want;
	} rows[] = {
		{ 8, S(CODE) },
		{ 51, S(WHOLE) },
		{ 1, S("5") },
	};
	struct arena *arena = arena_new(4096);
	struct str code;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mac_use cut = { S("use"), rows[i].digits };

		ASSERT_RESULT(mac_make(arena, &both, &cut, STR("text"), &code),
			      OK, "make");
		ASSERT_STR(code, rows[i].want, "code");
	}
	ASSERT_RESULT(mac_make(arena, &none, &use, STR("text"), &code),
		      E_CONFIG, "no secret");
	ASSERT_RESULT(mac_make(arena, &weak, &use, STR("text"), &code),
		      E_CONFIG, "a secret of 15 octets");
	ASSERT_RESULT(mac_make(arena, &weak_second, &use, STR("text"), &code),
		      E_CONFIG, "a second one of 15 octets");
	arena_free(arena);
}

static void verified(void **state)
{
	static const struct mac_use other = { S("us"), 8 },
				    longer = { S("use"), 9 };
	static const struct {
		const char *what;
		const struct mac_secrets *secrets;
		const struct mac_use *use;
		struct str text, code;
		enum result want;
	} rows[] = {
		{ "as made", &first, &use, S("text"), S(CODE), OK },
		{ "lower case", &first, &use, S("text"), S("5nqlgltl"), OK },
		{ "mixed case", &first, &use, S("text"), S("5NqLgLtL"), OK },
		{ "older secret", &both, &use, S("text"), S(CODE), OK },
		{ "other secret", &second, &use, S("text"), S(CODE), E_CRYPTO },
		{ "other text", &first, &use, S("texT"), S(CODE), E_CRYPTO },
		{ "other use", &first, &other, S("etext"), S(CODE), E_CRYPTO },
		{ "too short", &first, &longer, S("text"), S(CODE), E_CRYPTO },
		{ "too long", &first, &use, S("text"), S("5NQLGLTLA"),
		  E_CRYPTO },
		{ "empty", &first, &use, S("text"), S(""), E_CRYPTO },
		{ "one digit", &first, &use, S("text"), S("5NQLGLTM"),
		  E_CRYPTO },
		{ "no digit", &first, &use, S("text"), S("5NQLGLT\xac"),
		  E_CRYPTO },
		{ "NUL", &first, &use, S("text"), S("5NQLGLT\0"), E_CRYPTO },
		{ "no secret", &none, &use, S("text"), S(CODE), E_CONFIG },
		{ "weak secret", &weak, &use, S("text"), S(CODE), E_CONFIG },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_RESULT(mac_verify(arena, rows[i].secrets, rows[i].use,
					 rows[i].text, rows[i].code),
			      rows[i].want, rows[i].what);
	/* the older secret is the second of the list */
	const struct str turned[] = { keys[1], keys[0] };
	const struct mac_secrets rotated = { turned, 2 };

	ASSERT_RESULT(mac_verify(arena, &rotated, &use, STR("text"), STR(CODE)),
		      OK, "after rotation");
	arena_free(arena);
}

/* RFC 4648 section 6 */
static void digits(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned int n = 0;

	(void)state;
	for (unsigned int i = 0; i < 32; i++) {
		assert_int_equal(mac_digit(i), alphabet[i]);
		assert_int_equal(mac_digit_value(alphabet[i]), i);
		assert_int_equal(mac_digit_value(str_lower_byte(alphabet[i])),
				 i);
	}
	for (int c = -128; c < 128; c++)
		n += mac_digit_value((char)c) < 32;
	assert_int_equal(n, 26 * 2 + 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made),
		cmocka_unit_test(verified),
		cmocka_unit_test(digits),
	};

	if (crypto_init() != OK)
		return 1;
	return UNIT_RUN(tests);
}
