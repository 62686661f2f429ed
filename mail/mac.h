/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_MAC_H
#define MAIL_MAC_H

#include "arena.h"
#include "result.h"

/*
 * Message authentication codes in text: HMAC-SHA256, cut to a few digits of
 * base32 (RFC 4648 section 6), since others may change the case of addresses.
 */

/* What codes are for: those for one purpose are none for another. */
struct mac_use {
	struct str purpose; /* without NUL */
	size_t digits;	    /* of five bits; at most 51 */
};

/* The first makes codes, all verify them, so that secrets can be changed. */
struct mac_secrets {
	const struct str *list;
	size_t n;
};

/*
 * The code of a text. E_CONFIG when there is no secret, or one of less than
 * LIMIT_SECRET_MIN octets; E_TEMP when the cryptographic library refuses.
 */
enum result mac_make(struct arena *arena, const struct mac_secrets *secrets,
		     const struct mac_use *use, struct str text,
		     struct str *code);

/*
 * Is this, in any case, a code that one of the secrets made? E_CRYPTO if not;
 * E_CONFIG and E_TEMP as above.
 */
enum result mac_verify(struct arena *arena, const struct mac_secrets *secrets,
		       const struct mac_use *use, struct str text,
		       struct str code);

/* A digit of base32. */
char mac_digit(unsigned int value);
/* What a digit stands for, in any case; 32 when it is none. */
unsigned int mac_digit_value(char digit);

#endif
