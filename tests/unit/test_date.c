/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "date"
#include "unit.h"

#include "mail/date.h"

/* What date(1) prints for "-u -R -d @N". */
static void dates(void **state)
{
	static const struct {
		int64_t seconds;
		const char *date;
	} rows[] = {
		{ 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
		{ 68169599, "Mon, 28 Feb 1972 23:59:59 +0000" },
		{ 68169600, "Tue, 29 Feb 1972 00:00:00 +0000" },
		{ 68256000, "Wed, 1 Mar 1972 00:00:00 +0000" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 +0000" },
		{ 978307199, "Sun, 31 Dec 2000 23:59:59 +0000" },
		{ 1795332243, "Sun, 22 Nov 2026 07:24:03 +0000" },
		{ 4107542400, "Mon, 1 Mar 2100 00:00:00 +0000" },
		{ 4107542399, "Sun, 28 Feb 2100 23:59:59 +0000" },
		{ 253402300799, "Fri, 31 Dec 9999 23:59:59 +0000" },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(date_format(arena, rows[i].seconds),
				    rows[i].date);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(dates) };

	return UNIT_RUN(tests);
}
