/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_dns.h"
#include "fetch.h"
#include "mail/buf.h"
#include "mail/limits.h"
#include "mail/sts_policy.h"

#define PATH "/.well-known/mta-sts.txt"

enum { SECONDS = 10, ADDRESSES_MAX = 16, TEXT_MAX = 2048 };

static void fault(struct dns_check *check, struct finding finding,
		  const char *id, const char *seen, const char *advice)
{
	finding.id = id;
	finding.grade = FINDING_FAULT;
	finding.seen = seen;
	finding.advice = advice;
	check_add(check, finding);
}

/*
 * False when DNS gave no answer, of which is told already. An alias leads to a
 * web server of others as a rule, whose name servers are not ours to check.
 */
static bool find_addresses(struct dns_check *check, struct str host,
			   struct ip addresses[ADDRESSES_MAX], size_t *n)
{
	struct dns_answer answer;
	struct reply reply;

	*n = 0;
	for (int six = 0; six < 2; six++) {
		authority_ask(check->authority, host, six ? RR_AAAA : RR_A,
			      &reply);
		if (reply.status == DNS_TEMPORARY)
			return false;
		dns_query(authority_resolver(check->authority), check->arena,
			  reply.alias.n ? reply.alias : host,
			  six ? DNS_AAAA : DNS_A, &answer);
		if (answer.status != DNS_OK)
			continue;
		for (size_t i = 0; i < answer.n && *n < ADDRESSES_MAX; i++) {
			struct ip *ip = &addresses[(*n)++];

			*ip = (struct ip){ .six = six != 0 };
			memcpy(ip->octets, answer.records[i].data.p,
			       answer.records[i].data.n);
		}
	}
	return true;
}

/*
 * Where the MX record leads to other hosts, which is right or told, the policy
 * may name just these.
 */
static void judge(struct dns_check *check, struct finding finding,
		  const struct sts_policy *policy)
{
	struct buf seen;

	buf_init(&seen, check->arena, TEXT_MAX);
	buf_printf(&seen, "mode: %s", sts_mode_name(policy->mode));
	for (size_t i = 0; i < policy->n_mx; i++)
		buf_printf(&seen, ", mx: %.*s", STR_ARG(policy->mx[i]));
	finding.seen = buf_c(&seen);
	if (policy->mode != STS_NONE && !check->mx_fault &&
	    !check->is_elsewhere &&
	    !sts_policy_allows(policy, check->host->name)) {
		finding.id = "mta-sts.mx";
		finding.grade = policy->mode == STS_ENFORCE ? FINDING_FAULT
							    : FINDING_WARNING;
		finding.expected = arena_printf(check->arena, "mx: %.*s",
						STR_ARG(check->host->name));
		finding.advice = "add the line, and give the record _mta-sts a "
				 "new id: in mode enforce senders refuse to "
				 "deliver to a host that no mx line names";
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
		fault(check, finding, "mta-sts.policy",
		      arena_copy(check->arena, body).p,
		      "mend the policy; \"millrace dns\" tells the lines of a "
		      "good one");
	} else {
		judge(check, finding, &policy);
	}
}
