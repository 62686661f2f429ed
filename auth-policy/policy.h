/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_POLICY_H
#define AUTH_POLICY_POLICY_H

#include "auth-policy/config.h"

/* What can be found, the graver before the lesser. */
enum finding {
	FINDING_NO_AUTHOR,
	FINDING_MANY_AUTHORS,
	FINDING_DMARC_TEMPERROR,
	FINDING_DMARC_REJECT,
	FINDING_DMARC_QUARANTINE,
	FINDING_SPF_FAIL,
	FINDING_NOTHING,
	FINDINGS,
};

/* What is done with the message. */
enum policy_action {
	POLICY_ACCEPT,
	POLICY_MARK, /* accepted, with X-Spam-Flag: YES */
	POLICY_HOLD, /* accepted, the MTA puts it aside */
	POLICY_REJECT,
	POLICY_TEMPFAIL,
	POLICY_EVALUATE, /* what else is found decides */
};

/* "accept", "mark", "hold", "reject", "tempfail", "evaluate" */
const char *policy_action_name(enum policy_action action);

struct decision {
	enum finding finding;
	enum policy_action action;
	/* Why the action is not what the table says, a phrase; or NULL. */
	const char *override;
	const char *code, *xcode; /* of the reply, NULL when accepted */
	const char *text;	  /* of it, or of the mark */
};

/* The one place where findings become an action. Lives in the arena. */
void policy_decide(struct arena *arena, const struct config *config,
		   const struct derived *derived,
		   const struct check_findings *findings,
		   struct decision *decision);

/* Prints the table of findings and actions for a configuration, for -T. */
void policy_print(FILE *to, const struct snapshot *snapshot);

#endif
