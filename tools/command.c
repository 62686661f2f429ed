/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WALK_DESCRIPTORS = 16 };

int command_run(const struct tool *tool, const char *const *argv,
		const char *output)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status, fault;

	fflush(stdout);
	posix_spawn_file_actions_init(&actions);
	if (output)
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
						 output,
						 O_WRONLY | O_CREAT | O_TRUNC,
						 0600);
	fault = posix_spawnp(&pid, argv[0], &actions, NULL,
			     (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (fault) {
		tool_fail(tool, EX_UNAVAILABLE,
			  "%s: %s; is the package installed?", argv[0],
			  strerror(fault));
		return -1;
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	tool_fail(tool, EX_UNAVAILABLE, "%s: ended by signal %d", argv[0],
		  WTERMSIG(status));
	return -1;
}

static int remove_one(const char *path, const struct stat *info, int type,
		      struct FTW *place)
{
	(void)info;
	(void)type;
	/* The folder itself stays, for its lock. */
	return place->level ? remove(path) : 0;
}

void command_unstage(const char *stage)
{
	nftw(stage, remove_one, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
	rmdir(stage);
}

/* The lock ends with the process, the descriptor too. */
int command_stage(const struct tool *tool, const char *stage)
{
	struct stat info;
	int fd;

	if (mkdir(stage, 0700) != 0 && errno != EEXIST)
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", stage);
	fd = open(stage, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", stage);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return tool_fail(tool, EX_TEMPFAIL,
				 "%s: %m; is another one at work?", stage);
	/* It may have been there before us. */
	if (fstat(fd, &info) != 0 || info.st_uid != geteuid() ||
	    fchmod(fd, 0700) != 0)
		return tool_fail(tool, EX_CANTCREAT, "%s: is somebody else's",
				 stage);
	nftw(stage, remove_one, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
	return EX_OK;
}
