/* SPDX-License-Identifier: BSD-2-Clause */
#include "alias_index.h"

/*
 * A search in depth over lines, not over addresses: what a line leads to does
 * not depend on the address that led to the line. So each line is looked into
 * once, and what is known of it fits into its slot. There are two exceptions.
 *
 * Where a line has a target "*@domain" of ours, it matters who comes, and the
 * line is looked into once for each user. These are kept in a table.
 *
 * An alias may name itself, as "john: j.ohn" does: j.ohn is found under john
 * again, and ends there. With "john: j.ohn, jo.hn" each of the two leads to
 * the other. So one target that leads to its own line is none, two are a
 * cycle.
 */

/* A user that no line has, to see where a catch-all leads to. */
#define ANYBODY STR("\1")

/* A line that is looked into. */
struct frame {
	const struct aliases *aliases;
	struct alias_slot *slot;
	struct str local;   /* the incoming user */
	struct str targets; /* those that are left */
	struct str self;    /* the one that leads to this very line */
};

/* A user at a line that passes users on. */
struct passage {
	const struct alias_slot *slot;
	struct str local;
	bool on_way;
};

struct search {
	const struct alias_directory *directory;
	struct arena *arena, *scratch;
	struct frame *stack;
	size_t depth, stack_size;
	struct passage *passages; /* a table, at most half full */
	size_t n_passages, n_slots;
	void (*found)(void *context, const struct alias_step *cycle, size_t n);
	void *context;
	bool any; /* something was found, and taken out of force */
};

static size_t hash_passage(const struct alias_slot *slot, struct str local)
{
	size_t hash = (size_t)slot;

	for (size_t i = 0; i < local.n; i++)
		hash = (hash ^ (unsigned char)str_lower_byte(local.p[i])) *
		       0x100000001b3;
	return hash ^ hash >> 32;
}

static struct passage *find_passage(const struct search *search,
				    const struct alias_slot *slot,
				    struct str local)
{
	size_t mask = search->n_slots - 1, i = hash_passage(slot, local);

	for (;; i++) {
		struct passage *passage = &search->passages[i & mask];

		if (!passage->slot ||
		    (passage->slot == slot && str_ieq(passage->local, local)))
			return passage;
	}
}

/* Makes room for one more. */
static void grow_passages(struct search *search)
{
	struct passage *old = search->passages;
	size_t n = search->n_slots;

	if (n > search->n_passages * 2)
		return;
	search->n_slots = n ? n * 2 : 16;
	search->passages =
		ARENA_NEW(search->arena, struct passage, search->n_slots);
	for (size_t i = 0; i < n; i++)
		if (old[i].slot)
			*find_passage(search, old[i].slot, old[i].local) =
				old[i];
}

/* Is there anything left to see at a line, for a user? */
static enum alias_mark get_mark(struct search *search,
				const struct alias_slot *slot, struct str local)
{
	const struct passage *passage;

	if (slot->mark != ALIAS_PASSES)
		return slot->mark;
	grow_passages(search);
	passage = find_passage(search, slot, local);
	if (!passage->slot)
		return ALIAS_OPEN;
	return passage->on_way ? ALIAS_ON_WAY : ALIAS_LEAF;
}

static void set_mark(struct search *search, struct alias_slot *slot,
		     struct str local, enum alias_mark mark)
{
	struct passage *passage;

	if (slot->mark != ALIAS_PASSES) {
		slot->mark = mark;
		return;
	}
	passage = find_passage(search, slot, local);
	search->n_passages += !passage->slot;
	*passage = (struct passage){ slot, local, mark == ALIAS_ON_WAY };
}

static void enter(struct search *search, const struct aliases *aliases,
		  struct alias_slot *slot, struct str local)
{
	struct str user;

	if (search->depth == search->stack_size) {
		size_t size = search->depth ? search->depth * 2 : 64;
		struct frame *bigger =
			ARENA_NEW(search->arena, struct frame, size);

		if (search->depth)
			memcpy(bigger, search->stack,
			       search->depth * sizeof(*bigger));
		search->stack = bigger;
		search->stack_size = size;
	}
	set_mark(search, slot, local, ALIAS_ON_WAY);
	search->stack[search->depth++] = (struct frame){
		.aliases = aliases,
		.slot = slot,
		.local = local,
		.targets = alias_targets(aliases, slot, &user),
	};
}

static void leave(struct search *search)
{
	const struct frame *top = &search->stack[--search->depth];

	set_mark(search, top->slot, top->local, ALIAS_LEAF);
}

static struct alias_step step_of(const struct aliases *aliases,
				 const struct alias_slot *slot,
				 struct str local)
{
	if (str_eq(local, ANYBODY))
		local = STR("*");
	return (struct alias_step){ aliases,
				    slot->at - 1,
				    { local, aliases->domain } };
}

/* The way from a frame up to the top is a cycle. */
static void report(struct search *search, const struct frame *from)
{
	const struct frame *end = search->stack + search->depth;
	struct alias_step *cycle = ARENA_NEW(search->arena, struct alias_step,
					     (size_t)(end - from));
	size_t n = 0;

	for (; from < end; from++)
		cycle[n++] = step_of(from->aliases, from->slot, from->local);
	search->any = true;
	search->found(search->context, cycle, n);
}

/* The top leads to itself: by which one address it may do so. */
static void meet_self(struct search *search, struct str local)
{
	struct frame *top = &search->stack[search->depth - 1];
	struct alias_step cycle[2];

	if (!top->self.p || str_ieq(top->self, local)) {
		top->self = local;
		return;
	}
	cycle[0] = step_of(top->aliases, top->slot, top->self);
	cycle[1] = step_of(top->aliases, top->slot, local);
	search->any = true;
	search->found(search->context, cycle, 2);
}

static void meet(struct search *search, const struct aliases *aliases,
		 struct alias_slot *slot, struct str local)
{
	const struct frame *from = &search->stack[search->depth - 1];

	if (slot == from->slot && slot->mark != ALIAS_PASSES) {
		meet_self(search, local);
		return;
	}
	if (aliases == from->aliases && str_ieq(local, from->local))
		return;
	switch (get_mark(search, slot, local)) {
	case ALIAS_ON_WAY:
		while (from->slot != slot || (slot->mark == ALIAS_PASSES &&
					      !str_ieq(from->local, local)))
			from--;
		report(search, from);
		break;
	case ALIAS_OPEN:
		enter(search, aliases, slot, local);
		break;
	default:
		break;
	}
}

static bool is_ours(const struct alias_directory *directory, struct str domain)
{
	return directory->is_ours(directory->context, domain);
}

/* Looks at one target: alias before user before catch-all. */
static void follow(struct search *search, const struct mailbox *target)
{
	const struct alias_directory *directory = search->directory;
	const struct aliases *aliases;
	struct alias_slot *slot;

	if (directory->aliases(directory->context, target->domain, &aliases) !=
	    OK)
		return;
	slot = alias_find_slot(aliases, search->scratch, target->local);
	if (!slot && !directory->is_user(directory->context, target->domain,
					 target->local))
		slot = alias_find_catch_all_slot(aliases);
	if (slot && slot->mark != ALIAS_LEAF)
		meet(search, aliases, slot, target->local);
}

static bool in_force(const struct search *search, const struct aliases *aliases)
{
	const struct alias_directory *directory = search->directory;
	const struct aliases *now;

	return !search->any ||
	       (directory->aliases(directory->context, aliases->domain, &now) ==
			OK &&
		now == aliases);
}

static void look_into(struct search *search, const struct aliases *aliases,
		      struct alias_slot *slot, struct str local)
{
	struct mailbox target;

	enter(search, aliases, slot, local);
	while (search->depth) {
		struct frame *top = &search->stack[search->depth - 1];

		alias_sweep(search->scratch);
		if (!in_force(search, top->aliases) ||
		    !alias_next_target(top->aliases, search->scratch,
				       &top->targets, &target)) {
			leave(search);
			continue;
		}
		if (str_eq(target.local, STR("*")))
			target.local = top->local;
		follow(search, &target);
	}
}

/* What is worth a look in a file. */
static void mark(const struct search *search, const struct aliases *aliases)
{
	for (size_t i = 0; i <= aliases->mask; i++) {
		struct alias_slot *slot = &aliases->slots[i];
		struct mailbox target;
		struct str user, targets;

		slot->mark = ALIAS_LEAF;
		if (!slot->at)
			continue;
		targets = alias_targets(aliases, slot, &user);
		while (slot->mark != ALIAS_PASSES &&
		       alias_next_target(aliases, search->scratch, &targets,
					 &target))
			if (is_ours(search->directory, target.domain))
				slot->mark = str_eq(target.local, STR("*"))
						     ? ALIAS_PASSES
						     : ALIAS_OPEN;
		alias_sweep(search->scratch);
	}
}

static void search_file(struct search *search, const struct aliases *aliases)
{
	for (size_t i = 0; i <= aliases->mask; i++) {
		struct alias_slot *slot = &aliases->slots[i];
		struct str user;

		if (slot->mark == ALIAS_LEAF)
			continue;
		alias_targets(aliases, slot, &user);
		if (str_eq(user, STR("*")))
			user = ANYBODY;
		if (in_force(search, aliases) &&
		    get_mark(search, slot, user) == ALIAS_OPEN)
			look_into(search, aliases, slot, user);
	}
}

void alias_find_cycles(const struct alias_directory *directory,
		       struct arena *scratch,
		       const struct aliases *const *files, size_t n,
		       void (*found)(void *context,
				     const struct alias_step *cycle, size_t n),
		       void *context)
{
	struct search search = {
		.directory = directory,
		.arena = arena_new(4096),
		.scratch = scratch,
		.found = found,
		.context = context,
	};

	for (size_t i = 0; i < n; i++)
		mark(&search, files[i]);
	for (size_t i = 0; i < n; i++)
		search_file(&search, files[i]);
	arena_free(search.arena);
}
