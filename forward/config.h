/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FORWARD_CONFIG_H
#define FORWARD_CONFIG_H

#include "mail/dkim_sign.h"
#include "mail/mac.h"
#include "milters/milter.h"

enum gate { GATE_STRICT, GATE_DMARC, GATE_OFF };
enum arc_rule { ARC_SEAL, ARC_OFF };
enum mixed { MIXED_SPLIT, MIXED_REWRITE };
enum unreadable { UNREADABLE_STRIKE, UNREADABLE_HOLD };

/* The settings of forward.conf; the table says what they mean. */
struct config {
	const char *srs_domain;
	int gate, mixed, unreadable_bounces, arc;
	const char *spam_header;
	int64_t max_recipients;
	int64_t max_hops;
};

extern const struct setting forward_table[];

/* What is derived from them, once for each snapshot. */
struct derived {
	struct str srs_domain; /* normal form; empty: the alias's own */
	struct mac_secrets srs, verdict;
	struct field spam; /* of spam_header: name and value */
	/* The table of tokens.h; NULL for who must not open it. */
	const char *tokens;
};

enum result forward_derive(struct snapshot *snapshot, const char **error);

#endif
