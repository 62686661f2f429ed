/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dsn_strike"
#include "dsn.h"

#include "mail/buf.h"
#include "mail/dsn_strike.h"
#include "mail/limits.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))
#define X DSN_STRUCK

static struct mailbox known[2];
static const struct dsn_public public = { known,
					  2,
					  { "mail.example.org", 16 } };

/* What must not be told to bob@sender.example, who wrote to the alias. */
static struct dsn_secrets *secrets_of(struct arena *arena, const char *alias,
				      const char *target)
{
	struct dsn_secrets *secrets;
	struct mailbox mailbox = dsn_mailbox(target);

	known[0] = dsn_mailbox(alias);
	known[1] = dsn_mailbox("bob@sender.example");
	secrets = dsn_secrets_new(arena, &public);
	dsn_secrets_add(secrets, &mailbox);
	return secrets;
}

struct row {
	struct str text, want;
};

static void check(const char *alias, const char *target, const struct row *rows,
		  size_t n)
{
	struct arena *arena = arena_new(4096);
	struct dsn_secrets *secrets = secrets_of(arena, alias, target);

	for (size_t i = 0; i < n; i++) {
		const char *what = unit_show(rows[i].text);

		ASSERT_STR(dsn_strike(arena, secrets, rows[i].text),
			   rows[i].want, what);
		if (dsn_is_private(secrets, rows[i].text) ==
		    str_eq(rows[i].text, rows[i].want))
			fail_msg("%s", what);
	}
	arena_free(arena);
}

static void written(void **state)
{
	static const struct row rows[] = {
		{ S("me.too@mail.box.example"), S(X) },
		{ S("<ME.Too@Mail.Box.EXAMPLE>: no"), S("<" X ">: no") },
		{ S("xme.too@mail.box.examplex"), S("x" X "x") },
		/* RFC 3461 xtext, RFC 3986, RFC 2045, RFC 6533, HTML */
		{ S("ORCPT=rfc822;me.too+40mail.box.example"),
		  S("ORCPT=rfc822;" X) },
		{ S("?u=me.too%40mail.box.example&x"), S("?u=" X "&x") },
		{ S("?u=%6De%2etoo%40mail%2Ebox.example&x"), S("?u=" X "&x") },
		{ S("me.too=40mail.bo=\r\nx.example"), S(X) },
		{ S("me.too\\x{40}mail.box.example"), S(X) },
		{ S("me.too&#64;mail.box.example"), S(X) },
		{ S("me.too&#x40;mail.box.example."), S(X ".") },
		{ S("me.too%2540mail.box.example"), S(X) },
		{ S("me.too%2B40mail.box.example"), S(X) },
		/* SRS, VERP, UUCP, the percent hack */
		{ S("SRS0=h=t=mail.box.example=me.too@f.example"),
		  S("SRS0=h=t=" X "=" X "@f.example") },
		{ S("SRS1=h=f.example==h=t=mail.box.example=me.too@g.example"),
		  S("SRS1=h=f.example==h=t=" X "=" X "@g.example") },
		{ S("b+me.too=mail.box.example@l.example"),
		  S("b+" X "=" X "@l.example") },
		{ S("mail.box.example!me.too"), S(X "!" X) },
		{ S("me.too%mail.box.example@r.example"),
		  S(X "%" X "@r.example") },
		/* the local part and the domain alone */
		{ S("unknown user: \"me.too\""), S("unknown user: \"" X "\"") },
		{ S("user metoo is not here"), S("user " X " is not here") },
		{ S("some.tools, me.tooth"), S("some.tools, me.tooth") },
		{ S("mx1.mail.box.example."), S("mx1." X ".") },
		{ S("xmail.box.example, mail.box.examples"),
		  S("xmail.box.example, mail.box.examples") },
		{ S("box.example"), S("box.example") },
		/* folded */
		{ S("for me.too@mail.box\r\n .example"),
		  S("for " X "@mail.box\r\n .example") },
		/* what is public */
		{ S("i@example.org bob@sender.example mail.example.org"),
		  S("i@example.org bob@sender.example mail.example.org") },
		{ S("nothing\0at all"), S("nothing\0at all") },
		{ S(""), S("") },
		{ S(X), S(X) },
	};

	(void)state;
	check("i@example.org", "me.too@mail.box.example", rows, ROWS(rows));
}

static void suffixes(void **state)
{
	static const struct row rows[] = {
		{ S("a.b+shop@x.example"), S(X) },
		{ S("a.b@x.example, ab@x.example, ab+shop@x.example"),
		  S(X ", " X ", " X) },
		{ S("a.b+shop, a.b, ab, b"), S(X ", " X ", " X ", b") },
		{ S("a.b+2Bshop+40x.example"), S(X) },
	};

	(void)state;
	check("i@example.org", "a.b+shop@x.example", rows, ROWS(rows));
}

/* U-labels and A-labels as in test_domain; RFC 6533's form of a UTF-8 name. */
static void international(void **state)
{
	static const struct row rows[] = {
		{ S("j\xc3\xb6rg@b\xc3\xbc"
		    "cher.example"),
		  S(X) },
		{ S("J\xc3\xb6RG@xn--bcher-KVA.example"), S(X) },
		{ S("j\\x{F6}rg@xn--bcher-kva.example"), S(X) },
		{ S("j%C3%B6rg%40b%c3%bc"
		    "cher.example"),
		  S(X) },
		{ S("j=C3=B6rg"), S(X) },
		{ S("mx.b\xc3\xbc"
		    "cher.example"),
		  S("mx." X) },
	};

	(void)state;
	check("i@example.org",
	      "j\xc3\xb6rg@B\xc3\x9c"
	      "CHER.example",
	      rows, ROWS(rows));
}

/* A local part or a domain that the alias has too is no secret by itself. */
static void shared(void **state)
{
	static const struct row local[] = {
		{ S("info@example.org is info@box.example"),
		  S("info@example.org is " X) },
		{ S("no user info at box.example"), S("no user info at " X) },
	};
	static const struct row domain[] = {
		{ S("info@example.org is o@example.org"),
		  S("info@example.org is " X) },
		{ S("john.o@example.org, example.org, o"),
		  S("john." X ", example.org, " X) },
	};
	static const struct row same[] = {
		{ S("info@example.org, info, example.org"),
		  S("info@example.org, info, example.org") },
	};
	static const struct row words[] = {
		{ S("mail.example.org is no mail.box.example"),
		  S("mail.example.org is no " X ".box.example") },
	};

	static const struct row suffix[] = {
		{ S("i, i+shop, i@example.org, i+shop@example.org"),
		  S("i, i+shop, i@example.org, i+shop@example.org") },
	};
	/* one public name within another */
	static const struct row within[] = {
		{ S("x.mail.example.org.me@example.org, me"),
		  S("x.mail.example.org.me@example.org, " X) },
	};

	(void)state;
	check("i+shop@example.org", "I+Shop@Example.org", suffix, ROWS(suffix));
	check("x.mail.example.org.me@example.org", "me@x.example", within,
	      ROWS(within));
	check("info@example.org", "info@box.example", local, ROWS(local));
	check("info@example.org", "o@example.org", domain, ROWS(domain));
	check("info@example.org", "INFO@example.org", same, ROWS(same));
	check("i@example.org", "mail@x.example", words, ROWS(words));
}

/* A target whose pieces are in what we put in their place. */
static void stubborn(void **state)
{
	static const struct row rows[] = {
		{ S("withheld@a.example, withheld"), S(X ", " X) },
	};
	struct arena *arena = arena_new(4096);
	struct dsn_secrets *secrets =
		secrets_of(arena, "i@example.org", "a+@x.example");

	(void)state;
	check("i@example.org", "withheld@a.example", rows, ROWS(rows));
	assert_false(
		dsn_is_private(secrets, dsn_strike(arena, secrets,
						   STR("a+40x.example a+40"))));
	arena_free(arena);
}

static void header_fields(void **state)
{
	static const struct row rows[] = {
		{ S(" Mail to me@x.example"), S(" Mail to " X) },
		/* no encoded word has a space (RFC 2047 section 2) */
		{ S(" =?utf-8?q?Mail_to_me=40x.example?="), S(" " X) },
		/* "me@x.example"; split; "is me here"; "Hello" */
		{ S(" =?utf-8?B?bWVAeC5leGFtcGxl?="), S(" " X) },
		{ S(" =?utf-8?B?bWVAeC5l?= =?utf-8?B?eGFtcGxl?="), S(" " X) },
		{ S(" =?utf-8?B?aXMgbWUgaGVyZQ==?="), S(" " X) },
		{ S(" =?utf-8?B?SGVsbG8=?="), S(" =?utf-8?B?SGVsbG8=?=") },
		/* what can't be read may be read by others */
		{ S(" =?utf-8?B?SGVsbG8?="), S(" " X) },
	};
	struct arena *arena = arena_new(4096);
	struct dsn_secrets *secrets =
		secrets_of(arena, "i@example.org", "me@x.example");

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		ASSERT_STR(dsn_strike_field(arena, secrets, rows[i].text),
			   rows[i].want, unit_show(rows[i].text));
	arena_free(arena);
}

static enum result strike_text(struct arena *arena, struct str text,
			       struct str *struck)
{
	struct dsn_secrets *secrets =
		secrets_of(arena, "i@example.org", "me@x.example");
	struct message header;
	struct str body;

	message_init(&header, arena);
	assert_int_equal(message_split(&header, text, &body), OK);
	return dsn_strike_body(arena, secrets, &header, body, struck);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static void bodies(void **state)
{
	static const struct {
		struct str text, want;
		enum result result;
	} rows[] = {
		{ S("A: b\n\nme@x.example is gone, says me\n"),
		  S(X " is gone, says " X "\n"), OK },
		{ S("Content-Transfer-Encoding: quoted-printable\n\n"
		    "m=\ne=40x.exam=70le =\n"),
		  S(X " =\n"), OK },
		/* "Hello", "me@x.example", "for me", "me@" */
		{ S("Content-Transfer-Encoding: base64\n\nSGVsbG8=\n"),
		  S("SGVsbG8=\n"), OK },
		{ S("Content-Transfer-Encoding: base64\n\nbWVAeC5leGFtcGxl\n"),
		  S(""), E_SYNTAX },
		{ S("Content-Transfer-Encoding: base64\n\nZm9yIG1l\n"), S(""),
		  E_SYNTAX },
		{ S("Content-Transfer-Encoding: base64\n\nbWVA!\n"), S(""),
		  E_SYNTAX },
		{ S("Content-Transfer-Encoding: x\n\nx\n"), S(""), E_SYNTAX },
		{ S("Content-Type: text/plain; charset=utf-7\n\nx\n"), S(""),
		  E_SYNTAX },
		{ S("Content-Type: text/plain\nContent-Type: text/plain\n\n"),
		  S(""), E_SYNTAX },
		{ S(MIXED "me\n--b\nX: me\n\nme\n--b--\nme\n"),
		  S(X "\n--b\nX: " X "\n\n" X "\n--b--\n" X "\n"), OK },
		{ S(MIXED "no part"), S(""), E_SYNTAX },
		{ S(MIXED "--b\nno field\n\n--b--\n"), S(""), E_SYNTAX },
		{ S(MIXED "--b\nX: =?utf-8?B?bWVAeC5leGFtcGxl?=\n\n--b--\n"),
		  S(""), E_SYNTAX },
		{ S("Content-Transfer-Encoding: base64\n" MIXED "--b\n\n"),
		  S(""), E_SYNTAX },
		/* What the author wrote is left, but for the address. */
		{ S("Content-Type: message/rfc822\n\n"
		    "Delivered-To: me@x.example\nX: me\n\n"
		    "me, me@x.example\n"),
		  S("Delivered-To: " X "\nX: " X "\n\nme, " X "\n"), OK },
		{ S("Content-Type: message/rfc822\n\n"
		    "Content-Transfer-Encoding: base64\n\nZm9yIG1l\n"),
		  S("Content-Transfer-Encoding: base64\n\nZm9yIG1l\n"), OK },
		{ S("Content-Type: message/rfc822\n\n"
		    "Content-Transfer-Encoding: base64\n\nZm9yI\n"),
		  S("Content-Transfer-Encoding: base64\n\nZm9yI\n"), OK },
		{ S("Content-Type: message/rfc822\n\n"
		    "Content-Transfer-Encoding: 4bit\n\nme@x.example\n"),
		  S("Content-Transfer-Encoding: 4bit\n\n" X "\n"), OK },
		{ S("Content-Type: message/rfc822\n\n"
		    "Content-Transfer-Encoding: base64\n\nbWVAeC5leGFtcGxl\n"),
		  S(""), E_SYNTAX },
		{ S("Content-Type: message/rfc822\n\n[me@x.example was here]\n"),
		  S("[" X " was here]\n"), OK },
		{ S("Content-Type: message/rfc822\n\n" MIXED "cut, me"),
		  S(MIXED "cut, " X), OK },
		/* base64 that looks like a word of the target's */
		{ S("Content-Transfer-Encoding: base64\n\nAAA/me/+\n"),
		  S("AAA/me/+\n"), OK },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *what = unit_show(rows[i].text);
		struct str struck;

		ASSERT_RESULT(strike_text(arena, rows[i].text, &struck),
			      rows[i].result, what);
		if (rows[i].result == OK)
			ASSERT_STR(struck, rows[i].want, what);
	}
	arena_free(arena);
}

static void limits(void **state)
{
	struct arena *arena = arena_new(4096);
	struct str struck;
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 2 << 20);
	buf_add(&buf, STR("A: b\n\n"));
	while (buf.n < LIMIT_DSN_BODY - 16)
		buf_add(&buf, STR("me+40%40=40&#64; "));
	ASSERT_RESULT(strike_text(arena, buf_str(&buf), &struck), OK, "large");
	while (buf.n < LIMIT_DSN_BODY + 32)
		buf_add(&buf, STR("me "));
	ASSERT_RESULT(strike_text(arena, buf_str(&buf), &struck), E_LIMIT,
		      "too large");
	buf_init(&buf, arena, 2 << 20);
	while (buf.n < LIMIT_DSN_BODY - 16)
		buf_add(&buf, STR("me "));
	ASSERT_STR(
		dsn_strike(arena,
			   secrets_of(arena, "i@example.org", "me@x.example"),
			   buf_str(&buf)),
		STR(X), "too large when struck out");
	buf_init(&buf, arena, 1 << 20);
	for (int i = 0; i < LIMIT_MIME_DEPTH; i++)
		buf_add(&buf, STR("Content-Type: message/rfc822\n\n"));
	ASSERT_RESULT(strike_text(arena, buf_str(&buf), &struck), E_LIMIT,
		      "too deep");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written),
		cmocka_unit_test(suffixes),
		cmocka_unit_test(international),
		cmocka_unit_test(shared),
		cmocka_unit_test(stubborn),
		cmocka_unit_test(header_fields),
		cmocka_unit_test(bodies),
		cmocka_unit_test(limits),
	};

	return UNIT_RUN(tests);
}
