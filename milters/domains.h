/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_DOMAINS_H
#define MILTERS_DOMAINS_H

#include <stdint.h>

#include "mail/alias.h"
#include "milters/keystore.h"

/*
 * The domains that this host has. A folder is a domain, in CONFIG/domains or
 * in STATE/domains; adding one adds it, there is no list to keep in step:
 *
 *	CONFIG/domains/example.org/aliases   who gets the domain's mail
 *	CONFIG/domains/example.org/senders   who else may write as whom
 *	STATE/domains/example.org/users      accounts, a Dovecot passwd-file
 *	STATE/domains/example.org/dkim/SELECTOR.pem
 */
struct domain {
	struct str name; /* normal form */
	const struct aliases *aliases;
	const struct aliases *senders; /* the same grammar: who, which logins */
	struct str *users;	       /* local parts, sorted */
	size_t n_users;
	bool users_known;  /* the file users could be read */
	bool users_absent; /* there is none */
	/* Why aliases or senders, which are NULL then, can't be used. */
	const char *fault;
	struct keys keys;
};

struct domains {
	struct domain *list; /* sorted by name */
	size_t n;
	uint32_t *table; /* by hash of the name: index in list, plus 1 */
	size_t mask;
	size_t n_faults; /* files that could not be used */
	struct alias_rules rules;
};

/* What a daemon needs of the domains. */
enum domain_parts {
	DOMAIN_ALIASES = 1 << 0,
	DOMAIN_SENDERS = 1 << 1,
	DOMAIN_USERS = 1 << 2,
	DOMAIN_KEYS = 1 << 3,
};

struct domains_source {
	const char *config, *state; /* the two folders */
	unsigned int parts;	    /* bits of enum domain_parts */
	struct alias_rules rules;
	const struct domains *last; /* in force until now, may be NULL */
};

/*
 * Reads all domains of both folders, and of each the parts asked for. A fault
 * in a file aliases or senders is logged ("file:line: what") and is that
 * domain's alone: what was in the file when it was last good stays, or without
 * that the domain has a fault. E_CONFIG with *error for all else; nothing is
 * kept then. The caller ends the domains with domains_free.
 */
enum result domains_load(struct arena *arena,
			 const struct domains_source *source,
			 struct domains *domains, const char **error);
void domains_free(struct domains *domains);

/* The domain of that name (in normal form), or NULL: it is not ours. */
const struct domain *domains_find(const struct domains *domains,
				  struct str name);

/*
 * Is there such a user? Yes also when it can't be known: a catch-all then
 * grants nothing and covers nobody who may exist.
 */
bool domain_has_user(const struct domain *domain, struct arena *arena,
		     const struct alias_rules *rules, struct str local);

/*
 * The domains as mail/alias.h wants to know them; `view` must outlive what is
 * returned, and is set here.
 */
struct domains_view {
	const struct domains *domains;
	struct arena *arena;
	/*
	 * A domain without a file of users has none, and with one that can't
	 * be read it is at fault. Else both may have any.
	 */
	bool users_decide;
};
struct alias_directory domains_directory(struct domains_view *view,
					 const struct domains *domains,
					 struct arena *arena);

#endif
