/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/edits.h"

void edits_init(struct edits *edits)
{
	edits->first = NULL;
	edits->last = &edits->first;
}

void edits_insert_field(struct edits *edits, struct arena *arena, int index,
			const char *name, struct str value)
{
	struct edit *edit = ARENA_NEW(arena, struct edit, 1);

	*edit = (struct edit){
		.kind = EDIT_INSERT_FIELD,
		.name = name,
		.value = arena_copy(arena, value).p,
		.index = index,
	};
	*edits->last = edit;
	edits->last = &edit->next;
}
