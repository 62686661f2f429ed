/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/answers.h"

#include <search.h>
#include <stdlib.h>
#include <time.h>

LIST_HEAD(waiters, answers_waiter);
TAILQ_HEAD(kept, answers_entry);

struct key {
	struct str name;
	enum dns_type type;
};

/* Without an answer the question is on its way. */
struct answers_entry {
	struct key key; /* first, so that a key can be looked for */
	struct answers *answers;
	struct answer *answer;
	int64_t expires;
	struct waiters waiters;
	TAILQ_ENTRY(answers_entry) link; /* only with an answer */
};

/*
 * The entries stand in a tree, not in a hash table: a stranger chooses the
 * names, and with a tree there are no bad ones.
 */
struct answers {
	pthread_mutex_t lock;
	struct answers_limits limits;
	void *tree;
	struct kept kept; /* last used first */
	size_t entries, bytes, questions, waiting;
};

static int compare(const void *left, const void *right)
{
	const struct key *a = left, *b = right;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->name.n != b->name.n)
		return a->name.n < b->name.n ? -1 : 1;
	return memcmp(a->name.p, b->name.p, a->name.n);
}

struct answers *answers_new(const struct answers_limits *limits)
{
	struct answers *answers = arena_must(calloc(1, sizeof(*answers)));

	pthread_mutex_init(&answers->lock, NULL);
	answers->limits = *limits;
	TAILQ_INIT(&answers->kept);
	return answers;
}

static void entry_free(void *pointer)
{
	struct answers_entry *entry = pointer;

	answer_put(entry->answer);
	free(entry);
}

void answers_free(struct answers *answers)
{
	if (!answers)
		return;
	tdestroy(answers->tree, entry_free);
	pthread_mutex_destroy(&answers->lock);
	free(answers);
}

struct answer *answer_new(enum dns_status status, size_t n, size_t room)
{
	size_t size = sizeof(struct answer) + n * sizeof(struct dns_record);
	struct answer *answer = arena_must(calloc(1, size + room));

	answer->references = 1;
	answer->size = size + room;
	answer->dns.status = status;
	answer->dns.n = n;
	answer->dns.records = (struct dns_record *)(answer + 1);
	answer->room = (char *)answer + size;
	return answer;
}

static struct answer *answer_get(struct answer *answer)
{
	answer->references++;
	return answer;
}

void answer_put(struct answer *answer)
{
	if (answer && --answer->references == 0)
		free(answer);
}

struct dns_answer answer_copy(const struct answer *answer, struct arena *arena)
{
	size_t size = answer->size - sizeof(*answer);
	struct dns_record *records = arena_alloc(arena, size);
	struct dns_answer copy = answer->dns;

	memcpy(records, copy.records, size);
	for (size_t i = 0; i < copy.n; i++) {
		/* The data lies behind the records, in the copy too. */
		size_t offset = (size_t)(records[i].data.p -
					 (const char *)copy.records);

		records[i].data.p = (const char *)records + offset;
	}
	copy.records = records;
	return copy;
}

static size_t entry_bytes(const struct answers_entry *entry)
{
	return sizeof(*entry) + entry->key.name.n + entry->answer->size;
}

/* Takes the answer out of an entry, so that it is a question again. */
static void drop_answer(struct answers *answers, struct answers_entry *entry)
{
	TAILQ_REMOVE(&answers->kept, entry, link);
	answers->entries--;
	answers->bytes -= entry_bytes(entry);
	answer_put(entry->answer);
	entry->answer = NULL;
}

/* The longest unused go; also the one just come, if it is that large. */
static void evict(struct answers *answers)
{
	while (answers->entries > answers->limits.entries ||
	       answers->bytes > answers->limits.bytes) {
		struct answers_entry *entry = TAILQ_LAST(&answers->kept, kept);

		drop_answer(answers, entry);
		tdelete(entry, &answers->tree, compare);
		entry_free(entry);
	}
}

static struct answers_entry *find(struct answers *answers,
				  const struct key *key)
{
	struct answers_entry **node = tfind(key, &answers->tree, compare);

	return node ? *node : NULL;
}

static struct answers_entry *add(struct answers *answers, const struct key *key)
{
	struct answers_entry *entry =
		arena_must(calloc(1, sizeof(*entry) + key->name.n));
	char *name = (char *)(entry + 1);

	memcpy(name, key->name.p, key->name.n);
	entry->key = (struct key){ { name, key->name.n }, key->type };
	entry->answers = answers;
	arena_must(tsearch(entry, &answers->tree, compare));
	return entry;
}

static void join(struct answers_entry *entry, struct answers_waiter *waiter)
{
	waiter->entry = entry;
	waiter->round = waiter->listener->round;
	LIST_INSERT_HEAD(&entry->waiters, waiter, link);
}

/* A question that has no answer, or had one that is too old. */
static enum answers_state begin_question(struct answers *answers,
					 const struct key *key,
					 struct answers_entry **entry)
{
	if (answers->questions >= answers->limits.questions)
		return ANSWERS_FULL;
	if (*entry)
		drop_answer(answers, *entry);
	else
		*entry = add(answers, key);
	answers->questions++;
	return ANSWERS_TO_ASK;
}

enum answers_state answers_ask(struct answers *answers, int64_t now,
			       struct str name, enum dns_type type,
			       struct answers_waiter *waiter,
			       struct answers_entry **entry)
{
	const struct key key = { name, type };
	enum answers_state state;

	pthread_mutex_lock(&answers->lock);
	*entry = find(answers, &key);
	if (*entry && !(*entry)->answer) {
		state = ANSWERS_COMING;
	} else if (*entry && now < (*entry)->expires) {
		state = ANSWERS_HERE;
		TAILQ_REMOVE(&answers->kept, *entry, link);
		TAILQ_INSERT_HEAD(&answers->kept, *entry, link);
		waiter->answer = answer_get((*entry)->answer);
	} else {
		state = begin_question(answers, &key, entry);
	}
	if (state == ANSWERS_COMING || state == ANSWERS_TO_ASK)
		join(*entry, waiter);
	pthread_mutex_unlock(&answers->lock);
	return state;
}

static void give_to(struct answers_waiter *waiter, struct answer *answer)
{
	LIST_REMOVE(waiter, link);
	waiter->entry = NULL;
	waiter->answer = answer_get(answer);
	if (waiter->round != waiter->listener->round)
		return;
	waiter->listener->has_news = true;
	pthread_cond_signal(&waiter->listener->news);
}

void answers_give(struct answers_entry *entry, int64_t now,
		  struct answer *answer, int64_t lifetime)
{
	struct answers *answers = entry->answers;

	pthread_mutex_lock(&answers->lock);
	while (!LIST_EMPTY(&entry->waiters))
		give_to(LIST_FIRST(&entry->waiters), answer);
	entry->answer = answer;
	entry->expires = now + lifetime;
	TAILQ_INSERT_HEAD(&answers->kept, entry, link);
	answers->questions--;
	answers->entries++;
	answers->bytes += entry_bytes(entry);
	evict(answers);
	pthread_mutex_unlock(&answers->lock);
}

struct answer *answers_take(struct answers *answers,
			    struct answers_waiter *waiter)
{
	struct answer *answer;

	pthread_mutex_lock(&answers->lock);
	answer = waiter->answer;
	waiter->answer = NULL;
	waiter->round = waiter->listener->round;
	pthread_mutex_unlock(&answers->lock);
	return answer;
}

void answers_leave(struct answers *answers, struct answers_waiter *waiter)
{
	pthread_mutex_lock(&answers->lock);
	if (waiter->entry)
		LIST_REMOVE(waiter, link);
	pthread_mutex_unlock(&answers->lock);
	answer_put(waiter->answer);
	*waiter = (struct answers_waiter){ .listener = waiter->listener };
}

void answers_listener_begin(struct answers_listener *listener)
{
	pthread_condattr_t attributes;

	*listener = (struct answers_listener){ .has_news = false };
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&listener->news, &attributes);
	pthread_condattr_destroy(&attributes);
}

void answers_listener_end(struct answers_listener *listener)
{
	pthread_cond_destroy(&listener->news);
}

bool answers_wait(struct answers *answers, struct answers_listener *listener,
		  int64_t until)
{
	const struct timespec deadline = { until / 1000,
					   until % 1000 * 1000000 };
	bool has_news;

	pthread_mutex_lock(&answers->lock);
	if (answers->waiting < answers->limits.waiting) {
		answers->waiting++;
		while (!listener->has_news &&
		       pthread_cond_timedwait(&listener->news, &answers->lock,
					      &deadline) == 0)
			;
		answers->waiting--;
	}
	has_news = listener->has_news;
	listener->has_news = false;
	listener->round++;
	pthread_mutex_unlock(&answers->lock);
	return has_news;
}
