/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc_check.h"

#include "domain.h"

struct check {
	const struct env *env;
	struct arena *arena;
	enum dmarc_discovery discovery;
	struct str author;
	struct dmarc_walk walk; /* of the author */
};

enum alignment { NOT_ALIGNED, PERHAPS_ALIGNED, ALIGNED };

/* What a mechanism contributes, the best last. */
enum outcome {
	NOTHING,   /* it did not pass */
	UNALIGNED, /* it passed for another domain */
	UNKNOWN,   /* DNS did not answer; it could have passed and aligned */
	PASSED,	   /* and it is aligned */
};

/* The best that a mechanism found, and for which domain. */
struct finding {
	enum outcome outcome;
	enum auth auth;
	struct str domain;
};

/* How many labels both have at their ends. */
static size_t count_common(struct str a, struct str b)
{
	size_t n = 0;

	while (a.n && b.n) {
		size_t x = str_find_last(a, '.'), y = str_find_last(b, '.');
		struct str label = str_sub(a, x < a.n ? x + 1 : 0, a.n);

		if (!str_eq(label, str_sub(b, y < b.n ? y + 1 : 0, b.n)))
			break;
		n++;
		a.n = x < a.n ? x : 0;
		b.n = y < b.n ? y : 0;
	}
	return n;
}

/* RFC 9989 section 4.10.2 */
static enum alignment align(const struct check *check, struct str domain,
			    bool strict)
{
	struct str org = check->walk.org, own;
	size_t common;

	if (str_eq(domain, check->author))
		return ALIGNED;
	/*
	 * An Organizational Domain is the domain itself or one above it: who
	 * is not within the author's can't have the same, and is not asked.
	 */
	common = count_common(domain, check->author);
	if (strict || !common || (org.n && !domain_is_within(domain, org)))
		return NOT_ALIGNED;
	/* Only a top-level domain in common: wait for the author's walk. */
	if (!org.n && common == 1)
		return PERHAPS_ALIGNED;
	if (!dmarc_walk_org(check->env, check->arena, check->discovery, domain,
			    &own) ||
	    !org.n)
		return PERHAPS_ALIGNED;
	return str_eq(own, org) ? ALIGNED : NOT_ALIGNED;
}

static struct finding find(const struct check *check, enum auth auth,
			   struct str domain, bool strict)
{
	struct finding finding = { NOTHING, auth, domain };
	enum alignment alignment;

	/* 4.4: softfail, neutral and policy authenticate nothing. */
	if ((auth != AUTH_PASS && auth != AUTH_TEMPERROR) || !domain.n)
		return finding;
	alignment = align(check, domain, strict);
	if (auth == AUTH_TEMPERROR)
		finding.outcome = alignment == NOT_ALIGNED ? NOTHING : UNKNOWN;
	else
		finding.outcome = alignment == ALIGNED	     ? PASSED
				  : alignment == NOT_ALIGNED ? UNALIGNED
							     : UNKNOWN;
	return finding;
}

/* 4.4.1: any of the signatures is enough. */
static struct finding find_dkim(const struct check *check,
				const struct dmarc_identifiers *identifiers,
				bool strict)
{
	struct finding best = { NOTHING, AUTH_NONE, STR("") };

	for (size_t i = 0; i < identifiers->n_dkim; i++) {
		const struct dkim_verdict *verdict = &identifiers->dkim[i];
		struct finding one =
			find(check, verdict->auth, verdict->domain, strict);

		if (one.outcome > best.outcome)
			best = one;
		if (best.outcome == PASSED)
			break;
	}
	return best;
}

static const char *describe(struct arena *arena, const char *mechanism,
			    const struct finding *finding, const char *strict)
{
	const char *end = ", which is aligned";

	if (finding->outcome == UNALIGNED)
		end = arena_printf(arena, ", which is not aligned%s", strict);
	if (finding->outcome == UNKNOWN && finding->auth == AUTH_PASS)
		end = ", but DNS did not say if that is aligned";
	else if (finding->outcome == UNKNOWN)
		return arena_printf(arena, "%s for %.*s had no answer from DNS",
				    mechanism, STR_ARG(finding->domain));
	return arena_printf(arena, "%s passed for %.*s%s", mechanism,
			    STR_ARG(finding->domain), end);
}

static const char *describe_spf(struct arena *arena,
				const struct finding *finding, bool strict)
{
	if (finding->outcome != NOTHING)
		return describe(arena, "SPF", finding,
				strict ? " (aspf=s)" : "");
	if (!finding->domain.n)
		return "SPF has no domain to check";
	return arena_printf(arena, "SPF did not pass for %.*s (%s)",
			    STR_ARG(finding->domain), auth_name(finding->auth));
}

static const char *describe_dkim(struct arena *arena,
				 const struct finding *finding, bool strict,
				 size_t n)
{
	if (finding->outcome != NOTHING)
		return describe(arena, "DKIM", finding,
				strict ? " (adkim=s)" : "");
	return n ? "no DKIM signature passed" : "there is no DKIM signature";
}

/* 4.10.1: p, sp or np? False when that depends on what DNS did not say. */
static bool choose_policy(const struct check *check,
			  struct dmarc_result *result)
{
	const struct dmarc_record *record = &result->record;
	struct dns_answer answer;

	result->tag = "p";
	result->policy = record->p;
	if (str_eq(result->policy_domain, check->author))
		return true;
	if (record->has_sp) {
		result->tag = "sp";
		result->policy = record->sp;
	}
	if (!record->has_np)
		return true;
	/* 3.2.13: NXDOMAIN, to a query of any type */
	dns_query(check->env->resolver, check->arena, check->author, DNS_A,
		  &answer);
	if (answer.status == DNS_NO_NAME) {
		result->tag = "np";
		result->policy = record->np;
	}
	return answer.status != DNS_TEMPORARY || record->np == result->policy;
}

static void use_record(const struct dmarc_step *step,
		       struct dmarc_result *result)
{
	result->policy_domain = step->domain;
	result->record = step->record;
}

static const char *describe_absence(const struct check *check)
{
	for (size_t i = 0; i < check->walk.n; i++)
		if (check->walk.steps[i].n > 1)
			return arena_printf(
				check->arena,
				"%.*s has more than one DMARC record",
				STR_ARG(check->walk.steps[i].domain));
	return arena_printf(check->arena, "no DMARC record for %.*s",
			    STR_ARG(check->author));
}

static const char *describe_silence(const struct check *check)
{
	const struct dmarc_step *step = check->walk.steps;

	while (step->found != E_TEMP)
		step++;
	return arena_printf(check->arena, "DNS did not answer for _dmarc.%.*s",
			    STR_ARG(step->domain));
}

/* 5.3.2: the record that applies; false when the check is over. */
static bool discover(const struct check *check, struct dmarc_result *result)
{
	const struct dmarc_step *step;
	enum result found = dmarc_walk_policy(&check->walk, &step);

	switch (found) {
	case OK:
		use_record(step, result);
		return true;
	case E_TEMP:
		result->auth = AUTH_TEMPERROR;
		result->reason = describe_silence(check);
		return true;
	case E_ABSENT:
		result->reason = describe_absence(check);
		return false;
	default:
		use_record(step, result);
		result->auth = AUTH_PERMERROR;
		result->reason =
			arena_printf(check->arena,
				     "the DMARC record of %.*s %s",
				     STR_ARG(step->domain),
				     found == E_LIMIT ? "is too long"
						      : "has no valid policy");
		return false;
	}
}

/* 4.7, t=y: one level below the policy */
static enum dmarc_policy dispose(const struct dmarc_result *result)
{
	if (result->record.testing && result->policy != DMARC_NONE)
		return (enum dmarc_policy)(result->policy - 1);
	return result->policy;
}

/* 5.3.3 to 5.3.6 */
static void judge(const struct check *check,
		  const struct dmarc_identifiers *identifiers,
		  struct dmarc_result *result)
{
	const bool strict_spf = result->record.strict_spf;
	const bool strict_dkim = result->record.strict_dkim;
	struct finding spf = find(check, identifiers->spf,
				  identifiers->spf_domain, strict_spf);
	struct finding dkim = find_dkim(check, identifiers, strict_dkim);
	const char *silence = "";
	bool known;

	/* All was asked that can be; without a record nothing is judged. */
	if (result->auth == AUTH_TEMPERROR)
		return;
	known = choose_policy(check, result);
	result->spf_aligned = spf.outcome == PASSED;
	result->dkim_aligned = dkim.outcome == PASSED;
	if (result->spf_aligned || result->dkim_aligned) {
		result->auth = AUTH_PASS;
	} else if (spf.outcome == UNKNOWN || dkim.outcome == UNKNOWN) {
		result->auth = AUTH_TEMPERROR;
	} else if (!known) {
		result->auth = AUTH_TEMPERROR;
		silence = "; DNS did not say if the author's domain exists";
	} else {
		result->auth = AUTH_FAIL;
		result->disposition = dispose(result);
	}
	result->reason =
		arena_printf(check->arena, "%s; %s%s",
			     describe_spf(check->arena, &spf, strict_spf),
			     describe_dkim(check->arena, &dkim, strict_dkim,
					   identifiers->n_dkim),
			     silence);
}

void dmarc_check(const struct env *env, struct arena *arena,
		 enum dmarc_discovery discovery, struct str author,
		 const struct dmarc_identifiers *identifiers,
		 struct dmarc_result *result)
{
	struct check check = { .env = env,
			       .arena = arena,
			       .discovery = discovery,
			       .author = author };

	*result = (struct dmarc_result){ .auth = AUTH_NONE,
					 .reason = "no Author Domain",
					 .author = author,
					 .policy_domain = STR(""),
					 .org_domain = STR("") };
	if (!author.n)
		return;
	dmarc_walk(env, arena, discovery, author, &check.walk);
	result->org_domain = check.walk.org;
	if (discover(&check, result))
		judge(&check, identifiers, result);
}
