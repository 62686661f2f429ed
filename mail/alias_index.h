/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_ALIAS_INDEX_H
#define MAIL_ALIAS_INDEX_H

#include <stdint.h>

#include "alias.h"

/* How a file is indexed: for alias.c and alias_cycle.c alone. */

/* What the search for cycles knows of a line. */
enum alias_mark {
	ALIAS_LEAF,   /* it leads back nowhere */
	ALIAS_OPEN,   /* it has targets of ours, to be looked into */
	ALIAS_ON_WAY, /* it is being looked into */
	ALIAS_PASSES, /* as open, and where to depends on the incoming user */
};

/* Of an open-addressed table; `at` is the line's offset in the text plus 1. */
struct alias_slot {
	uint32_t hash;
	uint32_t at : 30;
	uint32_t mark : 2; /* enum alias_mark */
};

struct aliases {
	struct str text;
	struct str domain;
	const struct alias_rules *rules;
	struct alias_slot *slots;
	size_t mask;
	size_t n;
};

/* Whose line it is, and its targets for alias_next_target. */
struct str alias_targets(const struct aliases *aliases,
			 const struct alias_slot *slot, struct str *user);

/* The line for a local part, as alias_find has it; NULL without one. */
struct alias_slot *alias_find_slot(const struct aliases *aliases,
				   struct arena *arena, struct str local);
struct alias_slot *alias_find_catch_all_slot(const struct aliases *aliases);

/* Cuts the next target off; false at the end, at once for a refusal. */
bool alias_next_target(const struct aliases *aliases, struct arena *arena,
		       struct str *targets, struct mailbox *target);

/* Ends the life of what is in a scratch arena, not at every line. */
static inline void alias_sweep(struct arena *scratch)
{
	if (arena_size(scratch) > 64 * 1024)
		arena_reset(scratch);
}

#endif
