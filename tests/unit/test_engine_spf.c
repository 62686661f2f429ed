/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "engine_spf"
#include "engine_spf.h"

#include "mail/buf.h"
#include "mail/limits.h"

/* A chain of n includes; the last one's record has `terms` times "a". */
static struct str chain(struct arena *arena, int n, int terms)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	buf_printf(&buf, "a.example A 192.0.2.9\n"
			 "x.example TXT \"v=spf1 include:i0.example -all\"\n");
	for (int i = 0; i < n - 1; i++)
		buf_printf(&buf,
			   "i%d.example TXT \"v=spf1 include:i%d.example\"\n",
			   i, i + 1);
	buf_printf(&buf, "i%d.example TXT \"v=spf1", n - 1);
	for (int i = 0; i < terms; i++)
		buf_printf(&buf, "\" \" ?exists:n%d.example", i);
	buf_printf(&buf, " ip4:192.0.2.9\"\n");
	return buf_str(&buf);
}

/* RFC 7208 section 4.6.4: ten terms, wherever they stand. */
static void chains(void **state)
{
	static const struct {
		int includes, terms;
		enum auth want;
	} rows[] = {
		{ 1, 0, AUTH_PASS },
		{ LIMIT_SPF_TERMS, 0, AUTH_PASS },
		{ LIMIT_SPF_TERMS + 1, 0, AUTH_PERMERROR },
		{ LIMIT_SPF_TERMS + 10, 0, AUTH_PERMERROR },
		{ LIMIT_SPF_TERMS * 10, 0, AUTH_PERMERROR },
		{ 5, 5, AUTH_PASS },
		{ 5, 6, AUTH_PERMERROR },
		{ 5, 15, AUTH_PERMERROR },
		{ 1, 9, AUTH_PASS },
		{ 1, 10, AUTH_PERMERROR },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int queries = assert_zone(
			chain(arena, rows[i].includes, rows[i].terms),
			rows[i].want,
			arena_printf(arena, "%d includes, %d terms",
				     rows[i].includes, rows[i].terms));

		assert_true(queries <= LIMIT_SPF_TERMS + 1);
	}
	arena_free(arena);
}

/* Ten terms with ten hosts, the names of the client, the record. */
static void queries(void **state)
{
	static const char *const records[] = {
		"include:x1.example include:x2.example include:x3.example",
		"include:x1.example include:x1.example include:x1.example",
		"redirect=x1.example",
		"mx mx mx mx mx mx mx mx mx mx -all",
		"ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr -all",
		"mx a:m1.example a:m1.example a:m1.example a:m1.example "
		"include:x1.example include:x2.example include:x3.example",
		"exists:%{p}.%{p} exists:%{p} -all exp=%{p}.e.example",
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		struct world world;
		struct buf buf;

		buf_init(&buf, arena, 1 << 20);
		for (int k = 0; k < 40; k++)
			buf_printf(&buf,
				   "9.2.0.192.in-addr.arpa PTR n%d.example\n"
				   "x%d.example CNAME x.example\n",
				   k, k);
		for (int k = 0; k < 10; k++)
			buf_printf(&buf, "x.example MX 1 m%d.example\n", k);
		buf_printf(&buf,
			   "m1.example A 192.0.2.1\n"
			   "x.example TXT \"v=spf1 %s\"\n",
			   records[i]);
		begin(&world, buf_str(&buf));
		ask(&world, "192.0.2.9", STR("a@x.example"));
		if (world.queries > 122)
			fail_msg("%s: %d queries", records[i], world.queries);
		arena_free(world.arena);
	}
	arena_free(arena);
}

/* What it would leave out, silently: "-all" at the end of a long record. */
static void long_records(void **state)
{
	static const struct {
		const char *item;
		int n;
		enum auth want;
	} rows[] = {
		/* 8 bytes each, and 4 for "-all": 63 fit into 511. */
		{ " ip4:198.51.100.1", 62, AUTH_FAIL },
		{ " ip4:198.51.100.1", 63, AUTH_FAIL },
		{ " ip4:198.51.100.1", 64, AUTH_PERMERROR },
		{ " ip4:198.51.100.1", 100, AUTH_PERMERROR },
		{ " ip4:198.51.100.1", 1000, AUTH_PERMERROR },
		{ " ip6:2001:db8:1234:5678:9abc:def0:1234:5678", 25,
		  AUTH_FAIL },
		{ " ip6:2001:db8:1234:5678:9abc:def0:1234:5678", 26,
		  AUTH_PERMERROR },
		{ " m=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  7, AUTH_FAIL },
		{ " m=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  30, AUTH_PERMERROR },
		{ " !", 1000, AUTH_PERMERROR },
		{ " !", 28000, AUTH_PERMERROR },
		{ " ", 2000, AUTH_FAIL },
		{ " ", 3000, AUTH_PERMERROR },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf buf;

		buf_init(&buf, arena, 1 << 20);
		buf_printf(&buf, "x.example TXT \"v=spf1");
		for (int k = 0; k < rows[i].n; k++)
			buf_printf(&buf, "%s%s", k % 4 ? "" : "\" \"",
				   rows[i].item);
		buf_printf(&buf, "\" \" -all\"\n");
		assert_zone(buf_str(&buf), rows[i].want,
			    arena_printf(arena, "%d times%s", rows[i].n,
					 rows[i].item));
	}
	arena_free(arena);
}

/* One term of any length: it is in the record whole, or a permerror. */
static void long_terms(void **state)
{
	static const char *const rows[] = {
		"include:%s.example",
		"a:%s.example/24",
		"exists:%s",
		"exists:%%{d}%s",
		"ip4:%s",
		"x=%s",
		"exp=%s",
		"redirect=%s",
		"%s",
		"exists:%%{%s",
	};
	static const int lengths[] = { 1,   63,	 64,  254, 255,	 256,
				       257, 500, 511, 512, 1024, 1900 };
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]);
		     k++) {
			struct spf_result result;
			struct world world;
			struct buf buf;

			buf_init(&buf, arena, 8192);
			buf_printf(&buf, "x.example TXT \"v=spf1 ");
			for (const char *p = rows[i]; *p; p++) {
				if (p[0] == '%' && p[1] == 's') {
					for (int j = 0; j < lengths[k]; j++)
						buf_printf(&buf,
							   j % 200 == 199
								   ? "\" \"1"
								   : "1");
					p++;
				} else if (p[0] != '%' || p[1] != '%') {
					buf_addc(&buf, *p);
				}
			}
			buf_printf(&buf, " -all\"\n");
			begin(&world, buf_str(&buf));
			result = ask(&world, "192.0.2.9", STR("a@x.example"));
			assert_true(result.auth == AUTH_FAIL ||
				    result.auth == AUTH_PERMERROR);
			arena_free(world.arena);
		}
	}
	arena_free(arena);
}

/* Octets that are no visible ASCII, wherever others put them. */
static void odd_octets(void **state)
{
	static const struct {
		const char *zone;
		struct str sender;
		const char *helo;
		enum auth want;
	} rows[] = {
		/* in a record */
		{ "x.example TXT \"v=spf1 ip4:192.0.2.9\\000 -all\"",
		  S("a@x.example"), "h", AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1\\000 -all\"", S("a@x.example"), "h",
		  AUTH_NONE },
		{ "x.example TXT \"v=spf1 ip4:192.0.2.9 m=\\195\\164 -all\"",
		  S("a@x.example"), "h", AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1 ip4:192.0.2.9\\009-all\"",
		  S("a@x.example"), "h", AUTH_PERMERROR },
		{ "x.example TXT \"v=spf1 ip4:192.0.2.9\\013\"",
		  S("a@x.example"), "h", AUTH_PERMERROR },
		{ "x.example TXT \"\\255\\000\"\nx.example TXT \"v=spf1 -all\"",
		  S("a@x.example"), "h", AUTH_FAIL },
		/* in the sender: its local part is of use in macros alone */
		{ "x.example TXT \"v=spf1 ip4:192.0.2.9 -all\"",
		  S("\xc3\xa4@x.example"), "h", AUTH_PASS },
		{ "x.example TXT \"v=spf1 exists:%{L}.%{S}.%{L1r-}.e -all\"",
		  S("\xff\xfe-\x80\x81@x.example"), "h", AUTH_FAIL },
		{ "x.example TXT \"v=spf1 ip4:192.0.2.9 -all\"",
		  S("a\0b@x.example"), "h", AUTH_PASS },
		{ "x.example TXT \"v=spf1 ip4:192.0.2.9 -all\"",
		  S("a@b@x.example"), "h", AUTH_PASS },
		{ "xn--4ca.example TXT \"v=spf1 ip4:192.0.2.9 -all\"",
		  S("a@\xc3\xa4.example"), "h", AUTH_PASS },
		/* in HELO */
		{ "x.example TXT \"v=spf1 exists:%{H}.%{h}.e -all\"",
		  S("a@x.example"), "\xff\x80\xc3\xa4\x01 ", AUTH_FAIL },
		{ "x.example TXT \"v=spf1 exists:%{h}.e -all\"",
		  S("a@x.example"), "", AUTH_FAIL },
		/* in names: such a host is none */
		{ "x.example TXT \"v=spf1 mx ptr exists:%{p}.e "
		  "exists:%{P}.e -all\"\n"
		  "x.example MX 1 m\\255\\000.example\n"
		  "x.example MX 1 .\n"
		  "m\\255\\000.example A 192.0.2.9\n"
		  "9.2.0.192.in-addr.arpa PTR \\255\\255.x.example\n"
		  "\\255\\255.x.example A 192.0.2.9\n",
		  S("a@x.example"), "h", AUTH_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_client client = client_of("192.0.2.9", rows[i].helo);
		struct spf_result result;
		struct world world;

		begin(&world, str_from(rows[i].zone));
		libspf2->mail_from(&world.env, world.arena, &client,
				   rows[i].sender, &result);
		assert_auth(&result, rows[i].want, rows[i].zone);
		arena_free(world.arena);
	}
}

/* DNS is not asked for what can't be a name. */
static void odd_domains(void **state)
{
	static const struct str senders[] = {
		S("a@"),
		S("a"),
		S("a@x.example\0.y.example"),
		S("a@x.exa mple"),
		S("a@x.example\xff"),
		S("a@x.example\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		struct spf_result result;
		struct world world;

		begin(&world, STR("x.example TXT \"v=spf1 +all\"\n"));
		result = ask(&world, "192.0.2.9", senders[i]);
		assert_auth(&result, AUTH_NONE, unit_show(senders[i]));
		assert_int_equal(world.queries, 0);
		arena_free(world.arena);
	}
}

static void long_identities(void **state)
{
	static const struct {
		int n;
		enum auth want;
	} rows[] = {
		{ 64, AUTH_FAIL },
		{ LIMIT_SPF_IDENTITY - 10, AUTH_FAIL },
		{ LIMIT_SPF_IDENTITY - 9, AUTH_NONE },
		{ LIMIT_SPF_IDENTITY * 10, AUTH_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_result result;
		struct world world;
		const char *local;

		begin(&world,
		      STR("x.example TXT \"v=spf1 exists:%{S}.%{L}.%{lr-}.%{s} "
			  "a:%{L}%{L}%{L}%{L}%{L}%{L}%{L}%{L} -all\"\n"));
		local = arena_printf(world.arena, "%0*d", rows[i].n, 0);
		result = ask(&world, "192.0.2.9",
			     str_from(arena_printf(world.arena, "%s@x.example",
						   local)));
		assert_auth(&result, rows[i].want, "long sender");
		arena_free(world.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		cmocka_unit_test(queries),
		cmocka_unit_test(long_records),
		cmocka_unit_test(long_terms),
		cmocka_unit_test(odd_octets),
		cmocka_unit_test(odd_domains),
		cmocka_unit_test(long_identities),
	};

	if (!libspf2->mail_from) {
		printf("1..0 # SKIP this build has no libspf2\n");
		return 0;
	}
	return UNIT_RUN(tests);
}
