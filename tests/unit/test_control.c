/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "control"
#include "unit.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "folder.h"
#include "mail/limits.h"
#include "milters/control.h"
#include "milters/listener.h"
#include "milters/milter.h"

enum { NOW = 1780000000 };

static struct folder folder;
static const char *path;

/* Says what it was asked; "long" and "odd" are what their names say. */
static enum result ask(const struct snapshot *snapshot, int64_t now,
		       struct str question, struct buf *answer)
{
	if (str_eq(question, STR("long")))
		for (int i = 0; i < LIMIT_CONTROL_ANSWER / 8 + 1; i++)
			buf_add(answer, STR("1234567\n"));
	if (str_eq(question, STR("most")))
		for (int i = 0; i < LIMIT_CONTROL_ANSWER / 8; i++)
			buf_add(answer, STR("1234567\n"));
	if (str_eq(question, STR("odd")))
		return E_SYNTAX;
	if (str_eq(question, STR("other")))
		return E_ABSENT;
	if (!answer->n)
		buf_printf(answer, "%zu domains at %lld: %zu octets\n",
			   snapshot->domains.n, (long long)now, question.n);
	return OK;
}

static const struct setting none[] = { { .name = NULL } };

static const struct milter milter = {
	.name = "some-milter",
	.settings = none,
	.settings_size = 1,
	.parts = DOMAIN_ALIASES,
	.ask = ask,
	.outcomes = {
		[OUTCOME_DEFERRED] = { "deferred", true },
		[OUTCOME_ABORTED] = { "aborted", false },
		[OUTCOME_FIRST] = { "milled", false },
	},
};

static int setup(void **state)
{
	struct runtime_settings settings = { .socket_mode = "0666",
					     .socket_group = "" };
	struct snapshot *snapshot;
	const char *error;
	char *fault;
	int listener;

	(void)state;
	setenv("MILLRACE_TEST_NOW", "1780000000", 1);
	folder = folder_new();
	folder_write(&folder, "millrace.conf",
		     arena_printf(folder.arena, "state_directory = \"%s\"\n",
				  folder.path));
	folder_write(&folder, "domains/example.org/aliases", "a: b\n\nc\n");
	assert_int_equal(snapshot_load(&milter, folder.path, &snapshot, &fault),
			 OK);
	snapshot_set(snapshot);
	path = folder_path(&folder, "sock");
	settings.socket = arena_printf(folder.arena, "unix:%s", path);
	listener = listener_open(&settings, folder.arena, &error);
	return listener >= 0 && control_start(&milter, listener) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	snapshot_set(NULL);
	folder_end(&folder);
	return 0;
}

static int connect_here(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* All that comes until the other side closes. */
static struct str read_answer(int fd)
{
	size_t room = LIMIT_CONTROL_ANSWER + 1024, n = 0;
	char *bytes = arena_alloc(folder.arena, room);
	ssize_t got;

	while (n < room && (got = read(fd, bytes + n, room - n)) > 0)
		n += (size_t)got;
	close(fd);
	return (struct str){ bytes, n };
}

static struct str ask_bytes(struct str question)
{
	int fd = connect_here();

	assert_true(fd >= 0);
	/* It may have been refused before it was sent. */
	send(fd, question.p, question.n, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	return read_answer(fd);
}

static void assert_answer(const char *question, const char *want)
{
	ASSERT_STR(ask_bytes(str_from(question)), str_from(want), question);
}

static void answers(void **state)
{
	(void)state;
	assert_answer(
		"status\n",
		arena_printf(
			folder.arena,
			"name some-milter\n"
			"version " PACKAGE_VERSION "\n"
			/* date -u -d @1780000000 */
			"since 2026-05-28T20:26:40Z\n"
			"domains 1\nsessions 0\nat-work 0\nmessages.deferred 0\n"
			"messages.aborted 0\nmessages.milled 0\n"
			"fault %s/domains/example.org/aliases:3: expected "
			"\"user: target, target\"\nok\n",
			folder.path));
	assert_answer("hello\n", "1 domains at 1780000000: 5 octets\nok\n");
	assert_answer("hello\r\n", "1 domains at 1780000000: 5 octets\nok\n");
	assert_answer("\n", "1 domains at 1780000000: 0 octets\nok\n");
	ASSERT_STR(ask_bytes(STR("a\0b\n")),
		   STR("1 domains at 1780000000: 3 octets\nok\n"), "a NUL");
	assert_answer("other\n", "error: that is no question that is answered "
				 "here\n");
	assert_answer("odd\n", "error: the question can't be understood\n");
}

static void bad_questions(void **state)
{
	static const char *const rows[] = { "", "status", "status\n ",
					    "status\nstatus\n", "\n\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_answer(rows[i], "error: expected one line, soon\n");
}

static void limits(void **state)
{
	static const size_t rows[] = { LIMIT_CONTROL_QUESTION,
				       LIMIT_CONTROL_QUESTION + 1,
				       LIMIT_CONTROL_QUESTION * 10 };
	char question[LIMIT_CONTROL_QUESTION * 10];
	struct str answer;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memset(question, 'q', sizeof(question));
		question[rows[i] - 1] = '\n';
		answer = ask_bytes((struct str){ question, rows[i] });
		if (rows[i] <= LIMIT_CONTROL_QUESTION)
			ASSERT_STR(answer,
				   STR("1 domains at 1780000000: 1023 octets\n"
				       "ok\n"),
				   "at the limit");
		else
			ASSERT_STR(answer,
				   STR("error: expected one line, soon\n"),
				   "above the limit");
	}
	answer = ask_bytes(STR("most\n"));
	assert_int_equal(answer.n, LIMIT_CONTROL_ANSWER + 3);
	ASSERT_STR(str_sub(answer, answer.n - 3, answer.n), STR("ok\n"),
		   "the longest answer");
	answer = ask_bytes(STR("long\n"));
	assert_int_equal(answer.n,
			 LIMIT_CONTROL_ANSWER +
				 strlen("error: the answer is too long\n"));
	ASSERT_HAS(answer.p, "error: the answer is too long\n", "one more");
}

/* Who says nothing, or half a line, or reads nothing, is left behind. */
static void stalling(void **state)
{
	int silent = connect_here(), half = connect_here();
	int deaf = connect_here();

	(void)state;
	assert_true(silent >= 0 && half >= 0 && deaf >= 0);
	assert_int_equal(write(half, "stat", 4), 4);
	assert_int_equal(write(deaf, "most\n", 5), 5);
	assert_answer("hello\n", "1 domains at 1780000000: 5 octets\nok\n");
	ASSERT_STR(read_answer(silent), STR(""), "nothing said");
	ASSERT_STR(read_answer(half), STR(""), "half a line");
	assert_true(read_answer(deaf).n < LIMIT_CONTROL_ANSWER);
}

static void one_after_the_other(void **state)
{
	int clients[50];

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		clients[i] = connect_here();
		assert_true(clients[i] >= 0);
		assert_int_equal(write(clients[i], "hello\n", 6), 6);
	}
	for (size_t i = 0; i < 50; i++)
		ASSERT_STR(read_answer(clients[i]),
			   STR("1 domains at 1780000000: 5 octets\nok\n"),
			   "queued");
}

/* A process of another user's, as which the socket's mode lets it in. */
static void strangers(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		skip();
	child = fork();
	if (child == 0) {
		const char *want = "error: root alone may ask\n";
		char text[256] = "";
		int fd;

		if (setuid(65534) != 0 || (fd = connect_here()) < 0)
			_exit(2);
		send(fd, "status\n", 7, MSG_NOSIGNAL);
		if (read(fd, text, sizeof(text) - 1) < 0)
			_exit(3);
		_exit(strcmp(text, want) == 0 ? 0 : 4);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(bad_questions),
		cmocka_unit_test(limits),
		cmocka_unit_test(stalling),
		cmocka_unit_test(strangers),
		cmocka_unit_test(one_after_the_other),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(UNIT_NAME, tests, setup, teardown);
}
