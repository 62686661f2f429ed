/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_IMPORT_H
#define TOOLS_IMPORT_H

#include "mail/buf.h"
#include "tool.h"

/* What an import works with, and what came of it. */
struct import {
	struct tool *tool;
	bool dry_run;
	const char *from; /* chasquid's folder */
	struct shared_settings settings;
	struct buf left; /* what a person has to do, a line each */
	size_t in_the_way, faults;
};

/* Who reads a file that is imported. */
enum import_readers { IMPORT_ALL, IMPORT_USERS, IMPORT_KEYS };

/*
 * All of a file of chasquid's. E_ABSENT without one; any other fault is told
 * and counted.
 */
enum result import_read(struct import *import, const char *path, size_t limit,
			struct str *text);

/*
 * Writes `bytes` to `path`, unless there is a file: one that is the same is
 * told, another is counted and stays. In a dry run nothing is written.
 */
int import_put(struct import *import, const char *path, struct str bytes,
	       enum import_readers readers);

/* Writes what chasquid's file `from` has to `path`, as accounts of Dovecot. */
int import_users(struct import *import, struct str domain, const char *from,
		 const char *path);

#endif
