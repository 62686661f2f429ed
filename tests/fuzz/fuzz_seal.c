/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A whole message, sealed here twice and then validated. The first byte chooses
 * the policy, the second the chunks of the body.
 */

#include "fuzz.h"
#include "mail/arc_seal.h"
#include "mail/arc_verify.h"
#include "mail/crypto.h"
#include "mail/limits.h"

enum { NOW = 1750000000 };

#define RESULTS " mx.example;\n\tarc=pass"

static struct crypto_key *ed25519;

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

static struct arc_result
validate(struct arena *arena, const struct message *message, struct str body)
{
	const struct dns_resolver resolver = { answer_key, NULL };
	const struct env env = { .resolver = &resolver, .now = NOW };
	struct arc_verifier *verifier = arc_verify_begin(arena, false, message);
	struct arc_result result;

	MUST(verifier);
	arc_verify_body(verifier, body);
	MUST(arc_verify_end(verifier, &env, &result) == OK);
	arc_verify_free(verifier);
	return result;
}

static enum result seal(const struct dkim_policy *policy,
			const struct arc_seal_input *input, struct arena *arena,
			struct str body, size_t step, struct arc_fields *fields)
{
	const struct dkim_identity identity = { STR("x.example"), STR("s"),
						ed25519 };
	struct dkim_signer *signer = dkim_sign_begin(policy);
	enum result result;

	MUST(signer);
	for (; body.n > step; body = str_sub(body, step, body.n))
		dkim_sign_body(signer, str_sub(body, 0, step));
	dkim_sign_body(signer, body);
	result = dkim_sign_end(signer, arena, input->message);
	if (result == OK)
		result = arc_seal(signer, arena, &identity, input, fields);
	dkim_sign_free(signer);
	return result;
}

/* Nothing of the message may end a field or begin another one. */
static void check_form(struct str value)
{
	MUST(value.n && value.n <= LIMIT_FIELD && value.p[0] == ' ');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n')
			MUST(i + 1 < value.n && value.p[i + 1] == '\t');
		else
			MUST(value.p[i] == '\t' ||
			     (value.p[i] >= ' ' && value.p[i] <= '~'));
	}
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
	check_form(fields->seal);
	check_form(fields->message);
	check_form(fields->authres);
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

static void try_message(const struct dkim_policy *policy, struct arena *arena,
			struct message *message, struct str body, size_t step)
{
	/* A second set follows the first. */
	for (int i = 0; i < 2; i++) {
		struct arc_result before = validate(arena, message, body);
		struct arc_result after;
		const struct arc_seal_input input = {
			.message = message,
			.authres = STR(RESULTS),
			.cv = before.auth,
			.now = NOW,
		};
		struct arc_fields fields, cut;
		enum result result =
			seal(policy, &input, arena, body, body.n + 1, &fields);

		MUST(seal(policy, &input, arena, body, step, &cut) == result);
		MUST(result == OK || result == E_LIMIT || result == E_ABSENT);
		if (result != OK)
			return;
		MUST(str_eq(fields.seal, cut.seal));
		*message = put(arena, &fields, message);
		after = validate(arena, message, body);
		check_set(&fields, &before, &after);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, body;
	struct dkim_policy policy = dkim_policy_default;
	struct str every = STR("*");
	struct arena *arena = arena_new(4096);
	struct message message;
	unsigned how = fuzz_first(&text);
	size_t step = fuzz_first(&text) + 1;

	if (!ed25519) {
		MUST(crypto_init() == OK);
		MUST(crypto_key_parse(STR("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZ"
					  "cDusAxyuf2A="),
				      &ed25519) == OK);
	}
	policy.header = how & 1 ? CANON_RELAXED : CANON_SIMPLE;
	policy.body = how & 2 ? CANON_RELAXED : CANON_SIMPLE;
	if (how & 4) {
		policy.present = &every;
		policy.n_present = 1;
	}
	message_init(&message, arena);
	if (message_split(&message, text, &body) == OK)
		try_message(&policy, arena, &message, body, step);
	arena_free(arena);
	return 0;
}
