/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_SNAPSHOT_H
#define MILTERS_SNAPSHOT_H

#include "mail/env.h"
#include "milters/domains.h"
#include "milters/keycache.h"
#include "milters/network.h"
#include "milters/resolver.h"

struct milter;

/* Of millrace.conf, which all daemons read. */
struct shared_settings {
	const char *state_directory;
	struct conf_list trusted_networks;
	const char *login_domain;
	const char *suffix_separators;
	const char *drop_characters;
};

/* Of each daemon's own file, but read by the runtime. */
struct runtime_settings {
	const char *socket;
	const char *socket_mode;
	const char *socket_group;
	int64_t max_connections;
	const char *control_socket;
};

extern const struct setting shared_table[];
extern const struct setting runtime_table[];

/*
 * The configuration as it stood at one moment. A message holds the one it
 * began with until it ends; the last holder frees it.
 */
struct snapshot {
	_Atomic int references;
	struct arena *arena;
	const char *directory; /* of the configuration */
	struct shared_settings shared;
	struct resolver_settings dns;
	struct runtime_settings runtime;
	struct networks trusted;
	struct str login_domain; /* normal form, may be empty */
	struct domains domains;
	struct suffix_list suffixes; /* where the daemon uses DNS; */
	struct resolver *resolver;   /* these after snapshot_open_dns */
	struct keycache *keys;
	void *settings; /* the daemon's own, as its table says */
	void *derived;	/* the daemon's own, from configure() */
};

/*
 * Reads the configuration in `directory` whole and checks it. E_CONFIG with
 * *error (malloc'd, the caller's) otherwise. Of the current snapshot stays
 * what a file of aliases with a fault can't give. The snapshot is counted
 * once, for the caller.
 */
enum result snapshot_load(const struct milter *milter, const char *directory,
			  struct snapshot **snapshot, char **error);

/*
 * Begins with DNS, for a daemon that uses it: with the keys of the current
 * snapshot, and with its resolver and all its answers, if the settings are the
 * same. E_CONFIG with *error (malloc'd, the caller's) otherwise.
 */
enum result snapshot_open_dns(const struct milter *milter,
			      struct snapshot *snapshot, char **error);

/* Makes a snapshot the current one; takes over the caller's reference. */
void snapshot_set(struct snapshot *snapshot);

/* The current snapshot, counted, for snapshot_put; NULL before the first. */
struct snapshot *snapshot_get(void);
void snapshot_put(struct snapshot *snapshot);

/* Writes all settings of a snapshot as -T shows them. */
void snapshot_print(const struct milter *milter,
		    const struct snapshot *snapshot);

#endif
