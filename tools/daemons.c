/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemons.h"

#include <stdlib.h>

#include "ask.h"

enum { CONFIGURATION_MAX = 1024 * 1024 };

const char *const daemon_names[DAEMONS] = { "auth-policy", "dkim-sign",
					    "forward" };

/* The one setting that is asked for; the others are the daemon's to judge. */
static const char *find_setting(struct arena *arena, struct str text,
				struct str name)
{
	struct str line, key;

	while (str_line(&text, &line)) {
		struct str value = line;

		if (!str_cut(&value, '=', &key) || !value.p ||
		    !str_eq(str_trim(key), name))
			continue;
		if (str_find(value, '"') == value.n)
			continue;
		value = str_sub(value, str_find(value, '"') + 1, value.n);
		value = str_sub(value, 0, str_find(value, '"'));
		return arena_copy(arena, value).p;
	}
	return "";
}

const char *daemon_control(const struct tool *tool, const char *name)
{
	const char *path =
		arena_printf(tool->arena, "%s/%s.conf", tool->directory, name);
	const char *control = "";
	struct str text;

	if (tool_read(path, CONFIGURATION_MAX, &text) == OK) {
		control =
			find_setting(tool->arena, text, STR("control_socket"));
		free((char *)text.p);
	}
	return *control ? control
			: arena_printf(tool->arena, "/run/millrace/%s.control",
				       name);
}

enum result daemon_status(const struct tool *tool, const char *name,
			  struct str *lines)
{
	return ask_daemon(tool->arena, daemon_control(tool, name),
			  STR("status"), lines);
}

bool daemon_value(struct str *lines, struct str key, struct str *value)
{
	struct str line;

	while (str_line(lines, &line)) {
		if (line.n <= key.n || !str_istarts(line, key) ||
		    (line.p[key.n] != ' ' && key.p[key.n - 1] != '.'))
			continue;
		*value = str_trim(str_sub(line, key.n, line.n));
		return true;
	}
	return false;
}
