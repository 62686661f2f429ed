/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "sign.h"

static const struct milter dkim_sign = {
	.name = "dkim-sign",
	.summary = "Signs what our own users send, with DKIM (RFC 6376), and "
		   "refuses\na From: that is not the user's.",

	.settings = config_table,
	.settings_size = sizeof(struct config),
	.parts = DOMAIN_ALIASES | DOMAIN_SENDERS | DOMAIN_USERS | DOMAIN_KEYS,
	.configure = config_derive,

	.stages = 1 << STAGE_CONNECT | 1 << STAGE_MAIL | 1 << STAGE_FIELD |
		  1 << STAGE_HEADER | 1 << STAGE_BODY | 1 << STAGE_END,
	.edits = 1 << EDIT_INSERT_FIELD,
	.macros = {
		[STAGE_MAIL] = "i {auth_authen}",
		[STAGE_HEADER] = "i",
		[STAGE_END] = "i",
	},
	.outcomes = {
		[OUTCOME_DEFERRED] = { "deferred", true },
		[OUTCOME_ABORTED] = { "aborted", false },
		[SIGN_SIGNED] = { "signed", false },
		[SIGN_UNSIGNED] = { "unsigned", false },
		[SIGN_REFUSED] = { "refused", true },
	},

	.mail = sign_mail,
	.wants_field = sign_wants_field,
	.header = sign_header,
	.body = sign_body,
	.end = sign_end,
	.finish = sign_finish,
};

int main(int argc, char **argv)
{
	return milter_run(&dkim_sign, argc, argv);
}
