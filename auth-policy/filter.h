/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_FILTER_H
#define AUTH_POLICY_FILTER_H

#include "milters/milter.h"

/* How a message ended, behind the runtime's own. */
enum {
	FILTER_CHECKED = OUTCOME_FIRST, /* accepted */
	FILTER_MARKED,			/* accepted as quarantined */
	FILTER_REFUSED,
	FILTER_TRUSTED, /* not checked */
};

/* The callbacks of auth-policy. */
enum action filter_mail(struct session *session);
enum action filter_header(struct session *session);
void filter_body(struct session *session, struct str chunk);
enum action filter_end(struct session *session);
void filter_finish(struct session *session);

#endif
