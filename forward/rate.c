/* SPDX-License-Identifier: BSD-2-Clause */
#include "rate.h"

#include <pthread.h>
#include <string.h>

enum { SETS = 1024, WAYS = 4, SECONDS = 60, IP6_CLIENT_BITS = 64 };

struct client {
	struct ip ip;
	int64_t times
		[RATE_MAX]; /* when it was wrong, a ring; 0: not so often */
	unsigned int next;  /* the oldest of them */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct client table[SETS][WAYS];

static struct ip client_of(const struct ip *ip)
{
	struct ip client = *ip;

	if (ip->six)
		memset(client.octets + IP6_CLIENT_BITS / 8, 0,
		       sizeof(client.octets) - IP6_CLIENT_BITS / 8);
	else
		memset(client.octets + 4, 0, sizeof(client.octets) - 4);
	return client;
}

/* FNV-1a: who fills a set on purpose only makes us forget his own kind. */
static struct client *set_of(const struct ip *ip)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof(ip->octets); i++)
		hash = (hash ^ ip->octets[i]) * 16777619u;
	return table[hash % SETS];
}

static int64_t last_time(const struct client *client)
{
	return client->times[(client->next + RATE_MAX - 1) % RATE_MAX];
}

/* The client's place in its set; without one that of the longest quiet. */
static struct client *find(const struct ip *ip, bool *found)
{
	struct client *set = set_of(ip), *quiet = set;

	for (int i = 0; i < WAYS; i++) {
		*found = last_time(&set[i]) && set[i].ip.six == ip->six &&
			 !memcmp(set[i].ip.octets, ip->octets,
				 sizeof(ip->octets));
		if (*found)
			return &set[i];
		if (last_time(&set[i]) < last_time(quiet))
			quiet = &set[i];
	}
	return quiet;
}

bool rate_is_over(const struct ip *client, int64_t now)
{
	const struct ip ip = client_of(client);
	const struct client *one;
	bool over;

	pthread_mutex_lock(&lock);
	one = find(&ip, &over);
	over = over && one->times[one->next] > now - SECONDS;
	pthread_mutex_unlock(&lock);
	return over;
}

void rate_count(const struct ip *client, int64_t now)
{
	const struct ip ip = client_of(client);
	struct client *one;
	bool found;

	pthread_mutex_lock(&lock);
	one = find(&ip, &found);
	if (!found)
		*one = (struct client){ .ip = ip };
	one->times[one->next] = now;
	one->next = (one->next + 1) % RATE_MAX;
	pthread_mutex_unlock(&lock);
}
