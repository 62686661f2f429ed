/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DKIM_SIGN_H
#define MAIL_DKIM_SIGN_H

#include "dkim_draft.h"

/*
 * Which fields a signature covers and how. Names compare without case; a
 * name of the `present` list may end in '*', which stands for any rest.
 */
struct dkim_policy {
	enum canon header;
	enum canon body;
	struct str *oversign; /* named once more than they occur */
	size_t n_oversign;
	struct str *present; /* named as often as they occur */
	size_t n_present;
	int64_t expire; /* seconds from t= to x=; 0: no x= */
	/* Names `oversign` no more often either: published suites ask for it. */
	bool bare;
};

/*
 * The policy that RFC 6376 section 5.4 advises, with Content-* and
 * MIME-Version added: what a reader sees, and what decides how it is shown.
 */
extern const struct dkim_policy dkim_policy_default;

/*
 * May this field be signed at all? Not what changes in transit, nor a name
 * with other characters than letters, digits, hyphens and underscores.
 */
bool dkim_sign_may_cover(struct str name);

/* Does a signature under the policy look at fields of this name? */
bool dkim_policy_covers(const struct dkim_policy *policy, struct str name);

/*
 * Signing (RFC 6376 section 5) as a stream: begin, then body chunks, end,
 * then a field for each identity. One hash of the body, and one of the header,
 * serves all of them.
 * The signer is the caller's until dkim_sign_free.
 */
struct dkim_signer;

/* NULL when the cryptographic library refuses. */
struct dkim_signer *dkim_sign_begin(const struct dkim_policy *policy);
void dkim_sign_body(struct dkim_signer *signer, struct str chunk);
/*
 * Ends the body and hashes the header. Every field that the policy covers
 * must be in `message`, others may be left out. E_LIMIT: too many fields to
 * name in a signature.
 */
enum result dkim_sign_end(struct dkim_signer *signer, struct arena *arena,
			  const struct message *message);
void dkim_sign_free(struct dkim_signer *signer);

/*
 * After dkim_sign_end: the value of a DKIM-Signature field, made at `now`
 * (seconds since 1970). It has LF folds and its own leading space, so
 * "DKIM-Signature:" and a line end make it a field.
 */
enum result dkim_sign_field(struct dkim_signer *signer, struct arena *arena,
			    const struct dkim_identity *identity, int64_t now,
			    struct str *value);

/*
 * The same for a signature of another kind, as ARC has it, over `n` fields
 * more, which are given from the bottom of the header up. The draft needs all
 * but c=, h=, bh= and x=.
 */
enum result dkim_sign_draft(struct dkim_signer *signer,
			    struct dkim_draft *draft, const struct field *more,
			    size_t n, struct str *value);

#endif
