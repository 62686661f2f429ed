/* SPDX-License-Identifier: BSD-2-Clause */
#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milters/log.h"

gid_t private_group(const char *name)
{
	const struct group *group = getgrnam(name);

	if (group && geteuid() == 0)
		return group->gr_gid;
	if (geteuid() == 0)
		log_warning("there is no group %s: systemd-sysusers makes it, "
			    "chgrp gives it the files",
			    name);
	return (gid_t)-1;
}

static bool is_group(gid_t group)
{
	return group != (gid_t)-1 && group != EVERYBODY;
}

bool private_folders(struct arena *arena, const char *path, gid_t group)
{
	char *copy = arena_printf(arena, "%s/", path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		mode_t mode = group == EVERYBODY ? 0755 : p[1] ? 0751 : 0750;

		*p = '\0';
		if (mkdir(copy, mode) == 0) {
			/* Again, without the umask. */
			if (chmod(copy, mode) != 0 ||
			    (is_group(group) &&
			     chown(copy, (uid_t)-1, group) != 0))
				return false;
		} else if (errno != EEXIST) {
			return false;
		}
		*p = '/';
	}
	return true;
}

bool private_fill(int fd, struct str bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0)
			return false;
		bytes = str_sub(bytes, (size_t)n, bytes.n);
	}
	return true;
}

bool private_sync_folder(struct arena *arena, const char *path)
{
	int fd = open(dirname(arena_printf(arena, "%s", path)),
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return synced;
}

/* Is the open file the one at the path, and at no other? */
static bool is_file_at(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino &&
	       ours.st_nlink == 1;
}

/*
 * The file that is to be renamed, locked until it is closed. Another process
 * may have done so while we waited.
 */
static int open_temporary(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX) == 0 && is_file_at(fd, path) &&
	    ftruncate(fd, 0) == 0)
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

/* Some file systems of other hosts can't do it in one step. */
static bool rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL && link(from, to) == 0 && unlink(from) == 0;
}

bool private_write(struct arena *arena, const char *path, struct str bytes,
		   gid_t group)
{
	char *temporary = arena_printf(arena, "%s.new", path);
	int fd = open_temporary(temporary);
	bool renamed, written;
	int why;

	if (fd < 0)
		return false;
	renamed = private_fill(fd, bytes) &&
		  (!is_group(group) || fchown(fd, (uid_t)-1, group) == 0) &&
		  fchmod(fd, group == EVERYBODY ? 0644 : 0640) == 0 &&
		  fsync(fd) == 0 && rename_new(temporary, path);
	written = renamed && private_sync_folder(arena, path);
	why = errno;
	if (!written)
		unlink(renamed ? path : temporary);
	close(fd);
	errno = why;
	return written;
}
