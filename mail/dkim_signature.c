/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_signature.h"

#include "domain.h"
#include "limits.h"

/* RFC 6376 section 3.5: the ABNF of t= and x=, and of l=. */
enum { TIME_DIGITS = 12, LENGTH_DIGITS = 76 };

static const struct dkim_signature nothing = {
	.algorithm = STR(""),
	.domain = STR(""),
	.selector = STR(""),
	.key_name = STR(""),
	.identity = STR(""),
	.b = STR(""),
};

static enum result fault(struct dkim_signature *signature, const char *what)
{
	signature->fault = what;
	return E_SYNTAX;
}

static const struct {
	struct str name;
	enum crypto_algorithm key;
	enum crypto_digest digest;
} algorithms[] = {
	{ STR("rsa-sha256"), CRYPTO_RSA, CRYPTO_SHA256 },
	{ STR("ed25519-sha256"), CRYPTO_ED25519, CRYPTO_SHA256 },
	{ STR("rsa-sha1"), CRYPTO_RSA, CRYPTO_SHA1 },
};

static enum result parse_algorithm(struct dkim_signature *signature)
{
	if (!signature->algorithm.n)
		return fault(signature, "no algorithm (a=)");
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++) {
		if (!str_ieq(signature->algorithm, algorithms[i].name))
			continue;
		signature->key = algorithms[i].key;
		signature->digest = algorithms[i].digest;
		return OK;
	}
	return fault(signature, "unknown algorithm (a=)");
}

/*
 * A name that can be asked for. U-labels become A-labels (RFC 8616 section
 * 4); anything but letters, digits, hyphens, underscores is a fault.
 */
static bool parse_name(struct arena *arena, struct str value, struct str *name)
{
	struct str normal;

	if (!value.n || value.p[value.n - 1] == '.' ||
	    domain_normalize(arena, value, &normal) != OK)
		return false;
	*name = normal;
	return true;
}

static enum result parse_names(struct arena *arena, const struct taglist *list,
			       struct dkim_signature *signature)
{
	struct str domain = taglist_value(list, "d", STR(""));
	struct str selector = taglist_value(list, "s", STR(""));
	bool has_domain = parse_name(arena, domain, &signature->domain);
	bool has_selector = parse_name(arena, selector, &signature->selector);

	/* 3.5: domain-name = sub-domain 1*("." sub-domain) */
	if (!has_domain || !domain_parent(signature->domain).n)
		return fault(signature, "no valid domain (d=)");
	if (!has_selector)
		return fault(signature, "no valid selector (s=)");
	/* 3.6.2.1 */
	signature->key_name =
		str_from(arena_printf(arena, "%.*s._domainkey.%.*s",
				      STR_ARG(signature->selector),
				      STR_ARG(signature->domain)));
	if (signature->key_name.n > LIMIT_DOMAIN - 2)
		return fault(signature, "no valid name for a key (s=, d=)");
	signature->agent = signature->domain;
	return OK;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 127)
			return true;
	return false;
}

/* i=: the identity is "@" and d= if it is not said. */
static enum result parse_identity(struct arena *arena,
				  const struct taglist *list,
				  struct dkim_signature *signature)
{
	const struct tag *tag = taglist_find(list, "i");
	struct str plain, domain;
	size_t at;

	signature->identity = str_from(
		arena_printf(arena, "@%.*s", STR_ARG(signature->domain)));
	if (!tag)
		return OK;
	if (taglist_unquote(arena, tag->value, &plain) != OK ||
	    has_control(plain))
		return fault(signature, "no valid identity (i=)");
	at = str_find_last(plain, '@');
	if (at == plain.n ||
	    !parse_name(arena, str_sub(plain, at + 1, plain.n), &domain))
		return fault(signature, "no valid identity (i=)");
	/* 6.1.1: "domain mismatch" */
	if (!domain_is_within(domain, signature->domain))
		return fault(signature, "identity is not within d= (i=)");
	signature->identity = plain;
	signature->agent = domain;
	return OK;
}

/* h=: names with colons between them. */
static enum result parse_fields(const struct taglist *list,
				struct dkim_signature *signature)
{
	const struct tag *tag = taglist_find(list, "h");
	struct str rest, name;

	if (!tag)
		return fault(signature, "no names of fields (h=)");
	signature->names = rest = tag->value;
	while (taglist_cut(&rest, &name))
		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] <= ' ' || name.p[i] > '~')
				return fault(signature,
					     "no valid name of a field (h=)");
	return OK;
}

/* 3.5: no name is empty. 6.1.1: From is among them. */
static enum result require_from(struct dkim_signature *signature)
{
	struct str rest = signature->names, name;

	while (taglist_cut(&rest, &name))
		if (name.n == 0)
			return fault(signature, "no names of fields (h=)");
	if (!taglist_has(signature->names, STR("From")))
		return fault(signature, "From is not signed (h=)");
	return OK;
}

static enum result parse_canon(const struct taglist *list, struct str otherwise,
			       struct dkim_signature *signature)
{
	struct str value = taglist_value(list, "c", otherwise);

	if (canon_parse(value, &signature->header, &signature->body) != OK)
		return fault(signature, "unknown canonicalization (c=)");
	return OK;
}

static enum result parse_time(const struct taglist *list,
			      struct dkim_signature *signature)
{
	const struct tag *made = taglist_find(list, "t");

	if (made &&
	    taglist_number(made->value, TIME_DIGITS, &signature->made) != OK)
		return fault(signature, "no valid time (t=)");
	return OK;
}

static enum result parse_expiration(const struct taglist *list,
				    struct dkim_signature *signature)
{
	const struct tag *expires = taglist_find(list, "x");

	if (!expires)
		return OK;
	if (taglist_number(expires->value, TIME_DIGITS, &signature->expires) !=
	    OK)
		return fault(signature, "no valid expiration (x=)");
	/* 3.5: x= must be greater than t=. An x= of 0 is long ago too. */
	if (taglist_find(list, "t") && signature->expires <= signature->made)
		return fault(signature, "expires before it was made (x=)");
	signature->expires += signature->expires == 0;
	return OK;
}

static enum result parse_length(const struct taglist *list,
				struct dkim_signature *signature)
{
	const struct tag *length = taglist_find(list, "l");

	signature->partial = length;
	if (length && taglist_number(length->value, LENGTH_DIGITS,
				     &signature->length) != OK)
		return fault(signature, "no valid body length (l=)");
	return OK;
}

/* 3.7: what is signed is the field with b= empty, white space gone as well. */
static struct str without_b(struct arena *arena, struct str value,
			    struct str raw)
{
	size_t before = (size_t)(raw.p - value.p), after = before + raw.n;
	char *bare = arena_alloc(arena, value.n);

	memcpy(bare, value.p, before);
	memcpy(bare + before, value.p + after, value.n - after);
	return (struct str){ bare, value.n - raw.n };
}

static enum result parse_body_hash(struct arena *arena,
				   const struct taglist *list,
				   struct dkim_signature *signature)
{
	const struct tag *hash = taglist_find(list, "bh");

	if (!hash ||
	    crypto_base64_parse(arena, hash->value, &signature->body_hash) !=
		    OK ||
	    signature->body_hash.n != crypto_digest_size(signature->digest))
		return fault(signature, "no valid body hash (bh=)");
	return OK;
}

static enum result parse_b(struct arena *arena, struct str value,
			   const struct taglist *list,
			   struct dkim_signature *signature)
{
	const struct tag *b = taglist_find(list, "b");

	if (!b ||
	    crypto_base64_parse(arena, b->value, &signature->signature) != OK ||
	    !signature->signature.n)
		return fault(signature, "no valid signature (b=)");
	signature->bare = without_b(arena, value, b->raw);
	return OK;
}

/* Who signed, how and when: what an ARC-Seal has as well. */
static enum result parse_origin(struct arena *arena, const struct taglist *list,
				struct dkim_signature *signature)
{
	enum result result;

	*signature = nothing;
	signature->algorithm = taglist_value(list, "a", STR(""));
	signature->b = taglist_value(list, "b", STR(""));
	result = parse_names(arena, list, signature);
	if (result == OK)
		result = parse_algorithm(signature);
	if (result == OK)
		result = parse_time(list, signature);
	return result;
}

/* `canon` stands for a c= that is not there. */
static enum result parse_tags(struct arena *arena, struct str value,
			      const struct taglist *list, struct str canon,
			      struct dkim_signature *signature)
{
	enum result result = parse_origin(arena, list, signature);

	if (result == OK)
		result = parse_canon(list, canon, signature);
	if (result == OK)
		result = parse_fields(list, signature);
	if (result == OK)
		result = parse_length(list, signature);
	if (result == OK)
		result = parse_expiration(list, signature);
	if (result == OK)
		result = parse_body_hash(arena, list, signature);
	if (result == OK)
		result = parse_b(arena, value, list, signature);
	return result;
}

enum result dkim_signature_tags(struct arena *arena, struct str value,
				const struct taglist *list,
				struct dkim_signature *signature)
{
	return parse_tags(arena, value, list, STR("relaxed/relaxed"),
			  signature);
}

enum result dkim_signature_seal(struct arena *arena, struct str value,
				const struct taglist *list,
				struct dkim_signature *signature)
{
	enum result result = parse_origin(arena, list, signature);

	if (result == OK)
		result = parse_b(arena, value, list, signature);
	return result;
}

enum result dkim_signature_parse(struct arena *arena, struct str value,
				 bool drafts, struct dkim_signature *signature)
{
	struct str version;
	struct taglist list;
	enum result result;

	*signature = nothing;
	if (taglist_parse(arena, value, &list) != OK)
		return fault(signature, "no list of tags");
	result = parse_tags(arena, value, &list, STR("simple/simple"),
			    signature);
	/* 6.1.1: "incompatible version" comes before all other faults. */
	version = taglist_value(&list, "v", STR(""));
	if (!str_eq(version, STR("1")) &&
	    !(drafts && str_eq(version, STR("0.5"))))
		return fault(signature, "unknown version (v=)");
	if (result == OK)
		result = require_from(signature);
	if (result == OK)
		result = parse_identity(arena, &list, signature);
	/* 3.5: one of the query methods must be known; there is only one. */
	if (result == OK &&
	    !taglist_has(taglist_value(&list, "q", STR("dns/txt")),
			 STR("dns/txt")))
		return fault(signature, "unknown query method (q=)");
	return result;
}
