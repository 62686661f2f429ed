/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_host.h"

/*
 * Accounts whose mail ends nowhere. forward leaves an account that no alias
 * names to the MTA, also where there is a catch-all: it may have a mailbox
 * here. Where the MTA knows of none, its mail meets what was made for mail
 * that slipped past forward. Whether an account may log in does not matter.
 */

struct accounts_check {
	struct host *host;
	const struct domain *domain; /* the one at hand */
	struct arena *scratch;	     /* for one account */
	struct alias_directory directory;
};

/* Does forward leave mail for the account here, or a copy of it? */
static bool is_left(const struct accounts_check *check, struct str user)
{
	const struct mailbox address = { user, check->domain->name };
	struct alias_expansion expansion;

	if (alias_expand(&check->directory, check->scratch, &address, SIZE_MAX,
			 &expansion) != OK)
		return false;
	for (size_t i = 0; i < expansion.n; i++)
		if (str_ieq(expansion.targets[i].local, user) &&
		    str_eq(expansion.targets[i].domain, address.domain))
			return true;
	return false;
}

/* Does a line begin with the address? */
static bool has_line(struct str lines, struct str address)
{
	struct str line;

	while (str_line(&lines, &line))
		if (str_istarts(line, address) && line.n > address.n &&
		    str_is_wsp(line.p[address.n]))
			return true;
	return false;
}

/* Where the catch-all would have sent it, as an alias line has it. */
static const char *catch_all_targets(const struct accounts_check *check,
				     struct str user)
{
	struct arena *arena = check->host->arena;
	struct alias alias;
	struct buf buf;

	if (alias_find_catch_all(check->domain->aliases, arena, &alias) != OK ||
	    !alias.n)
		return NULL;
	buf_init(&buf, arena, SIZE_MAX);
	for (size_t i = 0; i < alias.n; i++) {
		struct mailbox target = alias.targets[i];

		if (str_eq(target.local, STR("*")))
			target.local = user;
		buf_printf(&buf, "%s%s", buf.n ? ", " : "",
			   address_format(arena, &target));
	}
	return buf_c(&buf);
}

static void tell(const struct accounts_check *check, struct str user,
		 const char *address)
{
	struct host *host = check->host;
	const char *file = arena_printf(host->arena, "%s/domains/%.*s/aliases",
					host->tool->directory,
					STR_ARG(check->domain->name));
	const char *targets = catch_all_targets(check, user);
	struct alias alias;
	struct finding finding = {
		.id = "forward.account",
		.grade = FINDING_WARNING,
		.subject = address,
		.seen = arena_printf(
			host->arena,
			"no line of %s names this account%s: its mail is not "
			"forwarded, and nobody takes it",
			file,
			targets ? ", and the catch-all is not for accounts"
				: ""),
		.expected = "a line for each account without a mailbox on this "
			    "host",
		.advice = arena_printf(
			host->arena, "write \"%.*s: %s\" into %s; or %s",
			STR_ARG(user), targets ? targets : "you@your.mailbox",
			file, host->mta.words->mailbox),
	};

	if (alias_find(check->domain->aliases, host->arena, user, &alias) ==
	    OK) {
		finding.seen = arena_printf(host->arena,
					    "%.*s in %s leads to itself, which "
					    "has no mailbox on this host",
					    STR_ARG(alias.user), file);
		finding.advice =
			arena_printf(host->arena,
				     "take it out of the targets there; or %s",
				     host->mta.words->mailbox);
	}
	findings_add(host->findings, &finding);
}

static const char *address_of(const struct accounts_check *check,
			      struct str user)
{
	return arena_printf(check->host->arena, "%.*s@%.*s", STR_ARG(user),
			    STR_ARG(check->domain->name));
}

static void check_domain(struct accounts_check *check)
{
	const struct domain *domain = check->domain;
	struct host *host = check->host;
	struct str *left =
		ARENA_NEW(host->arena, struct str, domain->n_users + 1);
	struct buf addresses;
	struct str lines;
	size_t n = 0;

	buf_init(&addresses, host->arena, SIZE_MAX);
	for (size_t i = 0; i < domain->n_users; i++) {
		struct str user = domain->users[i];
		bool is_new = !i || !str_eq(user, domain->users[i - 1]);

		if (is_new && is_left(check, user)) {
			left[n++] = user;
			buf_printf(&addresses, "%s\n", address_of(check, user));
		}
		arena_reset(check->scratch);
	}
	if (!n || host->mta.places(host, domain->name, buf_str(&addresses),
				   &lines) != OK)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *address = address_of(check, left[i]);

		if (!has_line(lines, str_from(address)))
			tell(check, left[i], address);
	}
}

void check_accounts(struct host *host)
{
	struct accounts_check check = { .host = host };
	struct shared_settings settings;
	struct domains domains;
	struct domains_view view;

	if (!host_expects(host, "forward") ||
	    !tool_settings(host->tool, &settings, NULL) ||
	    tool_domains(host->tool, &settings, DOMAIN_ALIASES | DOMAIN_USERS,
			 &domains) != OK)
		return;
	check.scratch = arena_new(4096);
	check.directory = domains_directory(&view, &domains, check.scratch);
	view.users_decide = true;
	for (size_t i = 0; i < domains.n; i++) {
		check.domain = &domains.list[i];
		/* Without an alias file nothing is forwarded, and all that
		 * comes is the MTA's own. */
		if (check.domain->aliases)
			check_domain(&check);
	}
	arena_free(check.scratch);
	domains_free(&domains);
}
