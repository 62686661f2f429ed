/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include "tool.h"

/*
 * Runs a program of the system, found by PATH, and waits for it; `argv` ends
 * with NULL. Its exit status, or -1 when there is no such program or a signal
 * ended it, which is then told. What it prints goes to the file `output`, or
 * for NULL where ours goes.
 */
int command_run(const struct tool *tool, const char *const *argv,
		const char *output);

/*
 * Makes the folder `stage`, for us alone, and empties it of what was left when
 * it was interrupted. EX_OK, or the exit status after a fault was told, as
 * that another one works there.
 */
int command_stage(const struct tool *tool, const char *stage);

/* Removes the folder and all that is in it. */
void command_unstage(const char *stage);

#endif
