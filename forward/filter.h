/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FORWARD_FILTER_H
#define FORWARD_FILTER_H

#include "milters/milter.h"

/* How a message ended, behind the runtime's own. */
enum {
	FILTER_FORWARDED = OUTCOME_FIRST,
	FILTER_PASSED, /* nothing of it leaves by an alias */
	FILTER_REFUSED,
	FILTER_RETURNED, /* a bounce, to the first sender */
	FILTER_HELD,	 /* one that may name what is private */
};

/* The callbacks of forward. */
enum action filter_mail(struct session *session);
enum action filter_rcpt(struct session *session);
enum action filter_header(struct session *session);
void filter_body(struct session *session, struct str chunk);
enum action filter_end(struct session *session);
void filter_finish(struct session *session);

#endif
