/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_dns.h"

#include "mail/buf.h"
#include "records.h"

enum { TEXT_MAX = 2048, RELAY_ADDRESSES_MAX = 32 };

void check_add(struct dns_check *check, struct finding finding)
{
	findings_add(check->context->findings, &finding);
}

void check_fault(struct dns_check *check, struct finding finding,
		 const char *id, const char *advice)
{
	finding.id = id;
	finding.grade = FINDING_FAULT;
	finding.advice = advice;
	check_add(check, finding);
}

const char *check_subject(struct dns_check *check, const char *prefix,
			  struct str name)
{
	return arena_printf(check->arena, "%s%.*s", prefix, STR_ARG(name));
}

/* The host's own addresses of a family, "192.0.2.1, 192.0.2.2"; or NULL. */
static const char *own_addresses(struct dns_check *check, bool six)
{
	const struct own_host *host = check->host;
	struct buf buf;

	buf_init(&buf, check->arena, TEXT_MAX);
	for (size_t i = 0; i < host->n; i++)
		if (host->addresses[i].six == six)
			buf_printf(
				&buf, "%s%s", buf.n ? ", " : "",
				ip_format(check->arena, &host->addresses[i]).p);
	return buf.n ? buf_c(&buf) : NULL;
}

static bool has_record(const struct reply *reply, struct str data)
{
	for (size_t i = 0; i < reply->n; i++)
		if (str_ieq(reply->records[i].dns.data, data))
			return true;
	return false;
}

/* Are just the host's own addresses of a family published? */
static bool addresses_agree(struct dns_check *check, bool six,
			    const struct reply *reply)
{
	const struct own_host *host = check->host;
	size_t n = 0;

	for (size_t i = 0; i < host->n; i++) {
		const struct ip *ip = &host->addresses[i];
		struct str data = { (const char *)ip->octets, six ? 16 : 4 };

		if (ip->six != six)
			continue;
		if (!has_record(reply, data))
			return false;
		n++;
	}
	return n == reply->n;
}

static void check_family(struct dns_check *check, bool six)
{
	const char *own = own_addresses(check, six);
	struct finding finding = {
		.id = six ? "aaaa" : "a",
		.subject = check_subject(check, "", check->host->name),
		.expected = own ? own
				: arena_printf(check->arena, "no %s record",
					       six ? "AAAA" : "A"),
	};
	struct reply reply;

	authority_ask(check->authority, check->host->name, six ? RR_AAAA : RR_A,
		      &reply);
	if (reply.status == DNS_TEMPORARY)
		return;
	finding.seen = reply_text(check->arena, &reply);
	if (!own && !reply.n && !reply.alias.n)
		return;
	if (!reply.alias.n && addresses_agree(check, six, &reply)) {
		check_add(check, finding);
		return;
	}
	check->address_fault = true;
	finding.grade = FINDING_FAULT;
	finding.advice = "publish the address records that \"millrace dns\" "
			 "prints, and no others for this name; or bind "
			 "Postfix to the addresses that are published";
	finding.id = six ? "aaaa.differs" : "a.differs";
	if (reply.alias.n)
		finding.id = six ? "aaaa.alias" : "a.alias";
	else if (!reply.n)
		finding.id = six ? "aaaa.missing" : "a.missing";
	check_add(check, finding);
}

/* Does one of the names lead back to the address (RFC 8601 2.7.3)? */
static bool is_confirmed(struct dns_check *check, const struct ip *ip,
			 const struct reply *names)
{
	struct str own = { (const char *)ip->octets, ip->six ? 16 : 4 };
	struct dns_answer answer;

	for (size_t i = 0; i < names->n; i++) {
		dns_query(authority_resolver(check->authority), check->arena,
			  names->records[i].dns.data,
			  ip->six ? DNS_AAAA : DNS_A, &answer);
		for (size_t k = 0; answer.status == DNS_OK && k < answer.n; k++)
			if (str_eq(answer.records[k].data, own))
				return true;
	}
	return false;
}

/* That the host's own name leads back is for check_family to tell. */
static void check_reverse(struct dns_check *check, const struct ip *ip)
{
	struct finding finding = {
		.id = "ptr",
		.subject = ip_format(check->arena, ip).p,
		.expected = arena_printf(
			check->arena,
			"%.*s, the name with which this host greets",
			STR_ARG(check->host->name)),
	};
	const struct relay *relay = check->context->relay;
	struct reply reply;

	if (relay->setting) {
		finding.seen = "not asked";
		finding.expected =
			arena_printf(check->arena,
				     "none is needed: mail leaves by %s (%s)",
				     relay->value, relay->setting);
		check_add(check, finding);
		return;
	}
	authority_follow(check->authority, own_host_reverse(check->arena, ip),
			 RR_PTR, &reply);
	if (reply.status == DNS_TEMPORARY)
		return;
	finding.seen = reply_text(check->arena, &reply);
	if (has_record(&reply, check->host->name)) {
		check_add(check, finding);
		return;
	}
	finding.grade = FINDING_FAULT;
	finding.advice = arena_printf(
		check->arena,
		"have your provider (whoever gave you the address) set its "
		"reverse DNS to %.*s",
		STR_ARG(check->host->name));
	finding.id = !reply.n			       ? "ptr.missing"
		     : is_confirmed(check, ip, &reply) ? "ptr.differs"
						       : "ptr.unconfirmed";
	check_add(check, finding);
}

/* RFC 2181 section 10.3: the name in an MX record must not be an alias. */
static bool is_alias_of_host(struct dns_check *check, struct str name)
{
	struct reply reply;

	for (int i = 0; name.n && i < 2; i++) {
		authority_ask(check->authority, name, RR_A, &reply);
		if (!reply.alias.n)
			return false;
		if (str_ieq(reply.alias, check->host->name))
			return true;
		name = reply.alias;
	}
	return false;
}

/* Does it lead to this host by another name, which breaks that rule? */
static bool leads_to_alias(struct dns_check *check, const struct reply *reply)
{
	for (size_t i = 0; i < reply->n; i++)
		if (is_alias_of_host(check, reply->records[i].dns.data))
			return true;
	return false;
}

/* A domain may send from here and take its mail elsewhere, but not nowhere. */
static void judge_elsewhere(struct dns_check *check, struct finding finding,
			    const struct reply *reply)
{
	bool is_null = has_record(reply, STR(""));

	finding.expected = "the hosts that take its mail, which has no alias "
			   "file here";
	check->is_elsewhere = true;
	if (reply->n && !is_null) {
		check_add(check, finding);
		return;
	}
	finding.id = is_null ? "mx.null" : "mx.missing";
	finding.grade = is_null ? FINDING_FAULT : FINDING_WARNING;
	/* RFC 7505 section 4.2 */
	finding.advice = "publish the MX record of the host that takes its "
			 "mail: receivers refuse mail of a domain that takes "
			 "none";
	check_add(check, finding);
}

static void check_mx(struct dns_check *check, struct str domain, bool is_srs)
{
	struct finding finding = {
		.id = "mx",
		.subject = check_subject(check, "", domain),
		.expected = arena_printf(check->arena, "10 %.*s",
					 STR_ARG(check->host->name)),
		.advice = "publish the MX record that \"millrace dns\" prints",
	};
	struct reply reply;
	bool is_alias;

	check->mx_fault = check->is_elsewhere = false;
	authority_ask(check->authority, domain, RR_MX, &reply);
	if (reply.status == DNS_TEMPORARY)
		return;
	finding.seen = reply_text(check->arena, &reply);
	if (has_record(&reply, check->host->name)) {
		if (reply.n > 1) {
			finding.id = "mx.others";
			finding.grade = FINDING_WARNING;
			finding.advice = "see that the other hosts take this "
					 "domain's mail, or take them out";
		}
		check_add(check, finding);
		return;
	}
	is_alias = leads_to_alias(check, &reply);
	if (!is_srs && !is_alias &&
	    !tool_has_aliases(check->context->tool, domain)) {
		judge_elsewhere(check, finding, &reply);
		return;
	}
	finding.id = is_alias  ? "mx.alias"
		     : reply.n ? "mx.elsewhere"
			       : "mx.missing";
	if (reply.n && !is_alias && !is_srs)
		finding.advice =
			"publish the MX record that \"millrace dns\" prints; "
			"or, where the domain only sends from here, take its "
			"alias file away";
	check->mx_fault = true;
	finding.grade = FINDING_FAULT;
	check_add(check, finding);
}

/* Lists that anybody may ask for the addresses that mail leaves from. */
static const struct str block_lists[] = {
	{ "zen.spamhaus.org", 16 },
	{ "bl.spamcop.net", 14 },
	{ "psbl.surriel.com", 16 },
};

/* RFC 5782: an A record says that the address is listed. */
static void check_list(struct dns_check *check, const struct ip *ip,
		       struct str list)
{
	const struct dns_resolver *resolver =
		authority_resolver(check->authority);
	struct str reverse = own_host_reverse(check->arena, ip);
	size_t n = reverse.n -
		   (ip->six ? sizeof(".ip6.arpa") : sizeof(".in-addr.arpa")) +
		   1;
	struct str name = str_from(arena_printf(
		check->arena, "%.*s.%.*s", (int)n, reverse.p, STR_ARG(list)));
	struct finding finding = {
		.id = "list",
		.subject = arena_printf(check->arena, "%s at %.*s",
					ip_format(check->arena, ip).p,
					STR_ARG(list)),
		.seen = "not listed",
		.expected = "not listed",
	};
	struct dns_answer answer;
	const unsigned char *octets;

	dns_query(resolver, check->arena, name, DNS_A, &answer);
	if (answer.status == DNS_TEMPORARY) {
		finding.id = "list.silent";
		finding.grade = FINDING_WARNING;
		finding.seen = "no answer";
		finding.advice = "ask again later";
	} else if (answer.status == DNS_OK) {
		octets = (const unsigned char *)answer.records[0].data.p;
		finding.seen =
			arena_printf(check->arena, "%u.%u.%u.%u", octets[0],
				     octets[1], octets[2], octets[3]);
		/* Such an answer is about who asks, not about the address. */
		if (octets[0] != 127 || octets[1] == 255) {
			finding.id = "list.refused";
			finding.grade = FINDING_WARNING;
			finding.advice = "ask through a resolver of your own, "
					 "not through a public one";
		} else {
			finding.id = "list.listed";
			finding.grade = FINDING_FAULT;
			finding.advice = arena_printf(
				check->arena,
				"look the address up at %.*s, which says why "
				"and how it is taken out",
				STR_ARG(list));
		}
	}
	check_add(check, finding);
}

static void check_lists(struct dns_check *check)
{
	const size_t n = sizeof(block_lists) / sizeof(*block_lists);

	for (size_t i = 0; i < check->sender.n; i++)
		for (size_t k = 0; k < n; k++)
			check_list(check, &check->sender.addresses[i],
				   block_lists[k]);
}

static void find_sender(struct dns_check *check)
{
	const struct relay *relay = check->context->relay;

	check->sender = *check->host;
	if (!relay->setting)
		return;
	check->sender.addresses =
		ARENA_NEW(check->arena, struct ip, RELAY_ADDRESSES_MAX);
	check->sender.n =
		relay_addresses(check->arena, relay,
				authority_resolver(check->authority),
				check->sender.addresses, RELAY_ADDRESSES_MAX);
}

/* As a domain that is checked it has its SPF record for both. */
static bool is_domain(const struct dns_check *check, struct str srs_domain)
{
	const struct check_context *context = check->context;

	for (size_t i = 0; i < context->n; i++)
		if (str_eq(context->domains[i].name, check->host->name))
			return true;
	return str_eq(srs_domain, check->host->name);
}

static void check_this_host(struct dns_check *check, struct str srs_domain)
{
	find_sender(check);
	check_family(check, false);
	check_family(check, true);
	for (size_t i = 0; i < check->host->n; i++)
		check_reverse(check, &check->host->addresses[i]);
	/* A relay sends bounces by its own name (RFC 7208 section 2.4). */
	if (!check->context->relay->setting && !is_domain(check, srs_domain))
		check_spf(check, check->host->name, FINDING_WARNING);
	check_tlsa(check);
	if (check->context->lists)
		check_lists(check);
}

int check_dns(const struct check_context *context)
{
	struct dns_check check = { .context = context,
				   .arena = context->arena,
				   .host = context->host };
	struct str srs_domain;
	const char *error;
	int status = records_srs_domain(context->tool, &srs_domain);

	if (status != EX_OK)
		return status;
	if (authority_new(check.arena, context->dns, context->findings,
			  &check.authority, &error) != OK)
		return tool_fail(context->tool, EX_CONFIG, "%s", error);
	check_this_host(&check, srs_domain);
	for (size_t i = 0; i < context->n; i++) {
		const struct domain *domain = &context->domains[i];

		authority_turn_to(check.authority, domain->name);
		check_mx(&check, domain->name,
			 str_eq(domain->name, srs_domain));
		check_spf(&check, domain->name, FINDING_FAULT);
		check_texts(&check, domain);
		if (str_eq(domain->name, srs_domain))
			srs_domain = STR("");
	}
	if (srs_domain.n) {
		authority_turn_to(check.authority, srs_domain);
		check_mx(&check, srs_domain, true);
		check_spf(&check, srs_domain, FINDING_FAULT);
	}
	authority_free(check.authority);
	return EX_OK;
}
