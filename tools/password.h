/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_PASSWORD_H
#define TOOLS_PASSWORD_H

#include "tool.h"

/* Passwords of accounts: typed, made up, and as they are kept. */

/*
 * Asks at the terminal, without echo and, for a new one, twice; where standard
 * input is no terminal, its first line is the password. Never an argument:
 * those stand in the list of processes. Wipe it after use. Not EX_OK: what is
 * wrong was said.
 */
int password_ask(const struct tool *tool, bool new, struct str *password);

/* One that is random: 100 bits, to be read and typed without mistakes. */
enum result password_generate(struct arena *arena, struct str *password);

/* "{ARGON2ID}...", as it stands in a passwd-file. E_CRYPTO without memory. */
enum result password_hash(struct arena *arena, struct str password,
			  struct str *field);

#endif
