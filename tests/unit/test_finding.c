/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "finding"
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/finding.h"

static const struct finding right = { "mx", FINDING_OK, "a.example",
				      "mx", NULL,	NULL };
static const struct finding doubtful = { "dmarc.none", FINDING_WARNING,
					 "a.example",  "p=none",
					 "p=reject",   "wait" };
static const struct finding wrong = { "ptr.missing",  FINDING_FAULT,
				      "192.0.2.25",   "nothing",
				      "mx.a.example", "ask" };

static void fill(struct findings *findings, struct arena *arena,
		 const struct finding *a, const struct finding *b)
{
	findings_init(findings, arena);
	if (a)
		findings_add(findings, a);
	if (b)
		findings_add(findings, b);
}

/* What is printed, in the arena. */
static const char *printed(const struct findings *findings, bool all, bool json)
{
	char *text = NULL;
	const char *copy;
	FILE *file;
	size_t n;

	file = open_memstream(&text, &n);
	assert_non_null(file);
	if (json)
		findings_print_json(findings, file);
	else
		findings_print(findings, all, file);
	fclose(file);
	copy = arena_printf(findings->arena, "%s", text);
	free(text);
	return copy;
}

static void for_people(void **state)
{
	struct arena *arena = arena_new(256);
	struct findings findings;

	(void)state;
	fill(&findings, arena, &right, NULL);
	assert_int_equal(findings_worst(&findings), FINDING_OK);
	assert_string_equal(printed(&findings, false, false), "");
	assert_string_equal(printed(&findings, true, false),
			    "ok mx: a.example\n"
			    "    seen:     mx\n");
	fill(&findings, arena, &right, &wrong);
	assert_int_equal(findings_worst(&findings), FINDING_FAULT);
	assert_string_equal(printed(&findings, false, false),
			    "fault ptr.missing: 192.0.2.25\n"
			    "    seen:     nothing\n"
			    "    expected: mx.a.example\n"
			    "    do:       ask\n");
	arena_free(arena);
}

/* What strangers publish does not steer the terminal, nor make lines. */
static void harmless(void **state)
{
	const struct finding odd = { "spf.syntax", FINDING_FAULT,
				     "a.example",  "v=\x1b[31m\n\xff \xc3\xbc",
				     NULL,	   NULL };
	struct arena *arena = arena_new(256);
	struct findings findings;

	(void)state;
	fill(&findings, arena, &odd, NULL);
	assert_string_equal(printed(&findings, false, false),
			    "fault spf.syntax: a.example\n"
			    "    seen:     v=\\x1B[31m\\x0A\\xFF \xc3\xbc\n");
	arena_free(arena);
}

static void for_programs(void **state)
{
	struct arena *arena = arena_new(256);
	struct findings findings;

	(void)state;
	fill(&findings, arena, &right, NULL);
	assert_string_equal(printed(&findings, false, true),
			    "[\n  {\n    \"id\": \"mx\",\n"
			    "    \"grade\": \"ok\",\n"
			    "    \"subject\": \"a.example\",\n"
			    "    \"seen\": \"mx\",\n"
			    "    \"expected\": null,\n"
			    "    \"advice\": null\n  }\n]\n");
	arena_free(arena);
}

/* More than the list began with. */
static void many(void **state)
{
	struct arena *arena = arena_new(256);
	struct findings findings;

	(void)state;
	findings_init(&findings, arena);
	for (int i = 0; i < 100; i++)
		findings_add(&findings, i ? &right : &doubtful);
	assert_int_equal(findings.n, 100);
	assert_ptr_equal(findings.list[0].subject, doubtful.subject);
	assert_ptr_equal(findings.list[99].id, right.id);
	assert_int_equal(findings_worst(&findings), FINDING_WARNING);
	arena_free(arena);
}

static void changes(void **state)
{
	struct finding worse = doubtful;
	struct arena *arena = arena_new(256);
	char folder[] = "/tmp/test_finding.XXXXXX";
	struct findings before, now, found;
	const char *path, *error = NULL;

	(void)state;
	worse.grade = FINDING_FAULT;
	assert_non_null(mkdtemp(folder));
	path = arena_printf(arena, "%s/check/last", folder);

	/* The first time all is new. */
	findings_init(&before, arena);
	assert_int_equal(findings_load(&before, path, &error), OK);
	fill(&now, arena, &doubtful, &wrong);
	findings_init(&found, arena);
	findings_changes(&before, &now, &found);
	assert_int_equal(found.n, 2);
	assert_int_equal(findings_save(&now, path, &error), OK);

	/* Nothing is, if nothing is. */
	findings_init(&before, arena);
	assert_int_equal(findings_load(&before, path, &error), OK);
	findings_init(&found, arena);
	findings_changes(&before, &now, &found);
	assert_int_equal(found.n, 0);

	/* One became worse, the other is mended. */
	fill(&now, arena, &worse, &right);
	findings_changes(&before, &now, &found);
	assert_string_equal(printed(&found, true, false),
			    "fault dmarc.none: a.example\n"
			    "    seen:     p=none\n"
			    "    expected: p=reject\n"
			    "    do:       wait\n"
			    "ok ptr.missing: 192.0.2.25\n"
			    "    seen:     no longer a fault\n");
	unlink(path);
	rmdir(arena_printf(arena, "%s/check", folder));
	rmdir(folder);
	arena_free(arena);
}

static void bad_files(void **state)
{
	static const char *const lines[] = { "fault\tptr\n", "ok\tptr\tx\n",
					     "\n", "bad\tptr\tx\n" };
	struct arena *arena = arena_new(256);
	char path[] = "/tmp/test_finding.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct findings findings;
		const char *error = NULL;

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, lines[i], strlen(lines[i]), 0),
				 (ssize_t)strlen(lines[i]));
		findings_init(&findings, arena);
		assert_int_equal(findings_load(&findings, path, &error),
				 E_CONFIG);
		assert_non_null(strstr(error, "remove the file"));
	}
	close(fd);
	unlink(path);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_people),	cmocka_unit_test(harmless),
		cmocka_unit_test(for_programs), cmocka_unit_test(many),
		cmocka_unit_test(changes),	cmocka_unit_test(bad_files),
	};

	return UNIT_RUN(tests);
}
