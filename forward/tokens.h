/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FORWARD_TOKENS_H
#define FORWARD_TOKENS_H

#include <stdint.h>

#include "mail/arena.h"
#include "mail/result.h"

/*
 * Senders that are too long for an SRS address, which has a local part of 64
 * octets: each is kept under a token for as long as bounces may come, in an
 * SQLite table that survives a restart. Used by all threads at once.
 */
struct tokens;

/* NULL when the file can't be opened or made, with *error in the arena. */
struct tokens *tokens_open(struct arena *arena, const char *path,
			   const char **error);
void tokens_close(struct tokens *tokens);

/*
 * The table of this process, opened when it is first needed and never closed;
 * NULL as above. Its path is that of the first call.
 */
struct tokens *tokens_shared(struct arena *arena, const char *path,
			     const char **error);

/*
 * Writes a copy of the table that is whole, while others work with it. E_ABSENT
 * without a table, E_TEMP with *error for all else.
 */
enum result tokens_copy(struct arena *arena, const char *path, const char *to,
			const char **error);

/*
 * A token for a sender: letters in lower case and digits, 65 bits that nobody
 * can guess; the one it has, if it was kept before. E_TEMP when the table
 * can't be written.
 */
enum result tokens_keep(struct tokens *tokens, struct arena *arena, int64_t now,
			struct str sender, struct str *token);

/* The sender that is kept. E_ABSENT without one; E_TEMP as above. */
enum result tokens_find(struct tokens *tokens, struct arena *arena, int64_t now,
			struct str token, struct str *sender);

#endif
