/* SPDX-License-Identifier: BSD-2-Clause */
#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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

bool private_folders(struct arena *arena, const char *path, gid_t group)
{
	char *copy = arena_printf(arena, "%s/", path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, p[1] ? 0751 : 0750) == 0) {
			/* Again, without the umask. */
			if (chmod(copy, p[1] ? 0751 : 0750) != 0 ||
			    (group != (gid_t)-1 &&
			     chown(copy, (uid_t)-1, group) != 0))
				return false;
		} else if (errno != EEXIST) {
			return false;
		}
		*p = '/';
	}
	return true;
}

bool private_write(struct arena *arena, const char *path, struct str bytes,
		   gid_t group)
{
	char *temporary = arena_printf(arena, "%s.new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool written;
	int why;

	if (fd < 0)
		return false;
	written = write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n &&
		  (group == (gid_t)-1 || fchown(fd, (uid_t)-1, group) == 0) &&
		  fchmod(fd, 0640) == 0 && fsync(fd) == 0 &&
		  link(temporary, path) == 0;
	why = errno;
	close(fd);
	unlink(temporary);
	errno = why;
	return written;
}
