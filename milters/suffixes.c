/* SPDX-License-Identifier: BSD-2-Clause */
#include "suffixes.h"

#include <libpsl.h>

static bool find_registered(void *context, struct arena *arena,
			    struct str domain, struct str *registered)
{
	struct str copy = arena_copy(arena, domain);
	const char *found;

	/* A C string, the copy would end at a NUL. */
	if (!domain.n || memchr(domain.p, '\0', domain.n))
		return false;
	found = psl_registrable_domain(context, copy.p);
	if (!found)
		return false;
	*registered = str_from(found);
	return true;
}

enum result suffixes_new(const char *file, struct suffix_list *list)
{
	/* psl_latest takes another list where it can't read the file. */
	psl_ctx_t *context =
		file && *file ? psl_load_file(file) : psl_latest(NULL);

	*list = (struct suffix_list){ find_registered, context };
	return context ? OK : E_CONFIG;
}

void suffixes_free(struct suffix_list *list)
{
	psl_free(list->context);
	list->context = NULL;
}
