/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FORM_H
#define TESTS_FORM_H

/*
 * What every field that we make must look like; `name` is with its colon.
 * Include unit.h first.
 */
static inline void check_form(const char *name, struct str value)
{
	size_t column = strlen(name);

	assert_int_equal(value.p[0], ' ');
	for (size_t i = 0; i < value.n; i++) {
		column++;
		if (value.p[i] != '\n') {
			assert_true(value.p[i] == '\t' ||
				    (value.p[i] >= ' ' && value.p[i] <= '~'));
			/* a tab may take eight columns */
			column += value.p[i] == '\t' ? 7 : 0;
			if (column > 78)
				fail_msg("long line: %s", unit_show(value));
			continue;
		}
		column = 0;
		assert_true(i + 2 < value.n && str_is_wsp(value.p[i + 1]));
		/* a line of white space alone would not survive */
		assert_false(strchr(" \t\n", value.p[i + 2]));
	}
}

#endif
