/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/conf.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "mail/domain.h"
#include "milters/conf_text.h"

enum { ERROR_MAX = 512, CONFIG_MAX = 1024 * 1024 };

/*
 * What the callbacks of libconfuse must know, which gives them no pointer of
 * ours: one file is read at a time in a thread.
 */
struct load {
	struct arena *arena;
	const char *path;
	const struct conf_table *tables;
	size_t n_tables;
	cfg_opt_t *options;
	bool *seen; /* one for each option */
	const char *error;
};

static _Thread_local struct load *loading;

static size_t table_size(const struct setting *settings)
{
	size_t n = 0;

	while (settings[n].name)
		n++;
	return n;
}

static const struct setting *find_setting(const char *name, void **values)
{
	for (size_t t = 0; t < loading->n_tables; t++) {
		const struct setting *s = loading->tables[t].settings;

		for (; s->name; s++) {
			if (strcmp(s->name, name) != 0)
				continue;
			if (values)
				*values = (char *)loading->tables[t].values +
					  s->offset;
			return s;
		}
	}
	return NULL;
}

/* "relaxed, simple or none" */
static const char *list_choices(const char *const *choices)
{
	const char *text = choices[0];

	for (size_t i = 1; choices[i]; i++)
		text = arena_printf(loading->arena, "%s%s%s", text,
				    choices[i + 1] ? ", " : " or ", choices[i]);
	return text;
}

static int find_choice(const struct setting *setting, const char *text)
{
	for (int i = 0; setting->choices[i]; i++)
		if (strcmp(setting->choices[i], text) == 0)
			return i;
	return -1;
}

/* What a value of the setting should be, in words. */
static const char *describe(const struct setting *setting)
{
	switch (setting->type) {
	case SETTING_NUMBER:
		return arena_printf(loading->arena,
				    "a number from %" PRId64 " to %" PRId64,
				    setting->min, setting->max);
	case SETTING_SWITCH:
		return "yes or no";
	case SETTING_CHOICE:
		return list_choices(setting->choices);
	case SETTING_TEXT:
	case SETTING_LIST:
		break;
	}
	return "a text";
}

/* NULL, or what the value of the option should have been. */
static const char *expected(const struct setting *setting, cfg_opt_t *option)
{
	unsigned int n = cfg_opt_size(option);
	bool good = true;
	long number;

	if (!n)
		return NULL;
	switch (setting->type) {
	case SETTING_NUMBER:
		number = cfg_opt_getnint(option, 0);
		good = number >= setting->min && number <= setting->max;
		break;
	case SETTING_CHOICE:
		good = find_choice(setting, cfg_opt_getnstr(option, 0)) >= 0;
		break;
	case SETTING_TEXT:
	case SETTING_LIST:
		if (!setting->check)
			return NULL;
		return setting->check(cfg_opt_getnstr(option, n - 1));
	case SETTING_SWITCH:
		break;
	}
	return good ? NULL : describe(setting);
}

/* What libconfuse's words lack: what was expected instead. */
static const char *hint(const char *format, va_list args)
{
	const struct setting *setting;

	if (strncmp(format, "no such option", 14) == 0)
		return "; -T lists those that there are";
	if (strncmp(format, "invalid integer value", 21) != 0 &&
	    strncmp(format, "invalid boolean value", 21) != 0)
		return "";
	setting = find_setting(va_arg(args, const char *), NULL);
	return setting ? arena_printf(loading->arena, ", expected %s",
				      describe(setting))
		       : "";
}

/* Keeps the first error: what follows it is often only its consequence. */
static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	char what[ERROR_MAX];
	va_list again;

	if (loading->error)
		return;
	va_copy(again, args);
	vsnprintf(what, sizeof(what), format, args);
	loading->error =
		arena_printf(loading->arena, "%s:%d: %s%s", loading->path,
			     cfg->line, what, hint(format, again));
	va_end(again);
}

/* Called for each value; for a list after each item, and at its end. */
static int on_value(cfg_t *cfg, cfg_opt_t *option)
{
	const struct setting *setting = find_setting(option->name, NULL);
	const char *want = expected(setting, option);

	if (want)
		cfg_error(cfg, "%s: expected %s", option->name, want);
	return want ? -1 : 0;
}

static cfg_opt_t option_for(const struct setting *setting)
{
	char *name = (char *)setting->name;

	switch (setting->type) {
	case SETTING_NUMBER:
		return (cfg_opt_t)CFG_INT(name, 0, CFGF_NODEFAULT);
	case SETTING_SWITCH:
		return (cfg_opt_t)CFG_BOOL(name, cfg_false, CFGF_NODEFAULT);
	case SETTING_LIST:
		return (cfg_opt_t)CFG_STR_LIST(name, 0, CFGF_NODEFAULT);
	case SETTING_TEXT:
	case SETTING_CHOICE:
		break;
	}
	return (cfg_opt_t)CFG_STR(name, 0, CFGF_NODEFAULT);
}

static void make_options(struct load *load)
{
	const cfg_opt_t end = CFG_END();
	size_t n = 0;

	for (size_t t = 0; t < load->n_tables; t++)
		n += table_size(load->tables[t].settings);
	load->options = ARENA_NEW(load->arena, cfg_opt_t, n + 1);
	load->seen = ARENA_NEW(load->arena, bool, n + 1);
	n = 0;
	for (size_t t = 0; t < load->n_tables; t++)
		for (const struct setting *s = load->tables[t].settings;
		     s->name; s++)
			load->options[n++] = option_for(s);
	load->options[n] = end;
}

/* The items of "a, b", each a C string. */
static struct conf_list split_list(struct arena *arena, const char *text)
{
	struct str rest = str_from(text), part;
	struct conf_list list = { NULL, 0 };

	list.items = ARENA_NEW(arena, struct str, rest.n / 2 + 1);
	while (str_cut(&rest, ',', &part)) {
		part = str_trim(part);
		if (part.n)
			list.items[list.n++] = arena_copy(arena, part);
	}
	return list;
}

static void set_default(struct arena *arena, const struct setting *setting,
			void *value)
{
	switch (setting->type) {
	case SETTING_TEXT:
		*(const char **)value = setting->fallback;
		break;
	case SETTING_NUMBER:
		*(int64_t *)value = strtoll(setting->fallback, NULL, 10);
		break;
	case SETTING_SWITCH:
		*(bool *)value = strcmp(setting->fallback, "yes") == 0;
		break;
	case SETTING_CHOICE:
		*(int *)value = find_choice(setting, setting->fallback);
		break;
	case SETTING_LIST:
		*(struct conf_list *)value =
			split_list(arena, setting->fallback);
		break;
	}
}

static void set_value(struct arena *arena, const struct setting *setting,
		      cfg_opt_t *option, void *value)
{
	struct conf_list *list = value;
	unsigned int n = cfg_opt_size(option);

	switch (setting->type) {
	case SETTING_TEXT:
		*(const char **)value =
			arena_copy(arena, str_from(cfg_opt_getnstr(option, 0)))
				.p;
		break;
	case SETTING_NUMBER:
		*(int64_t *)value = cfg_opt_getnint(option, 0);
		break;
	case SETTING_SWITCH:
		*(bool *)value = cfg_opt_getnbool(option, 0) == cfg_true;
		break;
	case SETTING_CHOICE:
		*(int *)value =
			find_choice(setting, cfg_opt_getnstr(option, 0));
		break;
	case SETTING_LIST:
		list->items = ARENA_NEW(arena, struct str, n);
		for (list->n = 0; list->n < n; list->n++)
			list->items[list->n] = arena_copy(
				arena, str_from(cfg_opt_getnstr(
					       option, (unsigned int)list->n)));
		break;
	}
}

/* What a parsed file set, over the defaults. */
static void take_values(struct load *load, cfg_t *cfg)
{
	for (size_t i = 0; cfg->opts[i].name; i++) {
		void *value;
		const struct setting *setting =
			find_setting(cfg->opts[i].name, &value);

		if (load->seen[i])
			set_value(load->arena, setting, &cfg->opts[i], value);
	}
}

/* Notes that a key is set; NULL, or what is wrong with that. */
static const char *note_key(void *context, struct str key)
{
	struct load *load = context;

	for (size_t i = 0; load->options[i].name; i++) {
		if (!str_eq(key, str_from(load->options[i].name)))
			continue;
		if (load->seen[i])
			return arena_printf(load->arena, "%.*s: is set twice",
					    STR_ARG(key));
		load->seen[i] = true;
	}
	return NULL; /* libconfuse has its own words for an unknown one */
}

/* The text of the file, ready for libconfuse. */
static enum result read_text(struct load *load, char **text)
{
	const char *wrong;
	struct str read;
	enum result result = conf_read_file(load->arena, load->path, CONFIG_MAX,
					    &read, NULL, &load->error);
	int line;

	if (result != OK)
		return result;
	*text = (char *)read.p;
	if (strlen(*text) < read.n) {
		load->error = arena_printf(load->arena, "%s: has a NUL byte",
					   load->path);
		return E_CONFIG;
	}
	wrong = conf_text_prepare(*text, note_key, load, &line);
	if (wrong)
		load->error = arena_printf(load->arena, "%s:%d: %s", load->path,
					   line, wrong);
	return wrong ? E_CONFIG : OK;
}

/*
 * The file is read here: libconfuse ends the process when a file that it
 * opened can't be read.
 */
static enum result parse_file(struct load *load)
{
	enum result result;
	char *text;
	cfg_t *cfg;

	make_options(load);
	result = read_text(load, &text);
	if (result != OK)
		return result == E_ABSENT ? OK : result;
	cfg = arena_must(cfg_init(load->options, CFGF_NONE));
	cfg_set_error_function(cfg, on_error);
	for (size_t i = 0; load->options[i].name; i++)
		cfg_set_validate_func(cfg, load->options[i].name, on_value);
	if (cfg_parse_buf(cfg, text) == CFG_SUCCESS)
		take_values(load, cfg);
	else
		result = E_CONFIG;
	cfg_free(cfg);
	return result;
}

enum result conf_load(struct arena *arena, const char *path,
		      const struct conf_table *tables, size_t n,
		      const char **error)
{
	struct load load = {
		.arena = arena,
		.path = path,
		.tables = tables,
		.n_tables = n,
	};
	enum result result;

	loading = &load;
	for (size_t t = 0; t < n; t++)
		for (const struct setting *s = tables[t].settings; s->name; s++)
			set_default(arena, s,
				    (char *)tables[t].values + s->offset);
	result = parse_file(&load);
	*error = load.error ? load.error : "the file can't be parsed";
	loading = NULL;
	return result;
}

/* As libconfuse reads it back: it expands ${NAME} between quotes. */
static void print_text(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text; text++) {
		if (strchr("\"\\$", *text))
			fputc('\\', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

static void print_value(FILE *to, const struct setting *setting,
			const void *value)
{
	const struct conf_list *list = value;

	switch (setting->type) {
	case SETTING_TEXT:
		print_text(to, *(const char *const *)value);
		break;
	case SETTING_NUMBER:
		fprintf(to, "%" PRId64, *(const int64_t *)value);
		break;
	case SETTING_SWITCH:
		fputs(*(const bool *)value ? "yes" : "no", to);
		break;
	case SETTING_CHOICE:
		fputs(setting->choices[*(const int *)value], to);
		break;
	case SETTING_LIST:
		fputc('{', to);
		for (size_t i = 0; i < list->n; i++) {
			fputs(i ? ", " : "", to);
			print_text(to, list->items[i].p);
		}
		fputc('}', to);
		break;
	}
}

void conf_print(FILE *to, const struct conf_table *table)
{
	for (const struct setting *s = table->settings; s->name; s++) {
		fprintf(to, "# %s\n", s->help);
		fprintf(to, "# default: %s\n",
			*s->fallback ? s->fallback : "(empty)");
		fprintf(to, "%s = ", s->name);
		print_value(to, s, (const char *)table->values + s->offset);
		fputs("\n\n", to);
	}
}

static bool read_all(int fd, char *bytes, size_t size, size_t *n)
{
	ssize_t got = 1;

	for (*n = 0; *n < size && got > 0; *n += got > 0 ? (size_t)got : 0)
		got = read(fd, bytes + *n, size - *n);
	return got >= 0;
}

enum result conf_read_file(struct arena *arena, const char *path, size_t limit,
			   struct str *text, struct stat *access,
			   const char **error)
{
	/* Not to hang on a fifo, which is then no regular file. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum result result = E_CONFIG;
	struct stat info;

	if (fd < 0) {
		result = errno == ENOENT ? E_ABSENT : E_CONFIG;
		*error = arena_printf(arena, "%s: %m", path);
		if (result != E_ABSENT || lstat(path, &info) != 0)
			return result;
		*error = arena_printf(arena, "%s: is a link to nothing", path);
		return E_CONFIG;
	}
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		*error = arena_printf(arena, "%s: is not a regular file", path);
	} else if ((size_t)info.st_size > limit) {
		*error = arena_printf(arena, "%s: is longer than %zu bytes",
				      path, limit);
	} else {
		size_t size = (size_t)info.st_size;
		char *bytes = arena_alloc(arena, size + 1);

		*text = (struct str){ bytes, 0 };
		if (read_all(fd, bytes, size, &text->n))
			result = OK;
		else
			*error = arena_printf(arena, "%s: %m", path);
	}
	if (access)
		*access = info;
	close(fd);
	return result;
}

const char *conf_private_fault(const struct stat *access)
{
	if (access->st_uid != 0 && access->st_uid != geteuid())
		return "must be owned by root or by this service's user";
	if (access->st_mode & S_IWGRP)
		return "must not be writable by its group (chmod 0640)";
	if (access->st_mode & S_IRWXO)
		return "must not be open to others (chmod 0640)";
	return NULL;
}

const char *conf_domain_fault(const char *text)
{
	struct arena *arena = arena_new(512);
	struct str normal;
	bool good = !*text ||
		    domain_normalize(arena, str_from(text), &normal) == OK;

	arena_free(arena);
	return good ? NULL : "a domain name, or nothing";
}
