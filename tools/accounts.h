/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_ACCOUNTS_H
#define TOOLS_ACCOUNTS_H

#include <sys/stat.h>

#include "mail/arena.h"
#include "mail/result.h"

/*
 * The accounts of a domain: STATE/domains/DOMAIN/users, a Dovecot passwd-file
 * with a line for each,
 *
 *	local:{SCHEME}hash::::::expires=2027-01-31
 *
 * A password that begins with "!" lets nobody in: alone it stands for an
 * account that only receives, in front of a hash it locks one.
 */
struct account {
	struct str line;     /* in the text, without its end */
	struct str local;    /* without the domain that it may have */
	struct str password; /* the field */
	struct str expires;  /* YYYY-MM-DD, the first day without; or empty */
};

enum account_state {
	ACCOUNT_ACTIVE,
	ACCOUNT_LOCKED,
	ACCOUNT_EXPIRED,
	ACCOUNT_OVERDUE, /* expired, and nobody has locked it */
	ACCOUNT_RECEIVE_ONLY,
};

/* Cuts the next account off *text; comments are passed over. */
bool account_next(struct str *text, struct account *account);
bool account_find(struct str text, struct str local, struct account *account);
/* Of several lines Dovecot takes the first that is spelt as the login is. */
bool account_is_single(struct str text, struct str local);

const char *account_state_name(enum account_state state);

enum { ACCOUNT_DATE_ROOM = 32 };

/* The day here, where the host is: an account ends as its day begins. */
void account_today(char today[ACCOUNT_DATE_ROOM]);

/* Its day has come, or can't be read: nobody knows how long it was for. */
bool account_is_over(const struct account *account, struct str today);

enum account_state account_state(const struct account *account,
				 struct str today);

/* The line with another password, and with another date ("" for none). */
struct str account_with_password(struct arena *arena,
				 const struct account *account,
				 struct str password);
struct str account_with_expires(struct arena *arena,
				const struct account *account,
				struct str expires);

/*
 * A file that is being edited. The folder is locked until accounts_close, the
 * new file takes the place of the old one in one step, with its mode, owner
 * and group, and with every byte that is not of the line at hand.
 */
struct accounts {
	struct arena *arena;
	const char *path;
	int folder;
	struct stat access; /* of the old file; st_nlink is 0 without one */
	struct str text;
};

/* The file of a domain (in normal form), below the state directory. */
const char *accounts_path(struct arena *arena, const char *state,
			  struct str domain);

/* E_ABSENT without the folder, E_CONFIG for a fault, with *error in words. */
enum result accounts_open(struct arena *arena, const char *path,
			  struct accounts *accounts, const char **error);
void accounts_close(struct accounts *accounts);

/* All of the file; empty without one. */
enum result accounts_read(struct arena *arena, const char *path,
			  struct str *text, const char **error);

/* In the place of `old`, a line of the text; that is empty for a new one. */
void accounts_replace(struct accounts *accounts, struct str old,
		      struct str line);
/* Puts a "!" in front of the password. The lines are others afterwards. */
void accounts_lock(struct accounts *accounts, const struct account *account);
/* Without a line of the text, its end included. */
void accounts_remove(struct accounts *accounts, struct str old);

/* Writes the text; a new file is for USERS_GROUP. False leaves errno set. */
bool accounts_write(struct accounts *accounts);

#endif
