/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "snapshot"
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "keys.h"
#include "milters/milter.h"
#include "folder.h"

struct values {
	int64_t number;
	const char *text;
};

static const struct setting table[] = {
	{ .name = "number",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct values, number),
	  .fallback = "5",
	  .min = 0,
	  .max = 1000000,
	  .help = "Help for number." },
	{ .name = "text",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct values, text),
	  .fallback = "",
	  .help = "Help for text." },
	{ .name = NULL },
};

/* 13 stands for what a daemon's own check finds. */
static enum result configure(struct snapshot *snapshot, const char **error)
{
	const struct values *values = snapshot->settings;

	snapshot->derived = arena_printf(snapshot->arena, "%lld",
					 (long long)values->number);
	if (values->number != 13)
		return OK;
	*error = arena_printf(snapshot->arena, "number: %s", "13 is bad luck");
	return E_CONFIG;
}

static const struct milter milter = {
	.name = "some-milter",
	.settings = table,
	.settings_size = sizeof(struct values),
	.parts = DOMAIN_ALIASES | DOMAIN_KEYS,
	.configure = configure,
};

static struct folder folder;

static void begin(void)
{
	assert_int_equal(crypto_init(), OK);
	folder = folder_new();
	folder_write(&folder, "etc/millrace.conf",
		     arena_printf(folder.arena,
				  "state_directory = \"%s/lib\"\n",
				  folder.path));
	folder_write(&folder, "etc/domains/example.org/aliases", "a: b\n");
	folder_write_key(&folder, "lib/domains/example.org/dkim/s.pem",
			 KEY_RFC8410);
}

static struct snapshot *must_load(void)
{
	struct snapshot *snapshot = NULL;
	char *error = NULL;
	enum result result = snapshot_load(&milter, folder_path(&folder, "etc"),
					   &snapshot, &error);

	if (result != OK)
		print_error("%s\n", error);
	ASSERT_RESULT(result, OK, "load");
	return snapshot;
}

static void must_fail(const char *row, const char *want, const char *also)
{
	struct snapshot *snapshot = NULL;
	char *error = NULL;

	ASSERT_RESULT(snapshot_load(&milter, folder_path(&folder, "etc"),
				    &snapshot, &error),
		      E_CONFIG, row);
	assert_null(snapshot);
	ASSERT_HAS(error, want, row);
	ASSERT_HAS(error, also, row);
	free(error);
}

static void loads(void **state)
{
	const struct values *values;
	struct snapshot *snapshot;

	(void)state;
	begin();
	snapshot = must_load();
	values = snapshot->settings;
	assert_int_equal(snapshot->references, 1);
	assert_int_equal(values->number, 5);
	assert_string_equal(snapshot->derived, "5");
	assert_string_equal(snapshot->shared.state_directory,
			    folder_path(&folder, "lib"));
	assert_int_equal(snapshot->trusted.n, 2);
	assert_int_equal(snapshot->login_domain.n, 0);
	assert_int_equal(snapshot->runtime.max_connections, 4000);
	assert_string_equal(snapshot->runtime.socket, "");
	assert_string_equal(snapshot->runtime.socket_mode, "0660");
	assert_string_equal(snapshot->runtime.socket_group, "");
	assert_int_equal(snapshot->domains.n, 1);
	assert_int_equal(snapshot->domains.list[0].keys.n, 1);
	ASSERT_STR(snapshot->domains.rules.suffix_separators, STR("+"), "+");
	ASSERT_STR(snapshot->domains.rules.drop_characters, STR("."), ".");
	snapshot_put(snapshot);

	folder_write(&folder, "etc/some-milter.conf",
		     "number = 9 max_connections = 7 socket = \"unix:/x\"\n");
	folder_write(&folder, "etc/millrace.conf",
		     "login_domain = \"B\xc3\xbc"
		     "cher.Example.\"\n"
		     "trusted_networks = {\"192.0.2.0/24\"}\n"
		     "suffix_separators = \"+-\" drop_characters = \"\"\n"
		     "state_directory = /nonexistent/millrace\n");
	snapshot = must_load();
	values = snapshot->settings;
	assert_int_equal(values->number, 9);
	assert_int_equal(snapshot->runtime.max_connections, 7);
	assert_string_equal(snapshot->runtime.socket, "unix:/x");
	ASSERT_STR(snapshot->login_domain, STR("xn--bcher-kva.example"),
		   "login_domain");
	assert_int_equal(snapshot->trusted.n, 1);
	assert_int_equal(snapshot->domains.list[0].keys.n, 0);
	ASSERT_STR(snapshot->domains.rules.suffix_separators, STR("+-"), "+-");
	ASSERT_STR(snapshot->domains.rules.drop_characters, STR(""), "");
	snapshot_put(snapshot);
	snapshot_put(NULL);
	folder_end(&folder);
}

static void faults(void **state)
{
	static const struct {
		const char *file, *text, *want, *also;
	} rows[] = {
		{ "millrace.conf", "x = 1\n", "etc/millrace.conf:1:", "x" },
		{ "millrace.conf", "number = 1\n",
		  "etc/millrace.conf:1:", "number" },
		{ "millrace.conf", "socket = x\n",
		  "etc/millrace.conf:1:", "socket" },
		{ "millrace.conf", "\nstate_directory = lib\n",
		  ":2: state_directory: ", "a path" },
		{ "millrace.conf", "trusted_networks = {\"10.0.0.0/8\", x}\n",
		  ":1: trusted_networks: ", "networks like" },
		{ "millrace.conf", "login_domain = \"not a domain\"\n",
		  ":1: login_domain: ", "a domain name" },
		{ "some-milter.conf", "\nx = 1\n",
		  "etc/some-milter.conf:2:", "x" },
		{ "some-milter.conf", "login_domain = example.org\n",
		  "etc/some-milter.conf:1:", "login_domain" },
		{ "some-milter.conf", "socket_mode = 0999\n",
		  ":1: socket_mode: ", "an octal mode" },
		{ "some-milter.conf", "socket_mode = 1777\n",
		  ":1: socket_mode: ", "an octal mode" },
		{ "some-milter.conf", "socket_mode = \"\"\n",
		  ":1: socket_mode: ", "an octal mode" },
		{ "some-milter.conf", "socket_mode = rw\n",
		  ":1: socket_mode: ", "an octal mode" },
		{ "some-milter.conf", "socket_mode = \"-0\"\n",
		  ":1: socket_mode: ", "an octal mode" },
		{ "some-milter.conf", "max_connections = 0\n",
		  ":1: max_connections: ", "from 1 to 100000" },
		{ "some-milter.conf", "number = 13\n", "number: ", "bad luck" },
		{ "domains/Example.com/aliases", "", "etc/domains/Example.com",
		  "lower case" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin();
		folder_write(&folder,
			     arena_printf(folder.arena, "etc/%s", rows[i].file),
			     rows[i].text);
		must_fail(rows[i].text, rows[i].want, rows[i].also);
		folder_end(&folder);
	}
}

/* Other users' folders are closed to a daemon that has nothing to do there. */
static void no_domains(void **state)
{
	struct milter other = milter;
	struct snapshot *snapshot = NULL;
	char *error = NULL;

	(void)state;
	begin();
	other.parts = 0;
	assert_int_equal(chmod(folder_path(&folder, "lib/domains"), 0), 0);
	if (become_nobody()) {
		must_fail("parts", "lib/domains", "Permission denied");
		ASSERT_RESULT(snapshot_load(&other, folder_path(&folder, "etc"),
					    &snapshot, &error),
			      OK, "no parts");
		assert_int_equal(snapshot->domains.n, 0);
		snapshot_put(snapshot);
		become_again();
	}
	folder_end(&folder);
}

static void no_directory(void **state)
{
	struct snapshot *snapshot;
	char *error = NULL;

	(void)state;
	begin();
	ASSERT_RESULT(snapshot_load(&milter, folder_path(&folder, "none"),
				    &snapshot, &error),
		      E_CONFIG, "missing");
	ASSERT_HAS(error, "none: expected the folder", "missing");
	free(error);
	ASSERT_RESULT(snapshot_load(&milter,
				    folder_path(&folder, "etc/millrace.conf"),
				    &snapshot, &error),
		      E_CONFIG, "file");
	ASSERT_HAS(error, "millrace.conf: expected the folder", "file");
	free(error);
	folder_end(&folder);
}

static void counts(void **state)
{
	struct snapshot *first, *second, *held;

	(void)state;
	begin();
	first = must_load();
	snapshot_set(first);
	assert_int_equal(first->references, 1);
	held = snapshot_get();
	assert_ptr_equal(held, first);
	assert_int_equal(first->references, 2);
	assert_ptr_equal(snapshot_get(), first);
	assert_int_equal(first->references, 3);
	snapshot_put(first);
	second = must_load();
	snapshot_set(second);
	/* Who began with the first still has it, whole. */
	assert_int_equal(first->references, 1);
	assert_string_equal(held->derived, "5");
	assert_int_equal(held->domains.list[0].keys.n, 1);
	held = snapshot_get();
	assert_ptr_equal(held, second);
	snapshot_put(held);
	snapshot_put(first);
	assert_int_equal(second->references, 1);
	snapshot_set(NULL);
	folder_end(&folder);
}

static atomic_bool enough;

/* As a session does: get, look at what it holds, put. */
static void *reader(void *context)
{
	_Atomic long *looked = context;

	while (!enough) {
		struct snapshot *snapshot = snapshot_get();
		const struct values *values = snapshot->settings;

		if (values->number != strtol(snapshot->derived, NULL, 10) ||
		    snapshot->references < 1 || snapshot->domains.n != 1 ||
		    crypto_key_bits(snapshot->domains.list[0].keys.list->key) !=
			    256)
			*looked = -1000000000;
		snapshot_put(snapshot);
		atomic_fetch_add(looked, 1);
		sched_yield();
	}
	return NULL;
}

static void *setter(void *context)
{
	(void)context;
	for (int i = 0; i < 1000; i++) {
		struct snapshot *snapshot = NULL;
		char *error;

		if (snapshot_load(&milter, folder_path(&folder, "etc"),
				  &snapshot, &error) == OK)
			snapshot_set(snapshot);
	}
	enough = true;
	return NULL;
}

static void threads(void **state)
{
	_Atomic long looked[2] = { 0, 0 };
	pthread_t thread[3];
	struct snapshot *last;

	(void)state;
	begin();
	enough = false;
	snapshot_set(must_load());
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader,
						&looked[i]),
				 0);
	assert_int_equal(pthread_create(&thread[2], NULL, setter, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_true(looked[0] > 0);
	assert_true(looked[1] > 0);
	last = snapshot_get();
	assert_int_equal(last->references, 2);
	snapshot_put(last);
	snapshot_set(NULL);
	folder_end(&folder);
}

/* The listing of -T, cut into its two files, gives the same settings. */
static void prints(void **state)
{
	struct snapshot *snapshot;
	struct capture capture;
	const char *text, *own;

	(void)state;
	begin();
	folder_write(&folder, "etc/some-milter.conf",
		     "number = 9 text = 'a\"b' max_connections = 7\n");
	snapshot = must_load();
	capture = capture_begin(&folder, STDOUT_FILENO);
	snapshot_print(&milter, snapshot);
	text = capture_end(&capture);
	snapshot_put(snapshot);
	ASSERT_HAS(text, "# millrace.conf\n", "heading");
	own = strstr(text, "# some-milter.conf\n");
	assert_non_null(own);
	for (const struct setting *s = shared_table; s->name; s++)
		ASSERT_HAS(text, arena_printf(folder.arena, "\n%s = ", s->name),
			   "shared");
	for (const struct setting *s = runtime_table; s->name; s++)
		ASSERT_HAS(own, arena_printf(folder.arena, "\n%s = ", s->name),
			   "runtime");
	ASSERT_HAS(own, "\nnumber = 9\n", "own");

	folder_write_str(&folder, "etc/millrace.conf",
			 (struct str){ text, (size_t)(own - text) });
	folder_write(&folder, "etc/some-milter.conf", own);
	snapshot = must_load();
	assert_string_equal(snapshot->shared.state_directory,
			    folder_path(&folder, "lib"));
	assert_int_equal(snapshot->trusted.n, 2);
	assert_int_equal(snapshot->runtime.max_connections, 7);
	assert_int_equal(((struct values *)snapshot->settings)->number, 9);
	assert_string_equal(((struct values *)snapshot->settings)->text,
			    "a\"b");
	snapshot_put(snapshot);
	folder_end(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads),      cmocka_unit_test(faults),
		cmocka_unit_test(no_domains), cmocka_unit_test(no_directory),
		cmocka_unit_test(counts),     cmocka_unit_test(threads),
		cmocka_unit_test(prints),
	};

	return UNIT_RUN(tests);
}
