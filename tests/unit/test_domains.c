/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "domains"
#include "unit.h"

#include "keys.h"
#include "milters/domains.h"
#include "folder.h"

enum { ALL = DOMAIN_ALIASES | DOMAIN_SENDERS | DOMAIN_USERS | DOMAIN_KEYS };

static struct folder folder;

static const struct alias_rules rules = { S("+"), S(".") };

static void begin(void)
{
	assert_int_equal(crypto_init(), OK);
	folder = folder_new();
	folder_make(&folder, "etc");
	folder_make(&folder, "lib");
}

static enum result load(unsigned int parts, struct domains *domains,
			const char **error)
{
	*error = NULL;
	return domains_load(folder.arena, folder_path(&folder, "etc"),
			    folder_path(&folder, "lib"), parts, &rules, domains,
			    error);
}

static struct domains must_load(unsigned int parts)
{
	struct domains domains;
	const char *error;
	enum result result = load(parts, &domains, &error);

	if (result != OK)
		print_error("%s\n", error ? error : "(null)");
	ASSERT_RESULT(result, OK, "load");
	return domains;
}

static void must_fail(const char *row, const char *file, const char *want)
{
	struct domains domains;
	const char *error;

	ASSERT_RESULT(load(ALL, &domains, &error), E_CONFIG, row);
	ASSERT_HAS(error, folder_path(&folder, file), row);
	ASSERT_HAS(error, want, row);
	assert_int_equal(domains.n, 0);
}

static const struct domain *find(const struct domains *domains,
				 const char *name)
{
	return domains_find(domains, str_from(name));
}

static void assert_names(const struct domains *domains, const char *want)
{
	const char *got = "";

	for (size_t i = 0; i < domains->n; i++)
		got = arena_printf(folder.arena, "%s%s%.*s", got, i ? " " : "",
				   STR_ARG(domains->list[i].name));
	assert_string_equal(got, want);
}

static void folders(void **state)
{
	struct domains domains;

	(void)state;
	begin();
	domains = must_load(ALL);
	assert_int_equal(domains.n, 0);
	assert_null(find(&domains, "example.org"));
	domains_free(&domains);

	folder_make(&folder, "etc/domains/example.org");
	folder_make(&folder, "etc/domains/b.example");
	folder_make(&folder, "etc/domains/example.com");
	folder_make(&folder, "lib/domains/a.example");
	folder_make(&folder, "lib/domains/example.org");
	folder_make(&folder, "lib/domains/example");
	folder_make(&folder, "lib/domains/xn--bcher-kva.example");
	folder_make(&folder, "lib/domains/_x.example");
	folder_write(&folder, "etc/domains/README", "a file is no domain");
	folder_write(&folder, "lib/domains/Not A Domain", "");
	folder_make(&folder, "etc/domains/.git");
	domains = must_load(ALL);
	assert_names(&domains, "_x.example a.example b.example example "
			       "example.com example.org "
			       "xn--bcher-kva.example");
	for (size_t i = 0; i < domains.n; i++)
		assert_ptr_equal(domains_find(&domains, domains.list[i].name),
				 &domains.list[i]);
	assert_null(find(&domains, ""));
	assert_null(find(&domains, "org"));
	assert_null(find(&domains, "example.or"));
	assert_null(find(&domains, "example.orgs"));
	assert_null(find(&domains, "x.example.org"));
	assert_null(find(&domains, "EXAMPLE.ORG"));
	domains_free(&domains);
	folder_end(&folder);
}

static void bad_folders(void **state)
{
	static const char *const names[] = {
		"Example.org",	     "example.org.", "-a.example", "a..example",
		"b\xc3\xbc.example", "two words",    "a@b",
	};

	(void)state;
	begin();
	folder_make(&folder, "etc/domains/example.org");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (int j = 0; j < 2; j++) {
			const char *name =
				arena_printf(folder.arena, "%s/domains/%s",
					     j ? "lib" : "etc", names[i]);

			folder_make(&folder, name);
			must_fail(name, name, "lower case, in A-labels");
			rmdir(folder_path(&folder, name));
		}
	folder_end(&folder);
}

static void bad_bases(void **state)
{
	const char *path;

	(void)state;
	begin();
	folder_write(&folder, "etc/domains", "a file");
	must_fail("file", "etc/domains", "Not a directory");
	remove(folder_path(&folder, "etc/domains"));
	path = folder_make(&folder, "lib/domains");
	assert_int_equal(chmod(path, 0), 0);
	if (become_nobody()) {
		must_fail("unreadable", "lib/domains", "Permission denied");
		become_again();
	}
	folder_end(&folder);
}

static void bad_files(void **state)
{
	(void)state;
	begin();
	folder_make(&folder, "etc/domains/a.example");
	folder_write_key(&folder, "lib/domains/a.example/dkim/s.pem",
			 KEY_RFC8410);
	folder_write(&folder, "etc/domains/b.example/aliases",
		     "# first\n\ngood: one\nno colon here\nbad\n");
	must_fail("aliases", "etc/domains/b.example/aliases:4: ", "expected");
	folder_write(&folder, "etc/domains/b.example/aliases", "good: one\n");
	folder_write(&folder, "etc/domains/b.example/senders",
		     "a@b.example: one\n");
	must_fail("senders", "etc/domains/b.example/senders:1: ", "no @");
	folder_write(&folder, "etc/domains/b.example/senders", "a:\n");
	must_fail("senders", "etc/domains/b.example/senders:1: ", "no target");
	remove(folder_path(&folder, "etc/domains/b.example/senders"));
	folder_make(&folder, "etc/domains/b.example/senders");
	must_fail("folder", "etc/domains/b.example/senders",
		  "not a regular file");
	rmdir(folder_path(&folder, "etc/domains/b.example/senders"));
	folder_write_key(&folder, "lib/domains/b.example/dkim/s.pem", "x");
	must_fail("key",
		  "lib/domains/b.example/dkim/s.pem: ", "no private key");
	remove(folder_path(&folder, "lib/domains/b.example/dkim/s.pem"));
	assert_int_equal(
		chmod(folder_path(&folder, "etc/domains/b.example/aliases"), 0),
		0);
	if (become_nobody()) {
		struct domains domains;
		const char *error;

		ASSERT_RESULT(load(DOMAIN_ALIASES, &domains, &error), E_CONFIG,
			      "unreadable");
		become_again();
		ASSERT_HAS(error, "b.example/aliases: Permission denied",
			   "unreadable");
	}
	folder_end(&folder);
}

/* A daemon that does not ask for a part does not stumble over its faults. */
static void parts(void **state)
{
	const struct domain *domain;
	struct domains domains;

	(void)state;
	begin();
	folder_write(&folder, "etc/domains/example.org/aliases", "a: b\n");
	folder_write(&folder, "etc/domains/example.org/senders", "c: d\n");
	folder_write(&folder, "lib/domains/example.org/users", "u:x\n");
	folder_write_key(&folder, "lib/domains/example.org/dkim/s.pem",
			 KEY_RFC8410);
	domains = must_load(ALL);
	domain = find(&domains, "example.org");
	assert_non_null(domain);
	assert_non_null(domain->aliases);
	assert_non_null(domain->senders);
	assert_ptr_not_equal(domain->aliases, domain->senders);
	assert_int_equal(alias_count(domain->aliases), 1);
	assert_true(domain->users_known);
	assert_int_equal(domain->n_users, 1);
	assert_int_equal(domain->keys.n, 1);
	ASSERT_STR(domain->keys.list[0].domain, STR("example.org"), "key");
	domains_free(&domains);

	folder_write(&folder, "etc/domains/example.org/aliases", "faulty\n");
	folder_write(&folder, "etc/domains/example.org/senders", "faulty\n");
	folder_write_key(&folder, "lib/domains/example.org/dkim/s.pem", "x");
	domains = must_load(0);
	domain = find(&domains, "example.org");
	assert_non_null(domain);
	assert_null(domain->aliases);
	assert_null(domain->senders);
	assert_false(domain->users_known);
	assert_int_equal(domain->keys.n, 0);
	domains_free(&domains);
	folder_end(&folder);
}

static bool has_user(const struct domain *domain, const char *local)
{
	return domain_has_user(domain, folder.arena, &rules, str_from(local));
}

static void users(void **state)
{
	static const char *const yes[] = {
		"zoe",	     "alice",	   "ALICE",    "alice+x",
		"Alice+x+y", "bob",	   "carol",    "john.doe",
		"dave",	     "john.doe+x", "a.l.i.ce", "upper",
	};
	static const char *const no[] = {
		"",
		"al",
		"alicex",
		"eve",
		"#eve",
		"plain@",
		"{CRYPT}x",
		"*",
		"x+alice",
		"+x",
		"alice@example.org",
	};
	const struct domain *domain;
	struct domains domains;

	(void)state;
	begin();
	folder_make(&folder, "etc/domains/example.org");
	folder_write(&folder, "lib/domains/example.org/users",
		     "zoe:{CRYPT}x:1000:1000::/home/zoe::\n"
		     "# eve:{PLAIN}x\n"
		     "#eve:{PLAIN}x\n"
		     "\n"
		     "alice@example.org:{PLAIN}a:b@c:d\n"
		     "bob\n"
		     ":nobody\n"
		     "@example.org:{PLAIN}x\n"
		     "carol:\r\n"
		     "john.doe@example.org:x\n"
		     "Upper:x\n"
		     "dave@example.org");
	domains = must_load(DOMAIN_USERS);
	domain = find(&domains, "example.org");
	assert_true(domain->users_known);
	assert_int_equal(domain->n_users, 7);
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (!has_user(domain, yes[i]))
			fail_msg("%s: want a user", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (has_user(domain, no[i]))
			fail_msg("%s: want no user", no[i]);
	domains_free(&domains);
	folder_end(&folder);
}

/* An empty file says that there are no users; none, that it's not known. */
static void users_unknown(void **state)
{
	const struct domain *domain;
	struct capture capture;
	struct domains domains;
	const char *path, *log;

	(void)state;
	begin();
	folder_make(&folder, "etc/domains/example.org");
	domains = must_load(DOMAIN_USERS);
	domain = find(&domains, "example.org");
	assert_false(domain->users_known);
	assert_true(has_user(domain, "anybody"));
	domains_free(&domains);

	path = folder_write(&folder, "lib/domains/example.org/users", "");
	domains = must_load(DOMAIN_USERS);
	domain = find(&domains, "example.org");
	assert_true(domain->users_known);
	assert_false(has_user(domain, "anybody"));
	domains_free(&domains);

	assert_int_equal(chmod(path, 0), 0);
	capture = capture_begin(&folder, STDERR_FILENO);
	if (!become_nobody())
		skip();
	domains = must_load(DOMAIN_USERS);
	become_again();
	log = capture_end(&capture);
	domain = find(&domains, "example.org");
	assert_false(domain->users_known);
	assert_true(has_user(domain, "anybody"));
	assert_int_equal(count_in(log, "\n"), 1);
	ASSERT_HAS(log, path, "log");
	ASSERT_HAS(log, "Permission denied", "log");
	domains_free(&domains);
	folder_end(&folder);
}

static void ten_thousand(void **state)
{
	enum { N = 10000 };
	struct domains domains;
	char name[64];

	(void)state;
	begin();
	folder_make(&folder, "etc/domains");
	folder_make(&folder, "lib/domains");
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "%s/domains/d%d.example",
			 i % 2 ? "etc" : "lib", i);
		assert_int_equal(mkdir(folder_path(&folder, name), 0755), 0);
	}
	domains = must_load(ALL);
	assert_int_equal(domains.n, N);
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		assert_non_null(find(&domains, name));
		snprintf(name, sizeof(name), "x%d.example", i);
		assert_null(find(&domains, name));
	}
	domains_free(&domains);
	folder_end(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders),	 cmocka_unit_test(bad_folders),
		cmocka_unit_test(bad_bases),	 cmocka_unit_test(bad_files),
		cmocka_unit_test(parts),	 cmocka_unit_test(users),
		cmocka_unit_test(users_unknown), cmocka_unit_test(ten_thousand),
	};

	return UNIT_RUN(tests);
}
