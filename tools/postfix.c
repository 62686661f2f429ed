/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Postfix's own settings are 70 KB; a queue of a million has its room. */
enum { OUTPUT_MAX = 256 * 1024 * 1024, ARGUMENTS_MAX = 8 };

/* A table may be on a server that says nothing. */
static const char *const limit[] = { "timeout", "20" };
enum { LIMIT = sizeof(limit) / sizeof(*limit) };

extern char **environ;

static const struct {
	const char *name;
	int port;
} ports[] = {
	{ "smtp", 25 },	       { "25", 25 },   { "submissions", 465 },
	{ "smtps", 465 },      { "465", 465 }, { "urd", 465 },
	{ "submission", 587 }, { "587", 587 },
};

static pid_t start(const char *const *arguments, int input, int output)
{
	const char *argv[LIMIT + ARGUMENTS_MAX + 1] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int error;

	memcpy(argv, limit, sizeof(limit));
	for (size_t i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
		argv[LIMIT + i] = arguments[i];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(&pid, argv[0], &actions, NULL,
			     (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error ? -1 : pid;
}

/* What the program has to read; a pipe could fill up, and nobody read on. */
static int open_input(struct str text)
{
	int file = memfd_create("input", MFD_CLOEXEC);

	if (file >= 0 && pwrite(file, text.p, text.n, 0) == (ssize_t)text.n)
		return file;
	if (file >= 0)
		close(file);
	return -1;
}

static enum result run(struct arena *arena, const char *const *arguments,
		       struct str text, struct str *output)
{
	char room[16384];
	struct buf buf;
	int ends[2], status = -1, input = open_input(text);
	ssize_t got;
	pid_t pid;

	*output = STR("");
	if (input < 0 || pipe2(ends, O_CLOEXEC) != 0) {
		close(input);
		return E_ABSENT;
	}
	pid = start(arguments, input, ends[1]);
	close(input);
	close(ends[1]);
	buf_init(&buf, arena, OUTPUT_MAX);
	while (pid > 0 && (got = read(ends[0], room, sizeof(room))) > 0)
		buf_add(&buf, (struct str){ room, (size_t)got });
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return E_ABSENT;
	*output = buf_str(&buf);
	return OK;
}

enum result postfix_run(struct arena *arena, const char *const *arguments,
			struct str *output)
{
	return run(arena, arguments, STR(""), output);
}

static struct str next_word(struct str *rest)
{
	struct str word = STR("");

	while (!word.n && str_cut(rest, ' ', &word))
		continue;
	return word;
}

static int port_of(struct str name)
{
	size_t colon = str_find_last(name, ':');

	if (colon < name.n) /* "192.0.2.1:smtp" */
		name = str_sub(name, colon + 1, name.n);
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		if (str_eq(name, str_from(ports[i].name)))
			return ports[i].port;
	return 0;
}

/*
 * master.cf, by postconf -M: service, type, private, unpriv, chroot, wakeup,
 * maxproc, command. Behind postscreen on port 25 the service "smtpd" talks.
 */
static void read_services(struct postfix *postfix, struct str lines)
{
	struct str rest = lines, line;
	bool has_postscreen = false;
	size_t n = 0;

	while (str_line(&rest, &line))
		n++;
	postfix->services =
		ARENA_NEW(postfix->arena, struct postfix_service, n + 1);
	while (str_line(&lines, &line)) {
		struct postfix_service *service =
			&postfix->services[postfix->n_services++];
		struct str name = next_word(&line), type = next_word(&line);

		next_word(&line);
		next_word(&line);
		service->chroot = str_eq(next_word(&line), STR("y"));
		next_word(&line);
		next_word(&line);
		service->command = next_word(&line);
		service->id =
			str_from(arena_printf(postfix->arena, "%.*s/%.*s",
					      STR_ARG(name), STR_ARG(type)));
		if (str_eq(service->command, STR("postscreen")))
			has_postscreen = true;
		else if (str_eq(type, STR("inet")))
			service->port = port_of(name);
	}
	for (size_t i = 0; has_postscreen && i < postfix->n_services; i++)
		if (str_eq(postfix->services[i].id, STR("smtpd/pass")))
			postfix->services[i].port = 25;
}

enum result postfix_read(struct arena *arena, struct postfix *postfix)
{
	const char *const settings[] = { "postconf", "-x", NULL };
	const char *const overrides[] = { "postconf", "-Px", NULL };
	const char *const services[] = { "postconf", "-M", NULL };
	struct str lines;

	*postfix = (struct postfix){ .arena = arena };
	if (postfix_run(arena, settings, &postfix->settings) != OK ||
	    postfix_run(arena, overrides, &postfix->overrides) != OK ||
	    postfix_run(arena, services, &lines) != OK)
		return E_ABSENT;
	read_services(postfix, lines);
	return OK;
}

/* The value in the line "key = value". */
static const char *find(struct arena *arena, struct str lines, const char *key)
{
	struct str name = str_from(key), line, value;

	while (str_line(&lines, &line)) {
		size_t equals = str_find(line, '=');

		if (equals == line.n ||
		    !str_eq(str_trim(str_sub(line, 0, equals)), name))
			continue;
		value = str_trim(str_sub(line, equals + 1, line.n));
		return arena_copy(arena, value).p;
	}
	return NULL;
}

const char *postfix_get(const struct postfix *postfix, const char *name)
{
	return find(postfix->arena, postfix->settings, name);
}

const char *postfix_override(const struct postfix *postfix,
			     const struct postfix_service *service,
			     const char *name)
{
	const char *key = arena_printf(postfix->arena, "%.*s/%s",
				       STR_ARG(service->id), name);

	return find(postfix->arena, postfix->overrides, key);
}

const char *postfix_in_force(const struct postfix *postfix,
			     const struct postfix_service *service,
			     const char *name)
{
	const char *value =
		service ? postfix_override(postfix, service, name) : NULL;

	if (!value)
		value = postfix_get(postfix, name);
	return value ? value : "";
}

static bool separates(char byte)
{
	return byte == ',' || str_is_wsp(byte) || byte == '\n';
}

bool postfix_item(struct str *rest, struct str *item)
{
	size_t i = 0, begin, depth = 0;

	while (i < rest->n && separates(rest->p[i]))
		i++;
	begin = i;
	for (; i < rest->n && (depth || !separates(rest->p[i])); i++) {
		if (rest->p[i] == '{')
			depth++;
		else if (rest->p[i] == '}' && depth)
			depth--;
	}
	*item = str_sub(*rest, begin, i);
	*rest = str_sub(*rest, i, rest->n);
	return item->n > 0;
}

bool postfix_lists(const char *list, struct str word)
{
	struct str rest = str_from(list), item;

	while (postfix_item(&rest, &item))
		if (str_ieq(item, word))
			return true;
	return false;
}

const char *postfix_look_up(const struct postfix *postfix, const char *tables,
			    struct str key)
{
	const char *name = arena_copy(postfix->arena, key).p;
	struct str rest = str_from(tables), item, found;

	while (postfix_item(&rest, &item)) {
		const char *const ask[] = { "postmap", "-q", name,
					    arena_copy(postfix->arena, item).p,
					    NULL };

		if (str_find(item, ':') < item.n &&
		    postfix_run(postfix->arena, ask, &found) == OK)
			return arena_copy(postfix->arena, str_trim(found)).p;
	}
	return NULL;
}

void postfix_look_up_all(const struct postfix *postfix, const char *tables,
			 struct str keys, struct buf *lines)
{
	struct str rest = str_from(tables), item, found;

	while (postfix_item(&rest, &item)) {
		const char *const ask[] = { "postmap", "-q", "-",
					    arena_copy(postfix->arena, item).p,
					    NULL };

		if (str_find(item, ':') < item.n &&
		    run(postfix->arena, ask, keys, &found) == OK)
			buf_add(lines, found);
	}
}
