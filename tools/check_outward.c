/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_outward.h"

#include <netdb.h>
#include <stdlib.h>

#include "authority.h"
#include "check.h"
#include "mail/buf.h"
#include "mail/domain.h"
#include "milters/inquiry.h"
#include "milters/network.h"
#include "probe.h"

/*
 * Many a provider closes port 25 for all that goes out. One greeting of
 * anybody's shows that it is open, so that hosts are tried until one comes.
 */
enum {
	SECONDS = 10,
	DOMAINS_MAX = 3, /* those that most aliases lead to */
	HOSTS_MAX = 2,	 /* of each, by preference */
	TRIED_MAX = 2048,
	NAMES_MAX = 100, /* of domains, that are looked up at once, */
	NAMES_MS = 5000	 /* and for how long */
};

struct outward {
	struct arena *arena;
	struct buf tried; /* in vain */
	bool reached;
};

static void outward_init(struct outward *outward, struct arena *arena)
{
	*outward = (struct outward){ .arena = arena };
	buf_init(&outward->tried, arena, TRIED_MAX);
}

static void add_tried(struct outward *outward, const char *name,
		      const char *why)
{
	buf_printf(&outward->tried, "%s%s: %s", outward->tried.n ? "; " : "",
		   name, why);
}

static void try_address(struct outward *outward, const char *name,
			const struct ip *address)
{
	const struct probe_target target = { .address = *address,
					     .port = 25,
					     .name = name,
					     .seconds = SECONDS };
	struct smtp_reply reply;
	struct probe *probe;

	outward->reached =
		probe_open(outward->arena, &target, &probe, &reply) == OK;
	if (outward->reached)
		probe_ask(probe, STR("QUIT"), &reply);
	else
		add_tried(outward,
			  arena_printf(outward->arena, "%s (%s)", name,
				       ip_format(outward->arena, address).p),
			  probe_error(probe));
	probe_close(probe);
}

static void tell(struct outward *outward, struct findings *findings,
		 const char *subject)
{
	struct finding finding = { .id = "port.outward",
				   .subject = subject,
				   .seen = "a greeting on port 25",
				   .expected = "a greeting on port 25" };

	if (!outward->reached) {
		finding.grade = FINDING_FAULT;
		finding.seen = buf_c(&outward->tried);
		finding.advice = "if other hosts do not answer either, ask "
				 "your provider to open port 25 for what goes "
				 "out";
	}
	findings_add(findings, &finding);
}

void check_outward_to(struct arena *arena, struct findings *findings,
		      const char *host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	struct outward outward;
	struct ip address;

	outward_init(&outward, arena);
	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		found = NULL;
	if (!found)
		add_tried(&outward, host, "its name has no address");
	for (struct addrinfo *one = found; one && !outward.reached;
	     one = one->ai_next)
		if (network_address(one->ai_addr, &address))
			try_address(&outward, host, &address);
	if (found)
		freeaddrinfo(found);
	tell(&outward, findings, host);
}

/* The domains of others that aliases lead to, one for each target. */
struct targets {
	struct arena *arena, *scratch;
	const struct domains *domains;
	struct str *list;
	size_t n, capacity;
};

static bool add_targets(void *context, struct str user,
			const struct alias *alias)
{
	struct targets *targets = context;
	struct str domain;

	(void)user;
	for (size_t i = 0; i < alias->n; i++) {
		if (domain_normalize(targets->arena, alias->targets[i].domain,
				     &domain) != OK ||
		    domains_find(targets->domains, domain))
			continue;
		if (targets->n == targets->capacity) {
			targets->capacity = 2 * targets->capacity + 64;
			targets->list = arena_must(realloc(
				targets->list,
				targets->capacity * sizeof(*targets->list)));
		}
		targets->list[targets->n++] = domain;
	}
	arena_reset(targets->scratch);
	return false;
}

static int compare_domains(const void *left, const void *right)
{
	return str_compare(*(const struct str *)left,
			   *(const struct str *)right);
}

/* The most used first; those that are as often used, by name. */
static size_t choose_domains(const struct targets *targets,
			     struct str chosen[DOMAINS_MAX])
{
	size_t uses[DOMAINS_MAX + 1] = { 0 }, n = 0, end;

	for (size_t i = 0; i < targets->n; i = end) {
		size_t at = n;

		for (end = i; end < targets->n &&
			      str_eq(targets->list[end], targets->list[i]);)
			end++;
		for (; at > 0 && uses[at - 1] < end - i; at--)
			if (at < DOMAINS_MAX) {
				uses[at] = uses[at - 1];
				chosen[at] = chosen[at - 1];
			}
		if (at == DOMAINS_MAX)
			continue;
		uses[at] = end - i;
		chosen[at] = targets->list[i];
		n += n < DOMAINS_MAX;
	}
	return n;
}

static void try_host(struct outward *outward,
		     const struct dns_resolver *resolver, struct str host)
{
	struct dns_answer answer;

	for (int six = 0; six < 2 && !outward->reached; six++) {
		struct ip address = { .six = six != 0 };

		dns_query(resolver, outward->arena, host,
			  six ? DNS_AAAA : DNS_A, &answer);
		if (answer.status != DNS_OK)
			continue;
		memcpy(address.octets, answer.records[0].data.p,
		       answer.records[0].data.n);
		try_address(outward, arena_copy(outward->arena, host).p,
			    &address);
	}
}

static int compare_preferences(const void *left, const void *right)
{
	const struct dns_record *a = left, *b = right;

	return (a->preference > b->preference) -
	       (a->preference < b->preference);
}

static void try_domain(struct outward *outward,
		       const struct dns_resolver *resolver, struct str domain)
{
	struct dns_answer answer;

	dns_query(resolver, outward->arena, domain, DNS_MX, &answer);
	/* RFC 5321 section 5.1: without an MX record, its own address; what
	 * takes no mail at all (RFC 7505) names the root, which has none. */
	if (answer.status == DNS_NO_DATA)
		try_host(outward, resolver, domain);
	if (answer.status != DNS_OK)
		return;
	qsort(answer.records, answer.n, sizeof(*answer.records),
	      compare_preferences);
	for (size_t i = 0; i < answer.n && i < HOSTS_MAX && !outward->reached;
	     i++)
		try_host(outward, resolver, answer.records[i].data);
}

static bool load_targets(const struct check_context *check,
			 struct domains *domains, struct targets *targets)
{
	if (tool_domains(check->tool, check->shared, DOMAIN_ALIASES, domains) !=
	    OK)
		return false;
	targets->domains = domains;
	targets->scratch = arena_new(4096);
	for (size_t i = 0; i < domains->n; i++)
		if (domains->list[i].aliases)
			alias_each(domains->list[i].aliases, targets->scratch,
				   add_targets, targets);
	arena_free(targets->scratch);
	if (targets->n)
		qsort(targets->list, targets->n, sizeof(*targets->list),
		      compare_domains);
	return true;
}

static void tell_missing(const struct check_context *check, struct str domain)
{
	findings_add(
		check->findings,
		&(struct finding){
			.id = "target.none",
			.grade = FINDING_WARNING,
			.subject = domain.p,
			.seen = "no such name in DNS",
			.expected = "a domain that takes mail",
			.advice = arena_printf(
				check->arena,
				"mend the alias that leads there (grep -rF %s "
				"%s/domains): its mail comes back",
				domain.p, check->tool->directory) });
}

/* Who misspells the domain of a target sees it when mail comes back. */
static void check_names(const struct check_context *check,
			const struct targets *targets)
{
	struct dns_answer answers[NAMES_MAX];
	struct str names[NAMES_MAX];
	struct resolver *resolver;
	struct inquiry *inquiry;
	const char *error;
	size_t n = 0;

	for (size_t i = 0; i < targets->n && n < NAMES_MAX; i++)
		if (i == 0 || !str_eq(targets->list[i], targets->list[i - 1]))
			names[n++] = arena_copy(check->arena, targets->list[i]);
	if (n == 0 ||
	    resolver_new(check->dns, check->arena, &resolver, &error) != OK)
		return;
	inquiry = inquiry_begin(resolver, check->arena, NAMES_MS);
	do
		for (size_t i = 0; i < n; i++)
			dns_query(inquiry_resolver(inquiry), check->arena,
				  names[i], DNS_MX, &answers[i]);
	while (inquiry_wait(inquiry));
	for (size_t i = 0; i < n; i++)
		if (answers[i].status == DNS_NO_NAME)
			tell_missing(check, names[i]);
	inquiry_end(inquiry);
	resolver_put(resolver);
}

static void try_domains(struct outward *outward,
			const struct check_context *check,
			const struct str *domains, size_t n)
{
	struct authority *authority;
	const char *error;

	if (authority_new(check->arena, check->dns, check->findings, &authority,
			  &error) != OK)
		return;
	for (size_t i = 0; i < n && !outward->reached; i++)
		try_domain(outward, authority_resolver(authority), domains[i]);
	authority_free(authority);
}

int check_outward(const struct check_context *check)
{
	struct targets targets = { .arena = check->arena };
	struct str chosen[DOMAINS_MAX];
	struct outward outward;
	struct domains domains;

	if (check->outward)
		check_outward_to(check->arena, check->findings, check->outward);
	if (!load_targets(check, &domains, &targets))
		return EX_OK;
	check_names(check, &targets);
	/* A relay has its own port. */
	if (!check->outward && !check->relay->setting) {
		outward_init(&outward, check->arena);
		try_domains(&outward, check, chosen,
			    choose_domains(&targets, chosen));
		/* Whom DNS does not find was not tried. */
		if (outward.reached || outward.tried.n)
			tell(&outward, check->findings, "this host");
	}
	free(targets.list);
	domains_free(&domains);
	return EX_OK;
}
