/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_dns.h"
#include "mail/dkim_key.h"
#include "mail/limits.h"
#include "mail/spf_parse.h"
#include "mail/taglist.h"
#include "spf_merge.h"

enum { TEXT_MAX = 65536, KEY_BEGIN = 64, STS_ID_MAX = 32 };

/*
 * The records that begin so, counted; the first of them. Who reads TXT records
 * leaves all others out.
 */
static size_t count_texts(const struct reply *reply, struct str begin,
			  const struct rr **first)
{
	size_t n = 0;

	*first = NULL;
	for (size_t i = 0; i < reply->n; i++) {
		const struct rr *record = &reply->records[i];

		if (!str_istarts(record->dns.data, begin))
			continue;
		if (!n++)
			*first = record;
	}
	return n;
}

/* The strings of a record with a space between them, as they were meant. */
static struct str join_spaced(struct arena *arena, struct str data)
{
	struct buf buf;

	buf_init(&buf, arena, TEXT_MAX);
	for (size_t i = 0, n; i < data.n; i += n + 1) {
		n = (unsigned char)data.p[i];
		if (i)
			buf_addc(&buf, ' ');
		buf_add(&buf, str_sub(data, i + 1, i + 1 + n));
	}
	return buf_str(&buf);
}

static bool check_spf_syntax(struct dns_check *check, struct finding finding,
			     const struct rr *record)
{
	struct spf_record parsed;
	const char *why, *unused;

	if (spf_parse(check->arena, record->dns.data, &parsed, &why) == OK)
		return true;
	finding.expected = why;
	if (spf_parse(check->arena, join_spaced(check->arena, record->data),
		      &parsed, &unused) == OK)
		check_fault(check, finding, "spf.split",
			    "the strings of a TXT record are joined without a "
			    "space: put it inside the quotes");
	else
		check_fault(check, finding, "spf.syntax",
			    "mend the record: one with a fault is as none, and "
			    "\"millrace dns\" prints a good one");
	return false;
}

static const char *spf_expected(struct dns_check *check)
{
	const struct relay *relay = check->context->relay;

	if (!relay->setting)
		return "one record, by which each address of this host passes "
		       "within ten look-ups, and others do not";
	return arena_printf(check->arena,
			    "one record, by which the addresses of %s (%s), "
			    "where mail leaves, pass within ten look-ups, and "
			    "others do not",
			    relay->value, relay->setting);
}

/* Addresses that should pass do not. */
static void add_failed(struct dns_check *check, struct finding finding,
		       const struct spf_outcome *outcome)
{
	bool has_relay = check->context->relay->setting;

	finding.seen = arena_printf(
		check->arena, "%s: %s of %zu of %s addresses: %s: %s",
		finding.seen, auth_name(outcome->result.auth),
		outcome->n_failed, has_relay ? "the relay's" : "this host's",
		ip_format(check->arena, &outcome->failed).p,
		outcome->result.reason);
	if (!has_relay) {
		check_fault(
			check, finding, "spf.fails",
			"publish the SPF record that \"millrace dns\" prints");
		return;
	}
	/* A relay may take mail at one address and send it from another. */
	finding.id = "spf.relay";
	finding.grade = FINDING_WARNING;
	finding.advice = "put in what the relay's provider says, as a rule an "
			 "include: of theirs; it alone knows from which "
			 "addresses mail leaves. Where that is there, nothing "
			 "is wrong";
	check_add(check, finding);
}

/* What receivers make of a well-formed record. */
static void check_spf_outcome(struct dns_check *check, struct finding finding,
			      struct str domain)
{
	struct overlay overlay = {
		.base = authority_resolver(check->authority),
		.host = check->host,
		.addresses = check->address_fault,
		.domain = domain,
		.mx = check->mx_fault,
		.spf = STR(""),
	};
	const struct dns_resolver resolver = overlay_resolver(&overlay);
	struct spf_outcome outcome;
	const char *seen = finding.seen;

	spf_outcome(check->arena, &resolver, &check->sender, domain, &outcome);
	finding.seen = arena_printf(check->arena, "%s: %s", seen,
				    outcome.other.reason);
	if (outcome.other.terms > LIMIT_SPF_TERMS) {
		check_fault(check, finding, "spf.lookups",
			    "take out what you do not use, or name addresses "
			    "(ip4:, ip6:) in the place of include, a and mx");
	} else if (outcome.other.voids > LIMIT_SPF_VOIDS) {
		check_fault(check, finding, "spf.voids",
			    "take out the terms for names that do not exist");
	} else if (outcome.other.auth == AUTH_PERMERROR) {
		check_fault(check, finding, "spf.broken",
			    "mend or take out what the record includes");
	} else if (outcome.other.auth == AUTH_PASS) {
		check_fault(check, finding, "spf.everybody",
			    "let the record end in ~all");
	} else if (outcome.other.auth == AUTH_TEMPERROR ||
		   (outcome.n_failed &&
		    outcome.result.auth == AUTH_TEMPERROR)) {
		finding.id = "spf.unanswered";
		finding.grade = FINDING_WARNING;
		finding.advice = "ask again later; if it stays so, take out "
				 "the term whose servers do not answer";
		check_add(check, finding);
	} else if (outcome.n_failed) {
		finding.seen = seen;
		add_failed(check, finding, &outcome);
	} else {
		finding.seen = seen;
		if (outcome.other.auth == AUTH_NEUTRAL) {
			finding.id = "spf.open";
			finding.grade = FINDING_WARNING;
			finding.advice = "let the record end in ~all";
		} else if (!check->sender.n) {
			return; /* of a relay, of which nothing is known */
		}
		check_add(check, finding);
	}
}

void check_spf(struct dns_check *check, struct str domain,
	       enum finding_grade missing)
{
	struct finding finding = {
		.id = "spf",
		.subject = check_subject(check, "", domain),
		.expected = spf_expected(check),
	};
	const struct rr *record = NULL;
	struct reply reply;
	size_t n = 0;

	authority_follow(check->authority, domain, RR_TXT, &reply);
	if (reply.status == DNS_TEMPORARY)
		return;
	for (size_t i = 0; i < reply.n; i++) {
		if (!spf_parse_is_record(reply.records[i].dns.data))
			continue;
		record = &reply.records[i];
		n++;
	}
	finding.seen = n == 1 ? record->text : reply_text(check->arena, &reply);
	if (n > 1) {
		check_fault(
			check, finding, "spf.several",
			"leave one of them, with the terms of all: \"millrace "
			"dns\" prints it. Two are an error for receivers");
	} else if (!n) {
		finding.id = "spf.missing";
		finding.grade = missing;
		finding.advice = "publish the SPF record that \"millrace "
				 "dns\" prints";
		check_add(check, finding);
	} else if (check_spf_syntax(check, finding, record)) {
		check_spf_outcome(check, finding, domain);
	}
}

/* Without what a split at the wrong place, or a panel, puts in or takes out. */
static struct str bare(struct arena *arena, struct str text)
{
	struct buf buf;

	buf_init(&buf, arena, TEXT_MAX);
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("\"\\ \t();", text.p[i], 7))
			buf_addc(&buf, text.p[i]);
	return buf_str(&buf);
}

/* The texts of all records, or of two in the other order, in one piece. */
static struct str join_records(struct arena *arena, const struct reply *reply,
			       bool backwards)
{
	struct buf buf;

	buf_init(&buf, arena, TEXT_MAX);
	for (size_t i = 0; i < reply->n; i++)
		buf_add(&buf, reply->records[backwards ? reply->n - 1 - i : i]
				      .dns.data);
	return buf_str(&buf);
}

/* Is there the right key, but in pieces, cut, or with quotes in it? */
static bool is_split(struct arena *arena, const struct reply *reply,
		     struct str want)
{
	struct str right = bare(arena, want);

	for (int backwards = 0; backwards < 2; backwards++) {
		struct str text =
			bare(arena, join_records(arena, reply, backwards != 0));

		if (text.n > KEY_BEGIN && text.n <= right.n &&
		    str_eq(text, str_sub(right, 0, text.n)))
			return true;
	}
	return false;
}

static void judge_key(struct dns_check *check, struct finding finding,
		      const struct reply *reply,
		      const struct dkim_identity *identity)
{
	struct str want, octets;
	struct dkim_key key;
	enum result result;

	if (dkim_key_record(identity->key, check->arena, &want) != OK ||
	    crypto_key_public(identity->key, check->arena, &octets) != OK)
		return;
	finding.expected = want.p;
	result = reply->n ? dkim_key_parse(check->arena,
					   reply->records[0].dns.data, &key)
			  : E_ABSENT;
	if (!reply->n)
		check_fault(check, finding, "dkim.missing",
			    "publish what \"millrace dns\" prints, or move the "
			    "private key away so that it does not sign");
	else if (reply->n == 1 && result == OK && !key.revoked &&
		 str_eq(key.octets, octets) && key.hashes[CRYPTO_SHA256])
		check_add(check, finding);
	else if (is_split(check->arena, reply, want))
		check_fault(
			check, finding, "dkim.split",
			"publish one TXT record with the whole text: strings of "
			"255 octets at most in one record, as \"millrace dns\" "
			"prints them, or one piece for a web panel");
	else if (reply->n > 1)
		check_fault(check, finding, "dkim.several",
			    "leave one TXT record at this name");
	else if (result != OK)
		check_fault(check, finding, "dkim.syntax",
			    arena_printf(check->arena,
					 "%s; publish what \"millrace "
					 "dns\" prints",
					 key.fault));
	else if (key.revoked)
		check_fault(
			check, finding, "dkim.revoked",
			"an empty p= says that the key is no longer good: sign "
			"with another one, or publish this one again");
	else
		check_fault(
			check, finding, "dkim.differs",
			"publish what \"millrace dns\" prints: signatures of "
			"this host fail with the key that is there");
}

static void check_dkim(struct dns_check *check, const struct domain *domain)
{
	struct finding finding = { .id = "dkim" };
	struct reply reply;

	if (!domain->keys.n) {
		finding.subject = check_subject(check, "", domain->name);
		finding.seen = "no private key";
		finding.expected = "a key of RSA and one of Ed25519";
		check_fault(check, finding, "dkim.none",
			    "make keys with \"millrace dkim keygen\"");
	}
	for (size_t i = 0; i < domain->keys.n; i++) {
		const struct dkim_identity *identity = &domain->keys.list[i];

		finding.subject = check_subject(
			check,
			arena_printf(check->arena, "%s._domainkey.",
				     identity->selector.p),
			domain->name);
		authority_follow(check->authority, str_from(finding.subject),
				 RR_TXT, &reply);
		if (reply.status == DNS_TEMPORARY)
			continue;
		finding.seen = reply_text(check->arena, &reply);
		judge_key(check, finding, &reply, identity);
	}
}

/* RFC 8461 section 3.1: letters and digits, 32 of them at most. */
static bool is_sts(struct arena *arena, const struct taglist *list)
{
	struct str id = taglist_value(list, "id", STR(""));

	(void)arena;
	for (size_t i = 0; i < id.n; i++) {
		char c = str_lower_byte(id.p[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			return false;
	}
	return id.n && id.n <= STS_ID_MAX;
}

/* RFC 8460 section 3 */
static bool is_tls_reports(struct arena *arena, const struct taglist *list)
{
	struct str rua = taglist_value(list, "rua", STR("")), uri;

	if (!rua.n)
		return false;
	while (str_cut(&rua, ',', &uri)) {
		uri = str_trim(uri);
		if (!str_istarts(uri, STR("https://")) &&
		    check_address_fault(arena, uri))
			return false;
	}
	return true;
}

/* Records that nobody needs, but that must be right where they are. */
static const struct optional {
	const char *prefix, *version, *begin; /* of one with a slip, too */
	const char *id, *several, *syntax;
	const char *expected;
	bool (*is_good)(struct arena *arena, const struct taglist *list);
	/* What there is to be checked behind a good one, or NULL. */
	void (*follow)(struct dns_check *check, struct str domain);
} optionals[] = {
	{ "_mta-sts.", "v=STSv1", "v=STS", "mta-sts", "mta-sts.several",
	  "mta-sts.syntax", "v=STSv1; id= and 1 to 32 letters and digits",
	  is_sts, check_sts_policy },
	{ "_smtp._tls.", "v=TLSRPTv1", "v=TLS", "tlsrpt", "tlsrpt.several",
	  "tlsrpt.syntax", "v=TLSRPTv1; rua=mailto:ADDRESS or https://...",
	  is_tls_reports, NULL },
};

static void check_optional(struct dns_check *check, struct str domain,
			   const struct optional *optional)
{
	struct finding finding = {
		.id = optional->id,
		.subject = check_subject(check, optional->prefix, domain),
		.expected = optional->expected,
	};
	const struct rr *record;
	struct taglist list;
	struct reply reply;
	size_t n;

	authority_follow(check->authority, str_from(finding.subject), RR_TXT,
			 &reply);
	if (!reply.n)
		return;
	n = count_texts(&reply, str_from(optional->version), &record);
	finding.seen = reply_text(check->arena, &reply);
	if (!n && !count_texts(&reply, str_from(optional->begin), &record))
		return; /* of a wildcard, say, which all leave out */
	if (n > 1) {
		check_fault(check, finding, optional->several,
			    "leave one of them: two are as none");
	} else if (!n ||
		   taglist_parse(check->arena, record->dns.data, &list) != OK ||
		   !optional->is_good(check->arena, &list)) {
		check_fault(check, finding, optional->syntax,
			    "mend the record, or take it out");
	} else {
		check_add(check, finding);
		if (optional->follow)
			optional->follow(check, domain);
	}
}

void check_texts(struct dns_check *check, const struct domain *domain)
{
	check_dkim(check, domain);
	check_dmarc(check, domain->name);
	for (size_t i = 0; i < sizeof(optionals) / sizeof(*optionals); i++)
		check_optional(check, domain->name, &optionals[i]);
}
