/* SPDX-License-Identifier: BSD-2-Clause */
#include "git.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 24, WORDS_MAX = 500 };

/*
 * Of each command. 100,000 commits take two seconds and some MiB; but a tree
 * can have another one many times, and that again, and git keeps in memory
 * all that is in a commit before it says a word of it.
 */
enum { CPU_SECONDS_MAX = 60, MEMORY_MAX = 512 * 1024 * 1024 };

/* Before each command, for what plumbing should not do anyway. */
static const char *const options[] = {
	"git",
	"--no-pager",
	"--no-replace-objects",
	"-c",
	"core.fsmonitor=",
	"-c",
	"core.hooksPath=/dev/null",
	"-C",
};
enum { OPTIONS = sizeof(options) / sizeof(*options) };

/* An object that is missing would be fetched, by a program of its choice. */
static const char *const surroundings[] = {
	"LC_ALL=C",
	"GIT_ALLOW_PROTOCOL=none",
	"GIT_NO_LAZY_FETCH=1",
	"GIT_GRAFT_FILE=/dev/null",
	"GIT_OPTIONAL_LOCKS=0",
	"GIT_TERMINAL_PROMPT=0",
};
enum { SURROUNDINGS = sizeof(surroundings) / sizeof(*surroundings) };

/* Ours, but for what may name another repository than the directory's. */
static const char **make_environment(struct arena *arena)
{
	const char **list;
	size_t n = 0;

	while (environ[n])
		n++;
	list = ARENA_NEW(arena, const char *, SURROUNDINGS + n + 1);
	memcpy(list, surroundings, sizeof(surroundings));
	n = SURROUNDINGS;
	for (char **one = environ; *one; one++)
		if (strncmp(*one, "GIT_", 4) != 0)
			list[n++] = *one;
	return list;
}

static void confine(pid_t pid)
{
	/* SIGXCPU first, SIGKILL at the second. */
	const struct rlimit time = { CPU_SECONDS_MAX, CPU_SECONDS_MAX + 1 };
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

	prlimit(pid, RLIMIT_CPU, &time, NULL);
	prlimit(pid, RLIMIT_DATA, &memory, NULL);
}

static pid_t start(const struct git *git, const char *const *arguments,
		   FILE *input, int output)
{
	const char *argv[OPTIONS + 1 + ARGUMENTS_MAX + 1] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int error;

	memcpy(argv, options, sizeof(options));
	argv[OPTIONS] = git->directory;
	for (size_t i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
		argv[OPTIONS + 1 + i] = arguments[i];
	posix_spawn_file_actions_init(&actions);
	if (input)
		posix_spawn_file_actions_adddup2(&actions, fileno(input), 0);
	else
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null",
						 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, fileno(git->words), 2);
	error = posix_spawnp(
		&pid, "git", &actions, NULL, (char *const *)(uintptr_t)argv,
		(char *const *)(uintptr_t)make_environment(git->arena));
	posix_spawn_file_actions_destroy(&actions);
	if (error)
		return -1;
	confine(pid);
	return pid;
}

bool git_begin(struct git *git, const char *const *arguments, FILE *input)
{
	int ends[2];

	if (input && fseek(input, 0, SEEK_SET) != 0)
		return false; /* a full disk, say */
	git->words = tmpfile();
	if (!git->words)
		return false;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		fclose(git->words);
		return false;
	}
	git->pid = start(git, arguments, input, ends[1]);
	close(ends[1]);
	git->output = fdopen(ends[0], "r");
	if (git->pid > 0 && git->output)
		return true;
	git_end(git);
	return false;
}

const char *git_end(struct git *git)
{
	char *words = arena_alloc(git->arena, WORDS_MAX + 1);
	bool at_end = git->output && getc(git->output) == EOF;
	int status = 0;

	if (git->output)
		fclose(git->output);
	if (git->pid > 0 && waitpid(git->pid, &status, 0) != git->pid)
		status = -1;
	rewind(git->words);
	if (fread(words, 1, WORDS_MAX, git->words) == 0)
		words = arena_printf(git->arena, "git failed, without a word");
	if (WIFSIGNALED(status))
		words = arena_printf(git->arena, "git was ended: %s",
				     strsignal(WTERMSIG(status)));
	fclose(git->words);
	return status == 0 || !at_end ? NULL : words;
}
