/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The ARC chain of a whole message. The first byte chooses the policy, the
 * second the chunks of the body; behind them stand a key record in a line of
 * its own, which is the answer to every question, and the message.
 */

#include "fuzz.h"
#include "mail/arc_verify.h"
#include "mail/crypto.h"
#include "mail/limits.h"

/* The record, and the names that may be asked for. */
struct world {
	struct str record;
	struct str names[2 * LIMIT_ARC_SETS];
	size_t n;
};

static void answer_record(void *context, struct arena *arena, struct str name,
			  enum dns_type type, struct dns_answer *answer)
{
	const struct world *world = context;
	size_t i = 0;

	MUST(type == DNS_TXT);
	while (i < world->n && !str_eq(world->names[i], name))
		i++;
	MUST(i < world->n);
	*answer = (struct dns_answer){ .status = DNS_OK, .n = 1 };
	answer->records = ARENA_NEW(arena, struct dns_record, 1);
	answer->records->data = world->record;
	if (str_eq(world->record, STR("!")))
		answer->status = DNS_TEMPORARY;
}

/* Every name once, and one that DNS can have. */
static void read_names(const struct arc_verifier *verifier, struct world *world)
{
	struct str name;

	for (world->n = 0; arc_verify_key_name(verifier, world->n, &name);
	     world->names[world->n++] = name) {
		MUST(world->n < 2 * LIMIT_ARC_SETS);
		MUST(dns_is_name(name));
		for (size_t i = 0; i < name.n; i++)
			MUST(name.p[i] > ' ' && name.p[i] <= '~');
		for (size_t i = 0; i < world->n; i++)
			MUST(!str_eq(world->names[i], name));
	}
}

static struct arc_result validate(struct arena *arena, struct str record,
				  bool legacy, const struct message *message,
				  struct str body, size_t step)
{
	struct world world = { .record = record };
	const struct dns_resolver resolver = { answer_record, &world };
	const struct env env = { .resolver = &resolver, .now = 1750000000 };
	struct arc_verifier *verifier =
		arc_verify_begin(arena, legacy, message);
	struct arc_result result;

	MUST(verifier);
	read_names(verifier, &world);
	for (; body.n > step; body = str_sub(body, step, body.n))
		arc_verify_body(verifier, str_sub(body, 0, step));
	arc_verify_body(verifier, body);
	MUST(arc_verify_end(verifier, &env, &result) == OK);
	arc_verify_free(verifier);
	return result;
}

static void check(const struct message *message,
		  const struct arc_result *result)
{
	bool passed = result->auth == AUTH_PASS;
	size_t n = message_count(message, STR("ARC-Seal"), NULL);
	size_t others =
		message_count(message, STR("ARC-Message-Signature"), NULL) +
		message_count(message, STR("ARC-Authentication-Results"), NULL);

	MUST((result->auth == AUTH_NONE) == (n + others == 0));
	MUST(passed || result->auth == AUTH_NONE || result->auth == AUTH_FAIL ||
	     result->auth == AUTH_TEMPERROR);
	MUST((passed || result->auth == AUTH_NONE) == !*result->reason);
	MUST(passed == (result->sets != NULL));
	MUST(passed || result->oldest_pass == 0);
	MUST(!passed ||
	     (result->instances == n && n > 0 && n <= LIMIT_ARC_SETS &&
	      result->oldest_pass <= n && result->oldest_pass != 1));
	for (size_t i = 0; passed && i < n; i++)
		MUST(result->sets[i].sealer.n && result->sets[i].selector.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct str text = { (const char *)data, size }, body, record = STR("");
	struct arena *arena = arena_new(4096);
	struct message message;
	bool legacy = fuzz_first(&text) & 1;
	size_t step = fuzz_first(&text) + 1;

	if (!ready)
		MUST(crypto_init() == OK);
	ready = true;
	str_line(&text, &record);
	message_init(&message, arena);
	if (message_split(&message, text, &body) == OK) {
		struct arc_result whole = validate(arena, record, legacy,
						   &message, body, size + 1);
		struct arc_result cut =
			validate(arena, record, legacy, &message, body, step);
		struct arc_result lax =
			validate(arena, record, true, &message, body, step);

		check(&message, &whole);
		/* any cutting of the body gives the same result */
		MUST(whole.auth == cut.auth &&
		     whole.oldest_pass == cut.oldest_pass &&
		     strcmp(whole.reason, cut.reason) == 0);
		/* what passes, passes with `legacy` too */
		MUST(whole.auth != AUTH_PASS || lax.auth == AUTH_PASS);
	}
	arena_free(arena);
	return 0;
}
