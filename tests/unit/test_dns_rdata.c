/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dns_rdata"
#include "unit.h"

#include "mail/dns_rdata.h"
#include "mail/limits.h"

/* Octets as RFC 1035 sections 3.1 and 3.3 and RFC 3596 section 2.2 have them */
static const struct {
	const char *what;
	enum dns_type type;
	struct str octets;
	bool good;
	struct str data;
	uint16_t preference;
} rows[] = {
	{ "A", DNS_A, S("\xc0\x00\x02\x01"), true, S("\xc0\x00\x02\x01"), 0 },
	{ "A, short", DNS_A, S("\xc0\x00\x02"), false, S(""), 0 },
	{ "A, long", DNS_A, S("\xc0\x00\x02\x01\x00"), false, S(""), 0 },
	{ "A, empty", DNS_A, S(""), false, S(""), 0 },
	{ "AAAA", DNS_AAAA, S("0123456789abcdef"), true, S("0123456789abcdef"),
	  0 },
	{ "AAAA, short", DNS_AAAA, S("0123456789abcde"), false, S(""), 0 },
	{ "AAAA, of an A", DNS_AAAA, S("1234"), false, S(""), 0 },
	{ "PTR", DNS_PTR, S("\2mx\7Example\3org\0"), true, S("mx.Example.org"),
	  0 },
	{ "NS", DNS_NS, S("\2ns\7example\3org\0"), true, S("ns.example.org"),
	  0 },
	{ "PTR, the root", DNS_PTR, S("\0"), true, S(""), 0 },
	{ "PTR, empty", DNS_PTR, S(""), false, S(""), 0 },
	{ "PTR, without its end", DNS_PTR, S("\2mx"), false, S(""), 0 },
	{ "PTR, more behind it", DNS_PTR, S("\2mx\0\0"), false, S(""), 0 },
	{ "PTR, label past the end", DNS_PTR, S("\3mx\0"), false, S(""), 0 },
	{ "PTR, a pointer", DNS_PTR, S("\xc0\x0c"), false, S(""), 0 },
	{ "PTR, a label of 64", DNS_PTR,
	  S("\x40"
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	    "\0"),
	  false, S(""), 0 },
	{ "PTR, a dot in a label", DNS_PTR, S("\5mx.ex\3org\0"), false, S(""),
	  0 },
	{ "PTR, odd octets", DNS_PTR, S("\4a\0 \xff\1b\0"), true,
	  S("a\0 \xff.b"), 0 },
	{ "MX", DNS_MX, S("\x12\x34\2mx\0"), true, S("mx"), 0x1234 },
	{ "MX, highest", DNS_MX, S("\xff\xff\1a\1b\0"), true, S("a.b"), 65535 },
	{ "MX, none (RFC 7505)", DNS_MX, S("\0\0\0"), true, S(""), 0 },
	{ "MX, without a name", DNS_MX, S("\0\1"), false, S(""), 0 },
	{ "MX, one octet", DNS_MX, S("\0"), false, S(""), 0 },
	{ "MX, empty", DNS_MX, S(""), false, S(""), 0 },
	{ "MX, cut", DNS_MX, S("\0\1\2mx"), false, S(""), 0 },
	{ "TXT", DNS_TXT, S("\3abc"), true, S("abc"), 0 },
	{ "TXT, two strings", DNS_TXT, S("\3abc\2 d"), true, S("abc d"), 0 },
	{ "TXT, empty strings", DNS_TXT, S("\0\0"), true, S(""), 0 },
	{ "TXT, NUL and more", DNS_TXT, S("\3a\0\xff\1\n"), true,
	  S("a\0\xff\n"), 0 },
	{ "TXT, no string", DNS_TXT, S(""), false, S(""), 0 },
	{ "TXT, string past the end", DNS_TXT, S("\4abc"), false, S(""), 0 },
	{ "TXT, the second one", DNS_TXT, S("\1a\2b"), false, S(""), 0 },
};

static void parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		/* In rooms of just their size, for tools that watch. */
		struct str data = { malloc(rows[i].octets.n + 1),
				    rows[i].octets.n };
		char *room = malloc(data.n + 1);
		char *exact = realloc(room, data.n ? data.n : 1);
		struct dns_record record;

		memcpy((char *)data.p, rows[i].octets.p, data.n);
		if (dns_rdata_parse(rows[i].type, data, exact, &record) !=
		    rows[i].good)
			fail_msg("%s: want %d", rows[i].what, rows[i].good);
		if (rows[i].good) {
			ASSERT_STR(record.data, rows[i].data, rows[i].what);
			assert_int_equal(record.preference, rows[i].preference);
		}
		free(exact);
		free((char *)data.p);
	}
}

/* RFC 1035 section 2.3.4: 255 octets on the wire, and not one more. */
static void longest_name(void **state)
{
	char wire[LIMIT_DOMAIN + 1], room[LIMIT_DOMAIN + 1];
	struct dns_record record;

	(void)state;
	for (size_t n = LIMIT_DOMAIN; n <= LIMIT_DOMAIN + 1; n++) {
		/* Labels of one octet, and a last one that fills up. */
		for (size_t i = 0; i < n; i++)
			wire[i] = i % 2 ? 'a' : 1;
		wire[n - 1] = '\0';
		if (n % 2 == 0) {
			wire[n - 4] = 2;
			wire[n - 3] = wire[n - 2] = 'a';
		}
		assert_int_equal(dns_rdata_parse(DNS_PTR,
						 (struct str){ wire, n }, room,
						 &record),
				 n == LIMIT_DOMAIN);
	}
}

static void escapes(void **state)
{
	static const struct {
		struct str name;
		const char *want;
	} names[] = {
		{ S("mx-1_x.Example.org"), "mx-1_x.Example.org" },
		{ S("a b"), "a\\032b" },
		{ S("a\\b"), "a\\092b" },
		{ S("\"@("), "\\034\\064\\040" },
		{ S("a\0b"), "a\\000b" },
		{ S("\xff\x7f"), "\\255\\127" },
		{ S(""), "" },
	};
	char text[DNS_ESCAPED_MAX], longest[LIMIT_DOMAIN];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		dns_name_escape(names[i].name, text);
		assert_string_equal(text, names[i].want);
	}
	memset(longest, '*', sizeof(longest));
	dns_name_escape((struct str){ longest, sizeof(longest) }, text);
	assert_int_equal(strlen(text), 4 * sizeof(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(longest_name),
		cmocka_unit_test(escapes),
	};

	return UNIT_RUN(tests);
}
