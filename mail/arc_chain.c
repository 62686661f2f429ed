/* SPDX-License-Identifier: BSD-2-Clause */
#include "arc_chain.h"

#include "dkim_hash.h"
#include "scan.h"

static const char *const names[ARC_KINDS] = {
	[ARC_AUTHRES] = "ARC-Authentication-Results",
	[ARC_MESSAGE] = "ARC-Message-Signature",
	[ARC_SEAL] = "ARC-Seal",
};

const char *arc_kind_name(enum arc_kind kind)
{
	return names[kind];
}

/* ARC_KINDS for a field of another kind. */
static enum arc_kind kind_of(const struct field *field)
{
	enum arc_kind kind = ARC_AUTHRES;

	while (kind < ARC_KINDS && !message_is(field, str_from(names[kind])))
		kind++;
	return kind;
}

/* The first fault is the one that is told. */
static void blame(struct arc_chain *chain, const char *fault)
{
	if (!chain->fault)
		chain->fault = fault;
}

/* 4.2.1: position = 1*2DIGIT ; 1 - 50. Larger ones are for step 1 of 5.2. */
static size_t parse_position(struct str value)
{
	uint64_t position;

	return taglist_number(value, 2, &position) == OK ? (size_t)position : 0;
}

/* 4.1.1: [CFWS] "i" [CFWS] "=" [CFWS] position [CFWS] ";" comes first. */
static size_t parse_authres(struct str value, struct arc_chain_field *field)
{
	size_t at = scan_cfws(value, 0), from;

	if (at == value.n || value.p[at] != 'i')
		return 0;
	at = scan_cfws(value, at + 1);
	if (at == value.n || value.p[at] != '=')
		return 0;
	from = at = scan_cfws(value, at + 1);
	while (at < value.n && value.p[at] >= '0' && value.p[at] <= '9')
		at++;
	value.n -= from, value.p += from, at -= from;
	from = scan_cfws(value, at);
	if (from == value.n || value.p[from] != ';')
		return 0;
	field->authres = str_trim(str_sub(value, from + 1, value.n));
	return parse_position(str_sub(value, 0, at));
}

/* The field's i=; 0 when it can't be read. */
static size_t parse_field(struct arena *arena, enum arc_kind kind,
			  struct arc_chain_field *field)
{
	struct str value = field->field->value;

	if (kind == ARC_AUTHRES)
		return parse_authres(value, field);
	if (taglist_parse(arena, value, &field->tags) != OK)
		return 0;
	return parse_position(taglist_value(&field->tags, "i", STR("")));
}

static void collect_field(struct arena *arena, const struct message *message,
			  size_t index, struct arc_chain *chain)
{
	struct arc_chain_field field = {
		&message->fields[index], index, { NULL, 0 }, { NULL, 0 }
	};
	enum arc_kind kind = kind_of(field.field);
	struct arc_chain_field *place;
	size_t i = parse_field(arena, kind, &field);

	if (i == 0) {
		blame(chain, "an ARC field has no readable instance (i=)");
		return;
	}
	if (i > chain->instances)
		chain->instances = i;
	if (i > LIMIT_ARC_SETS) {
		blame(chain, "too many ARC sets");
		return;
	}
	place = &chain->sets[i].fields[kind];
	if (place->field)
		blame(chain, "an ARC set has two fields of one kind");
	*place = field;
}

/*
 * More fields than the largest chain has need not be looked at: there is an
 * instance too many or one twice.
 */
static void collect(struct arena *arena, const struct message *message,
		    struct arc_chain *chain)
{
	size_t n = 0;

	for (size_t i = 0; i < message->n; i++) {
		if (kind_of(&message->fields[i]) == ARC_KINDS)
			continue;
		chain->there = true;
		if (n++ == LIMIT_ARC_SETS * ARC_KINDS) {
			chain->fault = "too many ARC sets";
			return;
		}
		collect_field(arena, message, i, chain);
	}
}

static bool has_status(const struct arc_chain_set *set, struct str status)
{
	const struct taglist *tags = &set->fields[ARC_SEAL].tags;

	return str_ieq(taglist_value(tags, "cv", STR("")), status);
}

/* 5.2 step 3 */
static const char *set_fault(const struct arc_chain *chain, size_t i)
{
	const struct arc_chain_set *set = &chain->sets[i];

	for (int kind = 0; kind < ARC_KINDS; kind++)
		if (!set->fields[kind].field)
			return "an ARC set is not complete";
	if (!has_status(set, i == 1 ? STR("none") : STR("pass")))
		return "an ARC-Seal has not the status of its place (cv=)";
	/* 4.1.3 */
	if (taglist_find(&set->fields[ARC_SEAL].tags, "h"))
		return "an ARC-Seal names fields (h=)";
	return NULL;
}

struct arc_chain *arc_chain_parse(struct arena *arena,
				  const struct message *message)
{
	struct arc_chain *chain = ARENA_NEW(arena, struct arc_chain, 1);
	size_t n;

	collect(arena, message, chain);
	n = chain->instances;
	/* 5.2 step 2: this is told first, for all below it may be broken. */
	chain->ended = n > 0 && n <= LIMIT_ARC_SETS &&
		       has_status(&chain->sets[n], STR("fail"));
	if (chain->ended)
		chain->fault = "the last sealer found the chain broken (cv=)";
	for (size_t i = n; !chain->fault && i > 0; i--)
		chain->fault = set_fault(chain, i);
	return chain;
}

void arc_chain_hash(struct crypto_hash *hash, const struct field *field)
{
	const struct canon_sink sink = dkim_hash_sink(hash);

	canon_field(CANON_RELAXED, field, true, &sink);
}

enum result arc_chain_digest(const struct crypto_hash *hash,
			     struct crypto_hash *scratch,
			     const struct field *seal,
			     unsigned char digest[CRYPTO_SHA256_SIZE])
{
	const struct canon_sink sink = dkim_hash_sink(scratch);
	enum result result = crypto_hash_copy(scratch, hash);

	if (result != OK)
		return result;
	canon_field(CANON_RELAXED, seal, false, &sink);
	return crypto_hash_end(scratch, digest);
}
