/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_ENV_H
#define MAIL_ENV_H

#include "crypto.h"
#include "dns.h"

/*
 * The Public Suffix List. Sets the domain that was registered under a public
 * suffix and has `domain` (normal form) within it; false when there is none,
 * because the domain is a public suffix itself.
 */
struct suffix_list {
	bool (*registered)(void *context, struct arena *arena,
			   struct str domain, struct str *registered);
	void *context;
};

/*
 * Public keys that were read before: to read one takes nearly as long as to
 * verify with it. As crypto_public_parse; the key is to be given back by crypto_public_put.
 */
struct key_cache {
	enum result (*get)(void *context, enum crypto_algorithm algorithm,
			   struct str octets, struct crypto_public **key);
	void *context;
};

/* All that a check may ask of the world. */
struct env {
	const struct dns_resolver *resolver;
	int64_t now;			    /* seconds since 1970 */
	const struct suffix_list *suffixes; /* NULL: no list */
	const struct key_cache *keys;	    /* NULL: each is read anew */
};

/* The public key, from the cache if there is one. */
enum result env_key(const struct env *env, enum crypto_algorithm algorithm,
		    struct str octets, struct crypto_public **key);

/*
 * What a protocol says of a message: an answer, not a failure. A DNS time-out
 * is temperror. The names are those of RFC 8601 section 2.7.
 */
enum auth {
	AUTH_NONE,
	AUTH_PASS,
	AUTH_FAIL,
	AUTH_SOFTFAIL,
	AUTH_POLICY,
	AUTH_NEUTRAL,
	AUTH_TEMPERROR,
	AUTH_PERMERROR,
};

/* "none", "pass" ... */
const char *auth_name(enum auth auth);

#endif
