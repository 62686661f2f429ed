/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DMARC_H
#define TESTS_DMARC_H

#include "unit.h"

#include "mail/buf.h"
#include "mail/dmarc_check.h"
#include "mail/dns_zone.h"
#include "mail/domain.h"

enum { ASKED_MAX = 200, RUNS_MAX = 3 };

/*
 * A zone, and what was asked. With `slow`, a question is answered temporary
 * when it is asked for the first time, and truly in later runs.
 */
struct world {
	struct arena *arena;
	struct dns_resolver zone;
	struct dns_resolver resolver;
	struct env env;
	struct str asked[ASKED_MAX];
	size_t n;
	size_t answered; /* of them, in earlier runs */
	bool slow;
};

static inline void world_query(void *context, struct arena *arena,
			       struct str name, enum dns_type type,
			       struct dns_answer *answer)
{
	struct world *world = context;
	size_t i = 0;

	assert_true(type == DNS_TXT || type == DNS_A);
	while (i < world->n && !str_eq(world->asked[i], name))
		i++;
	if (i == world->n) {
		assert_true(world->n < ASKED_MAX);
		world->asked[world->n++] = arena_copy(world->arena, name);
	}
	if (world->slow && i >= world->answered)
		*answer = (struct dns_answer){ .status = DNS_TEMPORARY };
	else
		dns_query(&world->zone, arena, name, type, answer);
}

/* A line of a zone; "example.org: p=none" is a domain's DMARC record. */
static inline void add_line(struct buf *zone, struct str line)
{
	struct str tags = line, name;

	str_cut(&tags, ' ', &name);
	if (name.n && name.p[name.n - 1] == ':')
		buf_printf(zone, "_dmarc.%.*s TXT \"v=DMARC1; %.*s\"\n",
			   (int)name.n - 1, name.p, STR_ARG(tags));
	else
		buf_printf(zone, "%.*s\n", STR_ARG(line));
}

static inline void begin(struct world *world, const char *text)
{
	struct dns_zone_fault fault = { 0, "" };
	struct str rest = str_from(text), line;
	struct dns_zone *zone;
	struct buf buf;

	*world = (struct world){ .arena = arena_new(65536) };
	buf_init(&buf, world->arena, LIMIT_ZONE_FILE);
	while (str_line(&rest, &line))
		add_line(&buf, line);
	if (dns_zone_parse(world->arena, buf_str(&buf), &zone, &fault) != OK)
		fail_msg("zone: line %zu: expected %s", fault.line,
			 fault.expected);
	world->zone = dns_zone_resolver(zone);
	world->resolver = (struct dns_resolver){ world_query, world };
	world->env = (struct env){ .resolver = &world->resolver };
}

static inline enum auth auth_of(struct str name)
{
	for (int i = AUTH_NONE; i <= AUTH_PERMERROR; i++)
		if (str_eq(name, str_from(auth_name((enum auth)i))))
			return (enum auth)i;
	fail_msg("no result is called %s", unit_show(name));
	return AUTH_NONE;
}

/* Reads "pass:a.example fail:b.example" as signatures. */
static inline size_t read_dkim(struct arena *arena, const char *text,
			       struct dkim_verdict **list)
{
	struct str rest = str_from(text), one, auth;
	size_t n = 0;

	*list = ARENA_NEW(arena, struct dkim_verdict, strlen(text) + 1);
	while (*text && str_cut(&rest, ' ', &one)) {
		str_cut(&one, ':', &auth);
		(*list)[n++] = (struct dkim_verdict){ .auth = auth_of(auth),
						      .reason = "",
						      .domain = one };
	}
	return n;
}

static inline const char *or_dash(struct arena *arena, struct str s)
{
	return s.n ? arena_copy(arena, s).p : "-";
}

/* "result policy-domain org-domain tag policy disposition aligned" */
static inline const char *show(struct arena *arena,
			       const struct dmarc_result *result)
{
	return arena_printf(arena, "%s %s %s %s %s %s %s%s",
			    auth_name(result->auth),
			    or_dash(arena, result->policy_domain),
			    or_dash(arena, result->org_domain),
			    result->tag ? result->tag : "-",
			    dmarc_policy_name(result->policy),
			    dmarc_policy_name(result->disposition),
			    result->spf_aligned ? "s" : "-",
			    result->dkim_aligned ? "d" : "-");
}

/* What the check says when everything is asked, with all its answers. */
static inline struct dmarc_result check(struct world *world,
					enum dmarc_discovery discovery,
					const char *author, const char *spf,
					const char *dkim)
{
	struct str domain = str_from(spf), auth;
	struct dmarc_identifiers identifiers = { .spf = AUTH_NONE };
	struct dkim_verdict *list;
	struct dmarc_result result, again;
	const char *first;

	str_cut(&domain, ':', &auth);
	identifiers.spf = *spf ? auth_of(auth) : AUTH_NONE;
	identifiers.spf_domain = domain.p ? domain : STR("");
	identifiers.n_dkim = read_dkim(world->arena, dkim, &list);
	identifiers.dkim = list;
	world->n = world->answered = 0;
	world->slow = false;
	dmarc_check(&world->env, world->arena, discovery, str_from(author),
		    &identifiers, &result);
	assert_non_null(result.reason);
	for (const char *p = result.reason; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	/* The same with answers that come later, in few runs */
	first = show(world->arena, &result);
	world->n = 0;
	world->slow = true;
	for (int runs = 0; runs == 0 || world->answered < world->n; runs++) {
		assert_true(runs <= RUNS_MAX);
		world->answered = world->n;
		dmarc_check(&world->env, world->arena, discovery,
			    str_from(author), &identifiers, &again);
	}
	assert_string_equal(show(world->arena, &again), first);
	assert_string_equal(again.reason, result.reason);
	return result;
}

struct row {
	const char *author, *spf, *dkim, *want;
};

static inline void check_rows(const char *zone, enum dmarc_discovery discovery,
			      const struct suffix_list *suffixes,
			      const struct row *rows, size_t n)
{
	struct world world;

	begin(&world, zone);
	world.env.suffixes = suffixes;
	for (size_t i = 0; i < n; i++) {
		struct dmarc_result result =
			check(&world, discovery, rows[i].author, rows[i].spf,
			      rows[i].dkim);
		const char *got = show(world.arena, &result);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s, spf %s, dkim %s:\ngot  %s (%s)\nwant %s",
				 rows[i].author, rows[i].spf, rows[i].dkim, got,
				 result.reason, rows[i].want);
	}
	arena_free(world.arena);
}

#define CHECK_ROWS(zone, rows)                           \
	check_rows((zone), DMARC_TREEWALK, NULL, (rows), \
		   sizeof(rows) / sizeof(*(rows)))

#endif
