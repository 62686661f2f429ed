/* SPDX-License-Identifier: BSD-2-Clause */
#include "arc_seal.h"

#include "arc_chain.h"
#include "buf.h"

static const struct str dkim_signature = STR("DKIM-Signature");

/* A set as it is made. */
struct sealing {
	struct arena *arena;
	const struct arc_seal_input *input;
	const struct arc_chain *chain;
	const struct dkim_identity *identity;
	struct str instance; /* in digits */
	struct arc_fields *fields;
};

bool arc_seal_needs(struct str name)
{
	name = str_trim_end(name);
	return str_ieq(name, dkim_signature) || str_istarts(name, STR("ARC-"));
}

/* A pass is said only of a header that bears it, none of one without sets. */
static enum auth status(const struct arc_chain *chain, enum auth cv)
{
	if (!chain->there)
		return AUTH_NONE;
	return !chain->fault && cv == AUTH_PASS ? AUTH_PASS : AUTH_FAIL;
}

static struct str name_of(enum arc_kind kind)
{
	return str_from(arc_kind_name(kind));
}

static struct dkim_draft draft_of(const struct sealing *sealing,
				  enum arc_kind kind)
{
	return (struct dkim_draft){
		.arena = sealing->arena,
		.name = name_of(kind),
		.identity = sealing->identity,
		.now = sealing->input->now,
		.sorted = sealing->input->sorted,
		.tags = { [DKIM_I] = sealing->instance },
	};
}

/* 4.1.1 */
static enum result write_results(const struct sealing *sealing)
{
	const struct str results = str_trim(sealing->input->authres);
	struct buf buf;

	if (!results.n)
		return E_SYNTAX;
	buf_init(&buf, sealing->arena, LIMIT_FIELD);
	buf_add(&buf, STR(" i="));
	buf_add(&buf, sealing->instance);
	buf_add(&buf, STR("; "));
	buf_add(&buf, results);
	sealing->fields->authres = buf_str(&buf);
	return buf.full ? E_LIMIT : OK;
}

/*
 * 4.1.2: the signature should cover the DKIM signatures there are. Who adds
 * one later does it no harm; who takes one away seals anew.
 */
static enum result sign_message(const struct sealing *sealing,
				struct dkim_signer *signer)
{
	const struct arc_seal_input *input = sealing->input;
	const struct message *message = input->message;
	struct dkim_draft draft = draft_of(sealing, ARC_MESSAGE);
	struct field *more;
	size_t n = 0;

	more = ARENA_NEW(sealing->arena, struct field,
			 message_count(message, dkim_signature, NULL) +
				 input->n_signatures + 1);
	for (size_t i = message->n; i > 0; i--)
		if (message_is(&message->fields[i - 1], dkim_signature))
			more[n++] = message->fields[i - 1];
	for (size_t i = 0; i < input->n_signatures; i++)
		more[n++] =
			(struct field){ dkim_signature, input->signatures[i] };
	return dkim_sign_draft(signer, &draft, more, n,
			       &sealing->fields->message);
}

/* 5.1.1; 5.1.2: after a failure as if this were the only set. */
static void hash_sets(const struct sealing *sealing, struct crypto_hash *hash)
{
	const struct arc_chain *chain = sealing->chain;
	const struct field own[] = {
		{ name_of(ARC_AUTHRES), sealing->fields->authres },
		{ name_of(ARC_MESSAGE), sealing->fields->message },
	};

	for (size_t i = 1;
	     sealing->fields->cv == AUTH_PASS && i <= chain->instances; i++)
		for (int kind = 0; kind < ARC_KINDS; kind++)
			arc_chain_hash(hash, chain->sets[i].fields[kind].field);
	arc_chain_hash(hash, &own[0]);
	arc_chain_hash(hash, &own[1]);
}

static enum result sign_seal(const struct sealing *sealing)
{
	struct dkim_draft draft = draft_of(sealing, ARC_SEAL);
	struct crypto_hash *hash = crypto_hash_new();
	enum result result = hash ? crypto_hash_begin(hash) : E_CRYPTO;

	draft.tags[DKIM_CV] = str_from(auth_name(sealing->fields->cv));
	if (result == OK) {
		hash_sets(sealing, hash);
		result = dkim_draft_sign(&draft, CANON_RELAXED, hash,
					 &sealing->fields->seal);
	}
	crypto_hash_free(hash);
	return result;
}

enum result arc_seal(struct dkim_signer *signer, struct arena *arena,
		     const struct dkim_identity *identity,
		     const struct arc_seal_input *input,
		     struct arc_fields *fields)
{
	const struct arc_chain *chain = arc_chain_parse(arena, input->message);
	const struct sealing sealing = {
		.arena = arena,
		.input = input,
		.chain = chain,
		.identity = identity,
		.instance = str_from(
			arena_printf(arena, "%zu", chain->instances + 1)),
		.fields = fields,
	};
	enum result result;

	/* 5.1: nothing is added to what the newest sealer found broken. */
	if (chain->ended)
		return E_ABSENT;
	/* 4.2.1 */
	if (chain->instances >= LIMIT_ARC_SETS)
		return E_LIMIT;
	*fields = (struct arc_fields){
		.instance = chain->instances + 1,
		.cv = status(chain, input->cv),
	};
	result = write_results(&sealing);
	if (result == OK)
		result = sign_message(&sealing, signer);
	return result == OK ? sign_seal(&sealing) : result;
}
