/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "authors"
#include "unit.h"

#include "mail/authors.h"
#include "mail/buf.h"
#include "mail/limits.h"

/*
 * Headers, and the Author Domains with "," between them, "!" before what is
 * unreadable, "?" before what has a fault but can be evaluated. The shapes are
 * those of RFC 5322 3.6.2, RFC 6854 and of known attacks on receivers.
 */
static const struct {
	const char *header;
	const char *want;
} rows[] = {
	{ "From: a@example.org\n", "example.org" },
	{ "From: A <a@EXAMPLE.org>\n", "example.org" },
	{ "From : a@example.org\n", "example.org" },
	{ "from: a@example.org, b@example.org\n", "example.org" },
	{ "From: a@b\xc3\xbc"
	  "cher.example\n",
	  "xn--bcher-kva.example" },
	{ "From: \"a@example.com\" <a@example.org>\n", "example.org" },
	{ "From: =?utf-8?q?x=40example.com?= <a@example.org>\n",
	  "example.org" },
	{ "Sender: a@example.org\n", "!" },
	{ "Sender: a@example.com\nResent-From: a@example.com\n"
	  "From: a@example.org\n",
	  "example.org" },
	{ "From: a@example.org\nFrom: a@example.org\n", "?example.org" },
	{ "From: a@example.org\nFrom: b@example.com\n",
	  "?example.org,example.com" },
	{ "From: a@example.org\nFrom : b@example.com\n",
	  "?example.org,example.com" },
	{ "From: a@example.org, b@example.com\n", "?example.org,example.com" },
	{ "From: a@example.org\nFrom: b@\n", "!example.org" },
	{ "From: team: a@example.org, b@example.com;\n",
	  "?example.org,example.com" },
	{ "From: nobody:;\n", "!" },
	{ "From: a@[192.0.2.1]\n", "!" },
	{ "From: a@[192.0.2.1], b@example.org\n", "!example.org" },
	{ "From: <@example.com,@example.net:a@example.org>\n", "example.org" },
	{ "From: <a@example.org>b@example.com\n", "!" },
	{ "From: a@example.org(b@example.com)\n", "example.org" },
	{ "From: a@example.org\\,b@example.com\n", "!" },
	{ "From:\n", "!" },
	{ "From: root\n", "!" },
};

static char *find(struct arena *arena, struct str text)
{
	struct message message;
	struct authors authors;
	struct str body;
	struct buf buf;

	message_init(&message, arena);
	assert_int_equal(message_split(&message, text, &body), OK);
	authors_find(arena, &message, &authors);
	assert_true(!authors.unreadable || authors.fault);
	buf_init(&buf, arena, 4096);
	if (authors.fault)
		buf_addc(&buf, authors.unreadable ? '!' : '?');
	for (size_t i = 0; i < authors.n; i++) {
		buf_add(&buf, i ? STR(",") : STR(""));
		buf_add(&buf, authors.domains[i]);
	}
	return buf_c(&buf);
}

static void shapes(void **state)
{
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		unit_str(str_from(find(arena, str_from(rows[i].header))),
			 str_from(rows[i].want), rows[i].header, __FILE__,
			 __LINE__);
	arena_free(arena);
}

/* `n` fields, or one field with authors of `n` domains. */
static char *many(struct arena *arena, size_t n, bool fields)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	for (size_t i = 0; i < n; i++)
		buf_printf(&buf, "%sa@d%zu.example%s",
			   i && !fields ? "," : "From: ", fields ? 0 : i,
			   fields || i + 1 == n ? "\n" : "");
	return find(arena, buf_str(&buf));
}

static void limits(void **state)
{
	struct arena *arena = arena_new(4096);

	(void)state;
	assert_string_equal(many(arena, LIMIT_FROM_FIELDS, true),
			    "?d0.example");
	assert_string_equal(many(arena, LIMIT_FROM_FIELDS + 1, true), "!");
	assert_string_equal(many(arena, 10 * LIMIT_FROM_FIELDS, true), "!");
	assert_int_equal(*many(arena, LIMIT_AUTHOR_DOMAINS, false), '?');
	assert_int_equal(*many(arena, LIMIT_AUTHOR_DOMAINS + 1, false), '!');
	assert_int_equal(*many(arena, 10 * LIMIT_AUTHOR_DOMAINS, false), '!');
	assert_int_equal(*many(arena, LIMIT_MAILBOXES + 1, false), '!');
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(limits),
	};

	return UNIT_RUN(tests);
}
