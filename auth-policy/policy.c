/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy.h"

#include <stdio.h>

#include "mail/buf.h"
#include "override.h"

enum { REPLY_MAX = 400 };

static const char *const actions[] = {
	[POLICY_ACCEPT] = "accept",	[POLICY_MARK] = "mark",
	[POLICY_HOLD] = "hold",		[POLICY_REJECT] = "reject",
	[POLICY_TEMPFAIL] = "tempfail",
};

const char *policy_action_name(enum policy_action action)
{
	return actions[action];
}

/* What the rows look at. */
struct facts {
	const struct derived *derived;
	const struct check_findings *found;
	const struct dmarc_result *dmarc; /* the strictest, may be NULL */
};

static bool has_no_author(const struct facts *facts)
{
	return facts->found->authors.unreadable;
}

static bool has_many_authors(const struct facts *facts)
{
	return facts->found->authors.fault != NULL;
}

/* The strictest that the policy can be, whatever DNS has not said yet. */
static enum dmarc_policy worst_policy(const struct dmarc_result *dmarc)
{
	const struct dmarc_record *record = &dmarc->record;

	if (!dmarc->tag)
		return DMARC_REJECT;
	if (record->has_np && !str_eq(dmarc->policy_domain, dmarc->author) &&
	    record->np > dmarc->policy)
		return record->np;
	return dmarc->policy;
}

/*
 * DNS left open what DMARC asked, or whether somebody whom the operator
 * trusts stands behind a message that fails; and it makes a difference.
 */
static bool is_open(const struct facts *facts)
{
	const struct dmarc_result *dmarc = facts->dmarc;

	if (!dmarc)
		return false;
	if (dmarc->auth == AUTH_TEMPERROR)
		return worst_policy(dmarc) != DMARC_NONE;
	return dmarc->auth == AUTH_FAIL && dmarc->disposition != DMARC_NONE &&
	       override_is_open(facts->derived, facts->found);
}

static bool is_disposed(const struct facts *facts, enum dmarc_policy policy)
{
	const struct dmarc_result *dmarc = facts->dmarc;

	return dmarc && dmarc->auth == AUTH_FAIL &&
	       dmarc->disposition == policy;
}

static bool is_reject(const struct facts *facts)
{
	return is_disposed(facts, DMARC_REJECT);
}

static bool is_quarantine(const struct facts *facts)
{
	return is_disposed(facts, DMARC_QUARANTINE);
}

static bool is_spf_fail(const struct facts *facts)
{
	return facts->found->has_spf &&
	       facts->found->mail_from.auth == AUTH_FAIL &&
	       !(facts->dmarc && facts->dmarc->auth == AUTH_PASS);
}

static bool is_all(const struct facts *facts)
{
	(void)facts;
	return true;
}

/*
 * The table: the first row that is true counts. A setting chooses between the
 * actions of a row, by its place among its choices; a row without a setting
 * has one action.
 */
static const struct rule {
	const char *what;
	bool (*is)(const struct facts *facts);
	const char *setting; /* NULL: none */
	size_t offset;	     /* of the setting, an int */
	enum policy_action actions[3];
	const char *reject, *tempfail; /* enhanced codes */
	bool may_override;
} rules[FINDINGS] = {
	[FINDING_NO_AUTHOR] = { "From field missing or unreadable",
				has_no_author,
				NULL,
				0,
				{ POLICY_REJECT },
				"5.7.1",
				NULL,
				false },
	[FINDING_MANY_AUTHORS] = { "several From fields or author domains",
				   has_many_authors,
				   "malformed_from",
				   offsetof(struct config, malformed_from),
				   { [MALFORMED_REJECT] = POLICY_REJECT,
				     [MALFORMED_EVALUATE] = POLICY_EVALUATE },
				   "5.7.1",
				   NULL,
				   false },
	[FINDING_DMARC_TEMPERROR] = { "DNS did not answer what DMARC asked",
				      is_open,
				      "temperror",
				      offsetof(struct config, temperror),
				      { [TEMPERROR_ACCEPT] = POLICY_ACCEPT,
					[TEMPERROR_TEMPFAIL] =
						POLICY_TEMPFAIL },
				      NULL,
				      "4.7.24",
				      true },
	[FINDING_DMARC_REJECT] = { "DMARC fails, the policy is reject",
				   is_reject,
				   NULL,
				   0,
				   { POLICY_REJECT },
				   "5.7.1",
				   NULL,
				   true },
	[FINDING_DMARC_QUARANTINE] = { "DMARC fails, the policy is quarantine",
				       is_quarantine,
				       "quarantine",
				       offsetof(struct config, quarantine),
				       { [QUARANTINE_HEADER] = POLICY_MARK,
					 [QUARANTINE_HOLD] = POLICY_HOLD,
					 [QUARANTINE_REJECT] = POLICY_REJECT },
				       "5.7.1",
				       NULL,
				       true },
	[FINDING_SPF_FAIL] = { "SPF fails, DMARC does not pass",
			       is_spf_fail,
			       "spf_fail",
			       offsetof(struct config, spf_fail),
			       { [SPF_FAIL_ACCEPT] = POLICY_ACCEPT,
				 [SPF_FAIL_REJECT] = POLICY_REJECT },
			       "5.7.23",
			       NULL,
			       true },
	[FINDING_NOTHING] = { "anything else",
			      is_all,
			      NULL,
			      0,
			      { POLICY_ACCEPT },
			      NULL,
			      NULL,
			      false },
};

static enum policy_action choose(const struct rule *rule,
				 const struct config *config)
{
	if (!rule->setting)
		return rule->actions[0];
	return rule
		->actions[*(const int *)((const char *)config + rule->offset)];
}

static enum finding find(const struct config *config, const struct facts *facts)
{
	enum finding finding = FINDING_NO_AUTHOR;

	while (!rules[finding].is(facts) ||
	       choose(&rules[finding], config) == POLICY_EVALUATE)
		finding++;
	return finding;
}

/*
 * In words with which the sender's administrator can do something. What makes
 * it too long for a line of SMTP is left out as a whole.
 */
static const char *explain(struct arena *arena, enum finding finding,
			   const struct check_findings *found)
{
	const struct dmarc_result *dmarc = found->strictest;
	struct buf buf;

	buf_init(&buf, arena, REPLY_MAX);
	switch (finding) {
	case FINDING_NO_AUTHOR:
	case FINDING_MANY_AUTHORS:
		buf_printf(&buf, "Refused: %s", found->authors.fault);
		break;
	case FINDING_DMARC_REJECT:
	case FINDING_DMARC_QUARANTINE:
		buf_printf(&buf, "DMARC policy of %.*s is %s",
			   STR_ARG(dmarc->author),
			   dmarc_policy_name(dmarc->disposition));
		buf_printf(&buf, ": %s", dmarc->reason);
		break;
	case FINDING_DMARC_TEMPERROR:
		buf_printf(&buf, "DMARC of %.*s can't be checked now",
			   STR_ARG(dmarc->author));
		buf_printf(&buf, ": %s",
			   dmarc->auth == AUTH_TEMPERROR
				   ? dmarc->reason
				   : "who passed it on can't be verified");
		break;
	case FINDING_SPF_FAIL:
		buf_add(&buf, STR("SPF: "));
		buf_add_printable(&buf, found->mail_from.domain);
		buf_printf(&buf, " does not let %s send for it",
			   ip_format(arena, &found->client.address).p);
		/* RFC 7208 section 6.2: whose words they are. */
		if (found->mail_from.explanation.p)
			buf_printf(&buf, "; it explains: %.*s",
				   STR_ARG(found->mail_from.explanation));
		break;
	case FINDING_NOTHING:
	case FINDINGS:
		return NULL;
	}
	return buf_c(&buf);
}

void policy_decide(struct arena *arena, const struct config *config,
		   const struct derived *derived,
		   const struct check_findings *findings,
		   struct decision *decision)
{
	const struct facts facts = { derived, findings, findings->strictest };
	const enum finding finding = find(config, &facts);
	const struct rule *rule = &rules[finding];

	*decision = (struct decision){
		.finding = finding,
		.action = choose(rule, config),
		.text = explain(arena, finding, findings),
	};
	if (rule->may_override && decision->action != POLICY_ACCEPT)
		decision->override = override_find(arena, derived, findings);
	if (decision->override)
		decision->action = POLICY_ACCEPT;
	if (decision->action == POLICY_REJECT) {
		decision->code = "550";
		decision->xcode = rule->reject;
	} else if (decision->action == POLICY_TEMPFAIL) {
		decision->code = "451";
		decision->xcode = rule->tempfail;
	}
}

void policy_print(FILE *to, const struct snapshot *snapshot)
{
	const struct config *config = snapshot->settings;

	fprintf(to, "# What is found, what is done, the reply, the setting:\n");
	for (int i = 0; i < FINDINGS; i++) {
		const struct rule *rule = &rules[i];
		enum policy_action action = choose(rule, config);
		const char *code = "";

		if (action == POLICY_REJECT)
			code = rule->reject;
		if (action == POLICY_TEMPFAIL)
			code = rule->tempfail;
		fprintf(to, "#   %-44s %-9s %-7s %s\n", rule->what,
			policy_action_name(action), code,
			rule->setting ? rule->setting : "");
	}
	if (config->dry_run)
		fprintf(to, "# dry_run: everything is accepted\n");
}
