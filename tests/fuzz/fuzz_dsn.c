/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bounce to an alias of a private address. The first octet chooses: a
 * message to answer with a notification of our own, one to strike out, or a
 * text. What is private must not be found afterwards, however decoded; the
 * decoders here are simple ones of their own.
 */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "mail/buf.h"
#include "mail/dsn_format.h"
#include "mail/dsn_strike.h"
#include "mail/limits.h"
#include "mail/mime.h"

static const char *const addresses[] = {
	"me.x+tag@secret.example",
	"me.x@secret.example",
	"mex@secret.example",
	"mex+tag@secret.example",
};
/* Not beside a letter or a digit. */
static const char *const words[] = { "me.x", "mex", "secret.example" };

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, str_lower_byte(c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Each sign with two digits is an octet; "=" at a line's end is nothing. */
static size_t decode_sign(char *p, size_t n, char sign)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		size_t end = i + 1;

		while (sign == '=' && end < n &&
		       (p[end] == ' ' || p[end] == '\t'))
			end++;
		if (end < n && p[end] == '\r')
			end++;
		if (p[i] == sign && i + 2 < n && hex(p[i + 1]) >= 0 &&
		    hex(p[i + 2]) >= 0) {
			p[to++] = (char)(hex(p[i + 1]) * 16 + hex(p[i + 2]));
			i += 2;
		} else if (p[i] == '=' && sign == '=' && end < n &&
			   p[end] == '\n') {
			i = end;
		} else {
			p[to++] = p[i];
		}
	}
	return to;
}

/* The number at i behind these characters; the index behind it, or i. */
static size_t scan_number(const char *p, size_t n, size_t i, const char *open,
			  int base, long *number)
{
	size_t begin = i + strlen(open), end = begin;

	if (begin >= n || strncasecmp(p + i, open, strlen(open)) != 0)
		return i;
	*number = 0;
	while (end < n && end < begin + 8 && hex(p[end]) >= 0 &&
	       hex(p[end]) < base)
		*number = *number * base + hex(p[end++]);
	return end > begin && *number < 128 ? end : i;
}

/* Each number in ASCII, "\\x{40}" or HTML's, is an octet. */
static size_t decode_number(char *p, size_t n, bool html)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		long number = 0;
		size_t end = scan_number(p, n, i, html ? "&#x" : "\\x{", 16,
					 &number);

		if (end == i && html)
			end = scan_number(p, n, i, "&#", 10, &number);
		if (end > i && !html && (end == n || p[end] != '}'))
			end = i;
		p[to++] = end > i ? (char)number : p[i];
		if (end > i)
			i = end < n && p[end] == (html ? ';' : '}') ? end
								    : end - 1;
	}
	return to;
}

static size_t decode(char *p, size_t n, char way)
{
	if (way == '\\' || way == '&')
		return decode_number(p, n, way == '&');
	return decode_sign(p, n, way);
}

static bool has(const char *p, size_t n, const char *pattern, bool word)
{
	size_t length = strlen(pattern);

	for (size_t i = 0; i + length <= n; i++) {
		if (str_lower_byte(p[i]) != pattern[0] ||
		    strncasecmp(p + i, pattern, length) != 0)
			continue;
		if (!word)
			return true;
		if ((i == 0 || !isalnum((unsigned char)p[i - 1])) &&
		    (i + length == n || !isalnum((unsigned char)p[i + length])))
			return true;
	}
	return false;
}

static bool reveals(struct str text, bool with_words)
{
	static const char *const ways[] = { "",	  "+",	"%",  "=",   "\\",
					    "&",  "=+", "=%", "=\\", "=&",
					    "%+", "%%", "&%" };
	bool found = false;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char *copy;
		size_t n = text.n;

		/* Most texts have nothing encoded in most ways. */
		if (i && (!n || !memchr(text.p, ways[i][0], n)))
			continue;
		copy = malloc(n + 1);

		MUST(copy);
		if (n)
			memcpy(copy, text.p, n);
		for (const char *way = ways[i]; *way; way++)
			n = decode(copy, n, *way);
		for (size_t k = 0; k < 4; k++)
			found |= has(copy, n, addresses[k], false);
		for (size_t k = 0; with_words && k < 3; k++)
			found |= has(copy, n, words[k], true);
		free(copy);
	}
	return found;
}

static struct mailbox mailbox(const char *text)
{
	struct mailbox mailbox;

	MUST(address_parse(str_from(text), &mailbox) == OK);
	return mailbox;
}

/* Three parts, nothing private in any, what was said of each recipient. */
static void check_notice(struct arena *arena, const struct dsn_message *notice,
			 const struct dsn *dsn)
{
	struct mime_part part = { .header = notice->header,
				  .body = notice->body };
	struct mime_parts parts;
	struct dsn again;

	MUST(mime_describe(arena, &part) == OK);
	MUST(mime_split(&part, &parts) == OK && parts.n >= 2 && parts.n <= 3);
	for (size_t i = 0; i < parts.n; i++) {
		struct mime_part one;
		struct str plain;

		MUST(mime_part_parse(arena, parts.parts[i], &one) == OK);
		MUST(mime_decode(arena, &one, &plain) == OK);
		MUST(!reveals(plain, true));
	}
	for (size_t i = 0; i < notice->body.n; i++)
		MUST((unsigned char)notice->body.p[i] < 127);
	MUST(dsn_parse(arena, &notice->header, notice->body, &again) == OK);
	MUST(again.n == dsn->n);
	for (size_t i = 0; i < dsn->n; i++) {
		const struct dsn_recipient *one = &again.recipients[i];

		MUST(one->action == dsn->recipients[i].action);
		MUST(str_eq(one->status, dsn->recipients[i].status));
		MUST(str_eq(one->final, STR("i@example.org")));
		MUST(str_eq(one->original, STR("i@example.org")));
	}
}

static void answer(struct arena *arena, const struct message *header,
		   struct str body)
{
	struct mailbox target = mailbox(addresses[0]);
	struct dsn_notice notice = {
		.sender = mailbox("bob@sender.example"),
		.alias = mailbox("i@example.org"),
		.targets = &target,
		.n = 1,
		.domain = STR("example.org"),
		.host = STR("mail.example.org"),
		.random = STR("0123456789abcdef"),
	};
	struct dsn_message message;
	struct dsn dsn;

	if (dsn_parse(arena, header, body, &dsn) != OK)
		return;
	MUST(dsn.n > 0 && dsn.n <= LIMIT_DSN_RECIPIENTS);
	MUST(dsn_format(arena, &dsn, &notice, &message) == OK);
	check_notice(arena, &message, &dsn);
}

static struct dsn_secrets *secrets_of(struct arena *arena)
{
	static struct mailbox public[2];
	static const struct dsn_public known = { public,
						 2,
						 { "mail.example.org", 16 } };
	struct dsn_secrets *secrets;
	struct mailbox target = mailbox(addresses[0]);

	public[0] = mailbox("i@example.org");
	public[1] = mailbox("bob@sender.example");
	secrets = dsn_secrets_new(arena, &known);
	dsn_secrets_add(secrets, &target);
	return secrets;
}

/* No leaf has the address; those that can't be read are not for us. */
static void check_leaves(struct arena *arena, const struct mime_part *part)
{
	struct mime_parts *parts = ARENA_NEW(arena, struct mime_parts, 1);
	struct str plain;

	if (mime_is(&part->type, "multipart", "*") &&
	    part->encoding == MIME_IDENTITY && mime_split(part, parts) == OK) {
		for (size_t i = 0; i < parts->n; i++) {
			struct mime_part one;

			if (mime_part_parse(arena, parts->parts[i], &one) == OK)
				check_leaves(arena, &one);
		}
	} else if (mime_decode(arena, part, &plain) == OK) {
		MUST(!reveals(plain, false));
	}
}

static void strike_body(struct arena *arena, const struct message *header,
			struct str body)
{
	struct mime_part part = { .header = *header };

	if (dsn_strike_body(arena, secrets_of(arena), header, body,
			    &part.body) != OK)
		return;
	MUST(mime_describe(arena, &part) == OK);
	check_leaves(arena, &part);
}

static void strike_text(struct arena *arena, struct str text)
{
	struct dsn_secrets *secrets = secrets_of(arena);
	struct str struck = dsn_strike(arena, secrets, text);
	struct str field = dsn_strike_field(arena, secrets, text), plain;

	MUST(!reveals(struck, true) && !dsn_is_private(secrets, struck));
	MUST(str_eq(struck, text) == !dsn_is_private(secrets, text));
	MUST(!reveals(field, true));
	if (mime_words(arena, field, &plain) == OK)
		MUST(!reveals(plain, true));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size }, body;
	struct arena *arena = arena_new(4096);
	unsigned first = fuzz_first(&input) % 4;
	struct message header;

	message_init(&header, arena);
	if (first == 3)
		strike_text(arena, input);
	else if (message_split(&header, input, &body) != OK)
		;
	else if (first == 2)
		strike_body(arena, &header, body);
	else
		answer(arena, &header, body);
	arena_free(arena);
	return 0;
}
