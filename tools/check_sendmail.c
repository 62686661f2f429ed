/* SPDX-License-Identifier: BSD-2-Clause */
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

#include "certificate.h"
#include "check_host.h"
#include "mail/buf.h"
#include "mail/limits.h"
#include "sendmail.h"

/*
 * Sendmail's half of check_host: what sendmail.cf has in the form that both
 * MTAs have, and what Sendmail alone has.
 */

/* Of DNS alone a message waits up to dns_budget, 5 s; a host under load has
 * all else to do, too. */
enum { REPLY_SECONDS = 30 };
/* As contrib/sendmail has it; Sendmail's own is 990 (RFC 5321 4.5.3.1.6). */
enum { LINE_LENGTH = 1000000 };

static const struct mta_words words = {
	.folder = "contrib/sendmail",
	.ending = "mc",
	.reload = "make -C /etc/mail, and restart Sendmail",
	.tempfail = "F=T",
	.programs = "sendmail-mta, sendmail",
	.interfaces = "DAEMON_OPTIONS for port 25",
	.all_interfaces =
		"Family=inet6 and no Addr=, which takes IPv4 as well; "
		"then make -C /etc/mail, and restart Sendmail",
	.mailbox = "give it a mailbox on this host by virtusertable, see "
		   "contrib/sendmail/README.md",
};

static enum result find_places(const struct host *host, struct str domain,
			       struct str addresses, struct str *lines);

static bool is_loopback(struct str address)
{
	return str_istarts(address, STR("127.")) ||
	       str_eq(address, STR("::1")) ||
	       str_ieq(address, STR("localhost"));
}

/* Where mail should come in: what port 25 listens at. */
static void find_addresses(struct host *host, const struct sendmail *sendmail)
{
	struct host all = { .arena = host->arena,
			    .mta = { .families = { true, true } } };

	host_add_interfaces(&all);
	host->mta.interfaces = "no line for it";
	for (size_t i = 0; i < sendmail->n_daemons; i++) {
		const struct sendmail_daemon *daemon = &sendmail->daemons[i];

		if (daemon->port != 25 || is_loopback(daemon->address))
			continue;
		host->mta.interfaces = arena_copy(host->arena, daemon->text).p;
		if (daemon->address.n)
			host_add_named(host, daemon->address);
		for (size_t j = 0; !daemon->address.n && j < all.n_addresses;
		     j++)
			if (daemon->six || !all.addresses[j].six)
				host_add_named(host,
					       ip_format(host->arena,
							 &all.addresses[j]));
	}
}

/* "unix:PATH", "local:PATH", "PATH", "inet:PORT@HOST" */
static void read_endpoint(const struct host *host, struct str socket,
			  struct milter_use *use)
{
	struct str rest = socket, type, port;

	use->endpoint = arena_copy(host->arena, socket).p;
	if (socket.n && socket.p[0] == '/') {
		use->path = use->endpoint;
		milter_find_name(host, use);
		return;
	}
	str_cut(&rest, ':', &type);
	if (str_eq(type, STR("unix")) || str_eq(type, STR("local"))) {
		use->path = arena_copy(host->arena, rest).p;
		milter_find_name(host, use);
		return;
	}
	str_cut(&rest, '@', &port);
	use->place = str_from(
		arena_printf(host->arena, "%.*s:%.*s", rest.p ? (int)rest.n : 9,
			     rest.p ? rest.p : "localhost", STR_ARG(port)));
	milter_find_name(host, use);
}

/* F=4 puts mail off as F=T does; F=R refuses it, and lets none pass. */
static bool is_safe(const struct sendmail_filter *filter)
{
	return str_find(filter->flags, 'T') < filter->flags.n ||
	       str_find(filter->flags, '4') < filter->flags.n ||
	       str_find(filter->flags, 'R') < filter->flags.n;
}

static void read_list(struct host *host, const struct sendmail *sendmail,
		      const struct sendmail_daemon *daemon,
		      enum milter_kind kind)
{
	struct milter_list *list = host_add_list(
		host, kind,
		arena_printf(host->arena, "InputMailFilters of port %d",
			     daemon->port));
	struct str rest = daemon->filters, name;

	while (list && list->n < MILTERS_MAX && sendmail_item(&rest, &name)) {
		const struct sendmail_filter *filter =
			sendmail_filter(sendmail, name);
		struct milter_use *use = &list->uses[list->n];

		if (!filter)
			continue;
		list->n++;
		read_endpoint(host, filter->socket, use);
		use->gap = is_safe(filter) ? NULL : "no F=T";
	}
}

/* The port that a mailer of this host leads to, on this host. */
static bool is_inner(const struct sendmail *sendmail,
		     const struct sendmail_daemon *daemon)
{
	for (size_t i = 0; i < sendmail->n_mailers; i++) {
		struct str arguments = sendmail->mailers[i].arguments;
		size_t space = str_find_last(arguments, ' ');

		if (space < arguments.n &&
		    atoi(arguments.p + space + 1) == daemon->port)
			return true;
	}
	return false;
}

/* Other ports are what a person has made of them. */
static void read_lists(struct host *host, const struct sendmail *sendmail)
{
	for (size_t i = 0; i < sendmail->n_daemons; i++) {
		const struct sendmail_daemon *daemon = &sendmail->daemons[i];

		if (daemon->port == 465 || daemon->port == 587)
			read_list(host, sendmail, daemon, MILTERS_SUBMISSION);
		else if (daemon->port && is_inner(sendmail, daemon))
			read_list(host, sendmail, daemon, MILTERS_LOCAL);
		else if (daemon->port == 25 && !is_loopback(daemon->address))
			read_list(host, sendmail, daemon, MILTERS_PORT_25);
	}
}

/* Sendmail relays for itself, by the addresses of its interfaces. With
 * promiscuous_relay there is no ruleset that asks for whom. */
static void find_trusted(struct host *host, const struct sendmail *sendmail)
{
	const char *probes = sendmail_option(sendmail, "DontProbeInterfaces");
	struct conf_list list = { 0 };

	if (str_ieq(str_from(probes), STR("True")) ||
	    !sendmail_has_ruleset(sendmail, "Relay_ok"))
		return;
	list.items = ARENA_NEW(host->arena, struct str, ADDRESSES_MAX);
	while (list.n < host->n_addresses) {
		list.items[list.n] =
			ip_format(host->arena, &host->addresses[list.n]);
		list.n++;
	}
	host->mta.trusted = network_parse(host->arena, &list);
}

/* $j, unless it is made of other macros; then as the system has it. */
static const char *find_name(const struct host *host,
			     const struct sendmail *sendmail)
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME,
					.ai_socktype = SOCK_STREAM };
	const char *name = sendmail_macro(sendmail, 'j');
	char own[LIMIT_DOMAIN + 1] = "";
	struct addrinfo *found = NULL;

	if (*name && !strchr(name, '$'))
		return name;
	if (gethostname(own, sizeof(own) - 1) != 0)
		return "";
	name = arena_copy(host->arena, str_from(own)).p;
	if (strchr(own, '.') || getaddrinfo(own, NULL, &hints, &found) != 0)
		return name;
	if (found->ai_canonname)
		name = arena_copy(host->arena, str_from(found->ai_canonname)).p;
	freeaddrinfo(found);
	return name;
}

static void find_pair(struct host *host, const struct sendmail *sendmail)
{
	const char *key = sendmail_option(sendmail, "ServerKeyFile");
	struct mta *mta = &host->mta;

	mta->pair = sendmail_option(sendmail, "ServerCertFile");
	if (*mta->pair)
		mta->pair_fault =
			certificate_pair_fault(host->arena, mta->pair, key);
	for (size_t i = 0; i < HOST_PORTS; i++) {
		mta->certificates[i] = mta->pair;
		for (size_t j = 0; j < sendmail->n_daemons; j++)
			if (sendmail->daemons[j].port == host_ports[i])
				mta->serves[i] = true;
	}
}

enum result check_sendmail_read(struct host *host)
{
	struct sendmail *sendmail = ARENA_NEW(host->arena, struct sendmail, 1);
	struct mta *mta = &host->mta;
	const char *user;
	struct str text;

	if (tool_read(SENDMAIL_CF, SENDMAIL_CF_MAX, &text) != OK)
		return E_ABSENT;
	sendmail_parse(host->arena, text, sendmail);
	free((char *)text.p);
	host->sendmail = sendmail;
	mta->families[0] = mta->families[1] = true;
	mta->kind = MTA_SENDMAIL;
	mta->words = &words;
	mta->places = find_places;
	mta->name = find_name(host, sendmail);
	mta->mentions[0] = sendmail->lines;
	user = sendmail_option(sendmail, "RunAsUser");
	mta->milter_user = *user ? arena_printf(host->arena, "%.*s",
						(int)strcspn(user, ":"), user)
				 : NULL;
	find_pair(host, sendmail);
	find_addresses(host, sendmail);
	find_trusted(host, sendmail);
	read_lists(host, sendmail);
	return OK;
}

/* Sendmail shows no milter the bounces that it makes. */
static void check_bounces(struct host *host)
{
	for (size_t i = 0; i < host->mta.n_lists; i++)
		if (host->mta.lists[i].kind == MILTERS_LOCAL)
			return;
	if (!host_expects(host, "forward"))
		return;
	findings_add(host->findings,
		     &(struct finding){
			     .id = "milter.bounces",
			     .grade = FINDING_FAULT,
			     .subject = "the mailer millrace",
			     .seen = "no mailer leads to a port of this host",
			     .expected = "port 10025, with forward and "
					 "dkim-sign",
			     .advice = "see contrib/sendmail/forward.mc: "
				       "bounces are turned back, and signed, "
				       "there" });
}

/* Behind its time Sendmail goes on as if the milter did not answer. */
static void check_times(struct host *host)
{
	const struct sendmail *sendmail = host->sendmail;

	for (size_t i = 0; i < sendmail->n_filters; i++) {
		const struct sendmail_filter *filter = &sendmail->filters[i];

		if (filter->reply_seconds >= REPLY_SECONDS)
			continue;
		findings_add(
			host->findings,
			&(struct finding){
				.id = "milter.time-out",
				.grade = FINDING_FAULT,
				.subject =
					arena_copy(host->arena, filter->name).p,
				.seen = arena_printf(host->arena, "R:%lds",
						     filter->reply_seconds),
				.expected = "R:60s",
				.advice = "T=C:30s;S:30s;R:60s;E:5m in its "
					  "line: DNS and a busy host need more "
					  "than that" });
	}
}

/* Mail to others leaves by these mailers, behind all milters. */
static void check_lines(struct host *host)
{
	const struct sendmail *sendmail = host->sendmail;
	const char *names = "mailers";
	long shortest = LINE_LENGTH;

	for (size_t i = 0; i < sendmail->n_mailers; i++) {
		const struct sendmail_mailer *mailer = &sendmail->mailers[i];

		if (!mailer->line_length || mailer->line_length >= LINE_LENGTH)
			continue;
		names = arena_printf(host->arena, "%s %.*s", names,
				     STR_ARG(mailer->name));
		if (mailer->line_length < shortest)
			shortest = mailer->line_length;
	}
	if (shortest == LINE_LENGTH) {
		host_found_good(host, "signature.line-length", names,
				"lines that are not broken");
		return;
	}
	findings_add(
		host->findings,
		&(struct finding){
			.id = "signature.line-length",
			.grade = FINDING_FAULT,
			.subject = names,
			.seen = arena_printf(host->arena, "L=%ld", shortest),
			.expected =
				arena_printf(host->arena, "L=%d", LINE_LENGTH),
			.advice = "lines that are broken behind the milters "
				  "break signatures: SMTP_MAILER_LL and "
				  "RELAY_MAILER_LL, see contrib/sendmail/"
				  "dkim-sign.mc" });
}

/* A line of the file that is this word, up to a "#". */
static bool file_has(const char *path, struct str word)
{
	struct str text, rest, line;
	bool has = false;

	if (tool_read(path, SENDMAIL_CF_MAX, &text) != OK)
		return false;
	for (rest = text; !has && str_line(&rest, &line);)
		has = str_ieq(str_trim(str_sub(line, 0, str_find(line, '#'))),
			      word);
	free((char *)text.p);
	return has;
}

/* Of what is behind "CNAME", words, or "FNAME", "[-o ]FILE [FORMAT]". */
static bool is_in_class(const struct host *host, bool is_file, struct str rest,
			struct str word)
{
	struct str item;

	while (sendmail_item(&rest, &item))
		if (is_file ? item.p[0] == '/' &&
				      file_has(arena_copy(host->arena, item).p,
					       word)
			    : str_ieq(item, word))
			return true;
	return false;
}

/* The class has a name of one letter, or one in braces. */
static bool class_has(const struct host *host, const char *name,
		      struct str word)
{
	struct str rest = host->sendmail->lines, line;
	size_t n = strlen(name);

	while (str_line(&rest, &line))
		if (line.n > n && (line.p[0] == 'C' || line.p[0] == 'F') &&
		    memcmp(line.p + 1, name, n) == 0 &&
		    is_in_class(host, line.p[0] == 'F',
				str_sub(line, 1 + n, line.n), word))
			return true;
	return false;
}

static bool is_taken(const struct host *host, struct str domain)
{
	return class_has(host, "R", domain) ||
	       class_has(host, "{VirtHost}", domain);
}

/* Sendmail takes mail for the domain and leaves its addresses to forward. */
static void check_taken(struct host *host, struct str domain)
{
	struct finding finding = { .id = "forward.domain",
				   .grade = FINDING_FAULT,
				   .subject = domain.p };

	if (class_has(host, "w", domain)) {
		finding.seen = "local-host-names has it";
		finding.expected = "a domain that is in relay-domains alone";
		finding.advice = "take it out, and restart Sendmail, which "
				 "refuses all but local users there";
	} else if (!is_taken(host, domain)) {
		finding.seen = "relay-domains does not have it";
		finding.expected = "a domain with an alias file there";
		finding.advice = "add it to /etc/mail/relay-domains, and "
				 "restart Sendmail; or remove its alias file";
	} else {
		host_found_good(host, finding.id, finding.subject,
				"relay-domains has it");
		return;
	}
	findings_add(host->findings, &finding);
}

/* The lines of a table as it was made: key, tab, value. */
static struct str read_table(const struct host *host, const char *path)
{
	const char *const list[] = { "makemap", "-u", "hash", path, NULL };
	struct str lines;

	return postfix_run(host->arena, list, &lines) == OK ? lines : STR("");
}

/* What mailertable says of a domain; "" for nothing. */
static struct str look_up(const struct host *host, struct str domain)
{
	struct str lines = read_table(host, "/etc/mail/mailertable"), line, key;

	while (str_line(&lines, &line)) {
		str_cut(&line, '\t', &key);
		if (line.p && str_ieq(str_trim(key), domain))
			return str_trim(line);
	}
	return STR("");
}

/* The mailer that forward.mc makes, for what slipped past forward. */
static const struct str mailer = { "millrace:", 9 };

static void check_fail_safe(struct host *host, struct str domain)
{
	struct str found = look_up(host, domain);
	struct finding finding = {
		.id = "forward.fail-safe",
		.grade = FINDING_FAULT,
		.subject = domain.p,
		.seen = found.n ? arena_copy(host->arena, found).p
				: "mailertable has nothing of it",
		.expected = "millrace:[127.0.0.1], which goes through forward "
			    "once more",
		.advice = "a line in /etc/mail/mailertable, see contrib/"
			  "sendmail/README.md, then make -C /etc/mail",
	};

	if (str_istarts(found, mailer))
		host_found_good(host, finding.id, finding.subject,
				finding.seen);
	else
		findings_add(host->findings, &finding);
}

/* By the mailer the mail would come back until it has too many hops. */
static enum result find_places(const struct host *host, struct str domain,
			       struct str addresses, struct str *lines)
{
	const char *all = arena_printf(host->arena, "@%.*s\t", STR_ARG(domain));
	struct str rest, line;

	(void)addresses;
	*lines = STR("");
	if (class_has(host, "w", domain) || !is_taken(host, domain) ||
	    !str_istarts(look_up(host, domain), mailer))
		return E_ABSENT;
	if (class_has(host, "{VirtHost}", domain))
		*lines = read_table(host, "/etc/mail/virtusertable");
	rest = *lines;
	while (str_line(&rest, &line))
		if (str_istarts(line, str_from(all)))
			return E_ABSENT;
	return OK;
}

static void check_domain(struct host *host, struct str domain)
{
	check_taken(host, domain);
	check_fail_safe(host, domain);
}

void check_sendmail(struct host *host)
{
	check_bounces(host);
	check_times(host);
	check_lines(host);
	if (host_expects(host, "forward"))
		host_each_alias_domain(host, check_domain);
}
