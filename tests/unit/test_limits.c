/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "limits"
#include "unit.h"

#include "mail/arc_chain.h"
#include "mail/authres.h"
#include "mail/buf.h"
#include "mail/dmarc_walk.h"
#include "mail/dns_zone.h"
#include "mail/domain.h"
#include "mail/spf_check.h"
#include "mail/trace.h"

/*
 * Every limit of mail/limits.h that auth-policy meets has a case at it, one
 * above and ten times above. Here are those that no other test has.
 *
 *	FIELDS, HEADER			policy/sessions, unit/message
 *	FIELD				unit/message
 *	FROM_FIELDS, AUTHOR_DOMAINS	unit/authors
 *	MAILBOXES, LOCAL_PART		unit/address
 *	COMMENT_DEPTH			unit/address, unit/scan
 *	LABEL, DOMAIN			here
 *	TAGS				unit/taglist
 *	SIGNATURES			unit/dkim_verify, unit/results
 *	CLOCK_DRIFT			tools/auth
 *	RSA_BITS_...			unit/crypto, unit/dkim_verify
 *	KEY_RECORD			unit/crypto_public
 *	ARC_SETS			here, corpus/arc, policy/forged
 *	STS_POLICY, STS_AGE		e2e/check, unit/sts_policy
 *	SPF_TERMS, _VOIDS, _NAMES	unit/spf_limits
 *	SPF_IDENTITY, SPF_NAME		unit/spf_limits
 *	SPF_DIRECTIVES			unit/spf_parse
 *	SPF_EXPLANATION			here, unit/spf_limits
 *	DMARC_WALK			here
 *	DMARC_RECORD			unit/dmarc_record, unit/dmarc_check
 *	TRACE_VALUE			here
 *	AUTHRES_RESULTS, _PROPERTIES	here, unit/authres_parse
 *	ZONE_FILE, TXT_STRING, CNAMES	unit/dns_zone
 *	RDATA				here
 */
static struct arena *arena;

static char *repeat(const char *what, size_t n)
{
	struct buf buf;

	buf_init(&buf, arena, n * strlen(what) + 1);
	for (size_t i = 0; i < n; i++)
		buf_add(&buf, str_from(what));
	return buf_c(&buf);
}

static void of_names(void **state)
{
	/* RFC 1035 section 2.3.4: 255 octets on the wire are 253 in text. */
	static const size_t names[] = { LIMIT_DOMAIN - 2, LIMIT_DOMAIN - 1,
					LIMIT_DOMAIN * 10 };
	static const size_t labels[] = { LIMIT_LABEL, LIMIT_LABEL + 1,
					 LIMIT_LABEL * 10 };
	struct str normal;

	(void)state;
	for (int i = 0; i < 3; i++) {
		char *name = repeat("a", names[i]);

		for (size_t k = 50; k < names[i]; k += 51)
			name[k] = '.';
		ASSERT_RESULT(domain_normalize(arena, str_from(name), &normal),
			      i ? E_SYNTAX : OK, "domain");
		name = arena_printf(arena, "%s.example",
				    repeat("a", labels[i]));
		ASSERT_RESULT(domain_normalize(arena, str_from(name), &normal),
			      i ? E_SYNTAX : OK, "label");
	}
}

static struct arc_chain *chain_of(size_t sets)
{
	struct message *message = ARENA_NEW(arena, struct message, 1);
	struct str body;
	struct buf buf;

	buf_init(&buf, arena, LIMIT_HEADER);
	for (size_t i = sets; i > 0; i--)
		buf_printf(&buf,
			   "ARC-Seal: i=%zu; cv=%s; a=rsa-sha256; d=a.example; "
			   "s=s; b=AAAA\n"
			   "ARC-Message-Signature: i=%zu; a=rsa-sha256; "
			   "d=a.example; s=s; h=from; bh=AAAA; b=AAAA\n"
			   "ARC-Authentication-Results: i=%zu; a.example; "
			   "none\n",
			   i, i == 1 ? "none" : "pass", i, i);
	buf_add(&buf, STR("From: a@a.example\n\n"));
	message_init(message, arena);
	assert_int_equal(message_split(message, buf_str(&buf), &body), OK);
	return arc_chain_parse(arena, message);
}

static void of_arc_sets(void **state)
{
	(void)state;
	assert_null(chain_of(LIMIT_ARC_SETS)->fault);
	assert_int_equal(chain_of(LIMIT_ARC_SETS)->instances, LIMIT_ARC_SETS);
	assert_string_equal(chain_of(LIMIT_ARC_SETS + 1)->fault,
			    "too many ARC sets");
	assert_string_equal(chain_of(LIMIT_ARC_SETS * 10)->fault,
			    "too many ARC sets");
}

/* Counts what it is asked, and knows nothing. */
static void count_query(void *context, struct arena *unused, struct str name,
			enum dns_type type, struct dns_answer *answer)
{
	(void)unused, (void)name, (void)type;
	++*(size_t *)context;
	*answer = (struct dns_answer){ .status = DNS_NO_NAME };
}

/* RFC 9989 section 4.10: a query for each label, and never more than eight. */
static void of_dmarc_walk(void **state)
{
	static const size_t labels[] = { LIMIT_DMARC_WALK - 1, LIMIT_DMARC_WALK,
					 LIMIT_DMARC_WALK + 1,
					 LIMIT_DMARC_WALK * 10 };

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		size_t asked = 0;
		const struct dns_resolver resolver = { count_query, &asked };
		const struct env env = { .resolver = &resolver };
		const char *name =
			arena_printf(arena, "%sb", repeat("a.", labels[i] - 1));
		struct dmarc_walk walk;

		dmarc_walk(&env, arena, DMARC_TREEWALK, str_from(name), &walk);
		assert_int_equal(asked,
				 i ? LIMIT_DMARC_WALK : LIMIT_DMARC_WALK - 1);
	}
}

static void of_trace_values(void **state)
{
	(void)state;
	assert_int_equal(trace_form(str_from(repeat("a", LIMIT_TRACE_VALUE))),
			 TRACE_ATOM);
	assert_int_equal(
		trace_form(str_from(repeat("a", LIMIT_TRACE_VALUE + 1))),
		TRACE_UNFIT);
	assert_int_equal(
		trace_form(str_from(repeat("a", LIMIT_TRACE_VALUE * 10))),
		TRACE_UNFIT);
	assert_true(trace_is_text(str_from(repeat("a", LIMIT_TRACE_VALUE))));
	assert_false(
		trace_is_text(str_from(repeat("a", LIMIT_TRACE_VALUE + 1))));
	assert_false(
		trace_is_text(str_from(repeat("a", LIMIT_TRACE_VALUE * 10))));
}

static void of_authres(void **state)
{
	static const size_t by[] = { 0, 1, 9 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		const size_t results =
			LIMIT_AUTHRES_RESULTS +
			(by[i] > 1 ? 9 * LIMIT_AUTHRES_RESULTS : by[i]);
		const size_t properties =
			LIMIT_AUTHRES_PROPERTIES +
			(by[i] > 1 ? 9 * LIMIT_AUTHRES_PROPERTIES : by[i]);
		struct authres authres;

		ASSERT_RESULT(authres_parse(arena,
					    str_from(arena_printf(
						    arena, "mx%s",
						    repeat("; a=b", results))),
					    &authres),
			      i ? E_LIMIT : OK, "results");
		ASSERT_RESULT(
			authres_parse(arena,
				      str_from(arena_printf(
					      arena, "mx; a=b%s",
					      repeat(" c.d=e", properties))),
				      &authres),
			i ? E_LIMIT : OK, "properties");
	}
}

/* RFC 7208 section 6.2: what is too long is no explanation. */
static void of_explanations(void **state)
{
	static const size_t sizes[] = { LIMIT_SPF_EXPLANATION,
					LIMIT_SPF_EXPLANATION + 1,
					LIMIT_SPF_EXPLANATION * 10 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct spf_client client = { .address.octets = { 192, 0, 2 },
					     .helo = STR("h.example") };
		struct buf text;
		struct dns_zone_fault fault;
		struct spf_result result;
		struct dns_zone *zone;
		struct dns_resolver resolver;
		struct env env = { .resolver = &resolver };

		buf_init(&text, arena, 2 * sizes[i] + 1000);
		buf_add(&text, STR("a.example TXT \"v=spf1 -all "
				   "exp=e.example\"\ne.example TXT"));
		for (size_t n = sizes[i]; n; n -= n < 100 ? n : 100)
			buf_printf(&text, " \"%s\"",
				   repeat("x", n < 100 ? n : 100));
		assert_int_equal(dns_zone_parse(arena, buf_str(&text), &zone,
						&fault),
				 OK);
		resolver = dns_zone_resolver(zone);
		spf_check_mail_from(&env, arena, &client, STR("x@a.example"),
				    &result);
		assert_int_equal(result.auth, AUTH_FAIL);
		assert_int_equal(result.explanation.n, i ? 0 : sizes[i]);
	}
}

/* Octets of a TXT record on the wire: each string has one more. */
static void of_rdata(void **state)
{
	static const size_t sizes[] = { LIMIT_RDATA, LIMIT_RDATA + 1,
					(size_t)LIMIT_RDATA * 10 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct dns_zone_fault fault;
		struct dns_zone *zone;
		struct buf text;

		buf_init(&text, arena, 2 * sizes[i]);
		buf_add(&text, STR("a.example TXT"));
		for (size_t n = sizes[i]; n;) {
			size_t size = n < LIMIT_TXT_STRING + 1
					      ? n
					      : LIMIT_TXT_STRING + 1;

			buf_printf(&text, " \"%s\"", repeat("x", size - 1));
			n -= size;
		}
		assert_int_equal(dns_zone_parse(arena, buf_str(&text), &zone,
						&fault) == OK,
				 !i);
	}
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_names),	       TEST(of_arc_sets), TEST(of_dmarc_walk),
		TEST(of_trace_values), TEST(of_authres),  TEST(of_explanations),
		TEST(of_rdata),
	};

	return UNIT_RUN(tests);
}
