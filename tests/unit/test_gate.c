/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "gate"
#include "unit.h"

#include "forward/gate.h"

/* Which of the gates refuse, by a bit for each. */
enum { STRICT = 1 << GATE_STRICT, DMARC = 1 << GATE_DMARC };

static const struct verdict good = {
	.checked = true,
	.spf = AUTH_PASS,
	.dkim = AUTH_PASS,
	.dkim_aligned = true,
	.dmarc = AUTH_PASS,
	.policy = DMARC_REJECT,
	.author = STR("bank.example"),
};

static const char *ask(int gate, const char *spam_header,
		       const struct verdict *verdict, struct message *header)
{
	struct config config = { .gate = gate, .spam_header = spam_header };
	struct derived derived = { .spam = { STR(""), STR("") } };
	struct snapshot snapshot = { .settings = &config, .derived = &derived };

	if (*spam_header)
		derived.spam = (struct field){ STR("X-Spam-Flag"), STR("YES") };
	return gate_fault(&snapshot, header->arena, verdict, header);
}

static void check(struct message *header, const struct verdict *verdict,
		  int refuse, const char *words, const char *what)
{
	for (int gate = GATE_STRICT; gate <= GATE_OFF; gate++) {
		const char *fault = ask(gate, "", verdict, header);

		if (!(refuse & 1 << gate) != !fault)
			fail_msg("%s: gate %d: %s", what, gate,
				 fault ? fault : "may pass");
		if (fault && !strstr(fault, words))
			fail_msg("%s: \"%s\" does not say \"%s\"", what, fault,
				 words);
	}
}

/* What one thing makes of a message that is all right. */
static void verdicts(void **state)
{
	struct arena *arena = arena_new(1024);
	struct message header;
	struct verdict verdict = good;

	(void)state;
	message_init(&header, arena);
	check(&header, &verdict, 0, "", "all right");

	verdict.dmarc = AUTH_FAIL;
	check(&header, &verdict, STRICT | DMARC,
	      "the policy of bank.example is reject", "DMARC under reject");
	verdict.policy = DMARC_QUARANTINE;
	check(&header, &verdict, STRICT | DMARC,
	      "the policy of bank.example is quarantine",
	      "DMARC under quarantine");
	verdict.policy = DMARC_NONE;
	check(&header, &verdict, 0, "", "DMARC under none");

	verdict.spf = AUTH_SOFTFAIL;
	check(&header, &verdict, 0, "", "DKIM of somebody alone");
	verdict.dkim = AUTH_FAIL;
	check(&header, &verdict, STRICT, "neither SPF nor DKIM passed",
	      "neither");
	verdict.dkim = AUTH_TEMPERROR;
	verdict.spf = AUTH_NONE;
	check(&header, &verdict, STRICT, "neither SPF nor DKIM passed",
	      "neither is known");
	verdict.checked = false;
	check(&header, &verdict, 0, "", "of a trusted client");

	/* It passed for the host that brought it, and for no other one. */
	verdict = good;
	verdict.dkim = AUTH_NONE;
	verdict.dkim_aligned = false;
	check(&header, &verdict, STRICT, "signature of it that survives",
	      "SPF alone under reject");
	verdict.policy = DMARC_QUARANTINE;
	check(&header, &verdict, STRICT, "signature of it that survives",
	      "SPF alone under quarantine");
	verdict.policy = DMARC_NONE;
	check(&header, &verdict, 0, "", "SPF alone under none");
	arena_free(arena);
}

static void spam(void **state)
{
	static const struct {
		struct str name, value;
		bool marked;
	} rows[] = {
		{ S("X-Spam-Flag"), S(" YES"), true },
		{ S("x-spam-flag"), S(" yes"), true },
		{ S("X-Spam-Flag"), S("YES  "), true },
		{ S("X-Spam-Flag"), S(" NO"), false },
		{ S("X-Spam-Flag"), S(" YES, rather"), false },
		{ S("X-Spam-Flags"), S(" YES"), false },
		{ S("Subject"), S(" YES"), false },
	};
	struct arena *arena = arena_new(1024);
	struct message header;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		message_init(&header, arena);
		message_add(&header, STR("From"), STR(" bob@bank.example"));
		message_add(&header, rows[i].name, rows[i].value);
		message_add(&header, STR("X-Spam-Flag"), STR(" NO"));
		assert_int_equal(ask(GATE_STRICT, "X-Spam-Flag: YES", &good,
				     &header) != NULL,
				 rows[i].marked);
		/* It is asked for by the strict gate, and by a setting. */
		assert_null(ask(GATE_STRICT, "", &good, &header));
		assert_null(
			ask(GATE_DMARC, "X-Spam-Flag: YES", &good, &header));
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(spam),
	};

	return UNIT_RUN(tests);
}
