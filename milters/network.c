/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/network.h"

#include <netinet/in.h>
#include <stdlib.h>

enum { MAPPED_BITS = IP6_BITS - IP4_BITS };

static bool parse(struct str text, struct network *network)
{
	size_t slash = str_find(text, '/');
	const char *bits = text.p + slash + 1;
	bool mapped;
	char *end;

	if (ip_parse(str_sub(text, 0, slash), &network->ip) != OK)
		return false;
	network->bits = network->ip.six ? IP6_BITS : IP4_BITS;
	if (slash < text.n) {
		long number = strtol(bits, &end, 10);

		if (*bits < '0' || *bits > '9' || *end ||
		    number > network->bits)
			return false;
		network->bits = (int)number;
	}
	/* A block of IPv4-mapped addresses is one of IPv4. */
	mapped = network->ip.six && !ip_unmap(network->ip).six;
	if (mapped && network->bits >= MAPPED_BITS) {
		network->ip = ip_unmap(network->ip);
		network->bits -= MAPPED_BITS;
	}
	return true;
}

const char *network_check(const char *text)
{
	struct network network;

	return parse(str_from(text), &network)
		       ? NULL
		       : "networks like 192.0.2.0/24 or ::1";
}

struct networks network_parse(struct arena *arena, const struct conf_list *list)
{
	struct networks networks = {
		.list = ARENA_NEW(arena, struct network, list->n),
	};

	for (size_t i = 0; i < list->n; i++)
		if (parse(list->items[i], &networks.list[networks.n]))
			networks.n++;
	return networks;
}

bool network_address(const struct sockaddr *address, struct ip *ip)
{
	*ip = (struct ip){ .six = address->sa_family == AF_INET6 };
	if (ip->six)
		memcpy(ip->octets,
		       &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
	else if (address->sa_family == AF_INET)
		memcpy(ip->octets,
		       &((const struct sockaddr_in *)address)->sin_addr, 4);
	else
		return false;
	*ip = ip_unmap(*ip);
	return true;
}

bool network_has_ip(const struct networks *networks, const struct ip *ip)
{
	for (size_t i = 0; i < networks->n; i++)
		if (ip_is_within(ip, &networks->list[i].ip,
				 networks->list[i].bits))
			return true;
	return false;
}

bool network_has(const struct networks *networks,
		 const struct sockaddr *address)
{
	struct ip ip;

	return network_address(address, &ip) && network_has_ip(networks, &ip);
}

const char *network_format(struct arena *arena, const struct sockaddr *address)
{
	struct ip ip;

	return network_address(address, &ip) ? ip_format(arena, &ip).p
					     : "unknown";
}
