/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_ARC_SEAL_H
#define MAIL_ARC_SEAL_H

#include "dkim_sign.h"
#include "env.h"

/* What an ARC set says of a message. */
struct arc_seal_input {
	/* The header with all fields for which arc_seal_needs. */
	const struct message *message;
	/*
	 * Values of the DKIM-Signature fields that will stand above it, the
	 * lowest first. RFC 8617 section 5.1: they are made before the set.
	 */
	const struct str *signatures;
	size_t n_signatures;
	struct str authres; /* what this host found, from authres_format */
	enum auth cv;	    /* of the chain so far, from arc_verify_end */
	int64_t now;	    /* seconds since 1970 */
	bool sorted;	    /* as published suites ask for it: dkim_draft.h */
};

/*
 * The values of a set's fields, with LF folds and a leading space of their
 * own. From the top of the header they stand in this order.
 */
struct arc_fields {
	struct str seal;    /* ARC-Seal */
	struct str message; /* ARC-Message-Signature */
	struct str authres; /* ARC-Authentication-Results */
	size_t instance;    /* i= of them */
	enum auth cv;	    /* none, pass, fail: cv= of the seal */
};

/* Does arc_seal look at fields of this name, besides those of the policy? */
bool arc_seal_needs(struct str name);

/*
 * Seals a message (RFC 8617 section 5.1) after dkim_sign_end: the signer has
 * the hashes that its ARC-Message-Signature shares with DKIM signatures. Where
 * there are sets, all of cv but a pass is a fail, and so is a pass of a broken
 * structure; then only the new set is sealed (5.1.2).
 * E_ABSENT: no set may be added, for the newest has said fail. E_LIMIT: the
 * chain has as many sets as it may, or a field would be too long. E_SYNTAX:
 * there are no results.
 */
enum result arc_seal(struct dkim_signer *signer, struct arena *arena,
		     const struct dkim_identity *identity,
		     const struct arc_seal_input *input,
		     struct arc_fields *fields);

#endif
