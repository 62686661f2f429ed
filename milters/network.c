/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool parse(const char *text, struct network *network)
{
	char address[INET6_ADDRSTRLEN];
	size_t n = strcspn(text, "/");
	struct in6_addr six;
	struct in_addr four;
	int width = 128;
	char *end;
	long bits;

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET6, address, &six) == 1) {
		memcpy(network->address, &six, 16);
	} else if (inet_pton(AF_INET, address, &four) == 1) {
		memcpy(network->address, mapped, 12);
		memcpy(network->address + 12, &four, 4);
		width = 32;
	} else {
		return false;
	}
	bits = width;
	if (text[n] == '/') {
		text += n + 1;
		bits = strtol(text, &end, 10);
		if (*text < '0' || *text > '9' || *end || bits > width)
			return false;
	}
	network->bits = (int)bits + 128 - width;
	return true;
}

const char *network_check(const char *text)
{
	struct network network;

	return parse(text, &network) ? NULL
				     : "networks like 192.0.2.0/24 or ::1";
}

struct networks network_parse(struct arena *arena, const struct conf_list *list)
{
	struct networks networks = {
		.list = ARENA_NEW(arena, struct network, list->n),
	};

	for (size_t i = 0; i < list->n; i++)
		if (parse(list->items[i].p, &networks.list[networks.n]))
			networks.n++;
	return networks;
}

static bool address_octets(const struct sockaddr *address,
			   unsigned char octets[16])
{
	if (address->sa_family == AF_INET6) {
		memcpy(octets,
		       &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
		return true;
	}
	if (address->sa_family != AF_INET)
		return false;
	memcpy(octets, mapped, 12);
	memcpy(octets + 12, &((const struct sockaddr_in *)address)->sin_addr,
	       4);
	return true;
}

static bool is_within(const unsigned char octets[16],
		      const struct network *network)
{
	int whole = network->bits / 8, rest = network->bits % 8;

	if (memcmp(octets, network->address, (size_t)whole) != 0)
		return false;
	return !rest ||
	       ((octets[whole] ^ network->address[whole]) >> (8 - rest)) == 0;
}

bool network_has(const struct networks *networks,
		 const struct sockaddr *address)
{
	unsigned char octets[16];

	if (!address_octets(address, octets))
		return false;
	for (size_t i = 0; i < networks->n; i++)
		if (is_within(octets, &networks->list[i]))
			return true;
	return false;
}

const char *network_format(struct arena *arena, const struct sockaddr *address)
{
	char *text = arena_alloc(arena, INET6_ADDRSTRLEN);
	unsigned char octets[16];

	if (!address_octets(address, octets))
		return "unknown";
	if (memcmp(octets, mapped, 12) == 0)
		inet_ntop(AF_INET, octets + 12, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, octets, text, INET6_ADDRSTRLEN);
	return text;
}
