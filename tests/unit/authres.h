/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_AUTHRES_H
#define TESTS_AUTHRES_H

#include "unit.h"

#include "mail/authres.h"
#include "mail/buf.h"

/*
 * What was parsed, in a line:
 *
 *	id; method=result <reason> {type.name=value}; method=result
 */
static inline struct str authres_show(struct arena *arena,
				      const struct authres *authres)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	buf_add(&buf, authres->id);
	for (size_t i = 0; i < authres->n; i++) {
		const struct authres_result *result = &authres->results[i];

		buf_printf(&buf, "; %.*s=%.*s", STR_ARG(result->method),
			   STR_ARG(result->result));
		if (result->reason.n)
			buf_printf(&buf, " <%.*s>", STR_ARG(result->reason));
		for (size_t k = 0; k < result->n; k++)
			buf_printf(&buf, " {%.*s.%.*s=%.*s}",
				   STR_ARG(result->properties[k].type),
				   STR_ARG(result->properties[k].name),
				   STR_ARG(result->properties[k].value));
	}
	return (struct str){ buf_c(&buf), buf.n };
}

#endif
