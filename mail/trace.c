/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include "ip.h"
#include "limits.h"

static bool is_alnum(char c)
{
	c = str_lower_byte(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Is each octet alphanumeric or among `others`? No for an empty text. */
static bool consists(struct str s, const char *others)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && (!s.p[i] || !strchr(others, s.p[i])))
			return false;
	return s.n > 0;
}

static bool contains(struct str s, struct str part)
{
	return s.n && memmem(s.p, s.n, part.p, part.n);
}

/* dot-atom-text (RFC 5322 section 3.2.3) of these octets */
static bool is_dot_atom(struct str s, const char *others)
{
	struct str part;

	while (str_cut(&s, '.', &part))
		if (!consists(part, others))
			return false;
	return true;
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3) */
static bool is_literal(struct str s)
{
	struct ip ip;

	if (s.n < 2 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	s = str_sub(s, 1, s.n - 1);
	if (!str_istarts(s, STR("IPv6:")))
		return ip_parse(s, &ip) == OK && !ip.six;
	return ip_parse(str_sub(s, 5, s.n), &ip) == OK && ip.six;
}

static enum trace_form host_form(struct str host)
{
	if (is_dot_atom(host, "-_"))
		return TRACE_ATOM;
	return is_literal(host) ? TRACE_QUOTED : TRACE_UNFIT;
}

/* atext of RFC 5322 that no reader known takes for anything else, and all. */
static const char plain[] = "-_+", atext[] = "!#$%&'*+-/=?^_`{|}~";

enum trace_form trace_form(struct str value)
{
	size_t at = str_find(value, '@');
	struct str local = str_sub(value, 0, at);
	enum trace_form form;
	struct ip ip;

	if (value.n > LIMIT_TRACE_VALUE || contains(value, STR("=?")))
		return TRACE_UNFIT;
	if (at < value.n) {
		form = host_form(str_sub(value, at + 1, value.n));
		if (!local.n || is_dot_atom(local, plain))
			return form;
		return form != TRACE_UNFIT && is_dot_atom(local, atext)
			       ? TRACE_QUOTED
			       : TRACE_UNFIT;
	}
	if (is_dot_atom(value, plain))
		return TRACE_ATOM;
	/* With a dot as well it could be read as a name and something else. */
	if (consists(value, "+/=") || is_literal(value) ||
	    (ip_parse(value, &ip) == OK && ip.six))
		return TRACE_QUOTED;
	return TRACE_UNFIT;
}

bool trace_is_text(struct str text)
{
	if (!text.n || text.n > LIMIT_TRACE_VALUE || text.p[0] == ' ' ||
	    text.p[text.n - 1] == ' ' || contains(text, STR("=?")))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~' ||
		    strchr("\"\\()<>;", text.p[i]))
			return false;
	return true;
}

void trace_begin(struct trace *trace, struct arena *arena, size_t column)
{
	buf_init(&trace->buf, arena, LIMIT_FIELD);
	trace->column = column;
}

void trace_word(struct trace *trace, struct str word)
{
	/* RFC 5322 section 2.1.1: lines should have no more than 78 octets. */
	enum { WIDTH = 76 };

	/* No line but the first may be all white space (3.2.2). */
	if (trace->buf.n && trace->column + 1 + word.n > WIDTH) {
		buf_add(&trace->buf, STR("\n\t"));
		trace->column = 0;
	} else {
		buf_addc(&trace->buf, ' ');
	}
	buf_add(&trace->buf, word);
	trace->column += 1 + word.n;
}

void trace_comment(struct trace *trace, struct str text)
{
	struct str word;
	bool first = true;

	while (str_cut(&text, ' ', &word)) {
		char *open = arena_printf(trace->buf.arena, "%s%.*s%s",
					  first ? "(" : "", STR_ARG(word),
					  text.p ? "" : ")");

		if (word.n)
			trace_word(trace, str_from(open));
		first = false;
	}
}

void trace_close(struct trace *trace, char byte)
{
	buf_addc(&trace->buf, byte);
	trace->column++;
}

void trace_fold(struct trace *trace)
{
	trace->column = LIMIT_LINE;
}
