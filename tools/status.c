/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemons.h"
#include "json.h"
#include "plain.h"

/* What the daemons say of themselves, by their control sockets. */

struct options {
	bool json;
};

static const struct tool_flag flags[] = {
	{ "json", true, offsetof(struct options, json) },
	{ NULL, false, 0 },
};

struct daemon {
	const char *name;
	const char *error; /* NULL: it answers */
	struct str lines;
};

/* What we may not look for may be there. */
static bool may_exist(const char *path)
{
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* One that was never set up here is not missing. */
static bool is_set_up(const struct tool *tool, const char *name)
{
	return may_exist(arena_printf(tool->arena, "%s/%s.conf",
				      tool->directory, name)) ||
	       may_exist(daemon_control(tool, name));
}

static void ask(const struct tool *tool, struct daemon *daemon)
{
	enum result result = daemon_status(tool, daemon->name, &daemon->lines);
	const char *why =
		result == E_ABSENT ? strerror(errno) : "the answer was cut off";

	if (result == OK)
		return;
	if (result == E_SYNTAX)
		why = arena_copy(tool->arena, daemon->lines).p;
	daemon->error = arena_printf(tool->arena, "%s: %s",
				     daemon_control(tool, daemon->name), why);
}

static struct str value_of(const struct daemon *daemon, const char *key)
{
	struct str lines = daemon->lines, value = STR("?");

	daemon_value(&lines, str_from(key), &value);
	return value;
}

/* Whoever holds the socket says it. */
static const char *shown(struct arena *arena, const struct daemon *daemon,
			 const char *key)
{
	return plain_text(arena, value_of(daemon, key));
}

/* The next outcome, "forwarded", and how many messages had it. */
static bool next_count(struct str *lines, struct str *outcome, int64_t *count)
{
	const struct str key = STR("messages.");
	struct str rest;

	if (!daemon_value(lines, key, &rest))
		return false;
	str_cut(&rest, ' ', outcome);
	/* A line's end stands behind it. */
	*count = rest.p ? strtoll(rest.p, NULL, 10) : 0;
	return true;
}

static void print(struct arena *arena, const struct daemon *daemon)
{
	struct str lines = daemon->lines, word;
	const char *separator = "  ";
	int64_t count;

	if (daemon->error) {
		printf("%s: no answer: %s\n", daemon->name,
		       plain_text(arena, str_from(daemon->error)));
		return;
	}
	printf("%s %s, since %s: ", daemon->name,
	       shown(arena, daemon, "version"), shown(arena, daemon, "since"));
	/* auth-policy checks mail for any domain, and knows none. */
	if (daemon_value(&lines, STR("domains"), &word))
		printf("domains %s, ", plain_text(arena, word));
	lines = daemon->lines;
	printf("sessions %s, messages at work %s\n",
	       shown(arena, daemon, "sessions"),
	       shown(arena, daemon, "at-work"));
	while (next_count(&lines, &word, &count)) {
		if (!count)
			continue;
		printf("%s%s %lld", separator, plain_text(arena, word),
		       (long long)count);
		separator = ", ";
	}
	printf("%s\n", *separator == ',' ? "" : "  no message yet");
	lines = daemon->lines;
	while (daemon_value(&lines, STR("fault"), &word))
		printf("  fault: %s\n", plain_text(arena, word));
}

static void print_json(struct arena *arena, struct json *json,
		       const struct daemon *daemon)
{
	struct str lines = daemon->lines, word;
	int64_t count;

	json_object(json, NULL);
	json_text(json, "name", daemon->name);
	json_text(json, "error", daemon->error);
	if (!daemon->error) {
		json_string(json, "version", value_of(daemon, "version"));
		json_string(json, "since", value_of(daemon, "since"));
		if (daemon_value(&lines, STR("domains"), &word))
			json_number(json, "domains", atoll(word.p));
		lines = daemon->lines;
		json_number(json, "sessions",
			    atoll(value_of(daemon, "sessions").p));
		json_number(json, "at_work",
			    atoll(value_of(daemon, "at-work").p));
		json_object(json, "messages");
		while (next_count(&lines, &word, &count))
			json_number(json, arena_copy(arena, word).p, count);
		json_object_end(json);
		lines = daemon->lines;
		json_array(json, "faults");
		while (daemon_value(&lines, STR("fault"), &word))
			json_string(json, NULL, word);
		json_array_end(json);
	}
	json_object_end(json);
}

int run_status(struct tool *tool, int argc, char **argv)
{
	struct daemon daemons[DAEMONS] = { 0 };
	struct options options = { 0 };
	struct json json;
	int status, n = 0;

	if (!tool_flags(tool, argc, argv, flags, &options, &status))
		return status;
	if (optind < argc)
		return tool_usage(tool, EX_USAGE);
	for (int i = 0; i < DAEMONS; i++)
		if (is_set_up(tool, daemon_names[i]))
			daemons[n++].name = daemon_names[i];
	if (!n)
		return tool_fail(tool, EX_UNAVAILABLE,
				 "no daemon is set up: none has a "
				 "configuration in %s, or a control socket",
				 tool->directory);
	status = EX_OK;
	if (options.json)
		json_list(&json, stdout);
	for (int i = 0; i < n; i++) {
		ask(tool, &daemons[i]);
		if (daemons[i].error)
			status = EX_UNAVAILABLE;
		if (options.json)
			print_json(tool->arena, &json, &daemons[i]);
		else
			print(tool->arena, &daemons[i]);
	}
	if (options.json)
		json_list_end(&json);
	return status;
}
