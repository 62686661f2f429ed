/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_SIGNING_H
#define TESTS_FUZZ_SIGNING_H

#include "fuzz.h"
#include "mail/crypto.h"
#include "mail/dkim_sign.h"

/*
 * What targets that sign have in common: a message, with the policy that the
 * first byte of the input chooses, and the chunks that the second one does.
 */
struct fuzz_signing {
	struct dkim_policy policy;
	struct str every; /* of the policy */
	struct dkim_identity identity;
	struct arena *arena;
	struct message message;
	struct str body;
	size_t step;
};

/* RFC 8032 section 7.1, TEST 1 */
static inline struct crypto_key *fuzz_key(void)
{
	static struct crypto_key *key;

	if (!key) {
		MUST(crypto_init() == OK);
		MUST(crypto_key_parse(STR("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZ"
					  "cDusAxyuf2A="),
				      &key) == OK);
	}
	return key;
}

/* False when the input is no message; the arena is the caller's to free. */
static inline bool fuzz_signing_read(struct fuzz_signing *signing,
				     const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	unsigned how = fuzz_first(&text);

	*signing = (struct fuzz_signing){
		.policy = dkim_policy_default,
		.every = STR("*"),
		.identity = { STR("x.example"), STR("s"), fuzz_key() },
		.arena = arena_new(4096),
		.step = fuzz_first(&text) + 1,
	};
	signing->policy.header = how & 1 ? CANON_RELAXED : CANON_SIMPLE;
	signing->policy.body = how & 2 ? CANON_RELAXED : CANON_SIMPLE;
	if (how & 4) {
		signing->policy.present = &signing->every;
		signing->policy.n_present = 1;
	}
	message_init(&signing->message, signing->arena);
	return message_split(&signing->message, text, &signing->body) == OK;
}

/* A signer that has seen the message, its body in chunks of `step` octets. */
static inline enum result fuzz_signing_end(const struct fuzz_signing *signing,
					   size_t step,
					   struct dkim_signer **signer)
{
	struct str body = signing->body;

	*signer = dkim_sign_begin(&signing->policy);
	MUST(*signer);
	for (; body.n > step; body = str_sub(body, step, body.n))
		dkim_sign_body(*signer, str_sub(body, 0, step));
	dkim_sign_body(*signer, body);
	return dkim_sign_end(*signer, signing->arena, &signing->message);
}

/* Nothing of the message may end a field of ours or begin another one. */
static inline void fuzz_check_field(struct str value, size_t limit)
{
	MUST(value.n && value.n <= limit && value.p[0] == ' ');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n')
			MUST(i + 1 < value.n && value.p[i + 1] == '\t');
		else
			MUST(value.p[i] == '\t' ||
			     (value.p[i] >= ' ' && value.p[i] <= '~'));
	}
}

#endif
