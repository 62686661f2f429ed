/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_RECEIVED_SPF_H
#define MAIL_RECEIVED_SPF_H

#include "spf_check.h"

/*
 * The value of a Received-SPF field (RFC 7208 section 9.1), with a leading
 * space and LF folds: the result, a comment for people, and the facts it is
 * from. What of a stranger's words may stand in it, trace.h says; the rest is
 * left out with its key. `identity` is what was checked, "mailfrom" or "helo",
 * and `sender` the reverse-path of the message, which may be empty.
 */
struct str received_spf_format(struct arena *arena,
			       const struct spf_result *result,
			       const struct spf_client *client,
			       struct str sender, struct str identity);

#endif
