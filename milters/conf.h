/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_CONF_H
#define MILTERS_CONF_H

#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "mail/arena.h"
#include "mail/result.h"

enum setting_type {
	SETTING_TEXT,	/* const char * */
	SETTING_NUMBER, /* int64_t */
	SETTING_SWITCH, /* bool; yes or no */
	SETTING_CHOICE, /* int, index into choices */
	SETTING_LIST,	/* struct conf_list */
};

struct conf_list {
	struct str *items;
	size_t n;
};

/*
 * A setting. The table it stands in is the only place where it exists: type,
 * default, range, help, the listing of -T and the check of the manual page
 * all come from here.
 */
struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;		    /* of its value in the daemon's struct */
	const char *fallback;	    /* as it would be written, lists "a, b" */
	int64_t min, max;	    /* of a number */
	const char *const *choices; /* ended by NULL */
	/* More to check of a text or of an item: NULL, or what was expected. */
	const char *(*check)(const char *text);
	const char *help;
};

/* A table, ended by an empty name, and the struct that takes its values. */
struct conf_table {
	const struct setting *settings;
	void *values;
};

/*
 * Sets all values of the tables to their defaults and reads the file over
 * them (libconfuse syntax); a file that does not exist leaves the defaults.
 * Values live in the arena. E_CONFIG, with *error "file:line: key: what was
 * expected", for an unknown key, a key set twice, a value out of range.
 */
enum result conf_load(struct arena *arena, const char *path,
		      const struct conf_table *tables, size_t n,
		      const char **error);

/* Writes the settings as a configuration file with help and defaults. */
void conf_print(FILE *to, const struct conf_table *table);

/*
 * The whole of a regular file of at most `limit` bytes, with a NUL behind it.
 * *access, unless NULL, is set to what fstat says of the file that was read.
 * E_ABSENT without one, E_CONFIG otherwise, with *error in words.
 */
enum result conf_read_file(struct arena *arena, const char *path, size_t limit,
			   struct str *text, struct stat *access,
			   const char **error);

/*
 * NULL, or what is wrong with who may read or write a file that is a secret,
 * from what conf_read_file said of it.
 */
const char *conf_private_fault(const struct stat *access);

/* NULL, or what was expected of a domain: for the check of a setting. */
const char *conf_domain_fault(const char *text);

#endif
