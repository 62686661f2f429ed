/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/dkim_key.h"
#include "milters/inquiry.h"
#include "nameserver.h"
#include "rotation.h"

/*
 * A receiver may ask any of the servers, so each must have the record. The
 * configured resolver finds them; then each address is asked itself. Of a
 * server with several addresses those that do not answer are passed over, as
 * long as one does: this host may lack IPv6.
 */

enum { BUDGET_MS = 8000 };

/* What a search through all servers knows. */
struct search {
	struct arena *arena;
	struct inquiry *inquiry;
	struct str name; /* of the record */
	const struct str *octets;
	const char *why;
	size_t servers, with, without;
};

/* What the resolver says. */
static struct dns_answer ask(struct search *search, struct str name,
			     enum dns_type type)
{
	struct dns_answer answer;

	do
		dns_query(inquiry_resolver(search->inquiry), search->arena,
			  name, type, &answer);
	while (inquiry_wait(search->inquiry));
	return answer;
}

static bool has_key(struct search *search, const struct reply *reply)
{
	struct dkim_key key;

	if (!search->octets)
		return reply->n > 0;
	for (size_t i = 0; i < reply->n; i++)
		if (dkim_key_parse(search->arena, reply->records[i].dns.data,
				   &key) != OK ||
		    !str_eq(key.octets, *search->octets))
			return false;
	return reply->n > 0;
}

/* Did this address answer? If so, *has is whether it has the record. */
static bool ask_address(struct search *search, struct str address, bool *has)
{
	struct ip ip = { .six = address.n == sizeof(ip.octets) };
	struct reply reply;

	memcpy(ip.octets, address.p, address.n);
	nameserver_ask(search->arena, &ip, search->name, RR_TXT, &reply);
	if (reply.kind != REPLY_ANSWER)
		return false;
	*has = has_key(search, &reply);
	return true;
}

/* One server, at all its addresses. */
static void ask_server(struct search *search, struct str server)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };
	size_t answers = 0, with = 0;

	for (int i = 0; i < 2; i++) {
		struct dns_answer found = ask(search, server, types[i]);

		for (size_t k = 0; k < found.n; k++) {
			bool has = false;

			if (!ask_address(search, found.records[k].data, &has))
				continue;
			answers++;
			with += has;
		}
	}
	search->servers++;
	search->without += answers && !with;
	if (answers && with == answers)
		search->with++;
	else
		search->why =
			arena_printf(search->arena, "%.*s %s", STR_ARG(server),
				     !answers	      ? "does not answer"
				     : search->octets ? "has it not yet"
						      : "has none");
}

/* The zone that the name is in: the first above it that has servers. */
static struct dns_answer find_servers(struct search *search)
{
	struct str zone = search->name;
	struct dns_answer answer = { .status = DNS_NO_NAME };

	while (str_find(zone, '.') < zone.n) {
		zone = str_sub(zone, str_find(zone, '.') + 1, zone.n);
		answer = ask(search, zone, DNS_NS);
		if (answer.status == DNS_OK || answer.status == DNS_TEMPORARY)
			return answer;
	}
	return answer;
}

enum seen rotation_seen(struct tool *tool,
			const struct resolver_settings *settings,
			const struct rotation *rotation, struct str selector,
			const struct str *octets, const char **why)
{
	struct search search = {
		.arena = tool->arena,
		.name = str_from(arena_printf(
			tool->arena, "%.*s._domainkey.%.*s", STR_ARG(selector),
			STR_ARG(rotation->domain))),
		.octets = octets,
	};
	struct dns_answer servers;
	struct resolver *resolver;

	if (resolver_new(settings, tool->arena, &resolver, why) != OK)
		return SEEN_UNKNOWN;
	search.inquiry = inquiry_begin(resolver, tool->arena, BUDGET_MS);
	servers = find_servers(&search);
	for (size_t i = 0; i < servers.n; i++)
		ask_server(&search, servers.records[i].data);
	inquiry_end(search.inquiry);
	resolver_put(resolver);
	*why = search.why;
	if (!search.servers)
		*why = "the name servers of the domain can't be found";
	if (!search.servers)
		return SEEN_UNKNOWN;
	if (search.with == search.servers)
		return SEEN_BY_ALL;
	return search.without == search.servers ? SEEN_BY_NONE : SEEN_BY_SOME;
}
