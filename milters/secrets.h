/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_SECRETS_H
#define MILTERS_SECRETS_H

#include "mail/mac.h"

enum { SECRETS_MAX = 16 };

/*
 * The secrets in a folder: the files NAME.secret, the last by name first, so
 * that names which are dates put the newest first. Each must be in a regular
 * file that root or we own, that its group can't write and others can't read,
 * and have LIMIT_SECRET_MIN octets, line ends apart. No folder is no secrets.
 * E_CONFIG with *error (file and reason) otherwise. All of it lives in the
 * arena.
 */
enum result secrets_load(struct arena *arena, const char *folder,
			 struct mac_secrets *secrets, const char **error);

/*
 * The names of those files, the last first, none of which is looked into;
 * their number, or -1 with *error.
 */
int secrets_list(struct arena *arena, const char *folder,
		 const char *names[SECRETS_MAX], const char **error);

#endif
