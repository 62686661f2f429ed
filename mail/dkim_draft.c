/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_draft.h"

#include <inttypes.h>

#include "buf.h"
#include "dkim_hash.h"
#include "limits.h"

static const char *const names[DKIM_TAGS] = {
	[DKIM_V] = "v",	  [DKIM_I] = "i", [DKIM_A] = "a",   [DKIM_C] = "c",
	[DKIM_CV] = "cv", [DKIM_D] = "d", [DKIM_S] = "s",   [DKIM_T] = "t",
	[DKIM_X] = "x",	  [DKIM_H] = "h", [DKIM_BH] = "bh", [DKIM_B] = "b",
};

static const enum dkim_tag by_name[DKIM_TAGS] = {
	DKIM_A, DKIM_B, DKIM_BH, DKIM_C, DKIM_CV, DKIM_D,
	DKIM_H, DKIM_I, DKIM_S,	 DKIM_T, DKIM_V,  DKIM_X,
};

/* Writes a field value that is folded under 78 columns where it can be. */
struct folder {
	struct buf buf;
	size_t column;
	size_t columns;
};

enum { COLUMNS = 77, TAB = 8 };

static void fold(struct folder *folder)
{
	buf_add(&folder->buf, STR("\n\t"));
	folder->column = TAB;
}

/* A part that must not be broken; a space before it, or a fold. */
static void add_part(struct folder *folder, const char *text)
{
	struct str part = str_from(text);

	if (folder->column + 1 + part.n > folder->columns)
		fold(folder);
	else
		buf_addc(&folder->buf, ' ');
	buf_add(&folder->buf, part);
	folder->column += 1 + part.n;
}

/* The names of h=, which may be folded after each colon. */
static void add_names(struct folder *folder, struct str list)
{
	while (list.n) {
		size_t n = str_find(list, ':');

		n += n < list.n;
		if (folder->column + n + 1 > folder->columns)
			fold(folder);
		buf_add(&folder->buf, str_sub(list, 0, n));
		folder->column += n;
		list = str_sub(list, n, list.n);
	}
}

/* Base64, which may be folded anywhere. */
static void add_base64(struct folder *folder, struct str text)
{
	while (text.n) {
		size_t n = folder->columns - folder->column;

		if (n > text.n)
			n = text.n;
		buf_add(&folder->buf, str_sub(text, 0, n));
		folder->column += n;
		text = str_sub(text, n, text.n);
		if (text.n)
			fold(folder);
	}
}

static void add_tag(struct folder *folder, enum dkim_tag tag, struct str value,
		    bool last)
{
	const char *end = last ? "" : ";";

	if (tag != DKIM_H && tag != DKIM_B) {
		add_part(folder, arena_printf(folder->buf.arena, "%s=%.*s%s",
					      names[tag], STR_ARG(value), end));
		return;
	}
	add_part(folder, arena_printf(folder->buf.arena, "%s=", names[tag]));
	if (tag == DKIM_H)
		add_names(folder, value);
	else
		add_base64(folder, value);
	buf_add(&folder->buf, str_from(end));
	folder->column += !last;
}

static struct str write_field(const struct dkim_draft *draft)
{
	struct folder folder = {
		.column = draft->name.n + 1,
		.columns = draft->sorted ? SIZE_MAX : COLUMNS,
	};
	size_t left = 0;

	/* Without its signature the field has b= nevertheless. */
	for (enum dkim_tag tag = 0; tag < DKIM_TAGS; tag++)
		left += tag == DKIM_B || draft->tags[tag].n;
	buf_init(&folder.buf, draft->arena, LIMIT_SIGNATURE);
	for (enum dkim_tag i = 0; i < DKIM_TAGS; i++) {
		enum dkim_tag tag = draft->sorted ? by_name[i] : i;
		struct str value = draft->tags[tag];

		if (tag == DKIM_B || value.n)
			add_tag(&folder, tag, value, --left == 0);
	}
	return folder.buf.full ? STR("") : buf_str(&folder.buf);
}

enum result dkim_draft_sign(struct dkim_draft *draft, enum canon canon,
			    struct crypto_hash *hash, struct str *value)
{
	const struct dkim_identity *identity = draft->identity;
	const struct canon_sink sink = dkim_hash_sink(hash);
	unsigned char digest[CRYPTO_SHA256_SIZE];
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	struct field field = { .name = draft->name };
	enum result result;
	size_t n;

	draft->tags[DKIM_A] = crypto_key_algorithm(identity->key) == CRYPTO_RSA
				      ? STR("rsa-sha256")
				      : STR("ed25519-sha256");
	draft->tags[DKIM_D] = identity->domain;
	draft->tags[DKIM_S] = identity->selector;
	draft->tags[DKIM_T] =
		str_from(arena_printf(draft->arena, "%" PRId64, draft->now));
	draft->tags[DKIM_B] = STR("");
	field.value = write_field(draft);
	if (!field.value.n)
		return E_LIMIT;
	/* RFC 6376 section 3.7: it comes last, with an empty b= and no CRLF. */
	canon_field(canon, &field, false, &sink);
	result = crypto_hash_end(hash, digest);
	if (result == OK)
		result = crypto_sign(identity->key, digest, signature, &n);
	if (result != OK)
		return result;
	draft->tags[DKIM_B] = crypto_base64(
		draft->arena, (struct str){ (char *)signature, n });
	*value = write_field(draft);
	return value->n ? OK : E_LIMIT;
}
