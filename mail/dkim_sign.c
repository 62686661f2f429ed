/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_sign.h"

#include <inttypes.h>
#include <stdlib.h>

#include "buf.h"
#include "dkim_hash.h"
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
	struct canon_sink sink;

	signer->policy = policy;
	signer->hash = crypto_hash_new();
	signer->header = crypto_hash_new();
	if (!signer->hash || !signer->header ||
	    crypto_hash_begin(signer->hash) != OK ||
	    crypto_hash_begin(signer->header) != OK) {
		dkim_sign_free(signer);
		return NULL;
	}
	sink = dkim_hash_sink(signer->hash);
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
	const struct canon_sink sink = dkim_hash_sink(signer->header);

	for (size_t o = 0; o < policy->n_oversign; o++) {
		struct str name = policy->oversign[o];

		for (size_t i = message->n; i > 0; i--) {
			const struct field *field = &message->fields[i - 1];

			if (!message_is(field, name))
				continue;
			name_field(names, name);
			canon_field(policy->header, field, true, &sink);
		}
		if (!policy->bare)
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

/* h=, with the fields that only this signature has. */
static enum result add_names(const struct dkim_signer *signer,
			     struct dkim_draft *draft, const struct field *more,
			     size_t n)
{
	struct buf names;

	buf_init(&names, draft->arena, LIMIT_SIGNED_NAMES);
	buf_add(&names, signer->names);
	for (size_t i = 0; i < n; i++)
		name_field(&names, str_trim_end(more[i].name));
	draft->tags[DKIM_H] = buf_str(&names);
	return names.full ? E_LIMIT : OK;
}

enum result dkim_sign_draft(struct dkim_signer *signer,
			    struct dkim_draft *draft, const struct field *more,
			    size_t n, struct str *value)
{
	const struct canon_sink sink = dkim_hash_sink(signer->hash);
	const struct dkim_policy *policy = signer->policy;
	const struct str digest = { (const char *)signer->body_hash,
				    sizeof(signer->body_hash) };
	enum result result = add_names(signer, draft, more, n);

	if (result == OK)
		result = crypto_hash_copy(signer->hash, signer->header);
	if (result != OK)
		return result;
	for (size_t i = 0; i < n; i++)
		canon_field(policy->header, &more[i], true, &sink);
	draft->tags[DKIM_C] = str_from(arena_printf(draft->arena, "%s/%s",
						    canon_name(policy->header),
						    canon_name(policy->body)));
	if (policy->expire)
		draft->tags[DKIM_X] = str_from(arena_printf(
			draft->arena, "%" PRId64, draft->now + policy->expire));
	draft->tags[DKIM_BH] = crypto_base64(draft->arena, digest);
	return dkim_draft_sign(draft, policy->header, signer->hash, value);
}

enum result dkim_sign_field(struct dkim_signer *signer, struct arena *arena,
			    const struct dkim_identity *identity, int64_t now,
			    struct str *value)
{
	struct dkim_draft draft = {
		.arena = arena,
		.name = STR("DKIM-Signature"),
		.identity = identity,
		.now = now,
		.tags = { [DKIM_V] = STR("1") },
	};

	return dkim_sign_draft(signer, &draft, NULL, 0, value);
}
