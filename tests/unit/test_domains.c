/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "domains"
#include "unit.h"

#include "keys.h"
#include "milters/domains.h"
#include "folder.h"

enum { ALL = DOMAIN_ALIASES | DOMAIN_SENDERS | DOMAIN_USERS | DOMAIN_KEYS };

static struct folder folder;

static const struct alias_rules rules = { S("+"), S(".") };

/* In force when domains are loaded. */
static const struct domains *last;

static void begin(void)
{
	assert_int_equal(crypto_init(), OK);
	last = NULL;
	folder = folder_new();
	folder_make(&folder, "etc");
	folder_make(&folder, "lib");
}

static enum result load(unsigned int parts, struct domains *domains,
			const char **error)
{
	const struct domains_source source = {
		.config = folder_path(&folder, "etc"),
		.state = folder_path(&folder, "lib"),
		.parts = parts,
		.rules = rules,
		.last = last,
	};

	*error = NULL;
	return domains_load(folder.arena, &source, domains, error);
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
	folder_make(&folder, "etc/domains/b.example");
	folder_write_key(&folder, "lib/domains/b.example/dkim/s.pem", "x");
	must_fail("key",
		  "lib/domains/b.example/dkim/s.pem: ", "no private key");
	folder_end(&folder);
}

/* Puts a fault at a path, by the name of its kind or as a file's text. */
static void write_fault(const char *name, const char *fault)
{
	const char *path = folder_path(&folder, name);

	remove(path);
	if (strcmp(fault, "folder") == 0)
		folder_make(&folder, name);
	else if (strcmp(fault, "link") == 0)
		assert_int_equal(symlink("nowhere", path), 0);
	else if (strcmp(fault, "circle") == 0)
		assert_int_equal(symlink("aliases", path), 0);
	else if (strcmp(fault, "closed") == 0)
		assert_int_equal(chmod(folder_write(&folder, name, "a: b"), 0),
				 0);
	else
		folder_write(&folder, name, fault);
}

static const struct file_fault {
	const char *file, *fault, *want;
} file_faults[] = {
	{ "aliases", "# first\n\ngood: one\nno colon here\nbad\n",
	  "/aliases:4: expected" },
	{ "aliases", "a:\n", "/aliases:1: " },
	{ "aliases", "folder", "/aliases: is not a regular file" },
	{ "aliases", "link", "/aliases: is a link to nothing" },
	{ "aliases", "circle", "/aliases: Too many levels" },
	{ "aliases", "closed", "/aliases: Permission denied" },
	{ "senders", "a@b.example: one\n", "/senders:1: no @" },
	{ "senders", "folder", "/senders: is not a regular file" },
};

enum { N_FILE_FAULTS = sizeof(file_faults) / sizeof(*file_faults) };

/* Loads in the rights of a service; the log is of the folder's arena. */
static struct domains load_logged(const char **log)
{
	struct capture capture = capture_begin(&folder, STDERR_FILENO);
	struct domains domains;

	assert_true(become_nobody());
	domains = must_load(ALL & ~DOMAIN_KEYS);
	become_again();
	*log = capture_end(&capture);
	return domains;
}

/* Without a version that was good: the domain has a fault, others work. */
static void faults_at_start(void **state)
{
	(void)state;
	for (int i = 0; i < N_FILE_FAULTS; i++) {
		const struct file_fault *row = &file_faults[i];
		const struct domain *domain;
		struct domains domains;
		const char *name, *log;

		begin();
		folder_write(&folder, "etc/domains/a.example/aliases",
			     "a: b\n");
		folder_write(&folder, "etc/domains/b.example/aliases",
			     "a: b\n");
		name = arena_printf(folder.arena, "etc/domains/b.example/%s",
				    row->file);
		write_fault(name, row->fault);
		domains = load_logged(&log);
		assert_int_equal(domains.n_faults, 1);
		domain = find(&domains, "a.example");
		assert_non_null(domain->aliases);
		assert_null(domain->fault);
		domain = find(&domains, "b.example");
		ASSERT_HAS(domain->fault, "b.example", row->want);
		ASSERT_HAS(domain->fault, row->want, row->want);
		ASSERT_HAS(log, domain->fault, row->want);
		ASSERT_HAS(log, "put off", row->want);
		assert_null(domain->senders);
		assert_int_equal(!domain->aliases,
				 strcmp(row->file, "aliases") == 0);
		domains_free(&domains);
		folder_end(&folder);
	}
}

/* With one, that stays, whatever comes of the memory it was read into. */
static void faults_at_reload(void **state)
{
	(void)state;
	for (int i = 0; i < N_FILE_FAULTS; i++) {
		const struct file_fault *row = &file_faults[i];
		struct domains first, second, third;
		struct arena *arena, *keep;
		const struct domain *domain;
		const struct aliases *aliases;
		const char *name, *log;
		struct alias alias;

		begin();
		name = arena_printf(folder.arena, "etc/domains/b.example/%s",
				    row->file);
		folder_write(&folder, name, "good: one@x.example\n");
		keep = folder.arena;
		folder.arena = arena_new(4096);
		first = must_load(ALL);
		last = &first;
		arena = folder.arena;
		folder.arena = keep;
		write_fault(name, row->fault);
		second = load_logged(&log);
		ASSERT_HAS(log, row->want, row->want);
		ASSERT_HAS(log, "its last good version stays", row->want);
		domains_free(&first);
		arena_free(arena);
		last = &second;
		/* The fault is told again, and the version is still there. */
		third = load_logged(&log);
		ASSERT_HAS(log, "its last good version stays", row->want);
		domains_free(&second);
		domain = find(&third, "b.example");
		assert_null(domain->fault);
		assert_int_equal(third.n_faults, 1);
		aliases = *row->file == 'a' ? domain->aliases : domain->senders;
		assert_non_null(aliases);
		ASSERT_RESULT(alias_find(aliases, folder.arena, STR("good"),
					 &alias),
			      OK, row->want);
		ASSERT_STR(alias.targets[0].local, STR("one"), row->want);
		domains_free(&third);
		folder_end(&folder);
	}
}

/* One of the domains of a cycle, by its changes. */
struct cycle_row {
	const char *before[2], *after[2]; /* aliases of a.example, b.example */
	const char *fault;		  /* the file, the line, the way */
	bool stays;			  /* a last good version of it */
};

static void write_both(const char *const texts[2])
{
	for (int i = 0; i < 2; i++)
		if (texts[i])
			folder_write(&folder,
				     arena_printf(folder.arena,
						  "etc/domains/%c.example/"
						  "aliases",
						  'a' + i),
				     texts[i]);
}

/* Of a cycle the file that changed is at fault, and only that. */
static void cycles(void **state)
{
	static const char *const harmless = "x: o@else.where\n";
	const struct cycle_row rows[] = {
		{ { "x: x@b.example\n", harmless },
		  { NULL, "y: z\nx: x@a.example\n" },
		  "b.example/aliases:2: leads back to itself: x@b.example to "
		  "x@a.example to x@b.example;",
		  true },
		{ { harmless, "*: *@a.example\n" },
		  { "*: *@b.example\n", NULL },
		  "a.example/aliases:1: leads back to itself: *@a.example to "
		  "*@b.example to *@a.example;",
		  true },
		{ { "x: x@b.example\n", NULL },
		  { NULL, "*: *@a.example\n" },
		  "b.example/aliases:1: leads back to itself: x@b.example to "
		  "x@a.example to x@b.example;",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct domains first, second;
		const struct domain *domain;
		const char *log;

		begin();
		write_both(rows[i].before);
		first = load_logged(&log);
		assert_string_equal(log, "");
		last = &first;
		write_both(rows[i].after);
		second = load_logged(&log);
		ASSERT_HAS(log, rows[i].fault, rows[i].fault);
		assert_int_equal(count_in(log, "\n"), 1);
		ASSERT_HAS(log, rows[i].stays ? "last good version" : "put off",
			   rows[i].fault);
		domain = &second.list[*rows[i].fault - 'a'];
		assert_int_equal(!domain->fault, rows[i].stays);
		assert_int_equal(domain->aliases != NULL, rows[i].stays);
		if (rows[i].stays)
			ASSERT_STR(
				alias_text(domain->aliases),
				str_from(rows[i].before[*rows[i].fault - 'a']),
				rows[i].fault);
		domain = &second.list['b' - *rows[i].fault];
		assert_null(domain->fault);
		assert_non_null(domain->aliases);
		domains_free(&first);
		domains_free(&second);
		folder_end(&folder);
	}
}

/* At start, of two: one. Of two cycles in a file: both, one after the other. */
static void cycles_at_start(void **state)
{
	struct domains domains;
	const char *log;

	(void)state;
	begin();
	write_both((const char *[]){ "x: x@b.example\n", "x: x@a.example\n" });
	domains = load_logged(&log);
	assert_int_equal(count_in(log, "\n"), 1);
	assert_int_equal(domains.n_faults, 1);
	assert_int_equal(!domains.list[0].fault + !domains.list[1].fault, 1);
	domains_free(&domains);

	write_both((const char *[]){ "x: y\ny: x\nv: w\nw: v\n", "" });
	domains = load_logged(&log);
	assert_int_equal(count_in(log, "\n"), 1);
	ASSERT_HAS(domains.list[0].fault, "a.example/aliases:", "a");
	assert_non_null(domains.list[1].aliases);
	domains_free(&domains);
	folder_end(&folder);
}

/* Without any change of the two files: a user is gone who ended the way. */
static void cycle_by_user(void **state)
{
	struct domains first, second;

	(void)state;
	begin();
	write_both((const char *[]){ "*: u@b.example\n", "*: u@a.example\n" });
	folder_write(&folder, "lib/domains/a.example/users", "u:x\n");
	first = must_load(DOMAIN_ALIASES | DOMAIN_USERS);
	assert_int_equal(first.n_faults, 0);
	last = &first;
	folder_write(&folder, "lib/domains/a.example/users", "");
	second = must_load(DOMAIN_ALIASES | DOMAIN_USERS);
	assert_int_equal(second.n_faults, 1);
	assert_int_equal(!second.list[0].fault + !second.list[1].fault, 1);
	domains_free(&first);
	domains_free(&second);
	folder_end(&folder);
}

/* A file that is taken away is no fault: it says that there are none. */
static void file_taken_away(void **state)
{
	struct domains first, second;
	const char *log;

	(void)state;
	begin();
	folder_write(&folder, "etc/domains/b.example/aliases", "a: b\n");
	first = must_load(ALL);
	last = &first;
	remove(folder_path(&folder, "etc/domains/b.example/aliases"));
	second = load_logged(&log);
	assert_string_equal(log, "");
	assert_null(find(&second, "b.example")->aliases);
	assert_null(find(&second, "b.example")->fault);
	domains_free(&first);
	domains_free(&second);
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
		cmocka_unit_test(folders),
		cmocka_unit_test(bad_folders),
		cmocka_unit_test(bad_bases),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(faults_at_start),
		cmocka_unit_test(faults_at_reload),
		cmocka_unit_test(file_taken_away),
		cmocka_unit_test(cycles),
		cmocka_unit_test(cycles_at_start),
		cmocka_unit_test(cycle_by_user),
		cmocka_unit_test(parts),
		cmocka_unit_test(users),
		cmocka_unit_test(users_unknown),
		cmocka_unit_test(ten_thousand),
	};

	return UNIT_RUN(tests);
}
