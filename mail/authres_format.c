/* SPDX-License-Identifier: BSD-2-Clause */
#include "authres.h"
#include "limits.h"
#include "scan.h"
#include "trace.h"

/* The longest of the fields it is for: "ARC-Authentication-Results: i=50;" */
enum { NAME_COLUMNS = 33 };

static bool is_keyword(struct str s)
{
	return s.n && s.n <= LIMIT_LABEL && scan_keyword(s, 0) == s.n;
}

static void add(struct trace *trace, struct str left, char between,
		struct str right)
{
	trace_word(trace, str_from(arena_printf(trace->buf.arena, "%.*s%c%.*s",
						STR_ARG(left), between,
						STR_ARG(right))));
}

static struct str quote(struct arena *arena, struct str s)
{
	return str_from(arena_printf(arena, "\"%.*s\"", STR_ARG(s)));
}

/* propspec */
static void add_property(struct trace *trace,
			 const struct authres_property *property)
{
	struct arena *arena = trace->buf.arena;
	enum trace_form form = trace_form(property->value);
	struct str name;

	if (form == TRACE_UNFIT || !is_keyword(property->type) ||
	    !is_keyword(property->name))
		return;
	name = str_from(arena_printf(arena, "%.*s.%.*s",
				     STR_ARG(property->type),
				     STR_ARG(property->name)));
	add(trace, name, '=',
	    form == TRACE_ATOM ? property->value
			       : quote(arena, property->value));
}

static void add_details(struct trace *trace,
			const struct authres_result *result)
{
	if (trace_is_text(result->comment))
		trace_comment(trace, result->comment);
	if (trace_is_text(result->reason))
		add(trace, STR("reason"), '=',
		    quote(trace->buf.arena, result->reason));
	for (size_t i = 0; i < result->n && i < LIMIT_AUTHRES_PROPERTIES; i++)
		add_property(trace, &result->properties[i]);
}

/* resinfo, without the semicolon before it */
static void add_result(struct trace *trace, const struct authres_result *result,
		       bool details)
{
	trace_close(trace, ';');
	trace_fold(trace);
	add(trace, result->method, '=', result->result);
	if (details)
		add_details(trace, result);
}

static struct str format(struct arena *arena, const struct authres *authres,
			 bool details)
{
	struct trace trace;
	size_t n = 0;

	trace_begin(&trace, arena, NAME_COLUMNS);
	trace_word(&trace, authres->id);
	for (size_t i = 0; i < authres->n && n < LIMIT_AUTHRES_RESULTS; i++) {
		const struct authres_result *result = &authres->results[i];

		if (!is_keyword(result->method) || !is_keyword(result->result))
			continue;
		add_result(&trace, result, details);
		n++;
	}
	if (!n) {
		trace_close(&trace, ';');
		trace_word(&trace, STR("none"));
	}
	return trace.buf.full ? STR("") : buf_str(&trace.buf);
}

struct str authres_format(struct arena *arena, const struct authres *authres)
{
	struct str value;

	if (trace_form(authres->id) != TRACE_ATOM)
		return STR("");
	value = format(arena, authres, true);
	/* Better no details than a part of them, or a result left out. */
	return value.n ? value : format(arena, authres, false);
}
