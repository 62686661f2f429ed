/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The first line is a sender, the second a HELO, the third the SPF record of
 * x.example; the rest is a zone. The first byte chooses the client.
 */

#include "fuzz.h"
#include "mail/dns_zone.h"
#include "mail/limits.h"
#include "mail/spf_check.h"
#include "mail/spf_macro.h"
#include "mail/spf_parse.h"

enum {
	/* spf_check.c says what a check may ask at most. */
	QUERIES_MAX = 1 + LIMIT_SPF_TERMS * (1 + LIMIT_SPF_NAMES) +
		      (1 + LIMIT_SPF_NAMES) + 1,
	LONG_NAME = 512,
};

struct world {
	struct str record;
	const struct dns_resolver *zone; /* NULL: it could not be read */
	int queries;
};

static void query(void *context, struct arena *arena, struct str name,
		  enum dns_type type, struct dns_answer *answer)
{
	struct world *world = context;

	world->queries++;
	*answer = (struct dns_answer){ .status = DNS_NO_NAME };
	if (type == DNS_TXT && str_ieq(name, STR("x.example"))) {
		answer->status = DNS_OK;
		answer->records = ARENA_NEW(arena, struct dns_record, 1);
		answer->records[0].data = world->record;
		answer->n = 1;
	} else if (world->zone) {
		dns_query(world->zone, arena, name, type, answer);
		MUST((answer->status == DNS_OK) == (answer->n > 0));
	}
}

static void check_parse(struct arena *arena, struct str text)
{
	struct spf_record record;
	const char *fault = NULL;

	if (spf_parse(arena, text, &record, &fault) != OK) {
		MUST(fault && *fault);
		return;
	}
	MUST(spf_parse_is_record(text));
	MUST(record.n <= LIMIT_SPF_DIRECTIVES);
	for (size_t i = 0; i < record.n; i++) {
		const struct spf_directive *d = &record.directives[i];

		MUST(d->ip4_bits >= 0 && d->ip4_bits <= IP4_BITS);
		MUST(d->ip6_bits >= 0 && d->ip6_bits <= IP6_BITS);
		MUST(!d->domain_spec.n ||
		     spf_macro_is_domain_spec(d->domain_spec));
		for (size_t k = 0; k < d->text.n; k++)
			MUST(d->text.p[k] > ' ' && d->text.p[k] <= '~');
	}
}

static struct str no_name(void *context)
{
	(void)context;
	return STR("unknown");
}

static void check_macros(struct arena *arena, struct str text,
			 const struct spf_client *client, struct str sender)
{
	const struct spf_values values = {
		.sender = sender,
		.local = sender,
		.origin = STR("x.example"),
		.domain = STR("x.example"),
		.helo = client->helo,
		.client = client->address,
		.now = 1750000000,
		.validated = no_name,
	};
	struct str expanded;
	enum result result;

	if (spf_macro_is_domain_spec(text))
		MUST(spf_macro_is_string(text));
	if (!spf_macro_is_explanation(text)) {
		MUST(!spf_macro_is_string(text));
		return;
	}
	result = spf_macro_expand(arena, text, &values, LONG_NAME, &expanded);
	MUST(result == OK || result == E_LIMIT);
	MUST(expanded.n <= LONG_NAME);
}

static void check_result(const struct spf_result *result)
{
	MUST(result->auth != AUTH_POLICY && auth_name(result->auth));
	MUST(result->reason && *result->reason);
	for (const char *p = result->reason; *p; p++)
		MUST(*p >= ' ' && *p <= '~');
	if (!result->explanation.p)
		return;
	MUST(result->auth == AUTH_FAIL);
	MUST(result->explanation.n <= LIMIT_SPF_EXPLANATION);
	for (size_t i = 0; i < result->explanation.n; i++)
		MUST(result->explanation.p[i] >= ' ' &&
		     result->explanation.p[i] <= '~');
}

static void check_all(struct arena *arena, struct world *world,
		      const struct spf_client *client, struct str sender)
{
	const struct dns_resolver resolver = { query, world };
	const struct env env = { .resolver = &resolver, .now = 1750000000 };
	struct spf_result result;

	spf_check_mail_from(&env, arena, client, sender, &result);
	check_result(&result);
	MUST(world->queries <= QUERIES_MAX);
	world->queries = 0;
	spf_check_helo(&env, arena, client, &result);
	check_result(&result);
	MUST(world->queries <= QUERIES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const clients[] = { "192.0.2.1", "2001:db8::1",
					       "::ffff:192.0.2.1",
					       "255.255.255.255" };
	struct str text = { (const char *)data, size };
	struct str sender = STR(""), record = STR("");
	struct arena *arena = arena_new(4096);
	struct spf_client client = { .helo = STR("") };
	unsigned first = fuzz_first(&text);
	struct dns_zone_fault fault;
	struct dns_resolver resolver;
	struct dns_zone *zone;
	struct world world;

	MUST(ip_parse(str_from(clients[first % 4]), &client.address) == OK);
	str_line(&text, &sender);
	str_line(&text, &client.helo);
	str_line(&text, &record);
	world = (struct world){ .record = record };
	if (dns_zone_parse(arena, text, &zone, &fault) == OK) {
		resolver = dns_zone_resolver(zone);
		world.zone = &resolver;
	} else {
		MUST(fault.line > 0 && fault.expected);
	}
	check_parse(arena, record);
	check_macros(arena, record, &client, sender);
	check_all(arena, &world, &client, sender);
	arena_free(arena);
	return 0;
}
