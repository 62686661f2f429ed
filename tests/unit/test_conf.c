/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "conf"
#include "unit.h"

#include <sys/wait.h>

#include "milters/conf.h"
#include "milters/network.h"
#include "folder.h"

struct values {
	const char *text;
	const char *path;
	int64_t number;
	int64_t signed_number;
	bool on;
	int choice;
	struct conf_list list;
	struct conf_list networks;
};

static const char *const choices[] = { "one", "two", "three", NULL };

static const char *check_path(const char *text)
{
	return *text == '/' ? NULL : "a path that begins with /";
}

static const struct setting table[] = {
	{ .name = "text",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct values, text),
	  .fallback = "a text",
	  .help = "Help for text." },
	{ .name = "path",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct values, path),
	  .fallback = "/default",
	  .check = check_path,
	  .help = "Help for path." },
	{ .name = "number",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct values, number),
	  .fallback = "5",
	  .min = 1,
	  .max = 10,
	  .help = "Help for number." },
	{ .name = "on",
	  .type = SETTING_SWITCH,
	  .offset = offsetof(struct values, on),
	  .fallback = "yes",
	  .help = "Help for on." },
	{ .name = "choice",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct values, choice),
	  .fallback = "two",
	  .choices = choices,
	  .help = "Help for choice." },
	{ .name = NULL },
};

/* A second table over the same values, as a daemon has two. */
static const struct setting more_table[] = {
	{ .name = "signed_number",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct values, signed_number),
	  .fallback = "-7",
	  .min = -10,
	  .max = INT64_MAX,
	  .help = "Help for signed_number." },
	{ .name = "list",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct values, list),
	  .fallback = "a, b b ,c",
	  .help = "Help for list." },
	{ .name = "networks",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct values, networks),
	  .fallback = "",
	  .check = network_check,
	  .help = "Help for networks." },
	{ .name = NULL },
};

static struct folder folder;

static enum result load_path(const char *path, struct values *values,
			     const char **error)
{
	const struct conf_table tables[] = {
		{ table, values },
		{ more_table, values },
	};

	memset(values, 0xff, sizeof(*values));
	*error = NULL;
	return conf_load(folder.arena, path, tables, 2, error);
}

static enum result load(struct str text, struct values *values,
			const char **error)
{
	return load_path(folder_write_str(&folder, "f.conf", text), values,
			 error);
}

static void must_load(const char *text, struct values *values)
{
	const char *error;
	enum result result = load(str_from(text), values, &error);

	if (result != OK)
		print_error("%s: %s\n", text, error ? error : "(null)");
	ASSERT_RESULT(result, OK, text);
}

static void assert_list(const struct conf_list *list, const char *want)
{
	const char *got = "";

	for (size_t i = 0; i < list->n; i++) {
		got = arena_printf(folder.arena, "%s[%.*s]", got,
				   STR_ARG(list->items[i]));
		/* Each item is a C string too. */
		assert_int_equal(list->items[i].p[list->items[i].n], '\0');
	}
	assert_string_equal(got, want);
}

static void assert_defaults(const struct values *values)
{
	assert_string_equal(values->text, "a text");
	assert_string_equal(values->path, "/default");
	assert_int_equal(values->number, 5);
	assert_int_equal(values->signed_number, -7);
	assert_true(values->on);
	assert_int_equal(values->choice, 1);
	assert_list(&values->list, "[a][b b][c]");
	assert_list(&values->networks, "");
}

static void defaults(void **state)
{
	const char *error;
	struct values values;

	(void)state;
	folder = folder_new();
	must_load("", &values);
	assert_defaults(&values);
	must_load("# nothing\n\n// here\n/* at\nall */\n", &values);
	assert_defaults(&values);
	ASSERT_RESULT(load_path(folder_path(&folder, "missing.conf"), &values,
				&error),
		      OK, "missing");
	assert_defaults(&values);
	folder_end(&folder);
}

static void types(void **state)
{
	struct values values;

	(void)state;
	folder = folder_new();
	must_load("text = \"other # text\" # comment\n"
		  "path = /etc\n"
		  "number = 10\n"
		  "signed_number = -10\n"
		  "on = no\n"
		  "choice = three\n"
		  "list = {\"x y\", z,\n  \"\"}\n"
		  "networks = {\"10.0.0.0/8\", \"::1\"}\n",
		  &values);
	assert_string_equal(values.text, "other # text");
	assert_string_equal(values.path, "/etc");
	assert_int_equal(values.number, 10);
	assert_int_equal(values.signed_number, -10);
	assert_false(values.on);
	assert_int_equal(values.choice, 2);
	assert_list(&values.list, "[x y][z][]");
	assert_list(&values.networks, "[10.0.0.0/8][::1]");

	/* Line ends of another system, and words with signs in them. */
	must_load("number = 7\r\ntext = http://x/y\r\npath = /a//b#c\r\n",
		  &values);
	assert_int_equal(values.number, 7);
	assert_string_equal(values.text, "http://x/y");
	assert_string_equal(values.path, "/a//b");

	must_load("number = 1 signed_number = 9223372036854775807 on = true "
		  "choice = \"one\" text = '' list = {}",
		  &values);
	assert_int_equal(values.number, 1);
	assert_true(values.signed_number == INT64_MAX);
	assert_true(values.on);
	assert_int_equal(values.choice, 0);
	assert_string_equal(values.text, "");
	assert_list(&values.list, "");
	folder_end(&folder);
}

static void lists_of_one(void **state)
{
	struct values values;

	(void)state;
	folder = folder_new();
	must_load("list = {one}\nnetworks = {\"::1\"}\n", &values);
	assert_list(&values.list, "[one]");
	assert_list(&values.networks, "[::1]");
	folder_end(&folder);
}

/* What the message says behind the name of the file. */
static const struct {
	const char *text;
	const char *where; /* the line */
	const char *key;   /* "" where libconfuse can't know it */
	const char *want;  /* what was expected */
} fault_rows[] = {
	{ "unknown = 1\n", ":1:", "unknown", "no such option" },
	{ "\n\n# x\nText = a\n", ":4:", "Text", "no such option" },
	{ "include(\"/dev/null\")\n", ":1:", "include", "no such option" },
	{ "section { }\n", ":1:", "section", "no such option" },
	{ "text = a\ntext = a\n", ":2:", "text: ", "set twice" },
	{ "number = 5\n\non = no\nnumber = 6\n",
	  ":4:", "number: ", "set twice" },
	{ "on = yes\non = yes\n", ":2:", "on: ", "set twice" },
	{ "choice = one\nchoice = one\n", ":2:", "choice: ", "set twice" },
	{ "list = {a, b}\nlist = {c, d}\n", ":2:", "list: ", "set twice" },
	{ "list = {a, b}\nlist = {c}\n", ":2:", "list: ", "set twice" },
	{ "list = {a}\nlist = {b, c}\n", ":2:", "list: ", "set twice" },
	{ "list = {}\nlist = {b, c}\n", ":2:", "list: ", "set twice" },
	{ "list = {b, c}\n\nlist = {}\n", ":3:", "list: ", "set twice" },
	{ "list = {}\nlist = {}\n", ":2:", "list: ", "set twice" },
	{ "list = {a, b}\nlist += {c}\n", ":2:", "list: ", "set twice" },
	{ "text = a text = b", ":1:", "text: ", "set twice" },
	{ "number = 0\n", ":1:", "number: ", "expected a number from 1 to 10" },
	{ "\nnumber = 11\n",
	  ":2:", "number: ", "expected a number from 1 to 10" },
	{ "number = -1\n",
	  ":1:", "number: ", "expected a number from 1 to 10" },
	{ "signed_number = -11\n", ":1:", "signed_number: ",
	  "expected a number from -10 to 9223372036854775807" },
	{ "number = 99999999999999999999\n", ":1:", "number", "" },
	{ "number = five\n", ":1:", "number",
	  "expected a number from 1 to 10" },
	{ "number = \"\"\n", ":1:", "number",
	  "expected a number from 1 to 10" },
	{ "number = 5s\n", ":1:", "number", "expected a number from 1 to 10" },
	{ "on = maybe\n", ":1:", "on", "expected yes or no" },
	{ "text = a\nchoice = four\n",
	  ":2:", "choice: ", "expected one, two or three" },
	{ "choice = One\n", ":1:", "choice: ", "expected one, two or three" },
	{ "choice = \"\"\n", ":1:", "choice: ", "expected one, two or three" },
	{ "path = etc\n",
	  ":1:", "path: ", "expected a path that begins with /" },
	{ "path = \"\"\n", ":1:", "path: ", "expected a path" },
	{ "networks = {\"::1\",\n\"10.0.0.0/33\", \"::2\"}\n",
	  ":2:", "networks: ", "expected networks like" },
	{ "networks = {\"::1\", nonsense}\n",
	  ":1:", "networks: ", "expected networks like" },
	{ "text = {a}\n", ":1:", "", "'{'" },
	{ "text a\n", ":1:", "", "" },
	{ "text += a\n", ":1:", "text", "" },
	{ "text = a b\n", ":1:", "b", "no such option" },
	{ "list = {a b}\n", ":1:", "", "'b'" },
	{ "}\n", ":1:", "", "brace" },
	{ "text = \"never ended\n", ":", "", "" },
	{ "list = {a, b\n", ":", "", "end of file" },
	{ "text =\n", ":", "", "end of file" },
	{ "text\n", ":", "", "end of file" },
	{ "text = a\n/* never ended\nnumber = 5\n", ":", "", "" },
	{ "# a\n\n# b\nnumber = 11\n", ":4:", "number: ", "expected" },
	{ "// a\n// b\nnumber = 11\n", ":3:", "number: ", "expected" },
	{ "/* a\n\n*/ /**/\nnumber = 11\n", ":4:", "number: ", "expected" },
	{ "on = no # a\nchoice = one // b\nnumber = 11\n",
	  ":3:", "number: ", "expected" },
	{ "text = \"# \\\" // /*\" # \"\nnumber = 11\n",
	  ":2:", "number: ", "expected" },
	{ "text = '# // /* \"' # '\nnumber = 11\n",
	  ":2:", "number: ", "expected" },
	{ "text = a#b\nnumber = 11\n", ":2:", "number: ", "expected" },
};

static void faults(void **state)
{
	struct values values;

	(void)state;
	folder = folder_new();
	for (size_t i = 0; i < sizeof(fault_rows) / sizeof(*fault_rows); i++) {
		const char *text = fault_rows[i].text;
		const char *where =
			arena_printf(folder.arena, "%s/f.conf%s", folder.path,
				     fault_rows[i].where);
		const char *error;

		ASSERT_RESULT(load(str_from(text), &values, &error), E_CONFIG,
			      text);
		ASSERT_HAS(error, where, text);
		ASSERT_HAS(error, fault_rows[i].key, text);
		ASSERT_HAS(error, fault_rows[i].want, text);
	}
	folder_end(&folder);
}

/* A key in quotes is a key, or a fault, but it is not passed over. */
static void quoted_keys(void **state)
{
	static const char *const rows[] = {
		"\"number\" = 7\n",
		"'number' = 7\n",
		"text = a\n\"number\" = 7\n",
		"text = \"a\" \"number\" = 7\n",
	};
	struct values values;
	const char *error;

	(void)state;
	folder = folder_new();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (load(str_from(rows[i]), &values, &error) == OK)
			assert_int_equal(values.number, 7);
		else
			ASSERT_HAS(error, "number", rows[i]);
	ASSERT_RESULT(load(STR("number = 6 \"number\" = 7"), &values, &error),
		      E_CONFIG, "twice");
	folder_end(&folder);
}

/* libconfuse loses * and + that are not in quotes: not with us. */
static void unquoted_signs(void **state)
{
	struct values values;
	const char *error;

	(void)state;
	folder = folder_new();
	must_load("list = {\"Resent-*\", '*'}\n", &values);
	assert_list(&values.list, "[Resent-*][*]");
	if (load(STR("on = no\nlist = {Resent-*, List-*}\n"), &values,
		 &error) == OK)
		assert_list(&values.list, "[Resent-*][List-*]");
	else
		ASSERT_HAS(error, "f.conf:2:", "*");
	if (load(STR("text = -+\n"), &values, &error) == OK)
		assert_string_equal(values.text, "-+");
	else
		ASSERT_HAS(error, "f.conf:1:", "+");
	folder_end(&folder);
}

/* Bytes that no text file has: a clear fault or a value, but not a crash. */
static void odd_bytes(void **state)
{
	static const struct str rows[] = {
		S("\0\n"),
		S("text = \0\n"),
		S("list = {a, \0}\n"),
		S("\0"),
	};
	struct values values;
	const char *error;

	(void)state;
	folder = folder_new();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *row = unit_show(rows[i]);

		ASSERT_RESULT(load(rows[i], &values, &error), E_CONFIG, row);
		ASSERT_HAS(error, "f.conf", row);
	}
	folder_end(&folder);
}

/* A path that is no file must come back as a fault: the process goes on. */
static void no_file(void **state)
{
	struct values values;
	const char *error, *path;
	pid_t child;
	int status;

	(void)state;
	folder = folder_new();
	path = folder_make(&folder, "d.conf");
	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (load_path(path, &values, &error) != E_CONFIG)
			_exit(10);
		_exit(error && strstr(error, path) ? 0 : 11);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);

	path = folder_write(&folder, "f.conf", "text = a\n");
	ASSERT_RESULT(load_path(folder_path(&folder, "f.conf/g.conf"), &values,
				&error),
		      E_CONFIG, "below a file");
	ASSERT_HAS(error, "f.conf/g.conf: ", "below a file");

	assert_int_equal(chmod(path, 0), 0);
	if (!become_nobody())
		skip();
	ASSERT_RESULT(load_path(path, &values, &error), E_CONFIG, "unreadable");
	become_again();
	ASSERT_HAS(error, "f.conf: Permission denied", "unreadable");
	folder_end(&folder);
}

static void assert_same(const struct values *a, const struct values *b)
{
	assert_string_equal(a->text, b->text);
	assert_string_equal(a->path, b->path);
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->signed_number, b->signed_number);
	assert_int_equal(a->on, b->on);
	assert_int_equal(a->choice, b->choice);
	assert_int_equal(a->list.n, b->list.n);
	for (size_t i = 0; i < a->list.n; i++)
		ASSERT_STR(a->list.items[i], b->list.items[i], "list");
	assert_int_equal(a->networks.n, b->networks.n);
	for (size_t i = 0; i < a->networks.n; i++)
		ASSERT_STR(a->networks.items[i], b->networks.items[i],
			   "networks");
}

static char *print_values(struct values *values)
{
	char *text;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	assert_non_null(to);
	conf_print(to, &(struct conf_table){ table, values });
	conf_print(to, &(struct conf_table){ more_table, values });
	assert_int_equal(fclose(to), 0);
	return text;
}

static void read_back(struct values *values)
{
	char *text = print_values(values);
	struct values again;

	must_load(text, &again);
	assert_same(&again, values);
	free(text);
}

/* What conf_print writes must give the same values, whatever they are. */
static void prints(void **state)
{
	static const char *const texts[] = {
		"",   " ",    "#",    "//",	 "'",	     "\"",
		"\\", "a\"b", "\\\"", "${HOME}", "$",	     "{a, b}",
		"=",  "/* x", "\t",   "a\\nb",	 "\xc3\xa9", "a\nb",
	};
	struct str items[2];
	struct values values;
	char *text;

	(void)state;
	folder = folder_new();
	must_load("", &values);
	text = print_values(&values);
	ASSERT_HAS(text, "# Help for number.\n# default: 5\nnumber = 5\n",
		   "number");
	ASSERT_HAS(text, "# default: (empty)\nnetworks = {}\n", "networks");
	ASSERT_HAS(text, "on = yes\n", "on");
	ASSERT_HAS(text, "choice = two\n", "choice");
	free(text);
	read_back(&values);
	must_load("on = no choice = three number = 7 list = {} "
		  "networks = {\"::1\", \"10.0.0.0/8\"} text = ''",
		  &values);
	read_back(&values);
	setenv("HOME", "/elsewhere", 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		values.text = texts[i];
		items[0] = items[1] = str_from(texts[i]);
		values.list = (struct conf_list){ items, 2 };
		read_back(&values);
	}
	folder_end(&folder);
}

static void read_one(const char *path, size_t limit, enum result want,
		     const char *want_text)
{
	const char *error = NULL;
	struct stat access;
	struct str text;

	ASSERT_RESULT(conf_read_file(folder.arena, path, limit, &text, &access,
				     &error),
		      want, path);
	if (want != OK) {
		ASSERT_HAS(error, path, path);
		ASSERT_HAS(error, want_text, path);
		return;
	}
	assert_string_equal(text.p, want_text);
	assert_int_equal(access.st_size, text.n);
	assert_int_equal(access.st_mode & 07777, 0640);
}

static void reads_files(void **state)
{
	const char *ten, *empty, *fifo, *error = NULL;
	struct str text;

	(void)state;
	folder = folder_new();
	ten = folder_write_key(&folder, "ten", "0123456789");
	empty = folder_write_key(&folder, "empty", "");
	fifo = folder_path(&folder, "fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	read_one(ten, 10, OK, "0123456789");
	read_one(ten, 9, E_CONFIG, "ten: is longer than 9 bytes");
	read_one(empty, 0, OK, "");
	read_one(folder.path, 10, E_CONFIG, ": is not a regular file");
	read_one(fifo, 10, E_CONFIG, "fifo: is not a regular file");
	read_one(folder_path(&folder, "none"), 10, E_ABSENT,
		 "none: No such file");
	read_one(folder_path(&folder, "ten/none"), 10, E_CONFIG,
		 "none: Not a directory");
	ten = folder_write_str(&folder, "ten",
			       STR("01234\0"
				   "6789"));
	ASSERT_RESULT(conf_read_file(folder.arena, ten, 10, &text, NULL,
				     &error),
		      OK, "NUL");
	ASSERT_STR(text,
		   STR("01234\0"
		       "6789"),
		   "NUL");
	folder_end(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(types),
		cmocka_unit_test(lists_of_one),
		cmocka_unit_test(faults),
		cmocka_unit_test(quoted_keys),
		cmocka_unit_test(unquoted_signs),
		cmocka_unit_test(odd_bytes),
		cmocka_unit_test(no_file),
		cmocka_unit_test(prints),
		cmocka_unit_test(reads_files),
	};

	return UNIT_RUN(tests);
}
