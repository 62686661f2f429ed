/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DKIM_HASH_H
#define MAIL_DKIM_HASH_H

#include "dkim_signature.h"

/*
 * What signatures of one message hash (RFC 6376 section 3.7), for DKIM and for
 * ARC. First the header: its fields by name, so that a signature with many
 * names costs no walk through the header for each.
 */
struct dkim_fields;

/* Both live in the arena; the message must outlive them. */
struct dkim_fields *dkim_fields_new(struct arena *arena,
				    const struct message *message);

/* How many fields have this name. */
size_t dkim_fields_count(const struct dkim_fields *fields, struct str name);

/*
 * The hash of the fields that `signature` names and of the signature itself,
 * which is field `own` of the message. `hash` is only worked with.
 */
enum result dkim_fields_hash(struct dkim_fields *fields,
			     struct crypto_hash *hash,
			     const struct dkim_signature *signature, size_t own,
			     unsigned char digest[CRYPTO_SHA256_SIZE]);

/* Where canonical bytes go to be hashed. */
struct canon_sink dkim_hash_sink(struct crypto_hash *hash);

/*
 * Then the body: every hash that signatures want of it, in one pass. Equal
 * ones are made once.
 */
struct dkim_bodies;

/* Room for `n` hashes. The caller's until dkim_bodies_free. */
struct dkim_bodies *dkim_bodies_new(size_t n);
void dkim_bodies_free(struct dkim_bodies *bodies);

/* Asks for the hash that a signature wants; *index finds it afterwards. */
enum result dkim_bodies_add(struct dkim_bodies *bodies,
			    const struct dkim_signature *signature,
			    size_t *index);
void dkim_bodies_chunk(struct dkim_bodies *bodies, struct str chunk);
enum result dkim_bodies_end(struct dkim_bodies *bodies);

/* After the end: a hash, and the octets of the whole canonical body. */
const unsigned char *dkim_bodies_digest(const struct dkim_bodies *bodies,
					size_t index);
uint64_t dkim_bodies_octets(const struct dkim_bodies *bodies, size_t index);

#endif
