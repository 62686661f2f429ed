/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_SPF_MERGE_H
#define TOOLS_SPF_MERGE_H

#include "mail/spf_check.h"
#include "own_host.h"

/*
 * What receivers make of a record of this host's domain, evaluated with
 * mail/spf_check over `resolver`.
 */
struct spf_outcome {
	size_t n_failed;	  /* own addresses that do not pass; */
	struct ip failed;	  /* the first of them, */
	struct spf_result result; /* and what is said of it */
	struct spf_result other;  /* of an address that is nobody's */
};

void spf_outcome(struct arena *arena, const struct dns_resolver *resolver,
		 const struct own_host *host, struct str domain,
		 struct spf_outcome *outcome);

/*
 * One SPF record for a name: all terms that it publishes already and that are
 * well-formed, and, unless these let the host pass, the host: by its name, or
 * by its addresses where no look-up is left. Its MX will be the host with `mx`.
 */
struct str spf_merge(struct arena *arena, const struct dns_resolver *resolver,
		     const struct own_host *host, struct str domain, bool mx,
		     const struct dns_answer *published);

#endif
