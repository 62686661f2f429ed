/* SPDX-License-Identifier: BSD-2-Clause */
#include "arc_verify.h"

#include <stdlib.h>

#include "arc_chain.h"
#include "dkim_evaluate.h"

/* A set whose fields are read. */
struct link {
	struct dkim_candidate message; /* its ARC-Message-Signature */
	bool partial;		       /* which has l=: */
	uint64_t length;
	const char *message_fault; /* NULL when it can be evaluated */
	struct dkim_signature seal;
	unsigned char digest[CRYPTO_SHA256_SIZE]; /* that the seal signs */
};

struct arc_verifier {
	struct arena *arena;
	struct dkim_verify_policy policy;
	const struct message *message;
	const struct arc_chain *chain;
	struct link *links; /* by i=, from 1 */
	size_t lowest;	    /* i= of the oldest signature that can be asked */
	const char *fault;
	struct str *names; /* of keys */
	size_t n_names;
	struct dkim_bodies *bodies;
	struct crypto_hash *hash;  /* of a signature, of a seal */
	struct crypto_hash *seals; /* of all that seals sign */
};

/* "ARC-Seal i=2: no key for signature" */
static const char *fault_of(struct arena *arena, enum arc_kind kind, size_t i,
			    const char *fault)
{
	return arena_printf(arena, "%s i=%zu: %s", arc_kind_name(kind), i,
			    fault);
}

/* The faults of a signature; RFC 8301 section 3.1 leaves no rsa-sha1. */
static const char *fault_in(enum result result,
			    const struct dkim_signature *signature)
{
	if (result != OK)
		return signature->fault;
	if (signature->digest == CRYPTO_SHA1)
		return "rsa-sha1 proves nothing (a=)";
	return NULL;
}

static const char *read_seal(struct arc_verifier *verifier, size_t i)
{
	const struct arc_chain_field *field =
		&verifier->chain->sets[i].fields[ARC_SEAL];
	struct dkim_signature *seal = &verifier->links[i].seal;

	return fault_in(dkim_signature_seal(verifier->arena,
					    field->field->value, &field->tags,
					    seal),
			seal);
}

static const char *read_message(struct arc_verifier *verifier, size_t i)
{
	const struct arc_chain_field *field =
		&verifier->chain->sets[i].fields[ARC_MESSAGE];
	struct link *link = &verifier->links[i];
	struct dkim_signature *signature = &link->message.signature;
	enum result result = dkim_signature_tags(
		verifier->arena, field->field->value, &field->tags, signature);

	link->message.field = field->index;
	/*
	 * With l= only a body of just this length will do, so that all
	 * signatures together need no more than a hash for each canonical
	 * form.
	 */
	link->partial = signature->partial;
	link->length = signature->length;
	signature->partial = false;
	/* 4.1.2: seals are added after it. */
	if (result == OK && taglist_has(signature->names, STR("ARC-Seal")))
		return "ARC-Seal is signed (h=)";
	return fault_in(result, signature);
}

/*
 * Reads the sets from the top. A fault in a seal or in the newest signature
 * decides; one in an older signature ends the search for the oldest that
 * passes (5.2 step 5).
 */
static void read_links(struct arc_verifier *verifier)
{
	const size_t n = verifier->chain->instances;

	verifier->fault = verifier->chain->fault;
	for (size_t i = n; !verifier->fault && i > 0; i--) {
		const char *fault = read_seal(verifier, i);

		if (fault)
			verifier->fault =
				fault_of(verifier->arena, ARC_SEAL, i, fault);
	}
	verifier->lowest = n + 1;
	for (size_t i = n; !verifier->fault && i > 0; i--) {
		const char *fault = read_message(verifier, i);

		if (fault && i == n)
			verifier->fault = fault_of(verifier->arena, ARC_MESSAGE,
						   i, fault);
		if (fault)
			break;
		verifier->lowest = i;
	}
}

static void add_name(struct arc_verifier *verifier, struct str name)
{
	for (size_t i = 0; i < verifier->n_names; i++)
		if (str_eq(verifier->names[i], name))
			return;
	verifier->names[verifier->n_names++] = name;
}

/* Names of keys and hashes of the body, in the order of their use. */
static enum result prepare(struct arc_verifier *verifier)
{
	const size_t n = verifier->chain->instances;
	enum result result = OK;

	if (verifier->fault)
		return OK;
	for (size_t i = n; result == OK && i >= verifier->lowest; i--) {
		struct dkim_candidate *message = &verifier->links[i].message;

		result = dkim_bodies_add(verifier->bodies, &message->signature,
					 &message->body);
		add_name(verifier, message->signature.key_name);
	}
	for (size_t i = n; i > 0; i--)
		add_name(verifier, verifier->links[i].seal.key_name);
	return result;
}

struct arc_verifier *arc_verify_begin(struct arena *arena, bool legacy,
				      const struct message *message)
{
	struct arc_verifier *verifier =
		arena_must(calloc(1, sizeof(*verifier)));
	size_t n;

	verifier->arena = arena;
	verifier->policy.short_keys = legacy;
	verifier->message = message;
	verifier->chain = arc_chain_parse(arena, message);
	n = verifier->chain->instances;
	verifier->links = ARENA_NEW(arena, struct link, n + 1);
	verifier->names = ARENA_NEW(arena, struct str, 2 * n + 1);
	verifier->hash = crypto_hash_new();
	verifier->seals = crypto_hash_new();
	read_links(verifier);
	verifier->bodies = dkim_bodies_new(n);
	if (verifier->hash && verifier->seals && prepare(verifier) == OK)
		return verifier;
	arc_verify_free(verifier);
	return NULL;
}

void arc_verify_body(struct arc_verifier *verifier, struct str chunk)
{
	dkim_bodies_chunk(verifier->bodies, chunk);
}

void arc_verify_free(struct arc_verifier *verifier)
{
	if (!verifier)
		return;
	dkim_bodies_free(verifier->bodies);
	crypto_hash_free(verifier->hash);
	crypto_hash_free(verifier->seals);
	free(verifier);
}

bool arc_verify_key_name(const struct arc_verifier *verifier, size_t i,
			 struct str *name)
{
	if (i >= verifier->n_names)
		return false;
	*name = verifier->names[i];
	return true;
}

/* The body alone, which costs no look-up. */
static const char *body_fault(const struct dkim_evidence *evidence,
			      const struct link *link)
{
	struct dkim_verdict verdict;

	if (!dkim_evaluate_body(evidence, &link->message, &verdict))
		return verdict.reason;
	if (link->partial &&
	    link->length !=
		    dkim_bodies_octets(evidence->bodies, link->message.body))
		return "not the whole body is signed (l=)";
	return NULL;
}

static enum result check_message(const struct dkim_evidence *evidence,
				 const struct link *link,
				 struct dkim_verdict *verdict)
{
	verdict->auth = AUTH_FAIL;
	verdict->reason = body_fault(evidence, link);
	if (verdict->reason)
		return OK;
	return dkim_evaluate(evidence, &link->message, verdict);
}

/* What each seal signs: the fields are hashed once for all of them. */
static enum result hash_seals(struct arc_verifier *verifier)
{
	const size_t n = verifier->chain->instances;
	enum result result = crypto_hash_begin(verifier->seals);

	for (size_t i = 1; result == OK && i <= n; i++) {
		const struct arc_chain_field *fields =
			verifier->chain->sets[i].fields;
		struct link *link = &verifier->links[i];
		const struct field bare = {
			fields[ARC_SEAL].field->name,
			link->seal.bare,
		};

		arc_chain_hash(verifier->seals, fields[ARC_AUTHRES].field);
		arc_chain_hash(verifier->seals, fields[ARC_MESSAGE].field);
		result = arc_chain_digest(verifier->seals, verifier->hash,
					  &bare, link->digest);
		arc_chain_hash(verifier->seals, fields[ARC_SEAL].field);
	}
	return result;
}

static void check_seal(const struct dkim_evidence *evidence,
		       const struct link *link, struct dkim_verdict *verdict)
{
	const struct dkim_signature *seal = &link->seal;
	struct crypto_public *public = NULL;

	if (!dkim_evaluate_key(evidence, seal, verdict, &public))
		return;
	verdict->auth = AUTH_FAIL;
	verdict->reason = dkim_evaluate_worth(evidence, seal, verdict->bits);
	if (!verdict->reason &&
	    !crypto_verify(public, seal->digest, link->digest, seal->signature))
		verdict->reason = "signature did not verify";
	if (!verdict->reason)
		verdict->auth = AUTH_PASS;
	crypto_public_put(public);
}

/*
 * Takes a verdict into the result: the first failure stays, and a temporary
 * error is one only as long as nothing fails. False: no need to go on.
 */
static bool take(struct arc_verifier *verifier, enum arc_kind kind, size_t i,
		 const struct dkim_verdict *verdict, struct arc_result *result)
{
	if (verdict->auth == AUTH_PASS)
		return true;
	if (verdict->auth != AUTH_TEMPERROR)
		result->auth = AUTH_FAIL;
	else if (result->auth == AUTH_TEMPERROR)
		return true;
	else
		result->auth = AUTH_TEMPERROR;
	result->reason = fault_of(verifier->arena, kind, i, verdict->reason);
	return result->auth == AUTH_TEMPERROR;
}

/* 5.2 steps 4 and 6 */
static enum result check_chain(struct arc_verifier *verifier,
			       const struct dkim_evidence *evidence,
			       struct arc_result *result)
{
	const size_t n = verifier->chain->instances;
	struct dkim_verdict verdict = { .auth = AUTH_NONE };
	enum result ran =
		check_message(evidence, &verifier->links[n], &verdict);

	result->auth = AUTH_PASS;
	if (ran != OK || !take(verifier, ARC_MESSAGE, n, &verdict, result))
		return ran;
	ran = hash_seals(verifier);
	for (size_t i = n; ran == OK && i > 0; i--) {
		check_seal(evidence, &verifier->links[i], &verdict);
		if (!take(verifier, ARC_SEAL, i, &verdict, result))
			return OK;
	}
	return ran;
}

/* 5.2 step 5, after step 6: only a chain that passes has such a thing. */
static enum result find_oldest_pass(struct arc_verifier *verifier,
				    const struct dkim_evidence *evidence,
				    struct arc_result *result)
{
	size_t passed = verifier->chain->instances;

	while (passed > verifier->lowest) {
		const struct link *link = &verifier->links[passed - 1];
		struct dkim_verdict verdict = { .auth = AUTH_NONE };
		enum result ran = check_message(evidence, link, &verdict);

		if (ran != OK)
			return ran;
		if (verdict.auth != AUTH_PASS)
			break;
		passed--;
	}
	result->oldest_pass = passed == 1 ? 0 : passed;
	return OK;
}

static void tell_sets(const struct arc_verifier *verifier,
		      struct arc_result *result)
{
	result->sets =
		ARENA_NEW(verifier->arena, struct arc_set, result->instances);
	for (size_t i = 1; i <= result->instances; i++)
		result->sets[i - 1] = (struct arc_set){
			.sealer = verifier->links[i].seal.domain,
			.selector = verifier->links[i].seal.selector,
			.authres = verifier->chain->sets[i]
					   .fields[ARC_AUTHRES]
					   .authres,
		};
}

enum result arc_verify_end(struct arc_verifier *verifier, const struct env *env,
			   struct arc_result *result)
{
	struct dkim_evidence evidence = {
		.arena = verifier->arena,
		.env = env,
		.policy = &verifier->policy,
		.bodies = verifier->bodies,
		.hash = verifier->hash,
	};
	enum result ran = dkim_bodies_end(verifier->bodies);

	*result = (struct arc_result){
		.auth = verifier->fault ? AUTH_FAIL : AUTH_NONE,
		.reason = verifier->fault ? verifier->fault : "",
		.instances = verifier->chain->instances,
	};
	if (ran != OK || verifier->fault || !verifier->chain->there)
		return ran;
	evidence.fields = dkim_fields_new(verifier->arena, verifier->message);
	ran = check_chain(verifier, &evidence, result);
	if (ran == OK && result->auth == AUTH_PASS) {
		ran = find_oldest_pass(verifier, &evidence, result);
		tell_sets(verifier, result);
	}
	return ran;
}
