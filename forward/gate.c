/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

static bool is_spam(const struct field *mark, const struct message *header)
{
	for (size_t i = 0; mark->name.n && i < header->n; i++)
		if (message_is(&header->fields[i], mark->name) &&
		    str_ieq(str_trim(header->fields[i].value), mark->value))
			return true;
	return false;
}

const char *gate_fault(const struct snapshot *snapshot, struct arena *arena,
		       const struct verdict *verdict,
		       const struct message *header)
{
	const struct config *config = snapshot->settings;
	const struct derived *derived = snapshot->derived;
	const char *policy = dmarc_policy_name(verdict->policy);

	if (config->gate == GATE_OFF || !verdict->checked)
		return NULL;
	if (verdict->dmarc == AUTH_FAIL && verdict->policy != DMARC_NONE)
		return arena_printf(arena,
				    "DMARC failed, and the policy of %.*s is "
				    "%s: it can't be forwarded",
				    STR_ARG(verdict->author), policy);
	if (config->gate == GATE_DMARC)
		return NULL;
	if (verdict->spf != AUTH_PASS && verdict->dkim != AUTH_PASS)
		return "neither SPF nor DKIM passed: it can't be forwarded";
	if (is_spam(&derived->spam, header))
		return "it is marked as spam, which is not forwarded";
	/* SPF passed for this hop alone, and the next receiver must fail it. */
	if (verdict->policy != DMARC_NONE && !verdict->dkim_aligned)
		return arena_printf(
			arena,
			"the DMARC policy of %.*s is %s, and there is no DKIM "
			"signature of it that survives forwarding",
			STR_ARG(verdict->author), policy);
	return NULL;
}
