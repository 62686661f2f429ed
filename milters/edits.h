/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_EDITS_H
#define MILTERS_EDITS_H

#include "mail/message.h"

enum edit_kind {
	EDIT_INSERT_FIELD, /* at an index, 0 is above all */
	EDIT_DELETE_FIELD, /* the index-th of its name, from 1 */
	EDIT_QUARANTINE,   /* the MTA holds the message */
	EDIT_CHANGE_SENDER,
	EDIT_ADD_RECIPIENT,
	EDIT_DELETE_RECIPIENT,
	EDIT_REPLACE_BODY,
	EDIT_KINDS,
};

struct edit {
	enum edit_kind kind;
	const char *name;  /* of the field */
	const char *value; /* with its own leading space, LF folds; a reason */
	/* "<a@b>", and ESMTP parameters with spaces between them, or NULL. */
	const char *address, *parameters;
	int index;
	struct str body;
	struct edit *next;
};

/* The edits of a message in the order in which they are to be made. */
struct edits {
	struct edit *first;
	struct edit **last;
};

void edits_init(struct edits *edits);

/* Insert a header field at `index`. Name and value live in the arena. */
void edits_insert_field(struct edits *edits, struct arena *arena, int index,
			const char *name, struct str value);

/*
 * Delete the `index`-th field of a name, counted from 1 at the top. Each
 * deletion shifts those below it, so the lowest field must go first.
 */
void edits_delete_field(struct edits *edits, struct arena *arena, int index,
			const char *name);

/* Delete all fields of a name that the header has; how many these are. */
size_t edits_delete_fields(struct edits *edits, struct arena *arena,
			   const struct message *header, const char *name);

/*
 * Put another header in place of one that the daemon has seen whole: what
 * the MTA hides of it, its own trace field, stays.
 */
void edits_replace_header(struct edits *edits, struct arena *arena,
			  const struct message *header,
			  const struct message *with);

/* Put another body, with CRLF and in the arena, in place of the one it has. */
void edits_replace_body(struct edits *edits, struct arena *arena,
			struct str body);

/*
 * Change the reverse-path, add a recipient, delete one as it was given at
 * RCPT, to the byte. Paths are without < and >, all in the arena.
 */
void edits_change_sender(struct edits *edits, struct arena *arena,
			 struct str path, const char *parameters);
void edits_add_recipient(struct edits *edits, struct arena *arena,
			 struct str path, const char *parameters);
void edits_delete_recipient(struct edits *edits, struct arena *arena,
			    struct str path);

/* Have the MTA hold the message, for a reason that its operator will read. */
void edits_quarantine(struct edits *edits, struct arena *arena,
		      const char *reason);

#endif
