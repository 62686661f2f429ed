/* SPDX-License-Identifier: BSD-2-Clause */
#include "accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "mail/crypto.h"
#include "mail/limits.h"
#include "milters/conf.h"
#include "private.h"

/* user:password:uid:gid:gecos:home:shell:extra fields */
enum { EXTRA = 7 };

/* Where field `n` begins, counted from 0; the end without one. */
static size_t field_at(struct str line, int n)
{
	size_t at = 0;

	while (n > 0 && at < line.n)
		if (line.p[at++] == ':')
			n--;
	return n ? line.n : at;
}

static int count_colons(struct str line)
{
	int n = 0;

	for (size_t i = 0; i < line.n; i++)
		n += line.p[i] == ':';
	return n;
}

static bool is_expires(struct str word)
{
	return str_istarts(word, STR("expires="));
}

static struct str find_expires(struct str line)
{
	struct str extra = str_sub(line, field_at(line, EXTRA), line.n), word;

	while (str_cut(&extra, ' ', &word))
		if (is_expires(word))
			return str_sub(word, STR("expires=").n, word.n);
	return STR("");
}

bool account_next(struct str *text, struct account *account)
{
	struct str line;

	while (str_line(text, &line)) {
		size_t colon = str_find(line, ':');
		struct str user = str_sub(line, 0, colon), rest;

		/* Dovecot's comments are lines that begin so. */
		if (!colon || line.p[0] == '#' || !line.n)
			continue;
		rest = str_sub(line, field_at(line, 1), line.n);
		*account = (struct account){
			.line = line,
			.local = str_sub(user, 0, str_find_last(user, '@')),
			.password = str_sub(rest, 0, str_find(rest, ':')),
			.expires = find_expires(line),
		};
		return true;
	}
	return false;
}

bool account_find(struct str text, struct str local, struct account *account)
{
	while (account_next(&text, account))
		if (str_ieq(account->local, local))
			return true;
	return false;
}

bool account_is_single(struct str text, struct str local)
{
	struct account account;
	int n = 0;

	while (account_next(&text, &account))
		n += str_ieq(account.local, local);
	return n == 1;
}

/* YYYY-MM-DD, which is compared as text. */
static bool is_day(struct str text)
{
	static const char form[] = "0000-00-00";

	if (text.n != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (form[i] == '-' ? text.p[i] != '-'
				   : text.p[i] < '0' || text.p[i] > '9')
			return false;
	return true;
}

bool account_is_over(const struct account *account, struct str today)
{
	return account->expires.n &&
	       (!is_day(account->expires) ||
		str_compare(account->expires, today) <= 0);
}

enum account_state account_state(const struct account *account,
				 struct str today)
{
	bool over = account_is_over(account, today);

	if (str_eq(account->password, STR("!")))
		return ACCOUNT_RECEIVE_ONLY;
	if (account->password.n && account->password.p[0] == '!')
		return over ? ACCOUNT_EXPIRED : ACCOUNT_LOCKED;
	return over ? ACCOUNT_OVERDUE : ACCOUNT_ACTIVE;
}

const char *account_state_name(enum account_state state)
{
	static const char *const names[] = {
		[ACCOUNT_ACTIVE] = "active",
		[ACCOUNT_LOCKED] = "locked",
		[ACCOUNT_EXPIRED] = "expired",
		[ACCOUNT_OVERDUE] = "overdue",
		[ACCOUNT_RECEIVE_ONLY] = "receive-only",
	};

	return names[state];
}

void account_today(char today[ACCOUNT_DATE_ROOM])
{
	time_t now = time(NULL);
	struct tm local;

	strftime(today, ACCOUNT_DATE_ROOM, "%Y-%m-%d",
		 localtime_r(&now, &local));
}

struct str account_with_password(struct arena *arena,
				 const struct account *account,
				 struct str password)
{
	struct str line = account->line;
	struct str user = str_sub(line, 0, str_find(line, ':'));
	struct str rest = str_sub(line, field_at(line, 1), line.n);

	rest = str_sub(rest, str_find(rest, ':'), rest.n);
	return str_from(arena_printf(arena, "%.*s:%.*s%.*s", STR_ARG(user),
				     STR_ARG(password), STR_ARG(rest)));
}

struct str account_with_expires(struct arena *arena,
				const struct account *account,
				struct str expires)
{
	struct str line = account->line, extra, word;
	size_t at = field_at(line, EXTRA);
	char *changed = arena_printf(arena, "%.*s", (int)at, line.p);
	const char *space = "";

	for (int n = count_colons(line); n < EXTRA; n++)
		changed = arena_printf(arena, "%s:", changed);
	extra = str_sub(line, at, line.n);
	while (str_cut(&extra, ' ', &word)) {
		if (!word.n || is_expires(word))
			continue;
		changed = arena_printf(arena, "%s%s%.*s", changed, space,
				       STR_ARG(word));
		space = " ";
	}
	if (expires.n)
		changed = arena_printf(arena, "%s%sexpires=%.*s", changed,
				       space, STR_ARG(expires));
	return str_from(changed);
}

const char *accounts_path(struct arena *arena, const char *state,
			  struct str domain)
{
	return arena_printf(arena, "%s/domains/%.*s/users", state,
			    STR_ARG(domain));
}

enum result accounts_read(struct arena *arena, const char *path,
			  struct str *text, const char **error)
{
	enum result result = conf_read_file(arena, path, LIMIT_ALIAS_FILE, text,
					    NULL, error);

	if (result != E_ABSENT)
		return result;
	*text = STR("");
	return OK;
}

/* Where a link leads, as Dovecot reads it; the link itself stays. */
static const char *follow(struct arena *arena, const char *path)
{
	char *real = realpath(path, NULL);
	const char *copy = arena_printf(arena, "%s", real ? real : path);

	free(real);
	return copy;
}

enum result accounts_open(struct arena *arena, const char *path,
			  struct accounts *accounts, const char **error)
{
	char *folder;
	enum result result;

	path = follow(arena, path);
	folder = dirname(arena_printf(arena, "%s", path));
	*accounts = (struct accounts){ .arena = arena, .path = path };
	accounts->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (accounts->folder < 0 || flock(accounts->folder, LOCK_EX) != 0) {
		result = errno == ENOENT ? E_ABSENT : E_CONFIG;
		*error = arena_printf(arena, "%s: %m", folder);
		accounts_close(accounts);
		return result;
	}
	result = conf_read_file(arena, path, LIMIT_ALIAS_FILE, &accounts->text,
				&accounts->access, error);
	if (result == OK)
		return OK;
	*accounts = (struct accounts){ arena, path, accounts->folder,
				       .text = STR("") };
	if (result == E_ABSENT)
		return OK;
	accounts_close(accounts);
	return result;
}

void accounts_close(struct accounts *accounts)
{
	if (accounts->folder >= 0)
		close(accounts->folder);
	accounts->folder = -1;
	crypto_wipe(accounts->text);
	accounts->text = STR("");
}

/* The text with `middle` in the place of the bytes from `from` to `to`. */
static void put_bytes(struct accounts *accounts, size_t from, size_t to,
		      struct str middle)
{
	struct str old = accounts->text;
	size_t n = from + middle.n + old.n - to;
	char *p = arena_alloc(accounts->arena, n + 1);

	memcpy(p, old.p, from);
	memcpy(p + from, middle.p, middle.n);
	memcpy(p + from + middle.n, old.p + to, old.n - to);
	accounts->text = (struct str){ p, n };
	crypto_wipe(old);
}

void accounts_replace(struct accounts *accounts, struct str old,
		      struct str line)
{
	struct str text = accounts->text;
	size_t from = text.n;
	const char *start = "", *end = "\n";

	if (old.n) {
		from = (size_t)(old.p - text.p);
		end = "";
	} else if (text.n && text.p[text.n - 1] != '\n') {
		start = "\n";
	}
	line = str_from(arena_printf(accounts->arena, "%s%.*s%s", start,
				     STR_ARG(line), end));
	put_bytes(accounts, from, from + old.n, line);
}

void accounts_lock(struct accounts *accounts, const struct account *account)
{
	struct str field = str_from(arena_printf(accounts->arena, "!%.*s",
						 STR_ARG(account->password)));

	accounts_replace(accounts, account->line,
			 account_with_password(accounts->arena, account,
					       field));
}

void accounts_remove(struct accounts *accounts, struct str old)
{
	struct str text = accounts->text;
	size_t from = (size_t)(old.p - text.p), to = from + old.n;

	while (to < text.n && text.p[to++] != '\n')
		;
	put_bytes(accounts, from, to, STR(""));
}

/*
 * Dovecot looks at size and seconds alone, and two hashes are of one length:
 * a second change within a second would not be seen.
 */
static bool set_time(int fd, const struct stat *old)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
				     { .tv_sec = old->st_mtime + 1 } };
	struct stat info;

	if (fstat(fd, &info) != 0)
		return false;
	return info.st_mtime > old->st_mtime || futimens(fd, times) == 0;
}

/* Owner and mode before what is secret; a new file as its folder has it. */
static bool fill(int fd, const struct accounts *accounts)
{
	const struct stat *old = &accounts->access;
	bool is_new = !old->st_nlink;
	gid_t group = is_new ? private_group(USERS_GROUP) : (gid_t)-1;

	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) != 0)
		return false;
	if (!is_new && (old->st_uid != geteuid() || old->st_gid != getegid()) &&
	    fchown(fd, old->st_uid, old->st_gid) != 0)
		return false;
	if (fchmod(fd, is_new ? 0640 : old->st_mode & 07777) != 0)
		return false;
	return private_fill(fd, accounts->text) && fsync(fd) == 0 &&
	       set_time(fd, old);
}

bool accounts_write(struct accounts *accounts)
{
	const char *new =
		arena_printf(accounts->arena, "%s.new", accounts->path);
	bool written;
	int fd, why;

	/* The lock is ours: what stands there was left by one that died. */
	unlink(new);
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	written = fill(fd, accounts) && rename(new, accounts->path) == 0;
	why = errno;
	close(fd);
	if (written)
		fsync(accounts->folder);
	else
		unlink(new);
	errno = why;
	return written;
}
