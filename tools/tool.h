/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <sysexits.h>

#include "mail/arena.h"
#include "mail/result.h"
#include "milters/snapshot.h"

/* What every verb gets. */
struct tool {
	struct arena *arena;
	const char *directory; /* of the configuration */
	const struct verb *verb;
};

/*
 * A verb: one or two words, its usage behind them, its help. `run` gets what
 * follows the words and returns an exit status of sysexits.h.
 */
struct verb {
	const char *words;
	const char *usage;
	const char *help;
	int (*run)(struct tool *tool, int argc, char **argv);
};

int run_aliases_check(struct tool *tool, int argc, char **argv);
int run_aliases_list(struct tool *tool, int argc, char **argv);
int run_aliases_resolve(struct tool *tool, int argc, char **argv);
int run_check_host(struct tool *tool, int argc, char **argv);
int run_secret_new(struct tool *tool, int argc, char **argv);
int run_secret_list(struct tool *tool, int argc, char **argv);
int run_backup(struct tool *tool, int argc, char **argv);
int run_restore(struct tool *tool, int argc, char **argv);
int run_import_chasquid(struct tool *tool, int argc, char **argv);
int run_dkim_rotate(struct tool *tool, int argc, char **argv);
int run_sign(struct tool *tool, int argc, char **argv);
int run_status(struct tool *tool, int argc, char **argv);
int run_test_mail(struct tool *tool, int argc, char **argv);
int run_spf(struct tool *tool, int argc, char **argv);
int run_dmarc(struct tool *tool, int argc, char **argv);
int run_verify(struct tool *tool, int argc, char **argv);
int run_check(struct tool *tool, int argc, char **argv);
int run_dns(struct tool *tool, int argc, char **argv);
int run_dkim_keygen(struct tool *tool, int argc, char **argv);
int run_dkim_list(struct tool *tool, int argc, char **argv);
int run_dkim_dns(struct tool *tool, int argc, char **argv);
int run_domain_add(struct tool *tool, int argc, char **argv);
int run_domain_list(struct tool *tool, int argc, char **argv);
int run_domain_remove(struct tool *tool, int argc, char **argv);
int run_user_add(struct tool *tool, int argc, char **argv);
int run_user_authenticate(struct tool *tool, int argc, char **argv);
int run_user_expire(struct tool *tool, int argc, char **argv);
int run_user_list(struct tool *tool, int argc, char **argv);
int run_user_lock(struct tool *tool, int argc, char **argv);
int run_user_password(struct tool *tool, int argc, char **argv);
int run_user_remove(struct tool *tool, int argc, char **argv);
int run_user_unlock(struct tool *tool, int argc, char **argv);

/* Prints "millrace VERB: ..." to stderr and returns the status. */
int tool_fail(const struct tool *tool, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints how the verb is used; the status is EX_USAGE, or EX_OK for help. */
int tool_usage(const struct tool *tool, int status);

/*
 * getopt_long for a verb, with --help. Returns an option's letter, -1 at the
 * end, or 0 when *status is the exit status to end with.
 */
int tool_option(const struct tool *tool, int argc, char **argv,
		const struct option *options, int *status);

/* An option of a verb, "--name", and where its value goes. */
struct tool_flag {
	const char *name;
	bool is_switch; /* a bool without an argument, not a const char * */
	size_t offset;	/* in the struct of values */
};

/*
 * Reads all options of a verb by a table that ends with a NULL name. False
 * when *status is the exit status to end with; else `optind` is the first
 * argument that is no option.
 */
bool tool_flags(struct tool *tool, int argc, char **argv,
		const struct tool_flag *flags, void *values, int *status);

/*
 * All bytes of a file, "-" for standard input; not in the arena: free it. On
 * failure there are none, and errno says why.
 */
enum result tool_read(const char *path, size_t limit, struct str *bytes);

/* Seconds since 1970 as an option has them; those of the clock for NULL. */
bool tool_now(const char *text, int64_t *now);

/*
 * Reads millrace.conf; `dns` may be NULL. False when a fault was printed.
 */
bool tool_settings(const struct tool *tool, struct shared_settings *settings,
		   struct resolver_settings *dns);

/*
 * Reads a daemon's own file by its table. False when a fault was printed.
 */
bool tool_daemon(const struct tool *tool, const char *name,
		 struct runtime_settings *runtime, const struct setting *table,
		 void *settings);

/*
 * Loads the domains as the daemons do. What is wrong with their files is left
 * for who reads them for good to tell.
 */
enum result tool_domains(const struct tool *tool,
			 const struct shared_settings *settings,
			 unsigned int parts, struct domains *domains);

/* Has the domain (in normal form) an alias file here? Without one it only
 * sends from here, or its mail is for mailboxes of the MTA. */
bool tool_has_aliases(const struct tool *tool, struct str domain);

/*
 * The keys that "dkim keygen" makes of a domain (in normal form) when nothing
 * else is said; prints their files.
 */
int dkim_make_keys(struct tool *tool, const struct shared_settings *settings,
		   struct str domain);

#endif
