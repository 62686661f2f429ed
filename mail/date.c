/* SPDX-License-Identifier: BSD-2-Clause */
#include "date.h"

enum { SECONDS_OF_DAY = 86400 };

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

char *date_format(struct arena *arena, int64_t seconds)
{
	static const char names[][4] = { "Thu", "Fri", "Sat", "Sun",
					 "Mon", "Tue", "Wed" };
	static const struct {
		char name[4];
		int days;
	} months[] = {
		{ "Jan", 31 }, { "Feb", 28 }, { "Mar", 31 }, { "Apr", 30 },
		{ "May", 31 }, { "Jun", 30 }, { "Jul", 31 }, { "Aug", 31 },
		{ "Sep", 30 }, { "Oct", 31 }, { "Nov", 30 }, { "Dec", 31 },
	};
	int64_t days = seconds / SECONDS_OF_DAY;
	int second = (int)(seconds % SECONDS_OF_DAY), day = (int)days;
	int year = 1970, month = 0;

	for (; day >= 365 + is_leap(year); year++)
		day -= 365 + is_leap(year);
	while (day >= months[month].days + (month == 1 && is_leap(year))) {
		day -= months[month].days + (month == 1 && is_leap(year));
		month++;
	}
	return arena_printf(arena, "%s, %d %s %d %02d:%02d:%02d +0000",
			    names[days % 7], day + 1, months[month].name, year,
			    second / 3600, second / 60 % 60, second % 60);
}
