/* SPDX-License-Identifier: BSD-2-Clause */
#include "explain.h"
#include "filter.h"

static const struct milter forward = {
	.name = "forward",
	.summary = "Sends mail for aliases on to other mailboxes: SRS, DKIM, "
		   "ARC, loops,\nrefusals within the session.",

	.settings = forward_table,
	.settings_size = sizeof(struct config),
	.parts = DOMAIN_ALIASES | DOMAIN_USERS | DOMAIN_KEYS,
	.watch = true,
	.configure = forward_derive,
	.ask = explain_ask,

	.stages = 1 << STAGE_CONNECT | 1 << STAGE_HELO | 1 << STAGE_MAIL |
		  1 << STAGE_RCPT | 1 << STAGE_FIELD | 1 << STAGE_HEADER |
		  1 << STAGE_BODY | 1 << STAGE_END,
	.edits = 1 << EDIT_INSERT_FIELD | 1 << EDIT_DELETE_FIELD |
		 1 << EDIT_CHANGE_SENDER | 1 << EDIT_ADD_RECIPIENT |
		 1 << EDIT_DELETE_RECIPIENT | 1 << EDIT_REPLACE_BODY |
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
		[FILTER_FORWARDED] = { "forwarded", false },
		[FILTER_PASSED] = { "passed", false },
		[FILTER_REFUSED] = { "refused", false },
		[FILTER_RETURNED] = { "returned", false },
		[FILTER_HELD] = { "held", true },
	},

	.mail = filter_mail,
	.rcpt = filter_rcpt,
	.header = filter_header,
	.body = filter_body,
	.end = filter_end,
	.finish = filter_finish,
};

int main(int argc, char **argv)
{
	return milter_run(&forward, argc, argv);
}
