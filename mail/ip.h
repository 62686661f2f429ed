/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_IP_H
#define MAIL_IP_H

#include "arena.h"
#include "result.h"

/* An IPv4 address has its octets in the first four. */
struct ip {
	unsigned char octets[16];
	bool six;
};

enum { IP4_BITS = 32, IP6_BITS = 128 };

/*
 * Reads an address: four decimal numbers without leading zeros, or IPv6 in
 * any form of RFC 4291 section 2.2. E_SYNTAX when it is neither.
 */
enum result ip_parse(struct str text, struct ip *ip);

/* The IPv4 address in an IPv4-mapped one (RFC 4291 2.5.5.2), others as is. */
struct ip ip_unmap(struct ip ip);

/* Are both of one family and their first `bits` bits equal? */
bool ip_is_within(const struct ip *ip, const struct ip *network, int bits);

/* Four decimal numbers, or the form of RFC 5952; a NUL follows. */
struct str ip_format(struct arena *arena, const struct ip *ip);

#endif
