/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

/* cmocka wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "mail/arena.h"
#include "mail/result.h"

/* Bytes as a person can read them, for the message of a failed check. */
static inline const char *unit_show(struct str s)
{
	static char text[8][512];
	static unsigned turn;
	char *out = text[turn++ % 8];
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 8 < sizeof(text[0]); i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\\' || c < ' ' || c > '~')
			n += (size_t)sprintf(out + n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	out[n] = '\0';
	return out;
}

static inline void unit_str(struct str got, struct str want, const char *what,
			    const char *file, int line)
{
	if (str_eq(got, want))
		return;
	print_error("%s: got  \"%s\" (%zu)\n", what, unit_show(got), got.n);
	print_error("%s: want \"%s\" (%zu)\n", what, unit_show(want), want.n);
	_fail(file, line);
}

static inline void unit_result(enum result got, enum result want,
			       const char *what, const char *file, int line)
{
	if (got == want)
		return;
	print_error("%s: got %s, want %s\n", what, result_name(got),
		    result_name(want));
	_fail(file, line);
}

/* A view as an element of a table: STR is no constant expression. */
#define S(literal)                             \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

/* `what` says which row of a table it was. */
#define ASSERT_STR(got, want, what) \
	unit_str((got), (want), (what), __FILE__, __LINE__)
#define ASSERT_RESULT(got, want, what) \
	unit_result((got), (want), (what), __FILE__, __LINE__)

/* The same numbers on every machine: a failure must come again. */
static inline uint32_t unit_random(uint64_t *state)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*state >> 33);
}

/* Runs the tests of one file with TAP output. */
#define UNIT_RUN(tests)                            \
	(cmocka_set_message_output(CM_OUTPUT_TAP), \
	 cmocka_run_group_tests_name(UNIT_NAME, (tests), NULL, NULL))

#endif
