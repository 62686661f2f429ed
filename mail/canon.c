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
	body->fill = 0;
}

static void out(struct canon_body *body, struct str s)
{
	body->written += s.n;
	if (s.n > sizeof(body->out) - body->fill) {
		flush(body);
		if (s.n > sizeof(body->out)) {
			put(&body->sink, s);
			return;
		}
	}
	memcpy(body->out + body->fill, s.p, s.n);
	body->fill += s.n;
}

/* Bytes of a line that are neither white space nor line end. */
static void text(struct canon_body *body, struct str s)
{
	for (; body->blank; body->blank--)
		out(body, STR("\r\n"));
	if (body->wsp)
		out(body, STR(" "));
	body->wsp = false;
	body->in_line = true;
	out(body, s);
}

static void line_end(struct canon_body *body)
{
	if (body->line > body->longest)
		body->longest = body->line;
	body->line = 0;
	body->wsp = false; /* 3.4.4: white space at the end of a line goes */
	if (body->in_line)
		out(body, STR("\r\n"));
	else
		body->blank++;
	body->in_line = false;
}

/*
 * What follows decides what canonicalization costs, so it looks at sixteen
 * bytes at once, with the vectors of GCC and Clang.
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
	uint64_t half[2];
	size_t i = 0;

	memcpy(half, &v, sizeof(half));
	if (!(half[0] | half[1]))
		return sizeof(v);
	if (!half[0])
		i = sizeof(half[0]);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return i + (size_t)__builtin_ctzll(half[i > 0]) / 8;
#else
	return i + (size_t)__builtin_clzll(half[i > 0]) / 8;
#endif
}

/* Is there a byte over 127? */
static bool has_eight_bit(struct str s)
{
	vector all = { 0 };

	for (; s.n >= sizeof(all); s = str_sub(s, sizeof(all), s.n))
		all |= load(s.p);
	for (; s.n; s = str_sub(s, 1, s.n))
		all[0] |= (unsigned char)s.p[0];
	return first_set(all & 0x80) < sizeof(all);
}

/* Does a relaxed line go on as it is behind this byte? */
static bool is_plain_byte(struct str s, size_t i)
{
	unsigned char c = (unsigned char)s.p[i];

	if (c == ' ')
		return i + 1 < s.n && (unsigned char)s.p[i + 1] > ' ';
	return c != '\t' && c != '\r' && c != '\n';
}

/*
 * How many bytes of s, which begins with neither white space nor a line end,
 * can be taken as they are: up to a line end and, in relaxed bodies, up to
 * white space that is not one SP between two other bytes.
 */
static size_t plain(const struct canon_body *body, struct str s)
{
	const size_t step = sizeof(vector);
	size_t i = 1;

	if (body->canon == CANON_SIMPLE)
		return str_find(str_sub(s, 0, str_find(s, '\n')), '\r');
	/* A control character, or a SP with one or another SP behind it. */
	while (s.n - i > step) {
		vector here = load(s.p + i), next = load(s.p + i + 1);
		vector stop = (vector)(here < ' ') |
			      ((vector)(here == ' ') & (vector)(next <= ' '));
		size_t n = first_set(stop);

		i += n;
		if (n == step)
			continue;
		if (!is_plain_byte(s, i))
			return i;
		i++;
	}
	while (i < s.n && is_plain_byte(s, i))
		i++;
	return i;
}

void canon_body_chunk(struct canon_body *body, struct str chunk)
{
	body->eight_bit |= has_eight_bit(chunk);
	while (chunk.n) {
		size_t n = 1;
		char c = chunk.p[0];

		if (body->cr && c != '\n') {
			body->cr = false;
			body->line++;
			text(body, STR("\r"));
			n = 0;
		} else if (c == '\n') {
			body->cr = false;
			line_end(body);
		} else if (c == '\r') {
			body->cr = true;
		} else if (body->canon == CANON_RELAXED && str_is_wsp(c)) {
			body->wsp = true;
			body->line++;
		} else {
			n = plain(body, chunk);
			text(body, str_sub(chunk, 0, n));
			body->line += n;
		}
		chunk = str_sub(chunk, n, chunk.n);
	}
}

void canon_body_end(struct canon_body *body)
{
	if (body->cr) {
		body->line++;
		text(body, STR("\r"));
	}
	if (body->line || body->in_line)
		line_end(body);
	/* 3.4.3: an empty simple body is one CRLF; 3.4.4: a relaxed is none. */
	if (!body->written && body->canon == CANON_SIMPLE)
		out(body, STR("\r\n"));
	flush(body);
}
