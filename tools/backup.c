/* SPDX-License-Identifier: BSD-2-Clause */
#include "backup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "forward/tokens.h"
#include "mail/crypto.h"

/*
 * All is made in a folder of its own below the state, where the secrets are
 * anyway, and goes to its place when it is whole. Git is given a new
 * state.tar.age only if something in it is new: encrypting gives other octets
 * each time, and a nightly commit should say that something changed. What the
 * last one was of is kept within .git, which is never pushed.
 */

#define SENDERS "forward/senders.db"
#define STAGE "backup.stage"

enum { DIGEST_TEXT = 2 * CRYPTO_SHA256_SIZE + 1 };

struct request {
	const char *to, *git;
};

static const struct tool_flag flags[] = {
	{ "to", false, offsetof(struct request, to) },
	{ "git", false, offsetof(struct request, git) },
	{ NULL, false, 0 },
};

struct backup {
	struct tool *tool;
	struct request request;
	const char *file; /* NULL: git alone */
	const char *state;
	const char *stage;
};

static const char *path_in(const struct backup *backup, const char *folder,
			   const char *name)
{
	return arena_printf(backup->tool->arena, "%s/%s", folder, name);
}

/* Runs a program; its own words are the explanation. */
static int run(const struct backup *backup, const char *const *argv)
{
	return command_run(backup->tool, argv, NULL) == 0 ? EX_OK
							  : EX_UNAVAILABLE;
}

/* The history of who keeps the configuration itself in git stays out. */
static int copy_config(const struct backup *backup)
{
	const char *folder = path_in(backup, backup->stage, BACKUP_CONFIG);
	const char *tar = path_in(backup, backup->stage, "config.tar");
	const char *directory = backup->tool->directory;
	const char *const pack[] = { "tar", "-cf",     tar, "--exclude=.git",
				     "-C",  directory, ".", NULL };
	const char *const unpack[] = { "tar", "-xf",  tar,
				       "-C",  folder, "--no-same-owner",
				       NULL };

	if (mkdir(folder, 0755) != 0)
		return tool_fail(backup->tool, EX_CANTCREAT, "%s: %m", folder);
	if (run(backup, pack) != EX_OK || run(backup, unpack) != EX_OK)
		return EX_UNAVAILABLE;
	unlink(tar);
	return backup_scan(backup->tool, folder, directory);
}

/* The table of senders is written to while we look: what is kept is a copy. */
static int copy_senders(const struct backup *backup)
{
	const char *path = path_in(backup, backup->state, SENDERS);
	const char *folder = path_in(backup, backup->stage, "forward");
	const char *copy = path_in(backup, backup->stage, SENDERS);
	struct stat info;
	const char *error;

	if (mkdir(folder, 0700) != 0)
		return tool_fail(backup->tool, EX_CANTCREAT, "%s: %m", folder);
	switch (tokens_copy(backup->tool->arena, path, copy, &error)) {
	case OK:
		break;
	case E_ABSENT:
		return EX_OK;
	default:
		return tool_fail(backup->tool, EX_UNAVAILABLE, "%s", error);
	}
	if (stat(path, &info) != 0 || chmod(copy, info.st_mode & 0777) != 0 ||
	    (geteuid() == 0 && chown(copy, info.st_uid, info.st_gid) != 0))
		return tool_fail(backup->tool, EX_CANTCREAT, "%s: %m", copy);
	return EX_OK;
}

/* `option` is how to treat times; a secret's age is known by its file's. */
static int pack_state(const struct backup *backup, const char *tar,
		      const char *option)
{
	const char *const pack[] = { "tar",
				     "-cf",
				     tar,
				     option,
				     "--sort=name",
				     "--exclude=./" STAGE,
				     "--exclude=./" SENDERS "*",
				     "-C",
				     backup->state,
				     ".",
				     NULL };
	const char *const append[] = { "tar",	     "-rf", tar,
				       option,	     "-C",  backup->stage,
				       "./" SENDERS, NULL };

	if (run(backup, pack) != EX_OK)
		return EX_UNAVAILABLE;
	if (access(path_in(backup, backup->stage, SENDERS), F_OK) != 0)
		return EX_OK;
	return run(backup, append);
}

/* Of who can read it and of what is in it, in hexadecimal digits. */
static bool digest_state(const struct backup *backup, const char *tar,
			 char text[DIGEST_TEXT])
{
	struct crypto_hash *hash = crypto_hash_new();
	FILE *file = fopen(tar, "rb");
	unsigned char digest[CRYPTO_SHA256_SIZE];
	const char *to = backup->request.to;
	char block[65536];
	bool good = false;
	size_t n;

	if (file && crypto_hash_begin(hash) == OK) {
		crypto_hash_add(hash, to, strlen(to) + 1);
		while ((n = fread(block, 1, sizeof(block), file)) > 0)
			crypto_hash_add(hash, block, n);
		good = !ferror(file) && crypto_hash_end(hash, digest) == OK;
	}
	for (size_t i = 0; good && i < sizeof(digest); i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	if (file)
		fclose(file);
	crypto_hash_free(hash);
	return good;
}

/* A recipient, or a file of several. */
static int encrypt(const struct backup *backup, const char *tar)
{
	const char *to = backup->request.to;
	bool one = strncmp(to, "age1", 4) == 0 || strncmp(to, "ssh-", 4) == 0;
	const char *const age[] = {
		"age",	    one ? "--recipient" : "--recipients-file",	  to,
		"--output", path_in(backup, backup->stage, BACKUP_STATE), tar,
		NULL
	};

	return run(backup, age);
}

/* Nobody else has it open, and no link leads elsewhere. */
static bool make_new(const char *path)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd >= 0 && close(fd) == 0;
}

/* The file appears when it is whole and on the disk. */
static int write_file(const struct backup *backup)
{
	const char *new =
		arena_printf(backup->tool->arena, "%s.new", backup->file);
	/* With ":" in its name it is no file of another host. */
	const char *const pack[] = {
		"tar",	       "--force-local", "-cf",	      new, "-C",
		backup->stage, BACKUP_CONFIG,	BACKUP_STATE, NULL
	};
	const char *const sync[] = { "sync", new, NULL };

	if (!make_new(new))
		return tool_fail(backup->tool, EX_CANTCREAT, "%s: %m", new);
	if (run(backup, pack) != EX_OK || run(backup, sync) != EX_OK) {
		unlink(new);
		return EX_UNAVAILABLE;
	}
	if (rename(new, backup->file) != 0)
		return tool_fail(backup->tool, EX_CANTCREAT, "%s: %m",
				 backup->file);
	printf("%s\n", backup->file);
	return EX_OK;
}

/* Is what git has of the secrets the same? */
static bool is_known(const struct backup *backup, const char *note,
		     const char *digest)
{
	struct str known;
	bool same;

	if (access(path_in(backup, backup->request.git, BACKUP_STATE), F_OK) !=
		    0 ||
	    tool_read(note, DIGEST_TEXT, &known) != OK)
		return false;
	same = str_eq(known, str_from(digest));
	free((char *)(uintptr_t)known.p);
	return same;
}

/* Git wants to know who commits; on a server nobody may have told it. */
static void name_author(const struct backup *backup)
{
	const char *const ask[] = { "git",    "-C",	    backup->request.git,
				    "config", "user.email", NULL };
	static const char *const names[][2] = {
		{ "GIT_AUTHOR_NAME", "millrace" },
		{ "GIT_AUTHOR_EMAIL", "millrace@localhost" },
		{ "GIT_COMMITTER_NAME", "millrace" },
		{ "GIT_COMMITTER_EMAIL", "millrace@localhost" },
	};

	if (command_run(backup->tool, ask,
			path_in(backup, backup->stage, "author")) == 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		setenv(names[i][0], names[i][1], 0);
}

/*
 * What was there goes, as far as git has it and so could give it back; then
 * what is new comes. Git says itself whether that is a change.
 */
static int commit(const struct backup *backup, bool known)
{
	const char *git = backup->request.git;
	const char *config = path_in(backup, backup->stage, BACKUP_CONFIG);
	const char *state = path_in(backup, backup->stage, BACKUP_STATE);
	const char *const clear[] = { "git",	     "-C",   git,
				      "rm",	     "-rfq", "--ignore-unmatch",
				      BACKUP_CONFIG, NULL };
	const char *const copy[] = { "cp", "-RP",  "-t",
				     git,  config, known ? NULL : state,
				     NULL };
	const char *const add[] = { "git",	   "-C",	 git, "add",
				    BACKUP_CONFIG, BACKUP_STATE, NULL };
	const char *const differs[] = { "git",	    "-C",      git, "diff",
					"--cached", "--quiet", NULL };
	const char *const save[] = { "git",    "-C",  git,
				     "commit", "-qm", "millrace backup",
				     NULL };

	if (run(backup, clear) != EX_OK || run(backup, copy) != EX_OK ||
	    run(backup, add) != EX_OK)
		return EX_UNAVAILABLE;
	if (command_run(backup->tool, differs, NULL) == 0) {
		printf("%s: nothing has changed\n", git);
		return EX_OK;
	}
	name_author(backup);
	if (run(backup, save) != EX_OK)
		return tool_fail(backup->tool, EX_UNAVAILABLE,
				 "%s: git did not commit", git);
	printf("%s: committed; push it with git -C %s push\n", git, git);
	return EX_OK;
}

/* Written last, so that what was interrupted is done again. */
static int put_into_git(const struct backup *backup, const char *digest)
{
	const char *note =
		path_in(backup, backup->request.git, ".git/millrace-state");
	int status = commit(backup, is_known(backup, note, digest));
	FILE *file;

	if (status != EX_OK)
		return status;
	file = fopen(note, "w");
	if (file && fputs(digest, file) >= 0 && fclose(file) == 0)
		return EX_OK;
	return tool_fail(backup->tool, EX_CANTCREAT, "%s: %m", note);
}

static int make(const struct backup *backup)
{
	const char *tar = path_in(backup, backup->stage, "state.tar");
	char digest[DIGEST_TEXT];
	int status = copy_config(backup);

	if (status == EX_OK)
		status = copy_senders(backup);
	/* That somebody looked into a folder is no change. */
	if (status == EX_OK)
		status = pack_state(backup, tar, "--mtime=@0");
	if (status == EX_OK && !digest_state(backup, tar, digest))
		status = tool_fail(backup->tool, EX_IOERR, "%s: %m", tar);
	if (status == EX_OK)
		status = pack_state(backup, tar, "--format=posix");
	if (status == EX_OK)
		status = encrypt(backup, tar);
	if (status == EX_OK && backup->file)
		status = write_file(backup);
	if (status == EX_OK && backup->request.git)
		status = put_into_git(backup, digest);
	return status;
}

int run_backup(struct tool *tool, int argc, char **argv)
{
	struct backup backup = { .tool = tool };
	struct shared_settings settings;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &backup.request, &status))
		return status;
	backup.file = optind < argc ? argv[optind++] : NULL;
	if (optind < argc || !backup.request.to ||
	    (!backup.file && !backup.request.git))
		return tool_usage(tool, EX_USAGE);
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	backup.state = settings.state_directory;
	if (backup.request.git &&
	    access(path_in(&backup, backup.request.git, ".git"), F_OK) != 0)
		return tool_fail(tool, EX_NOINPUT,
				 "%s: is no repository of its own: run git "
				 "init %s",
				 backup.request.git, backup.request.git);
	umask(077);
	backup.stage = path_in(&backup, backup.state, STAGE);
	status = command_stage(tool, backup.stage);
	if (status != EX_OK)
		return status;
	status = make(&backup);
	command_unstage(backup.stage);
	return status;
}
