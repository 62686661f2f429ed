/* SPDX-License-Identifier: BSD-2-Clause */
#include "own_host.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <unistd.h>

#include "mail/buf.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "milters/network.h"

enum { ADDRESSES_MAX = 64, LINE_MAX_OCTETS = 4096 };

/* What Postfix has set, each as one line of postconf. */
enum setting_name {
	HELO_NAME,
	BIND4,
	BIND6,
	INTERFACES,
	PROXIES,
	CHAIN_FILES,
	CERT_FILE,
	PROTOCOLS,
	SETTINGS
};

struct postfix {
	struct str value[SETTINGS]; /* empty without Postfix */
};

static void read_postfix(struct arena *arena, bool wanted,
			 struct postfix *postfix)
{
	char line[LINE_MAX_OCTETS];
	FILE *pipe =
		!wanted ? NULL
			: popen("timeout 20 postconf -hx smtp_helo_name smtp_bind_address "
				"smtp_bind_address6 inet_interfaces "
				"proxy_interfaces smtpd_tls_chain_files "
				"smtpd_tls_cert_file inet_protocols 2>/dev/null",
				"re");

	for (int i = 0; i < SETTINGS; i++)
		postfix->value[i] = STR("");
	for (int i = 0; pipe && i < SETTINGS; i++)
		if (fgets(line, sizeof(line), pipe))
			postfix->value[i] =
				arena_copy(arena, str_trim(str_from(line)));
	if (pipe)
		pclose(pipe);
}

/* RFC 6890: what no stranger can send to is no address of ours. */
bool own_host_is_public(struct arena *arena, const struct ip *ip)
{
	static struct str four[] = {
		{ "0.0.0.0/8", 9 },	  { "10.0.0.0/8", 10 },
		{ "100.64.0.0/10", 13 },  { "127.0.0.0/8", 11 },
		{ "169.254.0.0/16", 14 }, { "172.16.0.0/12", 13 },
		{ "192.168.0.0/16", 14 }, { "224.0.0.0/3", 11 },
	};
	const struct conf_list list = { four, sizeof(four) / sizeof(*four) };
	struct networks networks;

	if (ip->six) /* RFC 4291 section 2.4: global unicast, as assigned */
		return (ip->octets[0] & 0xe0) == 0x20;
	networks = network_parse(arena, &list);
	return !network_has_ip(&networks, ip);
}

static void add_address(struct own_host *host, const struct ip *ip)
{
	int bits = ip->six ? IP6_BITS : IP4_BITS;

	for (size_t i = 0; i < host->n; i++)
		if (ip_is_within(ip, &host->addresses[i], bits))
			return;
	if (host->n < ADDRESSES_MAX)
		host->addresses[host->n++] = *ip;
}

/*
 * The public addresses in a list of Postfix's, which has brackets around some
 * and words beside them. False when one is no address and `strict`.
 */
static bool add_list(struct own_host *host, struct arena *arena,
		     struct str list, bool strict)
{
	while (list.n) {
		size_t n = 0;
		struct str word;
		struct ip ip;

		while (n < list.n && list.p[n] != ',' && list.p[n] != ' ')
			n++;
		word = str_sub(list, 0, n);
		list = str_sub(list, n + (n < list.n), list.n);
		if (word.n > 2 && word.p[0] == '[')
			word = str_sub(word, 1, word.n - 1);
		if (ip_parse(word, &ip) != OK) {
			if (strict && word.n)
				return false;
		} else if (strict || own_host_is_public(arena, &ip)) {
			add_address(host, &ip);
		}
	}
	return true;
}

/* "all", or the names of families. */
static bool may_use(struct str protocols, bool six)
{
	const char *other = six ? "ipv4" : "ipv6";

	return !str_ieq(protocols, str_from(other));
}

static void add_interfaces(struct own_host *host, struct arena *arena,
			   struct str protocols)
{
	struct ifaddrs *list, *item;
	struct ip ip;

	if (getifaddrs(&list) != 0)
		return;
	for (item = list; item; item = item->ifa_next)
		if (item->ifa_addr && (item->ifa_flags & IFF_UP) &&
		    network_address(item->ifa_addr, &ip) &&
		    may_use(protocols, ip.six) &&
		    own_host_is_public(arena, &ip))
			add_address(host, &ip);
	freeifaddrs(list);
}

/* From the most to the least particular; proxies stand for private ones. */
static void find_addresses(struct own_host *host, struct arena *arena,
			   const struct postfix *postfix)
{
	add_list(host, arena, postfix->value[BIND4], false);
	add_list(host, arena, postfix->value[BIND6], false);
	if (!host->n)
		add_list(host, arena, postfix->value[INTERFACES], false);
	if (!host->n)
		add_interfaces(host, arena, postfix->value[PROTOCOLS]);
	add_list(host, arena, postfix->value[PROXIES], false);
}

static int read_name(const struct tool *tool, const char *option,
		     const struct postfix *postfix, struct own_host *host)
{
	struct str text = option ? str_from(option) : postfix->value[HELO_NAME];
	char name[LIMIT_DOMAIN + 1] = "";

	if (!text.n && gethostname(name, sizeof(name) - 1) == 0)
		text = str_from(name);
	if (domain_normalize(tool->arena, text, &host->name) == OK &&
	    str_find(host->name, '.') < host->name.n)
		return EX_OK;
	return tool_fail(tool, EX_USAGE,
			 "%.*s: expected a full host name such as "
			 "mail.example.org: give --host NAME",
			 STR_ARG(text));
}

int own_host_read(const struct tool *tool,
		  const struct own_host_options *options, struct own_host *host)
{
	struct postfix postfix;
	struct str chain;
	int status;

	read_postfix(tool->arena,
		     !options->name || !options->addresses ||
			     !options->certificate,
		     &postfix);
	*host = (struct own_host){
		.addresses = ARENA_NEW(tool->arena, struct ip, ADDRESSES_MAX),
		.certificate = options->certificate,
	};
	status = read_name(tool, options->name, &postfix, host);
	if (status != EX_OK)
		return status;
	chain = postfix.value[CHAIN_FILES].n ? postfix.value[CHAIN_FILES]
					     : postfix.value[CERT_FILE];
	if (!host->certificate && chain.n && chain.p[0] == '/' &&
	    str_find(chain, ',') == chain.n && str_find(chain, ' ') == chain.n)
		host->certificate = chain.p;
	if (!options->addresses)
		find_addresses(host, tool->arena, &postfix);
	else if (!add_list(host, tool->arena, str_from(options->addresses),
			   true))
		return tool_fail(tool, EX_USAGE,
				 "--address %s: expected IP addresses, with "
				 "commas between them",
				 options->addresses);
	if (host->n)
		return EX_OK;
	return tool_fail(tool, EX_USAGE,
			 "this host has no public address of its own: name "
			 "what others see in Postfix's proxy_interfaces, or "
			 "by --address IP,...");
}

struct str own_host_reverse(struct arena *arena, const struct ip *address)
{
	const unsigned char *o = address->octets;
	struct buf buf;

	buf_init(&buf, arena, LIMIT_DOMAIN);
	if (!address->six) {
		buf_printf(&buf, "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1],
			   o[0]);
		return str_from(buf_c(&buf));
	}
	for (int i = 15; i >= 0; i--) /* RFC 3596 section 2.5 */
		buf_printf(&buf, "%x.%x.", o[i] & 15, o[i] >> 4);
	buf_add(&buf, STR("ip6.arpa"));
	return str_from(buf_c(&buf));
}

/* The host's addresses of one family, as records. */
static void answer_addresses(const struct own_host *host, bool six,
			     struct arena *arena, struct dns_answer *answer)
{
	answer->records = ARENA_NEW(arena, struct dns_record, host->n);
	for (size_t i = 0; i < host->n; i++) {
		const struct ip *ip = &host->addresses[i];

		if (ip->six == six)
			answer->records[answer->n++].data =
				(struct str){ (const char *)ip->octets,
					      six ? 16 : 4 };
	}
	answer->status = answer->n ? DNS_OK : DNS_NO_DATA;
}

static void overlay_query(void *context, struct arena *arena, struct str name,
			  enum dns_type type, struct dns_answer *answer)
{
	const struct overlay *overlay = context;

	*answer = (struct dns_answer){ .status = DNS_OK };
	if (overlay->addresses && (type == DNS_A || type == DNS_AAAA) &&
	    str_ieq(name, overlay->host->name)) {
		answer_addresses(overlay->host, type == DNS_AAAA, arena,
				 answer);
		return;
	}
	answer->records = ARENA_NEW(arena, struct dns_record, 1);
	answer->n = 1;
	answer->records->data =
		type == DNS_MX ? overlay->host->name : overlay->spf;
	if (str_ieq(name, overlay->domain) &&
	    ((type == DNS_MX && overlay->mx) ||
	     (type == DNS_TXT && overlay->spf.n)))
		return;
	dns_query(overlay->base, arena, name, type, answer);
}

struct dns_resolver overlay_resolver(struct overlay *overlay)
{
	return (struct dns_resolver){ overlay_query, overlay };
}
