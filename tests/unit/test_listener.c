/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "listener"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "milters/listener.h"
#include "folder.h"

static struct folder folder;

static int open_at(const char *where, const char *mode, const char *group,
		   const char **error)
{
	const struct runtime_settings settings = {
		.socket = where,
		.socket_mode = mode,
		.socket_group = group,
	};

	*error = NULL;
	return listener_open(&settings, folder.arena, error);
}

static int must_open(const char *where, const char *mode, const char *group)
{
	const char *error;
	int fd = open_at(where, mode, group, &error);

	if (fd < 0)
		fail_msg("%s: %s", where, error);
	return fd;
}

static void must_fail(const char *where, const char *mode, const char *group,
		      const char *want)
{
	const char *error;

	assert_int_equal(open_at(where, mode, group, &error), -1);
	ASSERT_HAS(error, "socket ", where);
	ASSERT_HAS(error, want, where);
}

static const char *unix_of(const char *path)
{
	return arena_printf(folder.arena, "unix:%s", path);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Does a byte go from a client to who accepts? */
static void assert_serves(int listener, int client)
{
	int accepted = accept(listener, NULL, NULL);
	char byte = 0;

	assert_true(client >= 0);
	assert_true(accepted >= 0);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(read(accepted, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(accepted);
	close(client);
}

static void modes(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	static const struct {
		const char *text;
		mode_t mode;
	} rows[] = {
		{ "0660", 0660 }, { "0600", 0600 }, { "666", 0666 },
		{ "0777", 0777 }, { "0", 0 },
	};
	const char *path;
	struct stat info;

	(void)state;
	folder = folder_new();
	path = folder_path(&folder, "sock");
	for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			mode_t old = umask(masks[m]);
			int fd = must_open(unix_of(path), rows[i].text, "");

			/* The process's own mask is as it was. */
			assert_int_equal(umask(old), masks[m]);
			assert_int_equal(stat(path, &info), 0);
			assert_true(S_ISSOCK(info.st_mode));
			assert_int_equal(info.st_mode & 07777, rows[i].mode);
			assert_int_equal(info.st_gid, getegid());
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
			close(fd);
			remove(path);
		}
	folder_end(&folder);
}

static void groups(void **state)
{
	const struct group *group;
	const char *path, *name;
	struct stat info;
	gid_t gid;
	int fd;

	(void)state;
	folder = folder_new();
	path = folder_path(&folder, "sock");
	must_fail(unix_of(path), "0660", "no-such-group-here", "group");
	group = getgrnam("daemon");
	if (geteuid() != 0 || !group)
		skip();
	gid = group->gr_gid;
	name = "daemon";
	fd = must_open(unix_of(path), "0660", name);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_gid, gid);
	assert_int_equal(info.st_mode & 07777, 0660);
	close(fd);
	folder_end(&folder);
}

static void stale_and_living(void **state)
{
	const char *path;
	int first, second, client;
	struct stat info;

	(void)state;
	folder = folder_new();
	path = folder_path(&folder, "sock");
	first = must_open(unix_of(path), "0660", "");
	client = connect_to(path);
	assert_serves(first, client);

	/* One that is served stays, and goes on being served. */
	must_fail(unix_of(path), "0660", "", "in use");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(close(accept(first, NULL, NULL)), 0); /* the probe's */
	assert_serves(first, connect_to(path));

	/* What a killed process left is no hindrance. */
	close(first);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(connect_to(path), -1);
	second = must_open(unix_of(path), "0660", "");
	assert_serves(second, connect_to(path));
	close(second);
	remove(path);
	folder_end(&folder);
}

/* A socket of another kind refuses too, but it is somebody's. */
static void other_kind(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat info;
	int fd;

	(void)state;
	folder = folder_new();
	strcpy(address.sun_path, folder_path(&folder, "sock"));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	must_fail(unix_of(address.sun_path), "0660", "", "in use");
	assert_int_equal(stat(address.sun_path, &info), 0);
	close(fd);
	folder_end(&folder);
}

static void in_the_way(void **state)
{
	const char *path, *other;
	struct stat info;

	(void)state;
	folder = folder_new();
	path = folder_write(&folder, "sock", "precious");
	must_fail(unix_of(path), "0660", "", "in use");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, 8);
	must_fail(unix_of(folder.path), "0660", "", "in use");
	other = folder_path(&folder, "link");
	assert_int_equal(symlink("sock", other), 0);
	must_fail(unix_of(other), "0660", "", "in use");
	assert_int_equal(lstat(other, &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	remove(path);
	must_fail(unix_of(other), "0660", "", "in use"); /* dangling */
	must_fail(unix_of(folder_path(&folder, "none/sock")), "0660", "",
		  "No such file");
	folder_end(&folder);
}

/* A port that nobody has. */
static int free_port(int family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&four
						     : (struct sockaddr *)&six;
	socklen_t n = family == AF_INET ? sizeof(four) : sizeof(six);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;

	if (fd >= 0 && bind(fd, address, n) == 0 &&
	    getsockname(fd, address, &n) == 0)
		port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
	close(fd);
	return port;
}

static void inet(void **state)
{
	static const struct {
		int family;
		const char *address;
	} rows[] = { { AF_INET, "127.0.0.1" }, { AF_INET6, "::1" } };

	(void)state;
	folder = folder_new();
	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage address;
		socklen_t n = sizeof(address), on_size = sizeof(int);
		int listener, client, accepted, on = 0;
		int port = free_port(rows[i].family);
		const char *where = arena_printf(folder.arena, "inet:%d@%s",
						 port, rows[i].address);

		if (!port)
			continue; /* a host without IPv6 */
		listener = must_open(where, "0660", "");
		assert_int_equal(getsockname(listener,
					     (struct sockaddr *)&address, &n),
				 0);
		assert_int_equal(address.ss_family, rows[i].family);
		client = socket(rows[i].family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(
			connect(client, (struct sockaddr *)&address, n), 0);
		accepted = accept(listener, NULL, NULL);
		assert_true(accepted >= 0);
		assert_int_equal(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY,
					    &on, &on_size),
				 0);
		assert_true(on);
		must_fail(where, "0660", "", strerror(EADDRINUSE));
		/* At once again, whatever is left of old connections. */
		close(accepted);
		close(client);
		close(listener);
		close(must_open(where, "0660", ""));
	}
	folder_end(&folder);
}

static void bad_forms(void **state)
{
	static const char *const rows[] = {
		"",
		"local:/tmp/x",
		"/tmp/x",
		"unix",
		"fd:3",
		"unix:",
		"unix:relative",
		"unix:@abstract",
		"inet:",
		"inet:25",
		"inet:@127.0.0.1",
		"inet:0@127.0.0.1",
		"inet:-1@127.0.0.1",
		"inet:65536@127.0.0.1",
		"inet:99999999999999999999@127.0.0.1",
		"inet:smtp@127.0.0.1",
		"inet:8891x@127.0.0.1",
		"inet:8891@",
		"inet:8891@localhost",
		"inet:8891@[::1]",
		"inet:8891@127.0.0.1@127.0.0.1",
		"inet6:8891@::1",
	};
	char path[200] = "unix:/";

	(void)state;
	folder = folder_new();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		must_fail(rows[i], "0660", "", "expected ");
	memset(path + 6, 'a', 150);
	must_fail(path, "0660", "", "expected unix:/PATH");
	must_fail("inet:8891@192.0.2.1", "0660", "", strerror(EADDRNOTAVAIL));
	folder_end(&folder);
}

/* The longest path that a socket takes is taken. */
static void long_path(void **state)
{
	struct sockaddr_un address;
	char *name;
	size_t room;

	(void)state;
	folder = folder_new();
	room = sizeof(address.sun_path) - 1 - strlen(folder.path) - 1;
	name = arena_alloc(folder.arena, room + 2);
	memset(name, 'a', room);
	close(must_open(unix_of(folder_path(&folder, name)), "0660", ""));
	name[room] = 'a';
	must_fail(unix_of(folder_path(&folder, name)), "0660", "",
		  "expected unix:/PATH");
	folder_end(&folder);
}

static void passed(void **state)
{
	const char *path, *error;
	struct stat info;
	char pid[32];
	int listener, saved = dup(3);

	(void)state;
	folder = folder_new();
	path = folder_path(&folder, "sock");
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	listener = must_open(unix_of(folder_path(&folder, "held")), "0660", "");
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(dup2(listener, 3), 3);
	assert_int_equal(open_at(unix_of(path), "0660", "", &error), 3);
	assert_int_equal(open_at("", "0660", "", &error), 3);
	assert_int_equal(stat(path, &info), -1);
	/* Something else at the descriptor, or nothing. */
	assert_int_equal(dup2(STDERR_FILENO, 3), 3);
	must_fail("", "0660", "", "expected a listening socket");
	close(3);
	must_fail("", "0660", "", "expected a listening socket");
	if (saved >= 0)
		dup2(saved, 3);
	close(saved);
	setenv("LISTEN_FDS", "0", 1);
	must_fail("", "0660", "", "systemd");
	/* Meant for another process, a parent of ours. */
	setenv("LISTEN_FDS", "1", 1);
	snprintf(pid, sizeof(pid), "%ld", (long)getppid());
	setenv("LISTEN_PID", pid, 1);
	must_fail("", "0660", "", "systemd");
	unsetenv("LISTEN_PID");
	must_fail("", "0660", "", "systemd");
	unsetenv("LISTEN_FDS");
	folder_end(&folder);
}

static int open_control(const char *at, const char **error)
{
	const struct runtime_settings settings = { .control_socket = at };

	*error = NULL;
	return listener_open_control(&settings, folder.arena, error);
}

/* systemd passes several sockets with their names, in any order. */
static void passed_by_name(void **state)
{
	static const struct {
		const char *n, *names;
		int milter, control;
	} rows[] = {
		{ "1", NULL, 3, -1 },
		{ "1", "millrace-forward.socket", 3, -1 },
		{ "1", "control", -1, 3 },
		{ "2", "millrace-forward.socket:control", 3, 4 },
		{ "2", "control:millrace-forward.socket", 4, 3 },
		{ "2", "control:", 4, 3 },
		{ "2", "control", 4, 3 },
		{ "2", "x:y", 3, -1 },
		{ "2", "Control:controls", 3, -1 },
		{ "2", "control:control", -1, 3 },
		/* Names beyond the descriptors say nothing. */
		{ "1", "x:control", 3, -1 },
		{ "0", "control", -1, -1 },
	};
	int saved[2] = { dup(3), dup(4) };
	const char *error;
	char pid[32];

	(void)state;
	folder = folder_new();
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	for (int i = 0; i < 2; i++)
		dup2(must_open(unix_of(folder_path(&folder, i ? "a" : "b")),
			       "0660", ""),
		     3 + i);
	setenv("LISTEN_PID", pid, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		setenv("LISTEN_FDS", rows[i].n, 1);
		unsetenv("LISTEN_FDNAMES");
		if (rows[i].names)
			setenv("LISTEN_FDNAMES", rows[i].names, 1);
		if (open_at("", "0660", "", &error) != rows[i].milter ||
		    open_control("", &error) != rows[i].control || error)
			fail_msg("%s %s", rows[i].n, rows[i].names);
	}
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "control", 1);
	assert_int_equal(dup2(STDERR_FILENO, 3), 3);
	assert_int_equal(open_control("", &error), -1);
	ASSERT_HAS(error, "fd:3: expected a listening socket", "no socket");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	for (int i = 0; i < 2; i++) {
		close(3 + i);
		if (saved[i] >= 0)
			dup2(saved[i], 3 + i);
		close(saved[i]);
	}
	folder_end(&folder);
}

/* One of our own is for us and root, whatever the process's mask. */
static void control_socket(void **state)
{
	const char *path, *error;
	struct stat info;
	mode_t old = umask(0);
	int fd;

	(void)state;
	folder = folder_new();
	path = folder_path(&folder, "control");
	fd = open_control(path, &error);
	umask(old);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_serves(fd, connect_to(path));
	assert_int_equal(open_control(path, &error), -1);
	ASSERT_HAS(error, "in use", "another");
	close(fd);
	assert_int_equal(open_control(folder_path(&folder, "none/x"), &error),
			 -1);
	ASSERT_HAS(error, "No such file", "no folder");
	folder_end(&folder);
}

/*
 * After listener_close nobody comes in by the descriptor, but a copy of the
 * socket, as systemd holds one, still takes connections.
 */
static void closes(void **state)
{
	const char *path;
	int listener, copy, client;

	(void)state;
	folder = folder_new();
	path = folder_path(&folder, "sock");
	listener = must_open(unix_of(path), "0660", "");
	copy = dup(listener);
	listener_close(listener);
	client = connect_to(path);
	assert_int_equal(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(accept(listener, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	assert_serves(copy, client);
	close(copy);
	close(listener);
	folder_end(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes),
		cmocka_unit_test(groups),
		cmocka_unit_test(stale_and_living),
		cmocka_unit_test(in_the_way),
		cmocka_unit_test(other_kind),
		cmocka_unit_test(inet),
		cmocka_unit_test(bad_forms),
		cmocka_unit_test(long_path),
		cmocka_unit_test(passed),
		cmocka_unit_test(passed_by_name),
		cmocka_unit_test(control_socket),
		cmocka_unit_test(closes),
	};

	return UNIT_RUN(tests);
}
