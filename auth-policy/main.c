/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "filter.h"
#include "policy.h"

static const struct milter auth_policy = {
	.name = "auth-policy",
	.summary = "Checks SPF, DKIM, ARC and DMARC of what strangers send, "
		   "says in\nAuthentication-Results what it found, and "
		   "enforces the author domain's policy.",

	.settings = config_table,
	.settings_size = sizeof(struct config),
	.configure = config_derive,
	.print = policy_print,
	.dns = true,

	.stages = 1 << STAGE_CONNECT | 1 << STAGE_HELO | 1 << STAGE_MAIL |
		  1 << STAGE_FIELD | 1 << STAGE_HEADER | 1 << STAGE_BODY |
		  1 << STAGE_END,
	.edits = 1 << EDIT_INSERT_FIELD | 1 << EDIT_DELETE_FIELD |
		 1 << EDIT_QUARANTINE,
	.macros = {
		[STAGE_CONNECT] = "j",
		[STAGE_MAIL] = "i {auth_authen}",
		[STAGE_HEADER] = "i",
		[STAGE_END] = "i",
	},
	.outcomes = {
		[OUTCOME_DEFERRED] = { "deferred", true },
		[OUTCOME_ABORTED] = { "aborted", false },
		[FILTER_CHECKED] = { "checked", false },
		[FILTER_MARKED] = { "quarantined", false },
		[FILTER_REFUSED] = { "refused", false },
		[FILTER_TRUSTED] = { "trusted", false },
	},

	.mail = filter_mail,
	.header = filter_header,
	.body = filter_body,
	.end = filter_end,
	.finish = filter_finish,
};

int main(int argc, char **argv)
{
	return milter_run(&auth_policy, argc, argv);
}
