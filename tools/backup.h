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

#endif
