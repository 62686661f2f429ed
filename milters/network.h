/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_NETWORK_H
#define MILTERS_NETWORK_H

#include <sys/socket.h>

#include "mail/ip.h"
#include "milters/conf.h"

/* An address block, "192.0.2.0/24" or "2001:db8::1". */
struct network {
	struct ip ip;
	int bits;
};

struct networks {
	struct network *list;
	size_t n;
};

/* NULL, or what was expected: for the check of a setting. */
const char *network_check(const char *text);

/* Blocks that network_check took. */
struct networks network_parse(struct arena *arena,
			      const struct conf_list *list);

/* The address, an IPv4-mapped one as IPv4; false for other families. */
bool network_address(const struct sockaddr *address, struct ip *ip);

/* Is the address, not IPv4-mapped, in a block? */
bool network_has_ip(const struct networks *networks, const struct ip *ip);

/* Is the address in a block? An IPv4-mapped IPv6 address counts as IPv4. */
bool network_has(const struct networks *networks,
		 const struct sockaddr *address);

/* The address as text, "unknown" for other families. */
const char *network_format(struct arena *arena, const struct sockaddr *address);

#endif
