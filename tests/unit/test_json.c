/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "json"
#include "unit.h"

#include "tools/json.h"

/* What is written for a string (RFC 8259 section 7). */
static void strings(void **state)
{
	static const struct {
		struct str value, want;
	} rows[] = {
		{ S(""), S("\"\"\n") },
		{ S("a b/c'<>&"), S("\"a b/c'<>&\"\n") },
		{ S("\"\\"), S("\"\\\"\\\\\"\n") },
		{ S("\b\f\n\r\t"), S("\"\\b\\f\\n\\r\\t\"\n") },
		{ S("\0\x01\x1f\x7f"),
		  S("\"\\u0000\\u0001\\u001f\\u007f\"\n") },
		{ S("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"),
		  S("\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"\n") },
		/* U+009B is ESC [, U+202E turns what follows round */
		{ S("\xc2\x9b\xe2\x80\xae"), S("\"\\u009b\\u202e\"\n") },
		/* no UTF-8: cut, overlong, a surrogate, past U+10FFFF */
		{ S("\xc3"), S("\"\\ufffd\"\n") },
		{ S("\xff\x41"), S("\"\\ufffdA\"\n") },
		{ S("\xc0\xaf"), S("\"\\ufffd\\ufffd\"\n") },
		{ S("\xed\xa0\x80"), S("\"\\ufffd\\ufffd\\ufffd\"\n") },
		{ S("\xf4\x90\x80\x80"),
		  S("\"\\ufffd\\ufffd\\ufffd\\ufffd\"\n") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = NULL;
		struct json json;
		FILE *file;
		size_t n;

		file = open_memstream(&text, &n);
		assert_non_null(file);
		json_begin(&json, file);
		json_string(&json, NULL, rows[i].value);
		json_end(&json);
		fclose(file);
		ASSERT_STR(((struct str){ text, n }), rows[i].want,
			   unit_show(rows[i].value));
		free(text);
	}
}

static void values(void **state)
{
	static const char want[] = "{\n"
				   "  \"a\": [\n"
				   "    1,\n"
				   "    -9223372036854775808,\n"
				   "    {},\n"
				   "    []\n"
				   "  ],\n"
				   "  \"b\\\"\": {\n"
				   "    \"t\": true,\n"
				   "    \"f\": false\n"
				   "  },\n"
				   "  \"n\": null,\n"
				   "  \"m\": null,\n"
				   "  \"s\": \"x\"\n"
				   "}\n";
	char *text = NULL;
	struct json json;
	FILE *file;
	size_t n;

	(void)state;
	file = open_memstream(&text, &n);
	assert_non_null(file);
	json_begin(&json, file);
	json_object(&json, NULL);
	json_array(&json, "a");
	json_number(&json, NULL, 1);
	json_number(&json, NULL, INT64_MIN);
	json_object(&json, NULL);
	json_object_end(&json);
	json_array(&json, NULL);
	json_array_end(&json);
	json_array_end(&json);
	json_object(&json, "b\"");
	json_bool(&json, "t", true);
	json_bool(&json, "f", false);
	json_object_end(&json);
	json_null(&json, "n");
	json_text(&json, "m", NULL);
	json_text(&json, "s", "x");
	json_object_end(&json);
	json_end(&json);
	fclose(file);
	ASSERT_STR(((struct str){ text, n }), STR(want), "values");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(values),
	};

	return UNIT_RUN(tests);
}
