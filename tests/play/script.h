/* SPDX-License-Identifier: BSD-2-Clause */

/* A script of an SMTP conversation, read step by step. */
#ifndef PLAY_SCRIPT_H
#define PLAY_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct script {
	FILE *file;
	const char *name; /* for messages */
	unsigned line;	  /* of the step, from 1 */
	unsigned next_line;
	char *step;  /* the step's word: "mail", "body" */
	char *rest;  /* what follows it, "" when nothing does */
	char *text;  /* owns the two above */
	char *ahead; /* a line read too far */
};

/* Opens path, "-" for standard input. False with errno set. */
bool script_open(struct script *s, const char *path);

void script_close(struct script *s);

/*
 * Reads the next step into s->step and s->rest. Lines that begin with a space
 * or a tab belong to the step before them, the line break being a bare LF, as
 * an MTA hands folded header fields to filters. False at the end.
 */
bool script_next(struct script *s);

/* Prints file, line and the text, and exits: a script is ours to correct. */
void script_die(const struct script *s, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/* Turns \r \n \t \\ \" and \xNN into bytes, in place. Returns the length. */
size_t script_unescape(const struct script *s, char *text);

/*
 * Takes a quoted string from *rest, which must be all that is left of it, and
 * returns its bytes, unescaped in place.
 */
char *script_quoted(const struct script *s, char *rest, size_t *len);

/* Takes a number and the white space after it. */
unsigned long script_number(const struct script *s, char **rest);

/* Takes the next word of *rest; "" when there is none. */
char *script_word(char **rest);

#endif
