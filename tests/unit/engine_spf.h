/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_ENGINE_SPF_H
#define TESTS_ENGINE_SPF_H

#include "spf.h"

#include "auth-policy/engine.h"

static const struct engine_spf *const libspf2 = &engine_spf[1];

static inline struct spf_result ask(struct world *world, const char *ip,
				    struct str sender)
{
	struct spf_client client = client_of(ip, "helo.example.net");
	struct spf_result result;

	client.receiver = STR("mx.example.com");
	libspf2->mail_from(&world->env, world->arena, &client, sender, &result);
	assert_non_null(result.reason);
	for (const char *p = result.reason; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	assert_null(result.explanation.p);
	return result;
}

/* What a zone makes of a@x.example from 192.0.2.9; how many queries it took. */
static inline int assert_zone(struct str zone, enum auth want, const char *what)
{
	struct spf_result result;
	struct world world;

	begin(&world, zone);
	result = ask(&world, "192.0.2.9", STR("a@x.example"));
	assert_auth(&result, want, what);
	arena_free(world.arena);
	return world.queries;
}

#endif
