/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DKIM_SIGN_CONFIG_H
#define DKIM_SIGN_CONFIG_H

#include "mail/dkim_sign.h"
#include "milters/milter.h"

enum from_rule { FROM_OWN, FROM_DOMAIN, FROM_ANY };
enum long_lines { LONG_LINES_SIGN, LONG_LINES_REJECT };

struct config {
	int from; /* enum from_rule */
	bool subdomains;
	const char *canonicalization;
	struct conf_list oversign;
	struct conf_list sign;
	int64_t expire;
	int long_lines; /* enum long_lines */
};

extern const struct setting config_table[];

/* "own", "domain", "any" */
const char *config_from_name(int from);

/* Makes the struct dkim_policy that snapshot->derived then points to. */
enum result config_derive(struct snapshot *snapshot, const char **error);

#endif
