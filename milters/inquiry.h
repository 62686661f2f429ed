/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_INQUIRY_H
#define MILTERS_INQUIRY_H

#include "milters/resolver.h"

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
 * look-ups early; what it misses counts for the next inquiry_wait.
 *
 * An inquiry is used by one thread at a time.
 */
struct inquiry;

/*
 * Begins with `budget_ms` for all waiting of this message together. The
 * inquiry and its answers live in the arena, but inquiry_end must be called
 * before the arena ends. Never fails.
 */
struct inquiry *inquiry_begin(struct resolver *resolver, struct arena *arena,
			      int64_t budget_ms);
void inquiry_end(struct inquiry *inquiry);

/* The resolver for struct env; it lives as long as the inquiry. */
const struct dns_resolver *inquiry_resolver(struct inquiry *inquiry);

/*
 * Waits until something that was asked since the last call has an answer.
 * True: run the checks again. False: none was missing, or the time is over,
 * or too many messages wait; then what is missing is a temporary error for
 * good, and what the checks said last is what counts. An answer that was
 * given within this inquiry stays the same to its end.
 */
bool inquiry_wait(struct inquiry *inquiry);

/* How many answers were missing, each time it was asked, since the beginning. */
size_t inquiry_missing(const struct inquiry *inquiry);

/* Is the budget used up? */
bool inquiry_is_late(const struct inquiry *inquiry);

#endif
