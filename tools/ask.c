/* SPDX-License-Identifier: BSD-2-Clause */
#include "ask.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "mail/buf.h"
#include "mail/limits.h"
#include "milters/resolver.h"

enum { ANSWER_SECONDS = 10, LAST_LINE = 100 };

int ask_connect(const char *path)
{
	const struct timeval timeout = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	errno = ENAMETOOLONG;
	if (fd >= 0 && strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
			   sizeof(timeout));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
			   sizeof(timeout));
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) ==
		    0)
			return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* All that comes, up to the end or to what is no answer any more. */
static struct str read_all(int fd, struct arena *arena)
{
	int64_t end = resolver_now() + ANSWER_SECONDS * 1000;
	char room[4096];
	struct buf buf;
	ssize_t got;

	buf_init(&buf, arena, LIMIT_CONTROL_ANSWER + LAST_LINE);
	while (!buf.full && resolver_now() < end &&
	       (got = recv(fd, room, sizeof(room), 0)) > 0)
		buf_add(&buf, (struct str){ room, (size_t)got });
	return buf_str(&buf);
}

enum result ask_daemon(struct arena *arena, const char *path,
		       struct str question, struct str *answer)
{
	const struct str error = STR("error: ");
	int fd = ask_connect(path);
	char *line = arena_printf(arena, "%.*s\n", STR_ARG(question));
	struct str last;
	size_t end;

	if (fd < 0)
		return E_ABSENT;
	/* Who refuses at once may have closed before this; the answer says. */
	send(fd, line, strlen(line), MSG_NOSIGNAL);
	*answer = read_all(fd, arena);
	close(fd);
	if (!answer->n || answer->p[answer->n - 1] != '\n')
		return E_TEMP;
	last = str_sub(*answer, 0, answer->n - 1);
	end = str_find_last(last, '\n');
	end = end == last.n ? 0 : end + 1;
	last = str_sub(last, end, last.n);
	*answer = str_sub(*answer, 0, end);
	if (str_eq(last, STR("ok")))
		return OK;
	if (!str_istarts(last, error))
		return E_TEMP;
	*answer = str_sub(last, error.n, last.n);
	return E_SYNTAX;
}
