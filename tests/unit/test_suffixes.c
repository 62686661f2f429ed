/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "suffixes"
#include "unit.h"

#include "folder.h"

#include "milters/suffixes.h"

/* tests/corpus/dmarc has the published vectors. */
static void own_list(void **state)
{
	static const struct {
		struct str domain, want;
	} rows[] = {
		{ S("a.b.one.example"), S("b.one.example") },
		{ S("b.one.example"), S("b.one.example") },
		{ S("one.example"), S("") },
		{ S("two.example"), S("two.example") },
		{ S("example"), S("") },
		{ S("a.b.test"), S("b.test") },
		{ S("a.b.xn--bcher-kva"), S("a.b.xn--bcher-kva") },
		{ S("b.xn--bcher-kva"), S("") },
		{ S(""), S("") },
		{ S("a.one.example\0.test"), S("") },
	};
	struct folder folder = folder_new();
	const char *path = folder_write(&folder, "list",
					"// ===BEGIN ICANN DOMAINS===\n"
					"example\none.example\n"
					"*.b\xc3\xbc\x63her\n"
					"// ===END ICANN DOMAINS===\n");
	struct suffix_list list;

	(void)state;
	ASSERT_RESULT(suffixes_new(path, &list), OK, "list");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str found = STR("");
		bool is = list.registered(list.context, folder.arena,
					  rows[i].domain, &found);

		ASSERT_STR(found, rows[i].want, unit_show(rows[i].domain));
		assert_int_equal(is, rows[i].want.n > 0);
	}
	suffixes_free(&list);
	folder_end(&folder);
}

static void no_list(void **state)
{
	struct folder folder = folder_new();
	struct suffix_list list;

	(void)state;
	ASSERT_RESULT(suffixes_new(folder_path(&folder, "none"), &list),
		      E_CONFIG, "no such file");
	suffixes_free(&list);
	folder_end(&folder);
}

/* The newest of this system knows what every list has. */
static void system_list(void **state)
{
	static const char *const files[] = { NULL, "" };
	struct folder folder = folder_new();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct suffix_list list;
		struct str found;

		ASSERT_RESULT(suffixes_new(files[i], &list), OK, "system");
		assert_true(list.registered(list.context, folder.arena,
					    STR("a.b.co.uk"), &found));
		ASSERT_STR(found, STR("b.co.uk"), "a.b.co.uk");
		suffixes_free(&list);
	}
	folder_end(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_list),
		cmocka_unit_test(no_list),
		cmocka_unit_test(system_list),
	};

	return UNIT_RUN(tests);
}
