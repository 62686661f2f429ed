/* SPDX-License-Identifier: BSD-2-Clause */
#include "alias_index.h"

#include "buf.h"
#include "domain.h"
#include "limits.h"
#include "scan.h"

/* Letters, digits, dots and the rest of an unquoted local part. */
static bool is_local(struct str local)
{
	size_t i = 0;

	if (local.n == 0 || local.n > LIMIT_LOCAL_PART)
		return false;
	while (i < local.n) {
		size_t next = scan_atext(local, i);

		if (next == i && local.p[i] != '.')
			return false;
		i = next == i ? i + 1 : next;
	}
	return true;
}

/* "address via host" */
static bool has_via(struct str text)
{
	size_t space = 0;

	while (space < text.n && !str_is_wsp(text.p[space]))
		space++;
	text = str_trim(str_sub(text, space, text.n));
	return str_istarts(text, STR("via")) &&
	       (text.n == 3 || str_is_wsp(text.p[3]));
}

static enum result parse_target(struct arena *arena, struct str text,
				struct str domain, struct mailbox *target,
				const char **what)
{
	size_t sign = str_find_last(text, '@');

	*target = (struct mailbox){ str_sub(text, 0, sign), domain };
	if (has_via(text)) {
		*what = "\"via HOST\" is not known here; name the host in "
			"transport_maps of Postfix instead";
		return E_SYNTAX;
	}
	if (!is_local(target->local)) {
		*what = "expected a target like user or user@domain, without "
			"parameters or quotes";
		return E_SYNTAX;
	}
	if (target->local.p[0] == '-') {
		*what = "a target can't begin with \"-\": MTAs take that for "
			"an option";
		return E_SYNTAX;
	}
	if (sign < text.n &&
	    domain_normalize(arena, str_sub(text, sign + 1, text.n),
			     &target->domain) != OK) {
		*what = "expected a domain behind the @ of a target, without "
			"parameters";
		return E_SYNTAX;
	}
	return OK;
}

static enum result parse_targets(struct arena *arena, struct str text,
				 struct str domain, struct alias *alias,
				 const char **what)
{
	size_t n = 1;
	struct str part;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ',';
	if (n > LIMIT_ALIAS_TARGETS) {
		*what = "there are too many targets";
		return E_LIMIT;
	}
	alias->targets = ARENA_NEW(arena, struct mailbox, n);
	while (str_cut(&text, ',', &part)) {
		enum result result;

		part = str_trim(part);
		if (!part.n)
			continue;
		result = parse_target(arena, part, domain,
				      &alias->targets[alias->n], what);
		if (result != OK)
			return result;
		alias->n++;
	}
	if (alias->n)
		return OK;
	*what = "there is no target behind the colon";
	return E_SYNTAX;
}

/* Splits "user: rest"; false for a line without content. */
static bool split_line(struct str line, struct str *user, struct str *rest)
{
	size_t colon;

	line = str_trim(line);
	if (!line.n || line.p[0] == '#')
		return false;
	colon = str_find(line, ':');
	*user = str_trim(str_sub(line, 0, colon));
	*rest = colon < line.n ? str_trim(str_sub(line, colon + 1, line.n))
			       : (struct str){ NULL, 0 };
	return true;
}

static bool is_refusal(struct str rest)
{
	struct str refuse = STR("!refuse");

	return str_istarts(rest, refuse) &&
	       (rest.n == refuse.n || str_is_wsp(rest.p[refuse.n]));
}

static enum result parse_rest(struct arena *arena, struct str rest,
			      struct str domain, struct alias *alias,
			      const char **what)
{
	*alias = (struct alias){ .targets = NULL };
	if (rest.n && rest.p[0] == '|') {
		*what = "commands are not run here; use a transport with "
			"pipe(8) of Postfix instead";
		return E_SYNTAX;
	}
	if (!is_refusal(rest))
		return parse_targets(arena, rest, domain, alias, what);
	alias->refuse = true;
	alias->text = str_trim(str_sub(rest, strlen("!refuse"), rest.n));
	return OK;
}

static enum result check_line(struct arena *scratch, struct str user,
			      struct str rest, struct str domain,
			      const char **what)
{
	struct alias alias;

	if (user.n + rest.n > LIMIT_ALIAS_LINE) {
		*what = "the line is too long";
		return E_LIMIT;
	}
	if (memchr(user.p, '\0', user.n) ||
	    (rest.n && memchr(rest.p, '\0', rest.n))) {
		*what = "expected UTF-8 text, and there is a NUL byte";
		return E_SYNTAX;
	}
	if (!rest.p) {
		*what = "expected \"user: target, target\"";
		return E_SYNTAX;
	}
	if (str_find(user, '@') < user.n) {
		*what = "no @ on the left: the file is for one domain";
		return E_SYNTAX;
	}
	if (!is_local(user)) {
		*what = "expected a user's name or * on the left";
		return E_SYNTAX;
	}
	return parse_rest(scratch, rest, domain, &alias, what);
}

/* FNV-1a over the user in lower case */
static uint32_t hash_of(struct str user)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < user.n; i++) {
		hash ^= (unsigned char)str_lower_byte(user.p[i]);
		hash *= 16777619u;
	}
	return hash;
}

static void read_slot(const struct aliases *aliases,
		      const struct alias_slot *slot, struct str *user,
		      struct str *rest)
{
	struct str text = str_sub(aliases->text, slot->at - 1, aliases->text.n);

	split_line(str_sub(text, 0, str_find(text, '\n')), user, rest);
}

/* The slot that has the user, or the free one where it would go. */
static struct alias_slot *find_slot(const struct aliases *aliases,
				    struct str user, uint32_t hash)
{
	for (size_t i = hash & aliases->mask;; i = (i + 1) & aliases->mask) {
		struct alias_slot *slot = &aliases->slots[i];
		struct str there, rest;

		if (!slot->at)
			return slot;
		if (slot->hash != hash)
			continue;
		read_slot(aliases, slot, &there, &rest);
		if (str_ieq(there, user))
			return slot;
	}
}

static void index_line(struct aliases *aliases, struct str user,
		       struct str line)
{
	uint32_t hash = hash_of(user);
	struct alias_slot *slot = find_slot(aliases, user, hash);

	aliases->n += !slot->at;
	slot->hash = hash;
	slot->at = (uint32_t)(line.p - aliases->text.p) + 1;
}

/* A table at most half full. */
static struct aliases *new_index(struct arena *arena, struct str text,
				 struct str domain,
				 const struct alias_rules *rules, size_t lines)
{
	struct aliases *aliases = ARENA_NEW(arena, struct aliases, 1);
	size_t size = 4;

	while (size < lines * 2)
		size *= 2;
	*aliases = (struct aliases){
		.text = text,
		.domain = domain,
		.rules = rules,
		.slots = ARENA_NEW(arena, struct alias_slot, size),
		.mask = size - 1,
	};
	return aliases;
}

/* The first fault of the text; without one, *lines is what it has. */
static enum result check_text(struct str text, struct str domain, size_t *lines,
			      struct alias_fault *fault)
{
	struct arena *scratch = arena_new(16384);
	enum result result = OK;
	struct str line, user, rest;

	*lines = fault->line = 0;
	while (result == OK && str_line(&text, &line)) {
		fault->line++;
		if (!split_line(line, &user, &rest))
			continue;
		result = check_line(scratch, user, rest, domain, &fault->what);
		alias_sweep(scratch);
		++*lines;
	}
	arena_free(scratch);
	return result;
}

enum result alias_parse(struct arena *arena, struct str text, struct str domain,
			const struct alias_rules *rules,
			struct aliases **aliases, struct alias_fault *fault)
{
	struct str todo = text, line, user, rest;
	enum result result;
	size_t lines;

	*fault = (struct alias_fault){ 1, "the file is too long" };
	if (text.n > LIMIT_ALIAS_FILE)
		return E_LIMIT;
	/* Some editors begin a text in UTF-8 with this mark. */
	if (str_istarts(text, STR("\xef\xbb\xbf")))
		todo = text = str_sub(text, 3, text.n);
	result = check_text(text, domain, &lines, fault);
	if (result != OK)
		return result;
	*aliases = new_index(arena, text, domain, rules, lines);
	while (str_line(&todo, &line))
		if (split_line(line, &user, &rest))
			index_line(*aliases, user, line);
	return OK;
}

struct str alias_text(const struct aliases *aliases)
{
	return aliases->text;
}

size_t alias_line(const struct aliases *aliases, struct str user)
{
	size_t line = 1;

	for (const char *p = aliases->text.p; p < user.p; p++)
		line += *p == '\n';
	return line;
}

size_t alias_count(const struct aliases *aliases)
{
	return aliases->n;
}

static bool is_name(struct str local)
{
	return local.n && !str_eq(local, STR("*"));
}

static struct alias_slot *find_exact(const struct aliases *aliases,
				     struct str user)
{
	struct alias_slot *slot = find_slot(aliases, user, hash_of(user));

	return slot->at ? slot : NULL;
}

struct alias_slot *alias_find_slot(const struct aliases *aliases,
				   struct arena *arena, struct str local)
{
	struct alias_slot *slot;

	if (!is_name(local))
		return NULL;
	slot = find_exact(aliases, local);
	if (slot)
		return slot;
	local = alias_reduce(arena, aliases->rules, local);
	return is_name(local) ? find_exact(aliases, local) : NULL;
}

struct alias_slot *alias_find_catch_all_slot(const struct aliases *aliases)
{
	return find_exact(aliases, STR("*"));
}

static enum result read_alias(const struct aliases *aliases,
			      struct arena *arena,
			      const struct alias_slot *slot,
			      struct alias *alias)
{
	struct str user, rest;
	enum result result;
	const char *what;

	if (!slot)
		return E_ABSENT;
	read_slot(aliases, slot, &user, &rest);
	result = parse_rest(arena, rest, aliases->domain, alias, &what);
	alias->user = user;
	return result;
}

enum result alias_find(const struct aliases *aliases, struct arena *arena,
		       struct str local, struct alias *alias)
{
	return read_alias(aliases, arena,
			  alias_find_slot(aliases, arena, local), alias);
}

enum result alias_find_catch_all(const struct aliases *aliases,
				 struct arena *arena, struct alias *alias)
{
	return read_alias(aliases, arena, alias_find_catch_all_slot(aliases),
			  alias);
}

struct str alias_targets(const struct aliases *aliases,
			 const struct alias_slot *slot, struct str *user)
{
	struct str rest;

	read_slot(aliases, slot, user, &rest);
	return is_refusal(rest) ? (struct str){ NULL, 0 } : rest;
}

bool alias_next_target(const struct aliases *aliases, struct arena *arena,
		       struct str *rest, struct mailbox *target)
{
	const char *what;
	struct str part;

	while (str_cut(rest, ',', &part)) {
		part = str_trim(part);
		if (part.n)
			return parse_target(arena, part, aliases->domain,
					    target, &what) == OK;
	}
	return false;
}

void alias_each(const struct aliases *aliases, struct arena *arena,
		bool (*visit)(void *context, struct str user,
			      const struct alias *alias),
		void *context)
{
	struct str todo = aliases->text, line, user, rest;

	while (str_line(&todo, &line)) {
		const struct alias_slot *slot;
		struct alias alias;
		const char *what;

		if (!split_line(line, &user, &rest))
			continue;
		slot = find_slot(aliases, user, hash_of(user));
		/* Of two lines for one user the last is in force. */
		if (aliases->text.p + slot->at - 1 != line.p)
			continue;
		parse_rest(arena, rest, aliases->domain, &alias, &what);
		if (visit(context, user, &alias))
			return;
	}
}

struct str alias_strip_suffix(struct arena *arena,
			      const struct alias_rules *rules, struct str local)
{
	size_t n = 0;

	/* A name that begins with a separator has no suffix, but is one. */
	while (n < local.n &&
	       (n == 0 || str_find(rules->suffix_separators, local.p[n]) ==
				  rules->suffix_separators.n))
		n++;
	return arena_lower(arena, str_sub(local, 0, n));
}

struct str alias_reduce(struct arena *arena, const struct alias_rules *rules,
			struct str local)
{
	struct str stripped = alias_strip_suffix(arena, rules, local);
	struct buf buf;

	buf_init(&buf, arena, stripped.n);
	for (size_t i = 0; i < stripped.n; i++)
		if (str_find(rules->drop_characters, stripped.p[i]) ==
		    rules->drop_characters.n)
			buf_addc(&buf, stripped.p[i]);
	return buf_str(&buf);
}
