/* SPDX-License-Identifier: BSD-2-Clause */
#include "canon.h"

const char *canon_name(enum canon canon)
{
	return canon == CANON_RELAXED ? "relaxed" : "simple";
}

static bool parse_one(struct str text, enum canon *canon)
{
	*canon = str_ieq(text, STR("relaxed")) ? CANON_RELAXED : CANON_SIMPLE;
	return *canon == CANON_RELAXED || str_ieq(text, STR("simple"));
}

enum result canon_parse(struct str text, enum canon *header, enum canon *body)
{
	size_t slash = str_find(text, '/');

	*body = CANON_SIMPLE;
	if (!parse_one(str_sub(text, 0, slash), header) ||
	    (slash < text.n &&
	     !parse_one(str_sub(text, slash + 1, text.n), body)))
		return E_SYNTAX;
	return OK;
}

static void put(const struct canon_sink *sink, struct str s)
{
	if (s.n)
		sink->write(sink->context, s.p, s.n);
}

/* The bytes before the next line end; *end is set to behind that line end. */
static struct str fold_part(struct str value, size_t *end)
{
	struct str part = str_sub(value, 0, str_find(value, '\n'));

	*end = part.n < value.n ? part.n + 1 : part.n;
	if (*end > part.n && part.n && part.p[part.n - 1] == '\r')
		part.n--;
	return part;
}

static void field_simple(const struct field *field,
			 const struct canon_sink *sink)
{
	struct str rest = field->value;

	put(sink, field->name);
	put(sink, STR(":"));
	while (rest.n) {
		size_t end;
		struct str part = fold_part(rest, &end);

		put(sink, part);
		if (end > part.n)
			put(sink, STR("\r\n"));
		rest = str_sub(rest, end, rest.n);
	}
}

static void put_lower(const struct canon_sink *sink, struct str s)
{
	char lower[64];

	while (s.n) {
		size_t n = s.n < sizeof(lower) ? s.n : sizeof(lower);

		for (size_t i = 0; i < n; i++)
			lower[i] = str_lower_byte(s.p[i]);
		sink->write(sink->context, lower, n);
		s = str_sub(s, n, s.n);
	}
}

/* One line of an unfolded value: *gap says that white space is owed. */
static void put_words(const struct canon_sink *sink, struct str line, bool *gap,
		      bool *any)
{
	size_t i = 0;

	while (i < line.n) {
		size_t from = i;

		while (i < line.n && !str_is_wsp(line.p[i]))
			i++;
		if (i > from) {
			if (*gap && *any)
				put(sink, STR(" "));
			put(sink, str_sub(line, from, i));
			*gap = false;
			*any = true;
		}
		for (; i < line.n && str_is_wsp(line.p[i]); i++)
			*gap = true;
	}
}

static void field_relaxed(const struct field *field,
			  const struct canon_sink *sink)
{
	struct str rest = field->value;
	bool gap = false, any = false;

	put_lower(sink, str_trim_end(field->name));
	put(sink, STR(":"));
	while (rest.n) {
		size_t end;

		put_words(sink, fold_part(rest, &end), &gap, &any);
		rest = str_sub(rest, end, rest.n);
	}
}

void canon_field(enum canon canon, const struct field *field, bool crlf,
		 const struct canon_sink *sink)
{
	if (canon == CANON_RELAXED)
		field_relaxed(field, sink);
	else
		field_simple(field, sink);
	if (crlf)
		put(sink, STR("\r\n"));
}

void canon_body_begin(struct canon_body *body, enum canon canon,
		      const struct canon_sink *sink)
{
	*body = (struct canon_body){ .canon = canon, .sink = *sink };
}

static void flush(struct canon_body *body)
{
	body->sink.write(body->sink.context, body->out, body->fill);
	body->written += body->fill;
	body->fill = 0;
}

/* A few bytes. */
static void out(struct canon_body *body, struct str s)
{
	if (s.n > sizeof(body->out) - body->fill)
		flush(body);
	memcpy(body->out + body->fill, s.p, s.n);
	body->fill += s.n;
}

/* A byte of a line that is neither white space nor line end. */
static void text(struct canon_body *body, char c)
{
	for (; body->blank; body->blank--)
		out(body, STR("\r\n"));
	if (body->wsp)
		out(body, STR(" "));
	body->wsp = false;
	body->in_line = true;
	out(body, (struct str){ &c, 1 });
}

static void line_end(struct canon_body *body)
{
	body->wsp = false; /* 3.4.4: white space at the end of a line goes */
	if (body->in_line)
		out(body, STR("\r\n"));
	else
		body->blank++;
	body->in_line = false;
}

/*
 * What follows decides what canonicalization costs. Nearly all bytes stay as
 * they are, line ends too, so it copies sixteen at once, with the vectors of
 * GCC and Clang, up to the first byte that may not.
 */
typedef unsigned char vector __attribute__((vector_size(16)));

static vector load(const char *p)
{
	vector v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Index of the first byte that is not zero; the size when all are. */
static size_t first_set(vector v)
{
	uint64_t half[2], first;
	size_t i;

	memcpy(half, &v, sizeof(half));
	if (!(half[0] | half[1]))
		return sizeof(v);
	first = half[0] ? half[0] : half[1];
	i = half[0] ? 0 : sizeof(first);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return i + (size_t)__builtin_ctzll(first) / 8;
#else
	return i + (size_t)__builtin_clzll(first) / 8;
#endif
}

/*
 * Bytes where a copy must stop, with those behind them: a CR or a LF without
 * the other; a line end before a blank line; and in relaxed bodies white space
 * that is not one SP between two other bytes. Control characters that are
 * neither are taken for white space here: they are rare.
 */
static vector stops(enum canon canon, vector here, vector next)
{
	vector cr = (vector)(here == '\r');
	vector stop = cr ^ (vector)(next == '\n');

	if (canon == CANON_SIMPLE)
		return stop | ((vector)(here == '\n') & (vector)(next <= '\r'));
	return stop | (vector)(here == '\t') |
	       (~cr & (vector)(here <= ' ') & (vector)(next <= ' '));
}

/*
 * Passes what a copy of text stopped at, at p, where it is one of the usual
 * things, and writes its canonical form, of three octets at most: a blank line
 * before text, or in relaxed bodies white space before text or a line end.
 * NULL when it is anything else, or that can't be told within the chunk.
 */
static const char *pass(enum canon canon, const char *p, const char *end,
			char **to)
{
	if (*p == '\n' && end - p > 3 && p[1] == '\r' && p[2] == '\n' &&
	    (unsigned char)p[3] > ' ') {
		memcpy(*to, p, 3);
		*to += 3;
		return p + 3;
	}
	if (canon == CANON_SIMPLE || !str_is_wsp(*p) || p[-1] == '\n')
		return NULL;
	while (p < end && str_is_wsp(*p))
		p++;
	if (end - p < 2 || *p == '\n' || (*p == '\r' && p[1] != '\n'))
		return NULL;
	**to = ' ';
	*to += *p != '\r';
	return p;
}

/*
 * Copies what can be copied of a line, from p, which is behind text of it and
 * at no LF, and of the lines that follow; returns where it stopped. What is
 * copied beyond that is written over later.
 */
static const char *copy(struct canon_body *body, const char *p, const char *end)
{
	const enum canon canon = body->canon;
	const size_t step = sizeof(vector);
	char *to = body->out + body->fill;
	char *const full = body->out + sizeof(body->out) - step - 3;
	const char *behind = p;

	while (behind && (size_t)(end - p) > step) {
		vector here = load(p);
		size_t n = first_set(stops(canon, here, load(p + 1)));

		if (to > full) {
			body->fill = (size_t)(to - body->out);
			flush(body);
			to = body->out;
		}
		memcpy(to, &here, step);
		p += n;
		to += n;
		if (n == step)
			continue;
		behind = pass(canon, p, end, &to);
		if (behind)
			p = behind;
	}
	body->fill = (size_t)(to - body->out);
	/* No copy stops at a CR: it has a LF, which is not yet copied. */
	if (p[-1] == '\r') {
		out(body, STR("\n"));
		p++;
	}
	body->in_line = p[-1] != '\n';
	return p;
}

void canon_body_chunk(struct canon_body *body, struct str chunk)
{
	const char *p = chunk.p, *const end = p + chunk.n;

	while (p < end) {
		char c = *p;

		if (body->cr && c != '\n') {
			body->cr = false;
			text(body, '\r');
			continue;
		}
		p++;
		if (c == '\n') {
			body->cr = false;
			line_end(body);
		} else if (c == '\r') {
			body->cr = true;
		} else if (body->canon == CANON_RELAXED && str_is_wsp(c)) {
			body->wsp = true;
		} else {
			text(body, c);
			if (p < end && *p != '\n')
				p = copy(body, p, end);
		}
	}
}

void canon_body_end(struct canon_body *body)
{
	if (body->cr)
		text(body, '\r');
	if (body->in_line)
		line_end(body);
	flush(body);
	/* 3.4.3: an empty simple body is one CRLF; 3.4.4: a relaxed is none. */
	if (!body->written && body->canon == CANON_SIMPLE) {
		out(body, STR("\r\n"));
		flush(body);
	}
}
