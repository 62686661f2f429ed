/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DMARC_WALK_H
#define MAIL_DMARC_WALK_H

#include "dmarc_record.h"
#include "env.h"
#include "limits.h"

/* How the Organizational Domain is found. */
enum dmarc_discovery {
	DMARC_TREEWALK, /* RFC 9989 section 4.10 */
	DMARC_PSL,	/* RFC 7489 section 3.2: env->suffixes */
};

/* A name where a record was looked for. */
struct dmarc_step {
	struct str domain; /* without the _dmarc */
	/*
	 * OK, E_SYNTAX and E_LIMIT: of dmarc_record_parse, for the one record.
	 * E_ABSENT: there is none, or several, which count as none. E_TEMP:
	 * DNS did not answer.
	 */
	enum result found;
	size_t n; /* records of DMARC at this name */
	struct dmarc_record record;
};

/* The names from the domain itself up to where the walk stops. */
struct dmarc_walk {
	struct dmarc_step steps[LIMIT_DMARC_WALK];
	size_t n;
	struct str org; /* empty: DNS did not answer */
};

/*
 * Looks for the records of an Author Domain and for its Organizational Domain;
 * with a list of suffixes, for the record of that one domain only. Names are
 * in normal form and not empty. At most LIMIT_DMARC_WALK queries, which are
 * all asked before an answer is looked at: each depends on the name alone, and
 * so they may be on their way together.
 */
void dmarc_walk(const struct env *env, struct arena *arena,
		enum dmarc_discovery discovery, struct str domain,
		struct dmarc_walk *walk);

/*
 * DMARC Policy Discovery (RFC 9989 section 4.10.1), RFC 7489 section 6.6.3:
 * sets the step whose record is to be applied, and returns what was found
 * there; E_ABSENT and E_TEMP without one.
 */
enum result dmarc_walk_policy(const struct dmarc_walk *walk,
			      const struct dmarc_step **step);

/* Sets the Organizational Domain of any domain; false: DNS did not answer. */
bool dmarc_walk_org(const struct env *env, struct arena *arena,
		    enum dmarc_discovery discovery, struct str domain,
		    struct str *org);

#endif
