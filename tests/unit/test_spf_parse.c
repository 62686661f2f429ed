/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "spf_parse"
#include "unit.h"

#include "mail/buf.h"
#include "mail/limits.h"
#include "mail/spf_parse.h"

static void versions(void **state)
{
	static const struct {
		struct str text;
		bool is_record;
	} rows[] = {
		/* RFC 7208 section 4.5 */
		{ S("v=spf1"), true },	       { S("v=spf1 "), true },
		{ S("V=SPF1 -all"), true },    { S("v=spf10"), false },
		{ S("v=spf1-all"), false },    { S("v=spf1\t-all"), false },
		{ S(" v=spf1"), false },       { S("v=spf"), false },
		{ S("spf2.0/pra"), false },    { S(""), false },
		{ S("v=spf1\0 -all"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (spf_parse_is_record(rows[i].text) != rows[i].is_record)
			fail_msg("%s", unit_show(rows[i].text));
}

/* "result mechanism domain-spec network/ip4_bits/ip6_bits; ..." */
static struct str flat(struct arena *arena, const struct spf_record *record)
{
	static const char *const names[] = {
		"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"
	};
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	for (size_t i = 0; i < record->n; i++) {
		const struct spf_directive *d = &record->directives[i];
		bool network =
			d->mechanism == SPF_IP4 || d->mechanism == SPF_IP6;

		buf_printf(&buf, "%s%s %s", i ? "; " : "", auth_name(d->result),
			   names[d->mechanism]);
		if (d->domain_spec.n)
			buf_printf(&buf, " %.*s", STR_ARG(d->domain_spec));
		if (network)
			buf_printf(&buf, " %.*s",
				   STR_ARG(ip_format(arena, &d->network)));
		if (d->ip4_bits || d->ip6_bits)
			buf_printf(&buf, "/%d/%d", d->ip4_bits, d->ip6_bits);
	}
	if (record->redirect.n)
		buf_printf(&buf, " redirect=%.*s", STR_ARG(record->redirect));
	if (record->exp.n)
		buf_printf(&buf, " exp=%.*s", STR_ARG(record->exp));
	return buf_str(&buf);
}

/* The grammar of RFC 7208 section 12 */
static void records(void **state)
{
	static const struct {
		struct str text, want;
	} rows[] = {
		{ S("v=spf1"), S("") },
		{ S("v=spf1   "), S("") },
		{ S("v=spf1 all"), S("pass all") },
		{ S("v=spf1 +all -all ~all ?ALL"),
		  S("pass all; fail all; softfail all; neutral all") },
		{ S("v=spf1  a   mx  "), S("pass a/32/128; pass mx/32/128") },
		{ S("v=spf1 a:x.example"), S("pass a x.example/32/128") },
		{ S("v=spf1 A:X.example/0"), S("pass a X.example/0/128") },
		{ S("v=spf1 a/24"), S("pass a/24/128") },
		{ S("v=spf1 a//64"), S("pass a/32/64") },
		{ S("v=spf1 a/24//64"), S("pass a/24/64") },
		{ S("v=spf1 mx:%{d}/24//64"), S("pass mx %{d}/24/64") },
		{ S("v=spf1 a:x/24.example"), S("pass a x/24.example/32/128") },
		{ S("v=spf1 a:x//8.example//9"),
		  S("pass a x//8.example/32/9") },
		{ S("v=spf1 ?ptr -ptr:x.example"),
		  S("neutral ptr; fail ptr x.example") },
		{ S("v=spf1 include:x.example"), S("pass include x.example") },
		{ S("v=spf1 exists:%{i}.x.example"),
		  S("pass exists %{i}.x.example") },
		{ S("v=spf1 ip4:192.0.2.0"), S("pass ip4 192.0.2.0/32/0") },
		{ S("v=spf1 IP4:192.0.2.0/24"), S("pass ip4 192.0.2.0/24/0") },
		{ S("v=spf1 ip6:2001:DB8::"), S("pass ip6 2001:db8::/0/128") },
		{ S("v=spf1 ip6:2001:db8::/32"),
		  S("pass ip6 2001:db8::/0/32") },
		{ S("v=spf1 redirect=x.example exp=y.example"),
		  S(" redirect=x.example exp=y.example") },
		{ S("v=spf1 EXP=%{d} -all"), S("fail all exp=%{d}") },
		/* modifiers that are not known */
		{ S("v=spf1 a.b-c_9= all"), S("pass all") },
		{ S("v=spf1 all=%{c}:/=x"), S("") },
		{ S("v=spf1 ra=postmaster rr=all"), S("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct spf_record record;
		const char *fault = "";

		if (spf_parse(arena, rows[i].text, &record, &fault) != OK)
			fail_msg("%s: %s", rows[i].text.p, fault);
		ASSERT_STR(flat(arena, &record), rows[i].want, rows[i].text.p);
		arena_free(arena);
	}
}

/* Terms that spoil a record wherever they stand. */
static const struct str spoilt[] = {
	S("al"),
	S("all."),
	S("all:x.example"),
	S("all/8"),
	S("--all"),
	S("-"),
	S(":x.example"),
	S("/8"),
	S("=x"),
	S("1a=x"),
	S("+redirect=x.example"),
	S("redirect:x.example"),
	S("include"),
	S("include:"),
	S("include:x.example/24"),
	S("include:x"),
	S("exists"),
	S("exists:"),
	S("exists/8"),
	S("a:"),
	S("a:/24"),
	S("a:x"),
	S("a:x.example/"),
	S("a:x.example/33"),
	S("a:x.example/032"),
	S("a:x.example/00"),
	S("a:x.example//129"),
	S("a:x.example//0128"),
	S("a:x.example/24/64"),
	S("a:x.example/24//"),
	S("a///64"),
	S("a/"),
	S("a//"),
	S("a/-1"),
	S("a/+1"),
	S("a/1234"),
	S("a/99999999999999999999"),
	S("a:192.0.2.1"),
	S("a:x.example:25"),
	S("a:x.example,"),
	S("ptr:"),
	S("ptr/8"),
	S("ptr:x.example/8"),
	S("ip4"),
	S("ip4:"),
	S("ip4/8"),
	S("ip4:x.example"),
	S("ip4:192.0.2"),
	S("ip4:192.0.2.1/"),
	S("ip4:192.0.2.1/33"),
	S("ip4:192.0.2.1/032"),
	S("ip4:192.0.2.1//32"),
	S("ip4:192.0.2.01"),
	S("ip4:192.0.2.256"),
	S("ip4:::1"),
	S("ip4:192.0.2.1:25"),
	S("ip6"),
	S("ip6:192.0.2.1"),
	S("ip6:::1/129"),
	S("ip6:::1//64"),
	S("ip6:::1/"),
	S("ip6:1::2::3"),
	S("redirect="),
	S("redirect=x"),
	S("redirect=%{t}.example"),
	S("exp="),
	S("exp=x"),
	S("exp=x.example/24"),
	S("x=%"),
	S("x=%{"),
	S("x=\xff"),
	S("x\xff=y"),
	S("\xff"),
	S("a\t"),
	S("all\n"),
	S("all\0"),
	S("a:%{c}"),
	S("a:%{d0}.example"),
	S("a:%(d).example"),
	S("exp=x.example exp=x.example"),
	S("redirect=x.example Redirect=y.example"),
};

static void faults(void **state)
{
	static const struct {
		struct str before, behind;
	} frames[] = {
		{ S("v=spf1 "), S("") },
		{ S("v=spf1 "), S(" all") },
		{ S("v=spf1 all "), S("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		struct arena *arena = arena_new(4096);

		for (size_t k = 0; k < 3; k++) {
			struct spf_record record;
			const char *fault = NULL;
			struct buf text;

			buf_init(&text, arena, 4096);
			buf_add(&text, frames[k].before);
			buf_add(&text, spoilt[i]);
			buf_add(&text, frames[k].behind);
			ASSERT_RESULT(spf_parse(arena, buf_str(&text), &record,
						&fault),
				      E_SYNTAX, unit_show(buf_str(&text)));
			assert_non_null(strstr(fault, ": expected "));
			for (const char *p = fault; *p; p++)
				assert_true(*p >= ' ' && *p <= '~');
		}
		arena_free(arena);
	}
}

static void no_record(void **state)
{
	struct arena *arena = arena_new(4096);
	struct spf_record record;
	const char *fault = NULL;

	(void)state;
	ASSERT_RESULT(spf_parse(arena, STR("v=spf2 all"), &record, &fault),
		      E_SYNTAX, "v=spf2");
	assert_non_null(fault);
	arena_free(arena);
}

static void limits(void **state)
{
	static const struct {
		int n;
		enum result result;
	} rows[] = {
		{ LIMIT_SPF_DIRECTIVES, OK },
		{ LIMIT_SPF_DIRECTIVES + 1, E_LIMIT },
		{ LIMIT_SPF_DIRECTIVES * 10, E_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct spf_record record;
		const char *fault;
		struct buf text;

		buf_init(&text, arena, 1 << 20);
		buf_add(&text, STR("v=spf1"));
		for (int k = 0; k < rows[i].n; k++)
			buf_add(&text, STR(" a"));
		ASSERT_RESULT(spf_parse(arena, buf_str(&text), &record, &fault),
			      rows[i].result, "terms");
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions), cmocka_unit_test(records),
		cmocka_unit_test(faults),   cmocka_unit_test(no_record),
		cmocka_unit_test(limits),
	};

	return UNIT_RUN(tests);
}
