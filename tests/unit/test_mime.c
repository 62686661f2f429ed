/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "mime"
#include "unit.h"

#include "mail/buf.h"
#include "mail/mime.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* "type/subtype name=value ..." */
static struct str show(struct arena *arena, const struct mime_type *type)
{
	struct buf buf;

	buf_init(&buf, arena, LIMIT_FIELD);
	buf_add(&buf, type->type);
	buf_addc(&buf, '/');
	buf_add(&buf, type->subtype);
	for (size_t i = 0; i < type->n; i++) {
		buf_addc(&buf, ' ');
		buf_add(&buf, type->parameters[i].name);
		buf_addc(&buf, '=');
		buf_add(&buf, type->parameters[i].value);
	}
	return buf_str(&buf);
}

static void types(void **state)
{
	static const struct {
		struct str value, want;
	} rows[] = {
		/* RFC 2045 section 5.1 */
		{ S("text/plain; charset=us-ascii (Plain text)"),
		  S("text/plain charset=us-ascii") },
		{ S("text/plain; charset=\"us-ascii\""),
		  S("text/plain charset=us-ascii") },
		/* RFC 2046 section 5.1.1 */
		{ S(" multipart/mixed; boundary=gc0pJq0M:08jU534c0p"),
		  S("multipart/mixed boundary=gc0pJq0M:08jU534c0p") },
		{ S("multipart/mixed; boundary=\"gc0pJq0M:08jU534c0p\""),
		  S("multipart/mixed boundary=gc0pJq0M:08jU534c0p") },
		/* RFC 3464 appendix E.1 */
		{ S(" multipart/report; report-type=delivery-status;\n"
		    "      boundary=\"RAA14128.773615765/CS.UTK.EDU\""),
		  S("multipart/report report-type=delivery-status "
		    "boundary=RAA14128.773615765/CS.UTK.EDU") },
		/* RFC 2231 sections 3, 4, 4.1 */
		{ S(" message/external-body; access-type=URL;\n"
		    "         URL*0=\"ftp://\";\n"
		    "         URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/"
		    "bulk-mailer.tar\""),
		  S("message/external-body access-type=URL "
		    "url=ftp://cs.utk.edu/pub/moore/bulk-mailer/"
		    "bulk-mailer.tar") },
		{ S("application/x-stuff;\n"
		    "         title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun"
		    "%2A%2A%2A"),
		  S("application/x-stuff title=This is ***fun***") },
		{ S("application/x-stuff;\r\n"
		    "    title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n"
		    "    title*1*=%2A%2A%2Afun%2A%2A%2A%20;\r\n"
		    "    title*2=\"isn't it!\""),
		  S("application/x-stuff "
		    "title=This is even more ***fun*** isn't it!") },
		{ S("TEXT/HTML;Charset=UTF-8;"), S("text/html charset=UTF-8") },
		{ S("(a)text(b)/plain"), S("") },
		{ S("(a) text/plain (b) ; (c) a (d) = (e) b (f) ; ;"),
		  S("text/plain a=b") },
		{ S("text/plain; a=\"b\\\"c\\\\d\""),
		  S("text/plain a=b\"c\\d") },
		{ S("text/plain; a=\"\""), S("text/plain a=") },
		{ S(""), S("") },
		{ S("text"), S("") },
		{ S("text/"), S("") },
		{ S("/plain"), S("") },
		{ S("text/plain; a"), S("") },
		{ S("text/plain; a="), S("") },
		{ S("text/plain; =b"), S("") },
		{ S("text/plain; a=\"b"), S("") },
		{ S("text/plain a=b"), S("") },
		{ S("text/plain; a=b c=d"), S("") },
		{ S("text/plain; a=b; A=c"), S("") },
		{ S("text/plain; a*0=b; c=d; a*1=e"), S("") },
		{ S("text/pl\0in"), S("") },
	};
	struct arena *arena = arena_new(4096);
	struct mime_type type;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *what = unit_show(rows[i].value);

		ASSERT_RESULT(mime_type_parse(arena, rows[i].value, &type),
			      rows[i].want.n ? OK : E_SYNTAX, what);
		if (rows[i].want.n)
			ASSERT_STR(show(arena, &type), rows[i].want, what);
	}
	arena_free(arena);
}

static struct mime_part part_of(struct arena *arena, struct str text)
{
	struct mime_part part;

	ASSERT_RESULT(mime_part_parse(arena, text, &part), OK, unit_show(text));
	return part;
}

/* The parts in brackets, or the result. */
static struct str show_parts(struct arena *arena, const struct mime_part *part)
{
	struct mime_parts parts;
	enum result result = mime_split(part, &parts);
	struct buf buf;

	buf_init(&buf, arena, LIMIT_FIELD);
	if (result != OK)
		return str_from(result_name(result));
	for (size_t i = 0; i < parts.n; i++) {
		buf_addc(&buf, '[');
		buf_add(&buf, parts.parts[i]);
		buf_addc(&buf, ']');
	}
	return buf_str(&buf);
}

/* RFC 2046 section 5.1.1, and what is seen that is not in it. */
static void parts(void **state)
{
	static const struct {
		struct str body, want;
	} rows[] = {
		{ S("preamble\r\n--b\r\n\r\none.\r\n--b\r\nA: b\r\n\r\n"
		    "two.\r\n\r\n--b--\r\nepilogue\r\n--b\r\n"),
		  S("[\r\none.][A: b\r\n\r\ntwo.\r\n]") },
		{ S("--b\nx\n--b--"), S("[x]") },
		{ S("--b \t\nx\n--b-- \t\n"), S("[x]") },
		{ S("--b\n--b\n\n--b--\n"), S("[][]") },
		/* no end, an end only, none */
		{ S("--b\nx\n--b\ny\nz\n"), S("[x][y\nz\n]") },
		{ S("--b\nx\n--b\n"), S("[x][]") },
		{ S("--b\nx\n--b"), S("[x]") },
		{ S("--b--\n"), S("absent") },
		{ S("x\n"), S("absent") },
		{ S(""), S("absent") },
		/* another boundary that begins like ours, quoted ones */
		{ S("--b\n--bb\nx\n--bb--\n--b-\n> --b\n --b\n--B\n--b--\n"),
		  S("[--bb\nx\n--bb--\n--b-\n> --b\n --b\n--B]") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct mime_part part = part_of(
			arena, STR("Content-Type: multipart/x; boundary=b\n"));

		part.body = rows[i].body;
		ASSERT_STR(show_parts(arena, &part), rows[i].want,
			   unit_show(rows[i].body));
	}
	arena_free(arena);
}

static void boundaries(void **state)
{
	static const struct str rows[] = {
		S("Content-Type: multipart/x\n"),
		S("Content-Type: multipart/x; boundary=\"\"\n"),
		S("Content-Type: multipart/x; boundary=\"a \"\n"),
		S("Content-Type: multipart/x; boundary="
		  "0123456789012345678901234567890123456789012345678901234567"
		  "8901234567890\n"),
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct mime_part part = part_of(arena, rows[i]);

		ASSERT_STR(show_parts(arena, &part), STR("syntax"),
			   unit_show(rows[i]));
	}
	arena_free(arena);
}

static void decoding(void **state)
{
	static const struct {
		struct str encoding, body, want;
		enum result result;
	} rows[] = {
		{ S("7bit"), S("a=3Db\n"), S("a=3Db\n"), OK },
		{ S(" 8BIT (x)"), S("\xc3\xbc"), S("\xc3\xbc"), OK },
		{ S("binary"), S("\0"), S("\0"), OK },
		/* RFC 2045 section 6.7 */
		{ S("quoted-printable"),
		  S("Now's the time =\r\nfor all folk to come=\r\n to the aid "
		    "of their country."),
		  S("Now's the time for all folk to come to the aid of their "
		    "country."),
		  OK },
		{ S("Quoted-Printable"), S("=3D=0c=fF=00= \t\n=\n=4\n==40"),
		  S("=\x0c\xff\0=4\n=@"), OK },
		{ S("quoted-printable"), S("a="), S("a"), OK },
		/* RFC 4648 section 10 */
		{ S("base64"), S("Zm9v\r\nYmFy\r\n"), S("foobar"), OK },
		{ S("base64"), S("Zm9vYg=="), S("foob"), OK },
		{ S("base64"), S("Zm9vYg"), S(""), E_SYNTAX },
		{ S("base64"), S("Zm9v!mFy"), S(""), E_SYNTAX },
		{ S("x-uuencode"), S("a"), S(""), E_ABSENT },
		{ S("7bit, base64"), S("a"), S(""), E_ABSENT },
		{ S(""), S("a"), S(""), E_ABSENT },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct mime_part part = { .body = rows[i].body };
		struct str plain;

		message_init(&part.header, arena);
		message_add(&part.header, STR("Content-Transfer-Encoding"),
			    rows[i].encoding);
		ASSERT_RESULT(mime_describe(arena, &part), OK, "describe");
		ASSERT_RESULT(mime_decode(arena, &part, &plain), rows[i].result,
			      unit_show(rows[i].body));
		if (rows[i].result == OK)
			ASSERT_STR(plain, rows[i].want,
				   unit_show(rows[i].body));
	}
	arena_free(arena);
}

/* What two readers may take for different things. */
static void twice(void **state)
{
	static const struct str rows[] = {
		S("Content-Type: text/plain\ncontent-type: text/html\n\n"),
		S("Content-Transfer-Encoding: 7bit\n"
		  "Content-Transfer-Encoding: base64\n\n"),
		S("no field\n\n"),
	};
	struct arena *arena = arena_new(4096);
	struct mime_part part;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		ASSERT_RESULT(mime_part_parse(arena, rows[i], &part), E_SYNTAX,
			      unit_show(rows[i]));
	arena_free(arena);
}

static void encoded_words(void **state)
{
	static const struct {
		struct str value, want;
		enum result result;
	} rows[] = {
		/* RFC 2047 section 8 */
		{ S("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>"),
		  S("Keith Moore <moore@cs.utk.edu>"), OK },
		{ S("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
		    "    =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
		  S("If you can read this you understand the example."), OK },
		{ S("(=?ISO-8859-1?Q?a?= b)"), S("(a b)"), OK },
		{ S("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)"), S("(ab)"),
		  OK },
		{ S("(=?ISO-8859-1?Q?a_b?=)"), S("(a b)"), OK },
		{ S("=?x?q?a?b=40?="), S("a?b@"), OK },
		{ S("no words"), S(""), E_ABSENT },
		{ S("=?x?q?open"), S(""), E_ABSENT },
		{ S("=?x??a?="), S(""), E_ABSENT },
		{ S("=?="), S(""), E_ABSENT },
		{ S("=?"), S(""), E_ABSENT },
		{ S("=?x?b?a?="), S(""), E_SYNTAX },
		{ S("=?x?z?a?="), S(""), E_SYNTAX },
	};
	struct arena *arena = arena_new(4096);
	struct str plain;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		ASSERT_RESULT(mime_words(arena, rows[i].value, &plain),
			      rows[i].result, unit_show(rows[i].value));
		if (rows[i].result == OK)
			ASSERT_STR(plain, rows[i].want,
				   unit_show(rows[i].value));
	}
	arena_free(arena);
}

/* As Python's quopri writes it, but for its form feed. */
static void quoted_printable(void **state)
{
	static const struct {
		struct str text, want;
	} rows[] = {
		{ S("a b=c\r\n"), S("a b=3Dc\r\n") },
		{ S("a \r\nb\t\r\n"), S("a=20\r\nb=09\r\n") },
		{ S("\xc3\xbc"), S("=C3=BC") },
		{ S("a\rb\nc"), S("a=0Db=0Ac") },
		{ S("012345678901234567890123456789012345678901234567890123456"
		    "78901234567890123456789"),
		  S("012345678901234567890123456789012345678901234567890123456"
		    "789012345678901234=\r\n56789") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		ASSERT_STR(mime_quoted_printable(arena, rows[i].text),
			   rows[i].want, unit_show(rows[i].text));
	arena_free(arena);
}

static void limits(void **state)
{
	struct arena *arena = arena_new(4096);
	struct mime_part part =
		part_of(arena, STR("Content-Type: multipart/x; boundary=b\n"));
	struct mime_parts *many = ARENA_NEW(arena, struct mime_parts, 1);
	struct mime_type type;
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 1 << 20);
	for (int i = 0; i < LIMIT_MIME_PARTS; i++)
		buf_add(&buf, STR("--b\n"));
	part.body = buf_str(&buf);
	ASSERT_RESULT(mime_split(&part, many), OK, "parts");
	buf_add(&buf, STR("--b--\n"));
	part.body = buf_str(&buf);
	ASSERT_RESULT(mime_split(&part, many), OK, "parts, with an end");
	assert_int_equal(many->n, LIMIT_MIME_PARTS);
	buf_init(&buf, arena, 1 << 20);
	for (int i = 0; i <= LIMIT_MIME_PARTS; i++)
		buf_add(&buf, STR("--b\n"));
	part.body = buf_str(&buf);
	ASSERT_RESULT(mime_split(&part, many), E_LIMIT, "a part too many");

	buf_init(&buf, arena, 1 << 20);
	buf_add(&buf, STR("a/b"));
	for (int i = 0; i < LIMIT_MIME_PARAMETERS; i++)
		buf_printf(&buf, ";p%d=v", i);
	ASSERT_RESULT(mime_type_parse(arena, buf_str(&buf), &type), OK,
		      "parameters");
	buf_add(&buf, STR(";x=y"));
	ASSERT_RESULT(mime_type_parse(arena, buf_str(&buf), &type), E_LIMIT,
		      "a parameter too many");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),
		cmocka_unit_test(parts),
		cmocka_unit_test(boundaries),
		cmocka_unit_test(decoding),
		cmocka_unit_test(twice),
		cmocka_unit_test(encoded_words),
		cmocka_unit_test(quoted_printable),
		cmocka_unit_test(limits),
	};

	return UNIT_RUN(tests);
}
