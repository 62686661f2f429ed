/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdint.h>
#include <stdio.h>

#include "mail/str.h"

/*
 * Writes JSON (RFC 8259) to a file as it is told the values, one after the
 * other. A key is given with each value within an object, NULL elsewhere.
 * Octets that are no UTF-8 become U+FFFD; what could steer a terminal is
 * escaped.
 */
struct json {
	FILE *file;
	int depth;
	bool more; /* a value stands before the next one */
};

void json_begin(struct json *json, FILE *file);
/* Ends the text with an end of line. */
void json_end(struct json *json);

/* The same around an array, the form of all lists. */
void json_list(struct json *json, FILE *file);
void json_list_end(struct json *json);

void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);

void json_string(struct json *json, const char *key, struct str value);
/* A C string; NULL is null. */
void json_text(struct json *json, const char *key, const char *value);
void json_null(struct json *json, const char *key);
void json_number(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);

#endif
