/* SPDX-License-Identifier: BSD-2-Clause */
#include "rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "mail/limits.h"
#include "milters/conf.h"
#include "private.h"

static const char *const steps[] = {
	[ROTATION_NONE] = "none",     [ROTATION_PUBLISH] = "publish",
	[ROTATION_SWITCH] = "switch", [ROTATION_RELOAD] = "reload",
	[ROTATION_KEEP] = "keep",
};
enum { STEPS = sizeof(steps) / sizeof(*steps) };

static const char *file_of(struct arena *arena, const struct rotation *rotation)
{
	return arena_printf(arena, "%s/rotation", rotation->folder);
}

const char *rotation_path(struct arena *arena, const struct rotation *rotation,
			  struct str selector, const char *ending)
{
	return arena_printf(arena, "%s/%.*s%s", rotation->folder,
			    STR_ARG(selector), ending);
}

const char *rotation_step_name(enum rotation_step step)
{
	return steps[step];
}

static bool read_step(struct rotation *rotation, struct str value)
{
	for (int step = ROTATION_PUBLISH; step < STEPS; step++)
		if (str_eq(value, str_from(steps[step]))) {
			rotation->step = step;
			return true;
		}
	return false;
}

static bool read_line(struct arena *arena, struct rotation *rotation,
		      struct str line)
{
	struct str key, value = line;

	if (!str_cut(&value, ' ', &key))
		return false;
	value = arena_copy(arena, value);
	if (str_eq(key, STR("step")))
		return read_step(rotation, value);
	if (str_eq(key, STR("since")))
		return tool_now(value.p, &rotation->since);
	if (str_eq(key, STR("new")) && rotation->n_new < KEYS_MAX)
		rotation->new[rotation->n_new++] = value;
	else if (str_eq(key, STR("old")) && rotation->n_old < KEYS_MAX)
		rotation->old[rotation->n_old++] = value;
	else
		return false;
	return true;
}

enum result rotation_read(struct arena *arena, struct rotation *rotation,
			  const char **error)
{
	const char *path = file_of(arena, rotation);
	struct str text, line;
	enum result result =
		conf_read_file(arena, path, LIMIT_KEY_FILE, &text, NULL, error);

	rotation->step = ROTATION_NONE;
	if (result == E_ABSENT)
		return OK;
	if (result != OK)
		return result;
	while (str_line(&text, &line))
		if (!read_line(arena, rotation, line))
			rotation->n_new = KEYS_MAX + 1;
	if (rotation->step != ROTATION_NONE && rotation->n_new <= KEYS_MAX &&
	    rotation->n_new > 0)
		return OK;
	*error = arena_printf(arena, "%s: is no state of a rotation", path);
	return E_CONFIG;
}

bool rotation_write(struct arena *arena, struct rotation *rotation,
		    enum rotation_step step, int64_t now)
{
	const char *path = file_of(arena, rotation);
	const char *new = arena_printf(arena, "%s.new", path);
	FILE *file = fopen(new, "w");
	bool written;
	int why;

	rotation->step = step;
	rotation->since = now;
	if (!file)
		return false;
	fprintf(file, "step %s\nsince %lld\n", steps[step], (long long)now);
	for (size_t i = 0; i < rotation->n_new; i++)
		fprintf(file, "new %.*s\n", STR_ARG(rotation->new[i]));
	for (size_t i = 0; i < rotation->n_old; i++)
		fprintf(file, "old %.*s\n", STR_ARG(rotation->old[i]));
	written =
		fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
	fclose(file);
	if (written && rename(new, path) == 0)
		return private_sync_folder(arena, path);
	why = errno;
	unlink(new);
	errno = why;
	return false;
}
