/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_key.h"

#include "domain.h"
#include "taglist.h"

enum result dkim_key_record(const struct crypto_key *key, struct arena *arena,
			    struct str *record)
{
	const char *type =
		crypto_key_algorithm(key) == CRYPTO_RSA ? "rsa" : "ed25519";
	struct str octets;
	enum result result = crypto_key_public(key, arena, &octets);

	if (result == OK)
		*record = str_from(
			arena_printf(arena, "v=DKIM1; k=%s; p=%s", type,
				     crypto_base64(arena, octets).p));
	return result;
}

static enum result fault(struct dkim_key *key, const char *what)
{
	key->fault = what;
	return E_SYNTAX;
}

static enum result parse_type(struct str type, struct dkim_key *key)
{
	if (str_ieq(type, STR("rsa")))
		key->algorithm = CRYPTO_RSA;
	else if (str_ieq(type, STR("ed25519"))) /* RFC 8463 section 4 */
		key->algorithm = CRYPTO_ED25519;
	else
		return fault(key, "key record: unknown key type (k=)");
	return OK;
}

/* The tags but p=; what is not known among their values is ignored. */
static enum result parse_tags(const struct taglist *list, struct dkim_key *key)
{
	const struct str rsa = STR("rsa"), none = STR(""), all = STR("*");
	const struct tag *version = taglist_find(list, "v");
	struct str hashes = taglist_value(list, "h", STR("sha1:sha256"));
	struct str service = taglist_value(list, "s", all);
	struct str flags = taglist_value(list, "t", none);

	/* v= comes first if it comes, and has one value. */
	if (version &&
	    (version != list->tags || !str_eq(version->value, STR("DKIM1"))))
		return fault(key, "key record: not version DKIM1 (v=)");
	key->hashes[CRYPTO_SHA256] = taglist_has(hashes, STR("sha256"));
	key->hashes[CRYPTO_SHA1] = taglist_has(hashes, STR("sha1"));
	if (!taglist_has(service, all) && !taglist_has(service, STR("email")))
		return fault(key, "key record: not for mail (s=)");
	key->testing = taglist_has(flags, STR("y"));
	key->strict = taglist_has(flags, STR("s"));
	return parse_type(taglist_value(list, "k", rsa), key);
}

enum result dkim_key_parse(struct arena *arena, struct str record,
			   struct dkim_key *key)
{
	const struct tag *data;
	struct taglist list;
	enum result result;

	*key = (struct dkim_key){ .fault = NULL };
	if (taglist_parse(arena, record, &list) != OK)
		return fault(key, "key record: no list of tags");
	result = parse_tags(&list, key);
	if (result != OK)
		return result;
	data = taglist_find(&list, "p");
	if (!data)
		return fault(key, "key record: no key (p=)");
	key->revoked = data->value.n == 0;
	if (crypto_base64_parse(arena, data->value, &key->octets) != OK)
		return fault(key, "key record: key is not base64 (p=)");
	return OK;
}

bool dkim_key_is_selector(struct arena *arena, struct str selector)
{
	struct str normal;

	return domain_normalize(arena, selector, &normal) == OK &&
	       str_ieq(normal, selector);
}
