/* SPDX-License-Identifier: BSD-2-Clause */
#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium/core.h>
#include <sodium/crypto_pwhash.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

#include "mail/crypto.h"
#include "mail/limits.h"

/*
 * RFC 9106 section 4, the second recommendation: three passes over 64 MiB.
 * libsodium has one lane where the RFC has four, so that it takes longer, not
 * less. Dovecot checks one password at a time, within its limit of 256 MiB.
 */
enum { PASSES = 3, MEMORY = 64 * 1024 * 1024 };

/* NIST SP 800-63B section 5.1.1.2: at least 8 characters. */
enum { PASSWORD_MIN = 8 };

/* What the terminal is set back to, also when a signal ends us. */
static struct termios terminal;
static int terminal_fd = -1;

static void restore(int number)
{
	tcsetattr(terminal_fd, TCSAFLUSH, &terminal);
	raise(number); /* its own action is back: SA_RESETHAND */
}

static void hide_input(void)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = restore,
				    .sa_flags = (int)SA_RESETHAND };
	struct termios hidden = terminal;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(terminal_fd, TCSAFLUSH, &hidden);
}

/* One line, byte by byte: what follows it is not ours to read. */
static enum result read_line(struct arena *arena, int fd, struct str *line)
{
	char *bytes = arena_alloc(arena, LIMIT_PASSWORD + 1);
	size_t n = 0;
	ssize_t got;

	while (n <= LIMIT_PASSWORD && (got = read(fd, bytes + n, 1)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return E_ABSENT;
		if (bytes[n] == '\n')
			break;
		n++;
	}
	*line = (struct str){ bytes, n };
	return n > LIMIT_PASSWORD ? E_LIMIT : OK;
}

static enum result prompt(struct arena *arena, const char *text,
			  struct str *line)
{
	enum result result;

	dprintf(terminal_fd, "%s: ", text);
	result = read_line(arena, terminal_fd, line);
	dprintf(terminal_fd, "\n");
	return result;
}

static enum result ask_terminal(struct arena *arena, bool new,
				struct str *password, bool *differ)
{
	enum result result;
	struct str again;

	hide_input();
	result = prompt(arena, "Password", password);
	if (result == OK && new) {
		result = prompt(arena, "The same again", &again);
		*differ = result == OK && !str_eq(*password, again);
		crypto_wipe(again);
	}
	tcsetattr(terminal_fd, TCSAFLUSH, &terminal);
	return result;
}

/* SASL PLAIN can't carry a NUL (RFC 4616), nobody types the others. */
static bool has_control(struct str password)
{
	for (size_t i = 0; i < password.n; i++)
		if ((unsigned char)password.p[i] < ' ' || password.p[i] == 0x7f)
			return true;
	return false;
}

static const char *find_fault(enum result result, bool new, bool differ,
			      struct str password)
{
	if (result == E_LIMIT)
		return "it is too long";
	if (result != OK || !password.n)
		return "there is none";
	if (differ)
		return "the two differ";
	if (has_control(password))
		return "it has control characters";
	if (new &&password.n < PASSWORD_MIN)
		return "it has less than 8 characters; --generate makes one";
	return NULL;
}

int password_ask(const struct tool *tool, bool new, struct str *password)
{
	bool differ = false;
	enum result result;
	const char *fault;

	*password = STR("");
	terminal_fd = -1;
	if (isatty(STDIN_FILENO))
		terminal_fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (terminal_fd >= 0 && tcgetattr(terminal_fd, &terminal) == 0)
		result = ask_terminal(tool->arena, new, password, &differ);
	else
		result = read_line(tool->arena, STDIN_FILENO, password);
	if (terminal_fd >= 0)
		close(terminal_fd);
	fault = find_fault(result, new, differ, *password);
	if (!fault)
		return EX_OK;
	crypto_wipe(*password);
	return tool_fail(tool, EX_DATAERR, "the password: %s", fault);
}

enum result password_generate(struct arena *arena, struct str *password)
{
	/* 32 that are not taken for one another: five bits each. */
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	enum { GROUPS = 4, GROUP = 5, LENGTH = GROUPS * (GROUP + 1) - 1 };
	unsigned char octets[LENGTH];
	char *p = arena_alloc(arena, LENGTH + 1);

	if (getrandom(octets, sizeof(octets), 0) != sizeof(octets))
		return E_CRYPTO;
	for (size_t i = 0; i < LENGTH; i++)
		p[i] = i % (GROUP + 1) == GROUP ? '-' : letters[octets[i] % 32];
	*password = (struct str){ p, LENGTH };
	return OK;
}

enum result password_hash(struct arena *arena, struct str password,
			  struct str *field)
{
	char hash[crypto_pwhash_STRBYTES];

	if (sodium_init() < 0 || crypto_pwhash_str(hash, password.p, password.n,
						   PASSES, MEMORY) != 0)
		return E_CRYPTO;
	*field = str_from(arena_printf(arena, "{ARGON2ID}%s", hash));
	return OK;
}
