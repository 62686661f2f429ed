/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_dns.h"
#include "mail/buf.h"
#include "milters/resolver.h"
#include "probe.h"
#include "records.h"

/*
 * TLSA records as clients of SMTP take them (RFC 7672): one of those that can
 * be used must match what port 25 shows at each address; the others may be
 * there for the next certificate, or the last one.
 */

/* No look begins after the second of these, as in check_ports.c. */
enum { SECONDS = 30, ALL_SECONDS = 120 };

/* RFC 7672 section 2.1.3: without DNSSEC nobody may use the record. */
static void check_signed(struct dns_check *check, struct finding finding)
{
	struct str zone;

	if (!authority_is_unsigned(check->authority, check->host->name, &zone))
		return;
	finding.id = "tlsa.unsigned";
	finding.grade = FINDING_WARNING;
	finding.seen =
		arena_printf(check->arena, "no DS record of %.*s at its parent",
			     STR_ARG(zone));
	finding.expected = "a zone that is signed";
	finding.advice = "have the zone signed (DNSSEC), or take the TLSA "
			 "record out: nobody uses it";
	check_add(check, finding);
}

/* What of a record is shown when it can't be taken. */
static const char *describe(struct dns_check *check, struct str data,
			    const char *why)
{
	const unsigned char *p = (const unsigned char *)data.p;

	if (data.n < TLSA_NUMBERS)
		return arena_printf(check->arena, "%zu octets in all: %s",
				    data.n, why);
	return arena_printf(check->arena, "%u %u %u and %zu octets: %s", p[0],
			    p[1], p[2], data.n - TLSA_NUMBERS, why);
}

/* Records with the same fault, and the first of them in words. */
struct flaws {
	size_t n;
	const char *first;
};

static void add_flaw(struct flaws *flaws, const char *text)
{
	if (!flaws->n++)
		flaws->first = text;
}

static const char *flaws_text(struct dns_check *check,
			      const struct flaws *flaws)
{
	return flaws->n == 1 ? flaws->first
			     : arena_printf(check->arena,
					    "%zu records, the first: %s",
					    flaws->n, flaws->first);
}

static void tell_flaws(struct dns_check *check, struct finding finding,
		       const struct flaws *malformed,
		       const struct flaws *unusable)
{
	if (malformed->n) {
		finding.seen = flaws_text(check, malformed);
		finding.expected = "a record of RFC 6698, such as 3 1 1 and "
				   "the 32 octets of a SHA-256";
		check_fault(check, finding, "tlsa.syntax",
			    "mend it, or take it out: some clients leave it "
			    "out, others fail");
	}
	if (unusable->n) { /* RFC 7672 section 3.1.3 */
		finding.id = "tlsa.usage";
		finding.grade = FINDING_WARNING;
		finding.seen = flaws_text(check, unusable);
		finding.expected = "usage 3 or 2: senders of mail have no list "
				   "of authorities that 0 and 1 could mean";
		finding.advice = "publish the TLSA record that \"millrace "
				 "dns\" prints in its place";
		check_add(check, finding);
	}
}

/* The number of records that clients can use, each of which `dane` gets. */
static size_t add_records(struct dns_check *check, struct finding finding,
			  const struct reply *reply, struct dane *dane)
{
	struct flaws malformed = { 0 }, unusable = { 0 };

	for (size_t i = 0; i < reply->n; i++) {
		struct str data = reply->records[i].data;
		const char *why = "the three numbers are not all there";

		if (data.n >= TLSA_NUMBERS &&
		    (unsigned char)data.p[0] < TLSA_USAGE_TA) {
			add_flaw(&unusable, reply->records[i].text);
			continue;
		}
		if (data.n >= TLSA_NUMBERS)
			why = dane_add(dane, check->arena, data);
		if (why)
			add_flaw(&malformed, describe(check, data, why));
	}
	tell_flaws(check, finding, &malformed, &unusable);
	return reply->n - malformed.n - unusable.n;
}

/* False when nothing was shown there. */
static bool judge_address(struct dns_check *check, struct dane *dane,
			  const struct ip *address, const char **why)
{
	const struct probe_target target = {
		.address = *address,
		.port = 25,
		.name = arena_copy(check->arena, check->host->name).p,
		.seconds = SECONDS,
	};
	struct smtp_reply reply;
	struct probe *probe;
	bool is_shown =
		probe_open(check->arena, &target, &probe, &reply) == OK &&
		probe_hello(probe, &reply) == OK && probe_starttls(probe) == OK;

	if (is_shown) {
		*why = probe_dane_fault(probe, dane);
		probe_ask(probe, STR("QUIT"), &reply);
	}
	probe_close(probe);
	return is_shown;
}

/* What is shown at port 25, or else would be by the file; false when neither
 * is known. *where is the place that *why is about. */
static bool judge(struct dns_check *check, struct dane *dane,
		  const char **where, const char **why)
{
	const struct own_host *host = check->host;
	int64_t end = resolver_now() + ALL_SECONDS * 1000;
	bool is_shown = false;

	*why = NULL;
	for (size_t i = 0; !check->context->dns_only && !*why && i < host->n &&
			   resolver_now() < end;
	     i++) {
		*where = ip_format(check->arena, &host->addresses[i]).p;
		if (judge_address(check, dane, &host->addresses[i], why))
			is_shown = true;
	}
	if (is_shown || !host->certificate)
		return is_shown;
	*where = host->certificate;
	*why = dane_file_fault(dane, check->arena, host->certificate);
	return true;
}

static void check_match(struct dns_check *check, struct finding finding,
			struct dane *dane)
{
	const char *where, *why;

	if (!judge(check, dane, &where, &why))
		return;
	if (!check->host->certificate ||
	    records_tlsa(check->arena, check->host->certificate,
			 &finding.expected) != OK)
		finding.expected = "one record that matches the certificate of "
				   "port 25";
	if (!why) {
		check_add(check, finding);
		return;
	}
	finding.seen = arena_printf(check->arena, "%s; %s: %s", finding.seen,
				    where, why);
	check_fault(check, finding, "tlsa.differs",
		    "publish the TLSA record that \"millrace dns\" prints, the "
		    "old one beside it until its time to live is over");
}

void check_tlsa(struct dns_check *check)
{
	struct finding finding = {
		.id = "tlsa",
		.subject = check_subject(check, "_25._tcp.", check->host->name),
	};
	struct dane *dane;
	struct reply reply;

	/* RFC 7671 section 7: it may be an alias. */
	authority_follow(check->authority, str_from(finding.subject), RR_TLSA,
			 &reply);
	if (!reply.n)
		return;
	finding.seen = reply_text(check->arena, &reply);
	check_signed(check, finding);
	dane = dane_new(arena_copy(check->arena, check->host->name).p);
	if (dane && add_records(check, finding, &reply, dane))
		check_match(check, finding, dane);
	dane_free(dane);
}
