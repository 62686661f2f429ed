/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "sts_policy"
#include "unit.h"

#include "mail/sts_policy.h"

#define BEGIN "version: STSv1\nmode: enforce\nmax_age: 1\n"

static const char *show(struct arena *arena, const struct sts_policy *policy)
{
	const char *text =
		arena_printf(arena, "%s %lld", sts_mode_name(policy->mode),
			     (long long)policy->max_age);

	for (size_t i = 0; i < policy->n_mx; i++)
		text = arena_printf(arena, "%s %.*s", text,
				    STR_ARG(policy->mx[i]));
	return text;
}

/* RFC 8461 sections 3.2 and appendix A, and its ABNF branch by branch. */
static void good(void **state)
{
	static const struct {
		struct str text;
		const char *want;
	} rows[] = {
		{ S("version: STSv1\nmode: enforce\nmx: mail.example.com\n"
		    "mx: *.example.net\nmx: backupmx.example.com\n"
		    "max_age: 604800\n"),
		  "enforce 604800 mail.example.com *.example.net "
		  "backupmx.example.com" },
		{ S("version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\n"
		    "max_age: 1296000\r\n"),
		  "enforce 1296000 mx1.example.com" },
		{ S("max_age:0\nmx:a\nmode:testing\nversion:STSv1"),
		  "testing 0 a" },
		{ S("version: STSv1\nmode: none\nmax_age: 86400\n"),
		  "none 86400" },
		{ S("version: \t STSv1 \t\nmode:\tenforce\t\nmx: a.b \n"
		    "max_age: 31557600 "),
		  "enforce 31557600 a.b" },
		{ S(BEGIN "mx: a.b\nx-1_2.3: y z \xc3\xbc\nMODE: x\n"),
		  "enforce 1 a.b" },
		/* All but the first do not count, whatever they are. */
		{ S(BEGIN "mx: a.b\nmode: never\nmax_age: x\nversion: 2\n"),
		  "enforce 1 a.b" },
		{ S(BEGIN "mx: XN--BCHER-KVA.example\nmx: 1.2-3.e4\n"),
		  "enforce 1 XN--BCHER-KVA.example 1.2-3.e4" },
		{ S(BEGIN "mx: a\n"
			  "a234567890123456789012345678901b: x\n"),
		  "enforce 1 a" },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sts_policy policy;
		const char *fault;

		ASSERT_RESULT(sts_policy_parse(arena, rows[i].text, &policy,
					       &fault),
			      OK, unit_show(rows[i].text));
		assert_null(fault);
		assert_string_equal(show(arena, &policy), rows[i].want);
	}
	arena_free(arena);
}

static void bad(void **state)
{
	static const struct {
		struct str text;
		const char *fault; /* how it begins */
	} rows[] = {
		{ S(""), "a line \"version" },
		{ S("mode: none\nmax_age: 1\n"), "a line \"version" },
		{ S("version: STSv1\nmax_age: 1\n"), "a line \"mode" },
		{ S("version: STSv1\nmode: none\n"), "a line \"max_age" },
		{ S(BEGIN), "a line \"mx" },
		{ S("version: STSv1\nmode: testing\nmax_age: 1\n"),
		  "a line \"mx" },
		{ S("version: STSv2\nmode: none\nmax_age: 1\n"), "version: " },
		{ S("version: stsv1\nmode: none\nmax_age: 1\n"), "version: " },
		{ S("Version: STSv1\nmode: none\nmax_age: 1\n"),
		  "a line \"version" },
		{ S("version: STSv1\nmode: Enforce\nmax_age: 1\n"), "mode: " },
		{ S("version: STSv1\nmode: none\nmax_age: 31557601\n"),
		  "max_age: " },
		{ S("version: STSv1\nmode: none\nmax_age: 00000000001\n"),
		  "max_age: " },
		{ S("version: STSv1\nmode: none\nmax_age: 1d\n"), "max_age: " },
		{ S("version: STSv1\nmode: none\nmax_age: -1\n"), "max_age: " },
		{ S(BEGIN "mx: *\n"), "mx: " },
		{ S(BEGIN "mx: *.\n"), "mx: " },
		{ S(BEGIN "mx: .b\n"), "mx: " },
		{ S(BEGIN "mx: a.*.b\n"), "mx: " },
		{ S(BEGIN "mx: a.b.\n"), "mx: " },
		{ S(BEGIN "mx: -a.b\n"), "mx: " },
		{ S(BEGIN "mx: a-.b\n"), "mx: " },
		{ S(BEGIN "mx: a.b, c.d\n"), "mx: " },
		{ S(BEGIN "mx: b\xc3\xbc"
			  "cher.example\n"),
		  "mx: " },
		{ S(BEGIN "mx: a234567890123456789012345678901234567890123456"
			  "789012345678901234.b\n"),
		  "mx: " },
		{ S(BEGIN "mx: a.b\n\n"), "lines of" },
		{ S(BEGIN "mx: a.b\n# a comment\n"), "lines of" },
		{ S(BEGIN "mx: a.b\nx\n"), "lines of" },
		{ S(BEGIN "mx: a.b\n: x\n"), "lines of" },
		{ S(BEGIN "mx : a.b\n"), "lines of" },
		{ S(" version: STSv1\n"), "lines of" },
		{ S(BEGIN "mx: a.b\n_x: y\n"), "lines of" },
		{ S(BEGIN "mx: a.b\na2345678901234567890123456789012b: x\n"),
		  "lines of" },
		{ S("\xef\xbb\xbf" BEGIN "mx: a.b\n"), "lines of" },
		{ S(BEGIN "mx: a.b\nx:\n"), "a value" },
		{ S(BEGIN "mx: a.b\nx: y\x01\n"), "a value" },
		{ S(BEGIN "mx: a.b\nx: y\tz\n"), "a value" },
		{ S(BEGIN "mx: a.b\nx: \xff\n"), "a value" },
		{ S(BEGIN "mx: a.b\nx: y\0z\n"), "a value" },
		{ S(BEGIN "mx: a.b\r\r\n"), "a value" },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *what = unit_show(rows[i].text), *fault;
		struct sts_policy policy;

		ASSERT_RESULT(sts_policy_parse(arena, rows[i].text, &policy,
					       &fault),
			      E_SYNTAX, what);
		if (strncmp(fault, rows[i].fault, strlen(rows[i].fault)) != 0)
			fail_msg("%s: got %s, want %s", what, fault,
				 rows[i].fault);
	}
	arena_free(arena);
}

/* RFC 8461 section 4.1, with its examples. */
static void hosts(void **state)
{
	static const struct {
		const char *mx, *host;
		bool want;
	} rows[] = {
		{ "mail.example.com", "mail.example.com", true },
		{ "Mail.Example.com", "mail.example.COM", true },
		{ "mail.example.com", "mx.mail.example.com", false },
		{ "mail.example.com", "example.com", false },
		{ "*.example.com", "mail.example.com", true },
		{ "*.EXAMPLE.com", "mail.example.com", true },
		{ "*.example.com", "example.com", false },
		{ "*.example.com", "foo.bar.example.com", false },
		{ "*.example.com", ".example.com", false },
		{ "*.com", "example.com", true },
		{ "*.a.example\nmx: b.example", "b.example", true },
		{ "a.example\nmx: b.example", "c.example", false },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *text =
			arena_printf(arena, BEGIN "mx: %s\n", rows[i].mx);
		struct sts_policy policy;
		const char *fault;

		ASSERT_RESULT(sts_policy_parse(arena, str_from(text), &policy,
					       &fault),
			      OK, text);
		if (sts_policy_allows(&policy, str_from(rows[i].host)) !=
		    rows[i].want)
			fail_msg("%s and %s", rows[i].mx, rows[i].host);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(hosts),
	};

	return UNIT_RUN(tests);
}
