/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/domains.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "mail/domain.h"
#include "mail/limits.h"
#include "milters/conf.h"
#include "milters/log.h"

/* What was taken out of force because it leads back, and why. */
struct taken {
	const struct aliases *aliases;
	const char *fault;
};

/* What loading needs at hand. */
struct loader {
	struct arena *arena;
	const struct domains_source *source;
	struct domains *domains;
	size_t capacity;
	struct taken *taken; /* of each domain */
	const char **error;
};

static int compare_names(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static int compare_domains(const void *a, const void *b)
{
	const struct domain *x = a, *y = b;

	return compare_names(&x->name, &y->name);
}

static void add_domain(struct loader *loader, struct str name)
{
	struct domains *domains = loader->domains;

	if (domains->n == loader->capacity) {
		size_t capacity = loader->capacity ? loader->capacity * 2 : 8;
		struct domain *bigger =
			ARENA_NEW(loader->arena, struct domain, capacity);

		if (domains->n)
			memcpy(bigger, domains->list,
			       domains->n * sizeof(*bigger));
		domains->list = bigger;
		loader->capacity = capacity;
	}
	domains->list[domains->n++] = (struct domain){ .name = name };
}

/* FNV-1a */
static size_t hash_name(struct str name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name.n; i++)
		hash = (hash ^ (unsigned char)name.p[i]) * 16777619u;
	return hash;
}

/* The table, at most half full: a search would read a dozen names. */
static void index_domains(struct arena *arena, struct domains *domains)
{
	size_t size = 4;

	while (size < domains->n * 2)
		size *= 2;
	domains->table = ARENA_NEW(arena, uint32_t, size);
	domains->mask = size - 1;
	for (uint32_t n = 0; n < domains->n; n++) {
		size_t i = hash_name(domains->list[n].name);

		while (domains->table[i & domains->mask])
			i++;
		domains->table[i & domains->mask] = n + 1;
	}
}

static struct domain *find_domain(const struct domains *domains,
				  struct str name)
{
	if (!domains->n)
		return NULL;
	for (size_t i = hash_name(name);; i++) {
		uint32_t n = domains->table[i & domains->mask];

		if (!n)
			return NULL;
		if (str_eq(domains->list[n - 1].name, name))
			return &domains->list[n - 1];
	}
}

const struct domain *domains_find(const struct domains *domains,
				  struct str name)
{
	return find_domain(domains, name);
}

/* Adds each folder below base/domains; a file there is none of ours. */
static enum result list_folders(struct loader *loader, const char *base)
{
	char *path = arena_printf(loader->arena, "%s/domains", base);
	DIR *dir = opendir(path);
	enum result result = OK;
	struct dirent *entry;

	if (!dir && errno == ENOENT)
		return OK;
	if (!dir) {
		*loader->error = arena_printf(loader->arena, "%s: %m", path);
		return E_CONFIG;
	}
	while (result == OK && (entry = readdir(dir))) {
		struct str name = str_from(entry->d_name), normal;

		if (entry->d_name[0] == '.' || entry->d_type == DT_REG)
			continue;
		result = domain_normalize(loader->arena, name, &normal);
		if (result == OK && str_eq(name, normal)) {
			add_domain(loader, normal);
			continue;
		}
		*loader->error = arena_printf(
			loader->arena,
			"%s/%s: the name of a domain's folder must be a "
			"domain in lower case, in A-labels",
			path, entry->d_name);
		result = E_CONFIG;
	}
	closedir(dir);
	return result;
}

/* Sorts, and keeps one of those that stand in both folders. */
static void sort_domains(struct domains *domains)
{
	size_t n = 0;

	if (!domains->n)
		return;
	qsort(domains->list, domains->n, sizeof(*domains->list),
	      compare_domains);
	for (size_t i = 0; i < domains->n; i++)
		if (!n ||
		    !str_eq(domains->list[n - 1].name, domains->list[i].name))
			domains->list[n++] = domains->list[i];
	domains->n = n;
}

/* What the file has now; E_ABSENT without one, else *error is set. */
static enum result read_aliases(struct loader *loader, const char *path,
				struct str domain,
				const struct aliases **aliases,
				const char **error)
{
	struct arena *arena = loader->arena;
	struct aliases *read;
	struct alias_fault fault;
	struct str text;
	enum result result = conf_read_file(arena, path, LIMIT_ALIAS_FILE,
					    &text, NULL, error);

	if (result != OK)
		return result;
	if (alias_parse(arena, text, domain, &loader->domains->rules, &read,
			&fault) == OK) {
		*aliases = read;
		return OK;
	}
	*error =
		arena_printf(arena, "%s:%zu: %s", path, fault.line, fault.what);
	return E_CONFIG;
}

/* The text that was good, copied: it lives in an arena of its own time. */
static const struct aliases *copy_aliases(struct loader *loader,
					  struct str domain,
					  const struct aliases *last)
{
	struct str text = arena_copy(loader->arena, alias_text(last));
	struct alias_fault fault;
	struct aliases *copy;

	return alias_parse(loader->arena, text, domain, &loader->domains->rules,
			   &copy, &fault) == OK
		       ? copy
		       : NULL;
}

/* The last good version in the place of a file with a fault, or the fault. */
static const struct aliases *replace_aliases(struct loader *loader,
					     struct domain *domain,
					     const struct aliases *last,
					     const char *fault)
{
	loader->domains->n_faults++;
	if (last) {
		log_error("%s; its last good version stays in force", fault);
		return copy_aliases(loader, domain->name, last);
	}
	log_error("%s; what depends on it is put off", fault);
	domain->fault = fault;
	return NULL;
}

static const struct aliases *load_aliases(struct loader *loader,
					  struct domain *domain,
					  const char *file,
					  const struct aliases *last)
{
	const char *path = arena_printf(loader->arena, "%s/domains/%.*s/%s",
					loader->source->config,
					STR_ARG(domain->name), file);
	const struct aliases *aliases;
	const char *fault;

	switch (read_aliases(loader, path, domain->name, &aliases, &fault)) {
	case OK:
		return aliases;
	case E_ABSENT:
		return NULL;
	default:
		return replace_aliases(loader, domain, last, fault);
	}
}

/*
 * The names of a passwd-file, "user:hash:…" or "user@domain:hash:…". The
 * hashes are not for us: a file that we may not read leaves users unknown.
 */
static void load_users(struct loader *loader, struct domain *domain)
{
	char *path = arena_printf(loader->arena, "%s/domains/%.*s/users",
				  loader->source->state, STR_ARG(domain->name));
	struct str text, whole, line;
	const char *error;
	size_t lines = 1;
	enum result result = conf_read_file(
		loader->arena, path, LIMIT_ALIAS_FILE, &text, NULL, &error);

	domain->users_absent = result == E_ABSENT;
	if (result != OK) {
		if (result != E_ABSENT)
			log_warning("%s; catch-alls grant nothing", error);
		return;
	}
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	domain->users = ARENA_NEW(loader->arena, struct str, lines);
	domain->users_known = true;
	whole = text;
	while (str_line(&text, &line)) {
		struct str user = str_sub(line, 0, str_find(line, ':'));

		user = str_sub(user, 0, str_find_last(user, '@'));
		if (user.n && user.p[0] != '#')
			domain->users[domain->n_users++] =
				arena_lower(loader->arena, user);
	}
	crypto_wipe(whole);
	qsort(domain->users, domain->n_users, sizeof(*domain->users),
	      compare_names);
}

/* What was in force of a domain until now. */
static const struct aliases *find_last(const struct loader *loader,
				       struct str name)
{
	const struct domains *last = loader->source->last;
	const struct domain *domain = last ? domains_find(last, name) : NULL;

	return domain ? domain->aliases : NULL;
}

static enum result load_domain(struct loader *loader, struct domain *domain)
{
	const struct domains_source *source = loader->source;
	const struct domain *last =
		source->last ? domains_find(source->last, domain->name) : NULL;
	char *folder;

	if (source->parts & DOMAIN_ALIASES)
		domain->aliases = load_aliases(loader, domain, "aliases",
					       last ? last->aliases : NULL);
	if (source->parts & DOMAIN_SENDERS)
		domain->senders = load_aliases(loader, domain, "senders",
					       last ? last->senders : NULL);
	if (source->parts & DOMAIN_USERS)
		load_users(loader, domain);
	if (!(source->parts & DOMAIN_KEYS))
		return OK;
	folder = arena_printf(loader->arena, "%s/domains/%.*s/dkim",
			      source->state, STR_ARG(domain->name));
	return keystore_load(loader->arena, folder, domain->name, &domain->keys,
			     loader->error);
}

/* Is it not what was in force until now? */
static bool is_new(const struct loader *loader, const struct aliases *aliases,
		   struct str name)
{
	const struct aliases *last = find_last(loader, name);

	return !last || !str_eq(alias_text(aliases), alias_text(last));
}

/* "FILE:LINE: leads back to itself: a@x to b@x to a@x" */
static const char *describe_cycle(const struct loader *loader,
				  const struct alias_step *cycle, size_t n,
				  size_t from)
{
	struct arena *arena = loader->arena;
	const struct alias_step *first = &cycle[from];
	struct str before = str_sub(alias_text(first->aliases), 0, first->at);
	const char *way = "", *rest = "";
	size_t line = 1, i;

	for (i = 0; i < before.n; i++)
		line += before.p[i] == '\n';
	for (i = 0; i < n && i < LIMIT_ALIAS_DEPTH; i++)
		way = arena_printf(
			arena, "%s%s to ", way,
			address_format(arena, &cycle[(from + i) % n].address));
	if (i < n)
		rest = "others to ";
	return arena_printf(arena,
			    "%s/domains/%.*s/aliases:%zu: leads back to "
			    "itself: %s%s%s",
			    loader->source->config,
			    STR_ARG(first->address.domain), line, way, rest,
			    address_format(arena, &first->address));
}

/* The file that changed is at fault, else the one where it was found. */
static void find_fault(void *context, const struct alias_step *cycle, size_t n)
{
	struct loader *loader = context;
	struct domain *domain = NULL;
	size_t from = n;

	for (size_t i = 0; i < n; i++) {
		const struct alias_step *step = &cycle[i];

		if (domain && domain->aliases == step->aliases)
			continue;
		domain = find_domain(loader->domains, step->address.domain);
		/* Was another cycle through it found before? */
		if (domain->aliases != step->aliases)
			return;
		if (from == n &&
		    is_new(loader, step->aliases, step->address.domain))
			from = i;
	}
	from %= n;
	domain = find_domain(loader->domains, cycle[from].address.domain);
	loader->taken[domain - loader->domains->list] = (struct taken){
		domain->aliases,
		describe_cycle(loader, cycle, n, from),
	};
	domain->aliases = NULL;
}

/* Puts what was good in the place of files at fault. Was there one? */
static bool replace_taken(struct loader *loader)
{
	bool any = false;

	for (size_t i = 0; i < loader->domains->n; i++) {
		struct domain *domain = &loader->domains->list[i];
		const struct taken taken = loader->taken[i];
		const struct aliases *last = NULL;

		if (!taken.fault)
			continue;
		any = true;
		loader->taken[i].fault = NULL;
		if (is_new(loader, taken.aliases, domain->name))
			last = find_last(loader, domain->name);
		domain->aliases =
			replace_aliases(loader, domain, last, taken.fault);
	}
	return any;
}

/* Until nothing is found: what was good may lead back with what is new. */
static void refuse_cycles(struct loader *loader)
{
	const struct domains *domains = loader->domains;
	struct arena *scratch = arena_new(16384);
	struct domains_view view;
	const struct alias_directory directory =
		domains_directory(&view, domains, scratch);
	const struct aliases **files =
		ARENA_NEW(loader->arena, const struct aliases *, domains->n);
	size_t n;

	view.users_decide = true;
	loader->taken = ARENA_NEW(loader->arena, struct taken, domains->n);
	do {
		n = 0;
		for (size_t i = 0; i < domains->n; i++)
			if (domains->list[i].aliases)
				files[n++] = domains->list[i].aliases;
		alias_find_cycles(&directory, scratch, files, n, find_fault,
				  loader);
	} while (replace_taken(loader));
	arena_free(scratch);
}

enum result domains_load(struct arena *arena,
			 const struct domains_source *source,
			 struct domains *domains, const char **error)
{
	struct loader loader = {
		.arena = arena,
		.source = source,
		.domains = domains,
		.error = error,
	};
	enum result result;

	*domains = (struct domains){ .rules = source->rules };
	result = list_folders(&loader, source->config);
	if (result == OK)
		result = list_folders(&loader, source->state);
	sort_domains(domains);
	index_domains(arena, domains);
	for (size_t i = 0; result == OK && i < domains->n; i++)
		result = load_domain(&loader, &domains->list[i]);
	if (result == OK)
		refuse_cycles(&loader);
	if (result != OK)
		domains_free(domains);
	return result;
}

void domains_free(struct domains *domains)
{
	for (size_t i = 0; i < domains->n; i++)
		keystore_free(&domains->list[i].keys);
	domains->n = 0;
}

static bool find_user(const struct domain *domain, struct str local)
{
	return domain->n_users &&
	       bsearch(&local, domain->users, domain->n_users, sizeof(local),
		       compare_names);
}

bool domain_has_user(const struct domain *domain, struct arena *arena,
		     const struct alias_rules *rules, struct str local)
{
	if (!domain->users_known)
		return true;
	return find_user(domain, arena_lower(arena, local)) ||
	       find_user(domain, alias_strip_suffix(arena, rules, local)) ||
	       find_user(domain, alias_reduce(arena, rules, local));
}

static enum result view_aliases(void *context, struct str name,
				const struct aliases **aliases)
{
	const struct domains_view *view = context;
	const struct domain *domain = domains_find(view->domains, name);

	*aliases = domain ? domain->aliases : NULL;
	if (domain && view->users_decide && !domain->users_known &&
	    !domain->users_absent)
		return E_CONFIG;
	if (*aliases)
		return OK;
	return domain && domain->fault ? E_CONFIG : E_ABSENT;
}

static bool view_is_user(void *context, struct str name, struct str local)
{
	const struct domains_view *view = context;
	const struct domain *domain = domains_find(view->domains, name);

	if (!domain || (domain->users_absent && view->users_decide))
		return false;
	return domain_has_user(domain, view->arena, &view->domains->rules,
			       local);
}

static bool view_is_ours(void *context, struct str name)
{
	const struct domains_view *view = context;

	return domains_find(view->domains, name) != NULL;
}

struct alias_directory domains_directory(struct domains_view *view,
					 const struct domains *domains,
					 struct arena *arena)
{
	*view = (struct domains_view){ .domains = domains, .arena = arena };
	return (struct alias_directory){
		.aliases = view_aliases,
		.is_user = view_is_user,
		.is_ours = view_is_ours,
		.context = view,
	};
}
