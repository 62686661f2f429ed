/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "secrets"
#include "unit.h"

#include "folder.h"
#include "milters/secrets.h"

static struct folder folder;

static void put(const char *name, struct str text, mode_t mode)
{
	const char *path = folder_write_str(&folder, name, text);

	assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
	(void)state;
	folder = folder_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	folder_end(&folder);
	return 0;
}

static enum result load(struct mac_secrets *secrets, const char **error)
{
	*error = "";
	return secrets_load(folder.arena, folder.path, secrets, error);
}

static void newest_first(void **state)
{
	struct mac_secrets secrets;
	const char *error;

	(void)state;
	ASSERT_RESULT(secrets_load(folder.arena, "/nowhere/srs", &secrets,
				   &error),
		      OK, "no folder");
	assert_int_equal(secrets.n, 0);
	put("20260101.secret", STR("sixteen octets 1\n"), 0640);
	put("20260501.secret", STR("sixteen octets 2"), 0600);
	put("20260601.secret.old", STR("x"), 0600);
	put(".secret", STR("x"), 0600);
	ASSERT_RESULT(load(&secrets, &error), OK, error);
	assert_int_equal(secrets.n, 2);
	ASSERT_STR(secrets.list[0], STR("sixteen octets 2"), "newest");
	ASSERT_STR(secrets.list[1], STR("sixteen octets 1"), "oldest");
}

static void faults(void **state)
{
	static const struct {
		const char *what, *want;
		struct str text;
		mode_t mode;
	} rows[] = {
		{ "short", "too short", S("fifteen octets."), 0600 },
		{ "empty", "too short", S(""), 0600 },
		{ "group", "by its group", S("sixteen octets 1"), 0660 },
		{ "others", "open to others", S("sixteen octets 1"), 0644 },
	};
	struct mac_secrets secrets;
	const char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		put("a.secret", rows[i].text, rows[i].mode);
		ASSERT_RESULT(load(&secrets, &error), E_CONFIG, rows[i].what);
		if (!strstr(error, rows[i].want) || !strstr(error, "a.secret"))
			fail_msg("%s: %s", rows[i].what, error);
	}
}

/* 16 of them, one more, ten times as many. */
static void limits(void **state)
{
	struct mac_secrets secrets;
	const char *error;

	(void)state;
	for (int i = 1; i <= 160; i++) {
		put(arena_printf(folder.arena, "%03d.secret", i),
		    STR("sixteen octets 1"), 0600);
		if (i == 16 || i == 17 || i == 160)
			ASSERT_RESULT(load(&secrets, &error),
				      i == 16 ? OK : E_CONFIG, "limit");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(newest_first, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits, set_up, tear_down),
	};

	return UNIT_RUN(tests);
}
