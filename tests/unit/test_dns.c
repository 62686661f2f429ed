/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "dns"
#include "unit.h"

#include "mail/buf.h"
#include "mail/dns.h"

/* RFC 1035 section 2.3.4: labels of 63 octets, 255 in all on the wire. */
static void names(void **state)
{
	static const struct {
		struct str name;
		bool good;
	} rows[] = {
		{ S("a"), true },	 { S("a.b"), true },
		{ S("_spf.x"), true },	 { S("a b.x"), true },
		{ S("\0\xff.x"), true }, { S(""), false },
		{ S("."), false },	 { S("a."), false },
		{ S(".a"), false },	 { S("a..b"), false },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (dns_is_name(rows[i].name) != rows[i].good)
			fail_msg("%s", unit_show(rows[i].name));
	for (int n = 1; n <= 640; n++) {
		struct str label = str_from(arena_printf(arena, "%0*d", n, 0));
		struct buf name;

		assert_int_equal(dns_is_name(label), n <= 63);
		buf_init(&name, arena, 4096);
		for (int i = 0; i < n; i++)
			buf_add(&name, i ? STR(".a") : STR("a"));
		assert_int_equal(dns_is_name(buf_str(&name)), name.n <= 253);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
	};

	return UNIT_RUN(tests);
}
