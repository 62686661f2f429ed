/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_verify.h"

#include <stdlib.h>

#include "dkim_evaluate.h"
#include "domain.h"
#include "limits.h"

const struct dkim_verify_policy dkim_verify_policy_default = {
	.max_signatures = LIMIT_SIGNATURES,
};

/* A signature, and what is said of it. */
struct claim {
	struct dkim_candidate candidate;
	struct dkim_verdict *verdict;
};

struct dkim_verifier {
	struct arena *arena;
	const struct dkim_verify_policy *policy;
	const struct message *message;
	struct dkim_verdicts verdicts;
	struct claim **chosen; /* to be evaluated */
	size_t n_chosen;
	struct dkim_bodies *bodies;
	struct crypto_hash *hash;
};

static void judge(struct dkim_verdict *verdict, enum auth auth,
		  const char *reason)
{
	verdict->auth = auth;
	verdict->reason = reason;
}

/* Reads a signature; false when its verdict is given already. */
static bool read_signature(struct dkim_verifier *verifier, struct claim *claim)
{
	const struct dkim_verify_policy *policy = verifier->policy;
	struct dkim_candidate *candidate = &claim->candidate;
	struct dkim_signature *signature = &candidate->signature;
	struct dkim_verdict *verdict = claim->verdict;
	struct str value = verifier->message->fields[candidate->field].value;
	enum result result = dkim_signature_parse(verifier->arena, value,
						  policy->drafts, signature);

	*verdict = (struct dkim_verdict){
		.domain = signature->domain,
		.selector = signature->selector,
		.identity = signature->identity,
		.algorithm = signature->algorithm,
		.b = signature->b,
	};
	if (result != OK)
		judge(verdict, AUTH_PERMERROR, signature->fault);
	else if (signature->digest == CRYPTO_SHA1 && !policy->rsa_sha1)
		/* RFC 8301 section 3.1: has permanently failed evaluation. */
		judge(verdict, AUTH_PERMERROR, "rsa-sha1 proves nothing (a=)");
	else if (signature->header == CANON_SIMPLE && policy->lead_space_lost)
		judge(verdict, AUTH_TEMPERROR,
		      "white space of the header "
		      "was lost before it came here");
	else
		judge(verdict, AUTH_POLICY, "not evaluated");
	return verdict->auth == AUTH_POLICY;
}

/* How near a signature is to the author; 0 is nearest. */
enum { RANKS = 3 };

static int rank(struct str domain, struct str author)
{
	if (str_eq(domain, author))
		return 0;
	return author.n && (domain_is_within(domain, author) ||
			    domain_is_within(author, domain))
		       ? 1
		       : 2;
}

static void choose(struct dkim_verifier *verifier, struct claim *claims,
		   size_t n, struct str author)
{
	size_t max = verifier->policy->max_signatures;

	if (max > n)
		max = n;
	verifier->chosen = ARENA_NEW(verifier->arena, struct claim *, max + 1);
	for (int want = 0; want < RANKS; want++)
		for (size_t i = 0; i < n && verifier->n_chosen < max; i++)
			if (rank(claims[i].candidate.signature.domain,
				 author) == want)
				verifier->chosen[verifier->n_chosen++] =
					&claims[i];
}

static void find_signatures(struct dkim_verifier *verifier, struct str author)
{
	const struct message *message = verifier->message;
	size_t n = message_count(message, STR("DKIM-Signature"), NULL);
	struct claim *claims = ARENA_NEW(verifier->arena, struct claim, n + 1);
	struct dkim_verdicts *verdicts = &verifier->verdicts;
	size_t kept = 0;

	verdicts->list = ARENA_NEW(verifier->arena, struct dkim_verdict, n + 1);
	for (size_t i = 0; i < message->n; i++) {
		struct claim *claim = &claims[kept];

		if (!message_is(&message->fields[i], STR("DKIM-Signature")))
			continue;
		claim->candidate.field = i;
		claim->verdict = &verdicts->list[verdicts->n++];
		kept += read_signature(verifier, claim);
	}
	choose(verifier, claims, kept, author);
}

struct dkim_verifier *dkim_verify_begin(struct arena *arena,
					const struct dkim_verify_policy *policy,
					const struct message *message,
					struct str author)
{
	struct dkim_verifier *verifier =
		arena_must(calloc(1, sizeof(*verifier)));
	enum result result = OK;

	verifier->arena = arena;
	verifier->policy = policy;
	verifier->message = message;
	verifier->hash = crypto_hash_new();
	find_signatures(verifier, author);
	verifier->bodies = dkim_bodies_new(verifier->n_chosen);
	for (size_t i = 0; result == OK && i < verifier->n_chosen; i++) {
		struct dkim_candidate *candidate =
			&verifier->chosen[i]->candidate;

		result =
			dkim_bodies_add(verifier->bodies, &candidate->signature,
					&candidate->body);
	}
	if (result == OK && verifier->hash)
		return verifier;
	dkim_verify_free(verifier);
	return NULL;
}

void dkim_verify_body(struct dkim_verifier *verifier, struct str chunk)
{
	dkim_bodies_chunk(verifier->bodies, chunk);
}

void dkim_verify_free(struct dkim_verifier *verifier)
{
	if (!verifier)
		return;
	dkim_bodies_free(verifier->bodies);
	crypto_hash_free(verifier->hash);
	free(verifier);
}

bool dkim_verify_key_name(const struct dkim_verifier *verifier, size_t i,
			  struct str *name)
{
	if (i >= verifier->n_chosen)
		return false;
	*name = verifier->chosen[i]->candidate.signature.key_name;
	return true;
}

enum result dkim_verify_end(struct dkim_verifier *verifier,
			    const struct env *env,
			    struct dkim_verdicts *verdicts)
{
	struct dkim_evidence evidence = {
		.arena = verifier->arena,
		.env = env,
		.policy = verifier->policy,
		.bodies = verifier->bodies,
		.hash = verifier->hash,
	};
	enum result result = dkim_bodies_end(verifier->bodies);

	if (verifier->n_chosen)
		evidence.fields =
			dkim_fields_new(verifier->arena, verifier->message);
	for (size_t i = 0; result == OK && i < verifier->n_chosen; i++)
		result = dkim_evaluate(&evidence,
				       &verifier->chosen[i]->candidate,
				       verifier->chosen[i]->verdict);
	*verdicts = verifier->verdicts;
	return result;
}
