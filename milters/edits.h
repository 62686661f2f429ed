/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_EDITS_H
#define MILTERS_EDITS_H

#include "mail/arena.h"

enum edit_kind {
	EDIT_INSERT_FIELD, /* at an index, 0 is above all */
	EDIT_KINDS,
};

struct edit {
	enum edit_kind kind;
	const char *name;
	const char *value; /* with its own leading space, LF folds */
	int index;
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

#endif
