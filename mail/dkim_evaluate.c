/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_evaluate.h"

#include "dkim_key.h"
#include "limits.h"

static void judge(struct dkim_verdict *verdict, enum auth auth,
		  const char *reason)
{
	verdict->auth = auth;
	verdict->reason = reason;
}

/*
 * 6.1.2 leaves open which of several records is taken: the first that can be
 * used for mail. False when the verdict is given.
 */
static bool find_record(const struct dkim_evidence *evidence,
			struct str key_name, struct dkim_verdict *verdict,
			struct dkim_key *key)
{
	struct dns_answer answer;

	dns_query(evidence->env->resolver, evidence->arena, key_name, DNS_TXT,
		  &answer);
	if (answer.status == DNS_TEMPORARY) {
		judge(verdict, AUTH_TEMPERROR, "key could not be asked for");
		return false;
	}
	key->fault = "no key for signature";
	for (size_t i = 0; answer.status == DNS_OK && i < answer.n; i++)
		if (dkim_key_parse(evidence->arena, answer.records[i].data,
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

bool dkim_evaluate_key(const struct dkim_evidence *evidence,
		       const struct dkim_signature *signature,
		       struct dkim_verdict *verdict,
		       struct crypto_public **public)
{
	struct dkim_key key;
	const char *fault;
	enum result result;

	if (!find_record(evidence, signature->key_name, verdict, &key))
		return false;
	verdict->testing = key.testing;
	fault = record_fault(&key, signature);
	if (fault) {
		judge(verdict, AUTH_PERMERROR, fault);
		return false;
	}
	result = env_key(evidence->env, key.algorithm, key.octets, public);
	if (result == E_LIMIT)
		judge(verdict, AUTH_POLICY, "key is too long");
	else if (result != OK)
		judge(verdict, AUTH_PERMERROR, "key record: no valid key (p=)");
	else
		verdict->bits = crypto_public_bits(*public);
	return result == OK;
}

bool dkim_evaluate_body(const struct dkim_evidence *evidence,
			const struct dkim_candidate *candidate,
			struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &candidate->signature;
	const size_t body = candidate->body;

	judge(verdict, AUTH_FAIL, "body hash did not verify");
	if (memcmp(dkim_bodies_digest(evidence->bodies, body),
		   signature->body_hash.p, signature->body_hash.n) != 0)
		return false;
	/* 3.5: l= must not be larger than the body. */
	judge(verdict, AUTH_FAIL, "body is shorter than signed (l=)");
	return !signature->partial ||
	       signature->length <= dkim_bodies_octets(evidence->bodies, body);
}

const char *dkim_evaluate_worth(const struct dkim_evidence *evidence,
				const struct dkim_signature *signature,
				int bits)
{
	const struct dkim_verify_policy *policy = evidence->policy;
	const int64_t now = evidence->env->now;
	const uint64_t time = now > 0 ? (uint64_t)now : 0;

	/* RFC 8301 section 3.2 */
	if (signature->key == CRYPTO_RSA && !policy->short_keys &&
	    bits < LIMIT_RSA_BITS_MIN)
		return "key is too short";
	if (signature->expires && time > signature->expires && !policy->expired)
		return "signature expired";
	if (signature->made > time + LIMIT_CLOCK_DRIFT)
		return "signature is from the future";
	return NULL;
}

/*
 * Fields that a reader takes for the author's word, of which there may be one
 * (RFC 5322 section 3.6). Another one that no h= counts was added later, and
 * many readers show that one (RFC 6376 section 8.15).
 */
static const char *added_field(const struct dkim_fields *fields,
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
		size_t there = dkim_fields_count(fields, rows[i].name);
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
static const char *policy_fault(const struct dkim_evidence *evidence,
				const struct dkim_candidate *candidate,
				int bits)
{
	const struct dkim_signature *signature = &candidate->signature;
	const char *fault = dkim_evaluate_worth(evidence, signature, bits);

	if (fault)
		return fault;
	/* 8.2: what follows the signed part may be anybody's. */
	if (signature->partial &&
	    dkim_bodies_octets(evidence->bodies, candidate->body) >
		    signature->length)
		return "a part of the body is not signed";
	return added_field(evidence->fields, signature);
}

/* 6.1.3 */
static enum result compare(const struct dkim_evidence *evidence,
			   const struct dkim_candidate *candidate,
			   const struct crypto_public *public,
			   struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &candidate->signature;
	unsigned char digest[CRYPTO_SHA256_SIZE];
	const char *fault;
	enum result result;

	if (!dkim_evaluate_body(evidence, candidate, verdict))
		return OK;
	result = dkim_fields_hash(evidence->fields, evidence->hash, signature,
				  candidate->field, digest);
	if (result != OK)
		return result;
	judge(verdict, AUTH_FAIL, "signature did not verify");
	if (!crypto_verify(public, signature->digest, digest,
			   signature->signature))
		return OK;
	fault = policy_fault(evidence, candidate, verdict->bits);
	if (fault)
		judge(verdict, AUTH_POLICY, fault);
	else
		judge(verdict, AUTH_PASS, "");
	return OK;
}

enum result dkim_evaluate(const struct dkim_evidence *evidence,
			  const struct dkim_candidate *candidate,
			  struct dkim_verdict *verdict)
{
	struct crypto_public *public = NULL;
	enum result result = OK;

	if (dkim_evaluate_key(evidence, &candidate->signature, verdict,
			      &public))
		result = compare(evidence, candidate, public, verdict);
	crypto_public_put(public);
	return result;
}
