/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_RESOLVER_H
#define MILTERS_RESOLVER_H

#include "milters/answers.h"
#include "milters/conf.h"

/*
 * Asks DNS for a whole process: one libunbound context with its thread, one
 * thread that waits for its answers, and a table of answers that all messages
 * share until their time is over. A question that is already on its way is
 * not asked again. A message asks through milters/inquiry.h.
 */
struct resolver;

/* Descriptors that a resolver may have open: a socket for each question. */
enum { RESOLVER_DESCRIPTORS = 2200 };

struct resolver_settings {
	struct conf_list servers; /* see resolver_table */
	const char *trust_anchor; /* file; empty: DNSSEC is not validated */
	int64_t max_waiting;
};

extern const struct setting resolver_table[];

/*
 * Begins with one reference, the caller's; the last resolver_put ends it and
 * its threads, whatever is still on its way. Nobody may be in an inquiry
 * then. E_CONFIG with *error in words (in the arena) when libunbound does not
 * take the settings.
 */
enum result resolver_new(const struct resolver_settings *settings,
			 struct arena *arena, struct resolver **resolver,
			 const char **error);
struct resolver *resolver_get(struct resolver *resolver);
void resolver_put(struct resolver *resolver);

/*
 * Would a new resolver be like the old one, so that the old one, with all its
 * answers, can go on? Never where /etc/resolv.conf is read, nor with a trust
 * anchor: the files may be others now.
 */
bool resolver_settings_equal(const struct resolver_settings *a,
			     const struct resolver_settings *b);

/* The rest is for milters/inquiry.c. */
struct answers *resolver_answers(struct resolver *resolver);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t resolver_now(void);

/* As answers_ask; asks DNS where that is to be done. */
enum answers_state resolver_ask(struct resolver *resolver, struct str name,
				enum dns_type type,
				struct answers_waiter *waiter);

#endif
