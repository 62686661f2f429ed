/* SPDX-License-Identifier: BSD-2-Clause */
#include "message.h"

#include "limits.h"

void message_init(struct message *message, struct arena *arena)
{
	*message = (struct message){ .arena = arena };
}

/* Room for one more field, within the limits on a header. */
static enum result reserve(struct message *message, size_t bytes)
{
	size_t capacity = message->capacity ? message->capacity * 2 : 32;
	struct field *bigger;

	if (message->n == LIMIT_FIELDS || bytes > LIMIT_FIELD ||
	    bytes > LIMIT_HEADER - message->bytes)
		return E_LIMIT;
	message->bytes += bytes;
	if (message->n < message->capacity)
		return OK;
	bigger = ARENA_NEW(message->arena, struct field, capacity);
	if (message->n)
		memcpy(bigger, message->fields, message->n * sizeof(*bigger));
	message->fields = bigger;
	message->capacity = capacity;
	return OK;
}

enum result message_add(struct message *message, struct str name,
			struct str value)
{
	enum result result = reserve(message, name.n + value.n);

	if (result == OK)
		message->fields[message->n++] = (struct field){
			.name = arena_copy(message->arena, name),
			.value = arena_copy(message->arena, value),
		};
	return result;
}

/* RFC 5322 section 3.6.8, ftext; 4.5 allows white space before the colon. */
static bool split_field(struct str line, struct field *field)
{
	size_t colon = str_find(line, ':');
	struct str name = str_sub(line, 0, colon);

	while (name.n && str_is_wsp(name.p[name.n - 1]))
		name.n--;
	if (colon == line.n || name.n == 0)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 33 || name.p[i] > 126)
			return false;
	field->name = str_sub(line, 0, colon);
	field->value = str_sub(line, colon + 1, line.n);
	return true;
}

enum result message_split(struct message *message, struct str text,
			  struct str *body)
{
	struct str line;

	while (str_line(&text, &line) && line.n) {
		struct field field;
		enum result result;

		/* A fold is a line end with white space behind it (2.2.3). */
		while (text.n && str_is_wsp(text.p[0])) {
			struct str more;

			str_line(&text, &more);
			line.n = (size_t)(more.p + more.n - line.p);
		}
		if (!split_field(line, &field))
			return E_SYNTAX;
		result = reserve(message, line.n);
		if (result != OK)
			return result;
		message->fields[message->n++] = field;
	}
	*body = text.p ? text : STR("");
	return OK;
}

bool message_is(const struct field *field, struct str name)
{
	return str_ieq(str_trim_end(field->name), name);
}

size_t message_count(const struct message *message, struct str name,
		     const struct field **last)
{
	size_t count = 0;

	for (size_t i = 0; i < message->n; i++) {
		if (!message_is(&message->fields[i], name))
			continue;
		count++;
		if (last)
			*last = &message->fields[i];
	}
	return count;
}
