/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A whole message, verified. The first byte chooses the policy, the second the
 * chunks of the body; behind them stand a key record in a line of its own,
 * which is the answer to every question, and the message.
 */

#include "fuzz.h"
#include "mail/crypto.h"
#include "mail/dkim_verify.h"

static void answer_record(void *context, struct arena *arena, struct str name,
			  enum dns_type type, struct dns_answer *answer)
{
	MUST(type == DNS_TXT && name.n && name.n <= 253);
	for (size_t i = 0; i < name.n; i++)
		MUST(name.p[i] > ' ' && name.p[i] <= '~');
	*answer = (struct dns_answer){ .status = DNS_OK, .n = 1 };
	answer->records = ARENA_NEW(arena, struct dns_record, 1);
	answer->records->data = *(struct str *)context;
	if (str_eq(answer->records->data, STR("!")))
		answer->status = DNS_TEMPORARY;
}

static struct dkim_verdicts verify(struct arena *arena,
				   const struct dkim_verify_policy *policy,
				   struct str record,
				   const struct message *message,
				   struct str body, size_t step)
{
	const struct dns_resolver resolver = { answer_record, &record };
	const struct env env = { .resolver = &resolver, .now = 1750000000 };
	struct dkim_verifier *verifier =
		dkim_verify_begin(arena, policy, message, STR("x.example"));
	struct dkim_verdicts verdicts;
	struct str name;

	MUST(verifier);
	for (; body.n > step; body = str_sub(body, step, body.n))
		dkim_verify_body(verifier, str_sub(body, 0, step));
	dkim_verify_body(verifier, body);
	MUST(!dkim_verify_key_name(verifier, policy->max_signatures, &name));
	MUST(dkim_verify_end(verifier, &env, &verdicts) == OK);
	dkim_verify_free(verifier);
	return verdicts;
}

static void check(const struct message *message,
		  const struct dkim_verdicts *whole,
		  const struct dkim_verdicts *cut)
{
	MUST(whole->n == message_count(message, STR("DKIM-Signature"), NULL));
	for (size_t i = 0; i < whole->n; i++) {
		const struct dkim_verdict *verdict = &whole->list[i];

		MUST(verdict->auth != AUTH_NONE && verdict->reason);
		MUST((verdict->auth == AUTH_PASS) == !*verdict->reason);
		MUST(verdict->auth != AUTH_PASS ||
		     (verdict->domain.n && verdict->bits));
		/* any cutting of the body gives the same verdicts */
		MUST(verdict->auth == cut->list[i].auth);
		MUST(verdict->reason == cut->list[i].reason);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct str text = { (const char *)data, size }, body, record = STR("");
	struct dkim_verify_policy policy = dkim_verify_policy_default;
	struct arena *arena = arena_new(4096);
	struct message message;
	unsigned how = fuzz_first(&text);
	size_t step = fuzz_first(&text) + 1;

	if (!ready)
		MUST(crypto_init() == OK);
	ready = true;
	policy.rsa_sha1 = policy.drafts = how & 1;
	policy.short_keys = how & 2;
	policy.expired = how & 4;
	policy.max_signatures = how & 8 ? 2 : 10;
	str_line(&text, &record);
	message_init(&message, arena);
	if (message_split(&message, text, &body) == OK) {
		struct dkim_verdicts whole = verify(arena, &policy, record,
						    &message, body, size + 1);
		struct dkim_verdicts cut =
			verify(arena, &policy, record, &message, body, step);

		check(&message, &whole, &cut);
	}
	arena_free(arena);
	return 0;
}
