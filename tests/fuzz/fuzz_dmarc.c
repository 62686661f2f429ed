/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The first line is an author's domain, the second that of SPF, the next two
 * those of signatures, the fifth the author's own record; the rest is a zone.
 * The first two bytes choose the discovery and what SPF and DKIM said.
 */

#include "fuzz.h"
#include "mail/dmarc_check.h"
#include "mail/dns_zone.h"
#include "mail/domain.h"

enum {
	SIGNATURES = 2,
	QUERIES_MAX = LIMIT_DMARC_WALK * (2 + SIGNATURES) + 1,
	RUNS_MAX = 3,
};

struct world {
	struct str name; /* of the author's record */
	struct str record;
	const struct dns_resolver *zone; /* NULL: it could not be read */
	struct str asked[QUERIES_MAX * RUNS_MAX];
	size_t n, answered;
	int queries;
	bool slow; /* answers come in the run after the question */
};

static void query(void *context, struct arena *arena, struct str name,
		  enum dns_type type, struct dns_answer *answer)
{
	struct world *world = context;
	size_t i = 0;

	MUST(type == DNS_TXT || type == DNS_A);
	world->queries++;
	while (i < world->n && !str_eq(world->asked[i], name))
		i++;
	if (i == world->n) {
		MUST(world->n < QUERIES_MAX);
		world->asked[world->n++] = name;
	}
	*answer = (struct dns_answer){ .status = DNS_NO_NAME };
	if (world->slow && i >= world->answered) {
		answer->status = DNS_TEMPORARY;
	} else if (world->record.n && str_eq(name, world->name)) {
		answer->status = DNS_OK;
		answer->records = ARENA_NEW(arena, struct dns_record, 1);
		answer->records[0].data = world->record;
		answer->n = 1;
	} else if (world->zone) {
		dns_query(world->zone, arena, name, type, answer);
	}
}

/* Two labels, as if every top-level domain were the only suffix */
static bool registered(void *context, struct arena *arena, struct str domain,
		       struct str *found)
{
	(void)context;
	(void)arena;
	if (!domain_parent(domain).n)
		return false;
	while (domain_parent(domain_parent(domain)).n)
		domain = domain_parent(domain);
	*found = domain;
	return true;
}

static void check_record(struct arena *arena, struct str text)
{
	struct dmarc_record record;
	enum result result = dmarc_record_parse(arena, text, &record);

	MUST(result == OK || result == E_ABSENT || result == E_SYNTAX ||
	     result == E_LIMIT);
	MUST(result != OK || text.n <= LIMIT_DMARC_RECORD);
	MUST(record.fo.n && record.fo.n <= text.n + 1);
	MUST(record.rua.n + record.ruf.n <= text.n);
	if (result != OK)
		MUST(record.p == DMARC_NONE && record.np == DMARC_NONE &&
		     record.sp == DMARC_NONE);
	MUST(record.has_sp || record.sp == record.p);
	MUST(record.has_np || record.np == record.sp);
}

static void check_walk(const struct env *env, struct arena *arena,
		       enum dmarc_discovery discovery, struct str domain,
		       struct world *world)
{
	const struct dmarc_step *step = NULL;
	struct dmarc_walk walk;
	enum result result;
	struct str org;

	world->queries = 0;
	dmarc_walk(env, arena, discovery, domain, &walk);
	MUST(world->queries >= 1 && world->queries <= LIMIT_DMARC_WALK);
	MUST(walk.n >= 1 && walk.n <= (size_t)world->queries);
	MUST(!walk.org.n || domain_is_within(domain, walk.org));
	for (size_t i = 0; i < walk.n; i++)
		MUST(domain_is_within(domain, walk.steps[i].domain));
	result = dmarc_walk_policy(&walk, &step);
	MUST(result == E_ABSENT || result == E_TEMP || step->found == result);
	MUST(dmarc_walk_org(env, arena, discovery, domain, &org) ==
	     (walk.org.n > 0));
	MUST(str_eq(org, walk.org));
}

/* Is there a reason to believe that it is aligned? */
static void check_aligned(const struct dmarc_result *result,
			  enum dmarc_discovery discovery, struct str domain,
			  bool strict)
{
	if (str_eq(domain, result->author))
		return;
	MUST(!strict && result->org_domain.n);
	MUST(domain_is_within(domain, result->org_domain));
	MUST(discovery != DMARC_PSL ||
	     domain_is_within(result->author, result->org_domain));
}

static void check_result(const struct dmarc_result *result,
			 enum dmarc_discovery discovery,
			 const struct dmarc_identifiers *identifiers)
{
	bool dkim = false;

	MUST(result->reason && *result->reason);
	for (const char *p = result->reason; *p; p++)
		MUST(*p >= ' ' && *p <= '~');
	MUST(result->auth == AUTH_FAIL || result->disposition == DMARC_NONE);
	MUST(result->disposition <= result->policy);
	MUST(result->auth != AUTH_NONE || !result->policy_domain.n);
	MUST(!result->policy_domain.n ||
	     domain_is_within(result->author, result->policy_domain));
	MUST((result->auth == AUTH_PASS) ==
	     (result->spf_aligned || result->dkim_aligned));
	if (result->spf_aligned) {
		MUST(identifiers->spf == AUTH_PASS);
		check_aligned(result, discovery, identifiers->spf_domain,
			      result->record.strict_spf);
	}
	for (size_t i = 0; i < identifiers->n_dkim; i++) {
		const struct dkim_verdict *verdict = &identifiers->dkim[i];

		dkim = dkim || (verdict->auth == AUTH_PASS &&
				(str_eq(verdict->domain, result->author) ||
				 (!result->record.strict_dkim &&
				  domain_is_within(verdict->domain,
						   result->org_domain))));
	}
	MUST(!result->dkim_aligned || dkim);
}

static void must_be_same(const struct dmarc_result *a,
			 const struct dmarc_result *b)
{
	MUST(a->auth == b->auth && strcmp(a->reason, b->reason) == 0);
	MUST(a->policy == b->policy && a->disposition == b->disposition);
	MUST(str_eq(a->policy_domain, b->policy_domain));
	MUST(str_eq(a->org_domain, b->org_domain));
}

static void check_all(const struct env *env, struct arena *arena,
		      enum dmarc_discovery discovery, struct str author,
		      const struct dmarc_identifiers *identifiers,
		      struct world *world)
{
	struct dmarc_result result, again;

	world->n = 0;
	world->queries = 0;
	dmarc_check(env, arena, discovery, author, identifiers, &result);
	MUST(world->queries <= QUERIES_MAX);
	check_result(&result, discovery, identifiers);
	dmarc_check(env, arena, discovery, author, identifiers, &again);
	must_be_same(&result, &again);
	/* nor does it matter when the answers come */
	world->slow = true;
	world->n = 0;
	for (int runs = 0; runs == 0 || world->answered < world->n; runs++) {
		MUST(runs <= RUNS_MAX);
		world->answered = world->n;
		dmarc_check(env, arena, discovery, author, identifiers, &again);
	}
	must_be_same(&result, &again);
	world->slow = false;
}

/* The normal form of a line; empty for what is no domain. */
static struct str next_name(struct arena *arena, struct str *text)
{
	struct str line = STR(""), normal;

	str_line(text, &line);
	return domain_normalize(arena, line, &normal) == OK ? normal : STR("");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct suffix_list suffixes = { registered, NULL };
	struct str text = { (const char *)data, size }, author;
	struct arena *arena = arena_new(4096);
	struct dkim_verdict signatures[SIGNATURES] = { { 0 } };
	struct dmarc_identifiers identifiers = { .dkim = signatures,
						 .n_dkim = SIGNATURES };
	struct world world = { .record = STR("") };
	const struct dns_resolver resolver = { query, &world };
	const struct env env = { .resolver = &resolver, .suffixes = &suffixes };
	unsigned how = fuzz_first(&text), auths = fuzz_first(&text);
	enum dmarc_discovery discovery = how & 1 ? DMARC_PSL : DMARC_TREEWALK;
	struct dns_zone_fault fault;
	struct dns_resolver zone_resolver;
	struct dns_zone *zone;

	identifiers.spf = (enum auth)(auths % (AUTH_PERMERROR + 1));
	signatures[0].auth = (enum auth)(auths / 8 % (AUTH_PERMERROR + 1));
	signatures[1].auth = how & 2 ? AUTH_PASS : AUTH_TEMPERROR;
	author = next_name(arena, &text);
	identifiers.spf_domain = next_name(arena, &text);
	signatures[0].domain = next_name(arena, &text);
	signatures[1].domain = next_name(arena, &text);
	str_line(&text, &world.record);
	world.name =
		str_from(arena_printf(arena, "_dmarc.%.*s", STR_ARG(author)));
	if (dns_zone_parse(arena, text, &zone, &fault) == OK) {
		zone_resolver = dns_zone_resolver(zone);
		world.zone = &zone_resolver;
	}
	check_record(arena, world.record);
	if (author.n)
		check_walk(&env, arena, discovery, author, &world);
	check_all(&env, arena, discovery, author, &identifiers, &world);
	arena_free(arena);
	return 0;
}
