/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/stat.h>
#include <time.h>

#include "accounts.h"
#include "mail/crypto.h"
#include "mail/domain.h"
#include "password.h"
#include "sasl.h"
#include "tool.h"

#define AUTH_SOCKET "/var/spool/postfix/private/auth"

/* A verb for one account, and what its options say. */
struct request {
	const char *expires;
	const char *socket;
	bool generate, receive_only;

	struct tool *tool;
	struct mailbox user;
	const char *address; /* the same in one */
	const char *path;    /* of the domain's file */
	struct str field;    /* what is to become the password */
	char today[ACCOUNT_DATE_ROOM];
};

#define FLAG(name, is_switch, member)                                 \
	{                                                             \
		(name), (is_switch), offsetof(struct request, member) \
	}
#define FLAG_EXPIRES FLAG("expires", false, expires)
#define FLAG_GENERATE FLAG("generate", true, generate)
#define FLAG_RECEIVE_ONLY FLAG("receive-only", true, receive_only)
#define FLAG_SOCKET FLAG("socket", false, socket)
#define FLAG_END               \
	{                      \
		NULL, false, 0 \
	}

/* Is it a day of the calendar, as we would write it ourselves? */
static bool is_date(const char *text)
{
	struct tm tm = { 0 };
	char again[ACCOUNT_DATE_ROOM];
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (!end || *end)
		return false;
	tm.tm_isdst = 0;
	timegm(&tm);
	strftime(again, sizeof(again), "%Y-%m-%d", &tm);
	return strcmp(text, again) == 0;
}

/* What Dovecot takes in a name (auth_username_chars), "+" for suffixes apart. */
static bool is_account_name(struct str local)
{
	static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

	for (size_t i = 0; i < local.n; i++)
		if (!local.p[i] || !strchr(others, local.p[i]))
			return false;
	return address_is_dot_atom(local);
}

static int read_address(struct request *request, const char *text)
{
	struct tool *tool = request->tool;
	struct mailbox *user = &request->user;
	struct shared_settings settings;

	if (address_parse(str_from(text), user) != OK ||
	    domain_normalize(tool->arena, user->domain, &user->domain) != OK)
		return tool_fail(tool, EX_USAGE, "%s: expected user@domain",
				 text);
	user->local = arena_lower(tool->arena, user->local);
	if (!is_account_name(user->local))
		return tool_fail(tool, EX_USAGE,
				 "%s: expected letters, digits, \"-\", \"_\" "
				 "and \".\" before the @",
				 text);
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	request->address =
		arena_printf(tool->arena, "%.*s@%.*s", STR_ARG(user->local),
			     STR_ARG(user->domain));
	request->path = accounts_path(tool->arena, settings.state_directory,
				      user->domain);
	return EX_OK;
}

/* Options, then one address; false: end with *status. */
static bool begin(struct request *request, const struct tool_flag *flags,
		  int argc, char **argv, int *status)
{
	if (!tool_flags(request->tool, argc, argv, flags, request, status))
		return false;
	account_today(request->today);
	*status = EX_USAGE;
	if (optind != argc - 1)
		tool_usage(request->tool, EX_USAGE);
	else if (request->expires && strcmp(request->expires, "never") != 0 &&
		 (!is_date(request->expires) ||
		  strcmp(request->expires, request->today) <= 0))
		tool_fail(request->tool, EX_USAGE,
			  "--expires %s: expected a day that is to come, as "
			  "2027-01-31, or never",
			  request->expires);
	else
		*status = read_address(request, argv[optind]);
	return *status == EX_OK;
}

static struct str expires_of(const struct request *request)
{
	return strcmp(request->expires, "never") == 0
		       ? STR("")
		       : str_from(request->expires);
}

static int no_such(const struct request *request)
{
	return tool_fail(request->tool, EX_NOUSER,
			 "%s: there is no such account in %s", request->address,
			 request->path);
}

static int several(const struct request *request)
{
	return tool_fail(request->tool, EX_DATAERR,
			 "%s has several lines in %s: remove it, then add it "
			 "again",
			 request->address, request->path);
}

/*
 * Changes the account while the file is locked; `how` gets NULL when there is
 * none, and returns an exit status. Nothing is written unless it changed the
 * text.
 */
static int edit(struct request *request,
		int (*how)(struct request *request, struct accounts *accounts,
			   const struct account *account))
{
	struct tool *tool = request->tool;
	struct str domain = request->user.domain;
	struct accounts accounts;
	struct account account;
	const char *error, *before;
	enum result result =
		accounts_open(tool->arena, request->path, &accounts, &error);
	int status;

	if (result == E_ABSENT)
		return tool_fail(tool, EX_NOINPUT,
				 "%s; \"millrace domain add %.*s\" makes it",
				 error, STR_ARG(domain));
	if (result != OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	before = accounts.text.p;
	status = how(request, &accounts,
		     account_find(accounts.text, request->user.local, &account)
			     ? &account
			     : NULL);
	if (status == EX_OK && accounts.text.p != before &&
	    !accounts_write(&accounts))
		status = tool_fail(tool, EX_CANTCREAT, "%s: %m", request->path);
	accounts_close(&accounts);
	return status;
}

/* Asks for a password, or makes one, and hashes it. */
static int make_field(struct request *request, struct str *password)
{
	struct tool *tool = request->tool;
	int status = EX_OK;

	if (!request->generate)
		status = password_ask(tool, true, password);
	else if (password_generate(tool->arena, password) != OK)
		return tool_fail(tool, EX_OSERR, "no random octets: %m");
	if (status == EX_OK &&
	    password_hash(tool->arena, *password, &request->field) != OK)
		return tool_fail(tool, EX_OSERR,
				 "64 MiB of memory for a hash are not there");
	return status;
}

/* The only time that a password made by us is seen. */
static void end_password(const struct request *request, struct str password,
			 int status)
{
	if (status == EX_OK && request->generate)
		printf("%.*s\n", STR_ARG(password));
	crypto_wipe(password);
}

static int add(struct request *request, struct accounts *accounts,
	       const struct account *account)
{
	struct arena *arena = request->tool->arena;
	struct account made = { .local = request->user.local };

	if (account)
		return tool_fail(request->tool, EX_CANTCREAT,
				 "%s exists; \"millrace user password\" gives "
				 "it another password",
				 request->address);
	made.line = str_from(
		arena_printf(arena, "%.*s:%.*s::::::", STR_ARG(made.local),
			     STR_ARG(request->field)));
	if (request->expires)
		made.line =
			account_with_expires(arena, &made, expires_of(request));
	accounts_replace(accounts, STR(""), made.line);
	return EX_OK;
}

/* Before anybody is asked for a password. */
static int must_be_new(struct request *request, struct accounts *accounts,
		       const struct account *account)
{
	(void)accounts;
	if (account)
		return add(request, accounts, account);
	return EX_OK;
}

int run_user_add(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { FLAG_EXPIRES, FLAG_GENERATE,
						  FLAG_RECEIVE_ONLY, FLAG_END };
	struct request request = { .tool = tool, .field = STR("!") };
	struct str password = STR("");
	int status;

	if (!begin(&request, flags, argc, argv, &status))
		return status;
	if (request.generate && request.receive_only)
		return tool_usage(tool, EX_USAGE);
	status = edit(&request, must_be_new);
	if (status == EX_OK && !request.receive_only)
		status = make_field(&request, &password);
	if (status == EX_OK)
		status = edit(&request, add);
	end_password(&request, password, status);
	if (status == EX_OK)
		fprintf(stderr,
			"From the next \"systemctl reload millrace-dkim-sign "
			"millrace-forward\" on, the catch-all\n"
			"is not for this address any more: its mail stays on "
			"this host, unless the alias\n"
			"file has a line for it.\n");
	return status;
}

static int must_exist(struct request *request, struct accounts *accounts,
		      const struct account *account)
{
	(void)accounts;
	return account ? EX_OK : no_such(request);
}

static int set_password(struct request *request, struct accounts *accounts,
			const struct account *account)
{
	struct arena *arena = request->tool->arena;
	struct str today = str_from(request->today);
	struct str field = request->field;

	if (!account)
		return no_such(request);
	if (!account_is_single(accounts->text, account->local))
		return several(request);
	if (account_is_over(account, today) ||
	    account_state(account, today) == ACCOUNT_LOCKED) {
		fprintf(stderr, "%s stays locked.\n", request->address);
		field = str_from(arena_printf(arena, "!%.*s", STR_ARG(field)));
	}
	accounts_replace(accounts, account->line,
			 account_with_password(arena, account, field));
	return EX_OK;
}

int run_user_password(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { FLAG_GENERATE, FLAG_END };
	struct request request = { .tool = tool };
	struct str password = STR("");
	int status;

	if (!begin(&request, flags, argc, argv, &status))
		return status;
	status = edit(&request, must_exist);
	if (status == EX_OK)
		status = make_field(&request, &password);
	if (status == EX_OK)
		status = edit(&request, set_password);
	end_password(&request, password, status);
	return status;
}

static int take_away(struct request *request, struct accounts *accounts,
		     const struct account *account)
{
	struct account each;

	if (!account)
		return no_such(request);
	while (account_find(accounts->text, request->user.local, &each))
		accounts_remove(accounts, each.line);
	return EX_OK;
}

/* All of its lines: nobody but Dovecot knows which one it takes. */
static int lock(struct request *request, struct accounts *accounts,
		const struct account *account)
{
	struct str rest = accounts->text;
	struct account each;

	if (!account)
		return no_such(request);
	while (account_next(&rest, &each)) {
		if (!str_ieq(each.local, request->user.local) ||
		    (each.password.n && each.password.p[0] == '!'))
			continue;
		accounts_lock(accounts, &each);
		rest = accounts->text;
	}
	return EX_OK;
}

static int unlock(struct request *request, struct accounts *accounts,
		  const struct account *account)
{
	struct arena *arena = request->tool->arena;
	struct account changed;
	enum account_state state;

	if (!account)
		return no_such(request);
	if (!account_is_single(accounts->text, account->local))
		return several(request);
	changed = *account;
	state = account_state(account, str_from(request->today));
	if (state == ACCOUNT_RECEIVE_ONLY)
		return tool_fail(request->tool, EX_DATAERR,
				 "%s only receives; \"millrace user password\" "
				 "gives it a password",
				 request->address);
	if (!request->expires &&
	    (state == ACCOUNT_EXPIRED || state == ACCOUNT_OVERDUE))
		return tool_fail(request->tool, EX_DATAERR,
				 "%s expired on %.*s; add --expires DATE, or "
				 "never",
				 request->address, STR_ARG(account->expires));
	if (account->password.n && account->password.p[0] == '!')
		changed.line = account_with_password(
			arena, account,
			str_sub(account->password, 1, account->password.n));
	if (request->expires)
		changed.line = account_with_expires(arena, &changed,
						    expires_of(request));
	if (changed.line.p != account->line.p)
		accounts_replace(accounts, account->line, changed.line);
	return EX_OK;
}

/* A verb that takes an address and no password. */
static int run_edit(struct tool *tool, int argc, char **argv,
		    const struct tool_flag *flags,
		    int (*how)(struct request *request,
			       struct accounts *accounts,
			       const struct account *account))
{
	struct request request = { .tool = tool };
	int status;

	if (!begin(&request, flags, argc, argv, &status))
		return status;
	return edit(&request, how);
}

static const struct tool_flag no_flags[] = { FLAG_END };

int run_user_remove(struct tool *tool, int argc, char **argv)
{
	return run_edit(tool, argc, argv, no_flags, take_away);
}

int run_user_lock(struct tool *tool, int argc, char **argv)
{
	return run_edit(tool, argc, argv, no_flags, lock);
}

int run_user_unlock(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { FLAG_EXPIRES, FLAG_END };

	return run_edit(tool, argc, argv, flags, unlock);
}

/*
 * Dovecot looks at a file once a second, and may have done so in the second in
 * which the file was changed: that second is waited for.
 */
static void await_dovecot(const char *path)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	struct stat info;

	for (int i = 0;
	     i < 25 && stat(path, &info) == 0 && info.st_ctime >= time(NULL);
	     i++)
		nanosleep(&pause, NULL);
}

int run_user_authenticate(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = { FLAG_SOCKET, FLAG_END };
	static const int statuses[] = {
		[SASL_OK] = EX_OK,
		[SASL_REFUSED] = EX_NOPERM,
		[SASL_TEMPORARY] = EX_TEMPFAIL,
		[SASL_UNAVAILABLE] = EX_UNAVAILABLE,
	};
	struct request request = { .tool = tool, .socket = AUTH_SOCKET };
	struct str password = STR("");
	enum sasl_answer answer;
	const char *why;
	int status;

	if (!begin(&request, flags, argc, argv, &status))
		return status;
	status = password_ask(tool, false, &password);
	if (status != EX_OK)
		return status;
	await_dovecot(request.path);
	answer = sasl_ask(tool->arena, request.socket,
			  str_from(request.address), password, &why);
	crypto_wipe(password);
	if (answer != SASL_OK)
		return tool_fail(tool, statuses[answer], "%s: %s",
				 answer == SASL_REFUSED ? request.address
							: request.socket,
				 why);
	printf("%s may send.\n", request.address);
	return EX_OK;
}
