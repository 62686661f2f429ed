/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_BACKUP_H
#define TOOLS_BACKUP_H

#include "tool.h"

/*
 * A backup is two things, in a tar file or in a folder that git keeps:
 *
 *	config/		the configuration, as it is, for people to read
 *	state.tar.age	all that is secret, encrypted to an age recipient
 */
#define BACKUP_CONFIG "config"
#define BACKUP_STATE "state.tar.age"

/*
 * EX_DATAERR after each file below `folder` that holds a secret was told, as
 * one of the folder `shown`: a private key, or the hash of a password.
 */
int backup_scan(const struct tool *tool, const char *folder, const char *shown);

/* What must not stand in clear where everybody may read it one day. */
struct backup_kind {
	const char *what;
	const char *pattern; /* in a line, or NULL */
	const char *suffix;  /* of the file's name, or NULL */
	const char *renew;   /* how another one is made */
};

/* The patterns of all kinds, compiled. */
struct backup_patterns;
struct backup_patterns *backup_patterns_new(void);
void backup_patterns_free(struct backup_patterns *patterns);

/*
 * The first kind that a file has, or NULL. NULs in the text become line ends,
 * as far as the patterns are concerned, and there must be room for one octet
 * more behind it.
 */
const struct backup_kind *
backup_patterns_find(const struct backup_patterns *patterns, const char *name,
		     char *text, size_t n);

#endif
