/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CHECK_DNS_H
#define TOOLS_CHECK_DNS_H

#include "authority.h"
#include "check.h"

/*
 * The DNS half of `millrace check`, for its own files: check_dns.c has the
 * host and its addresses, check_texts.c what stands in TXT records,
 * check_dmarc.c those of DMARC, check_sts.c the policy of MTA-STS, check_tlsa.c
 * what DANE needs. A question
 * that no server answered is a finding of authority.c, and ends its check.
 */
struct dns_check {
	const struct check_context *context;
	struct arena *arena;
	struct authority *authority;
	const struct own_host *host;
	/* It, with the addresses that mail leaves from: its own; or those of
	 * the relay, as far as they are known. */
	struct own_host sender;
	/* Told of already: what follows from them is not told again. */
	bool address_fault;
	bool mx_fault;
	bool is_elsewhere; /* mail of the domain at hand is not for us */
};

void check_add(struct dns_check *check, struct finding finding);

/* Both at once: what has the fault, and the finding of it. */
void check_fault(struct dns_check *check, struct finding finding,
		 const char *id, const char *advice);

/* "NAME", with what comes before it, as a subject. */
const char *check_subject(struct dns_check *check, const char *prefix,
			  struct str name);

/* One SPF record that lets this host pass; its grade where there is none. */
void check_spf(struct dns_check *check, struct str domain,
	       enum finding_grade missing);

/* The TLSA records of the host, beside what it shows at port 25. */
void check_tlsa(struct dns_check *check);

/* The policy to which a good _mta-sts record of the domain points. */
void check_sts_policy(struct dns_check *check, struct str domain);

/* Addresses for reports; NULL, or what was expected in the list. */
const char *check_address_fault(struct arena *arena, struct str list);

/* The policy of a domain, its own or that of a domain above it. */
void check_dmarc(struct dns_check *check, struct str domain);

/* DKIM, DMARC, MTA-STS, TLS-RPT of a domain. */
void check_texts(struct dns_check *check, const struct domain *domain);

#endif
