/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_ANSWERS_H
#define MILTERS_ANSWERS_H

#include <pthread.h>
#include <sys/queue.h>

#include "mail/dns.h"

/*
 * The answers that all messages share: for a name and a type, what DNS said
 * until its time is over, or who waits for it. Knows neither DNS servers nor
 * a clock. One lock guards all of it, as each visit is short.
 */
struct answers;
struct answers_entry;

struct answers_limits {
	size_t entries;	  /* answers that are kept, and their octets; */
	size_t bytes;	  /* the one longest unused goes first */
	size_t questions; /* on their way at once */
	size_t waiting;	  /* messages in answers_wait at once */
};

struct answers *answers_new(const struct answers_limits *limits);
/* Nobody waits any more; questions on their way must not be answered. */
void answers_free(struct answers *answers);

/*
 * What DNS said, counted: who got it may read it although the table has
 * dropped it, or another answer by now. With room for `n` records and `room`
 * octets of data, which the maker fills in.
 */
struct answer {
	_Atomic int references;
	size_t size;
	struct dns_answer dns;
	char *room;
};

struct answer *answer_new(enum dns_status status, size_t n, size_t room);
void answer_put(struct answer *answer);
/* A copy that lives as long as the arena. */
struct dns_answer answer_copy(const struct answer *answer, struct arena *arena);

/* A message that may wait. */
struct answers_listener {
	pthread_cond_t news;
	bool has_news;
	unsigned int round; /* counts the waits */
};

/* What one message wants of one question; with its listener set, zero else. */
struct answers_waiter {
	LIST_ENTRY(answers_waiter) link;
	struct answers_listener *listener;
	struct answers_entry *entry; /* while the question is on its way */
	struct answer *answer;	     /* arrived, and not yet taken */
	unsigned int round;	     /* of the listener, when it asked */
};

enum answers_state {
	ANSWERS_HERE,	/* waiter->answer, the waiter's */
	ANSWERS_COMING, /* the waiter will get it */
	ANSWERS_TO_ASK, /* the same, and the caller asks: *entry */
	ANSWERS_FULL,	/* too many are on their way */
};

/* The name in lower case; the time, from here on, in milliseconds. */
enum answers_state answers_ask(struct answers *answers, int64_t now,
			       struct str name, enum dns_type type,
			       struct answers_waiter *waiter,
			       struct answers_entry **entry);

/* Answers a question for all who wait; takes over the answer. */
void answers_give(struct answers_entry *entry, int64_t now,
		  struct answer *answer, int64_t lifetime);

/* The answer if it has come, now the caller's; else NULL, and it is asked. */
struct answer *answers_take(struct answers *answers,
			    struct answers_waiter *waiter);

/* Ends the waiter's interest; the question stays on its way. */
void answers_leave(struct answers *answers, struct answers_waiter *waiter);

void answers_listener_begin(struct answers_listener *listener);
void answers_listener_end(struct answers_listener *listener);

/*
 * Waits until something that was asked since the last wait is answered. False
 * when the time is `until` (of CLOCK_MONOTONIC), or too many wait already.
 */
bool answers_wait(struct answers *answers, struct answers_listener *listener,
		  int64_t until);

#endif
