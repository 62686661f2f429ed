/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for Authentication-Results. A field is, in lines with an empty one
 * at the end:
 *
 *	id HEX
 *	METHOD RESULT HEX [TYPE NAME HEX]...
 *
 * where HEX, behind a dash, is an authserv-id, a reason, a property's value;
 * a property without a type has a dash for it. "format" before such a field
 * has its text answered as "HEX". "parse HEX" has a field answered.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mail/authres.h"
#include "mail/limits.h"

enum { LINE = 1 << 20 };

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "authres_driver: %s\n", what);
	exit(1);
}

static void print_hex(struct str s)
{
	putchar('-');
	for (size_t i = 0; i < s.n; i++)
		printf("%02x", (unsigned char)s.p[i]);
}

static struct str read_hex(struct arena *arena, struct str text)
{
	struct str plain = { arena_alloc(arena, text.n), 0 };
	char *to = (char *)plain.p;

	must(text.n % 2 && text.p[0] == '-', "no hexadecimal");
	for (size_t i = 1; i < text.n; i += 2) {
		char digits[] = { text.p[i], text.p[i + 1], 0 };

		to[plain.n++] = (char)strtol(digits, NULL, 16);
	}
	return plain;
}

static void print_field(const struct authres *authres)
{
	printf("id ");
	print_hex(authres->id);
	for (size_t i = 0; i < authres->n; i++) {
		const struct authres_result *result = &authres->results[i];

		printf("\n%.*s %.*s ", STR_ARG(result->method),
		       STR_ARG(result->result));
		print_hex(result->reason);
		for (size_t k = 0; k < result->n; k++) {
			const struct authres_property *property =
				&result->properties[k];

			printf(" %.*s %.*s ",
			       STR_ARG(property->type.n ? property->type
							: STR("-")),
			       STR_ARG(property->name));
			print_hex(property->value);
		}
	}
	printf("\n\n");
}

static struct str cut(struct str *line)
{
	struct str word;

	must(str_cut(line, ' ', &word), "a line ends early");
	return word;
}

static void read_result(struct arena *arena, struct str line,
			struct authres_result *result)
{
	result->method = cut(&line);
	result->result = cut(&line);
	result->reason = read_hex(arena, cut(&line));
	result->properties = ARENA_NEW(arena, struct authres_property, 100);
	while (line.p) {
		struct authres_property *property;

		must(result->n < 100, "too many properties");
		property = &result->properties[result->n++];
		property->type = cut(&line);
		property->name = cut(&line);
		property->value = read_hex(arena, cut(&line));
	}
}

static struct str next_line(struct arena *arena, char *line)
{
	struct str text;

	if (!fgets(line, LINE, stdin))
		return (struct str){ NULL, 0 };
	text = arena_copy(arena, str_from(line));
	must(text.n && text.p[text.n - 1] == '\n', "a line is too long");
	return str_sub(text, 0, text.n - 1);
}

static void format(struct arena *arena, char *buffer)
{
	struct str line = next_line(arena, buffer);
	struct authres authres = { .results = NULL };

	must(line.p && str_eq(cut(&line), STR("id")), "no id");
	authres.id = read_hex(arena, line);
	authres.results = ARENA_NEW(arena, struct authres_result, 100);
	while ((line = next_line(arena, buffer)).n) {
		must(authres.n < 100, "too many results");
		read_result(arena, line, &authres.results[authres.n++]);
	}
	print_hex(authres_format(arena, &authres));
	putchar('\n');
}

int main(void)
{
	struct arena *arena = arena_new(65536);
	char *buffer = malloc(LINE);
	struct str line;

	must(buffer, "no memory");
	while ((line = next_line(arena, buffer)).p) {
		struct authres authres;

		if (str_eq(line, STR("format"))) {
			format(arena, buffer);
		} else {
			must(str_eq(cut(&line), STR("parse")), "which verb?");
			if (authres_parse(arena, read_hex(arena, line),
					  &authres) == OK)
				print_field(&authres);
			else
				printf("fault\n\n");
		}
		fflush(stdout);
		arena_reset(arena);
	}
	free(buffer);
	arena_free(arena);
	return 0;
}
