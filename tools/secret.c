/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "mail/crypto.h"
#include "milters/secrets.h"
#include "private.h"
#include "tool.h"

enum { SECRET_OCTETS = 32, DAY = 24 * 3600 };

/* What there are secrets for. */
static const struct purpose {
	const char *name;
	const char *group; /* whose daemons read them */
	const char *next;
} purposes[] = {
	{ "srs", KEYS_GROUP,
	  "It signs when forward is reloaded: systemctl reload "
	  "millrace-forward." },
	/* Who reads it must know it before it is used. */
	{ "verdict", "millrace-verdict",
	  "It signs when both are reloaded, in this order: systemctl reload "
	  "millrace-forward millrace-auth-policy." },
};
enum { PURPOSES = sizeof(purposes) / sizeof(*purposes) };

static const struct purpose *find_purpose(const char *name)
{
	for (size_t i = 0; i < PURPOSES; i++)
		if (strcmp(purposes[i].name, name) == 0)
			return &purposes[i];
	return NULL;
}

static const char *folder_of(struct tool *tool, const struct purpose *purpose,
			     const struct shared_settings *settings)
{
	return arena_printf(tool->arena, "%s/%s", settings->state_directory,
			    purpose->name);
}

/* Only root can give files away; another's secrets are for its own daemons. */
static int find_group(struct tool *tool, const char *name, gid_t *gid)
{
	const struct group *group = getgrnam(name);

	*gid = (gid_t)-1;
	if (geteuid() != 0)
		return EX_OK;
	if (!group)
		return tool_fail(tool, EX_CANTCREAT,
				 "there is no group %s, which reads it: run "
				 "systemd-sysusers, or groupadd --system %s",
				 name, name);
	*gid = group->gr_gid;
	return EX_OK;
}

/*
 * The name of a new one: the day, and where that is taken a letter, so that it
 * is behind all others. NULL when there is none.
 */
static const char *choose_name(struct tool *tool, const char *newest)
{
	char letter[2] = "";
	time_t now = time(NULL);
	char date[32];
	struct tm utc;

	strftime(date, sizeof(date), "%Y%m%d", gmtime_r(&now, &utc));
	while (*letter <= 'z') {
		const char *name =
			arena_printf(tool->arena, "%s%s.secret", date, letter);

		if (!newest || strcmp(name, newest) > 0)
			return name;
		*letter = *letter ? (char)(*letter + 1) : 'a';
	}
	return NULL;
}

static int make(struct tool *tool, const struct purpose *purpose,
		const char *folder, gid_t group)
{
	const char *names[SECRETS_MAX], *error, *name, *path;
	int n = secrets_list(tool->arena, folder, names, &error);
	char octets[SECRET_OCTETS];
	struct str text;
	bool written;

	if (n < 0)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	if (n == SECRETS_MAX)
		return tool_fail(tool, EX_CANTCREAT,
				 "%s has %d secrets: remove the oldest, %s",
				 folder, n, names[n - 1]);
	name = choose_name(tool, n ? names[0] : NULL);
	if (!name)
		return tool_fail(tool, EX_CANTCREAT,
				 "%s/%s would be the last by name and go on "
				 "signing: rename it",
				 folder, names[0]);
	path = arena_printf(tool->arena, "%s/%s", folder, name);
	if (!private_folders(tool->arena, folder, group))
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", folder);
	if (getrandom(octets, sizeof(octets), 0) != sizeof(octets))
		return tool_fail(tool, EX_OSERR, "no random octets: %m");
	text = crypto_base64(tool->arena,
			     (struct str){ octets, sizeof(octets) });
	text = str_from(arena_printf(tool->arena, "%.*s\n", STR_ARG(text)));
	written = private_write(tool->arena, path, text, group);
	crypto_wipe(text);
	crypto_wipe((struct str){ octets, sizeof(octets) });
	if (!written)
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", path);
	printf("%s\n%s\n", path, purpose->next);
	return EX_OK;
}

int run_secret_new(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { { "group", false, 0 },
						  { NULL, false, 0 } };
	const char *group_name = NULL;
	const struct purpose *purpose;
	struct shared_settings settings;
	gid_t group;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &group_name, &status))
		return status;
	purpose = optind == argc - 1 ? find_purpose(argv[optind]) : NULL;
	if (!purpose)
		return tool_usage(tool, EX_USAGE);
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	status = find_group(tool, group_name ? group_name : purpose->group,
			    &group);
	if (status != EX_OK)
		return status;
	return make(tool, purpose, folder_of(tool, purpose, &settings), group);
}

/* What listing takes. */
struct listing {
	bool is_json;

	struct tool *tool;
	struct json json;
	size_t found;
};

static void print_secret(struct listing *listing, const char *purpose,
			 const char *path, int64_t days, const char *state)
{
	struct json *json = &listing->json;

	listing->found++;
	if (!listing->is_json) {
		printf("%s\t%s\t%" PRId64 "\t%s\n", purpose, path, days, state);
		return;
	}
	json_object(json, NULL);
	json_text(json, "purpose", purpose);
	json_text(json, "file", path);
	json_number(json, "days", days);
	json_text(json, "state", state);
	json_object_end(json);
}

static int print_secrets(struct listing *listing, const struct purpose *purpose,
			 const char *folder)
{
	struct tool *tool = listing->tool;
	const char *names[SECRETS_MAX], *error;
	struct mac_secrets secrets;
	struct stat info;
	int n;

	if (secrets_load(tool->arena, folder, &secrets, &error) != OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	n = secrets_list(tool->arena, folder, names, &error);
	for (int i = 0; i < n; i++) {
		const char *path =
			arena_printf(tool->arena, "%s/%s", folder, names[i]);

		if (stat(path, &info) != 0)
			return tool_fail(tool, EX_NOINPUT, "%s: %m", path);
		print_secret(listing, purpose->name, path,
			     (int64_t)(time(NULL) - info.st_mtime) / DAY,
			     i ? "verifies" : "signs");
	}
	return EX_OK;
}

int run_secret_list(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = {
		{ "json", true, offsetof(struct listing, is_json) },
		{ NULL, false, 0 },
	};
	struct listing listing = { .tool = tool };
	const struct purpose *only = NULL;
	struct shared_settings settings;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &listing, &status))
		return status;
	if (optind == argc - 1)
		only = find_purpose(argv[optind]);
	if (optind < argc && !only)
		return tool_usage(tool, EX_USAGE);
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	if (listing.is_json)
		json_list(&listing.json, stdout);
	status = EX_OK;
	for (size_t i = 0; status == EX_OK && i < PURPOSES; i++)
		if (!only || only == &purposes[i])
			status = print_secrets(&listing, &purposes[i],
					       folder_of(tool, &purposes[i],
							 &settings));
	if (listing.is_json)
		json_list_end(&listing.json);
	if (status == EX_OK && !listing.found)
		return tool_fail(tool, EX_NOINPUT, "there is none");
	return status;
}
