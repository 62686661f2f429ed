/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_SUFFIXES_H
#define MILTERS_SUFFIXES_H

#include "mail/env.h"
#include "mail/result.h"

/*
 * The Public Suffix List, from a file in the list's own form (or in that of
 * Debian's .dafsa); with NULL or "", the newest that this system has. E_CONFIG
 * when there is none. It may be read by all threads at once.
 */
enum result suffixes_new(const char *file, struct suffix_list *list);
void suffixes_free(struct suffix_list *list);

#endif
