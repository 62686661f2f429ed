/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_RESOLVER_H
#define MILTERS_RESOLVER_H

#include "mail/dns.h"
#include "mail/result.h"
#include "milters/conf.h"

/*
 * Asks DNS for a whole process: one libunbound context, one thread that waits
 * for its answers, and a table of answers that all messages share until their
 * TTL is over. A question that is already on its way is not asked again.
 */
struct resolver;

struct resolver_settings {
	struct conf_list servers; /* see resolver_table */
	const char *trust_anchor; /* file; empty: DNSSEC is not validated */
};

/*
 * E_CONFIG with *error in words (in the arena) when libunbound does not take
 * the settings. resolver_free ends it, whoever still waits.
 */
enum result resolver_new(const struct resolver_settings *settings,
			 struct arena *arena, struct resolver **resolver,
			 const char **error);
void resolver_free(struct resolver *resolver);

/*
 * The questions of one message. A check is pure and wants its answers at
 * once, so it is run again until none is missing:
 *
 *	do
 *		spf_check_helo(&env, arena, &client, &result);
 *	while (inquiry_wait(inquiry));
 *
 * A question without an answer yet is started and answered DNS_TEMPORARY for
 * this time; so each run starts what it can, and checks that don't depend on
 * each other wait together. A run whose result nobody looks at begins
 * look-ups early.
 */
struct inquiry;

/*
 * Begins with `budget_ms` for all waiting of this message together. The
 * inquiry and its answers live in the arena, but inquiry_end must be called
 * before the arena ends. Never fails: with too many messages waiting all
 * questions that need DNS are temporary errors.
 */
struct inquiry *inquiry_begin(struct resolver *resolver, struct arena *arena,
			      int64_t budget_ms);
void inquiry_end(struct inquiry *inquiry);

/* The resolver for struct env; it lives as long as the inquiry. */
const struct dns_resolver *inquiry_resolver(struct inquiry *inquiry);

/*
 * Waits until something that was asked since the last call has an answer.
 * True: run the checks again. False: none was missing, or the time is over,
 * and what the checks said last is what counts. An answer that was given
 * within this inquiry stays the same to its end.
 */
bool inquiry_wait(struct inquiry *inquiry);

/* Is the budget used up? */
bool inquiry_is_late(const struct inquiry *inquiry);

#endif
