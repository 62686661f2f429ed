/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_SPF_CHECK_H
#define MAIL_SPF_CHECK_H

#include "env.h"
#include "ip.h"

/* Whom the check is of, and who makes it. */
struct spf_client {
	struct ip address; /* an IPv4-mapped one counts as IPv4 */
	struct str helo;
	struct str receiver; /* our host name, for %{r}; may be empty */
};

struct spf_result {
	enum auth auth;
	struct str domain;	/* the identity's, in lower case */
	struct str mechanism;	/* the directive that matched, may be empty */
	const char *reason;	/* a phrase, ASCII */
	struct str explanation; /* of a fail (6.2), ASCII; else p is NULL */
	int terms, voids;	/* that asked DNS, and in vain (4.6.4) */
};

/*
 * check_host() of RFC 7208 section 4, for each of the two identities. All of
 * the result lives in the arena or in what was given.
 */

/* The HELO identity (2.3). */
void spf_check_helo(const struct env *env, struct arena *arena,
		    const struct spf_client *client, struct spf_result *result);

/* The MAIL FROM identity (2.4); an empty sender is postmaster@HELO. */
void spf_check_mail_from(const struct env *env, struct arena *arena,
			 const struct spf_client *client, struct str sender,
			 struct spf_result *result);

/*
 * What comes before check_host(), for whoever is to do it: the sender with
 * its local part (4.3), its domain with A-labels, and a result that has the
 * domain. False when the result is "none" already, with its reason.
 */
bool spf_check_begin(struct arena *arena, const struct spf_client *client,
		     struct str *sender, struct str *domain,
		     struct spf_result *result);

#endif
