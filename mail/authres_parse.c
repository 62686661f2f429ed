/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Two questions are asked of an Authentication-Results field. authres_parse
 * asks what it says, of fields that somebody we trust has written, and takes
 * what real hosts write besides RFC 8601's grammar. authres_claims asks of a
 * stranger's field whether some reader behind us could take it for ours. So
 * it trusts the parser only where all readers agree: in the authserv-id at
 * the front, when that is a plain domain name with nothing before it. What is
 * not that clear is ours if it has our name in it, however disguised.
 */
#include "authres.h"
#include "buf.h"
#include "domain.h"
#include "limits.h"
#include "scan.h"

struct reader {
	struct arena *arena;
	struct str text;
	size_t i;
};

static bool is_next(const struct reader *reader, char c)
{
	return reader->i < reader->text.n && reader->text.p[reader->i] == c;
}

static bool is_end(const struct reader *reader)
{
	return reader->i == reader->text.n || is_next(reader, ';');
}

static void skip_cfws(struct reader *reader)
{
	reader->i = scan_cfws(reader->text, reader->i);
}

static bool take(struct reader *reader, char c)
{
	if (!is_next(reader, c))
		return false;
	reader->i++;
	return true;
}

/* What stands from here up to `end`. */
static struct str take_to(struct reader *reader, size_t end)
{
	struct str taken = str_sub(reader->text, reader->i, end);

	reader->i = end;
	return taken;
}

static bool take_keyword(struct reader *reader, struct str *keyword)
{
	*keyword = take_to(reader, scan_keyword(reader->text, reader->i));
	return keyword->n > 0;
}

static void skip_digits(struct reader *reader)
{
	while (reader->i < reader->text.n && reader->text.p[reader->i] >= '0' &&
	       reader->text.p[reader->i] <= '9')
		reader->i++;
}

/* What is between the quotes, without backslashes and folds. */
static struct str unquote(struct arena *arena, struct str quoted)
{
	struct buf buf;

	buf_init(&buf, arena, quoted.n);
	for (size_t i = 1; i + 1 < quoted.n; i++) {
		if (quoted.p[i] == '\\')
			i++;
		else if (quoted.p[i] == '\r' || quoted.p[i] == '\n')
			continue;
		buf_addc(&buf, quoted.p[i]);
	}
	return (struct str){ buf_c(&buf), buf.n };
}

/* value of RFC 2045 section 5.1: a token or a quoted string */
static bool take_value(struct reader *reader, struct str *value)
{
	size_t end = scan_quoted_string(reader->text, reader->i);

	if (end > reader->i) {
		*value = unquote(reader->arena, take_to(reader, end));
		return true;
	}
	*value = take_to(reader, scan_token(reader->text, reader->i));
	return value->n > 0;
}

/*
 * A pvalue's octets without quotes: what RFC 8601 section 2.2 has, and what
 * hosts write that do not quote where they must, as in header.b=a/b= and
 * smtp.mailfrom=<>. Comments, quotes and semicolons keep their meaning.
 */
static size_t scan_bare(struct str s, size_t i)
{
	for (;;) {
		size_t next = scan_utf8(s, i);

		if (i < s.n && s.p[i] > ' ' && s.p[i] <= '~' &&
		    !strchr("\"\\();", s.p[i]))
			next = i + 1;
		if (next == i)
			return i;
		i = next;
	}
}

/* pvalue; none at all is an empty one, as others write it */
static struct str take_pvalue(struct reader *reader)
{
	size_t end = scan_quoted_string(reader->text, reader->i);
	struct str local, domain;

	if (end == reader->i)
		return take_to(reader, scan_bare(reader->text, reader->i));
	local = unquote(reader->arena, take_to(reader, end));
	if (!is_next(reader, '@'))
		return local;
	domain = take_to(reader, scan_bare(reader->text, reader->i));
	return str_from(arena_printf(reader->arena, "%.*s%.*s", STR_ARG(local),
				     STR_ARG(domain)));
}

/* An array's next place; it doubles at each power of two. */
static void *grow(struct arena *arena, void *items, size_t n, size_t size)
{
	void *bigger;

	if (n & (n - 1))
		return items;
	bigger = arena_alloc(arena, (n ? n * 2 : 1) * size);
	if (n)
		memcpy(bigger, items, n * size);
	return bigger;
}

/*
 * propspec or reasonspec. Outlook ("action=none") and Fastmail ("x-bits=256")
 * write properties without a ptype.
 */
static enum result take_property(struct reader *reader,
				 struct authres_result *result)
{
	struct authres_property property = { .type = STR("") };

	if (!take_keyword(reader, &property.name))
		return E_SYNTAX;
	skip_cfws(reader);
	if (take(reader, '.')) {
		property.type = property.name;
		skip_cfws(reader);
		if (!take_keyword(reader, &property.name))
			return E_SYNTAX;
		skip_cfws(reader);
	}
	if (!take(reader, '='))
		return E_SYNTAX;
	skip_cfws(reader);
	property.value = take_pvalue(reader);
	if (!property.type.n && str_ieq(property.name, STR("reason"))) {
		result->reason = property.value;
		return OK;
	}
	if (result->n == LIMIT_AUTHRES_PROPERTIES)
		return E_LIMIT;
	result->properties = grow(reader->arena, result->properties, result->n,
				  sizeof(property));
	result->properties[result->n++] = property;
	return OK;
}

/* resinfo without its semicolon: methodspec, then the rest */
static enum result take_result(struct reader *reader,
			       struct authres_result *result)
{
	*result = (struct authres_result){ .reason = STR(""),
					   .comment = STR("") };
	if (!take_keyword(reader, &result->method))
		return E_SYNTAX;
	skip_cfws(reader);
	if (take(reader, '/')) {
		skip_cfws(reader);
		skip_digits(reader);
		skip_cfws(reader);
	}
	if (!take(reader, '='))
		return E_SYNTAX;
	skip_cfws(reader);
	if (!take_keyword(reader, &result->result))
		return E_SYNTAX;
	for (;;) {
		size_t before = reader->i;
		enum result outcome;

		skip_cfws(reader);
		if (is_end(reader))
			return OK;
		if (reader->i == before)
			return E_SYNTAX;
		outcome = take_property(reader, result);
		if (outcome != OK)
			return outcome;
	}
}

/* no-result, without its semicolon */
static bool take_none(struct reader *reader)
{
	size_t before = reader->i;
	struct str word;

	if (take_keyword(reader, &word) && str_ieq(word, STR("none"))) {
		skip_cfws(reader);
		if (is_end(reader))
			return true;
	}
	reader->i = before;
	return false;
}

/* [CFWS] authserv-id [ CFWS authres-version ] up to a semicolon or the end */
static bool take_head(struct reader *reader, struct str *id)
{
	skip_cfws(reader);
	if (!take_value(reader, id))
		return false;
	skip_cfws(reader);
	skip_digits(reader);
	skip_cfws(reader);
	return is_end(reader);
}

enum result authres_parse(struct arena *arena, struct str value,
			  struct authres *authres)
{
	struct reader reader = { arena, value, 0 };
	bool none = false;

	*authres = (struct authres){ .id = STR("") };
	if (value.n > LIMIT_FIELD)
		return E_LIMIT;
	if (!take_head(&reader, &authres->id)) {
		/* Outlook writes no authserv-id; a result comes first. */
		authres->id = STR("");
		reader.i = scan_cfws(value, 0);
		if (is_end(&reader))
			return E_SYNTAX;
	} else if (!take(&reader, ';')) {
		return E_SYNTAX;
	}
	do {
		enum result outcome;

		skip_cfws(&reader);
		if (none || is_end(&reader))
			continue;
		if (!authres->n && take_none(&reader)) {
			none = true;
			continue;
		}
		if (authres->n == LIMIT_AUTHRES_RESULTS)
			return E_LIMIT;
		authres->results = grow(arena, authres->results, authres->n,
					sizeof(*authres->results));
		outcome = take_result(&reader, &authres->results[authres->n]);
		if (outcome != OK)
			return outcome;
		authres->n++;
	} while (take(&reader, ';'));
	if (reader.i < value.n)
		return E_SYNTAX;
	return authres->n || none ? OK : E_SYNTAX;
}

struct str authres_value(const struct authres_result *result, const char *type,
			 const char *name)
{
	for (size_t i = 0; i < result->n; i++)
		if (str_ieq(result->properties[i].type, str_from(type)) &&
		    str_ieq(result->properties[i].name, str_from(name)))
			return result->properties[i].value;
	return (struct str){ NULL, 0 };
}

static bool has(struct str text, struct str part)
{
	return text.n && part.n && memmem(text.p, text.n, part.p, part.n);
}

/* Is the name, in lower case, in the text: quoted, folded, with controls? */
static bool mentions(struct arena *arena, struct str text, struct str name)
{
	char *plain = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c > ' ' && c != 127 && c != '"' && c != '\\')
			plain[n++] = str_lower_byte(text.p[i]);
	}
	return has((struct str){ plain, n }, name);
}

/* What may become another text: encoded words, octets that are not ASCII. */
static bool may_change(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] > 127)
			return true;
	return has(text, STR("=?"));
}

/* White space and comments of which any reader sees the end. */
static bool is_plain_cfws(struct str text)
{
	bool inside = false;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '(' && inside)
			return false;
		if (text.p[i] == '(' || text.p[i] == ')')
			inside = text.p[i] == '(';
	}
	return !may_change(text);
}

/*
 * Is there a comment in what could be an authserv-id? Behind a "=" it is in a
 * result, as in the fields of Outlook, which have no authserv-id.
 */
static bool is_cut(struct str value)
{
	struct str front = str_sub(value, 0, str_find(value, ';'));

	return str_find(front, '(') < str_find(front, '=');
}

bool authres_claims(struct arena *arena, struct str value, struct str id)
{
	struct str cfws = str_sub(value, 0, scan_cfws(value, 0));
	struct reader reader = { arena, value, 0 };
	struct str ours, written;

	if (domain_normalize(arena, id, &ours) != OK)
		ours = arena_lower(arena, id);
	if (take_head(&reader, &written) &&
	    domain_normalize(arena, written, &written) == OK &&
	    is_plain_cfws(cfws) && !mentions(arena, cfws, ours))
		return str_eq(written, ours);
	return may_change(value) || is_cut(value) ||
	       mentions(arena, value, ours);
}
