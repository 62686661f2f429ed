/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct load_message load_message;

static void *must(void *allocated)
{
	if (!allocated)
		load_die("message", "out of memory");
	return allocated;
}

static void add_field(char *name, char *value)
{
	struct load_message *message = &load_message;

	message->fields = must(reallocarray(message->fields, message->n + 1,
					    sizeof(*message->fields)));
	message->fields[message->n++] = (struct load_field){ name, value };
}

/* Lines of some 70 characters, some with double spaces or spaces at the end. */
static void make_body(size_t size)
{
	static const char *const lines[] = {
		"Good morning,\r\n",
		"\r\n",
		"thank you for the figures of last week.  I went through them "
		"again,\r\n",
		"and it seems to me that the second column counts the  returned "
		"ones  \r\n",
		"twice: once when they come back, once when they go out to the "
		"store.\r\n",
		"> Could you have a look?  The sheet is in the usual folder, its "
		"name\r\n",
		"> ends in the number of the month.\t See you on Thursday at the "
		"mill.\r\n",
		"-- \r\n",
	};
	char *body = must(malloc(size + 128));
	size_t at = 0;

	for (size_t i = 0; at < size; i++) {
		const char *line = lines[i % (sizeof(lines) / sizeof(*lines))];

		memcpy(body + at, line, strlen(line));
		at += strlen(line);
	}
	if (size >= 2)
		memcpy(body + size - 2, "\r\n", 2);
	load_message.body = body;
	load_message.size = size;
}

static void make_up(void)
{
	static const char *const fields[][2] = {
		{ "From", " Alice Example <alice@example.org>" },
		{ "To", " Bob Example <bob@example.net>,\n\tfar@example.com" },
		{ "Subject", " The figures of  last week" },
		{ "Date", " Tue, 14 Nov 2023 22:13:20 +0000" },
		{ "Message-ID", " <load@example.org>" },
		{ "MIME-Version", " 1.0" },
		{ "Content-Type", " text/plain; charset=us-ascii" },
		{ "Content-Transfer-Encoding", " 7bit" },
		{ "User-Agent", " load/1.0" },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		add_field(must(strdup(fields[i][0])),
			  must(strdup(fields[i][1])));
	make_body((size_t)load_options.size);
}

/* The file without CR: a body's lines get theirs back, a header has none. */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t room = 65536, n = 0;
	char *text = must(malloc(room));
	int c;

	if (!f)
		load_die(path, strerror(errno));
	while ((c = getc(f)) != EOF) {
		if (n + 1 == room)
			text = must(realloc(text, room *= 2));
		if (c != '\r')
			text[n++] = (char)c;
	}
	text[n] = '\0';
	fclose(f);
	return text;
}

/* A field with the lines that continue it; returns what follows it. */
static char *cut_field(char *text)
{
	char *end = strchr(text, '\n');
	char *colon = strchr(text, ':');

	while (end && (end[1] == ' ' || end[1] == '\t'))
		end = strchr(end + 1, '\n');
	if (!end || !colon || colon > end)
		load_die(load_options.message, "has no header and body");
	*end = *colon = '\0';
	add_field(must(strdup(text)), must(strdup(colon + 1)));
	return end + 1;
}

static void read_body(const char *text)
{
	size_t n = strlen(text);
	char *body = must(malloc(2 * n + 1)), *at = body;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			*at++ = '\r';
		*at++ = text[i];
	}
	load_message.body = body;
	load_message.size = (size_t)(at - body);
}

void load_message_make(void)
{
	char *text, *rest;

	if (!load_options.message) {
		make_up();
		return;
	}
	text = rest = read_file(load_options.message);
	while (*rest != '\n')
		rest = cut_field(rest);
	read_body(rest + 1);
	free(text);
}
