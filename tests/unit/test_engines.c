/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "engines"
#include "engine_spf.h"

#include <pthread.h>

#include "auth-policy/compare.h"

#ifdef HAVE_LIBSPF2
#include <netinet/in.h>
#include <spf2/spf.h>
#endif

enum { THREADS = 8, ROUNDS = 200 };

static void tables(void **state)
{
	(void)state;
	for (int i = 0; i < ENGINES; i++) {
		assert_string_equal(engine_spf[i].name, engine_spf_names[i]);
		assert_string_equal(engine_dmarc[i].name,
				    engine_dmarc_names[i]);
		assert_int_equal(!engine_spf[i].helo, !engine_spf[i].mail_from);
	}
	assert_null(engine_spf_names[ENGINES]);
	assert_null(engine_dmarc_names[ENGINES]);
	assert_ptr_equal(engine_spf[0].mail_from, spf_check_mail_from);
	assert_ptr_equal(engine_dmarc[0].check, dmarc_check);
}

/* RFC 7208 section 2.6: each result, by either identity. */
static void results(void **state)
{
	static const struct {
		const char *zone;
		enum auth want;
	} rows[] = {
		{ "x.example TXT \"v=spf1 ip4:192.0.2.0/24 -all\"", AUTH_PASS },
		{ "x.example TXT \"v=spf1 -all\"", AUTH_FAIL },
		{ "x.example TXT \"v=spf1 ~all\"", AUTH_SOFTFAIL },
		{ "x.example TXT \"v=spf1 ?all\"", AUTH_NEUTRAL },
		{ "x.example TXT \"something\"", AUTH_NONE },
		{ "y.example A 192.0.2.1", AUTH_NONE },
		{ "x.example TXT \"v=spf1 ip4:x -all\"", AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1 -all\"\n"
		  "x.example TXT \"v=spf1 +all\"",
		  AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1 include:y.example\"",
		  AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1 mx -all\"\n"
		  "x.example MX 10 m.example\nm.example A 192.0.2.9",
		  AUTH_PASS },
		/* 4.6.4: hosts don't count as terms */
		{ "x.example TXT \"v=spf1 mx mx mx mx ptr -all\"\n"
		  "x.example MX 10 m1.example\nx.example MX 10 m2.example\n"
		  "x.example MX 10 m3.example\nx.example MX 10 m4.example\n"
		  "9.2.0.192.in-addr.arpa PTR n1.example\n"
		  "9.2.0.192.in-addr.arpa PTR m.x.example\n"
		  "m.x.example A 192.0.2.9",
		  AUTH_PASS },
		{ "x.example TXT \"v=spf1 ptr -all\"\n"
		  "9.2.0.192.in-addr.arpa PTR m.x.example\n"
		  "m.x.example A 192.0.2.9",
		  AUTH_PASS },
		{ "x.example TXT \"v=spf1 exists:%{l}.%{i}.e.example -all\"\n"
		  "a.192.0.2.9.e.example A 127.0.0.2",
		  AUTH_PASS },
		{ "x.example TXT \"v=spf1 exists:%{h}.%{r}.e.example -all\"",
		  AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1 redirect=y.example\"\n"
		  "y.example TXT \"v=spf1 a -all exp=z.example\"\n"
		  "y.example A 192.0.2.9",
		  AUTH_PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_client client = client_of("192.0.2.9", "X.example");
		struct spf_result result;
		struct world world;

		begin(&world, str_from(rows[i].zone));
		result = ask(&world, "192.0.2.9", STR("a@X.example"));
		assert_auth(&result, rows[i].want, rows[i].zone);
		ASSERT_STR(result.domain, STR("x.example"), "domain");
		if (!strstr(rows[i].zone, "%{l}")) {
			libspf2->helo(&world.env, world.arena, &client,
				      &result);
			assert_auth(&result, rows[i].want, rows[i].zone);
			ASSERT_STR(result.domain, STR("x.example"), "domain");
		}
		arena_free(world.arena);
	}
}

/* IPv6, and IPv4 in it; localhost is not checked by it. */
static void clients(void **state)
{
	static const struct {
		const char *ip;
		enum auth want;
	} rows[] = {
		{ "2001:db8::1", AUTH_PASS },	   { "2001:db9::1", AUTH_FAIL },
		{ "::ffff:192.0.2.9", AUTH_PASS }, { "127.0.0.1", AUTH_NONE },
		{ "127.1.2.3", AUTH_NONE },	   { "::1", AUTH_NONE },
		{ "::ffff:127.0.0.1", AUTH_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_result result;
		struct world world;

		begin(&world, STR("x.example TXT \"v=spf1 ip6:2001:db8::/32 "
				  "ip4:192.0.2.9 -all\"\n"));
		result = ask(&world, rows[i].ip, STR("a@x.example"));
		assert_auth(&result, rows[i].want, rows[i].ip);
		arena_free(world.arena);
	}
}

/* DNS does not answer, wherever that is; then it does: nothing is kept. */
static void temporary(void **state)
{
	static const struct {
		const char *record, *broken, *whole;
		enum auth want; /* of the whole one */
	} rows[] = {
		{ "", "x.example TXT !timeout", "x.example TXT \"v=spf1 -all\"",
		  AUTH_FAIL },
		{ "x.example TXT \"v=spf1 a:y.example -all\"\n",
		  "y.example A !servfail", "y.example A 192.0.2.9", AUTH_PASS },
		{ "x.example TXT \"v=spf1 mx:y.example -all\"\n",
		  "y.example MX !timeout",
		  "y.example MX 1 m.example\nm.example A 192.0.2.9",
		  AUTH_PASS },
		{ "x.example TXT \"v=spf1 mx -all\"\n"
		  "x.example MX 1 m.example\n",
		  "m.example A !timeout", "m.example A 192.0.2.9", AUTH_PASS },
		{ "x.example TXT \"v=spf1 include:y.example -all\"\n",
		  "y.example TXT !timeout",
		  "y.example TXT \"v=spf1 ip4:192.0.2.9\"", AUTH_PASS },
		{ "x.example TXT \"v=spf1 redirect=y.example\"\n",
		  "y.example TXT !timeout", "y.example TXT \"v=spf1 ~all\"",
		  AUTH_SOFTFAIL },
		{ "x.example TXT \"v=spf1 exists:y.example -all\"\n",
		  "y.example A !timeout", "y.example A 127.0.0.2", AUTH_PASS },
		{ "x.example TXT \"v=spf1 ptr -all\"\n",
		  "9.2.0.192.in-addr.arpa PTR !timeout",
		  "9.2.0.192.in-addr.arpa PTR x.example\n"
		  "x.example A 192.0.2.9",
		  AUTH_PASS },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *broken = arena_printf(
			arena, "%s%s\n", rows[i].record, rows[i].broken);
		const char *whole = arena_printf(arena, "%s%s\n",
						 rows[i].record, rows[i].whole);

		assert_zone(str_from(broken), AUTH_TEMPERROR, broken);
		assert_zone(str_from(whole), rows[i].want, whole);
		assert_zone(str_from(broken), AUTH_TEMPERROR, broken);
	}
	arena_free(arena);
}

/*
 * The library's own errors, which end a process. No input is known that leads
 * there past the guards, so the resolver plays the part.
 */
struct breaking {
	struct dns_resolver zone;
	enum dns_type at;
};

static void break_at(void *context, struct arena *arena, struct str name,
		     enum dns_type type, struct dns_answer *answer)
{
	const struct breaking *breaking = context;

#ifdef HAVE_LIBSPF2
	if (type == breaking->at)
		SPF_error("as if something were wrong");
#endif
	dns_query(&breaking->zone, arena, name, type, answer);
}

static void library_errors(void **state)
{
	struct breaking breaking = { .at = DNS_TXT };
	struct dns_resolver resolver = { break_at, &breaking };
	struct spf_result result;
	struct world world;

	(void)state;
	begin(&world, STR("x.example TXT \"v=spf1 -all\"\n"));
	breaking.zone = world.zone;
	world.env.resolver = &resolver;
	for (int i = 0; i < 3; i++) {
		breaking.at = DNS_TXT;
		result = ask(&world, "192.0.2.9", STR("a@x.example"));
		assert_auth(&result, AUTH_PERMERROR, "an internal error");
		breaking.at = DNS_PTR;
		result = ask(&world, "192.0.2.9", STR("a@x.example"));
		assert_auth(&result, AUTH_FAIL, "none");
	}
	arena_free(world.arena);
}

/* Threads over one zone: each with the errors of its own. */
struct crowd {
	struct dns_resolver zone;
	int number;
	int wrong;
};

static void *run_crowd(void *context)
{
	static const struct {
		struct str sender;
		enum auth want;
		enum dns_type breaks;
	} rows[] = {
		{ S("a@pass.example"), AUTH_PASS, DNS_PTR },
		{ S("a@fail.example"), AUTH_FAIL, DNS_PTR },
		{ S("a@loop.example"), AUTH_PERMERROR, DNS_PTR },
		{ S("a@slow.example"), AUTH_TEMPERROR, DNS_PTR },
		{ S("a@fail.example"), AUTH_PERMERROR, DNS_TXT },
		{ S("a@none.example"), AUTH_NONE, DNS_PTR },
	};
	const int n_rows = sizeof(rows) / sizeof(rows[0]);
	struct crowd *crowd = context;
	struct arena *arena = arena_new(4096);
	struct spf_client client = client_of("192.0.2.9", "h.example");

	for (int i = 0; i < ROUNDS; i++) {
		int row = (i + crowd->number) % n_rows;
		struct breaking breaking = { crowd->zone, rows[row].breaks };
		struct dns_resolver resolver = { break_at, &breaking };
		struct env env = { .resolver = &resolver };
		struct spf_result result;

		libspf2->mail_from(&env, arena, &client, rows[row].sender,
				   &result);
		crowd->wrong += result.auth != rows[row].want;
		arena_reset(arena);
	}
	arena_free(arena);
	return NULL;
}

static void threads(void **state)
{
	struct crowd crowds[THREADS] = { 0 };
	pthread_t thread[THREADS];
	struct world world;

	(void)state;
	begin(&world,
	      STR("pass.example TXT \"v=spf1 include:i.example mx -all\"\n"
		  "pass.example MX 1 m.example\n"
		  "m.example A 192.0.2.9\n"
		  "i.example TXT \"v=spf1 exists:%{l}.%{S}.e -all\"\n"
		  "fail.example TXT \"v=spf1 a mx -all\"\n"
		  "loop.example TXT \"v=spf1 include:lo.example\"\n"
		  "lo.example TXT \"v=spf1 include:loop.example\"\n"
		  "slow.example TXT !timeout\n"));
	for (int i = 0; i < THREADS; i++) {
		crowds[i].zone = world.zone;
		crowds[i].number = i;
		assert_int_equal(pthread_create(&thread[i], NULL, run_crowd,
						&crowds[i]),
				 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(crowds[i].wrong, 0);
	}
	arena_free(world.arena);
}

static void compared(void **state)
{
	struct arena *arena = arena_new(4096);
	struct spf_result pass = { .auth = AUTH_PASS, .reason = "a" };
	struct spf_result too = { .auth = AUTH_PASS, .reason = "b" };
	struct spf_result error = { .auth = AUTH_PERMERROR, .reason = "b" };
	struct dmarc_result fail = { .auth = AUTH_FAIL,
				     .tag = "p",
				     .policy = DMARC_REJECT,
				     .disposition = DMARC_REJECT };
	struct dmarc_result mild = fail, none = { .auth = AUTH_NONE };

	(void)state;
	mild.disposition = DMARC_QUARANTINE;
	assert_null(compare_spf(arena, &pass, &too));
	assert_string_equal(compare_spf(arena, &pass, &error),
			    "spf native=pass libspf2=permerror");
	assert_null(compare_dmarc(arena, &fail, &fail));
	assert_null(compare_dmarc(arena, &none, &none));
	assert_string_equal(compare_dmarc(arena, &fail, &none),
			    "dmarc native=fail/reject/reject "
			    "libopendmarc=none");
	assert_string_equal(compare_dmarc(arena, &fail, &mild),
			    "dmarc native=fail/reject/reject "
			    "libopendmarc=fail/reject/quarantine");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest always[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(compared),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),    cmocka_unit_test(compared),
		cmocka_unit_test(results),   cmocka_unit_test(clients),
		cmocka_unit_test(temporary), cmocka_unit_test(library_errors),
		cmocka_unit_test(threads),
	};

	return libspf2->mail_from ? UNIT_RUN(tests) : UNIT_RUN(always);
}
