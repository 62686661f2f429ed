/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The patterns are a trie in lower case, and a text is walked once for each
 * way in which an address may be written: as it stands, then decoded from
 * xtext, percent signs and so on, with the place in the text that each octet
 * came from. What matches is struck out at that place.
 *
 * All this is for programs that write an address by some standard. Who means
 * to tell the address can do so in ways that nobody finds.
 */
#include "dsn_strike.h"

#include "buf.h"
#include "domain.h"
#include "dsn_decode.h"
#include "limits.h"
#include "mime.h"

/* How a pattern counts where it is found. */
enum kind {
	ADDRESS = 1, /* wherever it stands */
	WORD = 2,    /* without a letter or digit beside it */
	PUBLIC = 4,  /* what stands within it is not struck */
};

struct node {
	struct node *child;
	struct node *sibling;
	char byte;
	unsigned char kinds;
};

/* The forms of a domain: A-labels and U-labels; as it is, if it is none. */
struct forms {
	struct str forms[2];
	size_t n;
};

struct dsn_secrets {
	struct arena *arena;
	const struct dsn_public *public;
	struct forms *domains; /* of the public addresses, and the host */
	struct node root;
	struct node *first[256];
};

static struct node *node_child(struct dsn_secrets *secrets, struct node *node,
			       char byte)
{
	struct node **slot = node == &secrets->root
				     ? &secrets->first[(unsigned char)byte]
				     : &node->child;

	while (*slot && (*slot)->byte != byte)
		slot = &(*slot)->sibling;
	if (!*slot) {
		*slot = ARENA_NEW(secrets->arena, struct node, 1);
		(*slot)->byte = byte;
	}
	return *slot;
}

static void add_pattern(struct dsn_secrets *secrets, struct str text,
			enum kind kind)
{
	struct node *node = &secrets->root;

	if (!text.n || text.n > LIMIT_DSN_ADDRESS)
		return;
	for (size_t i = 0; i < text.n; i++)
		node = node_child(secrets, node, str_lower_byte(text.p[i]));
	node->kinds |= (unsigned char)kind;
}

static struct forms domain_forms(struct arena *arena, struct str domain)
{
	struct forms forms = { { domain, STR("") }, 1 };

	if (domain_normalize(arena, domain, &forms.forms[0]) == OK &&
	    domain_unicode(arena, forms.forms[0], &forms.forms[1]) == OK)
		forms.n = 2;
	return forms;
}

static void add_address(struct dsn_secrets *secrets, struct str local,
			const struct forms *domain, enum kind kind)
{
	for (size_t i = 0; i < domain->n; i++) {
		struct buf buf;

		buf_init(&buf, secrets->arena, LIMIT_DSN_ADDRESS);
		buf_add(&buf, local);
		buf_addc(&buf, '@');
		buf_add(&buf, domain->forms[i]);
		if (!buf.full)
			add_pattern(secrets, buf_str(&buf), kind);
	}
}

struct dsn_secrets *dsn_secrets_new(struct arena *arena,
				    const struct dsn_public *public)
{
	struct dsn_secrets *secrets = ARENA_NEW(arena, struct dsn_secrets, 1);

	secrets->arena = arena;
	secrets->public = public;
	add_pattern(secrets, STR(DSN_STRUCK), PUBLIC);
	add_pattern(secrets, public->host, PUBLIC);
	secrets->domains = ARENA_NEW(arena, struct forms, public->n + 1);
	secrets->domains[public->n] = domain_forms(arena, public->host);
	for (size_t i = 0; i < public->n; i++) {
		secrets->domains[i] =
			domain_forms(arena, public->addresses[i].domain);
		add_address(secrets, public->addresses[i].local,
			    &secrets->domains[i], PUBLIC);
	}
	return secrets;
}

/* Is a public address, or our host, of this domain or below it? */
static bool is_public_domain(const struct dsn_secrets *secrets,
			     const struct forms *domain)
{
	for (size_t i = 0; i <= secrets->public->n; i++)
		if (domain_is_within(secrets->domains[i].forms[0],
				     domain->forms[0]))
			return true;
	return false;
}

static bool is_public_local(const struct dsn_secrets *secrets, struct str local)
{
	for (size_t i = 0; i < secrets->public->n; i++)
		if (str_ieq(secrets->public->addresses[i].local, local))
			return true;
	return false;
}

/*
 * A local part without its suffix, without its dots, or both: many hosts
 * name a mailbox so when they speak of it.
 */
static struct str reduce(struct arena *arena, struct str local, bool suffix,
			 bool dots)
{
	char *p = arena_alloc(arena, local.n);
	size_t n = 0;

	for (size_t i = 0; i < local.n; i++) {
		if (suffix && i && local.p[i] == '+')
			break;
		if (!dots || local.p[i] != '.')
			p[n++] = local.p[i];
	}
	return (struct str){ p, n };
}

/* Is it one of the public addresses itself? */
static bool is_public(const struct dsn_secrets *secrets,
		      const struct mailbox *mailbox, const struct forms *domain)
{
	for (size_t i = 0; i < secrets->public->n; i++)
		if (str_ieq(secrets->public->addresses[i].local,
			    mailbox->local) &&
		    str_ieq(secrets->domains[i].forms[0], domain->forms[0]))
			return true;
	return false;
}

void dsn_secrets_add(struct dsn_secrets *secrets, const struct mailbox *secret)
{
	struct forms domain = domain_forms(secrets->arena, secret->domain);
	bool public = is_public_domain(secrets, &domain);

	if (is_public(secrets, secret, &domain))
		return;
	for (unsigned form = 0; form < 4; form++) {
		struct str local = reduce(secrets->arena, secret->local,
					  form & 1, form & 2);

		if (!local.n)
			continue;
		/* A public domain and a public local part are no secret. */
		if (!public || !is_public_local(secrets, local))
			add_address(secrets, local, &domain, ADDRESS);
		if (!is_public_local(secrets, local))
			add_pattern(secrets, local, WORD);
	}
	for (size_t i = 0; !public && i < domain.n; i++)
		add_pattern(secrets, domain.forms[i], WORD);
}

static bool is_alnum(char c)
{
	c = str_lower_byte(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(struct str s, size_t from, size_t to)
{
	return (from == 0 || !is_alnum(s.p[from - 1])) &&
	       (to == s.n || !is_alnum(s.p[to]));
}

/* The ends of the longest matches at a place, the place when there is none. */
struct match {
	size_t secret;
	size_t public;
};

static struct match find(const struct dsn_secrets *secrets, struct str s,
			 size_t i, unsigned kinds)
{
	const struct node *node;
	struct match match = { i, i };
	size_t end = i;

	node = secrets->first[(unsigned char)str_lower_byte(s.p[i])];
	while (node) {
		end++;
		if ((node->kinds & kinds & ADDRESS) ||
		    ((node->kinds & kinds & WORD) && is_word(s, i, end)))
			match.secret = end;
		if (node->kinds & PUBLIC)
			match.public = end;
		node = node->child;
		while (node &&
		       (end == s.n || node->byte != str_lower_byte(s.p[end])))
			node = node->sibling;
	}
	return match;
}

/* Marks in `struck`, if given, the bytes of the text that are private. */
static bool mark(const struct dsn_secrets *secrets, const struct dsn_view *view,
		 unsigned kinds, char *struck)
{
	size_t public = 0;
	bool found = false;

	for (size_t i = 0; i < view->text.n; i++) {
		struct match match = find(secrets, view->text, i, kinds);
		size_t from, to;

		if (match.public > i && match.public > public)
		public = match.public;
		if (match.secret == i || match.secret <= public)
			continue;
		found = true;
		if (!struck)
			return true;
		from = view->from ? view->from[i] : i;
		to = view->to ? view->to[match.secret - 1] : match.secret;
		memset(struck + from, 1, to - from);
	}
	return found;
}

/* The same for all ways in which it may be written. */
static bool mark_all(const struct dsn_secrets *secrets, struct str text,
		     unsigned kinds, char *struck)
{
	/* Decoded views are large and of no use behind this function. */
	struct arena *scratch = arena_new(4096);
	bool found = false;

	for (unsigned way = 0; way < DSN_VIEWS && (struck || !found); way++) {
		struct dsn_view view;

		arena_reset(scratch);
		if (dsn_decode(scratch, text, way, &view))
			found |= mark(secrets, &view, kinds, struck);
	}
	arena_free(scratch);
	return found;
}

static struct str replace(struct arena *arena, struct str text,
			  const char *struck)
{
	struct buf buf;

	buf_init(&buf, arena, (size_t)4 * LIMIT_DSN_BODY);
	for (size_t i = 0, end; i < text.n; i = end) {
		for (end = i; end < text.n && struck[end] == struck[i];)
			end++;
		buf_add(&buf,
			struck[i] ? STR(DSN_STRUCK) : str_sub(text, i, end));
	}
	return buf.full ? STR(DSN_STRUCK) : buf_str(&buf);
}

static struct str strike(struct arena *arena, const struct dsn_secrets *secrets,
			 struct str text, unsigned kinds)
{
	/* What is left may be read in another way than it was. */
	enum { ROUNDS = 4 };

	for (int round = 0; round < ROUNDS; round++) {
		char *struck = arena_alloc(arena, text.n);

		if (!mark_all(secrets, text, kinds, struck))
			return text;
		text = replace(arena, text, struck);
	}
	return STR(DSN_STRUCK);
}

struct str dsn_strike(struct arena *arena, const struct dsn_secrets *secrets,
		      struct str text)
{
	return strike(arena, secrets, text, ADDRESS | WORD);
}

bool dsn_is_private(const struct dsn_secrets *secrets, struct str text)
{
	return mark_all(secrets, text, ADDRESS | WORD, NULL);
}

struct str dsn_strike_field(struct arena *arena,
			    const struct dsn_secrets *secrets, struct str value)
{
	struct str struck = dsn_strike(arena, secrets, value), plain;
	enum result result = mime_words(arena, value, &plain);

	/* An encoded word with something struck out of it is none. */
	if (result == E_ABSENT || (result == OK && str_eq(struck, value) &&
				   !dsn_is_private(secrets, plain)))
		return struck;
	return STR(" " DSN_STRUCK);
}

/* A message on its way from `body` to `out`, part by part. */
struct walk {
	struct arena *arena;
	const struct dsn_secrets *secrets;
	struct buf out;
	size_t parts;
	int depth;
};

/*
 * Within the message that is returned stands what its author wrote, who does
 * not know of the private address; but its header was added to on the way.
 */
enum within { BOUNCE, RETURNED };

static enum result walk_part(struct walk *walk, const struct mime_part *part,
			     enum within within);

/* Charsets in which ASCII is what it is; in others nothing is found. */
static bool is_readable(const struct mime_type *type)
{
	static const char *const begins[] = {
		"us-ascii",  "ascii",	  "utf-8",     "utf8", "iso-8859-",
		"windows-",  "koi8-",	  "gb",	       "big5", "euc-",
		"shift_jis", "iso-2022-", "macintosh",
	};
	struct str charset = mime_parameter(type, "charset");

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (str_istarts(charset, str_from(begins[i])))
			return true;
	return !charset.n;
}

static void walk_text(struct walk *walk, struct str text, unsigned kinds)
{
	buf_add(&walk->out, strike(walk->arena, walk->secrets, text, kinds));
}

/*
 * A part without parts. What its encoding hides can't be struck out, so there
 * may be nothing private in it; but what is cut off in a returned message, or
 * in an encoding that nobody knows, is seen every day, and then the octets
 * are the text.
 */
static enum result walk_leaf(struct walk *walk, const struct mime_part *part,
			     enum within within)
{
	unsigned kinds = within == RETURNED ? ADDRESS : ADDRESS | WORD;
	struct mime_part struck = *part;
	struct str plain;
	enum result result = mime_decode(walk->arena, part, &plain);

	if (within == BOUNCE && (result != OK || !is_readable(&part->type)))
		return E_SYNTAX;
	if (result != OK || part->encoding != MIME_BASE64)
		struck.body =
			strike(walk->arena, walk->secrets, part->body, kinds);
	buf_add(&walk->out, struck.body);
	if (result == OK && part->encoding != MIME_IDENTITY &&
	    mime_decode(walk->arena, &struck, &plain) == OK &&
	    mark_all(walk->secrets, plain, kinds, NULL))
		return E_SYNTAX;
	return OK;
}

/* Do the encoded words of a header say something private? */
static bool has_words(struct walk *walk, const struct message *header)
{
	struct str plain;

	for (size_t i = 0; i < header->n; i++)
		if (mime_words(walk->arena, header->fields[i].value, &plain) ==
			    OK &&
		    mark_all(walk->secrets, plain, ADDRESS, NULL))
			return true;
	return false;
}

/* A header and a body. */
static enum result walk_message(struct walk *walk, struct str text,
				enum within within)
{
	struct mime_part part;
	enum result result;

	if (++walk->parts > LIMIT_MIME_PARTS)
		return E_LIMIT;
	result = mime_part_parse(walk->arena, text, &part);
	if (result != OK && within == BOUNCE)
		return result;
	if (result != OK) {
		walk_text(walk, text, ADDRESS | WORD);
		return OK;
	}
	if (has_words(walk, &part.header))
		return E_SYNTAX;
	walk_text(walk, str_sub(text, 0, text.n - part.body.n), ADDRESS | WORD);
	return walk_part(walk, &part, within);
}

static enum result walk_multipart(struct walk *walk,
				  const struct mime_part *part,
				  enum within within)
{
	struct mime_parts *parts = ARENA_NEW(walk->arena, struct mime_parts, 1);
	enum result result = mime_split(part, parts);
	const char *p = part->body.p, *end = p + part->body.n;

	if ((result == E_ABSENT || result == E_SYNTAX) && within == RETURNED) {
		walk_text(walk, part->body, ADDRESS | WORD);
		return OK;
	}
	for (size_t i = 0; i < parts->n && result == OK; i++) {
		struct str one = parts->parts[i];

		walk_text(walk, (struct str){ p, (size_t)(one.p - p) },
			  ADDRESS | WORD);
		result = walk_message(walk, one, within);
		p = one.p + one.n;
	}
	walk_text(walk, (struct str){ p, (size_t)(end - p) }, ADDRESS | WORD);
	return result;
}

static enum result walk_part(struct walk *walk, const struct mime_part *part,
			     enum within within)
{
	enum result result;

	if (++walk->depth > LIMIT_MIME_DEPTH)
		return E_LIMIT;
	if (part->encoding == MIME_IDENTITY &&
	    mime_is(&part->type, "multipart", "*"))
		result = walk_multipart(walk, part, within);
	else if (mime_is(&part->type, "multipart", "*"))
		result = E_SYNTAX;
	else if (part->encoding == MIME_IDENTITY &&
		 (mime_is(&part->type, "message", "rfc822") ||
		  mime_is(&part->type, "message", "global")))
		result = walk_message(walk, part->body, RETURNED);
	else
		result = walk_leaf(walk, part, within);
	walk->depth--;
	return result;
}

enum result dsn_strike_body(struct arena *arena,
			    const struct dsn_secrets *secrets,
			    const struct message *header, struct str body,
			    struct str *struck)
{
	struct mime_part part = { .header = *header, .body = body };
	struct walk walk = { .arena = arena, .secrets = secrets };
	enum result result;

	if (body.n > LIMIT_DSN_BODY)
		return E_LIMIT;
	buf_init(&walk.out, arena, (size_t)4 * LIMIT_DSN_BODY);
	result = mime_describe(arena, &part);
	if (result == OK)
		result = walk_part(&walk, &part, BOUNCE);
	if (result == E_ABSENT)
		result = E_SYNTAX;
	if (result == OK && walk.out.full)
		result = E_LIMIT;
	*struck = buf_str(&walk.out);
	return result;
}
