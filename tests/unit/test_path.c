/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "path"
#include "unit.h"

#include "mail/limits.h"
#include "mail/path.h"

#define TEN "abcdefghij"
#define SIXTY_FOUR TEN TEN TEN TEN TEN TEN "abcd"

static void paths(void **state)
{
	static const struct {
		struct str text, local, domain, formatted;
	} rows[] = {
		{ S("alice@example.org"), S("alice"), S("example.org"),
		  S("alice@example.org") },
		{ S("Alice+x.y@Example.ORG."), S("Alice+x.y"), S("example.org"),
		  S("Alice+x.y@example.org") },
		{ S("=a/b=@x.example"), S("=a/b="), S("x.example"),
		  S("=a/b=@x.example") },
		/* RFC 5321 4.1.2: the two forms of one local part */
		{ S("\"alice\"@x.example"), S("alice"), S("x.example"),
		  S("alice@x.example") },
		{ S("\"john doe\"@x.example"), S("john doe"), S("x.example"),
		  S("\"john doe\"@x.example") },
		{ S("\"a\\\"b\\\\c\\d\"@x.example"), S("a\"b\\cd"),
		  S("x.example"), S("\"a\\\"b\\\\cd\"@x.example") },
		{ S("\"a@b\"@x.example"), S("a@b"), S("x.example"),
		  S("\"a@b\"@x.example") },
		/* what some providers have given out */
		{ S("a..b.@x.example"), S("a..b."), S("x.example"),
		  S("\"a..b.\"@x.example") },
		{ S(".a@x.example"), S(".a"), S("x.example"),
		  S("\".a\"@x.example") },
		/* RFC 6531 */
		{ S("j\xc3\xbcrgen@m\xc3\xbcnchen.example"), S("j\xc3\xbcrgen"),
		  S("xn--mnchen-3ya.example"),
		  S("j\xc3\xbcrgen@xn--mnchen-3ya.example") },
		/* RFC 5321 4.1.3 */
		{ S("root@[192.0.2.1]"), S("root"), S("[192.0.2.1]"),
		  S("root@[192.0.2.1]") },
		{ S("root@[IPv6:2001:db8::1]"), S("root"),
		  S("[IPv6:2001:db8::1]"), S("root@[IPv6:2001:db8::1]") },
		{ S(SIXTY_FOUR "@x.example"), S(SIXTY_FOUR), S("x.example"),
		  S(SIXTY_FOUR "@x.example") },
		{ S("\"" SIXTY_FOUR "\"@x.example"), S(SIXTY_FOUR),
		  S("x.example"), S(SIXTY_FOUR "@x.example") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].text);
		struct mailbox mailbox;

		ASSERT_RESULT(path_parse(arena, rows[i].text, &mailbox), OK,
			      what);
		ASSERT_STR(mailbox.local, rows[i].local, what);
		ASSERT_STR(mailbox.domain, rows[i].domain, what);
		ASSERT_STR(path_format(arena, &mailbox), rows[i].formatted,
			   what);
	}
	arena_free(arena);
}

static void no_paths(void **state)
{
	static const struct {
		struct str text;
		enum result want;
	} rows[] = {
		{ S(""), E_SYNTAX },
		{ S("alice"), E_SYNTAX },
		{ S("@x.example"), E_SYNTAX },
		{ S("alice@"), E_SYNTAX },
		{ S("<alice@x.example>"), E_SYNTAX },
		{ S("@y.example:alice@x.example"), E_SYNTAX },
		{ S("a b@x.example"), E_SYNTAX },
		{ S("a@b@x.example"), E_SYNTAX },
		{ S("a\\ b@x.example"), E_SYNTAX },
		{ S("(a)b@x.example"), E_SYNTAX },
		{ S("\"a\"b@x.example"), E_SYNTAX },
		{ S("\"a@x.example"), E_SYNTAX },
		{ S("\"\"@x.example"), E_SYNTAX },
		{ S("\"a\r\n b\"@x.example"), E_SYNTAX },
		{ S("\"a\tb\"@x.example"), E_SYNTAX },
		{ S("\"a\\\tb\"@x.example"), E_SYNTAX },
		{ S("a\0b@x.example"), E_SYNTAX },
		{ S("\"a\0b\"@x.example"), E_SYNTAX },
		{ S("a\x7f@x.example"), E_SYNTAX },
		{ S("a\xc3@x.example"), E_SYNTAX },
		{ S("\"a\xff\"@x.example"), E_SYNTAX },
		{ S("a@x..example"), E_SYNTAX },
		{ S("a@x example"), E_SYNTAX },
		{ S("a@[192.0.2]"), E_SYNTAX },
		{ S("a@[2001:db8::1]"), E_SYNTAX },
		{ S("a@[IPv6:192.0.2.1]"), E_SYNTAX },
		{ S("a@[x=y]"), E_SYNTAX },
		{ S("a@["), E_SYNTAX },
		{ S(SIXTY_FOUR "e@x.example"), E_LIMIT },
		{ S("\"" SIXTY_FOUR "e\"@x.example"), E_LIMIT },
		{ S(SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR "@x.example"), E_LIMIT },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mailbox mailbox;

		ASSERT_RESULT(path_parse(arena, rows[i].text, &mailbox),
			      rows[i].want, unit_show(rows[i].text));
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(no_paths),
	};

	return UNIT_RUN(tests);
}
