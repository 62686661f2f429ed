/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include "compare.h"
#include "mail/buf.h"
#include "mail/domain.h"

struct check {
	struct arena *arena;
	const struct check_rules *rules;
	const struct env *env;
	struct inquiry *inquiry;
	struct check_findings findings;
	struct dkim_verifier *dkim;
	struct arc_verifier *arc;
	bool spf_done, keys_done, dmarc_done; /* no answer was missing */
	/* What the engines say that are there to be compared. */
	struct spf_result other_spf;
	struct dmarc_result *other_dmarc;
};

enum { DIFFERENCES_MAX = 1000 };

/* Are there new answers, so that what was asked must be asked again? */
static bool is_news(struct check *check)
{
	return check->inquiry && inquiry_wait(check->inquiry);
}

/* Asks, unless it is done: then nothing could be said that is new. */
static void ask(struct check *check, void (*question)(struct check *),
		bool *done)
{
	size_t missing = check->inquiry ? inquiry_missing(check->inquiry) : 0;

	if (*done)
		return;
	question(check);
	*done = !check->inquiry || inquiry_missing(check->inquiry) == missing;
}

static void ask_spf(struct check *check)
{
	const struct check_rules *rules = check->rules;
	struct check_findings *found = &check->findings;

	if (!found->has_spf)
		return;
	/* DMARC asks for the domain of a pass. */
	check->dmarc_done = false;
	rules->spf->mail_from(check->env, check->arena, &found->client,
			      found->sender, &found->mail_from);
	if (rules->other_spf)
		rules->other_spf->mail_from(check->env, check->arena,
					    &found->client, found->sender,
					    &check->other_spf);
	/* RFC 7208 section 2.4: with the null sender they are one. */
	if (found->sender.n)
		rules->spf->helo(check->env, check->arena, &found->client,
				 &found->helo);
	else
		found->helo = found->mail_from;
}

struct check *check_new(struct arena *arena, const struct check_rules *rules,
			const struct env *env, struct inquiry *inquiry,
			const struct check_envelope *envelope)
{
	struct check *check = ARENA_NEW(arena, struct check, 1);

	check->arena = arena;
	check->rules = rules;
	check->env = env;
	check->inquiry = inquiry;
	check->findings.has_spf = envelope->client != NULL;
	if (envelope->client)
		check->findings.client = *envelope->client;
	check->findings.sender = envelope->sender;
	ask(check, ask_spf, &check->spf_done);
	return check;
}

void check_free(struct check *check)
{
	if (!check)
		return;
	dkim_verify_free(check->dkim);
	arc_verify_free(check->arc);
}

static void ask_txt(struct check *check, struct str name)
{
	struct dns_answer answer;

	dns_query(check->env->resolver, check->arena, name, DNS_TXT, &answer);
}

static void ask_keys(struct check *check)
{
	struct str name;

	for (size_t i = 0; dkim_verify_key_name(check->dkim, i, &name); i++)
		ask_txt(check, name);
	for (size_t i = 0;
	     check->arc && arc_verify_key_name(check->arc, i, &name); i++)
		ask_txt(check, name);
}

/* The domain that SPF says something of, as DMARC compares it. */
static struct str spf_domain(const struct check *check)
{
	struct str normal;

	if (check->findings.has_spf &&
	    domain_normalize(check->arena, check->findings.mail_from.domain,
			     &normal) == OK)
		return normal;
	return STR("");
}

static void ask_dmarc(struct check *check)
{
	const struct check_rules *rules = check->rules;
	struct check_findings *found = &check->findings;
	const struct dmarc_identifiers identifiers = {
		.spf = found->has_spf ? found->mail_from.auth : AUTH_NONE,
		.spf_domain = spf_domain(check),
		.dkim = found->dkim.list,
		.n_dkim = found->dkim.n,
	};

	for (size_t i = 0; i < found->authors.n; i++) {
		const struct str author = found->authors.domains[i];

		rules->dmarc->check(check->env, check->arena, rules->discovery,
				    author, &identifiers, &found->dmarc[i]);
		if (rules->other_dmarc)
			rules->other_dmarc->check(check->env, check->arena,
						  rules->discovery, author,
						  &identifiers,
						  &check->other_dmarc[i]);
	}
}

enum result check_header(struct check *check, const struct message *message)
{
	struct check_findings *found = &check->findings;
	struct authors *authors = &found->authors;

	authors_find(check->arena, message, authors);
	found->dmarc =
		ARENA_NEW(check->arena, struct dmarc_result, authors->n + 1);
	check->other_dmarc =
		ARENA_NEW(check->arena, struct dmarc_result, authors->n + 1);
	check->dkim =
		dkim_verify_begin(check->arena, &check->rules->dkim, message,
				  authors->n ? authors->domains[0] : STR(""));
	if (!check->dkim)
		return E_CRYPTO;
	if (check->rules->arc) {
		check->arc = arc_verify_begin(
			check->arena, check->rules->dkim.short_keys, message);
		if (!check->arc)
			return E_CRYPTO;
	}
	ask(check, ask_keys, &check->keys_done);
	ask(check, ask_dmarc, &check->dmarc_done);
	return OK;
}

void check_body(struct check *check, struct str chunk)
{
	dkim_verify_body(check->dkim, chunk);
	if (check->arc)
		arc_verify_body(check->arc, chunk);
}

/* The order of DMARC's results from the mildest to the strictest. */
static int strictness(const struct dmarc_result *result)
{
	if (result->auth == AUTH_FAIL && result->disposition > DMARC_NONE)
		return 2 + (int)result->disposition;
	if (result->auth == AUTH_TEMPERROR)
		return 2;
	return result->auth != AUTH_PASS;
}

static void choose_strictest(struct check_findings *found)
{
	for (size_t i = 0; i < found->authors.n; i++)
		if (!found->strictest ||
		    strictness(&found->dmarc[i]) > strictness(found->strictest))
			found->strictest = &found->dmarc[i];
}

static bool is_native(const char *engine)
{
	return strcmp(engine, "native") == 0;
}

static void compare(struct check *check)
{
	struct check_findings *found = &check->findings;
	const char *phrase;
	struct buf buf;

	buf_init(&buf, check->arena, DIFFERENCES_MAX);
	if (check->rules->other_spf && found->has_spf) {
		phrase = is_native(check->rules->spf->name)
				 ? compare_spf(check->arena, &found->mail_from,
					       &check->other_spf)
				 : compare_spf(check->arena, &check->other_spf,
					       &found->mail_from);
		buf_printf(&buf, "%s", phrase ? phrase : "");
	}
	for (size_t i = 0; check->rules->other_dmarc && i < found->authors.n;
	     i++) {
		phrase = is_native(check->rules->dmarc->name)
				 ? compare_dmarc(check->arena, &found->dmarc[i],
						 &check->other_dmarc[i])
				 : compare_dmarc(check->arena,
						 &check->other_dmarc[i],
						 &found->dmarc[i]);
		buf_printf(&buf, "%s%s", buf.n && phrase ? "; " : "",
			   phrase ? phrase : "");
	}
	if (buf.n)
		found->differences = buf_c(&buf);
}

enum result check_end(struct check *check,
		      const struct check_findings **findings)
{
	struct check_findings *found = &check->findings;
	enum result result;

	/* All that is known to be needed waits together. */
	do {
		ask(check, ask_spf, &check->spf_done);
		ask(check, ask_keys, &check->keys_done);
		ask(check, ask_dmarc, &check->dmarc_done);
	} while (is_news(check));
	result = dkim_verify_end(check->dkim, check->env, &found->dkim);
	if (result == OK && check->arc) {
		found->has_arc = true;
		result = arc_verify_end(check->arc, check->env, &found->arc);
	}
	if (result != OK)
		return result;
	/* Which domains must be walked is known only now. */
	do
		ask_dmarc(check);
	while (is_news(check));
	choose_strictest(found);
	compare(check);
	*findings = found;
	return OK;
}
