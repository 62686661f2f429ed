/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DKIM_KEY_H
#define MAIL_DKIM_KEY_H

#include "crypto.h"

/*
 * The key record (RFC 6376 section 3.6.1, RFC 8463 section 4) that lets
 * others verify what `key` signs: one text, not yet split into strings.
 */
enum result dkim_key_record(const struct crypto_key *key, struct arena *arena,
			    struct str *record);

/* Is this a selector: one or more labels that DNS takes (3.1)? */
bool dkim_key_is_selector(struct arena *arena, struct str selector);

#endif
