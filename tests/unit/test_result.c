/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "result"
#include "unit.h"

/* Each result has a name of its own, since logs are read by it. */
static void names(void **state)
{
	(void)state;
	for (int a = OK; a <= E_CONFIG; a++) {
		assert_non_null(result_name((enum result)a));
		for (int b = OK; b < a; b++)
			assert_string_not_equal(result_name((enum result)a),
						result_name((enum result)b));
	}
	assert_string_equal(result_name(OK), "ok");
	assert_string_equal(result_name(E_SYNTAX), "syntax");
	assert_string_equal(result_name(E_LIMIT), "limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
	};

	return UNIT_RUN(tests);
}
