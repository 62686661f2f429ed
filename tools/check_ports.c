/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <time.h>

#include "check_host.h"
#include "mail/buf.h"
#include "milters/network.h"
#include "milters/resolver.h"
#include "port_holder.h"
#include "probe.h"

/*
 * What a client sees on ports 25, 465 and 587 of each address: looked at
 * first, then judged by a table. A rule that many looks break is one finding,
 * whose subject says where.
 */

enum { LOOK_SECONDS = 30, DAY = 86400, DAYS_LEFT = 21 };
/* No look begins later: who drips may have a look for each port and address. */
enum { ALL_SECONDS = 120 };
/* Where a milter does not answer, the MTA waits for it for longer. */
enum { LOOK_SECONDS_IN_VAIN = 3, HOST_LOOKS = HOST_PORTS * ADDRESSES_MAX };

struct look {
	int port;
	const struct ip *address;
	const char *taken; /* by that program, not the MTA's; or NULL */
	const char *files; /* that it should take its certificate from */
	bool late;	   /* there was no time left for it */
	bool open, speaks, offers_tls, has_tls, has_certificate;
	const char *error; /* of what did not come to pass, or a refusal */
	struct smtp_reply greeting, plain, secure, relay;
	struct certificate certificate;
	bool is_served;	 /* the certificate is in these files */
	bool is_trusted; /* the MTA relays for our own address */
};

struct rule {
	const char *id;
	enum finding_grade grade;
	/* Was there what the rule is about? It can't be broken without. */
	bool (*applies)(const struct look *look);
	bool (*fails)(const struct host *host, const struct look *look);
	const char *(*seen)(const struct host *host, const struct look *look);
	const char *expected; /* NULL: the host's name */
	const char *advice;
	const char *sendmail; /* advice for it; NULL: the same */
};

static bool is_in_files(const struct host *host, const struct look *look)
{
	struct str rest = str_from(look->files), path;

	while (postfix_item(&rest, &path))
		if (certificate_in_file(arena_copy(host->arena, path).p,
					look->certificate.print))
			return true;
	return false;
}

static bool is_relayed(const struct look *look)
{
	return look->relay.code >= 200 && look->relay.code < 300;
}

/* What an open relay would take; no message follows. example.com is nobody's
 * (RFC 2606). */
static void ask_relay(struct probe *probe, struct look *look)
{
	struct smtp_reply reply;

	if (probe_ask(probe, STR("MAIL FROM:<relay-check@example.com>"),
		      &reply) != OK)
		return;
	if (reply.code >= 500) /* for any recipient */
		look->relay = reply;
	if (reply.code != 250)
		return;
	probe_ask(probe, STR("RCPT TO:<relay-check@example.com>"),
		  &look->relay);
	probe_ask(probe, STR("RSET"), &reply);
}

/* A reply of another code says that nobody is served here. */
static bool is_taken_in(const struct host *host, struct look *look,
			const struct smtp_reply *reply, int code)
{
	if (reply->code == code)
		return true;
	look->speaks = false;
	look->error = probe_reply_text(host->arena, reply);
	return false;
}

static void talk(const struct host *host, struct probe *probe,
		 struct look *look)
{
	struct str unused;
	struct smtp_reply bye;

	if (!is_taken_in(host, look, &look->greeting, 220))
		return;
	if (!probe_has_tls(probe)) {
		if (probe_hello(probe, &look->plain) != OK ||
		    !is_taken_in(host, look, &look->plain, 250))
			return;
		look->offers_tls =
			probe_offer(&look->plain, STR("STARTTLS"), &unused);
		if (look->offers_tls && probe_starttls(probe) != OK)
			return;
	}
	look->has_tls = probe_has_tls(probe);
	if (look->has_tls) {
		look->has_certificate =
			probe_certificate(probe, &look->certificate) == OK;
		look->is_served = is_in_files(host, look);
		if (probe_hello(probe, &look->secure) != OK ||
		    !is_taken_in(host, look, &look->secure, 250))
			return;
	}
	ask_relay(probe, look);
	probe_ask(probe, STR("QUIT"), &bye);
}

static void look_at(const struct host *host, struct look *look)
{
	const struct probe_target target = {
		.address = *look->address,
		.port = look->port,
		.implicit_tls = look->port == 465,
		.name = host->name,
		.seconds = host->milter_fault ? LOOK_SECONDS_IN_VAIN
					      : LOOK_SECONDS,
	};
	struct probe *probe;
	enum result result =
		probe_open(host->arena, &target, &probe, &look->greeting);

	look->open = result != E_ABSENT;
	look->speaks = result == OK;
	if (result == OK)
		talk(host, probe, look);
	if (!look->error)
		look->error = probe_error(probe);
	probe_close(probe);
}

static struct str first_word(struct str text)
{
	return str_sub(text, 0,
		       str_find(str_sub(text, 0, str_find(text, '\n')), ' '));
}

static bool is_anything(const struct look *look)
{
	(void)look;
	return true;
}

static bool is_seen(const struct look *look)
{
	return !look->taken && !look->late;
}

static bool is_open(const struct look *look)
{
	return look->open;
}

static bool speaks(const struct look *look)
{
	return look->speaks;
}

static bool speaks_plain(const struct look *look)
{
	return look->plain.code == 250;
}

static bool is_for_users(const struct look *look)
{
	return look->port != 25 && look->has_tls && look->secure.code == 250;
}

/* Where our own address may relay, others can't be told of from here. */
static bool knows_relaying(const struct look *look)
{
	return look->relay.code && !(is_relayed(look) && look->is_trusted);
}

static bool has_certificate(const struct look *look)
{
	return look->has_certificate;
}

static bool has_files(const struct look *look)
{
	return look->has_certificate && look->files;
}

static bool is_taken(const struct host *host, const struct look *look)
{
	(void)host;
	return look->taken != NULL;
}

static bool is_late(const struct host *host, const struct look *look)
{
	(void)host;
	return look->late;
}

static bool is_closed(const struct host *host, const struct look *look)
{
	(void)host;
	return is_seen(look) && !look->open;
}

static bool is_silent(const struct host *host, const struct look *look)
{
	/* TLS from the start needs the pair, whose fault is told. */
	return look->open && !look->speaks && !host->milter_fault &&
	       !(host->mta.pair_fault && look->port == 465);
}

static bool is_misnamed(const struct host *host, const struct look *look)
{
	return look->speaks &&
	       !str_ieq(first_word(look->greeting.text), str_from(host->name));
}

static bool lacks_tls(const struct host *host, const struct look *look)
{
	return look->speaks && look->plain.code == 250 && !look->has_tls &&
	       !host->mta.pair_fault && !host->milter_fault;
}

static bool has_plain_auth(const struct host *host, const struct look *look)
{
	struct str unused;

	(void)host;
	return probe_offer(&look->plain, STR("AUTH"), &unused);
}

static bool lacks_auth(const struct host *host, const struct look *look)
{
	struct str mechanisms;

	return is_for_users(look) &&
	       (!probe_offer(&look->secure, STR("AUTH"), &mechanisms) ||
		!postfix_lists(arena_copy(host->arena, mechanisms).p,
			       STR("PLAIN")));
}

static bool is_relay(const struct host *host, const struct look *look)
{
	(void)host;
	return is_relayed(look) && knows_relaying(look);
}

static bool is_expired(const struct host *host, const struct look *look)
{
	return look->has_certificate &&
	       (look->certificate.ends <= host->request->now ||
		look->certificate.begins > host->request->now);
}

static bool is_expiring(const struct host *host, const struct look *look)
{
	return look->has_certificate && !is_expired(host, look) &&
	       look->certificate.ends - host->request->now < DAYS_LEFT * DAY;
}

static bool is_for_others(const struct host *host, const struct look *look)
{
	(void)host;
	return look->has_certificate && !look->certificate.is_for_name;
}

static bool is_self_signed(const struct host *host, const struct look *look)
{
	(void)host;
	return look->has_certificate && look->certificate.self_signed;
}

static bool dangles(const struct host *host, const struct look *look)
{
	return look->has_certificate && look->certificate.dangles &&
	       !is_self_signed(host, look);
}

static bool is_not_served(const struct host *host, const struct look *look)
{
	(void)host;
	return has_files(look) && !look->is_served;
}

static const char *see_taken(const struct host *host, const struct look *look)
{
	(void)host;
	return look->taken;
}

static const char *see_late(const struct host *host, const struct look *look)
{
	(void)host;
	(void)look;
	return "not looked at: other ports took all the time";
}

static const char *see_error(const struct host *host, const struct look *look)
{
	(void)host;
	return look->error;
}

static const char *see_greeting(const struct host *host,
				const struct look *look)
{
	return probe_reply_text(host->arena, &look->greeting);
}

static const char *see_tls(const struct host *host, const struct look *look)
{
	(void)host;
	return look->offers_tls ? look->error : "no STARTTLS";
}

static const char *see_auth(const struct host *host, const struct look *look)
{
	const struct smtp_reply *hello =
		look->has_tls && !has_plain_auth(host, look) ? &look->secure
							     : &look->plain;
	struct str mechanisms;

	if (!probe_offer(hello, STR("AUTH"), &mechanisms))
		return "no AUTH";
	return arena_printf(host->arena, "AUTH %.*s", STR_ARG(mechanisms));
}

static const char *see_relay(const struct host *host, const struct look *look)
{
	return arena_printf(host->arena,
			    "%s, to RCPT TO:<relay-check@example.com>",
			    probe_reply_text(host->arena, &look->relay));
}

static const char *day(struct arena *arena, int64_t when)
{
	const time_t seconds = when;
	char text[sizeof("-2147483648-12-31")];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    strftime(text, sizeof(text), "%Y-%m-%d", &tm) == 0)
		return "another day";
	return arena_printf(arena, "%s", text);
}

/* With today's date, for a clock that is wrong looks like this, too. */
static const char *see_dates(const struct host *host, const struct look *look)
{
	const struct certificate *certificate = &look->certificate;
	int64_t days = (certificate->ends - host->request->now) / DAY;

	if (certificate->begins > host->request->now)
		return arena_printf(host->arena,
				    "it is good from %s on, and by this host's "
				    "clock it is %s",
				    day(host->arena, certificate->begins),
				    day(host->arena, host->request->now));
	if (certificate->ends <= host->request->now)
		return arena_printf(
			host->arena,
			"it ended %lld days ago, if it is %s as this "
			"host's clock says",
			-(long long)days, day(host->arena, host->request->now));
	return arena_printf(host->arena, "it ends in %lld days",
			    (long long)days);
}

static const char *see_names(const struct host *host, const struct look *look)
{
	return arena_printf(host->arena, "it is for %s",
			    look->certificate.names);
}

static const char *see_chain(const struct host *host, const struct look *look)
{
	(void)host;
	return look->certificate.dangles;
}

static const char *see_serial(const struct host *host, const struct look *look)
{
	return arena_printf(host->arena, "serial %s", look->certificate.serial);
}

static const struct rule rules[] = {
	{ "port.taken", FINDING_FAULT, is_anything, is_taken, see_taken,
	  "the MTA (what a firewall lets in can't be seen from here)",
	  "stop that program for good, then start the MTA", NULL },
	{ "port.late", FINDING_FAULT, is_seen, is_late, see_late,
	  "the answers of all ports within two minutes",
	  "look at the ports that are told of here as silent, or at what makes "
	  "the MTA so slow, and ask again",
	  NULL },
	{ "port.closed", FINDING_FAULT, is_seen, is_closed, see_error,
	  "a server that listens",
	  "look at the service in master.cf (postconf -M) and at "
	  "inet_interfaces, then postfix reload",
	  "a DAEMON_OPTIONS line for the port, see contrib/sendmail/"
	  "submission.mc, and Family=inet6 in it; then restart Sendmail" },
	{ "port.silent", FINDING_FAULT, is_open, is_silent, see_error,
	  "a greeting",
	  "the mail log says why smtpd ends: Dovecot's socket, certificates, "
	  "or the service's options",
	  "the mail log says why: a limit of /etc/mail/access (ClientRate, "
	  "GreetPause), a load that is too high (RefuseLA), or key and certificate" },
	{ "greeting.differs", FINDING_FAULT, speaks, is_misnamed, see_greeting,
	  NULL,
	  "postconf -e 'smtpd_banner = $myhostname ESMTP', with myhostname "
	  "the name of the PTR record",
	  "define(`confDOMAIN_NAME', ...) with the name of the PTR record, and "
	  "$j first in confSMTP_LOGIN_MSG" },
	{ "tls.missing", FINDING_FAULT, speaks, lacks_tls, see_tls,
	  "TLS, with a certificate",
	  "set smtpd_tls_security_level = may, and give smtpd_tls_chain_files "
	  "key and certificate",
	  "see contrib/sendmail/submission.mc: confSERVER_CERT, confSERVER_KEY, "
	  "confCACERT and confCACERT_PATH; the key is root's alone (0600)" },
	{ "sasl.plain-text", FINDING_FAULT, speaks_plain, has_plain_auth,
	  see_auth, "AUTH under TLS alone",
	  "postconf -e 'smtpd_tls_auth_only = yes'",
	  "define(`confAUTH_OPTIONS', `A p y')" },
	{ "sasl.missing", FINDING_FAULT, is_for_users, lacks_auth, see_auth,
	  "AUTH PLAIN",
	  "set smtpd_sasl_auth_enable = yes for the service in master.cf, and "
	  "see that Dovecot runs",
	  "see contrib/sendmail/submission.mc and, in README.md beside it, the "
	  "file Sendmail.conf.2" },
	{ "relay.open", FINDING_FAULT, knows_relaying, is_relay, see_relay,
	  "a refusal: neither is ours",
	  "postconf -e 'smtpd_relay_restrictions = permit_mynetworks "
	  "permit_sasl_authenticated reject_unauth_destination', now",
	  "take promiscuous_relay out of sendmail.mc, and look at relay-domains "
	  "and access, now" },
	{ "tls.expired", FINDING_FAULT, has_certificate, is_expired, see_dates,
	  "a certificate that is good today",
	  "renew it, and see why nothing did", NULL },
	{ "tls.expiring", FINDING_WARNING, has_certificate, is_expiring,
	  see_dates, "three weeks and more", "see that it is renewed", NULL },
	{ "tls.name", FINDING_FAULT, has_certificate, is_for_others, see_names,
	  NULL,
	  "get a certificate for this name: Gmail's \"send mail as\" wants it",
	  NULL },
	{ "tls.self-signed", FINDING_FAULT, has_certificate, is_self_signed,
	  see_chain, "a certificate by a known authority",
	  "get one, see contrib/tls: Gmail's \"send mail as\" takes no other",
	  NULL },
	{ "tls.chain", FINDING_FAULT, has_certificate, dangles, see_chain,
	  "a chain that leads to a known root",
	  "put the authority's intermediate certificates behind your own, in "
	  "the same file (\"fullchain\")",
	  NULL },
	{ "tls.not-served", FINDING_FAULT, has_files, is_not_served, see_serial,
	  "the certificate that is in the file",
	  "reload the MTA, and let who renews it do so", NULL },
};

/* Is the item new in a list that is made of such? Adds it then. */
static void add_once(struct buf *list, struct str item)
{
	if (list->n && postfix_lists(buf_c(list), item))
		return;
	buf_add(list, list->n ? STR(", ") : STR(""));
	buf_add(list, item);
}

/* "ports 465, 587" of those looks, and where it is not everywhere,
 * " at 2001:db8::25". */
static const char *where(const struct host *host, const struct look *looks,
			 const bool *chosen, size_t n)
{
	struct buf ports, addresses, all;

	buf_init(&ports, host->arena, SIZE_MAX);
	buf_init(&addresses, host->arena, SIZE_MAX);
	buf_init(&all, host->arena, SIZE_MAX);
	for (size_t i = 0; i < n; i++) {
		struct str address = ip_format(host->arena, looks[i].address);

		add_once(&all, address);
		if (!chosen[i])
			continue;
		add_once(&ports, str_from(arena_printf(host->arena, "%d",
						       looks[i].port)));
		add_once(&addresses, address);
	}
	return arena_printf(host->arena, "port%s %s%s%s",
			    memchr(ports.p, ',', ports.n) ? "s" : "",
			    buf_c(&ports), addresses.n < all.n ? " at " : "",
			    addresses.n < all.n ? buf_c(&addresses) : "");
}

static const char *advice_of(const struct host *host, const struct rule *rule)
{
	return host->mta.kind == MTA_SENDMAIL && rule->sendmail ? rule->sendmail
								: rule->advice;
}

/* What no look was about is not said to be good. */
static void judge(struct host *host, const struct rule *rule,
		  const struct look *looks, size_t n)
{
	bool good[HOST_LOOKS] = { false }, bad[HOST_LOOKS] = { false };
	const char *expected = rule->expected ? rule->expected : host->name;
	const struct look *first = NULL;
	bool is_good = false;

	for (size_t i = 0; i < n; i++) {
		bad[i] = rule->fails(host, &looks[i]);
		good[i] = !bad[i] && rule->applies(&looks[i]);
		is_good = is_good || good[i];
		if (bad[i] && !first)
			first = &looks[i];
	}
	if (first)
		findings_add(host->findings,
			     &(struct finding){
				     .id = rule->id,
				     .grade = rule->grade,
				     .subject = where(host, looks, bad, n),
				     .seen = rule->seen(host, first),
				     .expected = expected,
				     .advice = advice_of(host, rule) });
	else if (is_good)
		host_found_good(host, rule->id, where(host, looks, good, n),
				expected);
}

/* "chasquid (process 812)" where it is not the MTA that has the port. */
static const char *find_taker(const struct host *host, const struct look *look)
{
	long pid;
	const char *name =
		port_holder_name(host->arena, look->address, look->port, &pid);

	if (!name || postfix_lists(host->mta.words->programs, str_from(name)))
		return NULL;
	return arena_printf(host->arena, "%s (process %ld)", name, pid);
}

/* Users may have one port alone, 465 or 587. */
static bool is_done_without(const struct mta *mta, size_t i)
{
	for (size_t j = 0; j < HOST_PORTS; j++)
		if (host_ports[i] != 25 && host_ports[j] != 25 &&
		    mta->serves[j])
			return !mta->serves[i];
	return false;
}

void check_ports(struct host *host)
{
	struct look looks[HOST_LOOKS] = { 0 };
	const struct mta *mta = &host->mta;
	int64_t end = resolver_now() + ALL_SECONDS * 1000;
	size_t n = 0;

	for (size_t i = 0; i < HOST_PORTS; i++)
		for (size_t j = 0; j < host->n_addresses; j++) {
			looks[n].port = host_ports[i];
			looks[n].address = &host->addresses[j];
			looks[n].files = mta->certificates[i];
			looks[n].is_trusted = network_has_ip(
				&mta->trusted, &host->addresses[j]);
			looks[n].taken = find_taker(host, &looks[n]);
			if (!looks[n].taken && is_done_without(mta, i))
				continue;
			looks[n].late =
				!looks[n].taken && resolver_now() >= end;
			if (is_seen(&looks[n]))
				look_at(host, &looks[n]);
			n++;
		}
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		judge(host, &rules[i], looks, n);
}
