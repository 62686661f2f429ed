/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/listener.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* systemd passes at most as many as a unit has; ours have two. */
enum { PASSED_FD = 3, PASSED_MAX = 64 };

static const struct str control_name = { "control", 7 };

static int fail(int fd, struct arena *arena, const char *where, const char *why,
		const char **error)
{
	*error = arena_printf(arena, "socket %s: %s", where, why);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What a process that was killed left behind, but not a living service. */
static bool remove_stale(int fd, const struct sockaddr_un *address)
{
	struct stat stat_;

	if (lstat(address->sun_path, &stat_) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(stat_.st_mode))
		return false;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) !=
		    0 &&
	    errno == ECONNREFUSED)
		return unlink(address->sun_path) == 0;
	return false;
}

static bool set_access(const char *path,
		       const struct runtime_settings *settings)
{
	struct group *group;

	if (*settings->socket_group) {
		group = getgrnam(settings->socket_group);
		if (!group || chown(path, (uid_t)-1, group->gr_gid) != 0)
			return false;
	}
	return chmod(path, (mode_t)strtol(settings->socket_mode, NULL, 8)) == 0;
}

static int open_unix(const char *path, const struct runtime_settings *settings,
		     struct arena *arena, const char **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int probe =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool free_path, bound;
	mode_t mask;

	if (strlen(path) >= sizeof(address.sun_path) || *path != '/') {
		close(probe);
		return fail(fd, arena, path, "expected unix:/PATH", error);
	}
	memcpy(address.sun_path, path, strlen(path));
	free_path = remove_stale(probe, &address);
	close(probe);
	if (!free_path)
		return fail(fd, arena, path, "the path is in use", error);
	/* Closed to all until its owner and mode are right. */
	mask = umask(0177);
	bound = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	umask(mask);
	if (!bound)
		return fail(fd, arena, path, strerror(errno), error);
	if (!set_access(path, settings))
		return fail(fd, arena, path, "can't set its group and mode",
			    error);
	return fd;
}

static int open_inet(const char *where, struct arena *arena, const char **error)
{
	size_t sign = str_find(str_from(where), '@');
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	const int on = 1;
	struct addrinfo *info;
	char *port = arena_printf(arena, "%.*s", (int)sign, where), *end;
	long number = strtol(port, &end, 10);
	int fd;

	if (!where[sign] || *end || number < 1 || number > 65535 ||
	    getaddrinfo(where + sign + 1, port, &hints, &info) != 0)
		return fail(-1, arena, where, "expected inet:PORT@ADDRESS",
			    error);
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		/* Accepted sockets inherit it; without, an edit costs 40 ms. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	if (fd < 0 || bind(fd, info->ai_addr, info->ai_addrlen) != 0)
		fd = fail(fd, arena, where, strerror(errno), error);
	freeaddrinfo(info);
	return fd;
}

/*
 * sd_listen_fds_with_names(3), of which we need no more than this: the first
 * socket that is passed under the name "control", or under another name or
 * none. -1 without one.
 */
static int find_passed(bool is_control)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	struct str names = str_from(getenv("LISTEN_FDNAMES")), name;
	long n = fds ? strtol(fds, NULL, 10) : 0;

	if (!pid || strtol(pid, NULL, 10) != (long)getpid())
		return -1;
	for (int i = 0; i < n && i < PASSED_MAX; i++)
		if ((str_cut(&names, ':', &name) &&
		     str_eq(name, control_name)) == is_control)
			return PASSED_FD + i;
	return -1;
}

/* A descriptor that is no listening socket would be found out too late. */
static int check_passed(int fd, struct arena *arena, const char **error)
{
	socklen_t size = sizeof(int);
	int listens = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
	    listens)
		return fd;
	return fail(-1, arena, arena_printf(arena, "fd:%d", fd),
		    "expected a listening socket (LISTEN_FDS is set)", error);
}

static int start(int fd, const char *where, struct arena *arena,
		 const char **error)
{
	return fd >= 0 && listen(fd, SOMAXCONN) != 0
		       ? fail(fd, arena, where, strerror(errno), error)
		       : fd;
}

int listener_open(const struct runtime_settings *settings, struct arena *arena,
		  const char **error)
{
	struct str where = str_from(settings->socket);
	const struct str inet = STR("inet:"), local = STR("unix:");
	int fd = find_passed(false);

	if (fd >= 0)
		return check_passed(fd, arena, error);
	if (str_istarts(where, inet))
		fd = open_inet(where.p + inet.n, arena, error);
	else if (str_istarts(where, local))
		fd = open_unix(where.p + local.n, settings, arena, error);
	else
		return fail(-1, arena, "",
			    "expected unix:/PATH or inet:PORT@ADDRESS in the "
			    "setting socket, or a socket from systemd",
			    error);
	return start(fd, where.p, arena, error);
}

int listener_open_control(const struct runtime_settings *settings,
			  struct arena *arena, const char **error)
{
	const struct runtime_settings closed = { .socket_mode = "0600",
						 .socket_group = "" };
	const char *path = settings->control_socket;
	int fd = find_passed(true);

	*error = NULL;
	if (fd >= 0)
		return check_passed(fd, arena, error);
	if (!*path)
		return -1;
	return start(open_unix(path, &closed, arena, error), path, arena,
		     error);
}

void listener_close(int listener)
{
	/* An abstract name that the kernel chooses, which nobody knows. */
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int idle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (idle < 0)
		return;
	if (bind(idle, (struct sockaddr *)&address,
		 sizeof(address.sun_family)) == 0 &&
	    listen(idle, 1) == 0)
		dup2(idle, listener);
	close(idle);
}
