/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "milters/log.h"
#include "plain.h"
#include "tool.h"

#define CHECK_OPTIONS "[--zone FILE] [--now EPOCH] [--legacy] [--json]\n    "
#define ENVELOPE "--client IP --helo NAME --sender ADDR"

static const struct verb verbs[] = {
	{ "aliases check", "[--json] [DOMAIN]",
	  "check the alias files of one or all domains", run_aliases_check },
	{ "aliases list", "[--json] [DOMAIN]",
	  "list the aliases of one or all domains", run_aliases_list },
	{ "aliases resolve", "ADDRESS",
	  "tell what forward does with mail to an address",
	  run_aliases_resolve },
	{ "backup", "--to RECIPIENT [--git DIRECTORY] [FILE]",
	  "save the configuration, and the secrets encrypted with age",
	  run_backup },
	{ "check",
	  "[--host NAME] [--address IP,...] [--certificate FILE] [--dns]\n    "
	  "[--outward HOST] [--lists] [--all] [--changes] [--json] [DOMAIN]",
	  "check DNS and this host, and tell what is wrong", run_check },
	{ "check host",
	  "[--host NAME] [--outward HOST] [--now EPOCH] [--all] [--json]",
	  "look at this host: ports, certificate, milters, MTA",
	  run_check_host },
	{ "dkim dns", "[--format zone|panel|both] DOMAIN",
	  "print the DNS records of a domain's active keys", run_dkim_dns },
	{ "dkim keygen",
	  "[--algorithm rsa|ed25519|both] [--bits N] [--selector NAME] DOMAIN",
	  "make keys for a domain; nothing is overwritten", run_dkim_keygen },
	{ "dkim list", "[--json] [DOMAIN]",
	  "list the keys of one or all domains", run_dkim_list },
	{ "dkim rotate",
	  "[--continue] [--wait [--interval SECONDS]] [--reload COMMAND]\n    "
	  "[--now EPOCH] [--json] DOMAIN",
	  "go one step further from old keys to new ones", run_dkim_rotate },
	{ "dmarc", CHECK_OPTIONS "[" ENVELOPE "] FILE|-",
	  "check a message against the policy of its author's domain",
	  run_dmarc },
	{ "dns",
	  "[--format zone|panel|json] [--host NAME] [--address IP,...]\n    "
	  "[--certificate FILE] DOMAIN",
	  "print all DNS records that a domain needs, and why", run_dns },
	{ "domain add", "DOMAIN",
	  "make what a domain needs: folders, alias file, accounts, keys",
	  run_domain_add },
	{ "domain list", "[--json]",
	  "list the domains: accounts, aliases, active keys", run_domain_list },
	{ "domain remove", "--yes DOMAIN", "put a domain's folders away",
	  run_domain_remove },
	{ "import chasquid", "[--dry-run] DIRECTORY",
	  "take over domains, aliases, accounts and keys; nothing is overwritten",
	  run_import_chasquid },
	{ "restore", "--identity FILE [--dry-run] FILE|DIRECTORY",
	  "bring a backup back; nothing is overwritten", run_restore },
	{ "secret list", "[--json] [srs|verdict]",
	  "list the secrets, and which signs", run_secret_list },
	{ "secret new", "[--group NAME] srs|verdict",
	  "make a secret that signs from the next reload on", run_secret_new },
	{ "sign",
	  "--key FILE --domain D --selector S [--canon C] [--now EPOCH] FILE|-",
	  "print a message with a DKIM-Signature in front", run_sign },
	{ "spf", CHECK_OPTIONS ENVELOPE,
	  "check whether a host may send for a domain", run_spf },
	{ "status", "[--json]", "tell what the daemons do", run_status },
	{ "test-mail",
	  "--user ADDRESS --to ADDRESS [--host NAME] [--insecure] [--json]",
	  "send a message as a user does, and tell all that is said",
	  run_test_mail },
	{ "user add", "[--receive-only] [--expires DATE] [--generate] ADDRESS",
	  "make an account; its password is asked, or read from a pipe",
	  run_user_add },
	{ "user authenticate", "[--socket PATH] ADDRESS",
	  "ask the running Dovecot whether a password is right",
	  run_user_authenticate },
	{ "user expire", "", "lock the accounts whose day has come",
	  run_user_expire },
	{ "user list", "[--json] [DOMAIN]",
	  "list the accounts of one or all domains", run_user_list },
	{ "user lock", "ADDRESS", "refuse an account's password for now",
	  run_user_lock },
	{ "user password", "[--generate] ADDRESS",
	  "give an account another password", run_user_password },
	{ "user remove", "ADDRESS", "remove an account", run_user_remove },
	{ "user unlock", "[--expires DATE|never] ADDRESS",
	  "let an account in again", run_user_unlock },
	{ "verify", CHECK_OPTIONS "[" ENVELOPE "] FILE|-",
	  "tell what auth-policy finds in a message and does with it",
	  run_verify },
};

/* Options are known by numbers that are no letters. */
enum { FLAG_FIRST = 256 };
enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

int tool_fail(const struct tool *tool, int status, const char *format, ...)
{
	va_list args;
	char *text;
	bool is_denied;

	va_start(args, format);
	arena_must(vasprintf(&text, format, args) < 0 ? NULL : text);
	va_end(args);
	/* Of root's files, most often, and root may. */
	is_denied = geteuid() != 0 && strstr(text, strerror(EACCES));
	fprintf(stderr, "millrace%s%s: %s%s\n", tool->verb ? " " : "",
		tool->verb ? tool->verb->words : "",
		plain_text(tool->arena, str_from(text)),
		is_denied ? " (try again as root, with sudo)" : "");
	free(text);
	return status;
}

int tool_usage(const struct tool *tool, int status)
{
	fprintf(status == EX_OK ? stdout : stderr,
		"usage: millrace %s %s\n  %s\n", tool->verb->words,
		tool->verb->usage, tool->verb->help);
	return status;
}

int tool_option(const struct tool *tool, int argc, char **argv,
		const struct option *options, int *status)
{
	int option = getopt_long(argc, argv, "h", options, NULL);

	*status = EX_USAGE;
	if (option == 'h') {
		*status = tool_usage(tool, EX_OK);
		return 0;
	}
	if (option == '?') {
		*status = tool_usage(tool, EX_USAGE);
		return 0;
	}
	return option;
}

bool tool_flags(struct tool *tool, int argc, char **argv,
		const struct tool_flag *flags, void *values, int *status)
{
	enum { FLAGS_MAX = 16 };
	struct option options[FLAGS_MAX + 2] = { 0 };
	int n = 0, option;

	for (; flags[n].name && n < FLAGS_MAX; n++)
		options[n] = (struct option){
			.name = flags[n].name,
			.has_arg = flags[n].is_switch ? no_argument
						      : required_argument,
			.val = FLAG_FIRST + n,
		};
	options[n] = (struct option){ "help", no_argument, NULL, 'h' };
	while ((option = tool_option(tool, argc, argv, options, status)) > 0) {
		const struct tool_flag *flag = &flags[option - FLAG_FIRST];
		char *value = (char *)values + flag->offset;

		if (flag->is_switch)
			*(bool *)value = true;
		else
			*(const char **)value = optarg;
	}
	return option != 0;
}

/* All of a file, but no more than one round past the limit. */
static enum result read_all(FILE *file, size_t limit, struct str *bytes)
{
	size_t capacity = 65536, n = 0, got;
	char *p = arena_must(malloc(capacity));

	while (n <= limit && (got = fread(p + n, 1, capacity - n, file)) > 0) {
		n += got;
		if (n < capacity)
			continue;
		capacity *= 2;
		p = arena_must(realloc(p, capacity));
	}
	*bytes = (struct str){ p, n };
	if (!ferror(file) && n <= limit)
		return OK;
	if (!ferror(file))
		errno = EFBIG;
	*bytes = (struct str){ NULL, 0 };
	free(p);
	return errno == EFBIG ? E_LIMIT : E_ABSENT;
}

enum result tool_read(const char *path, size_t limit, struct str *bytes)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	enum result result;
	int why;

	*bytes = (struct str){ NULL, 0 };
	if (!file)
		return E_ABSENT;
	result = read_all(file, limit, bytes);
	why = errno;
	if (file != stdin)
		fclose(file);
	errno = why;
	return result;
}

bool tool_now(const char *text, int64_t *now)
{
	char *end;

	*now = (int64_t)time(NULL);
	if (!text)
		return true;
	errno = 0;
	*now = strtoll(text, &end, 10);
	return *text && !*end && !errno && *now >= 0;
}

static bool load(const struct tool *tool, const char *name,
		 const struct conf_table tables[2])
{
	const char *error;

	if (conf_load(tool->arena,
		      arena_printf(tool->arena, "%s/%s.conf", tool->directory,
				   name),
		      tables, 2, &error) == OK)
		return true;
	tool_fail(tool, EX_CONFIG, "%s", error);
	return false;
}

bool tool_settings(const struct tool *tool, struct shared_settings *settings,
		   struct resolver_settings *dns)
{
	struct resolver_settings unused;
	const struct conf_table tables[] = {
		{ shared_table, settings },
		{ resolver_table, dns ? dns : &unused },
	};

	return load(tool, "millrace", tables);
}

bool tool_daemon(const struct tool *tool, const char *name,
		 struct runtime_settings *runtime, const struct setting *table,
		 void *settings)
{
	const struct conf_table tables[] = {
		{ runtime_table, runtime },
		{ table, settings },
	};

	return load(tool, name, tables);
}

enum result tool_domains(const struct tool *tool,
			 const struct shared_settings *settings,
			 unsigned int parts, struct domains *domains)
{
	const struct domains_source source = {
		.config = tool->directory,
		.state = settings->state_directory,
		.parts = parts,
		.rules = { str_from(settings->suffix_separators),
			   str_from(settings->drop_characters) },
	};
	const char *error;
	enum result result;

	log_close();
	result = domains_load(tool->arena, &source, domains, &error);
	log_open("millrace", true);
	return result;
}

bool tool_has_aliases(const struct tool *tool, struct str domain)
{
	return access(arena_printf(tool->arena, "%s/domains/%.*s/aliases",
				   tool->directory, STR_ARG(domain)),
		      F_OK) == 0;
}

static int usage(FILE *to, int status)
{
	fprintf(to,
		"usage: millrace [-c DIRECTORY] VERB ...\n\n"
		"  -c DIRECTORY  the configuration (default " CONFIG_DIRECTORY
		")\n\n");
	for (size_t i = 0; i < VERBS; i++)
		fprintf(to, "  %-18s %s\n", verbs[i].words, verbs[i].help);
	fprintf(to, "\n\"millrace VERB --help\" tells more.\n");
	return status;
}

static const struct verb *find_words(const char *words)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].words, words) == 0)
			return &verbs[i];
	return NULL;
}

/* The verb that the arguments begin with; *words is how many of them. */
static const struct verb *find_verb(const struct tool *tool, int argc,
				    char **argv, int *words)
{
	const struct verb *verb = NULL;

	if (argc < 1)
		return NULL;
	*words = 2;
	if (argc >= 2)
		verb = find_words(
			arena_printf(tool->arena, "%s %s", argv[0], argv[1]));
	if (verb)
		return verb;
	*words = 1;
	return find_words(argv[0]);
}

/*
 * A file that a verb opens must not become standard output because that was
 * closed. What is written there still fails: /dev/null is open for reading.
 */
static void hold_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Is all that was printed where it belongs? */
static int finish(const struct tool *tool, int status)
{
	bool failed = ferror(stdout) != 0;

	errno = EIO; /* nobody knows any more what became of an earlier write */
	if (fflush(stdout) == 0 && !failed)
		return status;
	tool_fail(tool, EX_IOERR, "standard output: %m");
	return status == EX_OK ? EX_IOERR : status;
}

static int run(struct tool *tool, int argc, char **argv)
{
	int words;

	tool->verb = find_verb(tool, argc, argv, &words);
	if (!tool->verb) {
		usage(stderr, EX_USAGE);
		return argc ? tool_fail(tool, EX_USAGE, "\"%s%s%s\" is no verb",
					argv[0], argc > 1 ? " " : "",
					argc > 1 ? argv[1] : "")
			    : EX_USAGE;
	}
	if (crypto_init() != OK)
		return tool_fail(tool, EX_SOFTWARE, "OpenSSL has no SHA-256");
	argc -= words - 1;
	argv += words - 1;
	argv[0] = (char *)"millrace";
	optind = 0; /* begin anew, GNU's way */
	return tool->verb->run(tool, argc, argv);
}

static int version(void)
{
	printf("millrace %s\n", PACKAGE_VERSION);
	return EX_OK;
}

/* What stands before the verb. False when *status is what to end with. */
static bool read_options(struct tool *tool, int argc, char **argv, int *status)
{
	int option;

	/* '+': what follows the verb is the verb's. */
	while ((option = getopt(argc, argv, "+c:hV-:")) != -1) {
		bool is_long = option == '-';

		if (option == 'c')
			tool->directory = optarg;
		else if (option == 'V' ||
			 (is_long && strcmp(optarg, "version") == 0))
			*status = version();
		else if (option == 'h' ||
			 (is_long && strcmp(optarg, "help") == 0))
			*status = usage(stdout, EX_OK);
		else
			*status = usage(stderr, EX_USAGE);
		if (option != 'c')
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct tool tool = { .directory = CONFIG_DIRECTORY };
	int status;

	hold_standard_files();
	log_open("millrace", true);
	tool.arena = arena_new(4096);
	if (read_options(&tool, argc, argv, &status))
		status = run(&tool, argc - optind, argv + optind);
	status = finish(&tool, status);
	arena_free(tool.arena);
	return status;
}
