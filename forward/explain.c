/* SPDX-License-Identifier: BSD-2-Clause */
#include "explain.h"

#include "mail/path.h"
#include "route.h"

struct explaining {
	const struct snapshot *snapshot;
	struct buf *answer;
};

static const char *const ways[] = {
	[ALIAS_WAY_EXACT] = "alias",
	[ALIAS_WAY_REDUCED] = "alias",
	[ALIAS_WAY_CATCH_ALL] = "catch-all",
	[ALIAS_WAY_USER] = "user, stays",
	[ALIAS_WAY_ITSELF] = "itself, stays",
	[ALIAS_WAY_OTHER] = "leaves",
	[ALIAS_WAY_ABSENT] = "there is no such address",
	[ALIAS_WAY_FAULT] = "its alias file can't be used",
};

static void add_address(struct buf *answer, int level,
			const struct mailbox *address)
{
	for (int i = 0; i < level; i++)
		buf_add(answer, STR("  "));
	buf_add(answer, path_format(answer->arena, address));
	buf_add(answer, STR(": "));
}

/* Called by the code that forwards, for each address that it comes by. */
static void add_hop(void *context, const struct alias_hop *hop)
{
	const struct explaining *explaining = context;
	const struct snapshot *snapshot = explaining->snapshot;
	struct buf *answer = explaining->answer;
	const struct domain *domain =
		domains_find(&snapshot->domains, hop->address->domain);

	add_address(answer, hop->depth, hop->address);
	buf_add(answer, str_from(ways[hop->way]));
	if (hop->way == ALIAS_WAY_REDUCED)
		buf_printf(answer, " of %.*s", STR_ARG(hop->alias->user));
	if (hop->way == ALIAS_WAY_FAULT && domain->fault)
		buf_printf(answer, ": %s", domain->fault);
	if (hop->way <= ALIAS_WAY_CATCH_ALL)
		buf_printf(answer, ", %s/domains/%.*s/aliases:%zu",
			   snapshot->directory, STR_ARG(domain->name),
			   alias_line(domain->aliases, hop->alias->user));
	if (hop->way <= ALIAS_WAY_CATCH_ALL && hop->alias->refuse)
		buf_printf(answer, ", refuses");
	buf_addc(answer, '\n');
}

/* Addresses of ours for bounces; no alias is asked for them. */
static void add_srs(const struct explaining *explaining,
		    const struct route *route)
{
	static const char *const kinds[] = {
		[SRS_SENDER] = "for its sender",
		[SRS_FORWARDER] = "for the first of several forwarders",
		[SRS_TOKEN] = "for its sender, who is kept under a token",
	};
	struct buf *answer = explaining->answer;

	add_address(answer, 0, &route->address);
	if (route->kind != ROUTE_BOUNCE) {
		/* Of a domain that has SRS addresses and no others. */
		buf_printf(answer, "%s\n",
			   route->kind == ROUTE_UNKNOWN
				   ? ways[ALIAS_WAY_ABSENT]
				   : "SRS address, not good");
		return;
	}
	buf_printf(answer, "SRS address, %s, from the null sender alone\n",
		   kinds[route->srs]);
	add_address(answer, 1, route->targets);
	buf_add(answer, domains_find(&explaining->snapshot->domains,
				     route->targets->domain)
				? STR("stays\n")
				: STR("leaves\n"));
}

static void add_end(const struct explaining *explaining,
		    const struct route *route)
{
	const struct route_reply *reply = route_reply(route->kind);
	struct buf *answer = explaining->answer;

	if (route->leaves) {
		struct str domain =
			route_srs_domain(explaining->snapshot, route);

		buf_printf(answer,
			   "Senders of other domains are rewritten under "
			   "%.*s.\n",
			   STR_ARG(domain));
	}
	if (route->fault)
		buf_printf(answer, "At fault: %s.\n", route->fault);
	if (!reply) {
		buf_add(answer, STR("RCPT is accepted.\n"));
		return;
	}
	buf_printf(answer, "RCPT is answered: %s %s ", reply->code,
		   reply->xcode);
	buf_add(answer, route->text.n ? route->text : str_from(reply->text));
	buf_addc(answer, '\n');
}

enum result explain_address(const struct snapshot *snapshot, int64_t now,
			    struct str address, struct buf *answer)
{
	struct explaining explaining = { snapshot, answer };
	const struct alias_trace trace = { add_hop, &explaining };
	const struct route_request request = { address, now, &trace };
	struct mailbox mailbox;
	struct route route;

	if (path_parse(answer->arena, address, &mailbox) != OK)
		return E_SYNTAX;
	route_follow(snapshot, answer->arena, &request, &route);
	if (route.kind == ROUTE_OTHER) {
		add_address(answer, 0, &mailbox);
		buf_add(answer, STR("not of our domains, left to the MTA\n"));
		return OK;
	}
	/* Where no alias was looked for, nothing has been said yet. */
	if (!answer->n)
		add_srs(&explaining, &route);
	add_end(&explaining, &route);
	return OK;
}

enum result explain_ask(const struct snapshot *snapshot, int64_t now,
			struct str question, struct buf *answer)
{
	const struct str resolve = STR("resolve ");

	if (!str_istarts(question, resolve))
		return E_ABSENT;
	return explain_address(snapshot, now,
			       str_sub(question, resolve.n, question.n),
			       answer);
}
