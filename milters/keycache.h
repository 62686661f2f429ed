/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_KEYCACHE_H
#define MILTERS_KEYCACHE_H

#include "mail/env.h"

/*
 * Public keys that were read, for all messages: by what a key record has in
 * p=, so that nothing here can be out of date. What is no key is not kept.
 */
struct keycache;

enum {
	/*
	 * Most mail comes from a few hundred senders. A key of 2048 bits takes
	 * 4 KiB, one of the 8192 that are allowed 9.
	 */
	KEYCACHE_KEYS = 1024,
};

/* Begins with one reference; at most `max` keys, the longest unused go. */
struct keycache *keycache_new(size_t max);
struct keycache *keycache_get(struct keycache *cache);
void keycache_put(struct keycache *cache);

/* The cache for struct env; it lives as long. */
const struct key_cache *keycache_keys(const struct keycache *cache);

/* How many keys there are. */
size_t keycache_count(struct keycache *cache);

#endif
