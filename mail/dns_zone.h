/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DNS_ZONE_H
#define MAIL_DNS_ZONE_H

#include "dns.h"
#include "result.h"

/*
 * A resolver over a text, so that a check can be tried without any DNS. A
 * line is "name type data":
 *
 *	# or ; begins a comment that has its whole line
 *	example.org       MX    10 mx.example.org
 *	example.org       TXT   "v=spf1 mx " "-all"
 *	mx.example.org    A     192.0.2.1
 *	mx.example.org    AAAA  2001:db8::1
 *	www.example.org   CNAME example.org
 *	slow.example.org  TXT   !timeout
 *
 * TXT has quoted strings of 255 octets at most, which are joined; without any
 * it is empty. Odd bytes are \DDD, three decimal digits, in strings and in
 * names; a dot always parts labels. All names are from the root, with or
 * without a dot at the end, and "." is the root. In place of data stand
 * !servfail, !timeout and !nxdomain.
 *
 * A name without any record does not exist, unless one below it has a record.
 * CNAMEs are followed, where the name has no record of the type itself.
 */
struct dns_zone;

/* What is wrong with a text: line counted from 1, what was expected there. */
struct dns_zone_fault {
	size_t line;
	const char *expected;
};

/* Reads a zone into the arena. E_SYNTAX or E_LIMIT with *fault set. */
enum result dns_zone_parse(struct arena *arena, struct str text,
			   struct dns_zone **zone,
			   struct dns_zone_fault *fault);

/* The resolver; its answers point into the zone, which must outlive them. */
struct dns_resolver dns_zone_resolver(struct dns_zone *zone);

#endif
