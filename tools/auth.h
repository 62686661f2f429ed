/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_AUTH_H
#define TOOLS_AUTH_H

#include "auth-policy/check.h"
#include "auth-policy/policy.h"
#include "mail/delivery_facts.h"
#include "tool.h"

/* What the verbs print: as a tree for people, or as JSON for programs. */
struct auth_report {
	struct arena *arena;
	const struct check_findings *findings;
	const struct decision *decision;
	struct str authentication_results;
	struct delivery_facts delivery; /* how its receiver got the message */
};

void auth_print_verify(const struct auth_report *report, bool as_json);
void auth_print_dmarc(const struct auth_report *report, bool as_json);

/* `helo` may be NULL. */
void auth_print_spf(struct arena *arena, const struct spf_result *mail_from,
		    const struct spf_result *helo, bool as_json);

#endif
