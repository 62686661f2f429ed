/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FORWARD_EXPLAIN_H
#define FORWARD_EXPLAIN_H

#include "config.h"

/*
 * What becomes of mail to an address, step by step and in lines for people:
 * each address on the way, indented by its level, with what it was found to
 * be and in which line of which file; under which domain senders are
 * rewritten; what RCPT is answered. E_SYNTAX when it is no address.
 */
enum result explain_address(const struct snapshot *snapshot, int64_t now,
			    struct str address, struct buf *answer);

/* At the control socket: "resolve ADDRESS". */
enum result explain_ask(const struct snapshot *snapshot, int64_t now,
			struct str question, struct buf *answer);

#endif
