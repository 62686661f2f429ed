/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "network"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "milters/network.h"

/* "192.0.2.1" or "2001:db8::1" as the kernel gives it. */
static struct sockaddr_storage address_of(const char *text)
{
	struct sockaddr_storage storage = { .ss_family = AF_UNSPEC };
	struct sockaddr_in *four = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(25);
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(25);
	} else {
		fail_msg("%s is no address", text);
	}
	return storage;
}

static bool has(struct arena *arena, const char *block, const char *address)
{
	struct str item = str_from(block);
	struct networks networks =
		network_parse(arena, &(struct conf_list){ &item, 1 });
	struct sockaddr_storage storage = address_of(address);

	assert_int_equal(networks.n, 1);
	return network_has(&networks, (struct sockaddr *)&storage);
}

static const struct {
	const char *block, *address;
	bool want;
} match_rows[] = {
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.1/32", "192.0.2.1", true },
	{ "192.0.2.1/32", "192.0.2.0", false },
	{ "192.0.2.0/31", "192.0.2.1", true },
	{ "192.0.2.0/31", "192.0.2.2", false },
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/23", "192.0.3.255", true },
	{ "192.0.2.0/23", "192.0.1.255", false },
	{ "192.0.2.0/23", "192.0.4.0", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.0.0.0/8", "9.255.255.255", false },
	{ "172.16.0.0/12", "172.31.255.255", true },
	{ "172.16.0.0/12", "172.32.0.0", false },
	{ "128.0.0.0/1", "255.255.255.255", true },
	{ "128.0.0.0/1", "127.255.255.255", false },
	{ "0.0.0.0/0", "203.0.113.7", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "0.0.0.0/0", "::", false },
	/* Bits behind the length don't count. */
	{ "192.0.2.77/24", "192.0.2.1", true },
	{ "2001:db8::1", "2001:db8::1", true },
	{ "2001:db8::1", "2001:db8::2", false },
	{ "2001:db8::1/128", "2001:db8::", false },
	{ "2001:db8::/127", "2001:db8::1", true },
	{ "2001:db8::/127", "2001:db8::2", false },
	{ "2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true },
	{ "2001:db8::/32", "2001:db9::", false },
	{ "2001:db8::/33", "2001:db8:7fff::", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "2001:db8::/65", "2001:db8::7fff:0:0:1", true },
	{ "2001:db8::/65", "2001:db8::8000:0:0:1", false },
	{ "2001:db8::/32", "192.0.2.1", false },
	{ "::1/128", "127.0.0.1", false },
	{ "::1", "::1", true },
	{ "::1", "::2", false },
	{ "fe80::/10", "febf::1", true },
	{ "fe80::/10", "fec0::1", false },
	{ "8000::/1", "7fff::", false },
	{ "::/0", "2001:db8::1", true },
	/* An IPv4-mapped address is an IPv4 address, either way. */
	{ "192.0.2.0/24", "::ffff:192.0.2.7", true },
	{ "192.0.2.0/24", "::ffff:192.0.3.7", false },
	{ "192.0.2.0/24", "::192.0.2.7", false },
	{ "::ffff:192.0.2.0/120", "192.0.2.7", true },
	{ "::ffff:192.0.2.0/120", "192.0.3.7", false },
	{ "::ffff:192.0.2.7", "192.0.2.7", true },
	{ "::ffff:0:0/96", "203.0.113.7", true },
	{ "::ffff:0:0/96", "2001:db8::1", false },
	{ "127.0.0.0/8", "::ffff:127.1.2.3", true },
};

static void matches(void **state)
{
	struct arena *arena = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(match_rows) / sizeof(*match_rows); i++) {
		const char *block = match_rows[i].block;
		const char *address = match_rows[i].address;

		assert_null(network_check(block));
		if (has(arena, block, address) != match_rows[i].want)
			fail_msg("%s has %s: want %d", block, address,
				 match_rows[i].want);
	}
	arena_free(arena);
}

static void bad_forms(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"/",
		"/8",
		"localhost",
		"example.org",
		"192.0.2",
		"192.0.2.0.1",
		"192.0.2.256",
		"192.0.2.0/",
		"192.0.2.0/33",
		"192.0.2.0/-1",
		"192.0.2.0/-0",
		"192.0.2.0/+8",
		"192.0.2.0/ 8",
		"192.0.2.0/8 ",
		"192.0.2.0/8x",
		"192.0.2.0/0x8",
		"192.0.2.0//8",
		"192.0.2.0/8/8",
		"192.0.2.0/255.255.255.0",
		"192.0.2.0/99999999999999999999",
		"192.0.2.0/4294967304",
		" 192.0.2.0",
		"192.0.2.0 ",
		"0x7f.0.0.1",
		"[::1]",
		"::1/129",
		"::1/-1",
		"::1/",
		"2001:db8::/32x",
		"2001:db8:::/32",
		"12345::",
		"fe80::1%lo",
		"192.0.2.1:25",
		"192.0.2.1, 192.0.2.2",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333",
	};
	struct arena *arena = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str item = str_from(rows[i]);
		const char *want = network_check(rows[i]);

		if (!want)
			fail_msg("\"%s\" was taken", rows[i]);
		assert_non_null(strstr(want, "192.0.2.0/24"));
		/* And it never is a block that has everything. */
		assert_int_equal(
			network_parse(arena, &(struct conf_list){ &item, 1 }).n,
			0);
	}
	arena_free(arena);
}

static void lists(void **state)
{
	struct arena *arena = arena_new(1024);
	struct str items[] = { STR("192.0.2.0/24"), STR("bad"),
			       STR("2001:db8::/32") };
	struct networks networks =
		network_parse(arena, &(struct conf_list){ items, 3 });
	const struct networks none =
		network_parse(arena, &(struct conf_list){ NULL, 0 });
	struct sockaddr_storage in[] = { address_of("192.0.2.9"),
					 address_of("2001:db8::9") };
	struct sockaddr_storage out = address_of("198.51.100.1");
	struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/x" };
	struct sockaddr_storage nothing = { .ss_family = AF_UNSPEC };

	(void)state;
	assert_int_equal(networks.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(network_has(&networks, (struct sockaddr *)&in[i]));
		assert_false(network_has(&none, (struct sockaddr *)&in[i]));
	}
	assert_false(network_has(&networks, (struct sockaddr *)&out));
	/* What is no internet address is in no block, not even in the whole. */
	items[0] = STR("::/0");
	items[1] = STR("0.0.0.0/0");
	networks = network_parse(arena, &(struct conf_list){ items, 3 });
	assert_int_equal(networks.n, 3);
	assert_false(network_has(&networks, (struct sockaddr *)&local));
	assert_false(network_has(&networks, (struct sockaddr *)&nothing));
	arena_free(arena);
}

static void formats(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::", "::" },
		{ "1111:2222:3333:4444:5555:6666:7777:8888",
		  "1111:2222:3333:4444:5555:6666:7777:8888" },
	};
	const struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct arena *arena = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sockaddr_storage address = address_of(rows[i][0]);

		assert_string_equal(network_format(arena,
						   (struct sockaddr *)&address),
				    rows[i][1]);
	}
	assert_string_equal(network_format(arena,
					   (const struct sockaddr *)&local),
			    "unknown");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(bad_forms),
		cmocka_unit_test(lists),
		cmocka_unit_test(formats),
	};

	return UNIT_RUN(tests);
}
