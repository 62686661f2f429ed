/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for aliases: "alias_driver CONFIG STATE" reads addresses from
 * standard input, a line each, and prints for each where it leads: targets,
 * "refused TEXT", "fault" or the name of a result. Without alias and user an
 * address leads to itself, as chasquid-util has it, which asks no users.
 */
#include <stdio.h>

#include "mail/crypto.h"
#include "mail/path.h"
#include "milters/domains.h"
#include "milters/log.h"

enum { LINE_MAX_OCTETS = 4096, TARGETS_MAX = 1000 };

static void put_address(const struct mailbox *address, const char *before)
{
	printf("%s%.*s@%.*s", before, STR_ARG(address->local),
	       STR_ARG(address->domain));
}

static void put(const struct alias_expansion *expansion)
{
	if (expansion->refuse)
		printf("refused %.*s", STR_ARG(expansion->text));
	for (size_t i = 0; i < expansion->n; i++)
		put_address(&expansion->targets[i], i ? " " : "");
}

static void answer(struct arena *arena, const struct domains *domains,
		   struct str line)
{
	struct alias_expansion expansion;
	struct domains_view view;
	const struct alias_directory directory =
		domains_directory(&view, domains, arena);
	struct mailbox address;
	enum result result = path_parse(arena, line, &address);

	view.users_decide = true;
	if (result == OK)
		result = alias_expand(&directory, arena, &address, TARGETS_MAX,
				      &expansion);
	if (result == OK)
		put(&expansion);
	else if (result == E_ABSENT)
		put_address(&address, "");
	else
		printf("%s",
		       result == E_CONFIG ? "fault" : result_name(result));
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new(4096), *one = arena_new(4096);
	char line[LINE_MAX_OCTETS];
	struct domains domains;
	const char *error;

	log_open("alias_driver", true);
	if (argc != 3 || crypto_init() != OK ||
	    domains_load(arena,
			 &(struct domains_source){
				 .config = argv[1],
				 .state = argv[2],
				 .parts = DOMAIN_ALIASES | DOMAIN_USERS,
				 .rules = { STR("+"), STR(".") },
			 },
			 &domains, &error) != OK)
		return 1;
	while (fgets(line, sizeof(line), stdin)) {
		answer(one, &domains, str_trim(str_from(line)));
		arena_reset(one);
	}
	domains_free(&domains);
	arena_free(one);
	arena_free(arena);
	return 0;
}
