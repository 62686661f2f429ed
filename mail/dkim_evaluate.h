/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DKIM_EVALUATE_H
#define MAIL_DKIM_EVALUATE_H

#include "dkim_hash.h"
#include "dkim_verify.h"

/*
 * Is a signature good, and good enough? What DKIM and ARC ask alike (RFC 6376
 * sections 6.1.2 and 6.1.3). A verdict gets auth, reason, bits and testing;
 * its other members stay as they are.
 */

/* A signature of a message, and where its parts are. */
struct dkim_candidate {
	struct dkim_signature signature;
	size_t field; /* of the message */
	size_t body;  /* hash of the body */
};

/* What signatures are held against once the message has ended. */
struct dkim_evidence {
	struct arena *arena;
	const struct env *env;
	const struct dkim_verify_policy *policy;
	struct dkim_fields *fields;
	struct dkim_bodies *bodies;
	struct crypto_hash *hash; /* only worked with */
};

/* E_CRYPTO when the cryptographic library refuses. */
enum result dkim_evaluate(const struct dkim_evidence *evidence,
			  const struct dkim_candidate *candidate,
			  struct dkim_verdict *verdict);

/*
 * The steps of it. Finds the key that may have made the signature; it is to be
 * given back by crypto_public_put. False, as below, when that gave the verdict.
 */
bool dkim_evaluate_key(const struct dkim_evidence *evidence,
		       const struct dkim_signature *signature,
		       struct dkim_verdict *verdict,
		       struct crypto_public **public);

/* Is this the body that was signed? */
bool dkim_evaluate_body(const struct dkim_evidence *evidence,
			const struct dkim_candidate *candidate,
			struct dkim_verdict *verdict);

/*
 * Why a signature that verifies is not good enough, by its key of `bits` and
 * its times alone; NULL when it is.
 */
const char *dkim_evaluate_worth(const struct dkim_evidence *evidence,
				const struct dkim_signature *signature,
				int bits);

#endif
