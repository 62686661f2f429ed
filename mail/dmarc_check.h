/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DMARC_CHECK_H
#define MAIL_DMARC_CHECK_H

#include "dkim_verify.h"
#include "dmarc_walk.h"

/* What SPF and DKIM found out about a message. */
struct dmarc_identifiers {
	enum auth spf;	       /* of MAIL FROM, of HELO for the null sender */
	struct str spf_domain; /* in normal form, may be empty */
	const struct dkim_verdict *dkim;
	size_t n_dkim;
};

struct dmarc_result {
	/*
	 * none: no policy. temperror: DNS did not answer and nothing aligned
	 * that was known. permerror: a record that may not be applied (RFC
	 * 9989 section 4.10.1).
	 */
	enum auth auth;
	const char *reason;	  /* a phrase for people, ASCII */
	struct str author;	  /* the Author Domain, normal form */
	struct str policy_domain; /* where the record stands; may be empty */
	struct str org_domain;	  /* of the author; may be empty */
	const char *tag;	  /* which counts: "p", "sp", "np"; or NULL */
	enum dmarc_policy policy; /* what it says */
	/* After t=y (4.7); DMARC_NONE unless auth is fail. */
	enum dmarc_policy disposition;
	bool spf_aligned, dkim_aligned; /* passed and aligned */
	struct dmarc_record record;	/* where policy_domain is not empty */
};

/*
 * The DMARC check of RFC 9989 section 5.3 for one Author Domain, in normal
 * form. All of the result lives in the arena or in what was given. No query
 * waits for an answer to another where it need not, so that a check which is
 * run again with more answers is done after two or three runs.
 */
void dmarc_check(const struct env *env, struct arena *arena,
		 enum dmarc_discovery discovery, struct str author,
		 const struct dmarc_identifiers *identifiers,
		 struct dmarc_result *result);

#endif
