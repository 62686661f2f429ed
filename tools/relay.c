/* SPDX-License-Identifier: BSD-2-Clause */
#include "relay.h"

#include <stdlib.h>

#include "mail/domain.h"
#include "own_host.h"
#include "postfix.h"
#include "sendmail.h"
#include "tool.h"

static void set(struct relay *relay, const char *setting, const char *value,
		struct str hops)
{
	*relay = (struct relay){ setting, value, hops };
}

/* Does Postfix's own client of SMTP stand behind a name of master.cf? */
static bool is_smtp(const struct postfix *postfix, struct str transport)
{
	const char *id =
		arena_printf(postfix->arena, "%.*s/unix", STR_ARG(transport));

	for (size_t i = 0; i < postfix->n_services; i++)
		if (str_eq(postfix->services[i].id, str_from(id)))
			return str_eq(postfix->services[i].command,
				      STR("smtp"));
	return false;
}

/*
 * "TRANSPORT:NEXTHOP", either of which may be missing. SMTP without a next hop
 * leaves that to relayhost, or the recipient's domain.
 */
static void take_transport(const struct postfix *postfix, const char *setting,
			   const char *value, struct relay *relay)
{
	struct str hops = str_from(value), transport;

	str_cut(&hops, ':', &transport);
	if (hops.p && hops.n)
		set(relay, setting, value, hops);
	else if (transport.n && !is_smtp(postfix, transport))
		set(relay, setting, value, STR(""));
}

/* What comes later is stronger: trivial-rewrite(8) asks relayhost last, and a
 * table that says "smtp:" alone sends past it. */
static bool find_postfix(struct arena *arena, struct relay *relay)
{
	struct postfix postfix;
	const char *value;

	if (postfix_read(arena, &postfix) != OK)
		return false;
	value = postfix_in_force(&postfix, NULL, "relayhost");
	if (*value)
		set(relay, "relayhost", value, str_from(value));
	take_transport(&postfix, "default_transport",
		       postfix_in_force(&postfix, NULL, "default_transport"),
		       relay);
	value = postfix_look_up(
		&postfix, postfix_in_force(&postfix, NULL, "transport_maps"),
		STR("*"));
	if (value && strcmp(value, ":") != 0) { /* as without the table */
		*relay = (struct relay){ NULL };
		take_transport(&postfix, "transport_maps", value, relay);
	}
	return true;
}

/* "HOST", or "MAILER:HOST", where the mailer is one word. */
static void find_sendmail(struct arena *arena, struct relay *relay)
{
	struct sendmail sendmail;
	struct str text, hops, mailer;
	const char *value;

	if (tool_read(SENDMAIL_CF, SENDMAIL_CF_MAX, &text) != OK)
		return;
	sendmail_parse(arena, text, &sendmail);
	free((char *)text.p);
	value = sendmail_macro(&sendmail, 'S');
	hops = str_from(value);
	str_cut(&hops, ':', &mailer);
	if (!hops.p || str_find(mailer, '.') < mailer.n ||
	    str_find(mailer, '[') < mailer.n)
		hops = str_from(value);
	if (*value)
		set(relay, "SMART_HOST", value, hops);
}

void relay_find(struct arena *arena, struct relay *relay)
{
	*relay = (struct relay){ NULL };
	if (!find_postfix(arena, relay))
		find_sendmail(arena, relay);
}

/* Those that were found. */
struct found {
	struct arena *arena;
	const struct dns_resolver *resolver;
	struct ip *addresses;
	size_t n, max;
};

static void add(struct found *found, const struct ip *address)
{
	if (found->n < found->max && own_host_is_public(found->arena, address))
		found->addresses[found->n++] = *address;
}

static void add_host(struct found *found, struct str name)
{
	struct dns_answer answer;

	for (int six = 0; six < 2; six++) {
		dns_query(found->resolver, found->arena, name,
			  six ? DNS_AAAA : DNS_A, &answer);
		for (size_t i = 0; answer.status == DNS_OK && i < answer.n;
		     i++) {
			struct ip address = { .six = six != 0 };

			memcpy(address.octets, answer.records[i].data.p,
			       answer.records[i].data.n);
			add(found, &address);
		}
	}
}

/* Without brackets both MTAs look for MX records first. */
static void add_name(struct found *found, struct str name, bool has_brackets)
{
	struct dns_answer answer = { .status = DNS_NO_DATA };

	if (!has_brackets)
		dns_query(found->resolver, found->arena, name, DNS_MX, &answer);
	if (answer.status != DNS_OK)
		add_host(found, name);
	for (size_t i = 0; answer.status == DNS_OK && i < answer.n; i++)
		add_host(found, answer.records[i].data);
}

/* "[HOST]:PORT", "HOST:PORT"; an address has brackets. */
static void add_hop(struct found *found, struct str hop)
{
	bool has_brackets = hop.n && hop.p[0] == '[';
	struct str name;
	struct ip address;

	hop = has_brackets ? str_sub(hop, 1, str_find(hop, ']'))
			   : str_sub(hop, 0, str_find(hop, ':'));
	if (str_istarts(hop, STR("IPv6:")))
		hop = str_sub(hop, strlen("IPv6:"), hop.n);
	if (ip_parse(hop, &address) == OK)
		add(found, &address);
	else if (domain_normalize(found->arena, hop, &name) == OK)
		add_name(found, name, has_brackets);
}

size_t relay_addresses(struct arena *arena, const struct relay *relay,
		       const struct dns_resolver *resolver,
		       struct ip *addresses, size_t max)
{
	struct found found = { arena, resolver, addresses, 0, max };
	struct str rest = relay->hops, hop;

	while (postfix_item(&rest, &hop))
		add_hop(&found, hop);
	return found.n;
}
