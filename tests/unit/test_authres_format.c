/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "authres_format"
#include "authres.h"

#include "mail/limits.h"
#include "mail/trace.h"

/* RFC 8601 appendix B.6: a field that its section prints, folded our way. */
static void results(void **state)
{
	struct authres_property first = { STR("header"), STR("i"),
					  STR("@mail-router.example.net") };
	struct authres_property second = { STR("header"), STR("i"),
					   STR("@newyork.example.com") };
	struct authres_result list[] = {
		{ STR("dkim"), STR("pass"), STR("good signature"), STR(""),
		  &first, 1 },
		{ STR("dkim"), STR("fail"), STR(""), STR("bad signature"),
		  &second, 1 },
	};
	struct authres authres = { STR("example.com"), list, 2 };
	struct arena *arena = arena_new(4096);

	(void)state;
	ASSERT_STR(authres_format(arena, &authres),
		   STR(" example.com;\n"
		       "\tdkim=pass reason=\"good signature\" "
		       "header.i=@mail-router.example.net;\n"
		       "\tdkim=fail (bad signature) "
		       "header.i=@newyork.example.com"),
		   "B.6");
	authres.n = 0;
	ASSERT_STR(authres_format(arena, &authres), STR(" example.com; none"),
		   "B.2");
	arena_free(arena);
}

/* How a value is written; nothing: it is left out. */
static const struct {
	struct str value, want;
} values[] = {
	{ S("example.net"), S("example.net") },
	{ S("EXAMPLE.net"), S("EXAMPLE.net") },
	{ S("bob@example.net"), S("bob@example.net") },
	{ S("@example.net"), S("@example.net") },
	{ S("b.o_b+x-y@sub.example.net"), S("b.o_b+x-y@sub.example.net") },
	{ S("192.0.2.1"), S("192.0.2.1") },
	{ S("rsa-sha256"), S("rsa-sha256") },
	{ S("_x.example"), S("_x.example") },
	{ S("URn9MW+F"), S("URn9MW+F") },
	/* no tokens of RFC 2045, or some reader's delimiters */
	{ S("URn9/W+F"), S("\"URn9/W+F\"") },
	{ S("abcd=="), S("\"abcd==\"") },
	{ S("o'brien@example.net"), S("\"o'brien@example.net\"") },
	{ S("srs0=abc=xy=a.example=b@example.net"),
	  S("\"srs0=abc=xy=a.example=b@example.net\"") },
	{ S("2001:db8::1"), S("\"2001:db8::1\"") },
	{ S("[192.0.2.1]"), S("\"[192.0.2.1]\"") },
	{ S("[IPv6:2001:db8::1]"), S("\"[IPv6:2001:db8::1]\"") },
	{ S("bob@[192.0.2.1]"), S("\"bob@[192.0.2.1]\"") },
	/* espoofer A4, A5, A6 and what its paper calls A7 */
	{ S("legitimate.com'a.attack.com"), S("") },
	{ S("any@legitimate.com(a.attack.com"), S("") },
	{ S("any@legitimate.com'@any.attack.com"), S("") },
	{ S("@legitimate.com,@any.com:'any@attack.com"), S("") },
	{ S("(any@legitimate.com"), S("") },
	{ S("o'brien@legitimate.com(a.attack.com"), S("") },
	{ S("legitimate.com(.attack.com"), S("") },
	{ S("legitimate.com;.attack.com"), S("") },
	{ S("legitimate.com .attack.com"), S("") },
	{ S("legitimate.com\".attack.com"), S("") },
	{ S("legitimate.com\\.attack.com"), S("") },
	{ S("legitimate.com=.attack.com"), S("") },
	{ S("legitimate.com/.attack.com"), S("") },
	{ S("legitimate.com:.attack.com"), S("") },
	{ S("legitimate.com,attack.com"), S("") },
	{ S("<legitimate.com>attack.com"), S("") },
	{ S("legitimate.com[attack.com"), S("") },
	{ S("legitimate.com%00.attack.com"), S("") },
	{ S("legitimate.com\0.attack.com"), S("") },
	{ S("legitimate.com\r\n .attack.com"), S("") },
	{ S("legitimate.com\t.attack.com"), S("") },
	{ S("legitimate.com\x7f.attack.com"), S("") },
	{ S("legitimate.com\xe2\x80\x80.attack.com"), S("") },
	{ S("legitimate.com\x80.attack.com"), S("") },
	{ S("attack.com; dmarc=pass header.from=legitimate.com"), S("") },
	{ S("\"admin@legitimate.com\"@attack.com"), S("") },
	{ S("\"a b\"@attack.com"), S("") },
	{ S("admin@legitimate.com@attack.com"), S("") },
	{ S("=?utf-8?q?admin=40legitimate.com?="), S("") },
	{ S("=?utf-8?q?a?=@attack.com"), S("") },
	{ S("\xc3\xbc@example.net"), S("") },
	{ S("b\xc3\xbc"
	    "cher.example"),
	  S("") },
	{ S("attack.com."), S("") },
	{ S(".attack.com"), S("") },
	{ S("a..b@attack.com"), S("") },
	{ S("bob@"), S("") },
	{ S("@"), S("") },
	{ S(""), S("") },
	{ S("<>"), S("") },
	{ S("[1.2.3]"), S("") },
	{ S("[2001:db8::1]"), S("") },
	{ S("[IPv6:192.0.2.1]"), S("") },
	{ S("[192.0.2.1"), S("") },
	{ S("'"), S("") },
};

static void check_value(struct arena *arena, struct str value, struct str want)
{
	struct authres_property list[] = {
		{ STR("smtp"), STR("mailfrom"), value },
		{ STR("smtp"), STR("helo"), STR("attack.com") },
	};
	struct authres_result result = { STR("spf"), STR("fail"), STR(""),
					 STR(""),    list,	  2 };
	struct authres authres = { STR("mx"), &result, 1 }, again;
	const char *what = unit_show(value);
	struct str got = authres_format(arena, &authres), line, rest = got;
	struct buf buf, lines;

	buf_init(&buf, arena, 4096);
	buf_add(&buf, STR(" mx; spf=fail"));
	if (want.n)
		buf_printf(&buf, " smtp.mailfrom=%.*s", STR_ARG(want));
	buf_add(&buf, STR(" smtp.helo=attack.com"));
	buf_init(&lines, arena, 4096);
	while (str_cut(&rest, '\n', &line)) {
		buf_addc(&lines, ' ');
		buf_add(&lines, str_sub(line, 1, line.n));
	}
	ASSERT_STR(buf_str(&lines), buf_str(&buf), what);
	/* It is read back as it was. */
	ASSERT_RESULT(authres_parse(arena, got, &again), OK, what);
	assert_int_equal(again.n, 1);
	assert_int_equal(again.results[0].n, want.n ? 2 : 1);
	if (want.n)
		ASSERT_STR(again.results[0].properties[0].value, value, what);
}

static void properties(void **state)
{
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_value(arena, values[i].value, values[i].want);
	arena_free(arena);
}

/* Reasons and comments; what could end them or hide something is left out. */
static void texts(void **state)
{
	static const struct {
		struct str text;
		bool good;
	} rows[] = {
		{ S("good signature"), true },
		{ S("2048-bit rsa key, p=reject"), true },
		{ S("mx.example.org: domain of b'c@example.org"), true },
		{ S("a) dmarc=pass header.from=legitimate.com (b"), false },
		{ S("a\" header.from=legitimate.com"), false },
		{ S("a; dmarc=pass"), false },
		{ S("a\\"), false },
		{ S("(a"), false },
		{ S("<a>"), false },
		{ S("a\nb"), false },
		{ S("a\0b"), false },
		{ S("a\tb"), false },
		{ S(" a"), false },
		{ S("a "), false },
		{ S("\xc3\xbc"), false },
		{ S("=?utf-8?q?=29?="), false },
		{ S(""), false },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].text);
		struct authres_result result = { STR("a"),     STR("b"),
						 rows[i].text, rows[i].text,
						 NULL,	       0 };
		struct authres authres = { STR("mx"), &result, 1 };
		struct str want = STR(" mx;\n\ta=b");

		if (rows[i].good)
			want = str_from(arena_printf(
				arena, " mx;\n\ta=b (%.*s) reason=\"%.*s\"",
				STR_ARG(rows[i].text), STR_ARG(rows[i].text)));
		if (want.n < 76)
			ASSERT_STR(authres_format(arena, &authres), want, what);
		assert_int_equal(trace_is_text(rows[i].text), rows[i].good);
	}
	arena_free(arena);
}

/* Names are ours; should one be no Keyword, its part is not written. */
static void names(void **state)
{
	static const struct str bad[] = { S(""),	S("a b"), S("a.b"),
					  S("a=b"),	S("a;b"), S("a\nb"),
					  S("\xc3\xbc") };
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct authres_property property[] = {
			{ bad[i], STR("d"), STR("e") },
			{ STR("c"), bad[i], STR("e") },
		};
		struct authres_result result[] = {
			{ .method = STR("a"), .result = bad[i] },
			{ .method = bad[i], .result = STR("b") },
			{ STR("a"), STR("b"), STR(""), STR(""), property, 2 },
		};
		struct authres authres = { STR("mx"), result, 3 };

		ASSERT_STR(authres_format(arena, &authres), STR(" mx;\n\ta=b"),
			   unit_show(bad[i]));
		authres.n = 2;
		ASSERT_STR(authres_format(arena, &authres), STR(" mx; none"),
			   unit_show(bad[i]));
		if (i == 2)
			continue;
		authres.id = bad[i];
		ASSERT_STR(authres_format(arena, &authres), STR(""),
			   unit_show(bad[i]));
	}
	arena_free(arena);
}

/* Lines are short where they can be, and never over 998 octets. */
static void folds(void **state)
{
	struct arena *arena = arena_new(65536);
	struct authres_property properties[12];
	struct authres_result result = { STR("x"), STR("pass"), STR(""),
					 STR(""),  properties,	12 };
	struct authres authres = { STR("mx.example.org"), &result, 1 }, again;
	struct str text, line;
	char *words = arena_printf(arena, "%0*d", 500, 0);

	(void)state;
	for (size_t i = 0; i < 12; i++)
		properties[i] = (struct authres_property){
			STR("policy"), STR("property"),
			STR("value.of.some.length.example.org")
		};
	for (size_t i = 3; i < 500; i += 4)
		words[i] = ' ';
	words[499] = '0';
	result.comment = str_from(words);
	for (int i = 0; i < 2; i++) {
		size_t width = i ? LIMIT_LINE : 78;

		text = authres_format(arena, &authres);
		ASSERT_RESULT(authres_parse(arena, text, &again), OK, "folds");
		assert_int_equal(again.results[0].n, 12);
		while (str_line(&text, &line))
			assert_in_range(line.n, 2, width);
		properties[5].value = str_from(words);
		for (int k = 0; k < 500; k++)
			words[k] = '0';
	}
	/* A value of 512 octets is the longest. */
	properties[5].value =
		str_from(arena_printf(arena, "%0*d", LIMIT_TRACE_VALUE + 1, 0));
	text = authres_format(arena, &authres);
	ASSERT_RESULT(authres_parse(arena, text, &again), OK, "too long");
	assert_int_equal(again.results[0].n, 11);
	arena_free(arena);
}

/* A long authserv-id stays on the first line, which no fold may empty. */
static void long_name(void **state)
{
	struct arena *arena = arena_new(4096);
	char *id = arena_printf(arena, "%0*d", 250, 0);
	struct authres authres = { str_from(id), NULL, 0 };

	(void)state;
	ASSERT_STR(authres_format(arena, &authres),
		   str_from(arena_printf(arena, " %s;\n\tnone", id)), "long");
	arena_free(arena);
}

/* More than a field can hold: all results, no details. */
static void too_much(void **state)
{
	struct arena *arena = arena_new(65536);
	struct authres_property properties[LIMIT_AUTHRES_PROPERTIES + 1];
	struct authres_result results[LIMIT_AUTHRES_RESULTS];
	struct authres authres = { STR("mx"), results, LIMIT_AUTHRES_RESULTS };
	struct authres again;

	(void)state;
	for (size_t i = 0; i <= LIMIT_AUTHRES_PROPERTIES; i++)
		properties[i] = (struct authres_property){ STR("a"), STR("b"),
							   STR("c.example") };
	for (size_t i = 0; i < LIMIT_AUTHRES_RESULTS; i++)
		results[i] = (struct authres_result){
			STR("a"), STR("b"),   STR(""),
			STR(""),  properties, LIMIT_AUTHRES_PROPERTIES
		};
	ASSERT_RESULT(authres_parse(arena, authres_format(arena, &authres),
				    &again),
		      OK, "too much");
	assert_int_equal(again.n, LIMIT_AUTHRES_RESULTS);
	assert_int_equal(again.results[0].n, 0);
	authres.n = 1;
	results[0].n = LIMIT_AUTHRES_PROPERTIES + 1;
	ASSERT_RESULT(authres_parse(arena, authres_format(arena, &authres),
				    &again),
		      OK, "too many properties");
	assert_int_equal(again.results[0].n, LIMIT_AUTHRES_PROPERTIES);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),  cmocka_unit_test(properties),
		cmocka_unit_test(texts),    cmocka_unit_test(names),
		cmocka_unit_test(folds),    cmocka_unit_test(long_name),
		cmocka_unit_test(too_much),
	};

	return UNIT_RUN(tests);
}
