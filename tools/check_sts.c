/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_dns.h"
#include "fetch.h"
#include "mail/limits.h"
#include "mail/sts_policy.h"

#define PATH "/.well-known/mta-sts.txt"

enum { SECONDS = 10, ADDRESSES_MAX = 16 };

static void fault(struct dns_check *check, struct finding finding,
		  const char *id, const char *seen, const char *advice)
{
	finding.id = id;
	finding.grade = FINDING_FAULT;
	finding.seen = seen;
	finding.advice = advice;
	check_add(check, finding);
}

/* False when DNS gave no answer, of which is told already. */
static bool find_addresses(struct dns_check *check, struct str host,
			   struct ip addresses[ADDRESSES_MAX], size_t *n)
{
	struct dns_answer answer;

	*n = 0;
	for (int six = 0; six < 2; six++) {
		dns_query(authority_resolver(check->authority), check->arena,
			  host, six ? DNS_AAAA : DNS_A, &answer);
		if (answer.status == DNS_TEMPORARY)
			return false;
		for (size_t i = 0; answer.status == DNS_OK && i < answer.n &&
				   *n < ADDRESSES_MAX;
		     i++) {
			struct ip *ip = &addresses[(*n)++];

			*ip = (struct ip){ .six = six != 0 };
			memcpy(ip->octets, answer.records[i].data.p,
			       answer.records[i].data.n);
		}
	}
	return true;
}

/*
 * Where the MX record leads to other hosts, which is told, the policy may name
 * just these.
 */
static void judge(struct dns_check *check, struct finding finding,
		  const struct sts_policy *policy)
{
	finding.seen = arena_printf(check->arena, "mode: %s",
				    sts_mode_name(policy->mode));
	for (size_t i = 0; i < policy->n_mx; i++)
		finding.seen =
			arena_printf(check->arena, "%s, mx: %.*s", finding.seen,
				     STR_ARG(policy->mx[i]));
	if (policy->mode != STS_NONE && !check->mx_fault &&
	    !sts_policy_allows(policy, check->host->name)) {
		finding.id = "mta-sts.mx";
		finding.grade = policy->mode == STS_ENFORCE ? FINDING_FAULT
							    : FINDING_WARNING;
		finding.expected = arena_printf(check->arena, "mx: %.*s",
						STR_ARG(check->host->name));
		finding.advice =
			policy->mode == STS_ENFORCE
				? "add the line and give the record "
				  "_mta-sts a new id: without it senders "
				  "refuse to deliver to this host"
				: "add the line and give the record "
				  "_mta-sts a new id: without it senders "
				  "will refuse to deliver to this host as "
				  "soon as the mode is enforce";
	}
	check_add(check, finding);
}

void check_sts_policy(struct dns_check *check, struct str domain)
{
	struct ip addresses[ADDRESSES_MAX];
	struct fetch fetch = {
		.host = arena_printf(check->arena, "mta-sts.%.*s",
				     STR_ARG(domain)),
		.path = PATH,
		.addresses = addresses,
		.type = "text/plain",
		.limit = LIMIT_STS_POLICY,
		.seconds = SECONDS,
	};
	struct finding finding = {
		.id = "mta-sts.policy",
		.subject = arena_printf(check->arena, "https://%s" PATH,
					fetch.host),
		.expected = "the policy of the domain, as text/plain, by a "
			    "server with a certificate for that name",
	};
	struct sts_policy policy;
	const char *error;
	struct str body;

	if (!find_addresses(check, str_from(fetch.host), addresses,
			    &fetch.n_addresses))
		return;
	error = "its name has no address";
	if (!fetch.n_addresses ||
	    fetch_https(check->arena, &fetch, &body, &error) != OK) {
		fault(check, finding, "mta-sts.fetch", error,
		      "put the policy there, as \"millrace dns\" says, or take "
		      "the record _mta-sts out");
	} else if (sts_policy_parse(check->arena, body, &policy,
				    &finding.expected) != OK) {
		fault(check, finding, "mta-sts.syntax",
		      arena_copy(check->arena, body).p,
		      "mend the policy; \"millrace dns\" tells the lines of a "
		      "good one");
	} else {
		judge(check, finding, &policy);
	}
}
