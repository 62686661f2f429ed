/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DNS_H
#define MAIL_DNS_H

#include <stdint.h>

#include "arena.h"

/* The record types that a check may ask for. */
enum dns_type { DNS_A, DNS_AAAA, DNS_MX, DNS_PTR, DNS_TXT, DNS_NS };

/* How a question ended. Only DNS_OK comes with records. */
enum dns_status {
	DNS_OK,
	DNS_NO_NAME,   /* the name does not exist (NXDOMAIN) */
	DNS_NO_DATA,   /* it exists, without a record of this type */
	DNS_TEMPORARY, /* SERVFAIL, REFUSED, a time-out, garbage */
};

/*
 * A record. A and AAAA: 4 or 16 octets in `data`. MX: the exchange in `data`,
 * with its preference. PTR and NS: the name. TXT: its strings joined, any octets.
 * Names are without the dot at their end.
 */
struct dns_record {
	struct str data;
	uint16_t preference;
};

struct dns_answer {
	enum dns_status status;
	bool secure; /* DNSSEC says so */
	struct dns_record *records;
	size_t n;
};

/* Can DNS have the name? One without the dot at its end; not the root. */
bool dns_is_name(struct str name);

/*
 * Asks, follows CNAMEs, and waits for the answer, which lives in the arena.
 * The name is in presentation form without escapes; a name that DNS can't
 * have (empty or long labels, over 253 octets) is DNS_NO_NAME.
 */
struct dns_resolver {
	void (*query)(void *context, struct arena *arena, struct str name,
		      enum dns_type type, struct dns_answer *answer);
	void *context;
};

static inline void dns_query(const struct dns_resolver *resolver,
			     struct arena *arena, struct str name,
			     enum dns_type type, struct dns_answer *answer)
{
	resolver->query(resolver->context, arena, name, type, answer);
}

#endif
