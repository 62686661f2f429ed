/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/edits.h"

void edits_init(struct edits *edits)
{
	edits->first = NULL;
	edits->last = &edits->first;
}

static void append(struct edits *edits, struct arena *arena, struct edit edit)
{
	struct edit *last = ARENA_NEW(arena, struct edit, 1);

	*last = edit;
	*edits->last = last;
	edits->last = &last->next;
}

void edits_insert_field(struct edits *edits, struct arena *arena, int index,
			const char *name, struct str value)
{
	append(edits, arena,
	       (struct edit){
		       .kind = EDIT_INSERT_FIELD,
		       .name = name,
		       .value = arena_copy(arena, value).p,
		       .index = index,
	       });
}

void edits_delete_field(struct edits *edits, struct arena *arena, int index,
			const char *name)
{
	append(edits, arena,
	       (struct edit){
		       .kind = EDIT_DELETE_FIELD,
		       .name = name,
		       .index = index,
	       });
}

void edits_quarantine(struct edits *edits, struct arena *arena,
		      const char *reason)
{
	append(edits, arena,
	       (struct edit){ .kind = EDIT_QUARANTINE, .value = reason });
}

static void append_path(struct edits *edits, struct arena *arena,
			enum edit_kind kind, struct str path,
			const char *parameters)
{
	append(edits, arena,
	       (struct edit){
		       .kind = kind,
		       .address = arena_printf(arena, "<%.*s>", STR_ARG(path)),
		       .parameters = parameters,
	       });
}

void edits_change_sender(struct edits *edits, struct arena *arena,
			 struct str path, const char *parameters)
{
	append_path(edits, arena, EDIT_CHANGE_SENDER, path, parameters);
}

void edits_add_recipient(struct edits *edits, struct arena *arena,
			 struct str path, const char *parameters)
{
	append_path(edits, arena, EDIT_ADD_RECIPIENT, path, parameters);
}

void edits_delete_recipient(struct edits *edits, struct arena *arena,
			    struct str path)
{
	append_path(edits, arena, EDIT_DELETE_RECIPIENT, path, NULL);
}
