/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "command.h"
#include "mail/limits.h"

/*
 * A backup goes to a stage beside the configuration, where it is decrypted;
 * then it is compared with what is there, and only when nothing would be
 * overwritten, put in place. What is there already and the same is left, so
 * that a restore that was interrupted can be run again.
 */

enum { WALK_DESCRIPTORS = 16 };

struct request {
	const char *identity;
	bool dry_run;
};

static const struct tool_flag flags[] = {
	{ "identity", false, offsetof(struct request, identity) },
	{ "dry-run", true, offsetof(struct request, dry_run) },
	{ NULL, false, 0 },
};

/* nftw has no context. */
static struct walk {
	struct tool *tool;
	const char *from, *to;
	bool is_config; /* all may read it; git keeps no modes */
	bool write;	/* else it is compared and listed */
	bool show;
	size_t conflicts, files;
	int status;
} walk;

static int restore_fail(const char *path)
{
	walk.status = tool_fail(walk.tool, EX_CANTCREAT, "%s: %m", path);
	return 1;
}

static bool give(const char *path, const struct stat *info)
{
	if (geteuid() != 0 || walk.is_config)
		return true;
	return lchown(path, info->st_uid, info->st_gid) == 0;
}

static mode_t mode_of(const struct stat *info)
{
	if (walk.is_config)
		return S_ISDIR(info->st_mode) ? 0755 : 0644;
	return info->st_mode & 0777;
}

/* A folder that is there stays as it is, but for who may enter. */
static int put_folder(const char *path, const struct stat *info)
{
	/* One for all is so from the start: who comes again leaves it. */
	mode_t mask = umask(walk.is_config ? 022 : 077);
	bool made = mkdir(path, 0777) == 0;

	umask(mask);
	if (!made && errno != EEXIST)
		return restore_fail(path);
	if (!made && walk.is_config)
		return 0;
	if (!give(path, info) || chmod(path, mode_of(info)) != 0)
		return restore_fail(path);
	return 0;
}

/*
 * Under another name until it is whole. What an interrupted restore left under
 * it goes first: it may be a link, and cp would follow it.
 */
static int put_file(const char *from, const char *path, const struct stat *info)
{
	const char *new = arena_printf(walk.tool->arena, "%s.restoring", path);
	const char *const copy[] = { "cp", "-pPT", from, new, NULL };

	unlink(new);
	if (command_run(walk.tool, copy, NULL) == 0 && give(new, info) &&
	    (S_ISLNK(info->st_mode) || chmod(new, mode_of(info)) == 0) &&
	    rename(new, path) == 0)
		return 0;
	restore_fail(path);
	unlink(new);
	return 1;
}

static bool same_link(const char *a, const char *b)
{
	char first[4096], second[4096];
	ssize_t n = readlink(a, first, sizeof(first));

	return n > 0 && readlink(b, second, sizeof(second)) == n &&
	       memcmp(first, second, (size_t)n) == 0;
}

static bool same_octets(FILE *a, FILE *b)
{
	char first[4096], second[4096];
	size_t n;

	do {
		n = fread(first, 1, sizeof(first), a);
		if (fread(second, 1, sizeof(second), b) != n ||
		    memcmp(first, second, n) != 0)
			return false;
	} while (n == sizeof(first));
	return !ferror(a) && !ferror(b);
}

static bool same_file(const char *a, const char *b)
{
	FILE *first = fopen(a, "rb"), *second = fopen(b, "rb");
	bool same = first && second && same_octets(first, second);

	if (first)
		fclose(first);
	if (second)
		fclose(second);
	return same;
}

/* May it be put there? What is there and the same needs not to. */
static bool is_free(const char *path, const struct stat *info)
{
	struct stat there;

	/* A folder may be elsewhere, by a link that somebody made. */
	if (S_ISDIR(info->st_mode))
		return stat(path, &there) != 0 || S_ISDIR(there.st_mode);
	return lstat(path, &there) != 0;
}

static bool is_same(const char *from, const char *path, const struct stat *info)
{
	struct stat there;

	if (lstat(path, &there) != 0)
		return false;
	if (S_ISLNK(info->st_mode))
		return S_ISLNK(there.st_mode) && same_link(from, path);
	return S_ISREG(info->st_mode) && S_ISREG(there.st_mode) &&
	       same_file(from, path);
}

static int visit(const char *from, const struct stat *info, int type,
		 struct FTW *place)
{
	const char *path = arena_printf(walk.tool->arena, "%s%s", walk.to,
					from + strlen(walk.from));

	(void)place;
	if (type == FTW_DNR || type == FTW_NS)
		return restore_fail(path);
	if (type == FTW_F && !S_ISREG(info->st_mode)) {
		if (!walk.write)
			tool_fail(walk.tool, EX_OK,
				  "%s: left out, in the backup it is no file, "
				  "folder or link",
				  path);
		return 0;
	}
	if (is_same(from, path, info))
		return 0;
	if (!is_free(path, info)) {
		walk.conflicts++;
		tool_fail(walk.tool, EX_CANTCREAT,
			  "%s: is there already, and is another", path);
		return 0;
	}
	if (type == FTW_D)
		return walk.write ? put_folder(path, info) : 0;
	walk.files++;
	if (walk.show)
		printf("%s\n", path);
	return walk.write ? put_file(from, path, info) : 0;
}

static int walk_tree(const char *from, const char *to, bool is_config)
{
	walk.from = from;
	walk.to = to;
	walk.is_config = is_config;
	if (nftw(from, visit, WALK_DESCRIPTORS, FTW_PHYS) < 0)
		return tool_fail(walk.tool, EX_NOINPUT, "%s: %m", from);
	return walk.status;
}

/*
 * A line of tar's list begins "-rw-r----- root/millrace-keys". Without such a
 * user or group the files would go to whoever has the number.
 */
static int check_owner(struct tool *tool, struct str line)
{
	struct str mode, owner, user;
	const char *names[2], *missing = NULL;

	if (!str_cut(&line, ' ', &mode) || !str_cut(&line, ' ', &owner) ||
	    !str_cut(&owner, '/', &user))
		return EX_OK;
	names[0] = arena_copy(tool->arena, user).p;
	names[1] = arena_copy(tool->arena, owner).p;
	if (!isdigit((unsigned char)*names[1]) && !getgrnam(names[1]))
		missing = arena_printf(tool->arena, "group %s", names[1]);
	if (!isdigit((unsigned char)*names[0]) && !getpwnam(names[0]))
		missing = arena_printf(tool->arena, "user %s", names[0]);
	if (!missing)
		return EX_OK;
	return tool_fail(tool, EX_CONFIG,
			 "there is no %s here: install Millrace first, and "
			 "run systemd-sysusers",
			 missing);
}

static int check_owners(struct tool *tool, const char *tar, const char *list)
{
	const char *const command[] = { "tar", "-tvf", tar, NULL };
	struct str text, rest, line;
	int status = EX_OK;

	if (command_run(tool, command, list) != 0 ||
	    tool_read(list, LIMIT_ALIAS_FILE, &text) != OK)
		return tool_fail(tool, EX_DATAERR, "%s can't be read", tar);
	rest = text;
	while (status == EX_OK && str_line(&rest, &line))
		status = check_owner(tool, line);
	free((char *)(uintptr_t)text.p);
	return status;
}

static bool is_kind(struct tool *tool, const char *folder, const char *name,
		    mode_t kind)
{
	struct stat info;

	return lstat(arena_printf(tool->arena, "%s/%s", folder, name), &info) ==
		       0 &&
	       (info.st_mode & S_IFMT) == kind;
}

/* The two parts of a backup, from its file or its folder. */
static int fetch(struct tool *tool, const char *from, const char *stage)
{
	struct stat info;
	const char *const unpack[] = {
		"tar", "--force-local",	  "-xf",	 from,	       "-C",
		stage, "--no-same-owner", BACKUP_CONFIG, BACKUP_STATE, NULL
	};
	const char *const copy[] = {
		"cp",
		"-RP",
		"-t",
		stage,
		arena_printf(tool->arena, "%s/" BACKUP_CONFIG, from),
		arena_printf(tool->arena, "%s/" BACKUP_STATE, from),
		NULL
	};

	if (stat(from, &info) != 0)
		return tool_fail(tool, EX_NOINPUT, "%s: %m", from);
	if (command_run(tool, S_ISDIR(info.st_mode) ? copy : unpack, NULL) ==
		    0 &&
	    is_kind(tool, stage, BACKUP_CONFIG, S_IFDIR) &&
	    is_kind(tool, stage, BACKUP_STATE, S_IFREG))
		return EX_OK;
	return tool_fail(tool, EX_DATAERR, "%s: is no backup", from);
}

/* Decrypts the state into a folder of the stage. */
static int decrypt(struct tool *tool, const char *identity, const char *stage)
{
	struct arena *arena = tool->arena;
	const char *tar = arena_printf(arena, "%s/state.tar", stage);
	const char *state = arena_printf(arena, "%s/state", stage);
	const char *const age[] = { "age",
				    "--decrypt",
				    "--identity",
				    identity,
				    "--output",
				    tar,
				    arena_printf(arena, "%s/" BACKUP_STATE,
						 stage),
				    NULL };
	const char *const unpack[] = { "tar", "-xpf", tar, "-C", state, NULL };
	int status;

	if (command_run(tool, age, NULL) != 0)
		return tool_fail(tool, EX_DATAERR,
				 "the secrets can't be decrypted with %s",
				 identity);
	status = check_owners(tool, tar, arena_printf(arena, "%s/list", stage));
	if (status != EX_OK)
		return status;
	if (mkdir(state, 0700) != 0 || command_run(tool, unpack, NULL) != 0)
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", state);
	return EX_OK;
}

/* First all is compared, then all is written. */
static int install(struct tool *tool, const struct request *request,
		   const char *stage, const char *state)
{
	const char *const parts[][2] = {
		{ arena_printf(tool->arena, "%s/" BACKUP_CONFIG, stage),
		  tool->directory },
		{ arena_printf(tool->arena, "%s/state", stage), state },
	};
	int status = EX_OK;

	for (int write = 0; write <= !request->dry_run; write++) {
		walk = (struct walk){
			.tool = tool,
			.write = write,
			.show = write || request->dry_run,
		};
		for (int i = 0; status == EX_OK && i < 2; i++)
			status = walk_tree(parts[i][0], parts[i][1], i == 0);
		if (walk.conflicts)
			return tool_fail(tool, EX_CANTCREAT,
					 "nothing was changed: %zu files are "
					 "in the way",
					 walk.conflicts);
	}
	if (status == EX_OK && !request->dry_run)
		sync();
	if (status == EX_OK && !request->dry_run)
		printf("%zu files restored. Check them with \"millrace aliases "
		       "check\" and \"millrace dkim list\", then start the "
		       "daemons.\n",
		       walk.files);
	return status;
}

/* Where the state belongs is said by the configuration that comes. */
static int place(struct tool *tool, const struct request *request,
		 const char *stage)
{
	struct tool staged = *tool;
	struct shared_settings settings;

	staged.directory =
		arena_printf(tool->arena, "%s/" BACKUP_CONFIG, stage);
	if (!tool_settings(&staged, &settings, NULL))
		return EX_CONFIG;
	return install(tool, request, stage, settings.state_directory);
}

int run_restore(struct tool *tool, int argc, char **argv)
{
	struct request request = { 0 };
	const char *stage;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &request, &status))
		return status;
	if (optind != argc - 1 || !request.identity)
		return tool_usage(tool, EX_USAGE);
	umask(077);
	stage = arena_printf(tool->arena, "%s.restore", tool->directory);
	status = command_stage(tool, stage);
	if (status != EX_OK)
		return status;
	status = fetch(tool, argv[optind], stage);
	if (status == EX_OK)
		status = decrypt(tool, request.identity, stage);
	if (status == EX_OK)
		status = place(tool, &request, stage);
	command_unstage(stage);
	return status;
}
