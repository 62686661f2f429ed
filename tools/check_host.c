/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_host.h"

#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "check_outward.h"
#include "daemons.h"
#include "mail/domain.h"
#include "milters/network.h"
#include "relay.h"

const int host_ports[HOST_PORTS] = { 25, 465, 587 };

void host_found_good(struct host *host, const char *id, const char *subject,
		     const char *seen)
{
	findings_add(host->findings, &(struct finding){ .id = id,
							.grade = FINDING_OK,
							.subject = subject,
							.seen = seen });
}

bool host_expects(const struct host *host, const char *daemon)
{
	const char *socket = arena_printf(host->arena, "%s.sock", daemon);
	const char *file = arena_printf(host->arena, "%s/%s.conf",
					host->tool->directory, daemon);

	if (access(file, F_OK) == 0)
		return true;
	for (size_t i = 0; i < 2; i++) {
		struct str text = host->mta.mentions[i];

		if (text.n && memmem(text.p, text.n, socket, strlen(socket)))
			return true;
	}
	return false;
}

static bool is_local_only(const struct ip *ip)
{
	static const struct ip loopback6 = { { [15] = 1 }, true };
	static const struct ip link6 = { { 0xfe, 0x80 }, true };
	static const struct ip link4 = { { 169, 254 }, false };
	static const struct ip loopback4 = { { 127 }, false };

	return ip->six ? ip_is_within(ip, &loopback6, IP6_BITS) ||
				 ip_is_within(ip, &link6, 10)
		       : ip_is_within(ip, &loopback4, 8) ||
				 ip_is_within(ip, &link4, 16);
}

static void add_address(struct host *host, const struct sockaddr *address)
{
	struct ip ip;

	if (!address || !network_address(address, &ip) || is_local_only(&ip) ||
	    !host->mta.families[ip.six] || host->n_addresses == ADDRESSES_MAX)
		return;
	for (size_t i = 0; i < host->n_addresses; i++)
		if (ip_is_within(&ip, &host->addresses[i],
				 ip.six ? IP6_BITS : IP4_BITS))
			return;
	host->addresses[host->n_addresses++] = ip;
}

void host_add_interfaces(struct host *host)
{
	struct ifaddrs *interfaces = NULL;

	if (getifaddrs(&interfaces) != 0)
		return;
	for (struct ifaddrs *one = interfaces; one; one = one->ifa_next)
		if (one->ifa_flags & IFF_UP)
			add_address(host, one->ifa_addr);
	freeifaddrs(interfaces);
}

/* The address is perhaps in brackets. */
void host_add_named(struct host *host, struct str name)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (name.n > 2 && name.p[0] == '[')
		name = str_sub(name, 1, str_find(name, ']'));
	if (getaddrinfo(arena_copy(host->arena, name).p, NULL, &hints,
			&found) != 0)
		return;
	for (struct addrinfo *one = found; one; one = one->ai_next)
		add_address(host, one->ai_addr);
	freeaddrinfo(found);
}

static bool has_family(const struct host *host, bool six)
{
	for (size_t i = 0; i < host->n_addresses; i++)
		if (host->addresses[i].six == six)
			return true;
	return false;
}

/* A family of which the host has addresses, and the MTA uses none. */
static void check_families(struct host *host)
{
	const struct mta_words *words = host->mta.words;
	struct host all = { .arena = host->arena };

	memcpy(all.mta.families, host->mta.families, sizeof(all.mta.families));
	host_add_interfaces(&all);
	for (int six = 0; six < 2; six++)
		if (has_family(&all, six) && !has_family(host, six))
			findings_add(host->findings,
				     &(struct finding){
					     .id = six ? "port.no-ipv6"
						       : "port.no-ipv4",
					     .grade = FINDING_FAULT,
					     .subject = words->interfaces,
					     .seen = host->mta.interfaces,
					     .expected =
						     six ? "an IPv6 address of "
							   "this host too"
							 : "an IPv4 address of "
							   "this host too",
					     .advice = words->all_interfaces });
}

struct milter_list *host_add_list(struct host *host, enum milter_kind kind,
				  const char *where)
{
	struct mta *mta = &host->mta;
	struct milter_list *list = &mta->lists[mta->n_lists];

	if (mta->n_lists == MILTERS_MAX)
		return NULL;
	mta->n_lists++;
	*list = (struct milter_list){ .kind = kind, .where = where };
	return list;
}

void host_each_alias_domain(struct host *host,
			    void (*check)(struct host *host, struct str domain))
{
	const char *path =
		arena_printf(host->arena, "%s/domains", host->tool->directory);
	DIR *folder = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		const char *aliases = arena_printf(host->arena, "%s/%s/aliases",
						   path, entry->d_name);
		struct str domain;

		/* MTAs know a domain by its A-labels. */
		if (access(aliases, F_OK) == 0 &&
		    domain_normalize(host->arena, str_from(entry->d_name),
				     &domain) == OK)
			check(host, domain);
	}
	if (folder)
		closedir(folder);
}

/* What a daemon whose milter socket answers (check_milters) says of itself. */
static void check_daemon(struct host *host, const char *name)
{
	enum result result;
	struct str lines, fault;

	if (access(daemon_control(host->tool, name), F_OK) != 0)
		return;
	result = daemon_status(host->tool, name, &lines);
	if (result != OK && !host->milter_fault)
		findings_add(
			host->findings,
			&(struct finding){
				.id = "daemon.silent",
				.grade = FINDING_WARNING,
				.subject = name,
				.seen = arena_printf(
					host->arena, "no answer at %s",
					daemon_control(host->tool, name)),
				.expected = "its status",
				.advice = arena_printf(
					host->arena,
					"run this as root; systemctl restart "
					"millrace-%s",
					name) });
	while (result == OK && daemon_value(&lines, STR("fault"), &fault))
		findings_add(
			host->findings,
			&(struct finding){
				.id = "daemon.fault",
				.grade = FINDING_FAULT,
				.subject = name,
				.seen = arena_copy(host->arena, fault).p,
				.expected = "files that can be read",
				.advice = "mend the file; it is read again at "
					  "once" });
}

void check_daemons(struct host *host)
{
	for (size_t i = 0; i < DAEMONS; i++)
		if (host_expects(host, daemon_names[i]))
			check_daemon(host, daemon_names[i]);
}

/* The MTA goes on without TLS when key and certificate are no pair. */
static void check_pair(struct host *host)
{
	const struct mta *mta = &host->mta;

	if (!mta->pair_fault) {
		if (*mta->pair)
			host_found_good(host, "tls.pair", mta->pair,
					"a certificate and its key");
		return;
	}
	findings_add(host->findings,
		     &(struct finding){
			     .id = "tls.pair",
			     .grade = FINDING_FAULT,
			     .subject = mta->pair,
			     .seen = mta->pair_fault,
			     .expected = "a certificate and its key",
			     .advice = arena_printf(
				     host->arena,
				     "install both anew, together, and %s",
				     mta->words->reload) });
}

static void check_relay(struct host *host)
{
	struct relay relay;

	relay_find(host->arena, &relay);
	if (!relay.setting) {
		host_found_good(host, "delivery.relay", "mail to others",
				"it leaves from here");
		return;
	}
	findings_add(host->findings,
		     &(struct finding){
			     .id = "delivery.relay",
			     .grade = FINDING_WARNING,
			     .subject = relay.setting,
			     .seen = relay.value,
			     .expected = "mail that leaves from here",
			     .advice = "the other host or program must change "
				       "nothing, and SPF must name the host "
				       "that mail leaves from" });
}

/* The first that is here is the one. */
static const struct {
	enum result (*read)(struct host *host);
	void (*check)(struct host *host);
} mtas[MTAS] = {
	[MTA_POSTFIX] = { check_postfix_read, check_postfix },
	[MTA_SENDMAIL] = { check_sendmail_read, check_sendmail },
};

static bool find_mta(struct host *host)
{
	for (size_t i = 0; i < MTAS; i++)
		if (mtas[i].read(host) == OK)
			return true;
	return false;
}

void check_host(const struct tool *tool, const struct host_request *request,
		struct findings *findings)
{
	struct host host = { .tool = tool,
			     .arena = tool->arena,
			     .request = request,
			     .findings = findings };

	if (geteuid() != 0) {
		findings_add(findings,
			     &(struct finding){
				     .id = "host.unseen",
				     .grade = FINDING_WARNING,
				     .subject = "this host",
				     .seen = "the caller is not root",
				     .expected = "root, who may read keys and "
						 "ask the daemons",
				     .advice = "run it by sudo" });
		return;
	}
	if (!find_mta(&host)) {
		findings_add(findings,
			     &(struct finding){
				     .id = "mta.unknown",
				     .grade = FINDING_WARNING,
				     .subject = "postconf, sendmail.cf",
				     .seen = "the one can't be run, or "
					     "refuses, and /etc/mail does not "
					     "have the other",
				     .expected = "Postfix or Sendmail, and "
						 "their settings",
				     .advice = "run \"postconf\" and mend what "
					       "it says" });
		return;
	}
	host.name = request->name ? request->name : host.mta.name;
	check_families(&host);
	check_milters(&host);
	check_pair(&host);
	check_ports(&host);
	mtas[host.mta.kind].check(&host);
	check_queue(&host);
	check_accounts(&host);
	check_daemons(&host);
	check_relay(&host);
	if (request->outward)
		check_outward_to(host.arena, findings, request->outward);
}

struct options {
	const char *host, *outward, *now;
	bool all, json;
};

static const struct tool_flag flags[] = {
	{ "host", false, offsetof(struct options, host) },
	{ "outward", false, offsetof(struct options, outward) },
	{ "now", false, offsetof(struct options, now) },
	{ "all", true, offsetof(struct options, all) },
	{ "json", true, offsetof(struct options, json) },
	{ NULL, false, 0 },
};

int run_check_host(struct tool *tool, int argc, char **argv)
{
	struct options options = { 0 };
	struct host_request request = { 0 };
	struct findings findings;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &options, &status))
		return status;
	if (optind < argc)
		return tool_usage(tool, EX_USAGE);
	if (!tool_now(options.now, &request.now))
		return tool_fail(tool, EX_USAGE,
				 "--now %s: expected seconds since 1970",
				 options.now);
	request.name = options.host;
	request.outward = options.outward;
	findings_init(&findings, tool->arena);
	check_host(tool, &request, &findings);
	if (options.json)
		findings_print_json(&findings, stdout);
	else
		findings_print(&findings, options.all, stdout);
	return findings_worst(&findings) == FINDING_FAULT ? EX_CONFIG : EX_OK;
}
