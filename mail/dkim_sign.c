/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_sign.h"

#include <inttypes.h>
#include <stdlib.h>

#include "buf.h"
#include "limits.h"

static struct str default_oversign[] = {
	STR("From"),	     STR("To"),
	STR("Cc"),	     STR("Subject"),
	STR("Date"),	     STR("Reply-To"),
	STR("Message-ID"),   STR("MIME-Version"),
	STR("Content-Type"), STR("Content-Transfer-Encoding"),
};

static struct str default_present[] = {
	STR("Sender"),	 STR("In-Reply-To"), STR("References"),
	STR("Resent-*"), STR("List-*"),
};

const struct dkim_policy dkim_policy_default = {
	.header = CANON_RELAXED,
	.body = CANON_RELAXED,
	.oversign = default_oversign,
	.n_oversign = sizeof(default_oversign) / sizeof(*default_oversign),
	.present = default_present,
	.n_present = sizeof(default_present) / sizeof(*default_present),
};

struct dkim_signer {
	const struct dkim_policy *policy;
	struct crypto_hash *hash;   /* of the body, then of a signature */
	struct crypto_hash *header; /* of the signed fields */
	struct canon_body body;
	unsigned char body_hash[CRYPTO_SHA256_SIZE];
	struct str names; /* h= */
};

static void hash_write(void *context, const char *bytes, size_t n)
{
	crypto_hash_add(context, bytes, n);
}

/*
 * May the name stand in h=? RFC 5322 lets a field name have a semicolon,
 * which there would end the tag.
 */
static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = str_lower_byte(name.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return name.n > 0;
}

/* RFC 6376 section 5.4.1: what MTAs add, change or take away. */
bool dkim_sign_may_cover(struct str name)
{
	static const struct str never[] = {
		STR("Received"),
		STR("Return-Path"),
		STR("Bcc"),
		STR("Resent-Bcc"),
		STR("DKIM-Signature"),
		STR("Authentication-Results"),
	};

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (str_ieq(name, never[i]))
			return false;
	return is_plain(name) && !str_istarts(name, STR("ARC-"));
}

static bool matches(struct str pattern, struct str name)
{
	if (pattern.n && pattern.p[pattern.n - 1] == '*')
		return str_istarts(name, str_sub(pattern, 0, pattern.n - 1));
	return str_ieq(name, pattern);
}

static bool is_oversigned(const struct dkim_policy *policy, struct str name)
{
	for (size_t i = 0; i < policy->n_oversign; i++)
		if (str_ieq(name, policy->oversign[i]))
			return true;
	return false;
}

static bool is_signed_if_present(const struct dkim_policy *policy,
				 struct str name)
{
	if (!dkim_sign_may_cover(name))
		return false;
	for (size_t i = 0; i < policy->n_present; i++)
		if (matches(policy->present[i], name))
			return !is_oversigned(policy, name);
	return false;
}

bool dkim_policy_covers(const struct dkim_policy *policy, struct str name)
{
	name = str_trim_end(name);
	return is_oversigned(policy, name) ||
	       is_signed_if_present(policy, name);
}

struct dkim_signer *dkim_sign_begin(const struct dkim_policy *policy)
{
	struct dkim_signer *signer = arena_must(calloc(1, sizeof(*signer)));
	struct canon_sink sink = { hash_write, NULL };

	signer->policy = policy;
	signer->hash = sink.context = crypto_hash_new();
	signer->header = crypto_hash_new();
	if (!signer->hash || !signer->header ||
	    crypto_hash_begin(signer->hash) != OK ||
	    crypto_hash_begin(signer->header) != OK) {
		dkim_sign_free(signer);
		return NULL;
	}
	canon_body_begin(&signer->body, policy->body, &sink);
	return signer;
}

void dkim_sign_body(struct dkim_signer *signer, struct str chunk)
{
	canon_body_chunk(&signer->body, chunk);
}

void dkim_sign_free(struct dkim_signer *signer)
{
	if (!signer)
		return;
	crypto_hash_free(signer->hash);
	crypto_hash_free(signer->header);
	free(signer);
}

size_t dkim_sign_longest_line(const struct dkim_signer *signer)
{
	return signer->body.longest;
}

bool dkim_sign_eight_bit(const struct dkim_signer *signer)
{
	return signer->body.eight_bit;
}

static void name_field(struct buf *names, struct str name)
{
	if (names->n)
		buf_addc(names, ':');
	buf_add(names, name);
}

/*
 * Hashes the fields and writes their names for h=. A verifier takes the
 * instances of a name from the bottom of the header up (5.4.2), so the walk
 * goes that way and meets each field where h= names it. An oversigned name
 * is named once more than it occurs: nobody can add another one unseen.
 */
static void sign_fields(struct dkim_signer *signer, struct buf *names,
			const struct message *message)
{
	const struct dkim_policy *policy = signer->policy;
	const struct canon_sink sink = { hash_write, signer->header };

	for (size_t o = 0; o < policy->n_oversign; o++) {
		struct str name = policy->oversign[o];

		for (size_t i = message->n; i > 0; i--) {
			const struct field *field = &message->fields[i - 1];

			if (!message_is(field, name))
				continue;
			name_field(names, name);
			canon_field(policy->header, field, true, &sink);
		}
		name_field(names, name);
	}
	for (size_t i = message->n; i > 0; i--) {
		const struct field *field = &message->fields[i - 1];
		struct str name = str_trim_end(field->name);

		if (!is_signed_if_present(policy, name))
			continue;
		name_field(names, name);
		canon_field(policy->header, field, true, &sink);
	}
}

enum result dkim_sign_end(struct dkim_signer *signer, struct arena *arena,
			  const struct message *message)
{
	struct buf names;

	canon_body_end(&signer->body);
	buf_init(&names, arena, LIMIT_SIGNED_NAMES);
	sign_fields(signer, &names, message);
	signer->names = buf_str(&names);
	if (names.full)
		return E_LIMIT;
	return crypto_hash_end(signer->hash, signer->body_hash);
}

/* Writes a field value that is folded under 78 columns where it can be. */
struct folder {
	struct buf buf;
	size_t column;
};

enum { COLUMNS = 77, TAB = 8 };

static void fold(struct folder *folder)
{
	buf_add(&folder->buf, STR("\n\t"));
	folder->column = TAB;
}

/* A part that must not be broken; a space before it, or a fold. */
static void add_tag(struct folder *folder, const char *text)
{
	struct str part = str_from(text);

	if (folder->column + 1 + part.n > COLUMNS)
		fold(folder);
	else
		buf_addc(&folder->buf, ' ');
	buf_add(&folder->buf, part);
	folder->column += 1 + part.n;
}

/* The names of h=, which may be folded after each colon. */
static void add_names(struct folder *folder, struct str names)
{
	while (names.n) {
		size_t n = str_find(names, ':');

		n += n < names.n;
		if (folder->column + n + 1 > COLUMNS)
			fold(folder);
		buf_add(&folder->buf, str_sub(names, 0, n));
		folder->column += n;
		names = str_sub(names, n, names.n);
	}
}

/* Base64, which may be folded anywhere. */
static void add_base64(struct folder *folder, struct str text)
{
	while (text.n) {
		size_t n = COLUMNS - folder->column;

		if (n > text.n)
			n = text.n;
		buf_add(&folder->buf, str_sub(text, 0, n));
		folder->column += n;
		text = str_sub(text, n, text.n);
		if (text.n)
			fold(folder);
	}
}

/* The field up to and with "b=" (RFC 6376 section 3.5). */
static void add_tags(struct folder *folder, const struct dkim_signer *signer,
		     const struct dkim_identity *identity, int64_t now)
{
	struct arena *arena = folder->buf.arena;
	const struct dkim_policy *policy = signer->policy;
	bool rsa = crypto_key_algorithm(identity->key) == CRYPTO_RSA;
	struct str hash = { (const char *)signer->body_hash,
			    sizeof(signer->body_hash) };

	add_tag(folder, "v=1;");
	add_tag(folder, rsa ? "a=rsa-sha256;" : "a=ed25519-sha256;");
	add_tag(folder,
		arena_printf(arena, "c=%s/%s;", canon_name(policy->header),
			     canon_name(policy->body)));
	add_tag(folder,
		arena_printf(arena, "d=%.*s;", STR_ARG(identity->domain)));
	add_tag(folder,
		arena_printf(arena, "s=%.*s;", STR_ARG(identity->selector)));
	add_tag(folder, arena_printf(arena, "t=%" PRId64 ";", now));
	if (policy->expire)
		add_tag(folder, arena_printf(arena, "x=%" PRId64 ";",
					     now + policy->expire));
	add_tag(folder, "h=");
	add_names(folder, signer->names);
	buf_addc(&folder->buf, ';');
	folder->column++;
	add_tag(folder,
		arena_printf(arena, "bh=%s;", crypto_base64(arena, hash).p));
	add_tag(folder, "b=");
}

enum result dkim_sign_field(struct dkim_signer *signer, struct arena *arena,
			    const struct dkim_identity *identity, int64_t now,
			    struct str *value)
{
	const struct canon_sink sink = { hash_write, signer->hash };
	unsigned char digest[CRYPTO_SHA256_SIZE];
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	struct folder folder = { .column = STR("DKIM-Signature:").n };
	struct field field;
	enum result result;
	size_t n;

	buf_init(&folder.buf, arena, LIMIT_SIGNATURE);
	add_tags(&folder, signer, identity, now);
	field = (struct field){ STR("DKIM-Signature"), buf_str(&folder.buf) };

	/* 3.7: the field itself comes last, with an empty b= and no CRLF. */
	result = crypto_hash_copy(signer->hash, signer->header);
	if (result == OK) {
		canon_field(signer->policy->header, &field, false, &sink);
		result = crypto_hash_end(signer->hash, digest);
	}
	if (result == OK)
		result = crypto_sign(identity->key, digest, signature, &n);
	if (result != OK)
		return result;
	add_base64(&folder,
		   crypto_base64(arena, (struct str){ (char *)signature, n }));
	*value = buf_str(&folder.buf);
	return folder.buf.full ? E_LIMIT : OK;
}
