/* SPDX-License-Identifier: BSD-2-Clause */
#include "script.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool script_open(struct script *s, const char *path)
{
	*s = (struct script){ .name = path, .next_line = 1 };
	if (strcmp(path, "-") == 0)
		s->file = stdin;
	else
		s->file = fopen(path, "r");
	return s->file != NULL;
}

void script_close(struct script *s)
{
	if (s->file && s->file != stdin)
		fclose(s->file);
	free(s->text);
	free(s->ahead);
}

void script_die(const struct script *s, const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s:%u: ", s->name, s->line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/* One line of the file without its end; NULL at the end of the file. */
static char *read_line(struct script *s)
{
	char *line = s->ahead;
	size_t size = 0;
	ssize_t len;

	s->ahead = NULL;
	if (line)
		return line;
	len = getline(&line, &size, s->file);
	if (len < 0) {
		free(line);
		return NULL;
	}
	if (len > 0 && line[len - 1] == '\n')
		line[len - 1] = '\0';
	return line;
}

/* Appends the folded lines that follow; keeps the line after them. */
static void read_folds(struct script *s)
{
	char *line;

	while ((line = read_line(s)) != NULL) {
		char *joined;

		if (line[0] != ' ' && line[0] != '\t') {
			s->ahead = line;
			return;
		}
		if (asprintf(&joined, "%s\n%s", s->text, line) < 0)
			abort();
		free(s->text);
		free(line);
		s->text = joined;
		s->next_line++;
	}
}

bool script_next(struct script *s)
{
	do {
		free(s->text);
		s->line = s->next_line;
		s->text = read_line(s);
		if (!s->text)
			return false;
		s->next_line++;
	} while (s->text[0] == '#' || s->text[0] == '\0');
	read_folds(s);
	s->rest = s->text;
	s->step = script_word(&s->rest);
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape; *in stands after the backslash and is moved past it. */
static char unescape_one(const struct script *s, const char **in)
{
	char c = *(*in)++;
	int high, low;

	switch (c) {
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case '\\':
	case '"':
		return c;
	case 'x':
		high = hex_value((*in)[0]);
		low = high < 0 ? -1 : hex_value((*in)[1]);
		if (low < 0)
			script_die(s, "\\x wants two digits");
		*in += 2;
		return (char)(high * 16 + low);
	default:
		script_die(s, "unknown escape \\%c", c);
	}
}

size_t script_unescape(const struct script *s, char *text)
{
	const char *in = text;
	char *out = text;

	while (*in != '\0') {
		if (*in == '\\') {
			in++;
			*out++ = unescape_one(s, &in);
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
	return (size_t)(out - text);
}

char *script_quoted(const struct script *s, char *rest, size_t *len)
{
	size_t n = strlen(rest);

	if (n < 2 || rest[0] != '"' || rest[n - 1] != '"')
		script_die(s, "%s wants a text in quotes", s->step);
	rest[n - 1] = '\0';
	*len = script_unescape(s, rest + 1);
	return rest + 1;
}

unsigned long script_number(const struct script *s, char **rest)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(*rest, &end, 10);
	if (errno != 0 || end == *rest || (*end != ' ' && *end != '\0'))
		script_die(s, "%s wants a number", s->step);
	*rest = end + strspn(end, " ");
	return n;
}

char *script_word(char **rest)
{
	char *word = *rest;
	char *end = word + strcspn(word, " ");

	*rest = end + strspn(end, " ");
	*end = '\0';
	return word;
}
