/* SPDX-License-Identifier: BSD-2-Clause */

/* Where an address leads: the file's lines, one after the other. */
#include "alias.h"
#include "limits.h"

struct walk {
	const struct alias_directory *directory;
	struct arena *arena;
	bool (*visit)(void *context, const struct mailbox *target);
	void *context;
	size_t steps;
	bool fault; /* a file on the way can't be used */
};

/* What stands for an address of ours: alias before user before catch-all. */
static enum result look_up(const struct walk *walk,
			   const struct mailbox *address, struct alias *alias)
{
	const struct alias_directory *directory = walk->directory;
	const struct aliases *aliases;
	enum result result = directory->aliases(directory->context,
						address->domain, &aliases);

	if (result != OK)
		return result;
	result = alias_find(aliases, walk->arena, address->local, alias);
	if (result != E_ABSENT ||
	    directory->is_user(directory->context, address->domain,
			       address->local))
		return result;
	return alias_find_catch_all(aliases, walk->arena, alias);
}

static enum result follow(struct walk *walk, const struct mailbox *address,
			  int depth)
{
	struct alias alias;
	enum result result = look_up(walk, address, &alias);

	walk->fault = walk->fault || result == E_CONFIG;
	if (result != OK)
		return E_ABSENT;
	if (depth == LIMIT_ALIAS_DEPTH)
		return E_LIMIT;
	result = E_ABSENT;
	for (size_t i = 0; result == E_ABSENT && i < alias.n; i++) {
		struct mailbox target = alias.targets[i];

		if (++walk->steps > LIMIT_ALIAS_STEPS)
			return E_LIMIT;
		if (str_eq(target.local, STR("*")))
			target.local = address->local;
		if (walk->visit(walk->context, &target))
			return OK;
		/* "user: user, other" names the user, not the alias again. */
		if (str_ieq(target.local, address->local) &&
		    str_eq(target.domain, address->domain))
			continue;
		result = follow(walk, &target, depth + 1);
	}
	return result;
}

enum result alias_walk(const struct alias_directory *directory,
		       struct arena *arena, const struct mailbox *address,
		       bool (*visit)(void *context,
				     const struct mailbox *target),
		       void *context)
{
	struct walk walk = { directory, arena, visit, context, 0, false };
	enum result result = follow(&walk, address, 0);

	return result == E_ABSENT && walk.fault ? E_CONFIG : result;
}

struct expanding {
	struct walk walk;
	struct alias_expansion *out;
	size_t room, max;
};

static void tell(const struct expanding *expanding, int depth,
		 enum alias_way way, const struct mailbox *address,
		 const struct alias *alias)
{
	const struct alias_trace *trace = expanding->walk.directory->trace;

	if (trace)
		trace->hop(trace->context,
			   &(struct alias_hop){ depth, way, address, alias });
}

static enum alias_way find_way(enum result found, const struct mailbox *address,
			       const struct alias *alias)
{
	if (found != OK)
		return found == E_ABSENT ? ALIAS_WAY_ABSENT : ALIAS_WAY_FAULT;
	if (str_eq(alias->user, STR("*")))
		return ALIAS_WAY_CATCH_ALL;
	return str_ieq(alias->user, address->local) ? ALIAS_WAY_EXACT
						    : ALIAS_WAY_REDUCED;
}

static void grow_targets(struct expanding *expanding)
{
	struct alias_expansion *out = expanding->out;
	struct mailbox *bigger;

	expanding->room = expanding->room ? expanding->room * 2 : 4;
	bigger = ARENA_NEW(expanding->walk.arena, struct mailbox,
			   expanding->room);
	if (out->n)
		memcpy(bigger, out->targets, out->n * sizeof(*bigger));
	out->targets = bigger;
}

static enum result add_target(struct expanding *expanding,
			      const struct mailbox *target)
{
	struct alias_expansion *out = expanding->out;

	for (size_t i = 0; i < out->n; i++)
		if (str_eq(out->targets[i].local, target->local) &&
		    str_eq(out->targets[i].domain, target->domain))
			return OK;
	if (out->n == expanding->max)
		return E_LIMIT;
	if (out->n == expanding->room)
		grow_targets(expanding);
	out->targets[out->n++] = *target;
	return OK;
}

static enum result expand(struct expanding *expanding,
			  const struct mailbox *address, int depth);

static enum result expand_alias(struct expanding *expanding,
				const struct alias *alias,
				const struct mailbox *address, int depth)
{
	enum result result = OK;

	for (size_t i = 0; result == OK && i < alias->n; i++) {
		struct mailbox target = alias->targets[i];

		if (++expanding->walk.steps > LIMIT_ALIAS_STEPS)
			return E_LIMIT;
		if (str_eq(target.local, STR("*")))
			target.local = address->local;
		/* "user: user, other" names the user, not the alias again. */
		if (!str_ieq(target.local, address->local) ||
		    !str_eq(target.domain, address->domain)) {
			result = expand(expanding, &target, depth + 1);
			continue;
		}
		tell(expanding, depth + 1, ALIAS_WAY_ITSELF, &target, NULL);
		result = add_target(expanding, &target);
	}
	return result;
}

static enum result expand(struct expanding *expanding,
			  const struct mailbox *address, int depth)
{
	const struct alias_directory *directory = expanding->walk.directory;
	struct alias_expansion *out = expanding->out;
	struct alias alias;
	enum result result;

	out->fault = *address;
	if (!directory->is_ours(directory->context, address->domain)) {
		tell(expanding, depth, ALIAS_WAY_OTHER, address, NULL);
		return add_target(expanding, address);
	}
	result = look_up(&expanding->walk, address, &alias);
	if (result == E_ABSENT &&
	    directory->is_user(directory->context, address->domain,
			       address->local)) {
		tell(expanding, depth, ALIAS_WAY_USER, address, NULL);
		return add_target(expanding, address);
	}
	tell(expanding, depth, find_way(result, address, &alias), address,
	     &alias);
	if (result == OK && depth == LIMIT_ALIAS_DEPTH)
		return E_LIMIT;
	if (result == OK && !alias.refuse)
		return expand_alias(expanding, &alias, address, depth);
	if (result == OK && depth == 0) {
		out->refuse = true;
		out->text = alias.text;
		return OK;
	}
	return depth == 0 ? result : E_CONFIG;
}

enum result alias_expand(const struct alias_directory *directory,
			 struct arena *arena, const struct mailbox *address,
			 size_t max, struct alias_expansion *expansion)
{
	struct expanding expanding = {
		.walk = { .directory = directory, .arena = arena },
		.out = expansion,
		.max = max,
	};

	*expansion = (struct alias_expansion){ .targets = NULL };
	return expand(&expanding, address, 0);
}
