/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "sign"
#include "unit.h"

#include "mail/limits.h"
#include "signing.h"

enum want { SIGNED, UNSIGNED, DEFERRED, FROM_FAULT, LINE_FAULT, SIZE_FAULT };

static const struct {
	enum action action;
	const char *code, *xcode;
	int outcome;
} wants[] = {
	[SIGNED] = { ACTION_CONTINUE, NULL, NULL, SIGN_SIGNED },
	[UNSIGNED] = { ACTION_ACCEPT, NULL, NULL, SIGN_UNSIGNED },
	[DEFERRED] = { ACTION_TEMPFAIL, "451", "4.7.0", OUTCOME_DEFERRED },
	[FROM_FAULT] = { ACTION_REJECT, "550", "5.7.1", SIGN_REFUSED },
	[LINE_FAULT] = { ACTION_REJECT, "550", "5.6.0", SIGN_REFUSED },
	[SIZE_FAULT] = { ACTION_REJECT, "552", "5.3.4", SIGN_REFUSED },
};

static void assert_same_text(const char *got, const char *want, const char *row)
{
	if (!got != !want || (got && strcmp(got, want) != 0))
		fail_msg("%s: got %s, want %s", row, got ? got : "nothing",
			 want ? want : "nothing");
}

static void check_run(const char *what, enum client client, struct run *run,
		      enum want want)
{
	const char *row = arena_printf(folder.arena, "%s, %s", what,
				       clients[client].name);
	const struct milter_outcome *outcome =
		&milter.outcomes[wants[want].outcome];

	run_message(client, run);
	if (run->action != wants[want].action ||
	    run->outcome != wants[want].outcome)
		fail_msg("%s: got action %d %s, want action %d %s", row,
			 run->action, milter.outcomes[run->outcome].verb,
			 wants[want].action, outcome->verb);
	if (wants[want].code) {
		assert_same_text(run->code, wants[want].code, row);
		assert_same_text(run->xcode, wants[want].xcode, row);
	}
	/* No edit without "signed", no "signed" without edits. */
	if ((run->n_edits > 0) != (want == SIGNED))
		fail_msg("%s: %zu edits", row, run->n_edits);
	assert_int_equal(count_in(run->log, "\n"), 1);
	ASSERT_HAS(run->log,
		   arena_printf(folder.arena,
				"dkim-sign: %sNOQUEUE: %s client=unknown "
				"user=",
				outcome->warn ? "warning: " : "",
				outcome->verb),
		   row);
}

/* Users, those who are ours, and strangers, of whom nothing is ever said. */
static void check_all(const char *what, struct run *run, enum want user,
		      enum want ours)
{
	check_run(what, USER, run, user);
	check_run(what, BARE_USER, run, user);
	check_run(what, TRUSTED, run, ours);
	check_run(what, LOCAL, run, ours);
	check_run(what, STRANGER, run, UNSIGNED);
	assert_int_equal(run->n_seen, 0);
	ASSERT_HAS(run->log, "neither authenticated nor trusted", what);
	check_run(what, UNKNOWN, run, UNSIGNED);
}

/* A message with this header, LF line ends. */
static struct run run_of(const char *header)
{
	struct message message;
	struct str body;

	message_init(&message, folder.arena);
	ASSERT_RESULT(message_split(&message, str_from(header), &body), OK,
		      header);
	return (struct run){ .fields = message.fields,
			     .n_fields = message.n,
			     .body = STR("Hello\r\n") };
}

#define OWN_FROM "Received: from x\nFrom: alice@example.org\nSubject: Hi\n"

static const struct {
	const char *header;
	enum want user, ours;
} class_rows[] = {
	{ OWN_FROM, SIGNED, SIGNED },
	{ "From: Alice <alice@example.org>\n", SIGNED, SIGNED },
	{ "From: sales@example.org\n", SIGNED, SIGNED },
	{ "From: also@example.com\n", SIGNED, SIGNED },
	{ "From: alice@example.org, sales@example.org\n", SIGNED, SIGNED },
	/* no From, two From, bad From */
	{ "", FROM_FAULT, UNSIGNED },
	{ "Subject: Hi\n", FROM_FAULT, UNSIGNED },
	{ "Sender: alice@example.org\n", FROM_FAULT, UNSIGNED },
	{ "Resent-From: alice@example.org\n", FROM_FAULT, UNSIGNED },
	{ "From: alice@example.org\nFrom: alice@example.org\n", FROM_FAULT,
	  UNSIGNED },
	{ "From: alice@example.org\nfROM : also@example.com\n", FROM_FAULT,
	  UNSIGNED },
	{ "From\t: bob@example.org\nFrom: alice@example.org\n", FROM_FAULT,
	  UNSIGNED },
	{ "From: alice@@example.org\n", FROM_FAULT, UNSIGNED },
	{ "From:\n", FROM_FAULT, UNSIGNED },
	{ "From: undisclosed:;\n", FROM_FAULT, UNSIGNED },
	/* another's */
	{ "From: bob@example.org\n", FROM_FAULT, SIGNED },
	{ "From : bob@example.org\n", FROM_FAULT, SIGNED },
	{ "From: alice@example.org, bob@example.org\n", FROM_FAULT, SIGNED },
	/* two domains, not hosted */
	{ "From: alice@example.org, also@example.com\n", FROM_FAULT, UNSIGNED },
	{ "From: alice@example.org, x@else.where\n", FROM_FAULT, UNSIGNED },
	{ "From: x@else.where, alice@example.org\n", FROM_FAULT, UNSIGNED },
	{ "From: alice@else.where\n", FROM_FAULT, UNSIGNED },
	{ "From: alice@[192.0.2.1]\n", FROM_FAULT, UNSIGNED },
	{ "From: alice@sub.example.org\n", FROM_FAULT, UNSIGNED },
	/* no key */
	{ "From: alice@nokey.example\n", DEFERRED, DEFERRED },
};

static void classes(void **state)
{
	struct run run;

	(void)state;
	begin("");
	for (size_t i = 0; i < sizeof(class_rows) / sizeof(*class_rows); i++) {
		run = run_of(class_rows[i].header);
		check_all(class_rows[i].header, &run, class_rows[i].user,
			  class_rows[i].ours);
	}
	run = run_of(OWN_FROM);
	run.header_too_long = true;
	check_all("header too long", &run, SIZE_FAULT, UNSIGNED);
	end();
}

/* RFC 6409 section 6.1: who submits is held to addresses of his own. */
static const struct {
	const char *sender;
	enum want user;
} sender_rows[] = {
	{ "", SIGNED },
	{ "alice@example.org", SIGNED },
	{ "ALICE@Example.ORG", SIGNED },
	{ "alice+lists@example.org", SIGNED },
	{ "\"alice\"@example.org", SIGNED },
	{ "sales@example.org", SIGNED },
	{ "also@example.com", SIGNED },
	{ "bob@example.org", FROM_FAULT },
	{ "nobody@example.org", FROM_FAULT },
	{ "alice@example.com", FROM_FAULT },
	{ "alice@else.where", FROM_FAULT },
	{ "alice@[192.0.2.1]", FROM_FAULT },
	{ "alice", FROM_FAULT },
	{ "alice@@example.org", FROM_FAULT },
};

static void senders(void **state)
{
	(void)state;
	begin("");
	for (size_t i = 0; i < sizeof(sender_rows) / sizeof(*sender_rows);
	     i++) {
		struct run run = run_of(OWN_FROM);

		run.sender = str_from(sender_rows[i].sender);
		check_all(sender_rows[i].sender, &run, sender_rows[i].user,
			  SIGNED);
	}
	end();
}

static struct str long_line(size_t n)
{
	char *bytes = arena_alloc(folder.arena, n + 3);

	memset(bytes, 'a', n);
	memcpy(bytes + n, "\r\n", 3);
	return (struct str){ bytes, n + 2 };
}

static void long_lines(void **state)
{
	struct run run;

	(void)state;
	begin("long_lines = reject\n");
	run = run_of(OWN_FROM);
	run.body = long_line(LIMIT_LINE);
	run.longest = LIMIT_LINE;
	check_all("998", &run, SIGNED, SIGNED);
	assert_null(strstr(run.log, "warn="));
	run.body = long_line(LIMIT_LINE + 1);
	check_all("999", &run, LINE_FAULT, SIGNED);
	check_run("999", TRUSTED, &run, SIGNED);
	ASSERT_HAS(run.log, " warn=long-line", "999");
	run.body = STR("x\r\n");
	run.longest = LIMIT_LINE + 1;
	check_all("field of 999", &run, LINE_FAULT, SIGNED);
	end();
	begin("");
	run = run_of(OWN_FROM);
	run.body = long_line(LIMIT_LINE + 1);
	run.longest = 0;
	check_all("sign", &run, SIGNED, SIGNED);
	check_run("sign", USER, &run, SIGNED);
	ASSERT_HAS(run.log, " warn=long-line", "sign");
	run.body = STR("\xc3\xbc\r\n");
	check_run("8bit", USER, &run, SIGNED);
	ASSERT_HAS(run.log, " warn=8bit", "8bit");
	end();
}

/* More fields than a signature can name: it is refused, not cut. */
static void too_many_fields(void **state)
{
	struct field fields[5000] = { { S("From"), S(" alice@example.org") } };
	struct run run = { .fields = fields, .n_fields = 5000 };

	(void)state;
	begin("");
	for (size_t i = 1; i < 5000; i++)
		fields[i] = (struct field){ STR("List-Unsubscribe"),
					    STR(" <http://example.org/>") };
	check_all("fields", &run, SIZE_FAULT, UNSIGNED);
	end();
}

static void white_space_hidden(void **state)
{
	struct run run;

	(void)state;
	begin("canonicalization = simple/relaxed\n");
	run = run_of(OWN_FROM);
	run.no_lead_space = true;
	check_all("simple", &run, DEFERRED, DEFERRED);
	run.no_lead_space = false;
	check_all("shown", &run, SIGNED, SIGNED);
	end();
	begin("canonicalization = relaxed/simple\n");
	run = run_of(OWN_FROM);
	run.no_lead_space = true;
	check_all("relaxed", &run, SIGNED, SIGNED);
	end();
}

static void rules(void **state)
{
	struct run run;

	(void)state;
	begin("from = domain\n");
	run = run_of("From: bob@example.org\n");
	check_all("bob", &run, SIGNED, SIGNED);
	run = run_of("From: bob@example.com\n");
	check_all("com", &run, FROM_FAULT, SIGNED);
	run = run_of("From: alice@sub.example.org\n");
	check_all("sub", &run, FROM_FAULT, UNSIGNED);
	run = run_of("From: alice@else.where\n");
	check_all("out", &run, FROM_FAULT, UNSIGNED);
	end();
	begin("from = any subdomains = yes\n");
	run = run_of("From: bob@example.com\n");
	check_all("com", &run, SIGNED, SIGNED);
	run = run_of("From: alice@else.where\n");
	check_all("out", &run, UNSIGNED, UNSIGNED);
	run = run_of("From: alice@example.org, bob@example.com\n");
	check_all("two", &run, FROM_FAULT, UNSIGNED);
	run = run_of("From: alice@sub.example.org\n");
	check_all("sub", &run, SIGNED, SIGNED);
	/* The parent's keys, so the parent's name: RFC 6376 section 3.5, d= */
	check_run("sub", USER, &run, SIGNED);
	ASSERT_HAS(run.edits[0].p, " d=example.org;", "sub");
	end();
}

/* What shows a reader, or another parser, another author than alice. */
static const struct str not_hers[] = {
	S(" bob@example.org"),
	S("bob@example.org"),
	S(" BOB@EXAMPLE.ORG"),
	S(" <bob@example.org>"),
	S(" \"bob\"@example.org"),
	S(" b\\ob@example.org"),
	S(" \"b\\ob\"@example.org"),
	S(" bob @ example.org"),
	S(" bob(alice)@(alice@)example.org"),
	S(" bob@example.org."),
	S(" \"alice@example.org\" <bob@example.org>"),
	S(" alice@example.org <bob@example.org>"),
	S(" alice <bob@example.org>"),
	S(" (alice@example.org) bob@example.org"),
	S(" bob@example.org (alice@example.org)"),
	S(" bob@example.org (<alice@example.org>)"),
	S(" <alice@example.org> <bob@example.org>"),
	S(" <alice@example.org> bob@example.org"),
	S(" <bob@example.org>, <alice@example.org>"),
	S(" alice@example.org, bob@example.org"),
	S(" alice@example.org; bob@example.org"),
	S(" alice@example.org bob@example.org"),
	S(" ,,bob@example.org,,"),
	S(" a: bob@example.org;"),
	S(" a: alice@example.org; bob@example.org"),
	S(" a: alice@example.org, bob@example.org;"),
	S(" <@alice.example.org:bob@example.org>"),
	S(" <@example.org,@alice@example.org:bob@example.org>"),
	S(" alice@example.org@example.com"),
	S(" <alice@example.org@example.com>"),
	S(" \"alice@example.org\"@example.com"),
	S(" \"alice@example.org,\"@example.com"),
	S(" =?utf-8?q?alice=40example.org?="),
	S(" =?utf-8?b?YWxpY2VAZXhhbXBsZS5vcmc=?="),
	S(" =?utf-8?q?alice=40example.org?= <bob@example.org>"),
	S(" =?utf-8?q?alice?=@example.org"),
	S(" alice@=?utf-8?q?example.org?="),
	S(" alice@example.org\0"),
	S(" alice@example.org\0, bob@example.org"),
	S(" bob@example.org\0alice@example.org"),
	S(" alice\0bob@example.org"),
	S(" alice@example.org\nbob@example.org"),
	S(" alice@example.org\r\nFrom: bob@example.org"),
	S(" alice@example.org\rFrom: bob@example.org"),
	S(" alice@example.org\n ,bob@example.org"),
	S(" alice@example.org\n\n, bob@example.org"),
	S(" alice@[example.org]"),
	S(" alice@(example.org)example.com"),
	S(" alice@exa mple.org"),
	S(" alice@exam\xc2\xadple.org\xff"),
	S(" alice\xc2\xa0@example.org"),
	S(" <alice@example.org"),
	S(" alice@example.org>"),
	S(" <<alice@example.org>>"),
	S(" (alice@example.org"),
	S(" \"alice@example.org"),
	S(" alice"),
	S(" @example.org"),
	S(" alice@"),
	S(" <>"),
	S(" ")
};

static void never_for_another(void **state)
{
	(void)state;
	begin("");
	for (size_t i = 0; i < sizeof(not_hers) / sizeof(*not_hers); i++) {
		struct field fields[] = { { STR("From"), not_hers[i] } };
		struct run run = { .fields = fields, .n_fields = 1 };

		run_message(USER, &run);
		if (run.action != ACTION_REJECT || run.n_edits ||
		    run.outcome != SIGN_REFUSED)
			fail_msg("From:%s: %s", unit_show(not_hers[i]),
				 run.log);
		assert_string_equal(run.code, "550");
		assert_int_equal(count_in(run.log, "\n"), 1);
		run_message(STRANGER, &run);
		assert_int_equal(run.action, ACTION_ACCEPT);
		assert_int_equal(run.n_edits, 0);
	}
	end();
}

static void hers(void **state)
{
	static const struct str rows[] = {
		S(" alice@example.org"),
		S(" \"Bob, bob@example.org\" <alice@example.org>"),
		S(" =?utf-8?q?bob=40example.org?= <alice@example.org>"),
		S(" (bob@example.org) alice@example.org"),
		S(" \"alice\"@example.org"),
		S(" alice+bob@example.org"),
		S(" <@bob.example:alice@example.org>"),
		S("\n alice\n (x)\n @example.org"),
		S(" A:alice@example.org;"),
		S(" ALICE@EXAMPLE.ORG")
	};

	(void)state;
	begin("");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct field fields[] = { { STR("From"), rows[i] } };
		struct run run = { .fields = fields, .n_fields = 1 };

		check_run(unit_show(rows[i]), USER, &run, SIGNED);
	}
	end();
}

/* A log line that a message tries to forge. */
static void forged_logs(void **state)
{
	static const struct str rows[] = {
		S(" \"x\\\" d=forged \\\"\"@example.org"),
		S(" \"x d=forged \"@example.org"),
		S(" bob@[x d=forged]"),
		S(" bob@[x\" d=forged]"),
	};

	(void)state;
	begin("");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct field fields[] = { { STR("From"), rows[i] } };
		struct run run = { .fields = fields, .n_fields = 1 };

		for (int c = 0; c < CLIENTS; c++) {
			run_message((enum client)c, &run);
			if (strstr(run.log, " d=forged") ||
			    strstr(run.log, "x\" "))
				fail_msg("%s", run.log);
			assert_int_equal(count_in(run.log, "\n"), 1);
		}
	}
	end();
}

/* The field for a key, by the library alone. */
static struct str sign_plainly(const struct run *run,
			       const struct dkim_identity *identity)
{
	struct dkim_signer *signer = dkim_sign_begin(&dkim_policy_default);
	struct message message;
	struct str value;

	message_init(&message, folder.arena);
	for (size_t i = 0; i < run->n_fields; i++)
		message_add(&message, run->fields[i].name,
			    run->fields[i].value);
	dkim_sign_body(signer, run->body);
	ASSERT_RESULT(dkim_sign_end(signer, folder.arena, &message), OK, "end");
	ASSERT_RESULT(dkim_sign_field(signer, folder.arena, identity, NOW,
				      &value),
		      OK, "field");
	dkim_sign_free(signer);
	return value;
}

/* Each is inserted above those before it: the RSA key's ends on top. */
static void order_of_edits(void **state)
{
	struct run run;
	const struct domain *domain;
	struct snapshot *snapshot;

	(void)state;
	begin("");
	snapshot = snapshot_get();
	domain = domains_find(&snapshot->domains, STR("example.org"));
	run = run_of(OWN_FROM);
	run_message(USER, &run);
	assert_int_equal(run.n_edits, 2);
	/* Received is none of a signature's business. */
	assert_int_equal(run.n_seen, 2);
	ASSERT_HAS(run.edits[0].p, "a=ed25519-sha256", "first");
	ASSERT_HAS(run.edits[0].p, "s=one;", "first");
	ASSERT_HAS(run.edits[1].p, "a=rsa-sha256", "second");
	ASSERT_HAS(run.edits[1].p, "s=two;", "second");
	for (size_t i = 0; i < 2; i++) {
		ASSERT_STR(run.edits[i],
			   sign_plainly(&run, &domain->keys.list[1 - i]),
			   "value");
		assert_int_equal(run.edits[i].p[0], ' ');
		assert_null(strchr(run.edits[i].p, '\r'));
		ASSERT_HAS(run.edits[i].p, "t=1700000000;", "t=");
	}
	ASSERT_HAS(run.log, " d=example.org s=two,one ", "log");
	ASSERT_HAS(run.log, " user=alice@example.org from=alice@example.org ",
		   "log");
	snapshot_put(snapshot);
	end();
}

/* Ends at any stage, so that nothing of it stays behind (under ASan). */
static void ends_anywhere(void **state)
{
	static const enum stage stages[] = { STAGE_FIELD, STAGE_HEADER,
					     STAGE_BODY, STAGE_END };

	(void)state;
	begin("");
	for (int last = -1; last < 4; last++) {
		struct session *session = session_new(&milter);
		struct capture capture = capture_begin(&folder, STDERR_FILENO);

		session->lead_space = true;
		session_enter(session, STAGE_MAIL);
		session->login = STR("alice@example.org");
		sign_mail(session);
		for (int i = 0; i <= last; i++) {
			session_enter(session, stages[i]);
			if (stages[i] == STAGE_FIELD)
				message_add(&session->header, STR("From"),
					    STR(" alice@example.org"));
			else if (stages[i] == STAGE_HEADER)
				sign_header(session);
			else if (stages[i] == STAGE_BODY)
				sign_body(session, STR("x"));
			else
				sign_end(session);
		}
		session_free(session);
		capture_end(&capture);
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes),
		cmocka_unit_test(senders),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(too_many_fields),
		cmocka_unit_test(white_space_hidden),
		cmocka_unit_test(rules),
		cmocka_unit_test(never_for_another),
		cmocka_unit_test(hers),
		cmocka_unit_test(forged_logs),
		cmocka_unit_test(order_of_edits),
		cmocka_unit_test(ends_anywhere),
	};

	log_open("dkim-sign", true);
	return UNIT_RUN(tests);
}
