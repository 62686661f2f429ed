/* SPDX-License-Identifier: BSD-2-Clause */

/* A whole message, split and signed; the first two bytes choose how. */

#include "fuzz.h"
#include "mail/dkim_sign.h"
#include "mail/limits.h"

static struct crypto_key *ed25519;

static struct str sign(const struct dkim_policy *policy, struct arena *arena,
		       const struct message *message, struct str body,
		       size_t step)
{
	struct dkim_identity identity = { STR("x.example"), STR("s"), ed25519 };
	struct dkim_signer *signer = dkim_sign_begin(policy);
	struct str value = STR("");
	enum result result;

	MUST(signer);
	while (body.n > step) {
		dkim_sign_body(signer, str_sub(body, 0, step));
		body = str_sub(body, step, body.n);
	}
	dkim_sign_body(signer, body);
	result = dkim_sign_end(signer, arena, message);
	if (result == OK)
		result = dkim_sign_field(signer, arena, &identity, 1, &value);
	MUST(result == OK || result == E_LIMIT);
	dkim_sign_free(signer);
	return value;
}

/* Nothing of the message may end the field or begin another one. */
static void check_form(struct str value)
{
	MUST(value.n == 0 || (value.n <= LIMIT_SIGNATURE && value.p[0] == ' '));
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n')
			MUST(i + 1 < value.n && value.p[i + 1] == '\t');
		else
			MUST(value.p[i] == '\t' ||
			     (value.p[i] >= ' ' && value.p[i] <= '~'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, body, whole;
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
	if (message_split(&message, text, &body) == OK) {
		whole = sign(&policy, arena, &message, body, text.n + 1);
		check_form(whole);
		MUST(str_eq(sign(&policy, arena, &message, body, step), whole));
	}
	arena_free(arena);
	return 0;
}
