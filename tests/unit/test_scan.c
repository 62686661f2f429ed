/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "scan"
#include "unit.h"

#include "mail/limits.h"
#include "mail/scan.h"

static const struct {
	const char *rule;
	size_t (*scan)(struct str s, size_t i);
	struct str text;
	size_t end;
} rows[] = {
	/* RFC 5322 3.2.2, folds as CRLF and as LF; the end needs WSP */
	{ "fws", scan_fws, S("a"), 0 },
	{ "fws", scan_fws, S(" \t a"), 3 },
	{ "fws", scan_fws, S("\r\n a"), 3 },
	{ "fws", scan_fws, S(" \n\t\r\n a"), 6 },
	{ "fws", scan_fws, S(" \r\na"), 1 },
	{ "fws", scan_fws, S("\r a"), 0 },
	{ "fws", scan_fws, S("\n"), 0 },
	{ "fws", scan_fws, S("\n\n a"), 0 },
	{ "comment", scan_comment, S("()a"), 2 },
	{ "comment", scan_comment, S("(a (b) c)d"), 9 },
	{ "comment", scan_comment, S("(\\))a"), 4 },
	{ "comment", scan_comment, S("(\r\n \"<@,)a"), 9 },
	{ "comment", scan_comment, S("(a"), 0 },
	{ "comment", scan_comment, S("(a(b)"), 0 },
	{ "comment", scan_comment, S("(\\)"), 0 },
	{ "comment", scan_comment, S("(a\nb)"), 0 },
	{ "comment", scan_comment, S("(\xff)"), 0 },
	{ "comment", scan_comment, S(" (a)"), 0 },
	{ "cfws", scan_cfws, S("(a) (b)\r\n (c) d"), 14 },
	{ "cfws", scan_cfws, S(" (a"), 1 },
	{ "quoted-pair", scan_quoted_pair, S("\\a"), 2 },
	{ "quoted-pair", scan_quoted_pair, S("\\ "), 2 },
	{ "quoted-pair", scan_quoted_pair, S("\\\\"), 2 },
	{ "quoted-pair", scan_quoted_pair, S("\\\xc3\xbc"), 3 },
	{ "quoted-pair", scan_quoted_pair, S("\\"), 0 },
	{ "quoted-pair", scan_quoted_pair, S("\\\0"), 0 },
	{ "quoted-pair", scan_quoted_pair, S("\\\n"), 0 },
	{ "quoted-pair", scan_quoted_pair, S("\\\xc3"), 0 },
	{ "atext", scan_atext, S("!#$%&'*+-/=?^_`{|}~azAZ09."), 25 },
	{ "atext", scan_atext, S("a\xc3\xbc\xe2\x82\xac b"), 6 },
	{ "atext", scan_atext, S("("), 0 },
	{ "atext", scan_atext, S("a\x7f"), 1 },
	{ "atext", scan_atext, S("a\0b"), 1 },
	{ "quoted-string", scan_quoted_string, S("\"\"a"), 2 },
	{ "quoted-string", scan_quoted_string, S("\"a\\\" (b\"c"), 8 },
	{ "quoted-string", scan_quoted_string, S("\"a"), 0 },
	{ "quoted-string", scan_quoted_string, S("\"a\\\""), 0 },
	{ "quoted-string", scan_quoted_string, S("\"\0\""), 0 },
	{ "word", scan_word, S("a\"b\""), 1 },
	{ "word", scan_word, S("\"b\"a"), 3 },
	{ "word", scan_word, S(".a"), 0 },
	/* words take the CFWS behind them along */
	{ "phrase", scan_phrase, S("J. R. (c) \"T\" <"), 14 },
	{ "phrase", scan_phrase, S(". J"), 0 },
	{ "phrase", scan_phrase, S("a@"), 1 },
	{ "literal", scan_domain_literal, S("[192.0.2.1]a"), 11 },
	{ "literal", scan_domain_literal, S("[]"), 2 },
	{ "literal", scan_domain_literal, S("[a"), 0 },
	{ "literal", scan_domain_literal, S("[[a]"), 0 },
	{ "keyword", scan_keyword, S("aZ-_09.x"), 6 },
	{ "keyword", scan_keyword, S("=x"), 0 },
	{ "keyword", scan_keyword, S("a\0"), 1 },
	{ "keyword", scan_keyword, S("\xc3\xbc"), 0 },
	/* RFC 2045 5.1: all but space, controls and tspecials */
	{ "token", scan_token, S("!#$%&'*+-.^_`{|}~azAZ09/"), 23 },
	{ "token", scan_token,
	  S("a\xc3\xbc"
	    "b="),
	  4 },
	{ "token", scan_token, S("("), 0 },
	{ "token", scan_token, S(")"), 0 },
	{ "token", scan_token, S("<"), 0 },
	{ "token", scan_token, S(">"), 0 },
	{ "token", scan_token, S("@"), 0 },
	{ "token", scan_token, S(","), 0 },
	{ "token", scan_token, S(";"), 0 },
	{ "token", scan_token, S(":"), 0 },
	{ "token", scan_token, S("\\"), 0 },
	{ "token", scan_token, S("\""), 0 },
	{ "token", scan_token, S("["), 0 },
	{ "token", scan_token, S("]"), 0 },
	{ "token", scan_token, S("?"), 0 },
	{ "token", scan_token, S("a\0b"), 1 },
	/* RFC 3629 section 4, at the borders of its table */
	{ "utf8", scan_utf8, S("a"), 0 },
	{ "utf8", scan_utf8, S("\x80"), 0 },
	{ "utf8", scan_utf8, S("\xc1\xbf"), 0 },
	{ "utf8", scan_utf8, S("\xc2\x80"), 2 },
	{ "utf8", scan_utf8, S("\xdf\xbf\x80"), 2 },
	{ "utf8", scan_utf8, S("\xe0\x9f\xbf"), 0 },
	{ "utf8", scan_utf8, S("\xe0\xa0\x80"), 3 },
	{ "utf8", scan_utf8, S("\xed\x9f\xbf"), 3 },
	{ "utf8", scan_utf8, S("\xed\xa0\x80"), 0 },
	{ "utf8", scan_utf8, S("\xee\x80\x80"), 3 },
	{ "utf8", scan_utf8, S("\xef\xbf\xbf"), 3 },
	{ "utf8", scan_utf8, S("\xf0\x8f\xbf\xbf"), 0 },
	{ "utf8", scan_utf8, S("\xf0\x90\x80\x80"), 4 },
	{ "utf8", scan_utf8, S("\xf4\x8f\xbf\xbf"), 4 },
	{ "utf8", scan_utf8, S("\xf4\x90\x80\x80"), 0 },
	{ "utf8", scan_utf8, S("\xf5\x80\x80\x80"), 0 },
	{ "utf8", scan_utf8, S("\xc3"), 0 },
	{ "utf8", scan_utf8, S("\xc3\xc3"), 0 },
	{ "utf8", scan_utf8, S("\xe2\x82"), 0 },
	{ "utf8", scan_utf8, S("\xf0\x9f\x90"), 0 },
};

static void rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* its own memory, so that reading on is seen */
		char *copy = malloc(rows[i].text.n + 1);
		struct str text = { copy, rows[i].text.n };
		size_t end;

		memcpy(copy, rows[i].text.p, text.n);
		end = rows[i].scan(text, 0);
		if (end != rows[i].end)
			fail_msg("%s of \"%s\": got %zu, want %zu",
				 rows[i].rule, unit_show(text), end,
				 rows[i].end);
		/* behind the end is nothing */
		assert_int_equal(rows[i].scan(text, text.n), text.n);
		free(copy);
	}
}

/* A rule takes as much in the middle of a text as at its begin. */
static void from_the_middle(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char copy[64] = "\\(\"";
		size_t n = rows[i].text.n;

		memcpy(copy + 3, rows[i].text.p, n);
		assert_int_equal(rows[i].scan((struct str){ copy, n + 3 }, 3),
				 rows[i].end + 3);
	}
}

static void comment_depth(void **state)
{
	char text[LIMIT_COMMENT_DEPTH * 20];

	(void)state;
	for (size_t depth = 1; depth <= LIMIT_COMMENT_DEPTH * 10; depth++) {
		size_t want = depth > LIMIT_COMMENT_DEPTH ? 0 : 2 * depth;

		memset(text, '(', depth);
		memset(text + depth, ')', depth);
		assert_int_equal(
			scan_comment((struct str){ text, 2 * depth }, 0), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(from_the_middle),
		cmocka_unit_test(comment_depth),
	};

	return UNIT_RUN(tests);
}
