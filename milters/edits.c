/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/edits.h"

#include <stdlib.h>

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

size_t edits_delete_fields(struct edits *edits, struct arena *arena,
			   const struct message *header, const char *name)
{
	size_t n = message_count(header, str_from(name), NULL);

	for (size_t i = n; i > 0; i--)
		edits_delete_field(edits, arena, (int)i, name);
	return n;
}

static int compare_names(const void *a, const void *b)
{
	const struct field *x = *(const struct field *const *)a,
			   *y = *(const struct field *const *)b;
	struct str one = str_trim_end(x->name), other = str_trim_end(y->name);
	size_t n = one.n < other.n ? one.n : other.n;

	for (size_t i = 0; i < n; i++) {
		int difference =
			str_lower_byte(one.p[i]) - str_lower_byte(other.p[i]);

		if (difference)
			return difference;
	}
	if (one.n != other.n)
		return one.n < other.n ? -1 : 1;
	return x < y ? -1 : x > y;
}

void edits_replace_header(struct edits *edits, struct arena *arena,
			  const struct message *header,
			  const struct message *with)
{
	/* By name, so that a header of thousands of fields is no work. */
	const struct field **sorted =
		ARENA_NEW(arena, const struct field *, header->n + 1);
	const char *name;

	for (size_t i = 0; i < header->n; i++)
		sorted[i] = &header->fields[i];
	if (header->n)
		qsort(sorted, header->n, sizeof(*sorted), compare_names);
	for (size_t from = 0, to; from < header->n; from = to) {
		struct str first = str_trim_end(sorted[from]->name);

		for (to = from + 1; to < header->n; to++)
			if (!message_is(sorted[to], first))
				break;
		name = arena_copy(arena, first).p;
		for (size_t i = to; i > from; i--)
			edits_delete_field(edits, arena, (int)(i - from), name);
	}
	/*
	 * Sendmail does not show the Date and others that it adds itself to a
	 * message without them, but takes them out.
	 */
	for (size_t i = 0; i < with->n; i++)
		if (!message_count(header, with->fields[i].name, NULL))
			edits_delete_field(
				edits, arena, 1,
				arena_copy(arena, with->fields[i].name).p);
	for (size_t i = with->n; i > 0; i--) {
		const struct field *field = &with->fields[i - 1];

		name = arena_copy(arena, field->name).p;
		edits_insert_field(edits, arena, 0, name, field->value);
	}
}

void edits_replace_body(struct edits *edits, struct arena *arena,
			struct str body)
{
	append(edits, arena,
	       (struct edit){ .kind = EDIT_REPLACE_BODY, .body = body });
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
