/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/keycache.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <sys/queue.h>

struct kept_key {
	enum crypto_algorithm algorithm;
	struct str octets;
	struct crypto_public *key;
	TAILQ_ENTRY(kept_key) link;
};

TAILQ_HEAD(kept_keys, kept_key);

/*
 * A tree, as for answers: strangers choose the octets. One lock guards it; no
 * key is read while it is held.
 */
struct keycache {
	_Atomic int references;
	struct key_cache keys;
	pthread_mutex_t lock;
	void *tree;
	struct kept_keys kept; /* last used first */
	size_t n, max;
};

static int compare(const void *left, const void *right)
{
	const struct kept_key *a = left, *b = right;

	if (a->algorithm != b->algorithm)
		return a->algorithm < b->algorithm ? -1 : 1;
	if (a->octets.n != b->octets.n)
		return a->octets.n < b->octets.n ? -1 : 1;
	return memcmp(a->octets.p, b->octets.p, a->octets.n);
}

static struct kept_key *new_kept(enum crypto_algorithm algorithm,
				 struct str octets, struct crypto_public *key)
{
	struct kept_key *kept = arena_must(calloc(1, sizeof(*kept) + octets.n));
	char *copy = (char *)(kept + 1);

	memcpy(copy, octets.p, octets.n);
	kept->algorithm = algorithm;
	kept->octets = (struct str){ copy, octets.n };
	kept->key = crypto_public_get(key);
	return kept;
}

static void free_kept(void *pointer)
{
	struct kept_key *kept = pointer;

	crypto_public_put(kept->key);
	free(kept);
}

/* The key with a reference for the caller, or NULL. */
static struct crypto_public *
find(struct keycache *cache, enum crypto_algorithm algorithm, struct str octets)
{
	const struct kept_key wanted = { .algorithm = algorithm,
					 .octets = octets };
	struct crypto_public *key = NULL;
	struct kept_key **node;

	pthread_mutex_lock(&cache->lock);
	node = tfind(&wanted, &cache->tree, compare);
	if (node) {
		TAILQ_REMOVE(&cache->kept, *node, link);
		TAILQ_INSERT_HEAD(&cache->kept, *node, link);
		key = crypto_public_get((*node)->key);
	}
	pthread_mutex_unlock(&cache->lock);
	return key;
}

/* Keeps a key, unless another thread has brought the same meanwhile. */
static void keep(struct keycache *cache, struct kept_key *kept)
{
	struct kept_key **node, *loser = NULL;

	pthread_mutex_lock(&cache->lock);
	node = arena_must(tsearch(kept, &cache->tree, compare));
	if (*node == kept) {
		TAILQ_INSERT_HEAD(&cache->kept, kept, link);
		cache->n++;
	} else {
		loser = kept;
	}
	if (cache->n > cache->max) {
		loser = TAILQ_LAST(&cache->kept, kept_keys);
		TAILQ_REMOVE(&cache->kept, loser, link);
		tdelete(loser, &cache->tree, compare);
		cache->n--;
	}
	pthread_mutex_unlock(&cache->lock);
	if (loser)
		free_kept(loser);
}

static enum result get(void *context, enum crypto_algorithm algorithm,
		       struct str octets, struct crypto_public **key)
{
	struct keycache *cache = context;
	struct crypto_public *found = find(cache, algorithm, octets);
	enum result result;

	if (found) {
		*key = found;
		return OK;
	}
	result = crypto_public_parse(algorithm, octets, key);
	if (result == OK)
		keep(cache, new_kept(algorithm, octets, *key));
	return result;
}

struct keycache *keycache_new(size_t max)
{
	struct keycache *cache = arena_must(calloc(1, sizeof(*cache)));

	cache->references = 1;
	cache->keys = (struct key_cache){ get, cache };
	cache->max = max;
	pthread_mutex_init(&cache->lock, NULL);
	TAILQ_INIT(&cache->kept);
	return cache;
}

struct keycache *keycache_get(struct keycache *cache)
{
	cache->references++;
	return cache;
}

void keycache_put(struct keycache *cache)
{
	if (!cache || --cache->references > 0)
		return;
	tdestroy(cache->tree, free_kept);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

const struct key_cache *keycache_keys(const struct keycache *cache)
{
	return &cache->keys;
}

size_t keycache_count(struct keycache *cache)
{
	size_t n;

	pthread_mutex_lock(&cache->lock);
	n = cache->n;
	pthread_mutex_unlock(&cache->lock);
	return n;
}
