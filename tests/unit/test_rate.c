/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "rate"
#include "unit.h"

#include "forward/rate.h"

static struct ip ip(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(str_from(text), &ip), OK);
	return ip;
}

static void count(const char *client, int64_t now, int times)
{
	const struct ip one = ip(client);

	for (int i = 0; i < times; i++)
		rate_count(&one, now);
}

static bool is_over(const char *client, int64_t now)
{
	const struct ip one = ip(client);

	return rate_is_over(&one, now);
}

static void minute(void **state)
{
	(void)state;
	assert_false(is_over("192.0.2.1", 1000));
	count("192.0.2.1", 1000, RATE_MAX - 1);
	assert_false(is_over("192.0.2.1", 1000));
	count("192.0.2.1", 1030, 1);
	assert_true(is_over("192.0.2.1", 1030));
	assert_true(is_over("192.0.2.1", 1059));
	assert_false(is_over("192.0.2.1", 1060));
	/* The last one of five is the one that counts on. */
	count("192.0.2.1", 1060, RATE_MAX - 1);
	assert_true(is_over("192.0.2.1", 1089));
	assert_false(is_over("192.0.2.1", 1090));
}

static void clients(void **state)
{
	(void)state;
	count("192.0.2.2", 1000, RATE_MAX);
	assert_true(is_over("192.0.2.2", 1001));
	assert_false(is_over("192.0.2.3", 1001));
	count("2001:db8:0:1::1", 1000, RATE_MAX);
	assert_true(is_over("2001:db8:0:1:ffff::9", 1001));
	assert_false(is_over("2001:db8:0:2::1", 1001));
	/* c000:202:: begins with the octets of 192.0.2.2. */
	assert_false(is_over("c000:202::", 1001));
}

/* A table that is full forgets who was quiet longest. */
static void many(void **state)
{
	enum { CLIENTS = 20000 };
	int over = 0;

	(void)state;
	for (int i = 0; i < CLIENTS; i++) {
		const struct ip one = {
			.octets = { 10, (unsigned char)(i >> 16),
				    (unsigned char)(i >> 8), (unsigned char)i }
		};

		for (int k = 0; k < RATE_MAX; k++)
			rate_count(&one, 2000 + i);
	}
	for (int i = 0; i < CLIENTS; i++) {
		const struct ip one = {
			.octets = { 10, (unsigned char)(i >> 16),
				    (unsigned char)(i >> 8), (unsigned char)i }
		};

		over += rate_is_over(&one, 2000 + i);
	}
	assert_in_range(over, 2000, 4096);
	count("192.0.2.4", 2000 + CLIENTS, RATE_MAX);
	assert_true(is_over("192.0.2.4", 2000 + CLIENTS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minute),
		cmocka_unit_test(clients),
		cmocka_unit_test(many),
	};

	return UNIT_RUN(tests);
}
