/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DKIM_VERIFY_H
#define MAIL_DKIM_VERIFY_H

#include "env.h"
#include "message.h"

/* What may pass that no longer should, and how much is looked into. */
struct dkim_verify_policy {
	bool rsa_sha1;	       /* against RFC 8301 section 3.1 */
	bool short_keys;       /* against RFC 8301 section 3.2 */
	bool expired;	       /* x= is past */
	bool drafts;	       /* v=0.5 */
	bool lead_space_lost;  /* of fields: simple headers can't be checked */
	size_t max_signatures; /* that are evaluated */
};

extern const struct dkim_verify_policy dkim_verify_policy_default;

/*
 * What came out for one signature. Domain, selector and algorithm are empty
 * where they could not be read; domain and selector have A-labels and lower
 * case.
 */
struct dkim_verdict {
	enum auth auth;
	const char *reason;   /* a phrase for people; empty for pass */
	struct str domain;    /* d= */
	struct str selector;  /* s= */
	struct str identity;  /* i=, without it "@" and the domain */
	struct str algorithm; /* a= as it stands there, any bytes */
	struct str b;	      /* b= as it stands there, any bytes */
	int bits;	      /* of the key; 0 when none was found */
	bool testing;	      /* the key record has t=y */
};

/* The signatures of a message in the order of its header, from the top. */
struct dkim_verdicts {
	struct dkim_verdict *list;
	size_t n;
};

/*
 * Verifying (RFC 6376 section 6) as a stream: begin with the header, then body
 * chunks, end with verdicts. At most `max_signatures` are evaluated, those of
 * the author's domain (in normal form, may be empty) first, then those of
 * domains above and below it, then the others, each from the top; the rest
 * is AUTH_POLICY. The verifier is the caller's until dkim_verify_free.
 */
struct dkim_verifier;

/*
 * NULL when the cryptographic library refuses. All arguments must outlive the
 * verifier; verdicts live in the arena.
 */
struct dkim_verifier *dkim_verify_begin(struct arena *arena,
					const struct dkim_verify_policy *policy,
					const struct message *message,
					struct str author);
void dkim_verify_body(struct dkim_verifier *verifier, struct str chunk);

/* Asks for the keys. E_CRYPTO when the cryptographic library refuses. */
enum result dkim_verify_end(struct dkim_verifier *verifier,
			    const struct env *env,
			    struct dkim_verdicts *verdicts);
void dkim_verify_free(struct dkim_verifier *verifier);

/*
 * The name of the i-th TXT record that dkim_verify_end is going to ask for,
 * so that look-ups can begin before it; false when i is past the last.
 */
bool dkim_verify_key_name(const struct dkim_verifier *verifier, size_t i,
			  struct str *name);

#endif
