/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>

#include "mail/dkim_key.h"
#include "milters/inquiry.h"
#include "rotation.h"

/*
 * A receiver may ask any of the servers, so each must have the record. The
 * configured resolver finds them; then each address is asked by a resolver
 * that knows no other. Of a server with several addresses those that do not
 * answer are passed over, as long as one does: this host may lack IPv6.
 */

enum { BUDGET_MS = 8000, ADDRESS_TEXT = 64 };

/* A resolver and the one inquiry that is made with it. */
struct asking {
	struct resolver *resolver;
	struct inquiry *inquiry;
};

static bool begin(struct tool *tool, const struct resolver_settings *settings,
		  struct asking *asking, const char **why)
{
	if (resolver_new(settings, tool->arena, &asking->resolver, why) != OK)
		return false;
	asking->inquiry =
		inquiry_begin(asking->resolver, tool->arena, BUDGET_MS);
	return true;
}

static void end(struct asking *asking)
{
	inquiry_end(asking->inquiry);
	resolver_put(asking->resolver);
}

static struct dns_answer ask(struct tool *tool, struct asking *asking,
			     struct str name, enum dns_type type)
{
	struct dns_answer answer;

	do
		dns_query(inquiry_resolver(asking->inquiry), tool->arena, name,
			  type, &answer);
	while (inquiry_wait(asking->inquiry));
	return answer;
}

/* What a search through all servers knows. */
struct search {
	struct tool *tool;
	const struct resolver_settings *settings;
	struct str name; /* of the record */
	const struct str *octets;
	const char *why;
	size_t servers, with, without;
};

static bool has_key(struct search *search, const struct dns_answer *answer)
{
	struct dkim_key key;

	if (!search->octets)
		return answer->n > 0;
	for (size_t i = 0; i < answer->n; i++)
		if (dkim_key_parse(search->tool->arena, answer->records[i].data,
				   &key) != OK ||
		    !str_eq(key.octets, *search->octets))
			return false;
	return answer->n > 0;
}

/* Did this address answer? If so, *has is whether it has the record. */
static bool ask_address(struct search *search, struct str address, bool *has)
{
	struct resolver_settings one = *search->settings;
	struct asking asking;
	struct dns_answer answer;
	char text[ADDRESS_TEXT];
	struct str server;
	const char *error;

	if (!inet_ntop(address.n == 4 ? AF_INET : AF_INET6, address.p, text,
		       sizeof(text)))
		return false;
	server = str_from(text);
	one.servers = (struct conf_list){ &server, 1 };
	one.trust_anchor = "";
	if (!begin(search->tool, &one, &asking, &error))
		return false;
	answer = ask(search->tool, &asking, search->name, DNS_TXT);
	end(&asking);
	if (answer.status == DNS_TEMPORARY)
		return false;
	*has = answer.status == DNS_OK && has_key(search, &answer);
	return true;
}

/* One server, at all its addresses. */
static void ask_server(struct search *search, struct asking *asking,
		       struct str server)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };
	size_t answers = 0, with = 0;

	for (int i = 0; i < 2; i++) {
		struct dns_answer found =
			ask(search->tool, asking, server, types[i]);

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
		search->why = arena_printf(search->tool->arena, "%.*s %s",
					   STR_ARG(server),
					   !answers	    ? "does not answer"
					   : search->octets ? "has it not yet"
							    : "has none");
}

/* The zone that the name is in: the first above it that has servers. */
static struct dns_answer find_servers(struct search *search,
				      struct asking *asking)
{
	struct str zone = search->name;
	struct dns_answer answer = { .status = DNS_NO_NAME };

	while (str_find(zone, '.') < zone.n) {
		zone = str_sub(zone, str_find(zone, '.') + 1, zone.n);
		answer = ask(search->tool, asking, zone, DNS_NS);
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
		.tool = tool,
		.settings = settings,
		.name = str_from(arena_printf(
			tool->arena, "%.*s._domainkey.%.*s", STR_ARG(selector),
			STR_ARG(rotation->domain))),
		.octets = octets,
	};
	struct dns_answer servers;
	struct asking asking;

	if (!begin(tool, settings, &asking, why))
		return SEEN_UNKNOWN;
	servers = find_servers(&search, &asking);
	for (size_t i = 0; i < servers.n; i++)
		ask_server(&search, &asking, servers.records[i].data);
	end(&asking);
	*why = search.why;
	if (!search.servers)
		*why = "the name servers of the domain can't be found";
	if (!search.servers)
		return SEEN_UNKNOWN;
	if (search.with == search.servers)
		return SEEN_BY_ALL;
	return search.without == search.servers ? SEEN_BY_NONE : SEEN_BY_SOME;
}
