/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/arena.h"
#include "milters/log.h"

/*
 * A file is complete when it was closed or moved to its place, so IN_MODIFY is
 * not asked for. IN_ATTRIB tells that a file became readable, and of a file
 * behind a link that its name went to another one.
 */
#define CHANGES                                                            \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | \
	 IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF)

struct watch {
	const char *config;
	int inotify;
	int top, domains; /* CONFIG and CONFIG/domains */
	bool incomplete;
};

struct watch *watch_new(const char *config)
{
	int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct watch *watch;

	if (inotify < 0) {
		log_warning("alias files can't be watched (%m): reload after "
			    "a change");
		return NULL;
	}
	watch = arena_must(calloc(1, sizeof(*watch)));
	watch->config = config;
	watch->inotify = inotify;
	watch_renew(watch);
	return watch;
}

int watch_descriptor(const struct watch *watch)
{
	return watch ? watch->inotify : -1;
}

/* What is gone meanwhile, or is closed to us, reading it will tell. */
static int add(struct watch *watch, const char *path, bool *complete)
{
	int number = inotify_add_watch(watch->inotify, path, CHANGES);

	if (number < 0 && (errno == ENOSPC || errno == ENOMEM))
		*complete = false;
	return number;
}

static void add_domains(struct watch *watch, DIR *dir, const char *path,
			bool *complete)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		char file[PATH_MAX];
		struct stat info;
		int n;

		if (entry->d_name[0] == '.' || entry->d_type == DT_REG)
			continue;
		n = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (n < 0 || (size_t)n + sizeof("/aliases") > sizeof(file))
			continue;
		add(watch, file, complete);
		/* The folder does not tell of the file behind a link. */
		memcpy(file + n, "/aliases", sizeof("/aliases"));
		if (lstat(file, &info) == 0 && S_ISLNK(info.st_mode))
			add(watch, file, complete);
	}
}

void watch_renew(struct watch *watch)
{
	bool complete = true;
	char path[PATH_MAX];
	DIR *dir;

	if (!watch)
		return;
	snprintf(path, sizeof(path), "%s/domains", watch->config);
	watch->top = add(watch, watch->config, &complete);
	watch->domains = add(watch, path, &complete);
	dir = opendir(path);
	if (dir) {
		add_domains(watch, dir, path, &complete);
		closedir(dir);
	}
	if (!complete && !watch->incomplete)
		log_warning("there are more alias files than can be watched "
			    "(fs.inotify.max_user_watches): reload after a "
			    "change");
	watch->incomplete = !complete;
}

static bool is_change(const struct watch *watch,
		      const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (event->mask & IN_IGNORED)
		return false;
	/* Moved away; if to a place that counts, it is watched there anew. */
	if (event->mask & IN_MOVE_SELF)
		inotify_rm_watch(watch->inotify, event->wd);
	if (event->wd == watch->top)
		return event->len && strcmp(event->name, "domains") == 0;
	if (event->wd == watch->domains || !event->len)
		return true;
	return strcmp(event->name, "aliases") == 0;
}

bool watch_take(struct watch *watch)
{
	_Alignas(struct inotify_event) char buffer[65536];
	bool changed = false;
	ssize_t n;

	if (!watch)
		return false;
	/* At most what the queue holds, or under a storm it never ends. */
	for (int rounds = 0; rounds < 64; rounds++) {
		n = read(watch->inotify, buffer, sizeof(buffer));
		if (n <= 0)
			break;
		for (const char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event =
				(const struct inotify_event *)(const void *)at;

			changed = is_change(watch, event) || changed;
			at += sizeof(*event) + event->len;
		}
	}
	return changed;
}
