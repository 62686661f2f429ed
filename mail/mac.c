/* SPDX-License-Identifier: BSD-2-Clause */
#include "mac.h"

#include "buf.h"
#include "crypto.h"
#include "limits.h"

enum { DIGITS_MAX = CRYPTO_SHA256_SIZE * 8 / 5 };

char mac_digit(unsigned int value)
{
	return "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value % 32];
}

unsigned int mac_digit_value(char digit)
{
	digit = str_lower_byte(digit);
	if (digit >= 'a' && digit <= 'z')
		return (unsigned int)(digit - 'a');
	return digit >= '2' && digit <= '7' ? (unsigned int)(digit - '2' + 26)
					    : 32;
}

static bool is_configured(const struct mac_secrets *secrets)
{
	for (size_t i = 0; i < secrets->n; i++)
		if (secrets->list[i].n < LIMIT_SECRET_MIN)
			return false;
	return secrets->n > 0;
}

/* What is hashed: no text of one purpose is a text of another. */
static struct str compose(struct arena *arena, const struct mac_use *use,
			  struct str text)
{
	struct buf buf;

	buf_init(&buf, arena, use->purpose.n + 1 + text.n);
	buf_add(&buf, use->purpose);
	buf_addc(&buf, '\0');
	buf_add(&buf, text);
	return buf_str(&buf);
}

static bool compute(struct str secret, struct str composed, size_t digits,
		    char code[DIGITS_MAX])
{
	unsigned char hash[CRYPTO_SHA256_SIZE];
	unsigned int bits = 0, have = 0, at = 0;

	if (crypto_hmac(secret, composed, hash) != OK)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (have < 5) {
			bits = (bits << 8 | hash[at++]) & 0xffff;
			have += 8;
		}
		have -= 5;
		code[i] = mac_digit(bits >> have);
	}
	return true;
}

enum result mac_make(struct arena *arena, const struct mac_secrets *secrets,
		     const struct mac_use *use, struct str text,
		     struct str *code)
{
	char digits[DIGITS_MAX];

	if (!is_configured(secrets))
		return E_CONFIG;
	if (!compute(secrets->list[0], compose(arena, use, text), use->digits,
		     digits))
		return E_TEMP;
	*code = arena_copy(arena, (struct str){ digits, use->digits });
	return OK;
}

enum result mac_verify(struct arena *arena, const struct mac_secrets *secrets,
		       const struct mac_use *use, struct str text,
		       struct str code)
{
	struct str composed = compose(arena, use, text);
	char want[DIGITS_MAX], have[DIGITS_MAX];

	if (!is_configured(secrets))
		return E_CONFIG;
	if (code.n != use->digits)
		return E_CRYPTO;
	/* Other characters than digits become one that no code has. */
	for (size_t i = 0; i < code.n; i++) {
		unsigned int value = mac_digit_value(code.p[i]);

		have[i] = value < 32 ? mac_digit(value) : '?';
	}
	for (size_t i = 0; i < secrets->n; i++) {
		if (!compute(secrets->list[i], composed, code.n, want))
			return E_TEMP;
		if (crypto_equal((struct str){ want, code.n },
				 (struct str){ have, code.n }))
			return OK;
	}
	return E_CRYPTO;
}
