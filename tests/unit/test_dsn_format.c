/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dsn_format"
#include "dsn.h"

#include "mail/buf.h"
#include "mail/dsn_format.h"
#include "mail/dsn_strike.h"
#include "mail/limits.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))
#define X DSN_STRUCK
#define REPORT                                                    \
	"Reporting-MTA: dns; x.example\n\n"                       \
	"Final-Recipient: rfc822; me@x.example\nAction: failed\n" \
	"Status: 5.1.1\n"

static struct dsn_notice notice_of(const char *alias, const char *sender)
{
	return (struct dsn_notice){
		.sender = dsn_mailbox(sender),
		.alias = dsn_mailbox(alias),
		.domain = STR("example.org"),
		.host = STR("Mail.Example.ORG"),
		.now = 0,
		.random = STR("\x01\x23\x45\x67\x89\xab\xcd\xef"
			      "\x01\x23\x45\x67\x89\xab\xcd\xef"),
	};
}

/* The notice for a DSN; what Python reads in it is tested in tests/corpus. */
static struct dsn_message format(struct arena *arena, struct str text,
				 const struct dsn_notice *notice)
{
	struct dsn_message message;
	struct dsn dsn;

	ASSERT_RESULT(dsn_read(arena, text, &dsn), OK, unit_show(text));
	ASSERT_RESULT(dsn_format(arena, &dsn, notice, &message), OK,
		      unit_show(text));
	return message;
}

static bool contains(struct str text, const char *part)
{
	return memmem(text.p, text.n, part, strlen(part));
}

static void check(struct str text, const char *const *has,
		  const char *const *has_not)
{
	struct arena *arena = arena_new(4096);
	struct dsn_notice notice =
		notice_of("i@example.org", "bob@sender.example");
	struct str body = format(arena, text, &notice).body;

	for (; *has; has++)
		if (!contains(body, *has))
			fail_msg("no %s in %.*s", *has, STR_ARG(body));
	for (; *has_not; has_not++)
		if (contains(body, *has_not))
			fail_msg("%s in %.*s", *has_not, STR_ARG(body));
	arena_free(arena);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void reports(void **state)
{
	(void)state;
	check(STR(DSN_HEAD DSN_TYPE REPORT "Remote-MTA: dns; r.example\n"
					   "X-Secret: y\n"),
	      LIST("\r\nReporting-MTA: dns; mail.example.org\r\n\r\n"
		   "Original-Recipient: rfc822; i@example.org\r\n"
		   "Final-Recipient: rfc822; i@example.org\r\n"
		   "Action: failed\r\nStatus: 5.1.1\r\n\r\n--=_",
		   "could not be delivered to\r\n\r\n  <i@example.org>\r\n"),
	      LIST("r.example", "X-Secret", "Diagnostic", "For people"));
	/* a type that is private or none, octets that are no ASCII */
	check(STR(DSN_HEAD DSN_TYPE REPORT "Diagnostic-Code: me; 550 x\n"),
	      LIST("Diagnostic-Code: x-unknown; 550 x\r\n"), LIST("me;"));
	check(STR(DSN_HEAD DSN_TYPE REPORT
		  "Diagnostic-Code: 550 b\xc3\xbc\x01 me@x.example\n"),
	      LIST("Diagnostic-Code: x-unknown; 550 b??? " X "\r\n"),
	      LIST("me@"));
	/* what is private only after others made it so */
	check(STR(DSN_HEAD DSN_TYPE
		  "Final-Recipient: rfc822; a?b@x.example\nAction: failed\n"
		  "Diagnostic-Code: smtp; 550 a\xff"
		  "b@x.example\n"),
	      LIST("smtp; 550 "), LIST("a?b"));
	/* UTF-8 that would leave a skeleton */
	check(STR(DSN_HEAD DSN_TYPE
		  "Final-Recipient: utf-8; j\\x{F6}rg@x.example\n"
		  "Action: failed\n"
		  "Diagnostic-Code: smtp; no j\xc3\xb6rg@y.example\n"),
	      LIST("smtp; no " X "@y.example"), LIST("rg@"));
	/* every address that it names, but those of the alias's domain */
	check(STR(DSN_HEAD DSN_TYPE REPORT
		  "Original-Recipient: rfc822; orig@x.example\n"
		  "X-Actual-Recipient: rfc822; jack@y.example\n"
		  "Diagnostic-Code: smtp; no jack, no orig\n"),
	      LIST("smtp; no " X ", no " X), LIST("jack", "orig"));
	check(STR(DSN_HEAD DSN_TYPE REPORT
		  "Original-Recipient: rfc822; other@example.org\n"
		  "Diagnostic-Code: smtp; no other\n"),
	      LIST("smtp; no other\r\n"), LIST(X));
	/* no address at all: RFC 3464 appendix E.3 */
	check(STR(DSN_HEAD DSN_TYPE "Final-Recipient: unknown; nair_s\n"
				    "Action: failed\n"
				    "Diagnostic-Code: x-a; no nair_s\n"),
	      LIST("x-a; no " X), LIST("nair_s"));
}

static void actions(void **state)
{
	static const struct {
		const char *actions, *subject;
	} rows[] = {
		{ "Action: failed\n", " Undelivered mail" },
		{ "Action: delayed\n", " Delayed mail" },
		{ "Action: delivered\n", " Delivered mail" },
		{ "Action: relayed\n", " Relayed mail" },
		{ "Action: expanded\n", " Relayed mail" },
		{ "Action: delivered\n\nAction: failed\n",
		  " Undelivered mail" },
		{ "Action: relayed\n\nAction: delayed\n", " Delayed mail" },
	};
	struct arena *arena = arena_new(4096);
	struct dsn_notice notice =
		notice_of("i@example.org", "bob@sender.example");

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char *text = arena_printf(arena, DSN_HEAD DSN_TYPE "%s",
					  rows[i].actions);
		struct dsn_message message =
			format(arena, str_from(text), &notice);
		const struct field *field = NULL;

		assert_int_equal(message_count(&message.header, STR("Subject"),
					       &field),
				 1);
		ASSERT_STR(field->value, str_from(rows[i].subject),
			   rows[i].actions);
	}
	/* A time to retry until is for delays only (RFC 3464 section 2.3.9) */
	check(STR(DSN_HEAD DSN_TYPE "Action: delayed\nWill-Retry-Until: x\n\n"
				    "Action: failed\nWill-Retry-Until: y\n"),
	      LIST("Will-Retry-Until: x\r\n"), LIST("Until: y"));
	arena_free(arena);
}

#define RETURNED \
	DSN_HEAD DSN_TYPE REPORT "--b\nContent-Type: message/rfc822\n\n"

static void returned(void **state)
{
	(void)state;
	check(STR(RETURNED "X-Me: 1\nme@x.example: 2\nTo : me@x.example\n"
			   "X:\ta\r\n\tb\rc\001\nLast: x \n\nbody\n"),
	      LIST("us-ascii\r\n\r\nTo: " X "\r\nX:\ta\r\n\tb?c?\r\nLast: x\r\n"
		   "\r\n--"),
	      LIST("X-Me", "me@", "body"));
	/* UTF-8, and lines too long to be sent as they are */
	check(STR(RETURNED "Subject: gr\xc3\xbc\xc3\x9f me=\n"),
	      LIST("text/rfc822-headers; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		   "Subject: gr=C3=BC=C3=9F " X "=3D\r\n"),
	      LIST("\xc3"));
	/* nothing to return */
	check(STR(DSN_HEAD DSN_TYPE REPORT), LIST("--\r\n"),
	      LIST("rfc822-headers"));
}

static void long_texts(void **state)
{
	struct arena *arena = arena_new(4096);
	struct dsn_notice notice =
		notice_of("i@example.org", "bob@sender.example");
	struct str body, line;
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 1 << 20);
	buf_add(&buf, STR(DSN_HEAD DSN_TYPE REPORT "Diagnostic-Code: smtp; "));
	for (int i = 0; i < 3000; i++)
		buf_add(&buf, STR("me."));
	buf_add(&buf, STR("\n\nAction: failed\nDiagnostic-Code: smtp; "));
	for (int i = 0; i < 3000; i++)
		buf_add(&buf, STR("word "));
	buf_add(&buf, STR("END\n\nAction: failed\nDiagnostic-Code: smtp; "));
	for (int i = 0; i < 2000; i++)
		buf_add(&buf, STR("x"));
	buf_add(&buf, STR("\n--b\nContent-Type: text/rfc822-headers\n\nX: "));
	for (int i = 0; i < 3000; i++)
		buf_add(&buf, STR("me "));
	for (int i = 0; i < 3000; i++)
		buf_printf(&buf, "\nY-%d: some text of a few words", i);
	body = format(arena, buf_str(&buf), &notice).body;
	assert_true(contains(body, "smtp; word word"));
	assert_false(contains(body, "END"));
	assert_false(contains(body, "xxx"));
	assert_true(contains(body, "Content-Transfer-Encoding: quoted"));
	assert_true(contains(body, "Y-0: "));
	assert_false(contains(body, "Y-2999: "));
	while (str_line(&body, &line))
		assert_true(line.n <= LIMIT_LINE);
	arena_free(arena);
}

/* The address that each recipient is known by. */
static void names(void **state)
{
	struct arena *arena = arena_new(4096);
	struct dsn_notice notice =
		notice_of("i@example.org", "bob@sender.example");
	struct dsn_message message;
	struct dsn dsn;

	(void)state;
	ASSERT_RESULT(dsn_read(arena,
			       STR(DSN_HEAD DSN_TYPE REPORT
				   "\nAction: failed\n"
				   "Final-Recipient: rfc822; you@y.example\n"
				   "Diagnostic-Code: smtp; you, not "
				   "any@example.org, any\n"),
			       &dsn),
		      OK, "names");
	dsn.recipients[1].known_as = STR("any@example.org");
	ASSERT_RESULT(dsn_format(arena, &dsn, &notice, &message), OK, "names");
	assert_true(contains(message.body, "Final-Recipient: rfc822; "
					   "i@example.org\r\n"));
	assert_true(contains(message.body, "Final-Recipient: rfc822; "
					   "any@example.org\r\n"));
	assert_true(contains(message.body, "smtp; " X ", not any@example.org, "
					   "any\r\n"));
	assert_true(contains(message.body, "  <any@example.org>\r\n"));
	/* People are told of what is worst. */
	dsn.recipients[0].action = DSN_DELIVERED;
	ASSERT_RESULT(dsn_format(arena, &dsn, &notice, &message), OK, "names");
	assert_true(contains(message.body, "could not be delivered to\r\n\r\n"
					   "  <any@example.org>\r\n"));
	assert_false(contains(message.body, "<i@example.org>"));
	arena_free(arena);
}

static void references(void **state)
{
	static const struct {
		const char *id;
		bool good;
	} rows[] = {
		{ " <a.b@c>", true },
		{ "\n\t<a@b> ", true },
		{ " <me@x.example>", false },
		{ " <a b@c>", false },
		{ " <a@b> <c@d>", false },
		{ " a@b", false },
		{ " <>", false },
		{ " <a@b\xc3\xbc>", false },
		{ "", false },
	};
	struct arena *arena = arena_new(4096);
	struct dsn_notice notice =
		notice_of("i@example.org", "bob@sender.example");

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char *text = arena_printf(arena, RETURNED "Message-ID:%s\n",
					  rows[i].id);
		struct dsn_message message =
			format(arena, str_from(text), &notice);

		if (message_count(&message.header, STR("References"), NULL) !=
			    rows[i].good ||
		    message_count(&message.header, STR("In-Reply-To"), NULL) !=
			    rows[i].good)
			fail_msg("%s", rows[i].id);
	}
	arena_free(arena);
}

/* Addresses that can't be written make no message. */
static void refused(void **state)
{
	struct arena *arena = arena_new(4096);
	static char longest[200];
	const struct mailbox rows[] = {
		{ STR(""), STR("x.example") },
		{ STR("a"), STR("") },
		{ STR("a\nBcc: b"), STR("x.example") },
		{ STR("a\0b"), STR("x.example") },
		{ STR("a\xff"), STR("x.example") },
		{ STR("a"), STR("x.example>\nBcc: b") },
		{ STR("a"), STR("x example") },
		{ STR("a"), STR("[x") },
		{ STR("a"), STR("[x\n y]") },
		{ STR("a\n b"), STR("x.example") },
		{ { longest, sizeof(longest) }, STR("x.example") },
	};
	struct dsn dsn;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	ASSERT_RESULT(dsn_read(arena, STR(DSN_HEAD DSN_TYPE REPORT), &dsn), OK,
		      "read");
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct dsn_notice notice =
			notice_of("i@example.org", "bob@sender.example");
		struct dsn_message message;

		notice.sender = rows[i];
		ASSERT_RESULT(dsn_format(arena, &dsn, &notice, &message),
			      E_SYNTAX, unit_show(rows[i].local));
		notice.sender = notice.alias;
		notice.alias = rows[i];
		ASSERT_RESULT(dsn_format(arena, &dsn, &notice, &message),
			      E_SYNTAX, unit_show(rows[i].local));
		notice.alias = notice.sender;
		notice.host = rows[i].domain;
		if (!str_eq(rows[i].domain, STR("x.example")))
			ASSERT_RESULT(dsn_format(arena, &dsn, &notice,
						 &message),
				      E_SYNTAX, unit_show(rows[i].domain));
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports),  cmocka_unit_test(actions),
		cmocka_unit_test(returned), cmocka_unit_test(long_texts),
		cmocka_unit_test(names),    cmocka_unit_test(references),
		cmocka_unit_test(refused),
	};

	return UNIT_RUN(tests);
}
