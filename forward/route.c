/* SPDX-License-Identifier: BSD-2-Clause */
#include "route.h"

#include "mail/domain.h"
#include "mail/path.h"
#include "tokens.h"

/* The reply for a recipient that is refused, by its kind. */
static const struct route_reply replies[] = {
	[ROUTE_UNKNOWN] = { ACTION_REJECT, "550", "5.1.1",
			    "There is no such address here" },
	[ROUTE_ODD] = { ACTION_REJECT, "553", "5.1.3",
			"An address can't be written like this here" },
	[ROUTE_REFUSED] = { ACTION_REJECT, "550", "5.7.1",
			    "This address takes no mail" },
	[ROUTE_NO_SRS] = { ACTION_REJECT, "550", "5.1.6",
			   "This is no address that was made here" },
	[ROUTE_FORGED] = { ACTION_REJECT, "550", "5.7.1",
			   "This address was not made here" },
	[ROUTE_EXPIRED] = { ACTION_REJECT, "550", "5.7.1",
			    "This address for bounces has expired" },
	[ROUTE_GUESSED] = { ACTION_TEMPFAIL, "450", "4.7.1",
			    "Too many wrong addresses for bounces, please try "
			    "again later" },
	[ROUTE_ALONE] = { ACTION_TEMPFAIL, "452", "4.5.3",
			  "Send to this recipient in a transaction of its "
			  "own" },
	[ROUTE_MANY] = { ACTION_TEMPFAIL, "452", "4.5.3",
			 "Too many recipients for one message" },
	[ROUTE_FAULT] = { ACTION_TEMPFAIL, "451", "4.3.5",
			  "The address can't be followed now, please try "
			  "again later" },
};

static bool is_srs_domain(const struct snapshot *snapshot, struct str domain)
{
	const struct derived *derived = snapshot->derived;

	return str_eq(domain, derived->srs_domain) ||
	       domains_find(&snapshot->domains, domain);
}

/* "SRS0" or "SRS1" and a separator: nobody else has such a name here. */
static bool looks_like_srs(struct str local)
{
	return local.n > 5 &&
	       (str_istarts(local, STR("SRS0")) ||
		str_istarts(local, STR("SRS1"))) &&
	       memchr("=-+", local.p[4], 3);
}

/* The sender behind a token; false when the route has its kind. */
static bool find_token(const struct derived *derived, struct arena *arena,
		       int64_t now, struct str *address, struct route *route)
{
	struct tokens *tokens =
		derived->tokens
			? tokens_shared(arena, derived->tokens, &route->fault)
			: NULL;
	enum result result =
		tokens ? tokens_find(tokens, arena, now, *address, address)
		       : E_TEMP;

	if (result == OK)
		return true;
	route->kind = result == E_ABSENT ? ROUTE_EXPIRED : ROUTE_FAULT;
	if (!route->fault)
		route->fault = "the table of senders can't be read";
	return false;
}

static void find_bounce(const struct snapshot *snapshot, struct arena *arena,
			int64_t now, struct route *route)
{
	const struct derived *derived = snapshot->derived;
	const struct srs srs = { derived->srs, now };
	enum srs_kind kind;
	struct str address;

	switch (srs_reverse(arena, &srs, route->address.local, &kind,
			    &address)) {
	case OK:
		break;
	case E_SYNTAX:
		route->kind = ROUTE_NO_SRS;
		return;
	case E_CRYPTO:
		route->kind = ROUTE_FORGED;
		return;
	case E_LIMIT:
		route->kind = ROUTE_EXPIRED;
		return;
	default:
		route->kind = ROUTE_FAULT;
		route->fault = "no SRS secret can be used";
		return;
	}
	if (kind == SRS_TOKEN &&
	    !find_token(derived, arena, now, &address, route))
		return;
	route->targets = ARENA_NEW(arena, struct mailbox, 1);
	if (path_parse(arena, address, route->targets) != OK) {
		route->kind = ROUTE_NO_SRS;
		return;
	}
	route->kind = ROUTE_BOUNCE;
	route->srs = kind;
	route->n = 1;
}

/* Why an address of ours can't be followed. */
static const char *describe_fault(const struct snapshot *snapshot,
				  struct arena *arena, const struct mailbox *at)
{
	const struct domain *domain =
		domains_find(&snapshot->domains, at->domain);

	if (domain && domain->fault)
		return domain->fault;
	if (domain && !domain->users_known && !domain->users_absent)
		return arena_printf(arena,
				    "the file of the users of %.*s can't be "
				    "read",
				    STR_ARG(domain->name));
	return arena_printf(arena,
			    "the alias leads to %s, which does not exist",
			    address_format(arena, at));
}

static void expand(const struct snapshot *snapshot, struct arena *arena,
		   const struct alias_trace *trace, struct route *route)
{
	const struct config *config = snapshot->settings;
	struct alias_expansion expansion;
	struct domains_view view;
	struct alias_directory directory =
		domains_directory(&view, &snapshot->domains, arena);

	/* To have accounts is not needed for aliases. */
	view.users_decide = true;
	directory.trace = trace;
	switch (alias_expand(&directory, arena, &route->address,
			     (size_t)config->max_recipients, &expansion)) {
	case OK:
		break;
	case E_ABSENT:
		route->kind = ROUTE_UNKNOWN;
		return;
	case E_LIMIT:
		route->kind = ROUTE_MANY;
		return;
	default:
		route->kind = ROUTE_FAULT;
		route->fault =
			describe_fault(snapshot, arena, &expansion.fault);
		return;
	}
	if (expansion.refuse) {
		route->kind = ROUTE_REFUSED;
		route->text = expansion.text;
		return;
	}
	route->targets = expansion.targets;
	route->n = expansion.n;
	for (size_t i = 0; i < route->n; i++)
		route->leaves = route->leaves ||
				!domains_find(&snapshot->domains,
					      route->targets[i].domain);
	/* A user that no alias names is its own target. */
	route->kind = ROUTE_ALIAS;
	if (route->n == 1 &&
	    str_eq(route->targets[0].domain, route->address.domain) &&
	    str_ieq(route->targets[0].local, route->address.local))
		route->kind = ROUTE_USER;
}

bool route_is_srs(const struct route *route)
{
	return route->kind == ROUTE_BOUNCE || route->kind == ROUTE_NO_SRS ||
	       route->kind == ROUTE_FORGED || route->kind == ROUTE_EXPIRED;
}

/*
 * MTAs read more than RFC 5321 allows: routes, comments, white space. Such an
 * address of our domains would be taken, and then go nowhere.
 */
static bool is_ours_at_all(const struct snapshot *snapshot, struct arena *arena,
			   struct str path)
{
	size_t sign = str_find_last(path, '@');
	struct str domain;

	return sign < path.n &&
	       domain_normalize(arena, str_sub(path, sign + 1, path.n),
				&domain) == OK &&
	       is_srs_domain(snapshot, domain);
}

void route_follow(const struct snapshot *snapshot, struct arena *arena,
		  const struct route_request *request, struct route *route)
{
	*route = (struct route){ .kind = ROUTE_OTHER, .path = request->path };
	if (path_parse(arena, request->path, &route->address) != OK) {
		if (is_ours_at_all(snapshot, arena, request->path))
			route->kind = ROUTE_ODD;
		return;
	}
	if (!is_srs_domain(snapshot, route->address.domain))
		return;
	if (looks_like_srs(route->address.local))
		find_bounce(snapshot, arena, request->now, route);
	else if (domains_find(&snapshot->domains, route->address.domain))
		expand(snapshot, arena, request->trace, route);
	else
		route->kind = ROUTE_UNKNOWN;
}

void route_find(const struct snapshot *snapshot, struct arena *arena,
		struct str path, int64_t now, struct route *route)
{
	const struct route_request request = { path, now, NULL };

	route_follow(snapshot, arena, &request, route);
}

const struct route_reply *route_reply(enum route_kind kind)
{
	return replies[kind].code ? &replies[kind] : NULL;
}

struct str route_srs_domain(const struct snapshot *snapshot,
			    const struct route *route)
{
	const struct derived *derived = snapshot->derived;

	return derived->srs_domain.n ? derived->srs_domain
				     : route->address.domain;
}
