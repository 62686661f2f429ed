/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_KEYSTORE_H
#define MILTERS_KEYSTORE_H

#include "mail/dkim_sign.h"

enum { KEYS_MAX = 16 };

/*
 * The private keys of a domain: the files SELECTOR.pem of its folder dkim/.
 * A file with another ending is not active and not read. KEYS_MAX at most.
 */
struct keys {
	struct dkim_identity *list; /* sorted: RSA first, then by selector */
	size_t n;
};

/*
 * Reads all active keys of `folder` for `domain`. A key must be in a regular
 * file that root or we own, that its group can't write and others can't
 * read, and fit limits.h. No folder is no keys. E_CONFIG with *error (file
 * and reason) otherwise; nothing is kept then. The caller ends the keys with
 * keystore_free; the lists live in the arena.
 */
enum result keystore_load(struct arena *arena, const char *folder,
			  struct str domain, struct keys *keys,
			  const char **error);
void keystore_free(struct keys *keys);

#endif
