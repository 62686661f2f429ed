/* SPDX-License-Identifier: BSD-2-Clause */
#include "owner.h"

#include "mail/domain.h"

/* What the functions for alias_walk need to know. */
struct question {
	const struct snapshot *snapshot;
	struct arena *arena;
	struct mailbox login;
};

const struct domain *owner_find_domain(const struct snapshot *snapshot,
				       struct str name)
{
	const struct config *config = snapshot->settings;
	const struct domain *domain = domains_find(&snapshot->domains, name);

	while (!domain && config->subdomains && name.n) {
		name = domain_parent(name);
		domain = domains_find(&snapshot->domains, name);
	}
	return domain;
}

/* Is the address the login's own, its suffix apart? */
static bool is_login(void *context, const struct mailbox *address)
{
	const struct question *question = context;
	const struct alias_rules *rules = &question->snapshot->domains.rules;
	const struct mailbox *login = &question->login;

	if (!str_eq(address->domain, login->domain))
		return false;
	return str_ieq(address->local, login->local) ||
	       str_ieq(alias_strip_suffix(question->arena, rules,
					  address->local),
		       login->local);
}

static enum result find_grant(struct question *question,
			      const struct mailbox *author)
{
	const struct domain *domain =
		domains_find(&question->snapshot->domains, author->domain);
	struct alias line[2];
	bool found[2];

	if (!domain || !domain->senders)
		return domain && domain->fault ? E_CONFIG : E_ABSENT;
	found[0] = alias_find(domain->senders, question->arena, author->local,
			      &line[0]) == OK;
	found[1] = alias_find_catch_all(domain->senders, question->arena,
					&line[1]) == OK;
	for (int i = 0; i < 2; i++)
		for (size_t t = 0; found[i] && t < line[i].n; t++) {
			struct mailbox target = line[i].targets[t];

			if (str_eq(target.local, STR("*")))
				target.local = author->local;
			if (is_login(question, &target))
				return OK;
		}
	return E_ABSENT;
}

static enum result check_own(struct question *question,
			     const struct mailbox *author)
{
	enum result walked, granted;
	struct domains_view view;
	const struct alias_directory directory = domains_directory(
		&view, &question->snapshot->domains, question->arena);

	if (is_login(question, author))
		return OK;
	walked = alias_walk(&directory, question->arena, author, is_login,
			    question);
	granted = find_grant(question, author);
	if (walked == OK || granted == OK)
		return OK;
	return walked == E_CONFIG ? walked : granted;
}

static bool is_in_domain(const struct question *question,
			 const struct mailbox *author)
{
	const struct domain *domain =
		owner_find_domain(question->snapshot, author->domain);
	struct str own = question->login.domain;

	return str_eq(domain ? domain->name : author->domain, own);
}

/* A login without @ is one of login_domain; without that, it owns nothing. */
static bool parse_login(const struct snapshot *snapshot, struct arena *arena,
			struct str login, struct mailbox *parsed)
{
	*parsed = (struct mailbox){ login, snapshot->login_domain };
	if (str_find(login, '@') == login.n)
		return parsed->domain.n > 0;
	return address_parse(login, parsed) == OK &&
	       domain_normalize(arena, parsed->domain, &parsed->domain) == OK;
}

enum result owner_may_write(const struct snapshot *snapshot,
			    struct arena *arena, struct str login,
			    const struct mailbox *author)
{
	const struct config *config = snapshot->settings;
	struct question question = { .snapshot = snapshot, .arena = arena };

	if (config->from == FROM_ANY)
		return OK;
	if (!parse_login(snapshot, arena, login, &question.login))
		return E_ABSENT;
	if (config->from == FROM_DOMAIN)
		return is_in_domain(&question, author) ? OK : E_ABSENT;
	return check_own(&question, author);
}
