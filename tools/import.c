/* SPDX-License-Identifier: BSD-2-Clause */
#include "import.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/alias.h"
#include "mail/crypto.h"
#include "mail/dkim_key.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "milters/conf.h"
#include "private.h"
#include "textproto.h"

/*
 * What chasquid has in its folder, /etc/chasquid by default:
 *
 *	chasquid.conf			settings
 *	domains/DOMAIN/aliases		the same grammar as ours
 *	domains/DOMAIN/users		accounts
 *	domains/DOMAIN/dkim_selector	and certs/DOMAIN/dkim_privkey.pem, a key
 *	domains/DOMAIN/dkim:SELECTOR.pem	a key, from version 1.14 on
 *	certs/NAME/fullchain.pem, privkey.pem
 *
 * Nothing of it is changed, and of ours nothing is overwritten.
 */

enum { LEFT_MAX = 1 << 20 };

struct request {
	bool dry_run;
};

static const struct tool_flag flags[] = {
	{ "dry-run", true, offsetof(struct request, dry_run) },
	{ NULL, false, 0 },
};

static gid_t readers_group(enum import_readers readers)
{
	return private_group(readers == IMPORT_USERS ? USERS_GROUP
						     : KEYS_GROUP);
}

static bool write_new(struct import *import, const char *path, struct str bytes,
		      enum import_readers readers)
{
	struct arena *arena = import->tool->arena;
	gid_t group = readers_group(readers);
	const char *folder = arena_printf(
		arena, "%.*s", (int)(strrchr(path, '/') - path), path);

	if (readers == IMPORT_ALL)
		return private_folders(arena, folder, EVERYBODY) &&
		       private_write(arena, path, bytes, EVERYBODY);
	/* Dovecot, which reads the accounts, must pass their folder. */
	if (readers == IMPORT_USERS)
		folder = arena_printf(arena, "%s/.", folder);
	return private_folders(arena, folder, readers_group(IMPORT_KEYS)) &&
	       private_write(arena, path, bytes, group);
}

enum result import_read(struct import *import, const char *path, size_t limit,
			struct str *text)
{
	const char *error;
	enum result result = conf_read_file(import->tool->arena, path, limit,
					    text, NULL, &error);

	if (result == OK || result == E_ABSENT)
		return result;
	import->faults++;
	tool_fail(import->tool, EX_NOINPUT, "%s", error);
	return result;
}

int import_put(struct import *import, const char *path, struct str bytes,
	       enum import_readers readers)
{
	struct str there;
	bool same;

	if (access(path, F_OK) == 0) {
		same = tool_read(path, LIMIT_ALIAS_FILE, &there) == OK &&
		       str_eq(there, bytes);
		free((char *)(uintptr_t)there.p);
		import->in_the_way += !same;
		printf("%s: %s\n", path,
		       same ? "is there already"
			    : "IS ANOTHER, and is left as it is");
		return EX_OK;
	}
	printf("%s\n", path);
	if (import->dry_run || write_new(import, path, bytes, readers))
		return EX_OK;
	return tool_fail(import->tool, EX_CANTCREAT, "%s: %m", path);
}

static const char *in_source(const struct import *import, const char *format,
			     struct str domain, const char *name)
{
	const char *folder = arena_printf(import->tool->arena, format,
					  import->from, STR_ARG(domain));

	return arena_printf(import->tool->arena, "%s/%s", folder, name);
}

static int import_aliases(struct import *import, struct str folder,
			  struct str domain)
{
	struct arena *arena = import->tool->arena;
	const struct alias_rules rules = {
		str_from(import->settings.suffix_separators),
		str_from(import->settings.drop_characters),
	};
	const char *from =
		in_source(import, "%s/domains/%.*s", folder, "aliases");
	const char *path =
		arena_printf(arena, "%s/domains/%.*s/aliases",
			     import->tool->directory, STR_ARG(domain));
	struct aliases *aliases;
	struct alias_fault fault;
	struct str text;
	enum result result = import_read(import, from, LIMIT_ALIAS_FILE, &text);
	int status;

	/* Without aliases a folder makes a domain; an empty file makes both. */
	if (result == E_ABSENT)
		text = STR("");
	else if (result != OK)
		return EX_OK;
	status = import_put(import, path, text, IMPORT_ALL);
	if (alias_parse(arena, text, domain, &rules, &aliases, &fault) != OK)
		buf_printf(&import->left, "- %s:%zu: %s\n", path, fault.line,
			   fault.what);
	return status;
}

static int import_key(struct import *import, struct str domain,
		      struct str selector, const char *from)
{
	struct arena *arena = import->tool->arena;
	const char *path;
	struct crypto_key *key;
	struct str text;
	int status;

	if (import_read(import, from, LIMIT_KEY_FILE, &text) != OK)
		return EX_OK;
	selector = arena_lower(arena, str_trim(selector));
	if (!dkim_key_is_selector(arena, selector) ||
	    crypto_key_parse(text, &key) != OK) {
		import->faults++;
		tool_fail(import->tool, EX_DATAERR,
			  "%s: is no key that signs, or \"%.*s\" no selector",
			  from, STR_ARG(selector));
		return EX_OK;
	}
	crypto_key_free(key);
	path = arena_printf(arena, "%s/domains/%.*s/dkim/%.*s.pem",
			    import->settings.state_directory, STR_ARG(domain),
			    STR_ARG(selector));
	status = import_put(import, path, text, IMPORT_KEYS);
	crypto_wipe(text);
	return status;
}

/* The key that a hook of chasquid signs with, as its own comments have it. */
static int import_hook_key(struct import *import, struct str folder,
			   struct str domain)
{
	struct str selector;

	if (import_read(import,
			in_source(import, "%s/domains/%.*s", folder,
				  "dkim_selector"),
			LIMIT_KEY_FILE, &selector) != OK)
		return EX_OK;
	return import_key(import, domain, selector,
			  in_source(import, "%s/certs/%.*s", folder,
				    "dkim_privkey.pem"));
}

/* "dkim:SELECTOR.pem" */
static int import_own_keys(struct import *import, struct str folder,
			   struct str domain)
{
	const struct str before = STR("dkim:"), behind = STR(".pem");
	DIR *dir = opendir(in_source(import, "%s/domains/%.*s", folder, ""));
	struct dirent *entry;
	int status = EX_OK;

	while (dir && status == EX_OK && (entry = readdir(dir))) {
		struct str name = str_from(entry->d_name);

		if (name.n <= before.n + behind.n ||
		    !str_eq(str_sub(name, 0, before.n), before) ||
		    !str_eq(str_sub(name, name.n - behind.n, name.n), behind))
			continue;
		status = import_key(import, domain,
				    str_sub(name, before.n, name.n - behind.n),
				    in_source(import, "%s/domains/%.*s", folder,
					      entry->d_name));
	}
	if (dir)
		closedir(dir);
	return status;
}

static int import_domain(struct import *import, const char *name)
{
	struct arena *arena = import->tool->arena;
	struct str folder = arena_copy(arena, str_from(name)), domain;
	int status;

	if (domain_normalize(arena, folder, &domain) != OK) {
		import->faults++;
		tool_fail(import->tool, EX_DATAERR,
			  "%s/domains/%s: is no domain", import->from, name);
		return EX_OK;
	}
	status = import_aliases(import, folder, domain);
	if (status == EX_OK)
		status = import_users(
			import, domain,
			in_source(import, "%s/domains/%.*s", folder, "users"),
			arena_printf(arena, "%s/domains/%.*s/users",
				     import->settings.state_directory,
				     STR_ARG(domain)));
	if (status == EX_OK)
		status = import_hook_key(import, folder, domain);
	if (status == EX_OK)
		status = import_own_keys(import, folder, domain);
	return status;
}

/* Where an ACME client puts them is for the person to know. */
static int note_certificate(struct import *import, const char *name)
{
	const char *folder = arena_printf(import->tool->arena, "%s/certs/%s",
					  import->from, name);

	if (access(arena_printf(import->tool->arena, "%s/fullchain.pem",
				folder),
		   R_OK) == 0)
		buf_printf(&import->left,
			   "- install-certificate --name %s %s/privkey.pem "
			   "%s/fullchain.pem\n",
			   name, folder, folder);
	return EX_OK;
}

static int each_folder(struct import *import, const char *what,
		       int (*each)(struct import *import, const char *name))
{
	const char *path =
		arena_printf(import->tool->arena, "%s/%s", import->from, what);
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), status = EX_OK;

	if (n < 0)
		return tool_fail(import->tool, EX_NOINPUT, "%s: %m", path);
	for (int i = 0; i < n; i++) {
		const char *folder = arena_printf(import->tool->arena, "%s/%s",
						  path, entries[i]->d_name);
		struct stat info;

		if (status == EX_OK && entries[i]->d_name[0] != '.' &&
		    stat(folder, &info) == 0 && S_ISDIR(info.st_mode))
			status = each(import, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return status;
}

static void note_setting(struct import *import, const char *name,
			 const char *ours, struct str theirs)
{
	if (!str_eq(theirs, str_from(ours)))
		buf_printf(&import->left,
			   "- %s = \"%.*s\" in %s/millrace.conf\n", name,
			   STR_ARG(theirs), import->tool->directory);
}

/* Which settings decide about addresses, and the name in the greeting. */
static int import_settings(struct import *import)
{
	struct arena *arena = import->tool->arena;
	const char *path =
		arena_printf(arena, "%s/chasquid.conf", import->from);
	struct str separators = STR("+"), dropped = STR("."), text;
	struct textproto reader = { .arena = arena };
	struct textproto_item item = { .kind = TEXTPROTO_SCALAR };
	enum result result = OK;

	if (import_read(import, path, LIMIT_KEY_FILE, &text) != OK)
		return tool_fail(import->tool, EX_NOINPUT,
				 "%s: expected the folder of chasquid's "
				 "configuration, with chasquid.conf",
				 import->from);
	reader.rest = text;
	while (result == OK && item.kind != TEXTPROTO_END) {
		result = textproto_next(&reader, &item);
		if (str_eq(item.name, STR("hostname")))
			buf_printf(&import->left,
				   "- postconf -e 'myhostname = %.*s'\n",
				   STR_ARG(item.value));
		if (str_eq(item.name, STR("suffix_separators")))
			separators = item.value;
		if (str_eq(item.name, STR("drop_characters")))
			dropped = item.value;
	}
	if (result != OK)
		return tool_fail(import->tool, EX_DATAERR,
				 "%s: is not in the form of chasquid", path);
	note_setting(import, "suffix_separators",
		     import->settings.suffix_separators, separators);
	note_setting(import, "drop_characters",
		     import->settings.drop_characters, dropped);
	return EX_OK;
}

static int finish(const struct import *import)
{
	if (import->left.n)
		printf("\nLeft to do:\n%.*s", STR_ARG(buf_str(&import->left)));
	if (import->dry_run)
		printf("\nNothing was changed.\n");
	if (import->in_the_way)
		return tool_fail(import->tool, EX_CANTCREAT,
				 "%zu files are others and were left as they "
				 "are",
				 import->in_the_way);
	return import->faults ? EX_DATAERR : EX_OK;
}

int run_import_chasquid(struct tool *tool, int argc, char **argv)
{
	struct request request = { 0 };
	struct import import = { .tool = tool };
	int status;

	if (!tool_flags(tool, argc, argv, flags, &request, &status))
		return status;
	if (optind != argc - 1)
		return tool_usage(tool, EX_USAGE);
	if (!tool_settings(tool, &import.settings, NULL))
		return EX_CONFIG;
	import.from = argv[optind];
	import.dry_run = request.dry_run;
	buf_init(&import.left, tool->arena, LEFT_MAX);
	status = import_settings(&import);
	if (status == EX_OK)
		status = each_folder(&import, "domains", import_domain);
	if (status == EX_OK &&
	    access(arena_printf(tool->arena, "%s/certs", import.from), F_OK) ==
		    0)
		status = each_folder(&import, "certs", note_certificate);
	return status == EX_OK ? finish(&import) : status;
}
