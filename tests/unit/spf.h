/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SPF_H
#define TESTS_SPF_H

#include "unit.h"

#include "mail/dns_zone.h"
#include "mail/spf_check.h"

/* A zone, and how many questions it was asked. */
struct world {
	struct arena *arena;
	struct dns_resolver zone;
	struct dns_resolver counting;
	struct env env;
	int queries;
};

static inline void count_query(void *context, struct arena *arena,
			       struct str name, enum dns_type type,
			       struct dns_answer *answer)
{
	struct world *world = context;

	world->queries++;
	dns_query(&world->zone, arena, name, type, answer);
}

static inline void begin(struct world *world, struct str text)
{
	struct dns_zone_fault fault = { 0, "" };
	struct dns_zone *zone;

	*world = (struct world){ .arena = arena_new(65536) };
	if (dns_zone_parse(world->arena, text, &zone, &fault) != OK)
		fail_msg("zone: line %zu: expected %s", fault.line,
			 fault.expected);
	world->zone = dns_zone_resolver(zone);
	world->counting = (struct dns_resolver){ count_query, world };
	world->env = (struct env){
		.resolver = &world->counting,
		.now = 1750000000,
	};
}

static inline struct spf_client client_of(const char *ip, const char *helo)
{
	struct spf_client client = { .helo = str_from(helo) };

	ASSERT_RESULT(ip_parse(str_from(ip), &client.address), OK, ip);
	return client;
}

static inline struct spf_result check(struct world *world, const char *ip,
				      struct str sender)
{
	struct spf_client client = client_of(ip, "helo.example.net");
	struct spf_result result;

	spf_check_mail_from(&world->env, world->arena, &client, sender,
			    &result);
	assert_non_null(result.reason);
	for (const char *p = result.reason; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	return result;
}

static inline void assert_auth(const struct spf_result *result, enum auth want,
			       const char *what)
{
	if (result->auth != want)
		fail_msg("%s: got %s (%s), want %s", what,
			 auth_name(result->auth), result->reason,
			 auth_name(want));
}

#endif
