/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "mail/domain.h"
#include "private.h"
#include "tool.h"

/* A domain, and the two folders that it is. */
struct place {
	struct tool *tool;
	struct shared_settings settings;
	struct str domain;
	const char *config, *state;
};

static const char aliases_text[] =
	"# Who gets the mail of this domain; see millrace-aliases(5).\n"
	"#\n"
	"# A user, and who gets the mail:\n"
	"#alice: alice@gmail.example\n"
	"# Two of them; without @ it is a user of this domain:\n"
	"#sales: alice, bob@else.example\n"
	"# Nobody, and the sender is told so:\n"
	"#old: !refuse This address is no longer in use\n"
	"# All other addresses:\n"
	"#*: alice@gmail.example\n";

static const char *folder_below(struct tool *tool, const char *base,
				const char *part, struct str domain)
{
	return arena_printf(tool->arena, "%s/%s/%.*s", base, part,
			    STR_ARG(domain));
}

/* Reads the one argument. False: end with *status. */
static bool read_place(struct place *place, int argc, char **argv, int *status)
{
	struct tool *tool = place->tool;

	*status = EX_USAGE;
	if (optind != argc - 1) {
		tool_usage(tool, EX_USAGE);
		return false;
	}
	if (domain_normalize(tool->arena, str_from(argv[optind]),
			     &place->domain) != OK) {
		tool_fail(tool, EX_USAGE, "%s: expected a domain",
			  argv[optind]);
		return false;
	}
	*status = EX_CONFIG;
	if (!tool_settings(tool, &place->settings, NULL))
		return false;
	place->config =
		folder_below(tool, tool->directory, "domains", place->domain);
	place->state = folder_below(tool, place->settings.state_directory,
				    "domains", place->domain);
	return true;
}

static bool exists(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0;
}

static int make_config(const struct place *place)
{
	struct tool *tool = place->tool;
	const char *path =
		arena_printf(tool->arena, "%s/aliases", place->config);

	if (exists(path))
		return EX_OK;
	if (!exists(tool->directory) ||
	    !private_folders(tool->arena, place->config, EVERYBODY))
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", place->config);
	if (!private_write(tool->arena, path, str_from(aliases_text),
			   EVERYBODY))
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", path);
	printf("%s\n", path);
	return EX_OK;
}

static int make_users(const struct place *place)
{
	struct tool *tool = place->tool;
	const char *path = arena_printf(tool->arena, "%s/users", place->state);

	if (exists(path))
		return EX_OK;
	/* Its folder is one that others may pass: it is not the last here. */
	if (!private_folders(tool->arena,
			     arena_printf(tool->arena, "%s/dkim", place->state),
			     private_group(KEYS_GROUP)))
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", place->state);
	if (private_write(tool->arena, path, STR(""),
			  private_group(USERS_GROUP)))
		printf("%s\n", path);
	else
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", path);
	return EX_OK;
}

/* Both kinds of keys, unless there is any. */
static int make_keys(const struct place *place)
{
	struct tool *tool = place->tool;
	struct keys keys;
	const char *error;
	size_t n;

	if (keystore_load(tool->arena,
			  arena_printf(tool->arena, "%s/dkim", place->state),
			  place->domain, &keys, &error) != OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	n = keys.n;
	keystore_free(&keys);
	return n ? EX_OK
		 : dkim_make_keys(tool, &place->settings, place->domain);
}

/* What is there stays as it is, so that adding twice changes nothing. */
int run_domain_add(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { { NULL, false, 0 } };
	struct place place = { .tool = tool };
	int status;

	if (!tool_flags(tool, argc, argv, flags, NULL, &status) ||
	    !read_place(&place, argc, argv, &status))
		return status;
	status = make_config(&place);
	if (status == EX_OK)
		status = make_users(&place);
	if (status == EX_OK)
		status = make_keys(&place);
	return status;
}

/* REMOVED/STAMP/DOMAIN: with a stamp in it a long name would be too long. */
static bool make_place(struct tool *tool, const char *to)
{
	char *stamp = dirname(arena_printf(tool->arena, "%s", to));
	char *removed = dirname(arena_printf(tool->arena, "%s", stamp));

	return (mkdir(removed, 0700) == 0 || errno == EEXIST) &&
	       (mkdir(stamp, 0700) == 0 || errno == EEXIST);
}

/* Moves a folder to a place beside, within its file system; absent is fine. */
static bool put_away(struct tool *tool, const char *from, const char *to)
{
	return !exists(from) || (make_place(tool, to) && rename(from, to) == 0);
}

/*
 * Nothing is deleted: who removes the wrong domain has the only copy of its
 * keys and passwords here.
 */
static int put_domain_away(const struct place *place)
{
	struct tool *tool = place->tool;
	time_t now = time(NULL);
	char stamp[32];
	struct tm utc;
	struct str name;
	const char *config, *state;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	name = str_from(arena_printf(tool->arena, "%s/%.*s", stamp,
				     STR_ARG(place->domain)));
	config = folder_below(tool, tool->directory, "removed", name);
	state = folder_below(tool, place->settings.state_directory, "removed",
			     name);
	if (!put_away(tool, place->config, config))
		return tool_fail(tool, EX_CANTCREAT, "%s to %s: %m",
				 place->config, config);
	if (!put_away(tool, place->state, state)) {
		tool_fail(tool, EX_CANTCREAT, "%s to %s: %m", place->state,
			  state);
		if (exists(config) && rename(config, place->config) != 0)
			tool_fail(tool, EX_CANTCREAT, "%s to %s: %m", config,
				  place->config);
		return EX_CANTCREAT;
	}
	if (exists(config))
		printf("mv %s %s\n", config, place->config);
	if (exists(state))
		printf("mv %s %s\n", state, place->state);
	fprintf(stderr, "The domain is removed when the daemons are reloaded; "
			"these commands bring it back.\n");
	return EX_OK;
}

int run_domain_remove(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { { "yes", true, 0 },
						  { NULL, false, 0 } };
	struct place place = { .tool = tool };
	bool yes = false;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &yes, &status) ||
	    !read_place(&place, argc, argv, &status))
		return status;
	if (!exists(place.config) && !exists(place.state))
		return tool_fail(tool, EX_NOINPUT,
				 "%.*s: there is no such domain here",
				 STR_ARG(place.domain));
	if (!yes)
		return tool_fail(tool, EX_USAGE,
				 "this takes %s and %s away: mail for it is "
				 "no longer taken, its users no longer send. "
				 "Say --yes if that is meant",
				 place.config, place.state);
	return put_domain_away(&place);
}

static void print_domain(struct json *json, const struct domain *domain)
{
	size_t aliases = domain->aliases ? alias_count(domain->aliases) : 0;

	if (!json) {
		printf("%.*s\t%zu\t%zu\t%zu\n", STR_ARG(domain->name),
		       domain->n_users, aliases, domain->keys.n);
		return;
	}
	json_object(json, NULL);
	json_string(json, "domain", domain->name);
	json_number(json, "accounts", (int64_t)domain->n_users);
	json_number(json, "aliases", (int64_t)aliases);
	json_number(json, "keys", (int64_t)domain->keys.n);
	json_object_end(json);
}

int run_domain_list(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { { "json", true, 0 },
						  { NULL, false, 0 } };
	struct domains_source source = {
		.config = tool->directory,
		.parts = DOMAIN_ALIASES | DOMAIN_USERS | DOMAIN_KEYS,
	};
	struct shared_settings settings;
	struct domains domains;
	struct json json;
	const char *error;
	bool is_json = false;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &is_json, &status))
		return status;
	if (optind != argc)
		return tool_usage(tool, EX_USAGE);
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	source.state = settings.state_directory;
	if (domains_load(tool->arena, &source, &domains, &error) != OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	if (is_json)
		json_list(&json, stdout);
	for (size_t i = 0; i < domains.n; i++)
		print_domain(is_json ? &json : NULL, &domains.list[i]);
	if (is_json)
		json_list_end(&json);
	status = domains.n_faults ? EX_CONFIG : EX_OK;
	domains_free(&domains);
	return status;
}
