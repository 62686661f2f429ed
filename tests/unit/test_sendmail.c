/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "sendmail"
#include "unit.h"

#include "tools/sendmail.h"

static int new_arena(void **state)
{
	*state = arena_new(4096);
	return 0;
}

static int free_arena(void **state)
{
	arena_free(*state);
	return 0;
}

static struct sendmail parse(void **state, const char *text)
{
	struct sendmail sendmail;

	sendmail_parse(*state, str_from(text), &sendmail);
	return sendmail;
}

/* Operation Guide 5.0: white space begins what goes on with the line before;
 * so a comment goes on, too. */
static void folding(void **state)
{
	static const struct {
		const char *text;
		struct str lines;
	} rows[] = {
		{ "", S("") },
		{ "O a=b\nO c=d\n", S("O a=b\nO c=d") },
		{ "O a=b\r\n c\r\n\td", S("O a=b c\td") },
		{ "# one\n two\nO a=b\n# three\n", S("O a=b") },
		{ "O a=b\n\n c\n", S("O a=b c") },
		{ " first\nO a=b", S(" first\nO a=b") },
		{ "# O a=b\n#\n\n", S("") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ASSERT_STR(parse(state, rows[i].text).lines, rows[i].lines,
			   rows[i].text);
}

/* 5.11 */
static void filters(void **state)
{
	static const struct {
		const char *text;
		struct str name, socket, flags;
		long reply_seconds;
	} rows[] = {
		{ "Xa, S=unix:/a.sock, F=T, T=C:30s;S:30s;R:60s;E:5m", S("a"),
		  S("unix:/a.sock"), S("T"), 60 },
		{ "Xa,S=inet:8891@localhost", S("a"), S("inet:8891@localhost"),
		  S(""), 10 },
		{ "Xa, T=S:5m;R:1m30s, S=/a.sock", S("a"), S("/a.sock"), S(""),
		  90 },
		{ "Xa, T=R:2", S("a"), S(""), S(""), 2 },
		{ "Xa, T=r:1h", S("a"), S(""), S(""), 3600 },
		{ "Xa, T=R:1D", S("a"), S(""), S(""), 86400 },
		{ "Xa, T=;;R", S("a"), S(""), S(""), 10 },
		{ "Xa,,=,S,F=\n T", S("a"), S(""), S("T"), 10 },
		{ "X", S(""), S(""), S(""), 10 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sendmail sendmail = parse(state, rows[i].text);

		assert_int_equal(sendmail.n_filters, 1);
		ASSERT_STR(sendmail.filters->name, rows[i].name, rows[i].text);
		ASSERT_STR(sendmail.filters->socket, rows[i].socket,
			   rows[i].text);
		ASSERT_STR(sendmail.filters->flags, rows[i].flags,
			   rows[i].text);
		assert_int_equal(sendmail.filters->reply_seconds,
				 rows[i].reply_seconds);
	}
}

/* 5.6, DaemonPortOptions: a key is known by its first letter, and without
 * Family it is IPv4, without Port 25. */
static void daemons(void **state)
{
	static const struct {
		const char *text;
		int port;
		bool six;
		struct str address, filters;
	} rows[] = {
		{ "", 25, false, S(""), S("") },
		{ "O InputMailFilters=a, b\n", 25, false, S(""), S("a, b") },
		{ "O DaemonPortOptions=Name=MTA, Family=inet6, Port=587, M=Ea",
		  587, true, S(""), S("") },
		{ "O InputMailFilters=a\nO DaemonPortOptions=Addr=127.0.0.1, "
		  "P=10025, InputMailFilters=b;c",
		  10025, false, S("127.0.0.1"), S("b;c") },
		{ "O daemonportoptions = port=465, addr=IPv6:::1, F=INET6\n",
		  465, true, S("::1"), S("") },
		{ "O DaemonPortOptions=Port=no-such-service", 0, false, S(""),
		  S("") },
		{ "O DaemonPortOptions=Port=99999999999999999999", 0, false,
		  S(""), S("") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sendmail sendmail = parse(state, rows[i].text);

		assert_int_equal(sendmail.n_daemons, 1);
		assert_int_equal(sendmail.daemons->port, rows[i].port);
		assert_int_equal(sendmail.daemons->six, rows[i].six);
		ASSERT_STR(sendmail.daemons->address, rows[i].address,
			   rows[i].text);
		ASSERT_STR(sendmail.daemons->filters, rows[i].filters,
			   rows[i].text);
	}
}

/* 5.4; those that speak SMTP. */
static void mailers(void **state)
{
	struct sendmail sendmail =
		parse(state, "Mlocal,\tP=/bin/mail, F=lsDFM, L=80, A=mail $u\n"
			     "Mesmtp,\tP=[IPC], F=mDFMuXa, E=\\r\\n, L=990,\n"
			     "\t\tT=DNS/RFC822/SMTP,\n\t\tA=TCP $h\n"
			     "Mmillrace, P=[IPC], A=TCP $h 10025\nM\n");

	assert_int_equal(sendmail.n_mailers, 2);
	ASSERT_STR(sendmail.mailers[0].name, STR("esmtp"), "mailers");
	ASSERT_STR(sendmail.mailers[0].arguments, STR("TCP $h"), "mailers");
	assert_int_equal(sendmail.mailers[0].line_length, 990);
	ASSERT_STR(sendmail.mailers[1].name, STR("millrace"), "mailers");
	ASSERT_STR(sendmail.mailers[1].arguments, STR("TCP $h 10025"),
		   "mailers");
	assert_int_equal(sendmail.mailers[1].line_length, 0);
}

/* 4.3, 5.12: queue groups, and directories by a wild card. */
static void queues(void **state)
{
	static const struct {
		const char *text;
		const char *queues[3];
	} rows[] = {
		{ "", { NULL } },
		{ "O QueueDirectory=/q\n", { "/q" } },
		{ "O QueueDirectory=/q/m*\n", { "/q/m*" } },
		{ "O QueueDirectory=/q\nQa, P=/q/a, F=f\n", { "/q/a", "/q" } },
		{ "Qa, F=f, Path=/q/a*\nO QueueDirectory=/q\n",
		  { "/q/a*", "/q" } },
		{ "O QueueDirectory=/q\nQmqueue, F=f\n", { "/q" } },
		{ "O QueueDirectory=/q/m*\nQa, P=a*\n", { "/q/a*", "/q/m*" } },
		{ "O QueueDirectory=/q\nQa, P=a\nQb, P=a\n", { "/q/a", "/q" } },
		{ "Q\nO QueueDirectory=\n", { NULL } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sendmail sendmail = parse(state, rows[i].text);
		size_t n = 0;

		for (; n < sendmail.n_queues && n < 3 && rows[i].queues[n]; n++)
			assert_string_equal(sendmail.queues[n],
					    rows[i].queues[n]);
		assert_int_equal(sendmail.n_queues, n);
		assert_true(n == 3 || !rows[i].queues[n]);
	}
}

static void look_ups(void **state)
{
	struct sendmail sendmail =
		parse(state, "O RunAsUser=mail\nO Runasuser = smmta:smmsp\n"
			     "#O Other=x\nDjmail.example.org\nD{j}x\nDk$w\n"
			     "SRelay_ok\nScheck_rcpt\nXa, S=/a\n");
	struct str rest = STR(" a;b, c ;"), item;

	assert_string_equal(sendmail_option(&sendmail, "RunAsUser"),
			    "smmta:smmsp");
	assert_string_equal(sendmail_option(&sendmail, "Other"), "");
	assert_string_equal(sendmail_macro(&sendmail, 'j'), "mail.example.org");
	assert_string_equal(sendmail_macro(&sendmail, 'm'), "");
	assert_true(sendmail_has_ruleset(&sendmail, "Relay_ok"));
	assert_false(sendmail_has_ruleset(&sendmail, "Relay"));
	assert_non_null(sendmail_filter(&sendmail, STR("a")));
	assert_null(sendmail_filter(&sendmail, STR("b")));
	for (const char *want = "abc"; *want; want++) {
		assert_true(sendmail_item(&rest, &item));
		ASSERT_STR(item, ((struct str){ want, 1 }), "mailers");
	}
	assert_false(sendmail_item(&rest, &item));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(folding, new_arena, free_arena),
		cmocka_unit_test_setup_teardown(filters, new_arena, free_arena),
		cmocka_unit_test_setup_teardown(daemons, new_arena, free_arena),
		cmocka_unit_test_setup_teardown(mailers, new_arena, free_arena),
		cmocka_unit_test_setup_teardown(queues, new_arena, free_arena),
		cmocka_unit_test_setup_teardown(look_ups, new_arena,
						free_arena),
	};

	return UNIT_RUN(tests);
}
