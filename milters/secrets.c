/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/secrets.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "mail/limits.h"
#include "milters/conf.h"

static const struct str ending = STR(".secret");

static enum result load_secret(struct arena *arena, const char *path,
			       struct str *secret, const char **error)
{
	const char *wrong;
	struct stat access;

	if (conf_read_file(arena, path, LIMIT_KEY_FILE, secret, &access,
			   error) != OK)
		return E_CONFIG;
	*secret = str_trim_end(*secret);
	wrong = conf_private_fault(&access);
	if (!wrong && secret->n < LIMIT_SECRET_MIN)
		wrong = "is too short for a secret";
	if (!wrong)
		return OK;
	*error = arena_printf(arena, "%s: %s", path, wrong);
	return E_CONFIG;
}

/* Names in the order of their bytes, the last one first. */
static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)b, *(const char *const *)a);
}

int secrets_list(struct arena *arena, const char *folder,
		 const char *names[SECRETS_MAX], const char **error)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (!dir && errno == ENOENT)
		return 0;
	*error = arena_printf(arena, "%s: %m", folder);
	if (!dir)
		return -1;
	while (n >= 0 && (entry = readdir(dir))) {
		struct str name = str_from(entry->d_name);

		if (name.p[0] == '.' || name.n <= ending.n ||
		    !str_eq(str_sub(name, name.n - ending.n, name.n), ending))
			continue;
		*error = arena_printf(arena, "%s: more than %d secrets", folder,
				      SECRETS_MAX);
		if (n == SECRETS_MAX)
			n = -1;
		else
			names[n++] = arena_copy(arena, name).p;
	}
	closedir(dir);
	if (n > 0)
		qsort(names, (size_t)n, sizeof(*names), compare);
	return n;
}

enum result secrets_load(struct arena *arena, const char *folder,
			 struct mac_secrets *secrets, const char **error)
{
	struct str *loaded = ARENA_NEW(arena, struct str, SECRETS_MAX);
	const char *names[SECRETS_MAX];
	int n = secrets_list(arena, folder, names, error);

	*secrets = (struct mac_secrets){ .list = loaded };
	if (n < 0)
		return E_CONFIG;
	for (; secrets->n < (size_t)n; secrets->n++)
		if (load_secret(arena,
				arena_printf(arena, "%s/%s", folder,
					     names[secrets->n]),
				&loaded[secrets->n], error) != OK)
			return E_CONFIG;
	return OK;
}
