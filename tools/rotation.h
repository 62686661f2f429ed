/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_ROTATION_H
#define TOOLS_ROTATION_H

#include "milters/keystore.h"
#include "tool.h"

/*
 * Where a domain is between its old keys and its new ones; kept in the file
 * "rotation" of its folder dkim/, which is replaced at each step.
 */
enum rotation_step {
	ROTATION_NONE,	  /* no file */
	ROTATION_PUBLISH, /* until the new records are seen everywhere */
	ROTATION_SWITCH,  /* the new keys become active, the old ones not */
	ROTATION_RELOAD,  /* until the daemons know */
	ROTATION_KEEP,	  /* the old records, for mail on its way */
};

struct rotation {
	struct str domain; /* normal form */
	const char *folder;
	enum rotation_step step;
	int64_t since; /* of this step; seconds since 1970 */
	struct str new[KEYS_MAX], old[KEYS_MAX]; /* selectors */
	size_t n_new, n_old;
};

/* "publish", as the file has it; "none" without one. */
const char *rotation_step_name(enum rotation_step step);

/* E_CONFIG with *error in words when the file can't be read. */
enum result rotation_read(struct arena *arena, struct rotation *rotation,
			  const char **error);
/* Goes on to a step, on the disk first. False leaves errno set. */
bool rotation_write(struct arena *arena, struct rotation *rotation,
		    enum rotation_step step, int64_t now);

/* A private key: ".pem" is active, ".next" not yet and ".old" no more. */
const char *rotation_path(struct arena *arena, const struct rotation *rotation,
			  struct str selector, const char *ending);

/* What a question to all servers came to. */
enum seen {
	SEEN_BY_ALL,
	SEEN_BY_SOME, /* or not all could be asked: *why */
	SEEN_BY_NONE, /* all say so */
	SEEN_UNKNOWN, /* nobody could be asked: *why */
};

/*
 * Asks each authoritative server of the domain for the record of a selector.
 * `octets` is the public key that it must have, NULL for any record at all.
 */
enum seen rotation_seen(struct tool *tool,
			const struct resolver_settings *settings,
			const struct rotation *rotation, struct str selector,
			const struct str *octets, const char **why);

#endif
