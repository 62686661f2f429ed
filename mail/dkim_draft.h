/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DKIM_DRAFT_H
#define MAIL_DKIM_DRAFT_H

#include <stdint.h>

#include "canon.h"
#include "crypto.h"

/* For whom a signature speaks, and the key that makes it. */
struct dkim_identity {
	struct str domain;
	struct str selector;
	const struct crypto_key *key;
};

/* The tags that signers write, in the order in which they do it. */
enum dkim_tag {
	DKIM_V,
	DKIM_I,
	DKIM_A,
	DKIM_C,
	DKIM_CV,
	DKIM_D,
	DKIM_S,
	DKIM_T,
	DKIM_X,
	DKIM_H,
	DKIM_BH,
	DKIM_B,
	DKIM_TAGS,
};

/*
 * A field with a signature in it that is being made: a DKIM-Signature (RFC
 * 6376 section 3.5), an ARC-Message-Signature or an ARC-Seal (RFC 8617
 * sections 4.1.2 and 4.1.3).
 */
struct dkim_draft {
	struct arena *arena;
	struct str name; /* of the field */
	const struct dkim_identity *identity;
	int64_t now; /* seconds since 1970 */
	bool sorted; /* tags by name, no folds: published suites ask for it */
	/* An empty one is left out. a=, b=, d=, s= and t= come by themselves. */
	struct str tags[DKIM_TAGS];
};

/*
 * Signs all that `hash` has got so far and the field itself, whose value it
 * gives: with LF folds and a leading space of its own. The hash is at its end
 * then. E_LIMIT: the field is too long.
 */
enum result dkim_draft_sign(struct dkim_draft *draft, enum canon canon,
			    struct crypto_hash *hash, struct str *value);

#endif
