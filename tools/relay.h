/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_RELAY_H
#define TOOLS_RELAY_H

#include "mail/dns.h"
#include "mail/ip.h"

/*
 * All mail to others leaves by another host, or by a program: Postfix's
 * relayhost or default_transport, or "*" in its transport_maps; Sendmail's
 * SMART_HOST. Nothing leaves from the addresses of this host then.
 */
struct relay {
	const char *setting; /* that says so; NULL when mail leaves from here */
	const char *value;   /* as it is set */
	struct str hops;     /* "[relay.example]:587, ..."; "" of a program */
};

void relay_find(struct arena *arena, struct relay *relay);

/*
 * The public addresses of the relay that DNS knows, `max` of them at most. It
 * may send from others, which nobody can see from here.
 */
size_t relay_addresses(struct arena *arena, const struct relay *relay,
		       const struct dns_resolver *resolver,
		       struct ip *addresses, size_t max);

#endif
