/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_verify.h"

#include <stdlib.h>

#include "dkim_hash.h"
#include "dkim_key.h"
#include "domain.h"
#include "limits.h"

const struct dkim_verify_policy dkim_verify_policy_default = {
	.max_signatures = LIMIT_SIGNATURES,
};

/* A signature, and what is known of it so far. */
struct candidate {
	struct dkim_signature signature;
	struct dkim_verdict *verdict;
	size_t field; /* of the message */
	size_t body;  /* hash of the body */
};

struct dkim_verifier {
	struct arena *arena;
	const struct dkim_verify_policy *policy;
	const struct message *message;
	struct dkim_verdicts verdicts;
	struct candidate **chosen; /* to be evaluated */
	size_t n_chosen;
	struct dkim_fields *fields;
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
static bool read_signature(struct dkim_verifier *verifier,
			   struct candidate *candidate)
{
	const struct dkim_verify_policy *policy = verifier->policy;
	struct dkim_signature *signature = &candidate->signature;
	struct dkim_verdict *verdict = candidate->verdict;
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

static void choose(struct dkim_verifier *verifier, struct candidate *candidates,
		   size_t n, struct str author)
{
	size_t max = verifier->policy->max_signatures;

	if (max > n)
		max = n;
	verifier->chosen =
		ARENA_NEW(verifier->arena, struct candidate *, max + 1);
	for (int want = 0; want < RANKS; want++)
		for (size_t i = 0; i < n && verifier->n_chosen < max; i++)
			if (rank(candidates[i].signature.domain, author) ==
			    want)
				verifier->chosen[verifier->n_chosen++] =
					&candidates[i];
}

static void find_signatures(struct dkim_verifier *verifier, struct str author)
{
	const struct message *message = verifier->message;
	size_t n = message_count(message, STR("DKIM-Signature"), NULL);
	struct candidate *candidates =
		ARENA_NEW(verifier->arena, struct candidate, n + 1);
	struct dkim_verdicts *verdicts = &verifier->verdicts;
	size_t kept = 0;

	verdicts->list = ARENA_NEW(verifier->arena, struct dkim_verdict, n + 1);
	for (size_t i = 0; i < message->n; i++) {
		struct candidate *candidate = &candidates[kept];

		if (!message_is(&message->fields[i], STR("DKIM-Signature")))
			continue;
		candidate->field = i;
		candidate->verdict = &verdicts->list[verdicts->n++];
		kept += read_signature(verifier, candidate);
	}
	choose(verifier, candidates, kept, author);
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
	for (size_t i = 0; result == OK && i < verifier->n_chosen; i++)
		result = dkim_bodies_add(verifier->bodies,
					 &verifier->chosen[i]->signature,
					 &verifier->chosen[i]->body);
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
	*name = verifier->chosen[i]->signature.key_name;
	return true;
}

/*
 * 6.1.2 leaves open which of several records is taken: the first that can be
 * used for mail. False when the verdict is given.
 */
static bool find_record(struct dkim_verifier *verifier, const struct env *env,
			struct candidate *candidate, struct dkim_key *key)
{
	struct dkim_verdict *verdict = candidate->verdict;
	struct dns_answer answer;

	dns_query(env->resolver, verifier->arena, candidate->signature.key_name,
		  DNS_TXT, &answer);
	if (answer.status == DNS_TEMPORARY) {
		judge(verdict, AUTH_TEMPERROR, "key could not be asked for");
		return false;
	}
	key->fault = "no key for signature";
	for (size_t i = 0; answer.status == DNS_OK && i < answer.n; i++)
		if (dkim_key_parse(verifier->arena, answer.records[i].data,
				   key) == OK)
			return true;
	judge(verdict, AUTH_PERMERROR, key->fault);
	return false;
}

/* 6.1.2: may this record's key have made the signature? */
static const char *record_fault(const struct dkim_key *key,
				const struct dkim_signature *signature)
{
	if (key->revoked)
		return "key revoked";
	if (key->algorithm != signature->key)
		return "key record: type is not that of a= (k=)";
	if (!key->hashes[signature->digest])
		return "key record: not for the hash of a= (h=)";
	if (key->strict && !str_eq(signature->agent, signature->domain))
		return "key record: i= must be of d= itself (t=s)";
	return NULL;
}

static bool find_key(struct dkim_verifier *verifier, const struct env *env,
		     struct candidate *candidate, struct crypto_public **public)
{
	struct dkim_verdict *verdict = candidate->verdict;
	struct dkim_key key;
	const char *fault;
	enum result result;

	if (!find_record(verifier, env, candidate, &key))
		return false;
	verdict->testing = key.testing;
	fault = record_fault(&key, &candidate->signature);
	if (fault) {
		judge(verdict, AUTH_PERMERROR, fault);
		return false;
	}
	result = crypto_public_parse(key.algorithm, key.octets, public);
	if (result == E_LIMIT)
		judge(verdict, AUTH_POLICY, "key is too long");
	else if (result != OK)
		judge(verdict, AUTH_PERMERROR, "key record: no valid key (p=)");
	else
		verdict->bits = crypto_public_bits(*public);
	return result == OK;
}

/*
 * Fields that a reader takes for the author's word, of which there may be one
 * (RFC 5322 section 3.6). Another one that no h= counts was added later, and
 * many readers show that one (RFC 6376 section 8.15).
 */
static const char *added_field(const struct dkim_verifier *verifier,
			       const struct dkim_signature *signature)
{
	static const struct {
		struct str name;
		const char *reason;
	} rows[] = {
		{ STR("From"), "another From is not signed" },
		{ STR("Subject"), "another Subject is not signed" },
		{ STR("Date"), "another Date is not signed" },
		{ STR("To"), "another To is not signed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t there =
			dkim_fields_count(verifier->fields, rows[i].name);
		struct str names = signature->names, name;
		size_t named = 0;

		while (there > 1 && taglist_cut(&names, &name))
			named += str_ieq(name, rows[i].name);
		if (there > 1 && named < there)
			return rows[i].reason;
	}
	return NULL;
}

/* Why a good signature is not good enough; NULL when it is. */
static const char *policy_fault(const struct dkim_verifier *verifier,
				const struct candidate *candidate, int64_t now)
{
	const struct dkim_verify_policy *policy = verifier->policy;
	const struct dkim_signature *signature = &candidate->signature;
	const uint64_t time = now > 0 ? (uint64_t)now : 0;

	/* RFC 8301 section 3.2 */
	if (signature->key == CRYPTO_RSA && !policy->short_keys &&
	    candidate->verdict->bits < LIMIT_RSA_BITS_MIN)
		return "key is too short";
	if (signature->expires && time > signature->expires && !policy->expired)
		return "signature expired";
	if (signature->made > time + LIMIT_CLOCK_DRIFT)
		return "signature is from the future";
	/* 8.2: what follows the signed part may be anybody's. */
	if (signature->partial &&
	    dkim_bodies_octets(verifier->bodies, candidate->body) >
		    signature->length)
		return "a part of the body is not signed";
	return added_field(verifier, signature);
}

/* 6.1.3 */
static enum result compare(struct dkim_verifier *verifier,
			   struct candidate *candidate,
			   const struct crypto_public *public, int64_t now)
{
	const struct dkim_signature *signature = &candidate->signature;
	struct dkim_verdict *verdict = candidate->verdict;
	const size_t body = candidate->body;
	unsigned char digest[CRYPTO_SHA256_SIZE];
	const char *fault;
	enum result result;

	judge(verdict, AUTH_FAIL, "body hash did not verify");
	if (memcmp(dkim_bodies_digest(verifier->bodies, body),
		   signature->body_hash.p, signature->body_hash.n) != 0)
		return OK;
	/* 3.5: l= must not be larger than the body. */
	judge(verdict, AUTH_FAIL, "body is shorter than signed (l=)");
	if (signature->partial &&
	    signature->length > dkim_bodies_octets(verifier->bodies, body))
		return OK;
	result = dkim_fields_hash(verifier->fields, verifier->hash, signature,
				  candidate->field, digest);
	if (result != OK)
		return result;
	judge(verdict, AUTH_FAIL, "signature did not verify");
	if (!crypto_verify(public, signature->digest, digest,
			   signature->signature))
		return OK;
	fault = policy_fault(verifier, candidate, now);
	if (fault)
		judge(verdict, AUTH_POLICY, fault);
	else
		judge(verdict, AUTH_PASS, "");
	return OK;
}

enum result dkim_verify_end(struct dkim_verifier *verifier,
			    const struct env *env,
			    struct dkim_verdicts *verdicts)
{
	enum result result = dkim_bodies_end(verifier->bodies);

	if (verifier->n_chosen)
		verifier->fields =
			dkim_fields_new(verifier->arena, verifier->message);
	for (size_t i = 0; result == OK && i < verifier->n_chosen; i++) {
		struct candidate *candidate = verifier->chosen[i];
		struct crypto_public *public = NULL;

		if (find_key(verifier, env, candidate, &public))
			result = compare(verifier, candidate, public, env->now);
		crypto_public_free(public);
	}
	*verdicts = verifier->verdicts;
	return result;
}
