/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_STS_POLICY_H
#define MAIL_STS_POLICY_H

#include <stdint.h>

#include "arena.h"
#include "result.h"

/* RFC 8461 section 3.2: what a domain asks of those who send to it. */

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };

struct sts_policy {
	enum sts_mode mode;
	int64_t max_age; /* seconds */
	struct str *mx;	 /* patterns: "mx.example.org", "*.example.org" */
	size_t n_mx;
};

/*
 * The policy points into the text. E_SYNTAX with *fault, what was expected,
 * when it does not match the grammar to its last byte, or lacks a field.
 */
enum result sts_policy_parse(struct arena *arena, struct str text,
			     struct sts_policy *policy, const char **fault);

/* RFC 8461 section 4.1: may mail go to a host of this name? */
bool sts_policy_allows(const struct sts_policy *policy, struct str host);

/* "enforce" */
const char *sts_mode_name(enum sts_mode mode);

#endif
