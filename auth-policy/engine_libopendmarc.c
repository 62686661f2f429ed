/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine_library.h"

#include <stdlib.h>

#include <opendmarc/dmarc.h>

#include "mail/domain.h"
#include "mail/limits.h"
#include "mail/taglist.h"

/*
 * libopendmarc 1.4 as an engine: its reading of records, its alignment and
 * its policy, by RFC 7489; it knows no tree walk. A context is made for each
 * question and freed. What is the process's own in the library is left alone:
 * its list of suffixes, its resolver (libc's), and what would ask that one.
 * Records are looked up here, and organizational domains are env->suffixes'.
 *
 * What it does to those who trust it, and the guard:
 *
 * - It takes C strings, and domains of any form into buffers of fixed size:
 *   records with NUL or of more than LIMIT_DMARC_RECORD octets are malformed,
 *   and identifiers that are no domain name don't count.
 * - A signature that failed can put one that passed out of its mind: it is
 *   told of passes only.
 * - It loses a first label of one letter, so that x.com is aligned with all
 *   of com, and aligns example.com with com, also when it has a list: what is
 *   not aligned by section 3.1 is kept from it.
 * - It rejects for good where DNS gave no answer: see evaluate().
 *
 * So it can say that less is aligned than is, never more. Without a list,
 * relaxed alignment is the library's without its file: with the domains above
 * and below one.
 */

struct check {
	const struct env *env;
	struct arena *arena;
	const struct dmarc_identifiers *identifiers;
	struct str record; /* with a NUL behind it */
	struct dmarc_result *result;
};

enum found { FOUND, ABSENT, TEMPORARY };

static u_char *c_string(struct arena *arena, struct str s)
{
	return (u_char *)arena_copy(arena, s).p;
}

/* The organizational domain; empty for a public suffix. */
static struct str org_of(const struct check *check, struct str domain)
{
	const struct suffix_list *list = check->env->suffixes;
	struct str org;

	if (!list)
		return domain;
	return list->registered(list->context, check->arena, domain, &org)
		       ? org
		       : STR("");
}

/* RFC 7489 section 6.6.3, steps 1 to 5, for one domain. */
static enum found look_up(struct check *check, struct str domain)
{
	const struct str version = STR("v=DMARC1");
	struct str name = str_from(
		arena_printf(check->arena, "_dmarc.%.*s", STR_ARG(domain)));
	struct dns_answer answer;
	size_t n = 0;

	dns_query(check->env->resolver, check->arena, name, DNS_TXT, &answer);
	if (answer.status == DNS_TEMPORARY)
		return TEMPORARY;
	for (size_t i = 0; answer.status == DNS_OK && i < answer.n; i++) {
		struct str text = answer.records[i].data;

		if (text.n < version.n ||
		    !str_eq(str_sub(text, 0, version.n), version))
			continue;
		check->record = arena_copy(check->arena, text);
		n++;
	}
	if (n != 1)
		return ABSENT;
	check->result->policy_domain = domain;
	return FOUND;
}

static enum found find_record(struct check *check)
{
	struct dmarc_result *result = check->result;
	enum found found = look_up(check, result->author);

	if (found == ABSENT && result->org_domain.n &&
	    !str_eq(result->org_domain, result->author))
		found = look_up(check, result->org_domain);
	return found;
}

/* A context that has the record; NULL when that is malformed. */
static DMARC_POLICY_T *new_context(struct check *check)
{
	const struct dmarc_result *result = check->result;
	bool own = str_eq(result->policy_domain, result->author);
	u_char none[] = "";
	DMARC_POLICY_T *context =
		arena_must(opendmarc_policy_connect_init(none, 0));

	if (opendmarc_policy_store_dmarc(
		    context, c_string(check->arena, check->record),
		    c_string(check->arena, result->author),
		    own ? NULL : c_string(check->arena, result->org_domain)) ==
	    DMARC_PARSE_OKAY)
		return context;
	opendmarc_policy_connect_shutdown(context);
	return NULL;
}

/* RFC 7489 section 3.1. Both are in normal form. */
static bool is_aligned(const struct check *check, struct str domain,
		       bool strict)
{
	struct str author = check->result->author;

	if (str_eq(domain, author))
		return true;
	if (strict)
		return false;
	if (!check->env->suffixes)
		return domain_is_within(domain, author) ||
		       domain_is_within(author, domain);
	return check->result->org_domain.n &&
	       str_eq(check->result->org_domain, org_of(check, domain));
}

/*
 * The name to hand over for an identifier, empty for none. In relaxed mode it
 * is the organizational domain, where the library's own list would lead it.
 */
static struct str aligned_name(const struct check *check, struct str domain,
			       bool strict)
{
	struct str normal;

	if (domain_normalize(check->arena, domain, &normal) != OK ||
	    !is_aligned(check, normal, strict))
		return STR("");
	return strict || !check->result->org_domain.n || !check->env->suffixes
		       ? normal
		       : check->result->org_domain;
}

static void store_spf(struct check *check, DMARC_POLICY_T *context)
{
	struct str name = aligned_name(check, check->identifiers->spf_domain,
				       check->result->record.strict_spf);

	if (name.n)
		opendmarc_policy_store_spf(context,
					   c_string(check->arena, name),
					   DMARC_POLICY_SPF_OUTCOME_PASS,
					   DMARC_POLICY_SPF_ORIGIN_MAILFROM,
					   NULL);
}

static void store_dkim(struct check *check, DMARC_POLICY_T *context,
		       const struct dkim_verdict *verdict)
{
	struct str name = aligned_name(check, verdict->domain,
				       check->result->record.strict_dkim);

	if (name.n)
		opendmarc_policy_store_dkim(context,
					    c_string(check->arena, name), NULL,
					    DMARC_POLICY_DKIM_OUTCOME_PASS,
					    NULL);
}

/* What the library says to enforce; `hopeful`: if DNS had answered well. */
static int enforce(struct check *check, bool hopeful)
{
	const struct dmarc_identifiers *identifiers = check->identifiers;
	DMARC_POLICY_T *context = new_context(check);
	int policy, dkim = 0, spf = 0;

	if (identifiers->spf == AUTH_PASS ||
	    (hopeful && identifiers->spf == AUTH_TEMPERROR))
		store_spf(check, context);
	for (size_t i = 0; i < identifiers->n_dkim; i++) {
		const struct dkim_verdict *verdict = &identifiers->dkim[i];

		if (verdict->auth == AUTH_PASS ||
		    (hopeful && verdict->auth == AUTH_TEMPERROR))
			store_dkim(check, context, verdict);
	}
	policy = opendmarc_get_policy_to_enforce(context);
	opendmarc_policy_fetch_alignment(context, &dkim, &spf);
	if (!hopeful) {
		check->result->dkim_aligned =
			dkim == DMARC_POLICY_DKIM_ALIGNMENT_PASS;
		check->result->spf_aligned =
			spf == DMARC_POLICY_SPF_ALIGNMENT_PASS;
	}
	opendmarc_policy_connect_shutdown(context);
	return policy;
}

static enum dmarc_policy policy_of(int letter)
{
	return letter == DMARC_RECORD_P_REJECT	     ? DMARC_REJECT
	       : letter == DMARC_RECORD_P_QUARANTINE ? DMARC_QUARANTINE
						     : DMARC_NONE;
}

/* What the library read in the record. False when it is malformed. */
static bool read_record(struct check *check)
{
	struct dmarc_record *record = &check->result->record;
	DMARC_POLICY_T *context = NULL;
	int p = 0, sp = 0, adkim = 0, aspf = 0, pct = 100;
	struct taglist tags;

	if (check->record.n <= LIMIT_DMARC_RECORD &&
	    str_find(check->record, '\0') == check->record.n)
		context = new_context(check);
	if (!context)
		return false;
	opendmarc_policy_fetch_p(context, &p);
	opendmarc_policy_fetch_sp(context, &sp);
	opendmarc_policy_fetch_adkim(context, &adkim);
	opendmarc_policy_fetch_aspf(context, &aspf);
	opendmarc_policy_fetch_pct(context, &pct);
	check->result->tag = opendmarc_get_policy_token_used(context) ==
					     DMARC_USED_POLICY_IS_SP
				     ? "sp"
				     : "p";
	opendmarc_policy_connect_shutdown(context);
	record->p = policy_of(p);
	record->sp =
		sp == DMARC_RECORD_P_UNSPECIFIED ? record->p : policy_of(sp);
	record->has_sp = sp != DMARC_RECORD_P_UNSPECIFIED;
	record->np = record->sp;
	record->strict_dkim = adkim == DMARC_RECORD_A_STRICT;
	record->strict_spf = aspf == DMARC_RECORD_A_STRICT;
	record->testing = pct == 0;
	/* The library would ask DNS who may get reports, so not by it. */
	if (taglist_parse(check->arena, check->record, &tags) != OK)
		tags.n = 0;
	record->fo = taglist_value(&tags, "fo", STR("0"));
	record->rua = taglist_value(&tags, "rua", STR(""));
	record->ruf = taglist_value(&tags, "ruf", STR(""));
	return true;
}

/* RFC 7489 section 6.6.4: none of the mail is in a sample of 0 %. */
static enum dmarc_policy weaker(enum dmarc_policy policy)
{
	return policy == DMARC_NONE ? DMARC_NONE : policy - 1;
}

static void evaluate(struct check *check)
{
	struct dmarc_result *result = check->result;
	int policy = enforce(check, false);

	result->policy = strcmp(result->tag, "sp") == 0 ? result->record.sp
							: result->record.p;
	if (policy == DMARC_POLICY_PASS) {
		result->auth = AUTH_PASS;
		result->reason = "libopendmarc: aligned";
		return;
	}
	/* What had passed if DNS had answered must not be refused for good. */
	if (enforce(check, true) == DMARC_POLICY_PASS) {
		result->auth = AUTH_TEMPERROR;
		result->reason = "DNS gave no answer for what may be aligned";
		return;
	}
	result->auth = AUTH_FAIL;
	result->reason = "libopendmarc: nothing aligned passed";
	result->disposition = result->record.testing ? weaker(result->policy)
						     : result->policy;
}

void engine_libopendmarc_check(const struct env *env, struct arena *arena,
			       enum dmarc_discovery discovery,
			       struct str author,
			       const struct dmarc_identifiers *identifiers,
			       struct dmarc_result *result)
{
	struct check check = { .env = env,
			       .arena = arena,
			       .identifiers = identifiers,
			       .result = result };

	(void)discovery;
	*result = (struct dmarc_result){ .author = author };
	if (!dns_is_name(author)) {
		result->reason = "the author's domain is no domain name";
		return;
	}
	result->org_domain = org_of(&check, author);
	switch (find_record(&check)) {
	case TEMPORARY:
		result->auth = AUTH_TEMPERROR;
		result->reason = "DNS gave no answer for a DMARC record";
		return;
	case ABSENT:
		result->reason = "there is no DMARC record";
		return;
	case FOUND:
		break;
	}
	if (read_record(&check)) {
		evaluate(&check);
		return;
	}
	result->policy_domain = STR("");
	result->auth = AUTH_PERMERROR;
	result->reason = "libopendmarc does not take the DMARC record";
}
