/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "engine_dmarc"
#include "spf.h"

#include <pthread.h>

#include "auth-policy/engine.h"
#include "mail/buf.h"
#include "mail/domain.h"
#include "mail/limits.h"

enum { THREADS = 8, ROUNDS = 200, SIGNATURES = 4 };

static const struct engine_dmarc *const library = &engine_dmarc[1];

/* Public suffixes are those of one label, and co.uk. */
static bool is_suffix(struct str domain)
{
	return !domain_parent(domain).n || str_eq(domain, STR("co.uk"));
}

static bool registered(void *context, struct arena *arena, struct str domain,
		       struct str *org)
{
	(void)context;
	(void)arena;
	if (is_suffix(domain))
		return false;
	for (*org = domain; !is_suffix(domain_parent(*org));)
		*org = domain_parent(*org);
	return true;
}

static const struct suffix_list list = { registered, NULL };

static enum auth auth_of(struct str name)
{
	enum auth auth = AUTH_NONE;

	while (!str_eq(name, str_from(auth_name(auth))))
		auth++;
	return auth;
}

/*
 * `sent` is what a message brings, pairs of a result and its domain: first
 * that of SPF, then those of signatures.
 */
static struct dmarc_result check_sent(const struct env *env,
				      struct arena *arena, const char *author,
				      struct str sent)
{
	struct dkim_verdict dkim[SIGNATURES] = { 0 };
	struct dmarc_identifiers identifiers = { .dkim = dkim };
	struct dmarc_result result;
	struct str word, domain;

	for (int i = 0; sent.n && str_cut(&sent, ' ', &word); i++) {
		assert_true(str_cut(&sent, ' ', &domain) && i <= SIGNATURES);
		if (i == 0) {
			identifiers.spf = auth_of(word);
			identifiers.spf_domain = domain;
			continue;
		}
		dkim[i - 1].auth = auth_of(word);
		dkim[i - 1].domain = domain;
		identifiers.n_dkim = (size_t)i;
	}
	library->check(env, arena, DMARC_PSL, str_from(author), &identifiers,
		       &result);
	assert_non_null(result.reason);
	return result;
}

static void assert_result(const struct dmarc_result *got, enum auth auth,
			  enum dmarc_policy disposition, const char *what)
{
	if (got->auth != auth || got->disposition != disposition)
		fail_msg("%s: got %s, %d (%s), want %s, %d", what,
			 auth_name(got->auth), got->disposition, got->reason,
			 auth_name(auth), disposition);
}

#define REJECT "_dmarc.example.org TXT \"v=DMARC1; p=reject\"\n"
#define STRICT \
	"_dmarc.example.org TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"

/* RFC 7489 sections 3.1 (alignment) and 6.6.2 (policy). */
static void results(void **state)
{
	static const struct {
		const char *zone;
		const char *author;
		struct str sent;
		enum auth auth;
		enum dmarc_policy disposition;
	} rows[] = {
		{ REJECT, "example.org", S(""), AUTH_FAIL, DMARC_REJECT },
		{ REJECT, "example.org", S("pass example.org"), AUTH_PASS,
		  DMARC_NONE },
		{ REJECT, "example.org", S("pass mail.example.org"), AUTH_PASS,
		  DMARC_NONE },
		{ REJECT, "a.example.org", S("pass b.example.org"), AUTH_PASS,
		  DMARC_NONE },
		{ REJECT, "example.org", S("pass example.net"), AUTH_FAIL,
		  DMARC_REJECT },
		{ REJECT, "example.org", S("softfail example.org"), AUTH_FAIL,
		  DMARC_REJECT },
		{ STRICT, "example.org", S("pass mail.example.org"), AUTH_FAIL,
		  DMARC_REJECT },
		{ STRICT, "a.example.org", S("none  pass example.org"),
		  AUTH_FAIL, DMARC_REJECT },
		{ STRICT, "example.org", S("none  pass example.org"), AUTH_PASS,
		  DMARC_NONE },
		{ REJECT, "example.org",
		  S("fail example.org pass example.net pass list.example.org"),
		  AUTH_PASS, DMARC_NONE },
		{ REJECT, "example.org", S("none  fail example.org"), AUTH_FAIL,
		  DMARC_REJECT },
		{ REJECT, "example.org",
		  S("none  policy example.org permerror example.org"),
		  AUTH_FAIL, DMARC_REJECT },
		/* 6.6.3: sp= of the organizational domain */
		{ "_dmarc.example.org TXT \"v=DMARC1; p=reject; "
		  "sp=quarantine\"\n",
		  "a.example.org", S(""), AUTH_FAIL, DMARC_QUARANTINE },
		{ "_dmarc.example.org TXT \"v=DMARC1; p=reject; "
		  "sp=quarantine\"\n",
		  "example.org", S(""), AUTH_FAIL, DMARC_REJECT },
		{ "_dmarc.a.example.org TXT \"v=DMARC1; p=none\"\n" REJECT,
		  "a.example.org", S(""), AUTH_FAIL, DMARC_NONE },
		{ "example.org A 192.0.2.1\n", "example.org", S(""), AUTH_NONE,
		  DMARC_NONE },
		/* 6.6.3: two records are none; what is not DMARC1 is none */
		{ REJECT "_dmarc.example.org TXT \"v=DMARC1; p=none\"\n",
		  "example.org", S(""), AUTH_NONE, DMARC_NONE },
		{ REJECT "_dmarc.example.org TXT \"something\"\n",
		  "example.org", S(""), AUTH_FAIL, DMARC_REJECT },
		/* 6.6.4: pct=0 */
		{ "_dmarc.example.org TXT \"v=DMARC1; p=reject; pct=0\"\n",
		  "example.org", S(""), AUTH_FAIL, DMARC_QUARANTINE },
		{ "_dmarc.example.org TXT \"v=DMARC1; p=reject; pct=1\"\n",
		  "example.org", S(""), AUTH_FAIL, DMARC_REJECT },
		{ "_dmarc.example.org TXT \"v=DMARC1; p=maybe\"\n",
		  "example.org", S(""), AUTH_PERMERROR, DMARC_NONE },
		/* No DNS: for records, for what might have aligned. */
		{ "_dmarc.example.org TXT !timeout\n", "example.org",
		  S("pass example.org"), AUTH_TEMPERROR, DMARC_NONE },
		{ "_dmarc.example.org TXT !servfail\n", "a.example.org", S(""),
		  AUTH_TEMPERROR, DMARC_NONE },
		{ REJECT, "example.org", S("temperror example.org"),
		  AUTH_TEMPERROR, DMARC_NONE },
		{ REJECT, "example.org", S("temperror example.net"), AUTH_FAIL,
		  DMARC_REJECT },
		{ REJECT, "example.org",
		  S("temperror example.org pass example.org"), AUTH_PASS,
		  DMARC_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dmarc_result result;
		struct world world;

		begin(&world, str_from(rows[i].zone));
		world.env.suffixes = &list;
		result = check_sent(&world.env, world.arena, rows[i].author,
				    rows[i].sent);
		assert_result(&result, rows[i].auth, rows[i].disposition,
			      arena_printf(world.arena, "row %zu: %s", i,
					   rows[i].zone));
		assert_int_equal(result.auth == AUTH_PASS,
				 result.spf_aligned || result.dkim_aligned);
		arena_free(world.arena);
	}
}

/* What it must not be told, or not believed. */
static void guards(void **state)
{
	static const struct {
		const char *author;
		struct str sent;
		bool suffixes;
		enum auth auth;
	} rows[] = {
		/* a signature that failed after one that passed */
		{ "example.org",
		  S("none  pass a.example.org fail example.org fail example.net"),
		  true, AUTH_PASS },
		/* public suffixes speak for themselves alone */
		{ "example.org", S("pass org"), true, AUTH_FAIL },
		{ "a.co.uk", S("pass co.uk"), true, AUTH_FAIL },
		{ "co.uk", S("pass a.co.uk"), true, AUTH_FAIL },
		{ "co.uk", S("pass co.uk"), true, AUTH_PASS },
		{ "a.co.uk", S("pass b.co.uk"), true, AUTH_FAIL },
		{ "a.co.uk", S("pass x.a.co.uk"), true, AUTH_PASS },
		/* a first label of one letter */
		{ "x.org", S("pass example.org"), true, AUTH_FAIL },
		{ "example.org", S("pass x.org"), true, AUTH_FAIL },
		{ "x.org", S("pass org"), true, AUTH_FAIL },
		{ "x.org", S("pass y.org"), true, AUTH_FAIL },
		{ "x.org", S("pass mail.x.org"), true, AUTH_PASS },
		{ "x.org", S("none  pass example.org"), true, AUTH_FAIL },
		{ "x.org", S("pass example.org"), false, AUTH_FAIL },
		/* without a list: above and below, no siblings */
		{ "example.org", S("pass a.example.org"), false, AUTH_PASS },
		{ "b.example.org", S("pass a.example.org"), false, AUTH_FAIL },
		/* what is no domain name */
		{ "example.org", S("pass "), true, AUTH_FAIL },
		{ "example.org", S("pass .example.org"), true, AUTH_FAIL },
		{ "example.org", S("pass a..example.org"), true, AUTH_FAIL },
		{ "example.org", S("pass ...."), true, AUTH_FAIL },
		{ "example.org", S("pass example.org\0.example.net"), true,
		  AUTH_FAIL },
		{ "example.org", S("pass x@example.org"), true, AUTH_FAIL },
		{ "example.org", S("pass <example.org>"), true, AUTH_FAIL },
		{ "example.org",
		  S("none  pass example.org\xff pass \"'(,example.org pass example.org\0"),
		  true, AUTH_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dmarc_result result;
		struct world world;

		begin(&world,
		      STR("_dmarc.example.org TXT \"v=DMARC1; p=reject\"\n"
			  "_dmarc.x.org TXT \"v=DMARC1; p=reject\"\n"
			  "_dmarc.b.example.org TXT \"v=DMARC1; p=reject\"\n"
			  "_dmarc.a.co.uk TXT \"v=DMARC1; p=reject\"\n"
			  "_dmarc.co.uk TXT \"v=DMARC1; p=reject\"\n"));
		world.env.suffixes = rows[i].suffixes ? &list : NULL;
		result = check_sent(&world.env, world.arena, rows[i].author,
				    rows[i].sent);
		assert_result(&result, rows[i].auth,
			      rows[i].auth == AUTH_PASS ? DMARC_NONE
							: DMARC_REJECT,
			      arena_printf(world.arena, "row %zu: %s", i,
					   rows[i].author));
		arena_free(world.arena);
	}
}

/* Names of any length, for the author and for identifiers. */
static void long_names(void **state)
{
	static const int lengths[] = { 200, 242, 243, 253, 254,
				       255, 256, 512, 2530 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct dmarc_result result;
		struct world world;
		struct str sent;
		struct buf buf;

		begin(&world, STR(REJECT));
		world.env.suffixes = &list;
		buf_init(&buf, world.arena, 4096);
		while ((int)buf.n + 12 < lengths[i])
			buf_add(&buf, buf.n % 2 ? STR(".") : STR("a"));
		buf_add(&buf, buf.n % 2 ? STR(".") : STR("aa."));
		buf_add(&buf, STR("example.org"));
		sent = str_from(
			arena_printf(world.arena, "pass %s", buf_c(&buf)));
		result = check_sent(&world.env, world.arena, "example.org",
				    sent);
		assert_int_equal(result.auth,
				 buf.n <= 253 ? AUTH_PASS : AUTH_FAIL);
		result = check_sent(&world.env, world.arena, buf_c(&buf), sent);
		assert_int_equal(result.auth,
				 buf.n <= 253 ? AUTH_PASS : AUTH_NONE);
		arena_free(world.arena);
	}
}

/* Records of any length, and with any octets. */
static void records(void **state)
{
	static const struct {
		const char *before;
		int n; /* times "a" */
		const char *behind;
		enum auth auth;
	} rows[] = {
		{ "v=DMARC1; p=reject; x=", 10, "\\000", AUTH_PERMERROR },
		{ "v=DMARC1; p=reject\\000; p=none", 0, "", AUTH_PERMERROR },
		{ "v=DMARC1; p=reject; x=\\255\\128", 0, "", AUTH_FAIL },
		{ "v=DMARC1; p=reject; x=", 254, "", AUTH_FAIL },
		{ "v=DMARC1; p=reject; x=", 510, "", AUTH_FAIL },
		{ "v=DMARC1; p=reject; x=", 511, "", AUTH_FAIL },
		{ "v=DMARC1; p=reject; x=", 512, "", AUTH_FAIL },
		{ "v=DMARC1; p=reject; x=", 513, "", AUTH_FAIL },
		{ "v=DMARC1; p=reject; ", 512, "=b", AUTH_FAIL },
		{ "v=DMARC1; p=reject; rf=", 31, "", AUTH_PERMERROR },
		{ "v=DMARC1; p=reject; rf=", 32, "", AUTH_PERMERROR },
		{ "v=DMARC1; p=reject; rf=", 33, "", AUTH_PERMERROR },
		{ "v=DMARC1; p=reject; rua=", 255, "", AUTH_FAIL },
		{ "v=DMARC1; p=reject; rua=", 257, "", AUTH_PERMERROR },
		{ "v=DMARC1; p=reject; fo=", 256, "", AUTH_PERMERROR },
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD - 22, "",
		  AUTH_FAIL },
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD - 21, "",
		  AUTH_PERMERROR },
		{ "v=DMARC1; p=reject; x=", LIMIT_DMARC_RECORD * 10, "",
		  AUTH_PERMERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct dmarc_result result;
		struct world world;
		struct buf buf;

		buf_init(&buf, arena, 1 << 20);
		buf_printf(&buf, "_dmarc.example.org TXT \"%s\" \"",
			   rows[i].before);
		for (int k = 0; k < rows[i].n; k++)
			buf_printf(&buf, "%sa", k % 200 == 199 ? "\" \"" : "");
		buf_printf(&buf, "%s\"\n", rows[i].behind);
		begin(&world, buf_str(&buf));
		result = check_sent(&world.env, world.arena, "example.org",
				    STR(""));
		assert_result(&result, rows[i].auth,
			      rows[i].auth == AUTH_FAIL ? DMARC_REJECT
							: DMARC_NONE,
			      arena_printf(arena, "%s, %d times",
					   rows[i].before, rows[i].n));
		assert_int_equal(result.policy_domain.n > 0,
				 rows[i].auth == AUTH_FAIL);
		arena_free(world.arena);
		arena_free(arena);
	}
}

/* What reports need of a record. */
static void contents(void **state)
{
	struct dmarc_result result;
	struct world world;

	(void)state;
	begin(&world,
	      STR("_dmarc.example.org TXT \"v=DMARC1; p=quarantine; sp=reject; "
		  "aspf=s; pct=0; fo=1:d; rua=mailto:a@example.org,mailto:b@"
		  "example.net; ruf=mailto:c@example.org\"\n"));
	world.env.suffixes = &list;
	result = check_sent(&world.env, world.arena, "a.example.org", STR(""));
	assert_result(&result, AUTH_FAIL, DMARC_QUARANTINE, "a record");
	ASSERT_STR(result.author, STR("a.example.org"), "author");
	ASSERT_STR(result.policy_domain, STR("example.org"), "policy domain");
	ASSERT_STR(result.org_domain, STR("example.org"), "org domain");
	assert_string_equal(result.tag, "sp");
	assert_int_equal(result.policy, DMARC_REJECT);
	assert_int_equal(result.record.p, DMARC_QUARANTINE);
	assert_int_equal(result.record.sp, DMARC_REJECT);
	assert_int_equal(result.record.np, DMARC_REJECT);
	assert_true(result.record.strict_spf && !result.record.strict_dkim);
	assert_true(result.record.testing);
	ASSERT_STR(result.record.fo, STR("1:d"), "fo");
	ASSERT_STR(result.record.rua,
		   STR("mailto:a@example.org,mailto:b@example.net"), "rua");
	ASSERT_STR(result.record.ruf, STR("mailto:c@example.org"), "ruf");
	/* Two names were asked for: no report address, no other resolver. */
	assert_int_equal(world.queries, 2);
	arena_free(world.arena);
}

struct crowd {
	struct dns_resolver zone;
	int number, wrong;
};

static void *run_crowd(void *context)
{
	static const struct {
		const char *author;
		struct str sent;
		enum auth auth;
	} rows[] = {
		{ "example.org", S("pass example.org"), AUTH_PASS },
		{ "a.example.org", S("pass b.example.org"), AUTH_PASS },
		{ "example.org", S("pass example.net"), AUTH_FAIL },
		{ "example.net", S(""), AUTH_NONE },
		{ "slow.example", S(""), AUTH_TEMPERROR },
		{ "bad.example", S(""), AUTH_PERMERROR },
	};
	const int n_rows = sizeof(rows) / sizeof(rows[0]);
	struct crowd *crowd = context;
	struct arena *arena = arena_new(4096);

	for (int i = 0; i < ROUNDS; i++) {
		int row = (i + crowd->number) % n_rows;
		struct env env = { .resolver = &crowd->zone,
				   .suffixes = &list };
		struct dmarc_result result;

		result = check_sent(&env, arena, rows[row].author,
				    rows[row].sent);
		crowd->wrong += result.auth != rows[row].auth;
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
	begin(&world, STR(REJECT "_dmarc.slow.example TXT !timeout\n"
				 "_dmarc.bad.example TXT \"v=DMARC1\"\n"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),    cmocka_unit_test(guards),
		cmocka_unit_test(long_names), cmocka_unit_test(records),
		cmocka_unit_test(contents),   cmocka_unit_test(threads),
	};

	if (!library->check) {
		printf("1..0 # SKIP this build has no libopendmarc\n");
		return 0;
	}
	return UNIT_RUN(tests);
}
