/* SPDX-License-Identifier: BSD-2-Clause */
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

void message_reset(struct message *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->headers[i].name);
		free(m->headers[i].value);
	}
	free(m->headers);
	free(m->body);
	*m = (struct message){ 0 };
}

void message_insert(struct message *m, size_t index, const char *name,
		    const char *value)
{
	if (m->count == m->room) {
		m->room = m->room * 2 + 16;
		m->headers = must(
			reallocarray(m->headers, m->room, sizeof(*m->headers)));
	}
	if (index > m->count)
		index = m->count;
	memmove(m->headers + index + 1, m->headers + index,
		(m->count - index) * sizeof(*m->headers));
	m->headers[index].name = must(strdup(name));
	m->headers[index].value = must(strdup(value));
	m->count++;
}

static void remove_at(struct message *m, size_t i)
{
	free(m->headers[i].name);
	free(m->headers[i].value);
	m->count--;
	memmove(m->headers + i, m->headers + i + 1,
		(m->count - i) * sizeof(*m->headers));
}

void message_change(struct message *m, size_t index, const char *name,
		    const char *value)
{
	for (size_t i = 0; i < m->count; i++) {
		if (strcasecmp(m->headers[i].name, name) != 0)
			continue;
		if (index-- > 1)
			continue;
		if (value[0] == '\0') {
			remove_at(m, i);
			return;
		}
		free(m->headers[i].value);
		m->headers[i].value = must(strdup(value));
		return;
	}
	if (value[0] != '\0')
		message_insert(m, m->count, name, value);
}

void message_add_body(struct message *m, const void *data, size_t len)
{
	if (len > m->body_room - m->body_len) {
		m->body_room = (m->body_len + len) * 2;
		m->body = must(realloc(m->body, m->body_room));
	}
	if (len > 0)
		memcpy(m->body + m->body_len, data, len);
	m->body_len += len;
}

/* A header value's folds are LF inside the MTA, and CRLF in the message. */
static void write_value(const char *value, FILE *f)
{
	char before = '\0';

	for (; *value != '\0'; before = *value++) {
		if (*value == '\n' && before != '\r')
			fputc('\r', f);
		fputc(*value, f);
	}
}

/* An MTA ends the last line of a body, whatever the filters saw. */
static bool lacks_end(const struct message *m)
{
	return m->body_len > 0 &&
	       (m->body_len < 2 ||
		memcmp(m->body + m->body_len - 2, "\r\n", 2) != 0);
}

bool message_save(const struct message *m, const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return false;
	for (size_t i = 0; i < m->count; i++) {
		fprintf(f, "%s:", m->headers[i].name);
		write_value(m->headers[i].value, f);
		fputs("\r\n", f);
	}
	fputs("\r\n", f);
	if (m->body_len > 0)
		fwrite(m->body, 1, m->body_len, f);
	if (lacks_end(m))
		fputs("\r\n", f);
	if (ferror(f)) {
		fclose(f);
		return false;
	}
	return fclose(f) == 0;
}
