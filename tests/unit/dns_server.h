/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DNS_SERVER_H
#define TESTS_DNS_SERVER_H

/* Include unit.h and folder.h first. A tests/lib/fake_dns.py of a test's own. */

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "milters/inquiry.h"

struct dns_server {
	struct folder folder;
	pid_t pid;
	unsigned port;
	const char *log;
	const char *anchor; /* the key of signed.example */
};

static inline struct dns_server dns_server_begin(const char *table)
{
	struct dns_server server = { .folder = folder_new() };
	const char *path = folder_write(&server.folder, "table", table);
	int pipes[2];
	FILE *ready;

	server.log = folder_write(&server.folder, "log", "");
	server.anchor = folder_path(&server.folder, "anchor");
	assert_int_equal(pipe(pipes), 0);
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[1], 1);
		close(pipes[0]);
		close(pipes[1]);
		execl(SOURCE "/tests/lib/fake_dns.py", "fake_dns.py", "--log",
		      server.log, "--anchor", server.anchor, path, NULL);
		_exit(127);
	}
	close(pipes[1]);
	ready = fdopen(pipes[0], "r");
	if (fscanf(ready, "ready %u", &server.port) != 1)
		fail_msg("the DNS server does not start");
	fclose(ready);
	return server;
}

static inline void dns_server_end(struct dns_server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	folder_end(&server->folder);
}

/* How often "name type udp|tcp" was asked. */
static inline size_t dns_server_count(const struct dns_server *server,
				      const char *what)
{
	int fd = open(server->log, O_RDONLY | O_CLOEXEC);
	const char *line = arena_printf(server->folder.arena, "\n%s\n", what);
	const char *text;
	size_t n;

	assert_true(fd >= 0);
	text = arena_printf(server->folder.arena, "\n%s",
			    folder_read_fd(&server->folder, fd).p);
	/* A line's end is the next one's beginning. */
	for (n = 0; (text = strstr(text, line)); n++)
		text++;
	close(fd);
	return n;
}

/* A resolver that asks this server; with an anchor or "". */
static inline struct resolver *
dns_server_resolver_with(const struct dns_server *server, int64_t max_waiting,
			 const char *anchor)
{
	struct arena *arena = server->folder.arena;
	struct str address =
		str_from(arena_printf(arena, "127.0.0.1@%u", server->port));
	const struct resolver_settings settings = {
		.servers = { &address, 1 },
		.trust_anchor = anchor,
		.max_waiting = max_waiting,
	};
	struct resolver *resolver = NULL;
	const char *error = NULL;

	if (resolver_new(&settings, arena, &resolver, &error) != OK)
		fail_msg("%s", error);
	return resolver;
}

static inline struct resolver *
dns_server_resolver(const struct dns_server *server, int64_t max_waiting)
{
	return dns_server_resolver_with(server, max_waiting, "");
}

/* Asks and waits as long as the budget lasts. */
static inline struct dns_answer dns_server_ask(struct inquiry *inquiry,
					       struct arena *arena,
					       const char *name,
					       enum dns_type type)
{
	struct dns_answer answer;

	do
		dns_query(inquiry_resolver(inquiry), arena, str_from(name),
			  type, &answer);
	while (inquiry_wait(inquiry));
	return answer;
}

#endif
