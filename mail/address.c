/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include "buf.h"
#include "limits.h"
#include "scan.h"

/*
 * The parser walks along `s`. Each of its functions stands at the begin of
 * its rule of RFC 5322 section 3.4 (with section 4.4's obsolete forms),
 * leaves `at` behind it, and on a fault says why in `out->fault`.
 */
struct parser {
	struct arena *arena;
	struct str s;
	size_t at;
	struct mailboxes *out;
	size_t capacity;
};

static bool is_next(const struct parser *parser, char c)
{
	return parser->at < parser->s.n && parser->s.p[parser->at] == c;
}

/* What stands at `at` may say more than what was expected there. */
static enum result fault(struct parser *parser, enum result result,
			 const char *why)
{
	struct str s = parser->s;
	size_t at = parser->at;

	if (is_next(parser, '(') && scan_comment(s, at) == at)
		why = "a comment is not closed, or nested too deeply";
	else if (is_next(parser, '"') && scan_quoted_string(s, at) == at)
		why = "a quoted string is not closed";
	parser->out->fault = why;
	return result;
}

static bool skip(struct parser *parser, char c)
{
	if (!is_next(parser, c))
		return false;
	parser->at++;
	return true;
}

static void skip_cfws(struct parser *parser)
{
	parser->at = scan_cfws(parser->s, parser->at);
}

/* Moves over what a scan function found and returns it. */
static struct str take(struct parser *parser, size_t end)
{
	struct str taken = str_sub(parser->s, parser->at, end);

	parser->at = end;
	return taken;
}

/* The content of a word: without quotes, backslashes and folds. */
static void add_word(struct buf *buf, struct str word)
{
	bool quoted = word.p[0] == '"';

	if (quoted)
		word = str_sub(word, 1, word.n - 1);
	for (size_t i = 0; i < word.n; i++) {
		if (quoted && word.p[i] == '\\')
			i++;
		else if (word.p[i] == '\r' || word.p[i] == '\n')
			continue;
		buf_addc(buf, word.p[i]);
	}
}

/* local-part / obs-local-part: words with dots between them */
static enum result parse_local(struct parser *parser, struct str *local)
{
	bool first = true;
	struct buf buf;

	buf_init(&buf, parser->arena, LIMIT_LOCAL_PART);
	do {
		size_t end;

		skip_cfws(parser);
		end = scan_word(parser->s, parser->at);
		if (end == parser->at)
			return fault(parser, E_SYNTAX,
				     "no local part where one must be");
		if (!first)
			buf_addc(&buf, '.');
		first = false;
		add_word(&buf, take(parser, end));
		skip_cfws(parser);
	} while (skip(parser, '.'));
	if (buf.full)
		return fault(parser, E_LIMIT, "a local part is too long");
	if (!buf.n)
		return fault(parser, E_SYNTAX, "a local part is empty");
	*local = buf_str(&buf);
	return OK;
}

/* domain / obs-domain: a literal, or atoms with dots between them */
static enum result parse_domain(struct parser *parser, struct str *domain)
{
	struct buf buf;
	size_t end;

	buf_init(&buf, parser->arena, (size_t)LIMIT_DOMAIN * 4);
	skip_cfws(parser);
	end = scan_domain_literal(parser->s, parser->at);
	if (end > parser->at) {
		*domain = take(parser, end);
		skip_cfws(parser);
		return OK;
	}
	do {
		skip_cfws(parser);
		end = scan_atext(parser->s, parser->at);
		if (end == parser->at)
			return fault(parser, E_SYNTAX,
				     "no domain where one must be");
		if (buf.n)
			buf_addc(&buf, '.');
		buf_add(&buf, take(parser, end));
		skip_cfws(parser);
	} while (skip(parser, '.'));
	if (buf.full)
		return fault(parser, E_LIMIT, "a domain is too long");
	*domain = buf_str(&buf);
	return OK;
}

/* addr-spec */
static enum result parse_addr_spec(struct parser *parser)
{
	struct mailboxes *out = parser->out;
	struct mailbox mailbox;
	enum result result = parse_local(parser, &mailbox.local);

	if (result != OK)
		return result;
	if (!skip(parser, '@'))
		return fault(parser, E_SYNTAX, "an address has no @");
	result = parse_domain(parser, &mailbox.domain);
	if (result != OK)
		return result;
	if (out->n == LIMIT_MAILBOXES)
		return fault(parser, E_LIMIT, "there are too many addresses");
	if (out->n == parser->capacity) {
		size_t capacity = parser->capacity ? parser->capacity * 4 : 4;
		struct mailbox *bigger =
			ARENA_NEW(parser->arena, struct mailbox, capacity);

		if (out->n)
			memcpy(bigger, out->list, out->n * sizeof(*bigger));
		out->list = bigger;
		parser->capacity = capacity;
	}
	out->list[out->n++] = mailbox;
	return OK;
}

/*
 * obs-route: "@a,@b:" names hosts on the way, never the author. Commas may
 * stand anywhere in it, but only with a host.
 */
static enum result skip_route(struct parser *parser)
{
	size_t start = parser->at, hosts = 0;
	struct str host;

	for (;;) {
		skip_cfws(parser);
		if (skip(parser, ','))
			continue;
		if (!skip(parser, '@'))
			break;
		if (parse_domain(parser, &host) != OK)
			return E_SYNTAX;
		hosts++;
		if (!is_next(parser, ','))
			break;
	}
	if (hosts && !skip(parser, ':'))
		return fault(parser, E_SYNTAX, "a route has no end");
	if (!hosts)
		parser->at = start;
	return OK;
}

/* angle-addr; `at` stands at its "<" */
static enum result parse_angle(struct parser *parser)
{
	enum result result;

	skip(parser, '<');
	result = skip_route(parser);
	if (result == OK)
		result = parse_addr_spec(parser);
	if (result == OK && !skip(parser, '>'))
		return fault(parser, E_SYNTAX,
			     "an address has no > at its end");
	return result;
}

static enum result parse_list(struct parser *parser, bool in_group);

/*
 * address: group / name-addr / addr-spec. A phrase looks like a local part
 * until the byte behind it is seen, so it is skipped first.
 */
static enum result parse_address(struct parser *parser, bool in_group)
{
	size_t start = parser->at;
	enum result result;

	parser->at = scan_phrase(parser->s, start);
	skip_cfws(parser);
	if (is_next(parser, '<')) {
		result = parse_angle(parser);
	} else if (is_next(parser, ':') && parser->at > start) {
		if (in_group)
			return fault(parser, E_SYNTAX, "a group in a group");
		skip(parser, ':');
		result = parse_list(parser, true);
		if (result == OK && !skip(parser, ';'))
			result = fault(parser, E_SYNTAX,
				       "a group has no ; at its end");
	} else {
		parser->at = start;
		result = parse_addr_spec(parser);
	}
	if (result == OK)
		skip_cfws(parser);
	return result;
}

/* address-list / group-list, null elements allowed */
static enum result parse_list(struct parser *parser, bool in_group)
{
	for (;;) {
		enum result result;

		skip_cfws(parser);
		if (skip(parser, ','))
			continue;
		if (parser->at == parser->s.n ||
		    (in_group && is_next(parser, ';')))
			return OK;
		result = parse_address(parser, in_group);
		if (result != OK)
			return result;
		if (parser->at < parser->s.n && !is_next(parser, ',') &&
		    !(in_group && is_next(parser, ';')))
			return fault(parser, E_SYNTAX,
				     "there is text behind an address");
	}
}

enum result address_parse_authors(struct arena *arena, struct str value,
				  struct mailboxes *mailboxes)
{
	struct parser parser = { .arena = arena, .s = value, .out = mailboxes };
	enum result result;

	*mailboxes = (struct mailboxes){ .fault = NULL };
	result = parse_list(&parser, false);
	if (result == OK && mailboxes->n == 0)
		return fault(&parser, E_ABSENT, "there is no address");
	return result;
}

enum result address_parse(struct str text, struct mailbox *mailbox)
{
	size_t sign = str_find_last(text, '@');

	if (sign == text.n)
		return E_SYNTAX;
	mailbox->local = str_sub(text, 0, sign);
	mailbox->domain = str_sub(text, sign + 1, text.n);
	if (mailbox->local.n == 0 || mailbox->local.n > LIMIT_LOCAL_PART ||
	    mailbox->domain.n == 0 || mailbox->domain.n > LIMIT_DOMAIN)
		return E_SYNTAX;
	return OK;
}

bool address_is_dot_atom(struct str local)
{
	struct str part;

	while (str_cut(&local, '.', &part))
		if (!part.n || scan_atext(part, 0) < part.n)
			return false;
	return true;
}

char *address_format(struct arena *arena, const struct mailbox *mailbox)
{
	const struct str quote =
		address_is_dot_atom(mailbox->local) ? STR("") : STR("\"");
	struct buf buf;

	/* Four octets of text for each of the address at the most. */
	buf_init(&buf, arena, 4 * (mailbox->local.n + mailbox->domain.n) + 3);
	buf_add(&buf, quote);
	buf_add_printable(&buf, mailbox->local);
	buf_add(&buf, quote);
	buf_addc(&buf, '@');
	buf_add_printable(&buf, mailbox->domain);
	return buf_c(&buf);
}
