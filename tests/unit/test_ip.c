/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "ip"
#include "unit.h"

#include "mail/ip.h"

/* Texts and what they are, shortest form first: RFC 4291 2.2, RFC 5952. */
static void addresses(void **state)
{
	static const struct {
		const char *text, *format; /* NULL: no address */
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		/* RFC 4291 section 2.2 */
		{ "ABCD:EF01:2345:6789:ABCD:EF01:2345:6789",
		  "abcd:ef01:2345:6789:abcd:ef01:2345:6789" },
		{ "2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a" },
		{ "FF01:0:0:0:0:0:0:101", "ff01::101" },
		{ "FF01::101", "ff01::101" },
		{ "0:0:0:0:0:0:0:1", "::1" },
		{ "::1", "::1" },
		{ "0:0:0:0:0:0:0:0", "::" },
		{ "::", "::" },
		{ "::13.1.68.3", "::d01:4403" },
		{ "0:0:0:0:0:FFFF:129.144.52.38", "::ffff:8190:3426" },
		/* RFC 5952 sections 2 and 4.2 */
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:db8::1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:db8:0000:0:1::1", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "2001:db8:aaaa:bbbb:cccc:dddd:eeee:0",
		  "2001:db8:aaaa:bbbb:cccc:dddd:eeee:0" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "1::", "1::" },
		/* none */
		{ "", NULL },
		{ "1.2.3", NULL },
		{ "1.2.3.4.5", NULL },
		{ "1.2.3.256", NULL },
		{ "1.2.3.04", NULL },
		{ "1.2.3.", NULL },
		{ "1.2.3.4 ", NULL },
		{ "1.2.3.+4", NULL },
		{ "1.2.3.4/32", NULL },
		{ "a.b.c.d", NULL },
		{ ":", NULL },
		{ ":1", NULL },
		{ "1:", NULL },
		{ ":::", NULL },
		{ "1:::2", NULL },
		{ "1::2::3", NULL },
		{ "::1:", NULL },
		{ ":1::", NULL },
		{ "1:2:3:4:5:6:7", NULL },
		{ "1:2:3:4:5:6:7:8:9", NULL },
		{ "1:2:3:4:5:6:7:8::", NULL },
		{ "::1:2:3:4:5:6:7:8", NULL },
		{ "12345::", NULL },
		{ "g::", NULL },
		{ "1.2.3.4::", NULL },
		{ "::1.2.3.4:1", NULL },
		{ "::1.2.3", NULL },
		{ "1:2:3:4:5:6:7:1.2.3.4", NULL },
		{ "fe80::1%eth0", NULL },
		{ "[::1]", NULL },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip ip;

		ASSERT_RESULT(ip_parse(str_from(rows[i].text), &ip),
			      rows[i].format ? OK : E_SYNTAX, rows[i].text);
		if (rows[i].format)
			ASSERT_STR(ip_format(arena, &ip),
				   str_from(rows[i].format), rows[i].text);
	}
	arena_free(arena);
}

static void blocks(void **state)
{
	static const struct {
		const char *ip, *network;
		int bits;
		bool within;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", 32, true },
		{ "192.0.2.1", "192.0.2.0", 32, false },
		{ "192.0.2.1", "192.0.2.0", 31, true },
		{ "192.0.2.2", "192.0.2.0", 31, false },
		{ "192.0.2.255", "192.0.2.0", 24, true },
		{ "192.0.3.0", "192.0.2.0", 24, false },
		{ "192.0.3.0", "192.0.2.0", 23, true },
		{ "10.0.0.1", "192.0.2.0", 0, true },
		{ "2001:db8::1", "2001:db8::1", 128, true },
		{ "2001:db8::1", "2001:db8::", 128, false },
		{ "2001:db8::1", "2001:db8::", 127, true },
		{ "2001:db8:7fff::", "2001:db8::", 33, true },
		{ "2001:db8:8000::", "2001:db8::", 33, false },
		{ "2001:db8::1", "::", 0, true },
		/* the families are apart */
		{ "192.0.2.1", "::", 0, false },
		{ "::1", "0.0.0.0", 0, false },
		/* mapped, it is the IPv4 address */
		{ "::ffff:192.0.2.1", "192.0.2.1", 32, true },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", 128, false },
		{ "::fffe:192.0.2.1", "192.0.2.1", 32, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip ip, network;

		ASSERT_RESULT(ip_parse(str_from(rows[i].ip), &ip), OK, "ip");
		ASSERT_RESULT(ip_parse(str_from(rows[i].network), &network), OK,
			      "network");
		ip = ip_unmap(ip);
		if (ip_is_within(&ip, &network, rows[i].bits) != rows[i].within)
			fail_msg("%s in %s/%d", rows[i].ip, rows[i].network,
				 rows[i].bits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(blocks),
	};

	return UNIT_RUN(tests);
}
