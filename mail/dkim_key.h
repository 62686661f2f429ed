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

/* What a key record says (RFC 6376 section 3.6.1). */
struct dkim_key {
	enum crypto_algorithm algorithm; /* k= */
	struct str octets;		 /* p=, for crypto_public_parse */
	bool revoked;			 /* p= is empty */
	bool hashes[2];			 /* h=, by enum crypto_digest */
	bool testing;			 /* t=y */
	bool strict;			 /* t=s */
	const char *fault;		 /* for E_SYNTAX: a phrase for people */
};

/*
 * Parses a key record. E_SYNTAX for one that may not be used for a signature
 * of mail, be it malformed, for another service or of an unknown key type;
 * `key->fault` then says why.
 */
enum result dkim_key_parse(struct arena *arena, struct str record,
			   struct dkim_key *key);

/* Is this a selector: one or more labels that DNS takes (3.1)? */
bool dkim_key_is_selector(struct arena *arena, struct str selector);

#endif
