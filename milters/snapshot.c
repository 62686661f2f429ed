/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/snapshot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "mail/domain.h"
#include "milters/milter.h"
#include "milters/suffixes.h"

static const char *check_path(const char *text)
{
	return *text == '/' ? NULL : "a path that begins with /";
}

static const char *check_control(const char *text)
{
	return *text == '/' || !*text ? NULL
				      : "a path that begins with /, or nothing";
}

static const char *check_mode(const char *text)
{
	char *end;
	long mode = strtol(text, &end, 8);

	return *text >= '0' && *text <= '7' && !*end && mode <= 0777
		       ? NULL
		       : "an octal mode like 0660";
}

const struct setting shared_table[] = {
	{ .name = "state_directory",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct shared_settings, state_directory),
	  .fallback = "/var/lib/millrace",
	  .check = check_path,
	  .help = "Folder of private keys and accounts." },
	{ .name = "trusted_networks",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct shared_settings, trusted_networks),
	  .fallback = "127.0.0.0/8, ::1/128",
	  .check = network_check,
	  .help = "Clients here count as our own, without authentication." },
	{ .name = "login_domain",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct shared_settings, login_domain),
	  .fallback = "",
	  .check = conf_domain_fault,
	  .help = "Domain of logins that have no @; empty: they own nothing." },
	{ .name = "suffix_separators",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct shared_settings, suffix_separators),
	  .fallback = "+",
	  .help = "What follows one of these in a local part is a suffix." },
	{ .name = "drop_characters",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct shared_settings, drop_characters),
	  .fallback = ".",
	  .help = "Aliases are found as if these were not in an address." },
	{ .name = NULL },
};

const struct setting runtime_table[] = {
	{ .name = "socket",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct runtime_settings, socket),
	  .fallback = "",
	  .help = "Where the MTA connects: unix:/PATH or inet:PORT@ADDRESS; "
		  "empty: the socket that systemd passes." },
	{ .name = "socket_mode",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct runtime_settings, socket_mode),
	  .fallback = "0660",
	  .check = check_mode,
	  .help = "Mode of a unix socket that we make; who may write to it "
		  "may have anything signed." },
	{ .name = "socket_group",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct runtime_settings, socket_group),
	  .fallback = "",
	  .help = "Group of a unix socket that we make; empty: our own." },
	{ .name = "max_connections",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct runtime_settings, max_connections),
	  .fallback = "4000",
	  .min = 1,
	  .max = 100000,
	  .help = "Sessions at once; more are told to come later." },
	{ .name = "control_socket",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct runtime_settings, control_socket),
	  .fallback = "",
	  .check = check_control,
	  .help = "Path of a unix socket where root may ask what we know; "
		  "empty: the one that systemd passes, or none." },
	{ .name = NULL },
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct snapshot *current;

static enum result load_files(const struct milter *milter,
			      const char *directory, struct snapshot *new,
			      const char **error)
{
	struct arena *arena = new->arena;
	const struct conf_table shared[] = {
		{ shared_table, &new->shared },
		{ resolver_table, &new->dns },
	};
	const struct conf_table own[] = {
		{ runtime_table, &new->runtime },
		{ milter->settings, new->settings },
	};
	struct stat stat_;
	enum result result;

	if (stat(directory, &stat_) != 0 || !S_ISDIR(stat_.st_mode)) {
		*error = arena_printf(arena,
				      "%s: expected the folder of the "
				      "configuration",
				      directory);
		return E_CONFIG;
	}
	result = conf_load(arena,
			   arena_printf(arena, "%s/millrace.conf", directory),
			   shared, 2, error);
	if (result != OK)
		return result;
	return conf_load(arena,
			 arena_printf(arena, "%s/%s.conf", directory,
				      milter->name),
			 own, 2, error);
}

static enum result load_domains(const struct milter *milter,
				const char *directory, struct snapshot *new,
				const char **error)
{
	const struct shared_settings *shared = &new->shared;
	struct snapshot *last = snapshot_get();
	const struct domains_source source = {
		.config = directory,
		.state = shared->state_directory,
		.parts = milter->parts,
		.rules = { str_from(shared->suffix_separators),
			   str_from(shared->drop_characters) },
		.last = last ? &last->domains : NULL,
	};
	enum result result =
		domains_load(new->arena, &source, &new->domains, error);

	snapshot_put(last);
	return result;
}

static enum result load(const struct milter *milter, const char *directory,
			struct snapshot *new, const char **error)
{
	const struct shared_settings *shared = &new->shared;
	enum result result = load_files(milter, directory, new, error);

	if (result != OK)
		return result;
	new->trusted = network_parse(new->arena, &shared->trusted_networks);
	if (*shared->login_domain)
		domain_normalize(new->arena, str_from(shared->login_domain),
				 &new->login_domain);
	/* Who wants nothing of the domains may not be let into their folders. */
	if (milter->parts)
		result = load_domains(milter, directory, new, error);
	if (result == OK && milter->dns &&
	    suffixes_new(NULL, &new->suffixes) != OK) {
		*error = "the system has no Public Suffix List";
		result = E_CONFIG;
	}
	if (result == OK && milter->configure)
		result = milter->configure(new, error);
	return result;
}

static void snapshot_free(struct snapshot *snapshot)
{
	domains_free(&snapshot->domains);
	suffixes_free(&snapshot->suffixes);
	resolver_put(snapshot->resolver);
	keycache_put(snapshot->keys);
	arena_free(snapshot->arena);
	free(snapshot);
}

enum result snapshot_load(const struct milter *milter, const char *directory,
			  struct snapshot **snapshot, char **error)
{
	struct snapshot *new = arena_must(calloc(1, sizeof(*new)));
	const char *what = "unknown fault";
	enum result result;

	new->references = 1;
	new->arena = arena_new(4096);
	new->directory = arena_copy(new->arena, str_from(directory)).p;
	new->settings = arena_alloc(new->arena, milter->settings_size);
	result = load(milter, directory, new, &what);
	if (result == OK) {
		*snapshot = new;
		return OK;
	}
	*error = arena_must(strdup(what));
	snapshot_free(new);
	return E_CONFIG;
}

enum result snapshot_open_dns(const struct milter *milter,
			      struct snapshot *snapshot, char **error)
{
	const char *what = NULL;

	if (!milter->dns)
		return OK;
	pthread_mutex_lock(&lock);
	if (current)
		snapshot->keys = keycache_get(current->keys);
	if (current && resolver_settings_equal(&current->dns, &snapshot->dns))
		snapshot->resolver = resolver_get(current->resolver);
	pthread_mutex_unlock(&lock);
	if (!snapshot->keys)
		snapshot->keys = keycache_new(KEYCACHE_KEYS);
	if (snapshot->resolver ||
	    resolver_new(&snapshot->dns, snapshot->arena, &snapshot->resolver,
			 &what) == OK)
		return OK;
	*error = arena_must(strdup(what));
	return E_CONFIG;
}

void snapshot_set(struct snapshot *snapshot)
{
	struct snapshot *old;

	pthread_mutex_lock(&lock);
	old = current;
	current = snapshot;
	pthread_mutex_unlock(&lock);
	snapshot_put(old);
}

struct snapshot *snapshot_get(void)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&lock);
	snapshot = current;
	if (snapshot)
		atomic_fetch_add(&snapshot->references, 1);
	pthread_mutex_unlock(&lock);
	return snapshot;
}

void snapshot_put(struct snapshot *snapshot)
{
	if (snapshot && atomic_fetch_sub(&snapshot->references, 1) == 1)
		snapshot_free(snapshot);
}

void snapshot_print(const struct milter *milter,
		    const struct snapshot *snapshot)
{
	const struct conf_table tables[] = {
		{ shared_table, (void *)&snapshot->shared },
		{ resolver_table, (void *)&snapshot->dns },
		{ runtime_table, (void *)&snapshot->runtime },
		{ milter->settings, snapshot->settings },
	};

	printf("# millrace.conf\n\n");
	conf_print(stdout, &tables[0]);
	conf_print(stdout, &tables[1]);
	printf("# %s.conf\n\n", milter->name);
	conf_print(stdout, &tables[2]);
	conf_print(stdout, &tables[3]);
	if (milter->print)
		milter->print(stdout, snapshot);
}
