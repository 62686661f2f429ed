/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_PRIVATE_H
#define TOOLS_PRIVATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "mail/arena.h"
#include "mail/str.h"

/*
 * Files that few may read: keys and secrets. The group may read them; -1 is
 * whatever the files get by themselves. False leaves errno set.
 */

/* In the place of a group: all may read it, whatever the umask. */
#define EVERYBODY ((gid_t)-2)

/* Who reads the accounts; contrib/systemd/sysusers.conf.in says who that is. */
#define USERS_GROUP "millrace-users"

/*
 * A group by its name, for who may give files away; -1 for others and, with a
 * warning, where there is none: what reads the files is not installed.
 */
gid_t private_group(const char *name);

/*
 * Makes each missing folder of the path. Others may pass the upper ones, on
 * the way to the accounts that Dovecot reads, but not the last.
 */
bool private_folders(struct arena *arena, const char *path, gid_t group);

/*
 * Writes to a file of another name and renames it, so that a daemon that
 * reloads now never reads half of it, and nothing is ever overwritten (EEXIST).
 * What one that died has left there is taken over.
 */
bool private_write(struct arena *arena, const char *path, struct str bytes,
		   gid_t group);

/* All bytes to a file. */
bool private_fill(int fd, struct str bytes);

/* What happened to the names in the folder of a path is on the disk. */
bool private_sync_folder(struct arena *arena, const char *path);

#endif
