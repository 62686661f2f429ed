/* SPDX-License-Identifier: BSD-2-Clause */
#include "mime.h"

#include "buf.h"
#include "crypto.h"
#include "scan.h"

/* The octet of two hexadecimal digits at i, or -1. */
static int hex_octet(struct str s, size_t i)
{
	if (i + 1 >= s.n || str_hex(s.p[i]) < 0 || str_hex(s.p[i + 1]) < 0)
		return -1;
	return str_hex(s.p[i]) * 16 + str_hex(s.p[i + 1]);
}

/* A quoted string without its quotes, backslashes and folds. */
static struct str unquote(struct arena *arena, struct str quoted)
{
	char *p = arena_alloc(arena, quoted.n);
	size_t n = 0;

	for (size_t i = 1; i + 1 < quoted.n; i++) {
		if (quoted.p[i] == '\\')
			i++;
		else if (quoted.p[i] == '\r' || quoted.p[i] == '\n')
			continue;
		p[n++] = quoted.p[i];
	}
	return (struct str){ p, n };
}

/* A token or quoted string at *at, which is left behind it (RFC 2045 5.1). */
static enum result scan_value(struct arena *arena, struct str s, size_t *at,
			      struct str *value)
{
	size_t end = scan_quoted_string(s, *at);

	if (end > *at) {
		*value = unquote(arena, str_sub(s, *at, end));
	} else {
		end = scan_token(s, *at);
		/* Postfix and others write "a/b.c" without the quotes. */
		while (end < s.n && end > *at && strchr("/:?=@", s.p[end]))
			end = scan_token(s, end + 1);
		*value = str_sub(s, *at, end);
	}
	if (end == *at)
		return E_SYNTAX;
	*at = end;
	return OK;
}

static enum result scan_parameter(struct arena *arena, struct str s, size_t *at,
				  struct mime_parameter *parameter)
{
	size_t end = scan_token(s, *at);

	if (end == *at)
		return E_SYNTAX;
	parameter->name = arena_lower(arena, str_sub(s, *at, end));
	end = scan_cfws(s, end);
	if (end == s.n || s.p[end] != '=')
		return E_SYNTAX;
	*at = scan_cfws(s, end + 1);
	return scan_value(arena, s, at, &parameter->value);
}

/* What stands behind type/subtype: "; name=value" (RFC 2045 section 5.1). */
static enum result scan_parameters(struct arena *arena, struct str s, size_t at,
				   struct mime_type *type)
{
	struct mime_parameter list[LIMIT_MIME_PARAMETERS];

	type->n = 0;
	for (;;) {
		enum result result;

		at = scan_cfws(s, at);
		if (at == s.n)
			break;
		if (s.p[at] != ';')
			return E_SYNTAX;
		at = scan_cfws(s, at + 1);
		/* A semicolon at the end, or two, are seen often. */
		if (at == s.n || s.p[at] == ';')
			continue;
		if (type->n == LIMIT_MIME_PARAMETERS)
			return E_LIMIT;
		result = scan_parameter(arena, s, &at, &list[type->n]);
		if (result != OK)
			return result;
		type->n++;
	}
	type->parameters = ARENA_NEW(arena, struct mime_parameter, type->n);
	if (type->n)
		memcpy(type->parameters, list, type->n * sizeof(list[0]));
	return OK;
}

/* RFC 2231 section 4: "charset'language'", then octets as %HH. */
static struct str decode_percent(struct arena *arena, struct str text,
				 bool first)
{
	char *p = arena_alloc(arena, text.n);
	struct str part;
	size_t n = 0;

	if (first && (!str_cut(&text, '\'', &part) ||
		      !str_cut(&text, '\'', &part) || !text.p))
		return STR("");
	for (size_t i = 0; i < text.n; i++) {
		int octet = text.p[i] == '%' ? hex_octet(text, i + 1) : -1;

		p[n++] = octet < 0 ? text.p[i] : (char)octet;
		i += octet < 0 ? 0 : 2;
	}
	return (struct str){ p, n };
}

/*
 * Puts "name*0", "name*1*" ... together as "name" (RFC 2231 section 3). The
 * pieces must be in order, which all known writers keep.
 */
static void join_pieces(struct arena *arena, struct mime_type *type)
{
	size_t n = 0;

	for (size_t i = 0; i < type->n; i++) {
		struct mime_parameter one = type->parameters[i];
		size_t star = str_find(one.name, '*');
		struct str rest = str_sub(one.name, star, one.name.n);
		bool encoded = rest.n && rest.p[rest.n - 1] == '*';
		bool first = rest.n < 2 || rest.p[1] == '0';
		struct buf buf;

		one.name = str_sub(one.name, 0, star);
		if (encoded)
			one.value = decode_percent(arena, one.value, first);
		if (first || !n ||
		    !str_eq(type->parameters[n - 1].name, one.name)) {
			type->parameters[n++] = one;
			continue;
		}
		buf_init(&buf, arena, LIMIT_FIELD);
		buf_add(&buf, type->parameters[n - 1].value);
		buf_add(&buf, one.value);
		type->parameters[n - 1].value = buf_str(&buf);
	}
	type->n = n;
}

static bool has_twice(const struct mime_type *type)
{
	for (size_t i = 0; i < type->n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(type->parameters[i].name,
				   type->parameters[k].name))
				return true;
	return false;
}

enum result mime_type_parse(struct arena *arena, struct str value,
			    struct mime_type *type)
{
	struct str lower = arena_lower(arena, value);
	size_t at = scan_cfws(value, 0);
	size_t slash = scan_token(value, at), end;
	enum result result;

	if (value.n > LIMIT_FIELD)
		return E_LIMIT;
	if (slash == at || slash == value.n || value.p[slash] != '/')
		return E_SYNTAX;
	end = scan_token(value, slash + 1);
	if (end == slash + 1)
		return E_SYNTAX;
	type->type = str_sub(lower, at, slash);
	type->subtype = str_sub(lower, slash + 1, end);
	result = scan_parameters(arena, value, end, type);
	if (result != OK)
		return result;
	join_pieces(arena, type);
	return has_twice(type) ? E_SYNTAX : OK;
}

bool mime_is(const struct mime_type *type, const char *name,
	     const char *subtype)
{
	return str_eq(type->type, str_from(name)) &&
	       (!strcmp(subtype, "*") ||
		str_eq(type->subtype, str_from(subtype)));
}

struct str mime_parameter(const struct mime_type *type, const char *name)
{
	for (size_t i = 0; i < type->n; i++)
		if (str_eq(type->parameters[i].name, str_from(name)))
			return type->parameters[i].value;
	return STR("");
}

static enum mime_encoding find_encoding(struct str value)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} names[] = {
		{ "7bit", MIME_IDENTITY },
		{ "8bit", MIME_IDENTITY },
		{ "binary", MIME_IDENTITY },
		{ "quoted-printable", MIME_QUOTED_PRINTABLE },
		{ "base64", MIME_BASE64 },
	};
	size_t at = scan_cfws(value, 0), end = scan_token(value, at);

	if (scan_cfws(value, end) < value.n)
		return MIME_UNKNOWN;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_ieq(str_sub(value, at, end), str_from(names[i].name)))
			return names[i].encoding;
	return MIME_UNKNOWN;
}

enum result mime_describe(struct arena *arena, struct mime_part *part)
{
	const struct field *type, *encoding;
	size_t types = message_count(&part->header, STR("Content-Type"), &type);
	size_t encodings = message_count(
		&part->header, STR("Content-Transfer-Encoding"), &encoding);

	part->type = (struct mime_type){ STR("text"), STR("plain"), NULL, 0 };
	part->encoding = MIME_IDENTITY;
	if (types > 1 || encodings > 1)
		return E_SYNTAX;
	if (encodings)
		part->encoding = find_encoding(encoding->value);
	return types ? mime_type_parse(arena, type->value, &part->type) : OK;
}

enum result mime_part_parse(struct arena *arena, struct str text,
			    struct mime_part *part)
{
	enum result result;

	message_init(&part->header, arena);
	result = message_split(&part->header, text, &part->body);
	return result == OK ? mime_describe(arena, part) : result;
}

/*
 * Is there a soft line break (RFC 2045 section 6.7, rule 5) at i, perhaps
 * with white space that was added on the way? The index behind it, or i.
 */
static size_t soft_break(struct str s, size_t i)
{
	size_t end = i + 1;

	while (end < s.n && str_is_wsp(s.p[end]))
		end++;
	if (end < s.n && s.p[end] == '\r')
		end++;
	if (end == s.n)
		return end;
	return s.p[end] == '\n' ? end + 1 : i;
}

static struct str decode_quoted_printable(struct arena *arena, struct str text,
					  bool underscores)
{
	char *p = arena_alloc(arena, text.n);
	size_t n = 0;

	for (size_t i = 0; i < text.n;) {
		bool sign = text.p[i] == '=';
		int octet = sign ? hex_octet(text, i + 1) : -1;
		size_t end = sign ? soft_break(text, i) : i;

		if (octet >= 0) {
			p[n++] = (char)octet;
			i += 3;
		} else if (end > i) {
			i = end;
		} else {
			p[n++] = underscores && text.p[i] == '_' ? ' '
								 : text.p[i];
			i++;
		}
	}
	return (struct str){ p, n };
}

enum result mime_decode(struct arena *arena, const struct mime_part *part,
			struct str *plain)
{
	switch (part->encoding) {
	case MIME_IDENTITY:
		*plain = part->body;
		return OK;
	case MIME_QUOTED_PRINTABLE:
		*plain = decode_quoted_printable(arena, part->body, false);
		return OK;
	case MIME_BASE64:
		return crypto_base64_parse(arena, part->body, plain);
	case MIME_UNKNOWN:
		break;
	}
	return E_ABSENT;
}

/* "--boundary", perhaps with "--" and white space behind it. */
static bool is_delimiter(struct str line, struct str boundary, bool *last)
{
	if (line.n < boundary.n + 2 || line.p[0] != '-' || line.p[1] != '-' ||
	    memcmp(line.p + 2, boundary.p, boundary.n) != 0)
		return false;
	line = str_trim_end(str_sub(line, boundary.n + 2, line.n));
	*last = str_eq(line, STR("--"));
	return *last || !line.n;
}

/* RFC 2046 section 5.1.1: the line end before a delimiter is its own. */
static struct str without_line_end(struct str part)
{
	if (part.n && part.p[part.n - 1] == '\n')
		part.n--;
	if (part.n && part.p[part.n - 1] == '\r')
		part.n--;
	return part;
}

enum result mime_split(const struct mime_part *part, struct mime_parts *parts)
{
	struct str boundary = mime_parameter(&part->type, "boundary");
	struct str text = part->body, line;
	const char *begin = NULL;
	bool last = false;

	parts->n = 0;
	if (!boundary.n || boundary.n > LIMIT_MIME_BOUNDARY ||
	    str_is_wsp(boundary.p[boundary.n - 1]))
		return E_SYNTAX;
	while (!last && str_line(&text, &line)) {
		if (!is_delimiter(line, boundary, &last))
			continue;
		if (begin)
			parts->parts[parts->n++] = without_line_end((
				struct str){ begin, (size_t)(line.p - begin) });
		begin = text.p;
		if (parts->n == LIMIT_MIME_PARTS && !last)
			return E_LIMIT;
		if (!begin)
			break;
	}
	if (!last && begin)
		parts->parts[parts->n++] = (struct str){
			begin, (size_t)(part->body.p + part->body.n - begin)
		};
	return parts->n ? OK : E_ABSENT;
}

/* An encoded word (RFC 2047 section 2): "=?charset?encoding?text?=". */
struct word {
	char encoding;
	struct str text;
};

/* The index behind an encoded word at i, or i. */
static size_t scan_encoded_word(struct str s, size_t i, struct word *word)
{
	struct str rest = str_sub(s, i, s.n), part;
	const char *end;

	if (!str_cut(&rest, '?', &part) || !str_eq(part, STR("=")) ||
	    !str_cut(&rest, '?', &part) || !str_cut(&rest, '?', &part) ||
	    part.n != 1 || !rest.n)
		return i;
	/* Readers take a text with question marks, too. */
	end = memmem(rest.p, rest.n, "?=", 2);
	if (!end)
		return i;
	word->encoding = str_lower_byte(part.p[0]);
	word->text = str_sub(rest, 0, (size_t)(end - rest.p));
	return (size_t)(end + 2 - s.p);
}

static enum result decode_word(struct arena *arena, const struct word *word,
			       struct buf *plain)
{
	struct str octets;

	if (word->encoding == 'q')
		octets = decode_quoted_printable(arena, word->text, true);
	else if (word->encoding != 'b' ||
		 crypto_base64_parse(arena, word->text, &octets) != OK)
		return E_SYNTAX;
	buf_add(plain, octets);
	return OK;
}

enum result mime_words(struct arena *arena, struct str value, struct str *plain)
{
	enum result result = E_ABSENT;
	struct word word;
	struct buf buf;

	buf_init(&buf, arena, value.n);
	for (size_t i = 0; i < value.n;) {
		size_t end = scan_encoded_word(value, i, &word);
		size_t next = scan_fws(value, end);

		if (end == i) {
			buf_addc(&buf, value.p[i++]);
			continue;
		}
		result = decode_word(arena, &word, &buf);
		if (result != OK)
			return result;
		/* White space between two of them is not there (6.2). */
		i = scan_encoded_word(value, next, &word) > next ? next : end;
	}
	*plain = buf_str(&buf);
	return result;
}

struct str mime_quoted_printable(struct arena *arena, struct str text)
{
	enum { WIDTH = 76 };
	struct buf buf;
	size_t column = 0;

	buf_init(&buf, arena, 4 * text.n + 64);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool end = i + 1 == text.n || text.p[i + 1] == '\r';
		bool plain = (c > ' ' && c < 127 && c != '=') ||
			     (str_is_wsp((char)c) && !end);

		if (c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n') {
			buf_add(&buf, STR("\r\n"));
			column = 0;
			i++;
			continue;
		}
		if (column + (plain ? 1 : 3) > WIDTH - 1) {
			buf_add(&buf, STR("=\r\n"));
			column = 0;
		}
		if (plain)
			buf_addc(&buf, (char)c);
		else
			buf_printf(&buf, "=%02X", c);
		column += plain ? 1 : 3;
	}
	return buf_str(&buf);
}
