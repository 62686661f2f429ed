/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dsn_parse"
#include "dsn.h"

#include "mail/buf.h"
#include "mail/limits.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))
#define RECIPIENT "Final-Recipient: rfc822; a@b.example\nAction: failed\n"
#define MINIMAL "Reporting-MTA: dns; x.example\n\n" RECIPIENT "Status: 5.1.1\n"

/* Real bounces are in tests/corpus/dsn; here is what they may have. */
static void results(void **state)
{
	static const struct {
		struct str text;
		enum result result;
	} rows[] = {
		{ S(DSN_HEAD DSN_TYPE MINIMAL "--b--\n"), OK },
		{ S(DSN_HEAD DSN_TYPE MINIMAL), OK },
		/* RFC 6533 */
		{ S(DSN_HEAD
		    "Content-Type: message/global-delivery-status\n\n" MINIMAL),
		  OK },
		/* without report-type: what it is, the parts tell */
		{ S("Content-Type: multipart/report; boundary=b\n\n--b\n" DSN_TYPE
			    MINIMAL),
		  OK },
		/* another kind of report, no report, no type */
		{ S("Content-Type: multipart/report; boundary=b; report-type="
		    "disposition-notification\n\n--b\n" DSN_TYPE MINIMAL),
		  E_ABSENT },
		{ S("Content-Type: multipart/mixed; boundary=b\n\n--b\n" DSN_TYPE
			    MINIMAL),
		  E_ABSENT },
		{ S("Subject: x\n\n" MINIMAL), E_ABSENT },
		{ S("Content-Type: multipart/report; boundary=b\n"
		    "Content-Type: multipart/report; boundary=c\n\n--b\n" DSN_TYPE
			    MINIMAL),
		  E_ABSENT },
		/* no report in it, no recipient, no action, a strange one */
		{ S(DSN_HEAD "\nx\n--b--\n"), E_SYNTAX },
		{ S(DSN_HEAD DSN_TYPE "Reporting-MTA: dns; x\n\n--b--\n"),
		  E_SYNTAX },
		{ S(DSN_HEAD DSN_TYPE "--b--\n"), E_SYNTAX },
		{ S(DSN_HEAD DSN_TYPE "Final-Recipient: rfc822; a@b\n"),
		  E_SYNTAX },
		{ S(DSN_HEAD DSN_TYPE RECIPIENT "\nAction: lost\n"), E_SYNTAX },
		/* it is there, but hidden in another part */
		{ S(DSN_HEAD "Content-Type: multipart/mixed; boundary=c\n\n"
			     "--c\n" DSN_TYPE MINIMAL "--c--\n--b--\n"),
		  E_SYNTAX },
		/* no boundary, no parts, encodings that are none */
		{ S("Content-Type: multipart/report\n\n" DSN_TYPE), E_SYNTAX },
		{ S("Content-Type: multipart/report; boundary=b\n\nx\n"),
		  E_SYNTAX },
		{ S("Content-Transfer-Encoding: base64\n" DSN_HEAD DSN_TYPE
			    MINIMAL),
		  E_SYNTAX },
		{ S(DSN_HEAD "Content-Transfer-Encoding: base64\n" DSN_TYPE
			     "!!!\n"),
		  E_SYNTAX },
		{ S(DSN_HEAD
		    "Content-Transfer-Encoding: x-rot13\n" DSN_TYPE MINIMAL),
		  E_SYNTAX },
	};
	struct arena *arena = arena_new(4096);
	struct dsn dsn;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		ASSERT_RESULT(dsn_read(arena, rows[i].text, &dsn),
			      rows[i].result, unit_show(rows[i].text));
	arena_free(arena);
}

static void fields(void **state)
{
	struct arena *arena = arena_new(4096);
	const struct dsn_recipient *one;
	struct dsn dsn;

	(void)state;
	ASSERT_RESULT(
		dsn_read(arena,
			 STR(DSN_HEAD DSN_TYPE
			     "Original-Envelope-Id: env 1\n"
			     "reporting-mta: (x) DNS ; mx.example\n"
			     "no field\n"
			     "Arrival-Date: Thu,\n  7 Jul 1994\n"
			     " \t\n\n\n"
			     "ORIGINAL-RECIPIENT : rfc822 (c) ; <i@a.example>\n"
			     "Final-Recipient:b@c.example\n"
			     "X-Actual-Recipient: utf-8;\\x{FC}@d.example\n"
			     "Action: FAILED (c)\n"
			     "Status: 5.1.1 (c)\n"
			     "Remote-MTA: dns; r.example\n"
			     "Diagnostic-Code: smtp; 550\n  no;\n\tsuch  one\n"
			     "Last-Attempt-Date: now\n"
			     "Will-Retry-Until: then\n"
			     "Action: delayed\n"
			     "\n"
			     "Action: delayed\n"
			     "--b\nContent-Type: message/rfc822\n\n"
			     ">From x\nSubject: a\n  b\nX: y\n\nZ: no\n"),
			 &dsn),
		OK, "fields");
	ASSERT_STR(dsn.envelope_id, STR("env 1"), "envelope_id");
	ASSERT_STR(dsn.reporting_mta, STR("mx.example"), "reporting_mta");
	ASSERT_STR(dsn.arrival_date, STR("Thu, 7 Jul 1994"), "arrival_date");
	assert_int_equal(dsn.n, 2);
	one = &dsn.recipients[0];
	ASSERT_STR(one->original, STR("i@a.example"), "original");
	ASSERT_STR(one->final, STR("b@c.example"), "final");
	ASSERT_STR(one->actual, STR("\xc3\xbc@d.example"), "actual");
	assert_int_equal(one->action, DSN_FAILED);
	ASSERT_STR(one->status, STR("5.1.1"), "status");
	ASSERT_STR(one->remote_mta, STR("r.example"), "remote_mta");
	ASSERT_STR(one->diagnostic_type, STR("smtp"), "diagnostic_type");
	ASSERT_STR(one->diagnostic, STR("550 no; such one"), "diagnostic");
	ASSERT_STR(one->last_attempt, STR("now"), "last_attempt");
	ASSERT_STR(one->will_retry, STR("then"), "will_retry");
	assert_int_equal(one->known_as.n, 0);
	one = &dsn.recipients[1];
	assert_int_equal(one->action, DSN_DELAYED);
	ASSERT_STR(one->final, STR(""), "final");
	assert_int_equal(dsn.returned.n, 2);
	ASSERT_STR(dsn.returned.fields[0].value, STR(" a\n  b"), "returned");
	ASSERT_STR(dsn.returned.fields[1].name, STR("X"), "returned");
	arena_free(arena);
}

/* White space on the empty lines; a second report, a second message. */
static void separate(void **state)
{
	struct arena *arena = arena_new(4096);
	struct dsn dsn;

	(void)state;
	ASSERT_RESULT(
		dsn_read(arena,
			 STR(DSN_HEAD DSN_TYPE
			     "Reporting-MTA: dns; x\n \nAction: failed\n\t\n"
			     "Action: delayed\nStatus: 4.1.1\n"
			     "--b\n" DSN_TYPE "X: y\n\nAction: relayed\n"
			     "--b\nContent-Type: text/rfc822-headers\n\nA: b\n"
			     "--b\nContent-Type: message/rfc822\n\nC: d\n"
			     "--b--\n"),
			 &dsn),
		OK, "separate");
	assert_int_equal(dsn.n, 2);
	assert_int_equal(dsn.recipients[0].action, DSN_FAILED);
	assert_int_equal(dsn.recipients[1].action, DSN_DELAYED);
	assert_int_equal(dsn.returned.n, 1);
	ASSERT_STR(dsn.returned.fields[0].name, STR("A"), "returned");
	arena_free(arena);
}

/* RFC 3463 section 2; what is none is made from the action. */
static void statuses(void **state)
{
	static const struct {
		const char *action, *status, *want;
	} rows[] = {
		{ "failed", "5.1.1", "5.1.1" },
		{ "failed", "4.4.7", "4.4.7" },
		{ "failed", "5.123.123", "5.123.123" },
		{ "delivered", "2.1.5 (it is)", "2.1.5" },
		{ "failed", "", "5.0.0" },
		{ "failed", "550", "5.0.0" },
		{ "failed", "3.1.1", "5.0.0" },
		{ "failed", "5.1", "5.0.0" },
		{ "failed", "5.1.1.1", "5.0.0" },
		{ "failed", "5..1", "5.0.0" },
		{ "failed", "5.1234.1", "5.0.0" },
		{ "failed", "55.1.1", "5.0.0" },
		{ "failed", "5.1.a", "5.0.0" },
		{ "delayed", "", "4.0.0" },
		{ "delivered", "", "2.0.0" },
		{ "relayed", "x", "2.0.0" },
		{ "expanded", "x", "2.0.0" },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct dsn dsn;
		char *text = arena_printf(arena,
					  DSN_HEAD DSN_TYPE
					  "Action: %s\nStatus: %s\n",
					  rows[i].action, rows[i].status);

		ASSERT_RESULT(dsn_read(arena, str_from(text), &dsn), OK,
			      rows[i].status);
		assert_string_equal(dsn_action_name(dsn.recipients[0].action),
				    rows[i].action);
		ASSERT_STR(dsn.recipients[0].status, str_from(rows[i].want),
			   rows[i].status);
	}
	arena_free(arena);
}

static void fill(struct buf *buf, const char *text, int n)
{
	for (int i = 0; i < n; i++)
		buf_add(buf, str_from(text));
}

static void limits(void **state)
{
	static const struct {
		const char *text;
		int n;
		enum result result;
	} rows[] = {
		{ "Action: failed\n\n", LIMIT_DSN_RECIPIENTS - 1, OK },
		{ "Action: failed\n\n", LIMIT_DSN_RECIPIENTS, E_LIMIT },
		{ "X: y\n\n", 100000, E_LIMIT },
		{ "X: y\n", LIMIT_FIELDS + 1, E_LIMIT },
		{ "\n--b\n", LIMIT_MIME_PARTS, E_LIMIT },
		{ "0123456789abcdef", LIMIT_DSN_BODY / 16, E_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct arena *arena = arena_new(4096);
		struct dsn dsn;
		struct buf buf;

		buf_init(&buf, arena, 4 << 20);
		buf_add(&buf, STR(DSN_HEAD DSN_TYPE));
		fill(&buf, rows[i].text, rows[i].n);
		ASSERT_RESULT(dsn_read(arena, buf_str(&buf), &dsn),
			      rows[i].result, rows[i].text);
		/* hostile or not, a few times its own size at the most */
		assert_true(arena_size(arena) < (size_t)16 << 20);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),  cmocka_unit_test(fields),
		cmocka_unit_test(separate), cmocka_unit_test(statuses),
		cmocka_unit_test(limits),
	};

	return UNIT_RUN(tests);
}
