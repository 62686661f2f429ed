/* SPDX-License-Identifier: BSD-2-Clause */
#include "accounts.h"
#include "json.h"
#include "mail/crypto.h"
#include "mail/domain.h"
#include "tool.h"

/* The verbs that go through all accounts. */
struct visit {
	bool is_json;

	struct tool *tool;
	struct json json;
	struct str domain;
	const char *path;
	char today[ACCOUNT_DATE_ROOM];
};

static int list_file(struct visit *visit)
{
	struct str today = str_from(visit->today), text, whole;
	struct account account;
	const char *error;

	if (accounts_read(visit->tool->arena, visit->path, &text, &error) != OK)
		return tool_fail(visit->tool, EX_CONFIG, "%s", error);
	whole = text;
	while (account_next(&text, &account)) {
		const char *state =
			account_state_name(account_state(&account, today));
		const char *address =
			arena_printf(visit->tool->arena, "%.*s@%.*s",
				     STR_ARG(account.local),
				     STR_ARG(visit->domain));

		if (!visit->is_json) {
			printf("%s\t%s\t%.*s\n", address, state,
			       STR_ARG(account.expires.n ? account.expires
							 : STR("never")));
			continue;
		}
		json_object(&visit->json, NULL);
		json_text(&visit->json, "address", address);
		json_text(&visit->json, "state", state);
		if (account.expires.n)
			json_string(&visit->json, "expires", account.expires);
		else
			json_null(&visit->json, "expires");
		json_object_end(&visit->json);
	}
	crypto_wipe(whole);
	return EX_OK;
}

static int expire_file(struct visit *visit)
{
	struct arena *arena = visit->tool->arena;
	struct accounts accounts;
	struct account account;
	const char *error, *said = "";
	enum result result =
		accounts_open(arena, visit->path, &accounts, &error);
	struct str rest;
	int status = EX_OK;

	if (result != OK)
		return result == E_ABSENT
			       ? EX_OK
			       : tool_fail(visit->tool, EX_CONFIG, "%s", error);
	rest = accounts.text;
	while (account_next(&rest, &account)) {
		if (account_state(&account, str_from(visit->today)) !=
		    ACCOUNT_OVERDUE)
			continue;
		said = arena_printf(arena, "%s%.*s@%.*s expired on %.*s.\n",
				    said, STR_ARG(account.local),
				    STR_ARG(visit->domain),
				    STR_ARG(account.expires));
		accounts_lock(&accounts, &account);
		/* Another text: from its beginning, this one is locked now. */
		rest = accounts.text;
	}
	if (*said && !accounts_write(&accounts))
		status = tool_fail(visit->tool, EX_CANTCREAT, "%s: %m",
				   visit->path);
	else
		fputs(said, stdout);
	accounts_close(&accounts);
	return status;
}

/* Each domain, or one; a fault in one file keeps no other from its turn. */
static int visit_domains(struct visit *visit, const char *name,
			 int (*each)(struct visit *visit))
{
	struct tool *tool = visit->tool;
	struct shared_settings settings;
	struct domains_source source = { .config = tool->directory };
	struct domains domains;
	struct str normal = STR("");
	const char *error;
	int status = EX_OK;

	if (name &&
	    domain_normalize(tool->arena, str_from(name), &normal) != OK)
		return tool_fail(tool, EX_USAGE, "%s: expected a domain", name);
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	source.state = settings.state_directory;
	if (domains_load(tool->arena, &source, &domains, &error) != OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	if (name && !domains_find(&domains, normal))
		return tool_fail(tool, EX_NOINPUT,
				 "%s: there is no such domain here", name);
	account_today(visit->today);
	for (size_t i = 0; i < domains.n; i++) {
		int one;

		visit->domain = domains.list[i].name;
		visit->path =
			accounts_path(tool->arena, source.state, visit->domain);
		if (name && !str_eq(visit->domain, normal))
			continue;
		one = each(visit);
		status = one == EX_OK ? status : one;
	}
	domains_free(&domains);
	return status;
}

int run_user_list(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = {
		{ "json", true, offsetof(struct visit, is_json) },
		{ NULL, false, 0 }
	};
	struct visit visit = { .tool = tool };
	int status;

	if (!tool_flags(tool, argc, argv, flags, &visit, &status))
		return status;
	if (optind < argc - 1)
		return tool_usage(tool, EX_USAGE);
	if (visit.is_json)
		json_list(&visit.json, stdout);
	status = visit_domains(&visit, optind < argc ? argv[optind] : NULL,
			       list_file);
	if (visit.is_json)
		json_list_end(&visit.json);
	return status;
}

int run_user_expire(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { { NULL, false, 0 } };
	struct visit visit = { .tool = tool };
	int status;

	if (!tool_flags(tool, argc, argv, flags, NULL, &status))
		return status;
	if (optind != argc)
		return tool_usage(tool, EX_USAGE);
	return visit_domains(&visit, NULL, expire_file);
}
