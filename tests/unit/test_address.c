/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "address"
#include "unit.h"

#include "mail/address.h"
#include "mail/buf.h"
#include "mail/limits.h"

/* Values of From and the authors in them, as "local|domain local|domain". */
struct row {
	struct str value;
	struct str want;
};

static const struct row good[] = {
	/* RFC 5322 appendix A.1, A.5 and A.6.1 */
	{ S(" John Doe <jdoe@machine.example>"), S("jdoe|machine.example") },
	{ S(" \"Joe Q. Public\" <john.q.public@example.com>"),
	  S("john.q.public|example.com") },
	{ S(" Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>"),
	  S("mary|x.test jdoe|example.org one|y.test") },
	{ S(" <boss@nil.test>, \"Giant; \\\"Big\\\" Box\" "
	    "<sysservices@example.net>"),
	  S("boss|nil.test sysservices|example.net") },
	{ S(" A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
	  S("c|a.test joe|where.test jdoe|one.test") },
	{ S(" Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
	  S("pete|silly.test") },
	{ S(" A Group(Some people)\r\n     :Chris Jones "
	    "<c@(Chris's host.)public.example>,\r\n"
	    "         joe@example.org,\r\n"
	    "  John <jdoe@one.test> (my dear friend); "
	    "(the end of the group)"),
	  S("c|public.example joe|example.org jdoe|one.test") },
	{ S(" Joe Q. Public <john.q.public@example.com>"),
	  S("john.q.public|example.com") },
	{ S(" Mary Smith <@node.test:mary@example.net>, , jdoe@test   . example"),
	  S("mary|example.net jdoe|test.example") },
	/* plain ones */
	{ S("a@x.example"), S("a|x.example") },
	{ S("<a@x.example>"), S("a|x.example") },
	{ S(" \t<a@x.example>\t "), S("a|x.example") },
	{ S("A <a@x.example>"), S("a|x.example") },
	{ S("A<a@x.example>"), S("a|x.example") },
	{ S("a@localhost"), S("a|localhost") },
	{ S("A.B+c=d/e!f#g$h%i&j'k*l-m^n_o`p{q|r}s~t?@x.example"),
	  S("A.B+c=d/e!f#g$h%i&j'k*l-m^n_o`p{q|r}s~t?|x.example") },
	{ S("a@X.Example"), S("a|X.Example") },
	{ S("a@x_y.example"), S("a|x_y.example") },
	{ S("a@x.example, a@X.EXAMPLE"), S("a|x.example a|X.EXAMPLE") },
	/* folds and comments wherever CFWS may be */
	{ S("\n <a@x.example>"), S("a|x.example") },
	{ S(" a\r\n @\r\n x.example"), S("a|x.example") },
	{ S("(c) a (d) @ (e) x (f) . (g) example (h)"), S("a|x.example") },
	{ S("a@(c)x.example"), S("a|x.example") },
	{ S("a . b . c@x.example"), S("a.b.c|x.example") },
	{ S("\"a\" . b (x) . \"c d\"@x.example"), S("a.b.c d|x.example") },
	{ S("< (c) a@x.example (d) >"), S("a|x.example") },
	{ S("a@x.example (b@evil.example)"), S("a|x.example") },
	{ S("(<b@evil.example>, \"\\() a@x.example"), S("a|x.example") },
	{ S("(a(b(c)(d))e)a@x.example(f(g))"), S("a|x.example") },
	{ S("a@x.example (\\) <b@y.example>\\\\)"), S("a|x.example") },
	{ S("()a@x.example()"), S("a|x.example") },
	/* quoted strings hide everything */
	{ S("\"a@evil.example\" <a@x.example>"), S("a|x.example") },
	{ S("\"x\\\"<b@evil.example>\" <a@x.example>"), S("a|x.example") },
	{ S("\"<b@evil.example>,\" <a@x.example>"), S("a|x.example") },
	{ S("\"a@x.example\"@y.example"), S("a@x.example|y.example") },
	{ S("<\"a>b\"@x.example>"), S("a>b|x.example") },
	{ S("\"a b\"@x.example"), S("a b|x.example") },
	{ S("\"a\\\"b\\\\c\\d\"@x.example"), S("a\"b\\cd|x.example") },
	{ S("\"a.b\"@x.example"), S("a.b|x.example") },
	{ S("\" \"@x.example"), S(" |x.example") },
	{ S("\"(a)\"@x.example"), S("(a)|x.example") },
	{ S("\"a\r\n b\"@x.example"), S("a b|x.example") },
	{ S("\"\" <a@x.example>"), S("a|x.example") },
	/* the empty word keeps its dot: it must not turn into another name */
	{ S("\"\".alice@x.example"), S(".alice|x.example") },
	{ S("a.\"\".b@x.example"), S("a..b|x.example") },
	{ S("a.\"\"@x.example"), S("a.|x.example") },
	/* obs-phrase: dots without quotes, not as the first */
	{ S("J. R. R. T <a@x.example>"), S("a|x.example") },
	{ S("Dr. <a@x.example>"), S("a|x.example") },
	{ S("A . . B. (c) D <a@x.example>"), S("a|x.example") },
	{ S("a.b <c@x.example>"), S("c|x.example") },
	/* routes name hosts, never the author */
	{ S("<@attack.com,@any.com:admin@legitimate.com>"),
	  S("admin|legitimate.com") },
	{ S("<@r.evil.example:a@x.example>"), S("a|x.example") },
	{ S("<(c)@a (d) . b , , (e) @c:a@x.example>"), S("a|x.example") },
	{ S("<,,@a,:a@x.example>"), S("a|x.example") },
	{ S("<@[192.0.2.1]:a@x.example>"), S("a|x.example") },
	/* groups */
	{ S("g: a@x.example, b@y.example;"), S("a|x.example b|y.example") },
	{ S("g:a@x.example;, b@y.example, h: c@z.example;"),
	  S("a|x.example b|y.example c|z.example") },
	{ S("g: ;, b@y.example"), S("b|y.example") },
	{ S("g: , (c) , a@x.example,, ;"), S("a|x.example") },
	{ S("\"g:\": A B <a@x.example>;"), S("a|x.example") },
	{ S("G. H. : a@x.example; (c)"), S("a|x.example") },
	/* null elements */
	{ S(", a@x.example"), S("a|x.example") },
	{ S("a@x.example, ,\r\n ,b@y.example,"), S("a|x.example b|y.example") },
	{ S(",,(c),<a@x.example>,(d),"), S("a|x.example") },
	/* domain literals */
	{ S("a@[192.0.2.1]"), S("a|[192.0.2.1]") },
	{ S("a@[IPv6:2001:db8::1]"), S("a|[IPv6:2001:db8::1]") },
	{ S("<a@ (c) [192.0.2.1] (d) >"), S("a|[192.0.2.1]") },
	/* encoded words are display text, whatever they hold */
	{ S("=?utf-8?q?a=40evil.example?= <a@x.example>"), S("a|x.example") },
	{ S("=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?= <a@x.example>"),
	  S("a|x.example") },
	/* ... and text of an address where they stand in one */
	{ S("=?utf-8?q?a?=@x.example"), S("=?utf-8?q?a?=|x.example") },
	/* UTF-8 (RFC 6532) */
	{ S("\xc3\xbc@\xc3\xbc.example"), S("\xc3\xbc|\xc3\xbc.example") },
	{ S("J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x90\x8e <a@x.example>"),
	  S("a|x.example") },
	{ S("(\xc3\xbc)\"\xc3\xbc \\\xc3\xbc\"@x.example"),
	  S("\xc3\xbc \xc3\xbc|x.example") },
	/* published spoofing cases: every address is an author */
	{ S(" <first@attack.com>, <admin@legitimate.com>"),
	  S("first|attack.com admin|legitimate.com") },
	{ S(" admin@legitimate.com,<second@attack.com>"),
	  S("admin|legitimate.com second|attack.com") },
	{ S(" <attacker@example.com>, <admin@example.com>"),
	  S("attacker|example.com admin|example.com") },
};

/* No From value, to the last byte of it. */
static const struct str bad[] = {
	S("a"),
	S("<>"),
	S("a@"),
	S("@x.example"),
	S("@"),
	S("<a>"),
	S("<@x.example>"),
	S("a b"),
	S("\"a\""),
	S("[192.0.2.1]"),
	/* dots */
	S(".a@x.example"),
	S("a.@x.example"),
	S("a..b@x.example"),
	S("a@.x.example"),
	S("a@x..example"),
	S("a@x.example."),
	S(". A <a@x.example>"),
	/* text behind an address, a second @ */
	S("a@x.example@y.example"),
	S("a@x.example b"),
	S("a@x.example <b@y.example>"),
	S("<a@x.example> b"),
	S("<a@x.example> \"b\""),
	S("<a@x.example><b@y.example>"),
	S("<a@x.example>;"),
	S("a@x.example;"),
	S("a@x.example>"),
	S("a b@x.example"),
	S("A a@x.example"),
	S("<a b@x.example>"),
	S("a@x example"),
	S("a@x.example:"),
	/* brackets and quotes without their mate */
	S("<a@x.example"),
	S("A <a@x.example"),
	S("a@x.example)"),
	S("(a@x.example"),
	S("(a(b) a@x.example"),
	S("a@x.example (b\\)"),
	S("\"a@x.example"),
	S("\"a\\\"@x.example"),
	S("A \"B <a@x.example>"),
	S("<\"a>@x.example"),
	S("a@[192.0.2.1"),
	S("a@[1[2]"),
	S("a@[192.0.2.1]x"),
	S("<<a@x.example>>"),
	S("<A <a@x.example>>"),
	S("\"Foo \"BAR Baz\" <notification@example.com>"),
	/* groups */
	S("g:"),
	S("g: a@x.example"),
	S("g: a@x.example,"),
	S("g: h: a@x.example;;"),
	S("g: a@x.example;;"),
	S(": a@x.example;"),
	S("g: a@x.example; b@y.example"),
	S("<a@x.example>: b@y.example;"),
	S("a@x.example: b@y.example;"),
	S("(c): a@x.example;"),
	S(";"),
	/* routes */
	S("<@a>"),
	S("<@a:>"),
	S("<@a,b@x.example>"),
	S("<@:a@x.example>"),
	S("<:a@x.example>"),
	S("<,:a@x.example>"),
	S("<@a:@b:a@x.example>"),
	S("<@a @b:a@x.example>"),
	S("@a,@b:a@x.example"),
	/* backslashes outside of quotes and comments */
	S("a\\@x.example"),
	S("<admin@legitimate.com>\\,<second@attack.com>"),
	S("a@x\\.example"),
	/* an encoded word is no address */
	S("=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?="),
	S("=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?=,<second@attack.com>"),
	/* published spoofing cases */
	S(" <any@attack.com>admin@legitimate.com"),
	/* NUL, other control bytes, a line end that is no fold */
	S("a\0@x.example"),
	S("a@x.example\0"),
	S("a@x.example\0@evil.example"),
	S("\"a\0\"@x.example"),
	S("(\0)a@x.example"),
	S("\0"),
	S("\"\\\0\"@x.example"),
	S("a\x01@x.example"),
	S("\"\x07\"@x.example"),
	S("a\x7f@x.example"),
	S("a\r@x.example"),
	S("a@x.example\r"),
	S("\"a\rb\"@x.example"),
	S("(\r)a@x.example"),
	S("a@x.example\n"),
	S("a@x.example\r\n"),
	S("\na@x.example"),
	S("a@x.example\n,b@y.example"),
	S("a\v@x.example"),
	/* not UTF-8: alone, cut off, overlong, a surrogate, too high */
	S("\xff@x.example"),
	S("\xfc <a@x.example>"),
	S("\xc3 <a@x.example>"),
	S("a@x.example (\xe4)"),
	S("\"\xc3\"@x.example"),
	S("\xc0\xae@x.example"),
	S("\xe0\x80\xae@x.example"),
	S("\xed\xa0\x80@x.example"),
	S("\xf4\x90\x80\x80@x.example"),
	S("\xf0\x80\x80\x80@x.example"),
	S("a@x.example\xe2\x82"),
	S("\"\\\xc3\"@x.example"),
	S("\xf5\x80\x80\x80@x.example"),
};

/* Nobody is named. */
static const struct str absent[] = {
	S(""),		 S(" "),
	S("\r\n "),	 S(","),
	S(" , (c) ,"),	 S("(c)"),
	S("g:;"),	 S("undisclosed-recipients: (c) ;"),
	S("g:;,h: , ;"),
};

static struct str flat(struct arena *arena, const struct mailboxes *mailboxes)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	for (size_t i = 0; i < mailboxes->n; i++) {
		if (i)
			buf_addc(&buf, ' ');
		buf_add(&buf, mailboxes->list[i].local);
		buf_addc(&buf, '|');
		buf_add(&buf, mailboxes->list[i].domain);
	}
	return buf_str(&buf);
}

static void authors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct arena *arena = arena_new(4096);
		const char *what = unit_show(good[i].value);
		struct mailboxes mailboxes;

		ASSERT_RESULT(address_parse_authors(arena, good[i].value,
						    &mailboxes),
			      OK, what);
		ASSERT_STR(flat(arena, &mailboxes), good[i].want, what);
		arena_free(arena);
	}
}

static void check_fault(struct str value, enum result want, const char *what)
{
	struct arena *arena = arena_new(4096);
	struct mailboxes mailboxes;

	ASSERT_RESULT(address_parse_authors(arena, value, &mailboxes), want,
		      what);
	/* a phrase for people comes with every fault */
	assert_non_null(mailboxes.fault);
	assert_true(strlen(mailboxes.fault) > 0);
	arena_free(arena);
}

static void faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_fault(bad[i], E_SYNTAX, unit_show(bad[i]));
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		check_fault(absent[i], E_ABSENT, unit_show(absent[i]));
	check_fault((struct str){ NULL, 0 }, E_ABSENT, "no bytes");
}

/* Cutting a good value anywhere never gives an author it does not name. */
static void cut_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		for (size_t n = 0; n < good[i].value.n; n++) {
			struct arena *arena = arena_new(4096);
			struct mailboxes mailboxes;
			/* its own memory, so that reading on is seen */
			char *copy = malloc(n + 1);

			memcpy(copy, good[i].value.p, n);
			if (address_parse_authors(arena,
						  (struct str){ copy, n },
						  &mailboxes) == OK)
				assert_true(mailboxes.n > 0);
			else
				assert_non_null(mailboxes.fault);
			free(copy);
			arena_free(arena);
		}
	}
}

static struct str repeat(struct arena *arena, struct str first, struct str s,
			 size_t times, struct str last)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 22);
	buf_add(&buf, first);
	while (times--)
		buf_add(&buf, s);
	buf_add(&buf, last);
	return buf_str(&buf);
}

static void limit_of_mailboxes(void **state)
{
	struct arena *arena = arena_new(65536);
	struct mailboxes mailboxes;
	struct str value;

	(void)state;
	value = repeat(arena, STR(""), STR("a@x.example,"), LIMIT_MAILBOXES,
		       STR(""));
	ASSERT_RESULT(address_parse_authors(arena, value, &mailboxes), OK,
		      "at the limit");
	assert_int_equal(mailboxes.n, LIMIT_MAILBOXES);
	value = repeat(arena, STR("g:"), STR("<a@x.example>,"),
		       LIMIT_MAILBOXES + 1, STR(";"));
	check_fault(value, E_LIMIT, "one above, in a group");
	value = repeat(arena, STR(""), STR("a@x.example,"),
		       LIMIT_MAILBOXES * 10, STR(""));
	check_fault(value, E_LIMIT, "ten times");
	/* null elements are none */
	value = repeat(arena, STR("a@x.example"), STR(","), 60000, STR(""));
	ASSERT_RESULT(address_parse_authors(arena, value, &mailboxes), OK,
		      "null elements");
	arena_free(arena);
}

static void limit_of_comment_depth(void **state)
{
	static const struct {
		size_t depth;
		enum result result;
	} rows[] = {
		{ LIMIT_COMMENT_DEPTH, OK },
		{ LIMIT_COMMENT_DEPTH + 1, E_SYNTAX },
		{ LIMIT_COMMENT_DEPTH * 10, E_SYNTAX },
		{ 10000, E_SYNTAX },
		{ 1000000, E_SYNTAX },
	};
	struct arena *arena = arena_new(65536);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mailboxes mailboxes;
		struct str value =
			repeat(arena,
			       repeat(arena, STR("a"), STR("("), rows[i].depth,
				      STR("c")),
			       STR(")"), rows[i].depth, STR("@x.example"));

		ASSERT_RESULT(address_parse_authors(arena, value, &mailboxes),
			      rows[i].result, "depth");
		/* never closed */
		value = repeat(arena, STR("a@x.example"), STR("("),
			       rows[i].depth, STR(""));
		check_fault(value, E_SYNTAX, "open");
	}
	arena_free(arena);
}

static void limit_of_local_part(void **state)
{
	struct arena *arena = arena_new(65536);
	struct mailboxes mailboxes;
	struct str value;

	(void)state;
	value = repeat(arena, STR(""), STR("a"), LIMIT_LOCAL_PART,
		       STR("@x.example"));
	ASSERT_RESULT(address_parse_authors(arena, value, &mailboxes), OK,
		      "at the limit");
	/* what is counted is the local part itself, without its quotes */
	value = repeat(arena, STR("\""), STR("\\a"), LIMIT_LOCAL_PART,
		       STR("\"@x.example"));
	ASSERT_RESULT(address_parse_authors(arena, value, &mailboxes), OK,
		      "quoted, at the limit");
	value = repeat(arena, STR(""), STR("a"), LIMIT_LOCAL_PART + 1,
		       STR("@x.example"));
	check_fault(value, E_LIMIT, "one above");
	value = repeat(arena, STR(""), STR("a."), LIMIT_LOCAL_PART * 10,
		       STR("a@x.example"));
	check_fault(value, E_LIMIT, "ten times");
	value = repeat(arena, STR("a@"), STR("x."), 30000, STR("example"));
	check_fault(value, E_LIMIT, "a domain of 60,000 octets");
	arena_free(arena);
}

/* Values that make a careless parser walk the same bytes again and again. */
static void long_values(void **state)
{
	static const char *const parts[] = {
		"(",  "\"", "<",   ">",	   "a ",    "a.",
		"a:", "\\", "()",  "\"\"", "@a,",   "<@a:",
		";",  "[",  "(\\", "a(b)", "\r\n ", "g:;,",
	};
	struct arena *arena = arena_new(65536);

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct mailboxes mailboxes;
		struct str value = repeat(arena, STR("A <"), str_from(parts[i]),
					  60000 / strlen(parts[i]), STR(""));

		assert_int_not_equal(
			address_parse_authors(arena, value, &mailboxes), OK);
		value = str_sub(value, 3, value.n);
		assert_int_not_equal(
			address_parse_authors(arena, value, &mailboxes), OK);
		arena_reset(arena);
	}
	arena_free(arena);
}

static void one_address(void **state)
{
	static const struct {
		const char *text, *local, *domain;
	} rows[] = {
		{ "a@x.example", "a", "x.example" },
		{ "a@b@x.example", "a@b", "x.example" },
		{ "a", NULL, NULL },
		{ "", NULL, NULL },
		{ "@", NULL, NULL },
		{ "a@", NULL, NULL },
		{ "@x.example", NULL, NULL },
	};
	struct arena *arena = arena_new(4096);
	struct mailbox mailbox;
	struct str domain =
		repeat(arena, STR("a@"), STR("x"), LIMIT_DOMAIN, STR(""));
	struct str local = repeat(arena, STR(""), STR("a"),
				  LIMIT_LOCAL_PART + 1, STR("@x.example"));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum result result =
			address_parse(str_from(rows[i].text), &mailbox);

		ASSERT_RESULT(result, rows[i].local ? OK : E_SYNTAX,
			      rows[i].text);
		if (result != OK)
			continue;
		ASSERT_STR(mailbox.local, str_from(rows[i].local), "local");
		ASSERT_STR(mailbox.domain, str_from(rows[i].domain), "domain");
	}
	ASSERT_RESULT(address_parse(domain, &mailbox), OK, "domain");
	domain = repeat(arena, STR("a@"), STR("x"), LIMIT_DOMAIN + 1, STR(""));
	ASSERT_RESULT(address_parse(domain, &mailbox), E_SYNTAX, "domain");
	ASSERT_RESULT(address_parse(local, &mailbox), E_SYNTAX, "local");
	ASSERT_RESULT(address_parse(str_sub(local, 1, local.n), &mailbox), OK,
		      "local");
	arena_free(arena);
}

/* A line of a log must not be forged by an address. */
static void formats(void **state)
{
	static const struct {
		struct mailbox mailbox;
		const char *want;
	} rows[] = {
		{ { S("a.b+c"), S("x.example") }, "a.b+c@x.example" },
		{ { S("a\nb c"), S("x\r") }, "\"a\\x0ab\\x20c\"@x\\x0d" },
		{ { S("\0\x7f\x1b"), S("\xc3\xbc") },
		  "\"\\x00\\x7f\\x1b\"@\\xc3\\xbc" },
		/* the mark of an escape is escaped too */
		{ { S("\\x41"), S("x") }, "\"\\x5cx41\"@x" },
	};
	struct arena *arena = arena_new(4096);
	char odd[LIMIT_LOCAL_PART];
	struct mailbox longest = { { odd, sizeof(odd) }, S("x") };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(address_format(arena, &rows[i].mailbox),
				    rows[i].want);
	memset(odd, '\n', sizeof(odd));
	assert_int_equal(strlen(address_format(arena, &longest)),
			 4 * sizeof(odd) + 4);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authors),
		cmocka_unit_test(faults),
		cmocka_unit_test(cut_values),
		cmocka_unit_test(limit_of_mailboxes),
		cmocka_unit_test(limit_of_comment_depth),
		cmocka_unit_test(limit_of_local_part),
		cmocka_unit_test(long_values),
		cmocka_unit_test(one_address),
		cmocka_unit_test(formats),
	};

	return UNIT_RUN(tests);
}
