/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_ARC_CHAIN_H
#define MAIL_ARC_CHAIN_H

#include "crypto.h"
#include "limits.h"
#include "message.h"
#include "taglist.h"

/* The fields of a set, in the order in which seals hash them (RFC 8617). */
enum arc_kind {
	ARC_AUTHRES, /* ARC-Authentication-Results, 4.1.1 */
	ARC_MESSAGE, /* ARC-Message-Signature, 4.1.2 */
	ARC_SEAL,    /* ARC-Seal, 4.1.3 */
	ARC_KINDS,
};

/* "ARC-Authentication-Results" ... */
const char *arc_kind_name(enum arc_kind kind);

struct arc_chain_field {
	const struct field *field; /* NULL when there is none */
	size_t index;		   /* in the message */
	struct taglist tags;	   /* not of ARC_AUTHRES */
	struct str authres;	   /* of ARC_AUTHRES: all behind "i=N;" */
};

struct arc_chain_set {
	struct arc_chain_field fields[ARC_KINDS];
};

/* The sets of a message, by i=; the first one is not used. */
struct arc_chain {
	struct arc_chain_set sets[LIMIT_ARC_SETS + 1];
	size_t instances;  /* the highest i= of a readable field */
	bool there;	   /* there are ARC fields */
	bool ended;	   /* by its newest seal, which says fail (cv=) */
	const char *fault; /* a phrase for people; NULL: a valid structure */
};

/*
 * Collects the sets and checks their structure (5.2 steps 1 to 3). Without a
 * fault the sets from 1 to `instances` are whole. The chain lives in the
 * arena; the message must outlive it.
 */
struct arc_chain *arc_chain_parse(struct arena *arena,
				  const struct message *message);

/*
 * What seals sign (5.1.1), for verifying and for sealing: a hash that was
 * begun gets all fields from i=1 up, those of a set in the order of their
 * kinds. Where a seal would be next, arc_chain_digest gives what that seal
 * signs, and leaves the hash as it is; `seal` has an empty b=, `scratch` is
 * only worked with.
 */
void arc_chain_hash(struct crypto_hash *hash, const struct field *field);
enum result arc_chain_digest(const struct crypto_hash *hash,
			     struct crypto_hash *scratch,
			     const struct field *seal,
			     unsigned char digest[CRYPTO_SHA256_SIZE]);

#endif
