/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "received_spf"
#include "unit.h"

#include "mail/received_spf.h"

/* The session of the examples in RFC 7208 section 9.1. */
static const struct spf_client client = {
	.address = { { 192, 0, 2, 1 }, false },
	.helo = { "foo.example.com", 15 },
	.receiver = { "mybox.example.org", 17 },
};

/* Without folds: each LF HTAB is a space. */
static struct str unfolded(struct arena *arena, struct str value)
{
	struct str copy = arena_copy(arena, value);
	char *p = (char *)copy.p;
	size_t n = 0;

	for (size_t i = 0; i < copy.n; i++)
		if (copy.p[i] != '\n')
			p[n++] = copy.p[i] == '\t' ? ' ' : copy.p[i];
	return (struct str){ p, n };
}

static struct str format(struct arena *arena, enum auth auth,
			 const struct spf_client *from, struct str sender,
			 const char *identity)
{
	struct spf_result result = { auth,	 STR("example.com"), STR(""),
				     "a reason", { NULL, 0 },	     0,
				     0 };

	return unfolded(arena, received_spf_format(arena, &result, from, sender,
						   str_from(identity)));
}

static void examples(void **state)
{
	struct str sender = STR("myname@example.com");
	struct arena *arena = arena_new(4096);

	(void)state;
	ASSERT_STR(format(arena, AUTH_PASS, &client, sender, "mailfrom"),
		   STR(" pass (mybox.example.org: domain of "
		       "myname@example.com designates 192.0.2.1 as permitted "
		       "sender) receiver=mybox.example.org; "
		       "client-ip=192.0.2.1; "
		       "envelope-from=\"myname@example.com\"; "
		       "helo=foo.example.com; identity=mailfrom"),
		   "pass");
	ASSERT_STR(format(arena, AUTH_FAIL, &client, sender, "mailfrom"),
		   STR(" fail (mybox.example.org: domain of "
		       "myname@example.com does not designate 192.0.2.1 as "
		       "permitted sender) receiver=mybox.example.org; "
		       "client-ip=192.0.2.1; "
		       "envelope-from=\"myname@example.com\"; "
		       "helo=foo.example.com; identity=mailfrom"),
		   "fail");
	/* The HELO identity is of a domain, whoever the sender is. */
	ASSERT_STR(format(arena, AUTH_FAIL, &client, sender, "helo"),
		   STR(" fail (mybox.example.org: domain of example.com does "
		       "not designate 192.0.2.1 as permitted sender) "
		       "receiver=mybox.example.org; client-ip=192.0.2.1; "
		       "envelope-from=\"myname@example.com\"; "
		       "helo=foo.example.com; identity=helo"),
		   "helo");
	/* 2.4: the null sender has none to write */
	ASSERT_STR(format(arena, AUTH_PASS, &client, STR(""), "mailfrom"),
		   STR(" pass (mybox.example.org: domain of example.com "
		       "designates 192.0.2.1 as permitted sender) "
		       "receiver=mybox.example.org; client-ip=192.0.2.1; "
		       "helo=foo.example.com; identity=mailfrom"),
		   "null sender");
	arena_free(arena);
}

/* 9.1: values are dot-atoms or quoted strings; a stranger's can be left out. */
static void values(void **state)
{
	static const struct {
		struct str sender, helo, want;
	} rows[] = {
		{ S("a@b.example"), S("h.example"),
		  S("envelope-from=\"a@b.example\"; helo=h.example; ") },
		{ S("o'brien@b.example"), S("[192.0.2.1]"),
		  S("envelope-from=\"o'brien@b.example\"; "
		    "helo=\"[192.0.2.1]\"; ") },
		{ S("\"a b\"@b.example"), S("h.example"),
		  S("helo=h.example; ") },
		{ S("a@b.example(c"), S("h.example; identity=helo"), S("") },
		{ S("a@b.example\"; x=\"y"), S("(h.example"), S("") },
		{ S("a@b.example\nX: y"), S("h.example\0"), S("") },
		{ S("a@b@c.example"), S("h\xc3\xbc.example"), S("") },
		{ S("=?utf-8?q?a?=@b.example"), S(""), S("") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_client from = client;
		struct str got, behind = STR("client-ip=192.0.2.1; ");
		const char *what = unit_show(rows[i].sender), *at;

		from.helo = rows[i].helo;
		got = format(arena, AUTH_NEUTRAL, &from, rows[i].sender,
			     "mailfrom");
		at = memmem(got.p, got.n, behind.p, behind.n);
		assert_non_null(at);
		ASSERT_STR(str_sub(got, (size_t)(at - got.p) + behind.n, got.n),
			   str_from(arena_printf(arena, "%.*sidentity=mailfrom",
						 STR_ARG(rows[i].want))),
			   what);
	}
	arena_free(arena);
}

/* A problem is of errors; a directive may be any text of the record. */
static void directives(void **state)
{
	static const struct {
		enum auth auth;
		struct str mechanism;
		const char *reason, *want;
	} rows[] = {
		{ AUTH_PASS, S("mx"), "matched", "; mechanism=mx" },
		{ AUTH_PASS, S("ip4:192.0.2.0/24"), "matched",
		  "; mechanism=\"ip4:192.0.2.0/24\"" },
		{ AUTH_FAIL, S("-all"), "matched", "; mechanism=-all" },
		{ AUTH_PASS, S("exists:%{i}._spf.%{d2}"), "matched",
		  "; mechanism=\"exists:%{i}._spf.%{d2}\"" },
		{ AUTH_PASS, S("exists:a\"b"), "matched", "" },
		{ AUTH_PASS, S("exists:a)b"), "matched", "" },
		{ AUTH_TEMPERROR, S(""), "DNS did not answer",
		  "; problem=\"DNS did not answer\"" },
		{ AUTH_PERMERROR, S(""), "two records",
		  "; problem=\"two records\"" },
		{ AUTH_NONE, S(""), "no record", "" },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_result result = { rows[i].auth,
					     STR("b.example"),
					     rows[i].mechanism,
					     rows[i].reason,
					     { NULL, 0 },
					     0,
					     0 };
		struct str got = unfolded(
			arena, received_spf_format(arena, &result, &client,
						   STR("a@b.example"),
						   STR("mailfrom")));
		struct str want = str_from(arena_printf(
			arena, "identity=mailfrom%s", rows[i].want));
		const char *at = memmem(got.p, got.n, "identity", 8);

		assert_non_null(at);
		ASSERT_STR(str_sub(got, (size_t)(at - got.p), got.n), want,
			   rows[i].want);
	}
	arena_free(arena);
}

static void addresses(void **state)
{
	struct arena *arena = arena_new(4096);
	struct spf_client from = client;

	(void)state;
	assert_int_equal(ip_parse(STR("2001:db8::1"), &from.address), OK);
	from.receiver = STR("");
	ASSERT_STR(format(arena, AUTH_NONE, &from, STR(""), "mailfrom"),
		   STR(" none (domain of example.com has no policy on "
		       "2001:db8::1) client-ip=\"2001:db8::1\"; "
		       "helo=foo.example.com; identity=mailfrom"),
		   "IPv6");
	assert_int_equal(ip_parse(STR("::ffff:192.0.2.1"), &from.address), OK);
	ASSERT_STR(format(arena, AUTH_SOFTFAIL, &from, STR(""), "mailfrom"),
		   STR(" softfail (domain of example.com probably does not "
		       "designate 192.0.2.1 as permitted sender) "
		       "client-ip=192.0.2.1; helo=foo.example.com; "
		       "identity=mailfrom"),
		   "IPv4-mapped");
	arena_free(arena);
}

/* A comment that could not be read, or is too long, is left out. */
static void no_comment(void **state)
{
	struct arena *arena = arena_new(4096);
	const struct str domains[] = {
		STR(""),
		STR("b.example(c"),
		str_from(arena_printf(arena, "%0*d", 500, 0)),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		struct spf_result result = { AUTH_NONE, domains[i],  STR(""),
					     "",	{ NULL, 0 }, 0,
					     0 };

		ASSERT_STR(unfolded(arena,
				    received_spf_format(arena, &result, &client,
							STR(""), STR("helo"))),
			   STR(" none receiver=mybox.example.org; "
			       "client-ip=192.0.2.1; helo=foo.example.com; "
			       "identity=helo"),
			   unit_show(domains[i]));
	}
	arena_free(arena);
}

static void folds(void **state)
{
	struct spf_result result = { AUTH_PASS, STR("example.com"), STR("mx"),
				     "",	{ NULL, 0 },	    0,
				     0 };
	struct arena *arena = arena_new(4096);
	struct str line, text = received_spf_format(arena, &result, &client,
						    STR("myname@example.com"),
						    STR("mailfrom"));

	(void)state;
	assert_int_equal(text.p[0], ' ');
	for (int i = 0; str_cut(&text, '\n', &line); i++) {
		assert_in_range(line.n, 2, i ? 78 : 78 - 13);
		assert_true(!i || (line.p[0] == '\t' && line.p[1] != ' '));
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),   cmocka_unit_test(values),
		cmocka_unit_test(directives), cmocka_unit_test(addresses),
		cmocka_unit_test(no_comment), cmocka_unit_test(folds),
	};

	return UNIT_RUN(tests);
}
