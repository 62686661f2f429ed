/* SPDX-License-Identifier: BSD-2-Clause */
#include "records.h"

#include "forward/config.h"
#include "mail/dkim_key.h"
#include "mail/dmarc_walk.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "mail/spf_parse.h"
#include "milters/conf.h"
#include "spf_merge.h"

enum { RECORDS_MAX = 256, STRINGS_MAX = 4 * 65535, CERTIFICATE_MAX = 1 << 20 };

/* Making the records of one domain. */
struct maker {
	struct arena *arena;
	const struct records_source *source;
	struct authority *authority;
	struct records *records;
	const char *elsewhere; /* MX of the domain, which are right; or NULL */
};

static void add(struct maker *maker, const struct record *record)
{
	struct records *records = maker->records;

	if (records->n < RECORDS_MAX)
		records->list[records->n++] = *record;
}

/* PREFIX.DOMAIN */
static struct str below(struct maker *maker, const char *prefix,
			struct str domain)
{
	return str_from(
		arena_printf(maker->arena, "%s.%.*s", prefix, STR_ARG(domain)));
}

/* The TXT record there that begins so; false when there is no such one. */
static bool find_text(struct maker *maker, struct str name, struct str begin,
		      struct str *text)
{
	struct reply reply;

	authority_follow(maker->authority, name, RR_TXT, &reply);
	for (size_t i = 0; i < reply.n; i++) {
		*text = reply.records[i].dns.data;
		if (str_istarts(*text, begin))
			return true;
	}
	return false;
}

/* The reason, with what else is to be known of it where mail leaves by a
 * relay. */
static const char *with_relay(struct maker *maker, const char *why,
			      const char *more)
{
	const struct relay *relay = maker->source->relay;

	if (!relay->setting)
		return why;
	return arena_printf(maker->arena, "%s But mail leaves by %s (%s): %s",
			    why, relay->value, relay->setting, more);
}

#define RELAY_SPF                                                           \
	"put in what that relay's provider says, as a rule an include: of " \
	"theirs; this host needs no place in it."

static void add_host(struct maker *maker)
{
	const struct own_host *host = maker->source->host;

	for (size_t i = 0; i < host->n; i++) {
		const struct ip *ip = &host->addresses[i];

		add(maker,
		    &(struct record){
			    .id = ip->six ? "aaaa" : "a",
			    .name = host->name,
			    .type = ip->six ? RR_AAAA : RR_A,
			    .data = ip_format(maker->arena, ip),
			    .why = "The address of this host; its PTR record "
				   "must lead back to it.",
			    .place = RECORD_HOST });
	}
	for (size_t i = 0; i < host->n; i++)
		add(maker,
		    &(struct record){
			    .id = "ptr",
			    .name = own_host_reverse(maker->arena,
						     &host->addresses[i]),
			    .type = RR_PTR,
			    .data = host->name,
			    .why = with_relay(
				    maker,
				    "Reverse DNS, which whoever gave the "
				    "address sets (your provider). Gmail and "
				    "others refuse a host without it, over "
				    "IPv6 above all.",
				    "nobody asks for this one."),
			    .place = RECORD_PROVIDER });
}

static void add_mx(struct maker *maker, struct str domain, const char *why,
		   enum record_need need)
{
	add(maker,
	    &(struct record){ .id = "mx",
			      .name = domain,
			      .type = RR_MX,
			      .data = str_from(arena_printf(
				      maker->arena, "10 %.*s",
				      STR_ARG(maker->source->host->name))),
			      .why = why,
			      .need = need });
}

/* Others take the mail of a domain that has no alias file here, if it says so;
 * none takes it where the record names the root (RFC 7505). */
static void find_elsewhere(struct maker *maker)
{
	const struct records_source *source = maker->source;
	struct reply reply;

	authority_ask(maker->authority, source->domain, RR_MX, &reply);
	if (source->is_forwarded ||
	    str_eq(source->domain, source->srs_domain) || !reply.n)
		return;
	for (size_t i = 0; i < reply.n; i++)
		if (!reply.records[i].dns.data.n ||
		    str_ieq(reply.records[i].dns.data, source->host->name))
			return;
	maker->elsewhere = reply_text(maker->arena, &reply);
}

static void add_domain_mx(struct maker *maker)
{
	struct str domain = maker->source->domain;

	if (!maker->elsewhere) {
		add_mx(maker, domain, "Mail for the domain comes to this host.",
		       RECORD_NEEDED);
		return;
	}
	add_mx(maker, domain,
	       arena_printf(maker->arena,
			    "Mail for the domain goes to %s, and it has no "
			    "alias file here, so that it may stay like this. "
			    "Only where it is to come to this host, and is "
			    "forwarded or has its mailboxes here.",
			    maker->elsewhere),
	       RECORD_LATER);
}

/*
 * The one SPF record of a name: of what it publishes that which is good, and
 * this host; or `otherwise` where nothing is published, unless that is NULL.
 */
static struct str make_spf(struct maker *maker, struct str name, bool mx,
			   const char *otherwise, const char **kept)
{
	const struct dns_resolver *resolver =
		authority_resolver(maker->authority);
	struct dns_answer published;
	struct reply reply;
	struct str spf;

	/* From here on the resolver asks the zone's own servers. */
	authority_follow(maker->authority, name, RR_TXT, &reply);
	dns_query(resolver, maker->arena, name, DNS_TXT, &published);
	spf = spf_merge(maker->arena, resolver, maker->source->host, name, mx,
			&published);
	*kept = NULL;
	for (size_t i = 0; i < published.n; i++)
		if (spf_parse_is_record(published.records[i].data))
			*kept = str_eq(published.records[i].data, spf)
					? " It is what is published."
					: " It replaces what is published, "
					  "and keeps what was good in it.";
	if (!*kept && otherwise)
		spf = str_from(otherwise);
	*kept = *kept ? *kept : "";
	return spf;
}

/* RFC 7208 section 4.6.4 counts what is evaluated, not what stands there. */
static const char *spf_why(struct maker *maker, struct str domain,
			   struct str spf, const char *kept)
{
	const struct own_host *host = maker->source->host;
	struct overlay overlay = {
		.base = authority_resolver(maker->authority),
		.host = host,
		.addresses = true,
		.domain = domain,
		.mx = !maker->elsewhere,
		.spf = spf,
	};
	const struct dns_resolver resolver = overlay_resolver(&overlay);
	struct spf_outcome outcome;

	spf_outcome(maker->arena, &resolver, host, domain, &outcome);
	return arena_printf(
		maker->arena,
		"Who may send for the domain: one record, never two.%s %s "
		"include:_spf.google.com is not needed: Gmail's \"send mail "
		"as\" hands its mail to this host, and the include would let "
		"all of Google pass as you.",
		kept,
		outcome.other.terms > LIMIT_SPF_TERMS
			? "It asks DNS more often than the ten times that "
			  "receivers allow: take out what you do not use."
			: arena_printf(maker->arena,
				       "It asks DNS %d of the ten times that "
				       "receivers allow.",
				       outcome.other.terms));
}

static void add_spf(struct maker *maker, struct str domain)
{
	const char *kept;
	struct str spf =
		make_spf(maker, domain, !maker->elsewhere, NULL, &kept);

	add(maker,
	    &(struct record){
		    .id = "spf",
		    .name = domain,
		    .type = RR_TXT,
		    .data = spf,
		    .why = with_relay(maker, spf_why(maker, domain, spf, kept),
				      RELAY_SPF) });
}

/* A host that is a mail domain itself has the record of that. */
static void add_host_spf(struct maker *maker)
{
	struct str name = maker->source->host->name;
	const char *kept;
	struct record record = { .id = "spf-host",
				 .name = name,
				 .type = RR_TXT,
				 .place = RECORD_HOST };

	if (str_eq(name, maker->source->domain))
		return;
	record.data = make_spf(maker, name, false, "v=spf1 a -all", &kept);
	record.why = with_relay(
		maker,
		arena_printf(maker->arena,
			     "The host's own name is the sender of bounces: "
			     "nobody else may be it.%s",
			     kept),
		"its name is that sender, and this record does no more than "
		"keep others from using this one.");
	add(maker, &record);
}

static void add_srs(struct maker *maker)
{
	const struct records_source *source = maker->source;
	struct str domain = source->srs_domain;
	struct record record = { .id = "spf-srs",
				 .name = domain,
				 .type = RR_TXT };
	const char *kept, *alone;

	if (!domain.n || str_eq(domain, source->domain))
		return;
	add_mx(maker, domain,
	       "Bounces of forwarded mail come back to the SRS domain.",
	       RECORD_NEEDED);
	if (str_eq(domain, source->host->name))
		return;
	alone = arena_printf(maker->arena, "v=spf1 a:%.*s -all",
			     STR_ARG(source->host->name));
	record.data = make_spf(maker, domain, true, alone, &kept);
	record.why = with_relay(
		maker,
		arena_printf(maker->arena,
			     "Forwarded mail has a sender in the SRS domain, "
			     "and only this host sends it.%s",
			     kept),
		RELAY_SPF);
	add(maker, &record);
}

static void add_dkim(struct maker *maker)
{
	const struct keys *keys = maker->source->keys;

	for (size_t i = 0; i < keys->n; i++) {
		struct record record = {
			.id = "dkim",
			.name = below(maker,
				      arena_printf(maker->arena,
						   "%s._domainkey",
						   keys->list[i].selector.p),
				      maker->source->domain),
			.type = RR_TXT,
			.why = "The public key of the signatures that this "
			       "host makes.",
		};

		if (dkim_key_record(keys->list[i].key, maker->arena,
				    &record.data) == OK)
			add(maker, &record);
	}
}

/* RFC 9989 section 4.10.1: where a domain above speaks for this one, a record
 * of its own would take the place of that one. */
static bool find_above(struct maker *maker, struct record *record)
{
	const struct env env = {
		.resolver = authority_resolver(maker->authority),
	};
	const struct dmarc_step *step;
	struct dmarc_walk walk;
	const char *policy;

	dmarc_walk(&env, maker->arena, DMARC_TREEWALK, maker->source->domain,
		   &walk);
	if (dmarc_walk_policy(&walk, &step) != OK || step == walk.steps ||
	    step->record.psd == DMARC_PSD_YES)
		return false;
	policy = dmarc_policy_name(step->record.sp);
	record->need = RECORD_OPTIONAL;
	record->data =
		str_from(arena_printf(maker->arena, "v=DMARC1; p=%s", policy));
	record->why = arena_printf(
		maker->arena,
		"_dmarc.%.*s says p=%s for this domain, too. Only where it is "
		"to have a policy of its own, which then counts instead.",
		STR_ARG(step->domain), policy);
	return true;
}

static void add_dmarc(struct maker *maker)
{
	static const char *const why[] = {
		[DMARC_NONE] = "Begin with p=none: nothing is refused, and "
			       "the reports at rua= say who sends as you. "
			       "After some weeks of reports without mail of "
			       "yours that fails: p=quarantine; then "
			       "p=reject.",
		[DMARC_QUARANTINE] = "p=quarantine is published and kept. "
				     "When the reports show that no mail of "
				     "yours fails: p=reject.",
		[DMARC_REJECT] = "p=reject is published and kept: the goal.",
	};
	struct record record = {
		.id = "dmarc",
		.name = below(maker, "_dmarc", maker->source->domain),
		.type = RR_TXT,
	};
	struct dmarc_record dmarc = { .p = DMARC_NONE };

	if (find_text(maker, record.name, STR("v=DMARC1"), &record.data) &&
	    dmarc_record_parse(maker->arena, record.data, &dmarc) == OK) {
		record.why = why[dmarc.p];
	} else if (!find_above(maker, &record)) {
		record.why = why[DMARC_NONE];
		record.data = str_from(arena_printf(
			maker->arena,
			"v=DMARC1; p=none; rua=mailto:postmaster@%.*s",
			STR_ARG(maker->source->domain)));
	}
	add(maker, &record);
}

static void add_tls_reports(struct maker *maker)
{
	struct record record = {
		.id = "tlsrpt",
		.name = below(maker, "_smtp._tls", maker->source->domain),
		.type = RR_TXT,
		.why = "Others tell you when TLS to this host fails.",
		.need = RECORD_OPTIONAL,
	};

	if (!find_text(maker, record.name, STR("v=TLSRPTv1"), &record.data))
		record.data = str_from(arena_printf(
			maker->arena, "v=TLSRPTv1; rua=mailto:postmaster@%.*s",
			STR_ARG(maker->source->domain)));
	add(maker, &record);
}

/* RFC 8461: the id changes with the policy, so it is made of the policy. */
static void add_mta_sts(struct maker *maker)
{
	struct str host = maker->source->host->name;
	const char *policy = arena_printf(maker->arena,
					  "version: STSv1\nmode: enforce\n"
					  "mx: %.*s\nmax_age: 604800\n",
					  STR_ARG(host));
	unsigned char digest[CRYPTO_SHA256_SIZE] = { 0 };
	struct record record = {
		.id = "mta-sts",
		.name = below(maker, "_mta-sts", maker->source->domain),
		.type = RR_TXT,
		.need = RECORD_OPTIONAL,
	};
	struct crypto_hash *hash = crypto_hash_new();

	if (crypto_hash_begin(hash) == OK) {
		crypto_hash_add(hash, policy, strlen(policy));
		crypto_hash_end(hash, digest);
	}
	crypto_hash_free(hash);
	if (!find_text(maker, record.name, STR("v=STSv1"), &record.data)) {
		record.need = RECORD_LATER;
		record.data = str_from(arena_printf(
			maker->arena, "v=STSv1; id=%02x%02x%02x%02x", digest[0],
			digest[1], digest[2], digest[3]));
	}
	record.why = arena_printf(
		maker->arena,
		"Senders must use TLS to this host. Only after "
		"https://mta-sts.%.*s/.well-known/mta-sts.txt is there, as "
		"text/plain, without a redirection, by a server with a "
		"certificate for mta-sts.%.*s, with just these lines: "
		"\"version: STSv1\", \"mode: enforce\", \"mx: %.*s\", "
		"\"max_age: 604800\". In this mode senders refuse to deliver "
		"to a host that no mx line names. A change there needs a new "
		"id here.",
		STR_ARG(maker->source->domain), STR_ARG(maker->source->domain),
		STR_ARG(host));
	add(maker, &record);
}

/* RFC 7672 section 2.1.3: without DNSSEC nobody may use it. */
static void add_tlsa(struct maker *maker)
{
	struct str host = maker->source->host->name, zone;
	struct record record = {
		.id = "tlsa",
		.name = below(maker, "_25._tcp", host),
		.type = RR_TLSA,
		.why = "The key of this host's certificate, for senders with "
		       "DANE. Only where the zone has DNSSEC, and renewals "
		       "keep the key or publish the next one before.",
		.place = RECORD_HOST,
		.need = RECORD_OPTIONAL,
	};

	if (!maker->source->tlsa)
		return;
	record.data = str_from(maker->source->tlsa);
	if (authority_is_unsigned(maker->authority, host, &zone)) {
		record.need = RECORD_LATER;
		record.why = arena_printf(
			maker->arena,
			"%s %.*s has none (no DS record at its parent): until "
			"then nobody uses this record.",
			record.why, STR_ARG(zone));
	}
	add(maker, &record);
}

int records_srs_domain(const struct tool *tool, struct str *domain)
{
	struct runtime_settings runtime;
	struct config config;

	*domain = STR("");
	if (!tool_daemon(tool, "forward", &runtime, forward_table, &config))
		return EX_CONFIG;
	if (*config.srs_domain)
		domain_normalize(tool->arena, str_from(config.srs_domain),
				 domain);
	return EX_OK;
}

void records_make(struct arena *arena, const struct records_source *source,
		  struct authority *authority, struct records *records)
{
	struct maker maker = { arena, source, authority, records, NULL };

	*records = (struct records){
		.list = ARENA_NEW(arena, struct record, RECORDS_MAX),
	};
	find_elsewhere(&maker);
	add_host(&maker);
	add_host_spf(&maker);
	add_domain_mx(&maker);
	add_spf(&maker, source->domain);
	add_srs(&maker);
	add_dkim(&maker);
	add_dmarc(&maker);
	if (!maker.elsewhere) { /* for who sends to the domain */
		add_tls_reports(&maker);
		add_mta_sts(&maker);
	}
	add_tlsa(&maker);
}

const char *records_strings(struct arena *arena, struct str text)
{
	struct buf buf;

	buf_init(&buf, arena, STRINGS_MAX);
	do {
		size_t n =
			text.n < LIMIT_TXT_STRING ? text.n : LIMIT_TXT_STRING;

		if (buf.n)
			buf_addc(&buf, ' ');
		rr_add_string(&buf, str_sub(text, 0, n));
		text = str_sub(text, n, text.n);
	} while (text.n);
	return buf_c(&buf);
}

/* X.690 section 8.1: the next element, whole, cut off; its contents. */
static bool cut_element(struct str *der, struct str *whole,
			struct str *contents)
{
	size_t at = 2, n, octets;

	if (der->n < 2)
		return false;
	n = (unsigned char)der->p[1];
	if (n & 0x80) {
		octets = n & 0x7f;
		n = 0;
		if (!octets || octets > 3 || der->n < at + octets)
			return false;
		while (octets--)
			n = n << 8 | (unsigned char)der->p[at++];
	}
	if (der->n - at < n)
		return false;
	*whole = str_sub(*der, 0, at + n);
	*contents = str_sub(*der, at, at + n);
	*der = str_sub(*der, at + n, der->n);
	return true;
}

/* RFC 5280 section 4.1: the subjectPublicKeyInfo is the seventh or sixth. */
static bool find_key(struct str der, struct str *key)
{
	struct str whole, contents, fields;

	if (!cut_element(&der, &whole, &contents) ||
	    !cut_element(&contents, &whole, &fields))
		return false;
	if (fields.n && (unsigned char)fields.p[0] == 0xa0 &&
	    !cut_element(&fields, &whole, &contents)) /* version */
		return false;
	for (int i = 0; i < 6; i++)
		if (!cut_element(&fields, key, &contents))
			return false;
	return true;
}

/* What stands between the lines of the first certificate, decoded. */
static bool find_certificate(struct arena *arena, struct str text,
			     struct str *der)
{
	const struct str begin = STR("-----BEGIN CERTIFICATE-----");
	struct str line, base64 = STR("");

	while (str_line(&text, &line))
		if (str_eq(str_trim(line), begin))
			break;
	if (text.p)
		str_cut(&text, '-', &base64);
	return base64.n && crypto_base64_parse(arena, base64, der) == OK;
}

enum result records_tlsa(struct arena *arena, const char *path,
			 const char **data)
{
	unsigned char digest[CRYPTO_SHA256_SIZE];
	const char *error;
	struct crypto_hash *hash;
	struct str text, der, key;
	enum result result = conf_read_file(arena, path, CERTIFICATE_MAX, &text,
					    NULL, &error);
	struct buf buf;

	if (result != OK)
		return result;
	if (!find_certificate(arena, text, &der) || !find_key(der, &key))
		return E_SYNTAX;
	hash = crypto_hash_new();
	result = crypto_hash_begin(hash);
	if (result == OK) {
		crypto_hash_add(hash, key.p, key.n);
		result = crypto_hash_end(hash, digest);
	}
	crypto_hash_free(hash);
	buf_init(&buf, arena, STRINGS_MAX);
	buf_add(&buf, STR("3 1 1 "));
	for (size_t i = 0; i < sizeof(digest); i++)
		buf_printf(&buf, "%02x", digest[i]);
	*data = buf_c(&buf);
	return result;
}
