/* SPDX-License-Identifier: BSD-2-Clause */

/* A whole message, sealed here twice and then validated. */

#include "mail/arc_seal.h"
#include "mail/arc_verify.h"
#include "mail/limits.h"
#include "signing.h"

enum { NOW = 1750000000 };

#define RESULTS " mx.example;\n\tarc=pass"

/* The one key there is; the chain that came may have been sealed with it. */
static void answer_key(void *context, struct arena *arena, struct str name,
		       enum dns_type type, struct dns_answer *answer)
{
	(void)context;
	MUST(type == DNS_TXT);
	*answer = (struct dns_answer){ .status = DNS_NO_NAME };
	if (!str_eq(name, STR("s._domainkey.x.example")))
		return;
	*answer = (struct dns_answer){ .status = DNS_OK, .n = 1 };
	answer->records = ARENA_NEW(arena, struct dns_record, 1);
	answer->records->data = STR(
		"k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

static struct arc_result validate(const struct fuzz_signing *signing)
{
	const struct dns_resolver resolver = { answer_key, NULL };
	const struct env env = { .resolver = &resolver, .now = NOW };
	struct arc_verifier *verifier =
		arc_verify_begin(signing->arena, false, &signing->message);
	struct arc_result result;

	MUST(verifier);
	arc_verify_body(verifier, signing->body);
	MUST(arc_verify_end(verifier, &env, &result) == OK);
	arc_verify_free(verifier);
	return result;
}

static enum result seal(const struct fuzz_signing *signing,
			const struct arc_seal_input *input, size_t step,
			struct arc_fields *fields)
{
	struct dkim_signer *signer;
	enum result result = fuzz_signing_end(signing, step, &signer);

	if (result == OK)
		result = arc_seal(signer, signing->arena, &signing->identity,
				  input, fields);
	dkim_sign_free(signer);
	return result;
}

static struct message put(struct arena *arena, const struct arc_fields *fields,
			  const struct message *message)
{
	struct message whole;

	message_init(&whole, arena);
	MUST(message_add(&whole, STR("ARC-Seal"), fields->seal) == OK);
	MUST(message_add(&whole, STR("ARC-Message-Signature"),
			 fields->message) == OK);
	MUST(message_add(&whole, STR("ARC-Authentication-Results"),
			 fields->authres) == OK);
	for (size_t i = 0; i < message->n; i++)
		MUST(message_add(&whole, message->fields[i].name,
				 message->fields[i].value) == OK);
	return whole;
}

/* What a validator makes of the set that was just put on top. */
static void check_set(const struct arc_fields *fields,
		      const struct arc_result *before,
		      const struct arc_result *after)
{
	fuzz_check_field(fields->seal, LIMIT_FIELD);
	fuzz_check_field(fields->message, LIMIT_FIELD);
	fuzz_check_field(fields->authres, LIMIT_FIELD);
	MUST(fields->instance == before->instances + 1 &&
	     after->instances == fields->instance);
	/* What passed, passes; and what failed never does again. */
	MUST(fields->cv == before->auth);
	MUST(after->auth == (fields->cv == AUTH_FAIL ? AUTH_FAIL : AUTH_PASS));
	if (after->auth != AUTH_PASS)
		return;
	MUST(str_eq(after->sets[fields->instance - 1].authres,
		    str_trim(STR(RESULTS))));
	MUST(before->auth != AUTH_NONE || after->oldest_pass == 0);
}

static void try_message(struct fuzz_signing *signing)
{
	/* A second set follows the first. */
	for (int i = 0; i < 2; i++) {
		struct arc_result before = validate(signing), after;
		const struct arc_seal_input input = {
			.message = &signing->message,
			.authres = STR(RESULTS),
			.cv = before.auth,
			.now = NOW,
		};
		struct arc_fields fields, cut;
		enum result result =
			seal(signing, &input, signing->body.n + 1, &fields);

		MUST(seal(signing, &input, signing->step, &cut) == result);
		MUST(result == OK || result == E_LIMIT || result == E_ABSENT);
		if (result != OK)
			return;
		MUST(str_eq(fields.seal, cut.seal));
		signing->message =
			put(signing->arena, &fields, &signing->message);
		after = validate(signing);
		check_set(&fields, &before, &after);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_signing signing;

	if (fuzz_signing_read(&signing, data, size))
		try_message(&signing);
	arena_free(signing.arena);
	return 0;
}
