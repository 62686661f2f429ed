/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_SPF_PARSE_H
#define MAIL_SPF_PARSE_H

#include "env.h"
#include "ip.h"
#include "result.h"

/* RFC 7208 section 5 */
enum spf_mechanism {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
};

/* A qualifier and a mechanism (4.6.1); views into the record. */
struct spf_directive {
	enum spf_mechanism mechanism;
	enum auth result;	/* what its qualifier says (4.6.2) */
	struct str text;	/* as it is written, visible ASCII */
	struct str domain_spec; /* empty: the current domain */
	struct ip network;	/* of ip4 and ip6 */
	int ip4_bits, ip6_bits; /* of a, mx, ip4, ip6 */
};

struct spf_record {
	struct spf_directive *directives;
	size_t n;
	struct str redirect; /* domain-spec, empty without the modifier */
	struct str exp;
};

/* Does a TXT record begin as an SPF record does (4.5)? */
bool spf_parse_is_record(struct str text);

/*
 * Reads a whole record (4.6, section 12): a fault anywhere in it is found
 * here, before anything is evaluated. E_SYNTAX or E_LIMIT with *fault set, a
 * phrase for people; the record is then not to be used.
 */
enum result spf_parse(struct arena *arena, struct str text,
		      struct spf_record *record, const char **fault);

#endif
