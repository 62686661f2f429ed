/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_GIT_H
#define TOOLS_GIT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "mail/arena.h"

/*
 * Reads a repository that may be hostile, by git's own program. Only plumbing
 * is for it: unlike "git log" it runs no program that the repository's settings
 * name. Nothing is fetched, and replacements of objects do not count. Whether
 * the repository may be read at all is for git to say (safe.directory).
 */
struct git {
	struct arena *arena;
	const char *directory;
	pid_t pid;
	FILE *output;
	FILE *words; /* of its faults */
};

/*
 * Starts "git -C DIRECTORY ARGUMENT..."; `arguments` end with a NULL. What it
 * reads is in the file `input`, rewound here; NULL for nothing. False when
 * there is no git, or no room for temporary files.
 */
bool git_begin(struct git *git, const char *const *arguments, FILE *input);

/*
 * NULL when git succeeded, else what it said. It may be ended before all
 * output was read, and has succeeded then.
 */
const char *git_end(struct git *git);

#endif
