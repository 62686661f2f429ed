/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <inttypes.h>

#include "mail/scan.h"
#include "plain.h"

static void new_line(struct json *json)
{
	fputc('\n', json->file);
	for (int i = 0; i < json->depth; i++)
		fputs("  ", json->file);
}

/* Of a control, which is not long: two or three octets. */
static unsigned code_point(struct str utf8)
{
	unsigned code = (unsigned char)utf8.p[0] & (utf8.n == 2 ? 0x1f : 0x0f);

	for (size_t i = 1; i < utf8.n; i++)
		code = code << 6 | ((unsigned char)utf8.p[i] & 0x3f);
	return code;
}

/* One character at i; returns the index behind it. */
static size_t write_character(FILE *file, struct str s, size_t i)
{
	static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	unsigned char c = (unsigned char)s.p[i];
	const char *at = c ? strchr(named, c) : NULL;
	size_t next;

	if (at) {
		fprintf(file, "\\%c", names[at - named]);
		return i + 1;
	}
	if (c < 0x20 || c == 0x7f) {
		fprintf(file, "\\u%04x", c);
		return i + 1;
	}
	if (c < 0x80) {
		fputc(c, file);
		return i + 1;
	}
	next = scan_utf8(s, i);
	if (next == i) {
		fputs("\\ufffd", file);
		return i + 1;
	}
	if (plain_character(s, i) == i)
		fprintf(file, "\\u%04x", code_point(str_sub(s, i, next)));
	else
		fwrite(s.p + i, 1, next - i, file);
	return next;
}

static void write_string(FILE *file, struct str s)
{
	fputc('"', file);
	for (size_t i = 0; i < s.n;)
		i = write_character(file, s, i);
	fputc('"', file);
}

/* What stands before a value: a comma, a line of its own, its key. */
static void begin_value(struct json *json, const char *key)
{
	if (json->more)
		fputc(',', json->file);
	if (json->depth)
		new_line(json);
	if (key) {
		write_string(json->file, str_from(key));
		fputs(": ", json->file);
	}
	json->more = true;
}

static void open_with(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	fputc(bracket, json->file);
	json->depth++;
	json->more = false;
}

static void close_with(struct json *json, char bracket)
{
	json->depth--;
	if (json->more)
		new_line(json);
	fputc(bracket, json->file);
	json->more = true;
}

void json_begin(struct json *json, FILE *file)
{
	*json = (struct json){ .file = file };
}

void json_end(struct json *json)
{
	fputc('\n', json->file);
}

void json_list(struct json *json, FILE *file)
{
	json_begin(json, file);
	json_array(json, NULL);
}

void json_list_end(struct json *json)
{
	json_array_end(json);
	json_end(json);
}

void json_object(struct json *json, const char *key)
{
	open_with(json, key, '{');
}

void json_object_end(struct json *json)
{
	close_with(json, '}');
}

void json_array(struct json *json, const char *key)
{
	open_with(json, key, '[');
}

void json_array_end(struct json *json)
{
	close_with(json, ']');
}

void json_string(struct json *json, const char *key, struct str value)
{
	begin_value(json, key);
	write_string(json->file, value);
}

void json_text(struct json *json, const char *key, const char *value)
{
	if (value)
		json_string(json, key, str_from(value));
	else
		json_null(json, key);
}

void json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	fputs("null", json->file);
}

void json_number(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->file, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->file);
}
