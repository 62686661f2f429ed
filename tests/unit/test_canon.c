/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "canon"
#include "unit.h"

#include "mail/buf.h"
#include "mail/canon.h"
#include "reference.h"

static void sink_write(void *context, const char *bytes, size_t n)
{
	buf_add(context, (struct str){ bytes, n });
}

/* The canonical body, cut where the bits of `cuts` say. */
static struct str body_of(struct arena *arena, enum canon canon,
			  struct str text, uint64_t seed, uint32_t one_in)
{
	struct canon_body body;
	struct buf buf;
	size_t from = 0;

	buf_init(&buf, arena, (size_t)1 << 30);
	canon_body_begin(&body, canon,
			 &(struct canon_sink){ sink_write, &buf });
	for (size_t i = 1; one_in && i < text.n; i++) {
		if (unit_random(&seed) % one_in)
			continue;
		canon_body_chunk(&body, str_sub(text, from, i));
		from = i;
	}
	canon_body_chunk(&body, str_sub(text, from, text.n));
	canon_body_end(&body);
	assert_int_equal(body.written, buf.n);
	return buf_str(&buf);
}

static struct str field_of(struct arena *arena, enum canon canon,
			   struct str name, struct str value, bool crlf)
{
	struct field field = { name, value };
	struct buf buf;

	buf_init(&buf, arena, (size_t)1 << 30);
	canon_field(canon, &field, crlf,
		    &(struct canon_sink){ sink_write, &buf });
	return buf_str(&buf);
}

static void check_body(struct str text, struct str simple, struct str relaxed)
{
	struct arena *arena = arena_new(4096);
	const char *what = unit_show(text);

	/* Whole, byte by byte, and cut in two everywhere at random. */
	for (uint32_t one_in = 0; one_in < 4; one_in++) {
		ASSERT_STR(body_of(arena, CANON_SIMPLE, text, 1, one_in),
			   simple, what);
		ASSERT_STR(body_of(arena, CANON_RELAXED, text, 1, one_in),
			   relaxed, what);
	}
	arena_free(arena);
}

static void rfc6376_example(void **state)
{
	struct arena *arena = arena_new(4096);
	struct str a_name = STR("A"), a = STR(" X");
	struct str b_name = STR("B "), b = STR(" Y\t\r\n\tZ  ");

	(void)state;
	/* RFC 6376 section 3.4.5, example 1 and 2, the header */
	ASSERT_STR(field_of(arena, CANON_RELAXED, a_name, a, true),
		   STR("a:X\r\n"), "A");
	ASSERT_STR(field_of(arena, CANON_RELAXED, b_name, b, true),
		   STR("b:Y Z\r\n"), "B");
	ASSERT_STR(field_of(arena, CANON_SIMPLE, a_name, a, true),
		   STR("A: X\r\n"), "A");
	ASSERT_STR(field_of(arena, CANON_SIMPLE, b_name, b, true),
		   STR("B : Y\t\r\n\tZ  \r\n"), "B");
	/* and the body, in example 1 to 3 */
	check_body(STR(" C \r\nD \t E\r\n\r\n\r\n"), STR(" C \r\nD \t E\r\n"),
		   STR(" C\r\nD E\r\n"));
	arena_free(arena);
}

static void body_edges(void **state)
{
	static const struct {
		struct str text, simple, relaxed;
	} rows[] = {
		/* 3.4.3: no body is one CRLF; 3.4.4: it is nothing */
		{ S(""), S("\r\n"), S("") },
		{ S("\r\n"), S("\r\n"), S("") },
		{ S("\r\n\r\n\r\n"), S("\r\n"), S("") },
		{ S("\n"), S("\r\n"), S("") },
		/* only white space */
		{ S(" "), S(" \r\n"), S("") },
		{ S(" \t\r\n"), S(" \t\r\n"), S("") },
		{ S("\r\n \r\n\t\r\n"), S("\r\n \r\n\t\r\n"), S("") },
		/* a CRLF is missing at the end */
		{ S("a"), S("a\r\n"), S("a\r\n") },
		{ S("a "), S("a \r\n"), S("a\r\n") },
		{ S("a\r\nb"), S("a\r\nb\r\n"), S("a\r\nb\r\n") },
		/* empty lines first and between stay */
		{ S("\r\n\r\na\r\n"), S("\r\n\r\na\r\n"), S("\r\n\r\na\r\n") },
		{ S("a\r\n\r\n\r\nb\r\n\r\n"), S("a\r\n\r\n\r\nb\r\n"),
		  S("a\r\n\r\n\r\nb\r\n") },
		/* a line of white space between is empty when relaxed */
		{ S("a\r\n \t\r\nb\r\n"), S("a\r\n \t\r\nb\r\n"),
		  S("a\r\n\r\nb\r\n") },
		/* LF alone ends a line like CRLF (5.3) */
		{ S("a\nb\n\n"), S("a\r\nb\r\n"), S("a\r\nb\r\n") },
		/* CR alone is a byte */
		{ S("a\rb\r\n"), S("a\rb\r\n"), S("a\rb\r\n") },
		{ S("\r"), S("\r\r\n"), S("\r\r\n") },
		{ S("a\r"), S("a\r\r\n"), S("a\r\r\n") },
		{ S("\r\r\n"), S("\r\r\n"), S("\r\r\n") },
		{ S("\r\r\r\n\r\n"), S("\r\r\r\n"), S("\r\r\r\n") },
		{ S("a \r b\r\n"), S("a \r b\r\n"), S("a \r b\r\n") },
		{ S("a\r \r\n"), S("a\r \r\n"), S("a\r\r\n") },
		{ S("\r\ra"), S("\r\ra\r\n"), S("\r\ra\r\n") },
		/* NUL, other control bytes and 8-bit are bytes */
		{ S("a\0b \0\r\n\0"), S("a\0b \0\r\n\0\r\n"),
		  S("a\0b \0\r\n\0\r\n") },
		{ S("\xff \xe4  \xfc\r\n"), S("\xff \xe4  \xfc\r\n"),
		  S("\xff \xe4 \xfc\r\n") },
		/* VT and FF are no WSP (RFC 5234) */
		{ S("a\v\f b \v\r\n"), S("a\v\f b \v\r\n"),
		  S("a\v\f b \v\r\n") },
		/* white space at the start becomes one SP and stays */
		{ S("\t \ta\tb\t\r\n"), S("\t \ta\tb\t\r\n"), S(" a b\r\n") },
		{ S(" a  b\t\tc "), S(" a  b\t\tc \r\n"), S(" a b c\r\n") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_body(rows[i].text, rows[i].simple, rows[i].relaxed);
}

static void body_many_blank_lines(void **state)
{
	struct arena *arena = arena_new(4096);
	struct buf text, want;

	(void)state;
	buf_init(&text, arena, 1 << 20);
	buf_init(&want, arena, 1 << 20);
	buf_add(&text, STR("a\r\n"));
	for (int i = 0; i < 10000; i++)
		buf_add(&text, STR("\r\n"));
	check_body(buf_str(&text), STR("a\r\n"), STR("a\r\n"));
	/* and all of them count when something follows */
	buf_add(&want, buf_str(&text));
	buf_add(&text, STR("b"));
	buf_add(&want, STR("b\r\n"));
	check_body(buf_str(&text), buf_str(&want), buf_str(&want));
	arena_free(arena);
}

/* One long line and one long run of white space, past any buffer inside. */
static void body_long_lines(void **state)
{
	struct arena *arena = arena_new(4096);
	struct buf text, relaxed;

	(void)state;
	buf_init(&text, arena, 1 << 20);
	buf_init(&relaxed, arena, 1 << 20);
	for (int i = 0; i < 50000; i++)
		buf_addc(&text, 'x');
	buf_add(&relaxed, buf_str(&text));
	for (int i = 0; i < 50000; i++)
		buf_addc(&text, i % 3 ? ' ' : '\t');
	buf_add(&text, STR("y\r\n"));
	buf_add(&relaxed, STR(" y\r\n"));
	check_body(buf_str(&text), buf_str(&text), buf_str(&relaxed));
	arena_free(arena);
}

/*
 * Bytes that mean something here come often, or in one of a few places, among
 * words and proper line ends.
 */
static struct str random_text(struct arena *arena, uint64_t *seed, size_t most)
{
	static const char bytes[] = "\r\n\r\n\r\n  \t\r\n ab\0\xfc.";
	static const char words[] = "two words and a line of some octets\r\n";
	uint32_t often = unit_random(seed) % 2 ? 1 : 20;
	size_t n = unit_random(seed) % most;
	char *p = arena_alloc(arena, n + 1);

	for (size_t i = 0; i < n; i++)
		if (unit_random(seed) % often == 0)
			p[i] = bytes[unit_random(seed) % (sizeof(bytes) - 1)];
		else
			p[i] = words[i % (sizeof(words) - 1)];
	return (struct str){ p, n };
}

/* Any cutting gives the bytes that the RFC's own words give. */
static void body_any_chunking(void **state)
{
	struct arena *arena = arena_new(65536);
	uint64_t seed = 6376;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		/* some bodies pass the size of a buffer inside */
		size_t most = i % 100 ? 80 : 20000;
		struct str text = random_text(arena, &seed, most);
		enum canon canon = i & 1 ? CANON_RELAXED : CANON_SIMPLE;
		struct text want =
			reference_body(canon == CANON_RELAXED, text.p, text.n);
		struct str got = body_of(arena, canon, text, seed,
					 unit_random(&seed) % 12);

		ASSERT_STR(got, ((struct str){ want.p, want.n }),
			   unit_show(text));
		free(want.p);
		arena_reset(arena);
	}
	arena_free(arena);
}

/* Every cut in two of one body that has every kind of border. */
static void body_every_border(void **state)
{
	static const struct str text =
		S(" \t a  b \t\r\n\r\n \r\nc\r\rd\n\n e \r \0\r\n"
		  " \t \r\n\r\n\n");
	struct arena *arena = arena_new(65536);

	(void)state;
	for (int canon = CANON_SIMPLE; canon <= CANON_RELAXED; canon++) {
		struct text want =
			reference_body(canon == CANON_RELAXED, text.p, text.n);

		for (size_t cut = 0; cut <= text.n; cut++) {
			struct canon_body body;
			struct buf buf;

			buf_init(&buf, arena, 4096);
			canon_body_begin(&body, (enum canon)canon,
					 &(struct canon_sink){ sink_write,
							       &buf });
			canon_body_chunk(&body, str_sub(text, 0, cut));
			canon_body_chunk(&body, STR(""));
			canon_body_chunk(&body, str_sub(text, cut, text.n));
			canon_body_end(&body);
			ASSERT_STR(buf_str(&buf),
				   ((struct str){ want.p, want.n }), "cut");
		}
		free(want.p);
	}
	arena_free(arena);
}

static void field_table(void **state)
{
	static const struct {
		struct str name, value, simple, relaxed;
	} rows[] = {
		{ S("Subject"), S(" a"), S("Subject: a"), S("subject:a") },
		{ S("SUBJect \t"), S("a"), S("SUBJect \t:a"), S("subject:a") },
		{ S("S"), S(""), S("S:"), S("s:") },
		{ S("S"), S(" \t "), S("S: \t "), S("s:") },
		/* folds, as CRLF and as libmilter shows them */
		{ S("S"), S(" a\r\n b"), S("S: a\r\n b"), S("s:a b") },
		{ S("S"), S(" a\n b"), S("S: a\r\n b"), S("s:a b") },
		{ S("S"), S("\n a \n\t\n  b \t"),
		  S("S:\r\n a \r\n\t\r\n  b \t"), S("s:a b") },
		{ S("S"), S(" a\r\n\tb\n c"), S("S: a\r\n\tb\r\n c"),
		  S("s:a b c") },
		/* 3.4.2 unfolds first: white space around a fold is one SP */
		{ S("S"), S(" a \t\r\n \t b  "), S("S: a \t\r\n \t b  "),
		  S("s:a b") },
		/* bytes without a meaning here */
		{ S("S"), S(" \xc3\xa4\0\x01 \v"), S("S: \xc3\xa4\0\x01 \v"),
		  S("s:\xc3\xa4\0\x01 \v") },
		/* only ASCII has a case here */
		{ S("X-\xc4"), S(" A:B"), S("X-\xc4: A:B"), S("x-\xc4:A:B") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].value);

		ASSERT_STR(field_of(arena, CANON_SIMPLE, rows[i].name,
				    rows[i].value, false),
			   rows[i].simple, what);
		ASSERT_STR(field_of(arena, CANON_RELAXED, rows[i].name,
				    rows[i].value, false),
			   rows[i].relaxed, what);
	}
	arena_free(arena);
}

static void field_against_reference(void **state)
{
	/* words joined by legal folds and white space */
	static const char *const parts[] = { "a",  "bC",     " ",    "\t",
					     "  ", "\r\n ",  "\n\t", "\xfc",
					     ":",  "\r\n\t " };
	struct arena *arena = arena_new(65536);
	uint64_t seed = 5322;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		bool relaxed = i & 1;
		struct text want;
		struct buf buf;

		buf_init(&buf, arena, 4096);
		for (uint32_t n = unit_random(&seed) % 12; n > 0; n--)
			buf_add(&buf, str_from(parts[unit_random(&seed) % 10]));
		want = reference_field(relaxed, "Subject ", buf_c(&buf), buf.n);
		ASSERT_STR(field_of(arena,
				    relaxed ? CANON_RELAXED : CANON_SIMPLE,
				    STR("Subject "), buf_str(&buf), false),
			   ((struct str){ want.p, want.n }), "field");
		free(want.p);
		arena_reset(arena);
	}
	arena_free(arena);
}

static void names(void **state)
{
	static const struct {
		const char *text;
		enum result result;
		enum canon header, body;
	} rows[] = {
		{ "simple/simple", OK, CANON_SIMPLE, CANON_SIMPLE },
		{ "relaxed/simple", OK, CANON_RELAXED, CANON_SIMPLE },
		{ "simple/relaxed", OK, CANON_SIMPLE, CANON_RELAXED },
		{ "relaxed/relaxed", OK, CANON_RELAXED, CANON_RELAXED },
		{ "relaxed", OK, CANON_RELAXED, CANON_SIMPLE },
		{ "simple", OK, CANON_SIMPLE, CANON_SIMPLE },
		{ "", E_SYNTAX, 0, 0 },
		{ "/", E_SYNTAX, 0, 0 },
		{ "relaxed/", E_SYNTAX, 0, 0 },
		{ "/relaxed", E_SYNTAX, 0, 0 },
		{ "relaxe", E_SYNTAX, 0, 0 },
		{ "relaxedd", E_SYNTAX, 0, 0 },
		{ "relaxed/relaxed/relaxed", E_SYNTAX, 0, 0 },
		{ "nofws", E_SYNTAX, 0, 0 },
	};

	(void)state;
	assert_string_equal(canon_name(CANON_SIMPLE), "simple");
	assert_string_equal(canon_name(CANON_RELAXED), "relaxed");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum canon header, body;
		enum result result =
			canon_parse(str_from(rows[i].text), &header, &body);

		ASSERT_RESULT(result, rows[i].result, rows[i].text);
		if (result != OK)
			continue;
		assert_int_equal(header, rows[i].header);
		assert_int_equal(body, rows[i].body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc6376_example),
		cmocka_unit_test(body_edges),
		cmocka_unit_test(body_many_blank_lines),
		cmocka_unit_test(body_long_lines),
		cmocka_unit_test(body_any_chunking),
		cmocka_unit_test(body_every_border),
		cmocka_unit_test(field_table),
		cmocka_unit_test(field_against_reference),
		cmocka_unit_test(names),
	};

	return UNIT_RUN(tests);
}
