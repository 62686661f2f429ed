/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DKIM_SIGN_SIGN_H
#define DKIM_SIGN_SIGN_H

#include "milters/milter.h"

enum sign_outcome {
	SIGN_SIGNED = OUTCOME_FIRST,
	SIGN_UNSIGNED,
	SIGN_REFUSED,
};

/* The callbacks of struct milter. */
enum action sign_mail(struct session *session);
bool sign_wants_field(struct session *session, struct str name);
enum action sign_header(struct session *session);
void sign_body(struct session *session, struct str chunk);
enum action sign_end(struct session *session);
void sign_finish(struct session *session);

#endif
