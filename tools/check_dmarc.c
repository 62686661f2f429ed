/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_dns.h"
#include "mail/dmarc_walk.h"
#include "mail/domain.h"
#include "mail/taglist.h"
#include "milters/suffixes.h"

/* RFC 9989 section 4.7, and RFC 7489's tags that it retired. */
static const struct dmarc_tag {
	const char *name;
	const char *values; /* with spaces around each; NULL: any */
} dmarc_tags[] = {
	{ "v", NULL },
	{ "p", " none quarantine reject " },
	{ "sp", " none quarantine reject " },
	{ "np", " none quarantine reject " },
	{ "adkim", " r s " },
	{ "aspf", " r s " },
	{ "t", " y n " },
	{ "psd", " y n u " },
	{ "fo", NULL },
	{ "rua", NULL },
	{ "ruf", NULL },
	{ "pct", NULL },
	{ "rf", NULL },
	{ "ri", NULL },
};

/* The row of a tag; NULL when nobody knows it. */
static const struct dmarc_tag *find_tag(const struct tag *tag)
{
	for (size_t i = 0; i < sizeof(dmarc_tags) / sizeof(*dmarc_tags); i++)
		if (str_ieq(tag->name, str_from(dmarc_tags[i].name)))
			return &dmarc_tags[i];
	return NULL;
}

/* NULL, or what is wrong with the value of a tag. */
static const char *value_fault(struct arena *arena, const struct tag *tag)
{
	const struct dmarc_tag *row = find_tag(tag);
	const char *value =
		arena_printf(arena, " %s ", arena_lower(arena, tag->value).p);

	if (!row || !row->values ||
	    (str_find(tag->value, ' ') == tag->value.n &&
	     strstr(row->values, value)))
		return NULL;
	return arena_printf(arena, "%s=, one of%s", row->name, row->values);
}

/* Addresses for reports: mailto:, each; others are ignored by all. */
const char *check_address_fault(struct arena *arena, struct str list)
{
	struct str uri;

	while (str_cut(&list, ',', &uri))
		if (!str_istarts(str_trim(uri), STR("mailto:")) ||
		    str_find(uri, '@') == uri.n)
			return arena_printf(arena, "mailto:ADDRESS, not %.*s",
					    STR_ARG(uri));
	return NULL;
}

/* A record with a fault counts in parts, or not at all: no one knows. */
static const char *dmarc_fault(struct arena *arena, struct str text)
{
	struct dmarc_record record;
	struct taglist list;
	const char *wrong = NULL;
	enum result result = dmarc_record_parse(arena, text, &record);

	if (result == E_ABSENT)
		return "v=DMARC1; at the very beginning";
	if (taglist_parse(arena, text, &list) != OK)
		return "tags NAME=VALUE with a semicolon between them, none "
		       "twice";
	for (size_t i = 0; !wrong && i < list.n; i++)
		wrong = value_fault(arena, &list.tags[i]);
	if (!wrong && !taglist_find(&list, "p"))
		wrong = "a policy, p=";
	if (!wrong && record.rua.n)
		wrong = check_address_fault(arena, record.rua);
	if (!wrong && record.ruf.n)
		wrong = check_address_fault(arena, record.ruf);
	return wrong;
}

/* RFC 9989 section 4.7: ignored, but most often a slip. NULL: there is none. */
static const char *unknown_tag(struct arena *arena, struct str text)
{
	struct taglist list;

	if (taglist_parse(arena, text, &list) != OK)
		return NULL;
	for (size_t i = 0; i < list.n; i++)
		if (!find_tag(&list.tags[i]))
			return arena_printf(arena, "no tag %.*s=",
					    STR_ARG(list.tags[i].name));
	return NULL;
}

static bool same_organization(struct arena *arena,
			      const struct suffix_list *suffixes, struct str a,
			      struct str b)
{
	struct str x, y;

	return suffixes->registered(suffixes->context, arena, a, &x) &&
	       suffixes->registered(suffixes->context, arena, b, &y) &&
	       str_eq(x, y);
}

/* RFC 9990 section 4: who gets reports of others has to say that he wants. */
static void check_report_address(struct dns_check *check, struct str domain,
				 const struct suffix_list *suffixes,
				 struct str uri)
{
	struct str name, target;
	struct dns_answer answer;

	target = str_sub(uri, str_find_last(uri, '@') + 1, uri.n);
	target = str_sub(target, 0, str_find(target, '!'));
	if (domain_normalize(check->arena, target, &target) != OK ||
	    same_organization(check->arena, suffixes, domain, target))
		return;
	name = str_from(arena_printf(check->arena, "%.*s._report._dmarc.%.*s",
				     STR_ARG(domain), STR_ARG(target)));
	dns_query(authority_resolver(check->authority), check->arena, name,
		  DNS_TXT, &answer);
	for (size_t i = 0; answer.status == DNS_OK && i < answer.n; i++)
		if (str_istarts(answer.records[i].data, STR("v=DMARC1")))
			return;
	if (answer.status != DNS_TEMPORARY)
		check_add(
			check,
			(struct finding){
				.id = "dmarc.reports",
				.grade = FINDING_WARNING,
				.subject =
					check_subject(check, "_dmarc.", domain),
				.seen = arena_printf(check->arena,
						     "no record at %s", name.p),
				.expected = "\"v=DMARC1\" there",
				.advice = "publish it there, or take an "
					  "address of the domain's own: "
					  "without it no reports come" });
}

static void check_reports(struct dns_check *check, struct str domain,
			  struct str text)
{
	struct dmarc_record record;
	struct suffix_list suffixes;
	struct str uri;

	if (dmarc_record_parse(check->arena, text, &record) != OK ||
	    suffixes_new(NULL, &suffixes) != OK)
		return;
	while (record.rua.n && str_cut(&record.rua, ',', &uri))
		check_report_address(check, domain, &suffixes, str_trim(uri));
	suffixes_free(&suffixes);
}

/* What is meant for a record of DMARC, though it may have a fault. */
static size_t count_dmarc(struct arena *arena, const struct reply *reply,
			  const struct rr **first)
{
	size_t n = 0;

	*first = NULL;
	for (size_t i = 0; i < reply->n; i++) {
		const struct rr *record = &reply->records[i];
		struct dmarc_record parsed;

		if (!str_istarts(record->dns.data, STR("v=DMARC")) &&
		    dmarc_record_parse(arena, record->dns.data, &parsed) ==
			    E_ABSENT)
			continue;
		if (!n++)
			*first = record;
	}
	return n;
}

/* RFC 9989 section 4.10.1: a domain above may speak for it, though not for
 * those that it is only a suffix of. */
static bool has_policy_above(struct dns_check *check, struct finding finding,
			     struct str domain)
{
	const struct env env = {
		.resolver = authority_resolver(check->authority),
	};
	const struct dmarc_step *step;
	struct dmarc_walk walk;

	dmarc_walk(&env, check->arena, DMARC_TREEWALK, domain, &walk);
	if (dmarc_walk_policy(&walk, &step) != OK || step == walk.steps ||
	    step->record.psd == DMARC_PSD_YES)
		return false;
	finding.seen = arena_printf(check->arena, "%s, by _dmarc.%.*s",
				    dmarc_policy_name(step->record.sp),
				    STR_ARG(step->domain));
	check_add(check, finding);
	return true;
}

void check_dmarc(struct dns_check *check, struct str domain)
{
	struct finding finding = {
		.id = "dmarc",
		.subject = check_subject(check, "_dmarc.", domain),
		.expected = "one record, v=DMARC1; p=...",
	};
	const struct rr *record;
	struct reply reply;
	const char *wrong;
	size_t n;

	authority_follow(check->authority, str_from(finding.subject), RR_TXT,
			 &reply);
	if (reply.status == DNS_TEMPORARY)
		return;
	n = count_dmarc(check->arena, &reply, &record);
	finding.seen = reply_text(check->arena, &reply);
	if (!n && has_policy_above(check, finding, domain))
		return;
	if (!n) {
		check_fault(
			check, finding, "dmarc.missing",
			"publish the record that \"millrace dns\" prints: Gmail "
			"and others ask for one");
		return;
	}
	if (n > 1) {
		check_fault(check, finding, "dmarc.several",
			    "leave one of them: two are as none");
		return;
	}
	wrong = dmarc_fault(check->arena, record->dns.data);
	if (wrong) {
		finding.expected = wrong;
		check_fault(
			check, finding, "dmarc.syntax",
			"mend the record; \"millrace dns\" prints a good one");
		return;
	}
	wrong = unknown_tag(check->arena, record->dns.data);
	if (wrong) {
		finding.expected = wrong;
		finding.id = "dmarc.tag";
		finding.grade = FINDING_WARNING;
		finding.advice = "all ignore such a tag: mend its name, or "
				 "take it out";
	}
	check_add(check, finding);
	check_reports(check, domain, record->dns.data);
}
