/* SPDX-License-Identifier: BSD-2-Clause */

/* A message, split into header and body. */

#include "fuzz.h"
#include "mail/limits.h"
#include "mail/message.h"

/* Fields stand in the text one behind the other, a line end behind each. */
static const char *check_field(const struct field *field, const char *at)
{
	MUST(field->name.p == at && field->name.n);
	MUST(str_trim_end(field->name).n);
	for (size_t i = 0; i < field->name.n; i++)
		MUST(field->name.p[i] != ':' && field->name.p[i] != '\n');
	at += field->name.n;
	MUST(*at == ':' && field->value.p == at + 1);
	for (size_t i = 0; i + 1 < field->value.n; i++)
		MUST(field->value.p[i] != '\n' ||
		     str_is_wsp(field->value.p[i + 1]));
	return field->value.p + field->value.n;
}

static const char *skip_line_end(const char *at, const char *end)
{
	if (at < end && *at == '\r')
		at++;
	if (at < end)
		MUST(*at++ == '\n');
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = { (const char *)data, size };
	struct arena *arena = arena_new(4096);
	const char *at = text.p, *end = text.p + text.n;
	struct message message;
	struct str body;

	message_init(&message, arena);
	if (message_split(&message, text, &body) == OK) {
		size_t from = 0;

		MUST(message.n <= LIMIT_FIELDS);
		for (size_t i = 0; i < message.n; i++) {
			const struct field *field = &message.fields[i];

			at = skip_line_end(check_field(field, at), end);
			from += message_is(field, STR("From"));
		}
		MUST(message_count(&message, STR("fROM"), NULL) == from);
		if (body.n) {
			MUST(skip_line_end(at, end) == body.p);
			MUST(body.p + body.n == end);
		}
	}
	arena_free(arena);
	return 0;
}
