/* SPDX-License-Identifier: BSD-2-Clause */
#include "spf_merge.h"

#include "mail/buf.h"
#include "mail/limits.h"
#include "mail/spf_parse.h"

enum { RECORD_MAX = 8192 };

/* What the published records say, taken apart. */
struct terms {
	struct buf others; /* each with a space before it */
	struct str all;	   /* "~all", or empty */
	struct str redirect;
};

/* RFC 7600 section 4, RFC 6666: addresses that no host has. */
static const struct ip nobody = { .octets = { 192, 0, 0, 8 } };

static void check_as(struct arena *arena, const struct dns_resolver *resolver,
		     const struct ip *address, const struct own_host *host,
		     struct str domain, struct spf_result *result)
{
	const struct spf_client client = { .address = *address,
					   .helo = host->name };
	const struct env env = { .resolver = resolver };
	struct str sender = str_from(
		arena_printf(arena, "postmaster@%.*s", STR_ARG(domain)));

	spf_check_mail_from(&env, arena, &client, sender, result);
}

void spf_outcome(struct arena *arena, const struct dns_resolver *resolver,
		 const struct own_host *host, struct str domain,
		 struct spf_outcome *outcome)
{
	struct spf_result result;

	*outcome = (struct spf_outcome){ .n_failed = 0 };
	for (size_t i = 0; i < host->n; i++) {
		check_as(arena, resolver, &host->addresses[i], host, domain,
			 &result);
		if (result.auth == AUTH_PASS || outcome->n_failed++)
			continue;
		outcome->failed = host->addresses[i];
		outcome->result = result;
	}
	check_as(arena, resolver, &nobody, host, domain, &outcome->other);
}

/* The first term of a text, cut off; empty at the end. */
static struct str cut_term(struct str *text)
{
	struct str term = STR("");

	while (!term.n && str_cut(text, ' ', &term))
		;
	return term;
}

static bool is_term(struct arena *arena, struct str term)
{
	struct spf_record record;
	const char *fault,
		*text = arena_printf(arena, "v=spf1 %.*s", STR_ARG(term));

	return spf_parse(arena, str_from(text), &record, &fault) == OK;
}

/* "all" with any qualifier. */
static bool is_all(struct str term)
{
	if (term.n && memchr("+-~?", term.p[0], 4))
		term = str_sub(term, 1, term.n);
	return str_ieq(term, STR("all"));
}

static bool has_term(struct str text, struct str term)
{
	struct str other;

	while ((other = cut_term(&text)).n)
		if (str_ieq(other, term))
			return true;
	return false;
}

static void add_terms(struct arena *arena, struct str text, struct terms *terms)
{
	struct str term;

	cut_term(&text); /* v=spf1 */
	while ((term = cut_term(&text)).n) {
		if (!is_term(arena, term))
			continue;
		if (is_all(term)) {
			/* Of several the milder one: it lets more pass. */
			if (!terms->all.n || terms->all.p[0] == '-')
				terms->all = term;
		} else if (str_istarts(term, STR("redirect="))) {
			terms->redirect = term;
		} else if (!has_term(buf_str(&terms->others), term)) {
			buf_addc(&terms->others, ' ');
			buf_add(&terms->others, term);
		}
	}
}

/* "+all" and "?all" say nothing; "~all" leaves the rest to DKIM and DMARC. */
static struct str last_term(const struct terms *terms)
{
	if (terms->all.n && (terms->all.p[0] == '-' || terms->all.p[0] == '~'))
		return terms->all;
	if (!terms->all.n && terms->redirect.n)
		return terms->redirect;
	return STR("~all");
}

static struct str assemble(struct arena *arena, const char *host,
			   struct terms *terms)
{
	struct str last = last_term(terms);

	return str_from(arena_printf(arena, "v=spf1%s%s %.*s", host,
				     buf_c(&terms->others), STR_ARG(last)));
}

/* The host's addresses as terms, which need no look-up. */
static const char *address_terms(struct arena *arena,
				 const struct own_host *host)
{
	struct buf buf;

	buf_init(&buf, arena, RECORD_MAX);
	for (size_t i = 0; i < host->n; i++)
		buf_printf(&buf, " %s:%s",
			   host->addresses[i].six ? "ip6" : "ip4",
			   ip_format(arena, &host->addresses[i]).p);
	return buf_c(&buf);
}

struct str spf_merge(struct arena *arena, const struct dns_resolver *resolver,
		     const struct own_host *host, struct str domain, bool mx,
		     const struct dns_answer *published)
{
	struct overlay overlay = { .base = resolver,
				   .host = host,
				   .addresses = true,
				   .domain = domain,
				   .mx = mx };
	struct dns_resolver as_it_will_be = overlay_resolver(&overlay);
	struct spf_outcome outcome;
	struct terms terms = { .all = STR(""), .redirect = STR("") };
	const char *by_name =
		arena_printf(arena, " a:%.*s", STR_ARG(host->name));

	buf_init(&terms.others, arena, RECORD_MAX);
	for (size_t i = 0; i < published->n; i++)
		if (spf_parse_is_record(published->records[i].data))
			add_terms(arena, published->records[i].data, &terms);
	overlay.spf = assemble(arena, "", &terms);
	spf_outcome(arena, &as_it_will_be, host, domain, &outcome);
	if (!outcome.n_failed && outcome.other.terms <= LIMIT_SPF_TERMS)
		return overlay.spf;
	overlay.spf = assemble(arena, by_name, &terms);
	spf_outcome(arena, &as_it_will_be, host, domain, &outcome);
	if (outcome.other.terms <= LIMIT_SPF_TERMS)
		return overlay.spf;
	return assemble(arena, address_terms(arena, host), &terms);
}
