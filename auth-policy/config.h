/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_CONFIG_H
#define AUTH_POLICY_CONFIG_H

#include "auth-policy/check.h"
#include "milters/milter.h"

enum malformed_from { MALFORMED_REJECT, MALFORMED_EVALUATE };
enum quarantine { QUARANTINE_HEADER, QUARANTINE_HOLD, QUARANTINE_REJECT };
enum spf_fail { SPF_FAIL_ACCEPT, SPF_FAIL_REJECT };
enum temperror { TEMPERROR_ACCEPT, TEMPERROR_TEMPFAIL };

/* The settings of auth-policy.conf; the table says what they mean. */
struct config {
	const char *authserv_id;
	int malformed_from, quarantine, spf_fail, temperror;
	bool dry_run;
	bool arc;
	struct conf_list trusted_sealers;
	struct conf_list trusted_forwarders;
	bool received_spf;
	int dmarc_discovery;
	int spf_engine, dmarc_engine;
	bool compare;
	int64_t dns_budget; /* milliseconds */
};

extern const struct setting config_table[];

/* What is derived from them, once for each snapshot. */
struct derived {
	struct check_rules rules;
	struct networks forwarders;	    /* of trusted_forwarders: blocks */
	struct conf_list forwarder_domains; /* and domains, in normal form */
	struct conf_list sealers;	    /* in normal form */
	struct mac_secrets verdict;	    /* none: no verdict is passed on */
};

enum result config_derive(struct snapshot *snapshot, const char **error);

/*
 * The same without a snapshot, for the command: from `config` into `derived`,
 * which both live in the arena.
 */
enum result config_apply(struct arena *arena, const struct config *config,
			 struct derived *derived, const char **error);

#endif
