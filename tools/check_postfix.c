/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate.h"
#include "check_host.h"
#include "mail/buf.h"

/*
 * Postfix's half of check_host: what postconf tells, in the form that both MTAs
 * have, and what Postfix alone has.
 */

static const struct mta_words words = {
	.folder = "contrib/postfix",
	.ending = "postconf",
	.reload = "postfix reload",
	.tempfail = "default_action=tempfail",
	.programs = "master, smtpd, postscreen",
	.interfaces = "inet_interfaces",
	.all_interfaces = "postconf -e 'inet_interfaces = all' "
			  "'inet_protocols = all', then postfix stop and "
			  "postfix start",
	.mailbox = "give it a mailbox on this host by transport_maps, see "
		   "forward.domains",
};

/* Where mail should come in: the host's addresses, as far as Postfix takes
 * any or these. */
static void find_addresses(struct host *host)
{
	struct str rest = str_from(host->mta.interfaces), item;

	while (postfix_item(&rest, &item)) {
		if (str_ieq(item, STR("all")))
			host_add_interfaces(host);
		else if (!str_ieq(item, STR("loopback-only")))
			host_add_named(host, item);
	}
}

/* A list that mentions neither family is all of them. */
static void find_families(struct host *host)
{
	const char *list =
		postfix_in_force(&host->postfix, NULL, "inet_protocols");
	bool four = postfix_lists(list, STR("ipv4"));
	bool six = postfix_lists(list, STR("ipv6"));

	host->mta.families[0] = four || !six;
	host->mta.families[1] = six || !four;
}

/* Without the braces around it, if there are any. */
static bool strip_braces(struct str *item)
{
	if (item->n < 2 || item->p[0] != '{')
		return false;
	*item = str_sub(*item, 1, item->n - 1);
	return true;
}

/* The value of "name=value" or "{ name = value }" in what is behind the
 * endpoint. */
static const char *option_of(struct arena *arena, struct str inner,
			     const char *name)
{
	struct str part, key;

	while (postfix_item(&inner, &part)) {
		strip_braces(&part);
		str_cut(&part, '=', &key);
		if (part.p && str_eq(str_trim(key), str_from(name)))
			return arena_copy(arena, str_trim(part)).p;
	}
	return NULL;
}

/* Of the service that asks; NULL when it is no socket in a file system. */
static const char *path_of(const struct host *host,
			   const struct postfix_service *service,
			   struct str type, struct str path)
{
	bool is_below = service && service->chroot;

	if (!path.p ||
	    (!str_eq(type, STR("unix")) && !str_eq(type, STR("local"))))
		return NULL;
	if (path.n && path.p[0] == '/' && !is_below)
		return arena_copy(host->arena, path).p;
	return arena_printf(
		host->arena, "%s%s%.*s",
		postfix_in_force(&host->postfix, NULL, "queue_directory"),
		path.n && path.p[0] == '/' ? "" : "/", STR_ARG(path));
}

/* "unix:PATH", "inet:HOST:PORT", or one of these within "{ ..., ... }". */
static void read_milter(const struct host *host, struct str item,
			const struct postfix_service *service,
			const char *fallback, struct milter_use *use)
{
	struct str endpoint = item, type;
	const char *own = NULL;

	if (strip_braces(&item)) {
		postfix_item(&item, &endpoint);
		own = option_of(host->arena, item, "default_action");
	}
	use->endpoint = arena_copy(host->arena, endpoint).p;
	use->place = str_from(use->endpoint);
	str_cut(&use->place, ':', &type);
	use->path = path_of(host, service, type, use->place);
	use->is_chrooted = service && service->chroot && use->place.n &&
			   use->place.p[0] == '/';
	milter_find_name(host, use);
	if (strcmp(own ? own : fallback, "accept") == 0)
		use->gap = "default_action=accept";
}

static const struct postfix_service *find_service(const struct host *host,
						  const char *id)
{
	for (size_t i = 0; i < host->postfix.n_services; i++)
		if (str_eq(host->postfix.services[i].id, str_from(id)))
			return &host->postfix.services[i];
	return NULL;
}

static void read_list(struct host *host, enum milter_kind kind,
		      const char *name, const struct postfix_service *service)
{
	const char *where = !service ? name
				     : arena_printf(host->arena, "%s of %.*s",
						    name, STR_ARG(service->id));
	const char *fallback = postfix_in_force(&host->postfix, service,
						"milter_default_action");
	struct str rest =
		str_from(postfix_in_force(&host->postfix, service, name));
	struct milter_list *list = host_add_list(host, kind, where);
	struct str item;

	while (list && list->n < MILTERS_MAX && postfix_item(&rest, &item))
		read_milter(host, item,
			    service ? service
				    : find_service(host, "cleanup/unix"),
			    fallback, &list->uses[list->n++]);
}

static void read_lists(struct host *host)
{
	for (size_t i = 0; i < host->postfix.n_services; i++) {
		const struct postfix_service *service =
			&host->postfix.services[i];

		if (service->port && str_eq(service->command, STR("smtpd")))
			read_list(host,
				  service->port == 25 ? MILTERS_PORT_25
						      : MILTERS_SUBMISSION,
				  "smtpd_milters", service);
	}
	read_list(host, MILTERS_LOCAL, "non_smtpd_milters", NULL);
}

/* Without this, bounces pass no milter at all. */
static void check_bounces(struct host *host)
{
	const char *classes = postfix_in_force(&host->postfix, NULL,
					       "internal_mail_filter_classes");

	if (postfix_lists(classes, STR("bounce")) ||
	    !(host_expects(host, "dkim-sign") || host_expects(host, "forward")))
		return;
	findings_add(host->findings,
		     &(struct finding){
			     .id = "milter.bounces",
			     .grade = FINDING_FAULT,
			     .subject = "internal_mail_filter_classes",
			     .seen = *classes ? classes : "nothing",
			     .expected = "bounce",
			     .advice = "postconf -e "
				       "'internal_mail_filter_classes = "
				       "bounce', then postfix reload: bounces "
				       "are signed, and find the first "
				       "sender" });
}

static const struct postfix_service *service_of(const struct host *host,
						int port)
{
	for (size_t i = 0; i < host->postfix.n_services; i++)
		if (host->postfix.services[i].port == port)
			return &host->postfix.services[i];
	return NULL;
}

/* The files that a service takes certificates from, keys among them. */
static const char *const file_settings[] = {
	"smtpd_tls_chain_files",
	"smtpd_tls_cert_file",
	"smtpd_tls_eccert_file",
	"smtpd_tls_dcert_file",
};

static const char *certificates_of(const struct host *host, int port)
{
	enum { N = sizeof(file_settings) / sizeof(*file_settings) };
	const struct postfix_service *service = service_of(host, port);
	const char *list = "";

	if (*postfix_in_force(&host->postfix, service, "tls_server_sni_maps"))
		return NULL;
	for (size_t i = 0; i < N; i++)
		list = arena_printf(host->arena, "%s %s", list,
				    postfix_in_force(&host->postfix, service,
						     file_settings[i]));
	return list;
}

/* Of a list of files: a key, and its certificate in the same file or the next;
 * another key, and so on. */
static const char *find_chain_fault(const struct host *host, struct str chain,
				    const char **path)
{
	const char *key = NULL, *fault = NULL;
	struct str item;

	while (postfix_item(&chain, &item)) {
		*path = arena_copy(host->arena, item).p;
		if (key)
			fault = certificate_pair_fault(host->arena, *path, key);
		else
			fault = certificate_pair_fault(host->arena, *path,
						       *path);
		if (fault && key)
			return fault;
		key = fault ? *path : NULL;
	}
	return fault;
}

/* What is set for one kind of key, such as smtpd_tls_eccert_file. */
static const char *find_kind_fault(const struct host *host, const char *kind,
				   const char **path)
{
	const char *key = postfix_in_force(
		&host->postfix, NULL,
		arena_printf(host->arena, "smtpd_tls_%skey_file", kind));
	const char *file = postfix_in_force(
		&host->postfix, NULL,
		arena_printf(host->arena, "smtpd_tls_%scert_file", kind));

	if (!*file || strcmp(file, "none") == 0)
		return NULL;
	*path = file;
	return certificate_pair_fault(host->arena, file, *key ? key : file);
}

static const char *find_pair_fault(const struct host *host, const char **path)
{
	static const char *const kinds[] = { "", "ec", "d" };
	const char *chain =
		postfix_in_force(&host->postfix, NULL, "smtpd_tls_chain_files");
	const char *fault = NULL;

	*path = "";
	if (*chain)
		return find_chain_fault(host, str_from(chain), path);
	for (size_t i = 0; !fault && i < sizeof(kinds) / sizeof(*kinds); i++)
		fault = find_kind_fault(host, kinds[i], path);
	return fault;
}

/* mynetworks, but for tables and names of files. */
static struct networks trusted_networks(const struct host *host)
{
	const char *list = postfix_in_force(&host->postfix, NULL, "mynetworks");
	struct str rest = str_from(list), item;
	struct conf_list blocks = { 0 };

	blocks.items = ARENA_NEW(host->arena, struct str, strlen(list) + 1);
	while (postfix_item(&rest, &item)) {
		struct str length = item, address;
		const char *block;

		str_cut(&length, '/', &address);
		if (address.n > 2 && address.p[0] == '[')
			address = str_sub(address, 1, address.n - 1);
		block = arena_printf(host->arena, "%.*s%s%.*s",
				     STR_ARG(address), length.p ? "/" : "",
				     length.p ? (int)length.n : 0,
				     length.p ? length.p : "");
		if (!network_check(block))
			blocks.items[blocks.n++] = str_from(block);
	}
	return network_parse(host->arena, &blocks);
}

/* For whom this host relays without asking who they are. */
static void check_networks(struct host *host)
{
	static const struct ip private[] = {
		{ { 10 }, false },	{ { 127 }, false },
		{ { 172, 16 }, false }, { { 192, 168 }, false },
		{ { 0xfc }, true },	{ { 0xfe, 0x80 }, true },
	};
	static const int bits[] = { 8, 8, 12, 16, 7, 10 };
	enum { N = sizeof(bits) / sizeof(*bits), WIDE4 = 24, WIDE6 = 64 };
	const struct networks networks = host->mta.trusted;

	for (size_t i = 0; i < networks.n; i++) {
		const struct network *block = &networks.list[i];
		bool wide = block->bits < (block->ip.six ? WIDE6 : WIDE4);

		for (size_t j = 0; j < N && wide; j++)
			wide = block->bits < bits[j] ||
			       !ip_is_within(&block->ip, &private[j], bits[j]);
		if (!wide)
			continue;
		findings_add(
			host->findings,
			&(struct finding){
				.id = "relay.networks",
				.grade = FINDING_FAULT,
				.subject = "mynetworks",
				.seen = arena_printf(
					host->arena, "%.*s/%d",
					STR_ARG(ip_format(host->arena,
							  &block->ip)),
					block->bits),
				.expected = "this host and networks of yours",
				.advice = "postconf -e 'mynetworks = "
					  "127.0.0.0/8 [::1]/128', then "
					  "postfix reload: users log in" });
	}
}

enum result check_postfix_read(struct host *host)
{
	struct mta *mta = &host->mta;

	if (postfix_read(host->arena, &host->postfix) != OK)
		return E_ABSENT;
	mta->kind = MTA_POSTFIX;
	mta->words = &words;
	mta->places = check_settings_places;
	mta->name = postfix_in_force(&host->postfix, NULL, "myhostname");
	mta->mentions[0] = host->postfix.settings;
	mta->mentions[1] = host->postfix.overrides;
	mta->interfaces =
		postfix_in_force(&host->postfix, NULL, "inet_interfaces");
	mta->milter_user = postfix_in_force(&host->postfix, NULL, "mail_owner");
	mta->trusted = trusted_networks(host);
	mta->pair_fault = find_pair_fault(host, &mta->pair);
	for (size_t i = 0; i < HOST_PORTS; i++) {
		mta->certificates[i] = certificates_of(host, host_ports[i]);
		mta->serves[i] = service_of(host, host_ports[i]);
	}
	find_families(host);
	find_addresses(host);
	read_lists(host);
	return OK;
}

void check_postfix(struct host *host)
{
	check_bounces(host);
	check_networks(host);
	check_settings(host);
}
