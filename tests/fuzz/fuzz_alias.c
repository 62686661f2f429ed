/* SPDX-License-Identifier: BSD-2-Clause */

/* A local part in the first line, an alias file behind it. */

#include "fuzz.h"
#include "mail/alias.h"
#include "mail/limits.h"

struct world {
	const struct aliases *aliases;
	size_t visits;
};

static enum result world_aliases(void *context, struct str domain,
				 const struct aliases **aliases)
{
	struct world *world = context;

	*aliases = world->aliases;
	return world->aliases && str_eq(domain, STR("x.example")) ? OK
								  : E_ABSENT;
}

static bool world_is_user(void *context, struct str domain, struct str local)
{
	(void)context, (void)domain;
	return str_eq(local, STR("user"));
}

static bool world_visit(void *context, const struct mailbox *target)
{
	struct world *world = context;

	MUST(target->local.n > 0 && target->domain.n > 0);
	return ++world->visits > LIMIT_ALIAS_STEPS;
}

static bool world_is_ours(void *context, struct str domain)
{
	(void)context;
	return str_eq(domain, STR("x.example"));
}

/* A cycle takes the file out of force, so one more finds nothing. */
static void world_found(void *context, const struct alias_step *cycle, size_t n)
{
	struct world *world = context;

	MUST(n >= 2 && world->aliases);
	for (size_t i = 0; i < n; i++)
		MUST(cycle[i].aliases == world->aliases &&
		     cycle[i].address.local.n > 0);
	world->aliases = NULL;
}

static void check_alias(const struct alias *alias)
{
	MUST(alias->refuse ? alias->n == 0 : alias->n > 0);
	for (size_t i = 0; i < alias->n; i++) {
		const struct mailbox *target = &alias->targets[i];

		MUST(target->local.n > 0);
		MUST(str_find(target->local, '@') == target->local.n);
		MUST(target->domain.n > 0 && target->domain.n <= LIMIT_DOMAIN);
	}
}

static void check_aliases(struct arena *arena, const struct aliases *aliases,
			  struct str local)
{
	struct world world = { .aliases = aliases };
	const struct alias_directory directory = {
		.aliases = world_aliases,
		.is_user = world_is_user,
		.context = &world,
		.is_ours = world_is_ours,
	};
	struct arena *scratch = arena_new(1024);
	struct mailbox address = { local, STR("x.example") };
	struct alias alias;
	enum result result = alias_find(aliases, arena, local, &alias);

	MUST(result == OK || result == E_ABSENT);
	if (result == OK) {
		MUST(alias_count(aliases) > 0);
		check_alias(&alias);
	}
	if (alias_find_catch_all(aliases, arena, &alias) == OK)
		check_alias(&alias);
	/* an address without a local part is none */
	if (local.n) {
		result = alias_walk(&directory, arena, &address, world_visit,
				    &world);
		MUST(result == E_ABSENT || result == E_LIMIT);
	}
	alias_find_cycles(&directory, scratch, &aliases, 1, world_found,
			  &world);
	arena_free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct alias_rules rules = { { "+", 1 }, { ".", 1 } };
	struct str text = { (const char *)data, size }, local = STR("");
	struct alias_fault fault = { 0, NULL };
	struct arena *arena = arena_new(4096);
	struct aliases *aliases;
	size_t lines = 1;

	str_line(&text, &local);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	if (alias_parse(arena, text, STR("x.example"), &rules, &aliases,
			&fault) == OK) {
		MUST(alias_count(aliases) <= lines);
		check_aliases(arena, aliases, local);
	} else {
		MUST(fault.what && fault.line >= 1 && fault.line <= lines);
	}
	arena_free(arena);
	return 0;
}
