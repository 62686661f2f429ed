/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc_walk.h"

#include "domain.h"

static size_t count_labels(struct str domain)
{
	struct str label;
	size_t n = 0;

	while (str_cut(&domain, '.', &label))
		n++;
	return n;
}

/* 4.10: the domain; from its parent on, names of seven labels at most. */
static void name_steps(struct dmarc_walk *walk, struct str domain)
{
	walk->steps[walk->n++].domain = domain;
	domain = domain_parent(domain);
	while (count_labels(domain) > LIMIT_DMARC_WALK - 1)
		domain = domain_parent(domain);
	for (; domain.n; domain = domain_parent(domain))
		walk->steps[walk->n++].domain = domain;
}

static void ask(const struct env *env, struct arena *arena,
		struct dmarc_step *step)
{
	const char *name =
		arena_printf(arena, "_dmarc.%.*s", STR_ARG(step->domain));
	struct dns_answer answer;

	dns_query(env->resolver, arena, str_from(name), DNS_TXT, &answer);
	step->found = answer.status == DNS_TEMPORARY ? E_TEMP : E_ABSENT;
	for (size_t i = 0; answer.status == DNS_OK && i < answer.n; i++) {
		struct dmarc_record record;
		enum result found = dmarc_record_parse(
			arena, answer.records[i].data, &record);

		if (found == E_ABSENT)
			continue;
		step->n++;
		step->found = found;
		step->record = record;
	}
	/* 4.10: if there are several, they are all discarded. */
	if (step->n > 1)
		step->found = E_ABSENT;
}

static bool has_record(const struct dmarc_step *step)
{
	return step->found != E_ABSENT && step->found != E_TEMP;
}

/* 4.10: psd=y and psd=n end a walk. Did DNS answer up to there? */
static bool find_end(struct dmarc_walk *walk)
{
	bool complete = true;

	for (size_t i = 0; i < walk->n; i++) {
		const struct dmarc_step *step = &walk->steps[i];

		if (step->found == E_TEMP)
			complete = false;
		if (has_record(step) && step->record.psd != DMARC_PSD_UNKNOWN)
			walk->n = i + 1;
	}
	return complete;
}

/* The domain one label below `above` on the way to `domain`. */
static struct str one_below(struct str domain, struct str above)
{
	struct str rest = str_sub(domain, 0, domain.n - above.n - 1);
	size_t dot = str_find_last(rest, '.');

	return str_sub(domain, dot < rest.n ? dot + 1 : 0, domain.n);
}

/* 4.10.2, of a walk that ended */
static struct str find_org(const struct dmarc_walk *walk)
{
	const struct dmarc_step *last = &walk->steps[walk->n - 1];
	struct str domain = walk->steps[0].domain;

	/* Rule 2; psd=n, of rule 1, can only be at the last one, too. */
	if (has_record(last) && last->record.psd == DMARC_PSD_YES &&
	    walk->n > 1)
		return one_below(domain, last->domain);
	/* Rule 3: the name with the fewest labels, else the domain itself. */
	for (; last > walk->steps; last--)
		if (has_record(last))
			return last->domain;
	return domain;
}

/* RFC 7489 section 3.2: a public suffix is its own. */
static struct str find_registered(const struct env *env, struct arena *arena,
				  struct str domain)
{
	const struct suffix_list *list = env->suffixes;
	struct str registered;

	if (list && list->registered(list->context, arena, domain, &registered))
		return registered;
	return domain;
}

void dmarc_walk(const struct env *env, struct arena *arena,
		enum dmarc_discovery discovery, struct str domain,
		struct dmarc_walk *walk)
{
	*walk = (struct dmarc_walk){ .org = STR("") };
	if (discovery == DMARC_TREEWALK) {
		name_steps(walk, domain);
	} else {
		walk->org = find_registered(env, arena, domain);
		walk->steps[walk->n++].domain = domain;
		if (!str_eq(walk->org, domain))
			walk->steps[walk->n++].domain = walk->org;
	}
	for (size_t i = 0; i < walk->n; i++)
		ask(env, arena, &walk->steps[i]);
	if (discovery == DMARC_TREEWALK) {
		if (find_end(walk))
			walk->org = find_org(walk);
	} else if (walk->steps[0].n > 1) {
		/* RFC 7489 section 6.6.3: several end the discovery. */
		walk->n = 1;
	}
}

enum result dmarc_walk_policy(const struct dmarc_walk *walk,
			      const struct dmarc_step **step)
{
	const struct dmarc_step *last = &walk->steps[walk->n - 1];

	/* The Author Domain */
	*step = &walk->steps[0];
	if ((*step)->found != E_ABSENT)
		return (*step)->found;
	if (!walk->org.n)
		return E_TEMP;
	/* Its Organizational Domain */
	for (*step = last; *step > walk->steps; --*step)
		if (str_eq((*step)->domain, walk->org) &&
		    (*step)->found != E_ABSENT)
			return (*step)->found;
	/* Its Public Suffix Domain: any other last record is found by now. */
	*step = last;
	return last->found;
}

bool dmarc_walk_org(const struct env *env, struct arena *arena,
		    enum dmarc_discovery discovery, struct str domain,
		    struct str *org)
{
	struct dmarc_walk walk;

	if (discovery == DMARC_PSL) {
		*org = find_registered(env, arena, domain);
		return true;
	}
	dmarc_walk(env, arena, discovery, domain, &walk);
	*org = walk.org;
	return org->n > 0;
}
