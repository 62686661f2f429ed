/* SPDX-License-Identifier: BSD-2-Clause */
#include "sasl.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ask.h"
#include "mail/buf.h"
#include "mail/crypto.h"
#include "mail/limits.h"

/* The next line in `line`, which is as long as the limit; false at the end. */
static bool next_line(FILE *file, char *line)
{
	return fgets(line, LIMIT_SASL_LINE, file) && strchr(line, '\n');
}

static bool has_word(const char *line, const char *word)
{
	struct str rest = str_from(line), part;

	while (str_cut(&rest, '\t', &part))
		if (str_eq(str_trim_end(part), str_from(word)))
			return true;
	return false;
}

/* The service names its version and its mechanisms, up to DONE. */
static bool greet(FILE *file, const char **why)
{
	bool version = false, plain = false, done = false;
	char line[LIMIT_SASL_LINE];

	while (!done && next_line(file, line)) {
		version |= strncmp(line, "VERSION\t1\t", 10) == 0;
		plain |= strncmp(line, "MECH\tPLAIN", 10) == 0;
		done = strcmp(line, "DONE\n") == 0;
	}
	if (!done || !version)
		*why = "it does not answer as Dovecot's auth service, "
		       "version 1, does";
	else if (!plain)
		*why = "it does not offer PLAIN: see auth_mechanisms";
	return done && version && plain;
}

/* Dovecot 2.4 is silent until it knows who asks. */
static bool say_hello(struct arena *arena, int fd)
{
	struct str hello = str_from(arena_printf(
		arena, "VERSION\t1\t1\nCPID\t%d\n", (int)getpid()));

	return send(fd, hello.p, hello.n, MSG_NOSIGNAL) == (ssize_t)hello.n;
}

/*
 * The password goes over this host's socket, no network, which "secured" says.
 * No address is told, and failures of ours shall slow nobody down.
 */
static bool request(struct arena *arena, int fd, struct str user,
		    struct str password)
{
	size_t n = user.n + password.n + 2;
	char *plain = arena_alloc(arena, n);
	struct str response, line;
	bool sent;

	memcpy(plain + 1, user.p, user.n);
	memcpy(plain + user.n + 2, password.p, password.n);
	response = crypto_base64(arena, (struct str){ plain, n });
	line = str_from(arena_printf(
		arena,
		"AUTH\t1\tPLAIN\tservice=smtp\tsecured\tnologin\tno-penalty"
		"\tresp=%.*s\n",
		STR_ARG(response)));
	sent = send(fd, line.p, line.n, MSG_NOSIGNAL) == (ssize_t)line.n;
	crypto_wipe((struct str){ plain, n });
	crypto_wipe(response);
	crypto_wipe(line);
	return sent;
}

static enum sasl_answer read_answer(FILE *file, const char **why)
{
	char line[LIMIT_SASL_LINE];

	while (next_line(file, line)) {
		if (strncmp(line, "OK\t1\t", 5) == 0)
			return SASL_OK;
		if (strncmp(line, "FAIL\t1", 6) != 0)
			continue;
		*why = "the service can't tell now; its log says why";
		if (has_word(line, "temp"))
			return SASL_TEMPORARY;
		*why = "no such user and password, or the account is locked: "
		       "see \"millrace user list\"";
		return SASL_REFUSED;
	}
	*why = "it did not answer; its log says why";
	return SASL_TEMPORARY;
}

enum sasl_answer sasl_ask(struct arena *arena, const char *path,
			  struct str user, struct str password,
			  const char **why)
{
	enum sasl_answer answer = SASL_UNAVAILABLE;
	int fd = ask_connect(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file) {
		*why = arena_printf(arena, "%m; is Dovecot running?");
		return SASL_UNAVAILABLE;
	}
	*why = "it closed the connection";
	if (say_hello(arena, fd) && greet(file, why) &&
	    request(arena, fd, user, password))
		answer = read_answer(file, why);
	fclose(file);
	return answer;
}
