/* SPDX-License-Identifier: BSD-2-Clause */

/* The message as the MTA holds it, to which the filter's edits are applied. */
#ifndef PLAY_MESSAGE_H
#define PLAY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct header {
	char *name;
	char *value; /* all that follows the colon, folds as LF */
};

struct message {
	struct header *headers;
	size_t count;
	size_t room;
	char *body;
	size_t body_len;
	size_t body_room;
};

/* Frees what the message holds and leaves an empty one. */
void message_reset(struct message *m);

/* Puts a field before the one at index, or last when there are not so many. */
void message_insert(struct message *m, size_t index, const char *name,
		    const char *value);

/*
 * Changes the index-th field (from 1) of that name, deletes it when value is
 * empty, adds one when there are not so many.
 */
void message_change(struct message *m, size_t index, const char *name,
		    const char *value);

void message_add_body(struct message *m, const void *data, size_t len);

/* Writes the message with CRLF line ends. False with errno set. */
bool message_save(const struct message *m, const char *path);

#endif
