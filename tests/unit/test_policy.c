/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "policy"
#include "unit.h"

#include "auth-policy/override.h"
#include "auth-policy/policy.h"

/*
 * Findings as a check could have them, in a few letters each, and what is to
 * be done: the defaults, RFC 9989 section 5.4, RFC 7208 section 8.4.
 */
struct row {
	const char *what;
	const char *config; /* settings that differ */
	enum auth spf;
	enum auth dmarc;
	enum dmarc_policy policy, disposition;
	const char *from; /* "ok", "many", "none" */
	const char *want; /* action and reply */
};

static const struct row rows[] = {
	{ "pass", "", AUTH_PASS, AUTH_PASS, DMARC_REJECT, DMARC_NONE, "ok",
	  "accept" },
	{ "no policy", "", AUTH_NONE, AUTH_NONE, DMARC_NONE, DMARC_NONE, "ok",
	  "accept" },
	{ "p=none", "", AUTH_PASS, AUTH_FAIL, DMARC_NONE, DMARC_NONE, "ok",
	  "accept" },
	{ "p=reject", "", AUTH_PASS, AUTH_FAIL, DMARC_REJECT, DMARC_REJECT,
	  "ok", "reject 550 5.7.1 example.org DMARC" },
	{ "p=reject t=y", "", AUTH_PASS, AUTH_FAIL, DMARC_REJECT,
	  DMARC_QUARANTINE, "ok", "mark - - example.org DMARC" },
	{ "p=quarantine", "", AUTH_PASS, AUTH_FAIL, DMARC_QUARANTINE,
	  DMARC_QUARANTINE, "ok", "mark - - example.org DMARC" },
	{ "p=quarantine t=y", "", AUTH_PASS, AUTH_FAIL, DMARC_QUARANTINE,
	  DMARC_NONE, "ok", "accept" },
	{ "hold", "quarantine = hold", AUTH_PASS, AUTH_FAIL, DMARC_QUARANTINE,
	  DMARC_QUARANTINE, "ok", "hold - - example.org DMARC" },
	{ "quarantine refused", "quarantine = reject", AUTH_PASS, AUTH_FAIL,
	  DMARC_QUARANTINE, DMARC_QUARANTINE, "ok",
	  "reject 550 5.7.1 example.org DMARC" },
	{ "SPF fail, no policy", "", AUTH_FAIL, AUTH_NONE, DMARC_NONE,
	  DMARC_NONE, "ok", "accept" },
	{ "SPF fail refused", "spf_fail = reject", AUTH_FAIL, AUTH_NONE,
	  DMARC_NONE, DMARC_NONE, "ok",
	  "reject 550 5.7.23 sender.example SPF" },
	{ "SPF softfail", "spf_fail = reject", AUTH_SOFTFAIL, AUTH_NONE,
	  DMARC_NONE, DMARC_NONE, "ok", "accept" },
	{ "SPF fail, p=none", "spf_fail = reject", AUTH_FAIL, AUTH_FAIL,
	  DMARC_NONE, DMARC_NONE, "ok",
	  "reject 550 5.7.23 sender.example SPF" },
	{ "SPF fail, DKIM aligned", "spf_fail = reject", AUTH_FAIL, AUTH_PASS,
	  DMARC_REJECT, DMARC_NONE, "ok", "accept" },
	{ "SPF fail, p=reject", "spf_fail = reject", AUTH_FAIL, AUTH_FAIL,
	  DMARC_REJECT, DMARC_REJECT, "ok",
	  "reject 550 5.7.1 example.org DMARC" },
	{ "time-out", "", AUTH_TEMPERROR, AUTH_TEMPERROR, DMARC_REJECT,
	  DMARC_NONE, "ok", "tempfail 451 4.7.24 example.org DMARC" },
	{ "time-out, accepted", "temperror = accept", AUTH_TEMPERROR,
	  AUTH_TEMPERROR, DMARC_REJECT, DMARC_NONE, "ok", "accept" },
	{ "time-out, p=none", "", AUTH_TEMPERROR, AUTH_TEMPERROR, DMARC_NONE,
	  DMARC_NONE, "ok", "accept" },
	{ "SPF time-out alone", "", AUTH_TEMPERROR, AUTH_PASS, DMARC_REJECT,
	  DMARC_NONE, "ok", "accept" },
	{ "broken record", "", AUTH_PASS, AUTH_PERMERROR, DMARC_NONE,
	  DMARC_NONE, "ok", "accept" },
	{ "no From", "", AUTH_PASS, AUTH_NONE, DMARC_NONE, DMARC_NONE, "none",
	  "reject 550 5.7.1 From" },
	{ "no From, lenient", "malformed_from = evaluate", AUTH_PASS, AUTH_NONE,
	  DMARC_NONE, DMARC_NONE, "none", "reject 550 5.7.1 From" },
	{ "two authors", "", AUTH_PASS, AUTH_PASS, DMARC_REJECT, DMARC_NONE,
	  "many", "reject 550 5.7.1 From" },
	{ "two authors, evaluated", "malformed_from = evaluate", AUTH_PASS,
	  AUTH_PASS, DMARC_REJECT, DMARC_NONE, "many", "accept" },
	{ "two authors, one a forger's", "malformed_from = evaluate", AUTH_PASS,
	  AUTH_FAIL, DMARC_REJECT, DMARC_REJECT, "many",
	  "reject 550 5.7.1 example.org DMARC" },
};

static struct arena *arena;

static struct config read_config(const char *text)
{
	const char *equals = strchr(text, '=');
	struct config config = { .temperror = TEMPERROR_TEMPFAIL };
	const struct setting *setting = config_table;
	int choice = 0;

	if (!equals)
		return config;
	while (strncmp(setting->name, text, strlen(setting->name)) != 0)
		setting++;
	while (strcmp(setting->choices[choice], equals + 2) != 0)
		choice++;
	*(int *)((char *)&config + setting->offset) = choice;
	return config;
}

static struct check_findings *find(const struct row *row)
{
	struct check_findings *found =
		ARENA_NEW(arena, struct check_findings, 1);

	found->has_spf = true;
	found->client.address = (struct ip){ .octets = { 192, 0, 2, 7 } };
	found->mail_from = (struct spf_result){
		.auth = row->spf,
		.domain = STR("sender.example"),
		.reason = "says so",
	};
	found->helo = found->mail_from;
	found->helo.auth = AUTH_NONE;
	found->dmarc = ARENA_NEW(arena, struct dmarc_result, 1);
	*found->dmarc = (struct dmarc_result){
		.auth = row->dmarc,
		.reason = "nothing aligned",
		.author = STR("example.org"),
		.policy_domain = STR("example.org"),
		.tag = row->dmarc == AUTH_NONE ? NULL : "p",
		.policy = row->policy,
		.disposition = row->disposition,
	};
	found->authors.domains = ARENA_NEW(arena, struct str, 1);
	found->authors.domains[0] = STR("example.org");
	found->authors.n = 1;
	found->strictest = found->dmarc;
	if (strcmp(row->from, "ok") != 0)
		found->authors.fault = "the From field is odd";
	found->authors.unreadable = strcmp(row->from, "none") == 0;
	return found;
}

/* Each word of `want` in what was decided. */
static void check_words(const struct row *row, const struct decision *decision)
{
	char *want = arena_printf(arena, "%s", row->want);
	const char *all = arena_printf(arena, "%s %s %s %s",
				       policy_action_name(decision->action),
				       decision->code ? decision->code : "-",
				       decision->xcode ? decision->xcode : "-",
				       decision->text ? decision->text : "");
	char *place = NULL;

	for (char *word = strtok_r(want, " ", &place); word;
	     word = strtok_r(NULL, " ", &place))
		if (!strstr(all, word))
			fail_msg("%s: no %s in \"%s\"", row->what, word, all);
}

static void actions(void **state)
{
	const struct derived derived = { .rules = { .arc = true } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct config config = read_config(rows[i].config);
		struct decision decision;

		policy_decide(arena, &config, &derived, find(&rows[i]),
			      &decision);
		check_words(&rows[i], &decision);
		/* A code comes with a refusal, and no refusal without one. */
		assert_int_equal(decision.code != NULL,
				 decision.action == POLICY_REJECT ||
					 decision.action == POLICY_TEMPFAIL);
		assert_null(decision.override);
	}
}

static const struct row failing = { "p=reject", "",	      AUTH_PASS,
				    AUTH_FAIL,	DMARC_REJECT, DMARC_REJECT,
				    "ok",	"reject" };

/*
 * Chains of sealers from the first to the last, each with what it saw, and
 * the trusted ones. The rule: from the newest down to the first stranger.
 */
static void sealers(void **state)
{
	static const struct {
		const char *what;
		const char *sealer[3];
		const char *saw[3];
		const char *trusted;
		enum auth arc;
		bool helps;
	} chains[] = {
		{ "one, trusted",
		  { "list.example" },
		  { "x.example; dmarc=pass header.from=example.org" },
		  "list.example",
		  AUTH_PASS,
		  true },
		{ "other case, comments",
		  { "list.example" },
		  { "x.example; DMARC=Pass (p=none) Header.From=EXAMPLE.org" },
		  "list.example",
		  AUTH_PASS,
		  true },
		{ "nobody trusted",
		  { "list.example" },
		  { "x.example; dmarc=pass header.from=example.org" },
		  "",
		  AUTH_PASS,
		  false },
		{ "chain fails",
		  { "list.example" },
		  { "x.example; dmarc=pass header.from=example.org" },
		  "list.example",
		  AUTH_FAIL,
		  false },
		{ "another author",
		  { "list.example" },
		  { "x.example; dmarc=pass header.from=example.com" },
		  "list.example",
		  AUTH_PASS,
		  false },
		{ "saw a failure",
		  { "list.example" },
		  { "x.example; dmarc=fail header.from=example.org" },
		  "list.example",
		  AUTH_PASS,
		  false },
		{ "not of DMARC",
		  { "list.example" },
		  { "x.example; spf=pass header.from=example.org" },
		  "list.example",
		  AUTH_PASS,
		  false },
		{ "unreadable",
		  { "list.example" },
		  { "x.example; dmarc=pass header.from=example.org \"" },
		  "list.example",
		  AUTH_PASS,
		  false },
		{ "first of two, both trusted",
		  { "list.example", "relay.example" },
		  { "x.example; dmarc=pass header.from=example.org",
		    "y.example; dmarc=fail header.from=example.org" },
		  "list.example,relay.example",
		  AUTH_PASS,
		  true },
		{ "a stranger had it last",
		  { "list.example", "evil.example" },
		  { "x.example; dmarc=pass header.from=example.org",
		    "y.example; dmarc=pass header.from=example.org" },
		  "list.example",
		  AUTH_PASS,
		  false },
		{ "a stranger had it first",
		  { "evil.example", "list.example" },
		  { "x.example; dmarc=pass header.from=example.org",
		    "y.example; dmarc=fail header.from=example.org" },
		  "list.example",
		  AUTH_PASS,
		  false },
		{ "a sub-domain is another sealer",
		  { "a.list.example" },
		  { "x.example; dmarc=pass header.from=example.org" },
		  "list.example",
		  AUTH_PASS,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++) {
		struct check_findings *found = find(&failing);
		struct derived derived = { .rules = { .arc = true } };
		struct str rest = str_from(chains[i].trusted), part;
		struct config config = read_config("");
		struct decision decision;

		found->has_arc = true;
		found->arc.auth = chains[i].arc;
		found->arc.reason = "";
		found->arc.sets = ARENA_NEW(arena, struct arc_set, 3);
		for (size_t k = 0; k < 3 && chains[i].sealer[k]; k++)
			found->arc.sets[found->arc.instances++] =
				(struct arc_set){
					.sealer = str_from(chains[i].sealer[k]),
					.authres = str_from(chains[i].saw[k]),
				};
		derived.sealers.items = ARENA_NEW(arena, struct str, 3);
		while (rest.n && str_cut(&rest, ',', &part))
			derived.sealers.items[derived.sealers.n++] = part;
		policy_decide(arena, &config, &derived, found, &decision);
		if ((decision.action == POLICY_ACCEPT) != chains[i].helps ||
		    (decision.override != NULL) != chains[i].helps)
			fail_msg("%s: %s", chains[i].what,
				 policy_action_name(decision.action));
	}
}

static void forwarders(void **state)
{
	static const struct {
		const char *item;
		enum auth helo, mail_from;
		bool helps;
	} lists[] = {
		{ "192.0.2.0/24", AUTH_NONE, AUTH_NONE, true },
		{ "198.51.100.0/24", AUTH_PASS, AUTH_PASS, false },
		{ "sender.example", AUTH_NONE, AUTH_PASS, true },
		{ "sender.example", AUTH_PASS, AUTH_NONE, true },
		{ "sender.example", AUTH_SOFTFAIL, AUTH_NEUTRAL, false },
		{ "example", AUTH_PASS, AUTH_PASS, true },
		{ "ender.example", AUTH_PASS, AUTH_PASS, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct check_findings *found = find(&failing);
		struct str item = str_from(lists[i].item);
		const struct conf_list list = { &item, 1 };
		struct derived derived = { .forwarder_domains = { NULL, 0 } };
		struct config config = read_config("");
		struct decision decision;

		found->helo.auth = lists[i].helo;
		found->mail_from.auth = lists[i].mail_from;
		if (network_check(lists[i].item))
			derived.forwarder_domains = list;
		else
			derived.forwarders = network_parse(arena, &list);
		policy_decide(arena, &config, &derived, found, &decision);
		if ((decision.action == POLICY_ACCEPT) != lists[i].helps)
			fail_msg("%s: %s", lists[i].item,
				 policy_action_name(decision.action));
	}
}

/* DNS kept silent about somebody who could have helped: nothing for good. */
static void open_overrides(void **state)
{
	struct str item = STR("list.example");
	const struct conf_list list = { &item, 1 };
	struct derived derived = { .sealers = list };
	struct config config = read_config("");
	struct check_findings *found = find(&failing);
	struct decision decision;

	(void)state;
	found->has_arc = true;
	found->arc.auth = AUTH_TEMPERROR;
	policy_decide(arena, &config, &derived, found, &decision);
	assert_int_equal(decision.action, POLICY_TEMPFAIL);
	derived.sealers.n = 0;
	policy_decide(arena, &config, &derived, found, &decision);
	assert_int_equal(decision.action, POLICY_REJECT);
	found->helo.auth = AUTH_TEMPERROR;
	policy_decide(arena, &config, &derived, found, &decision);
	assert_int_equal(decision.action, POLICY_REJECT);
	derived.forwarder_domains = list;
	policy_decide(arena, &config, &derived, found, &decision);
	assert_int_equal(decision.action, POLICY_TEMPFAIL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(actions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sealers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forwarders, set_up, tear_down),
		cmocka_unit_test_setup_teardown(open_overrides, set_up,
						tear_down),
	};

	return UNIT_RUN(tests);
}
