/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_CHECK_H
#define AUTH_POLICY_CHECK_H

#include "auth-policy/engine.h"
#include "mail/arc_verify.h"
#include "mail/authors.h"
#include "milters/milter.h"

/*
 * All checks of one message in one reading of it, for the daemon and for the
 * command. What a check does with DNS is started as early as it can be known:
 * SPF at MAIL, keys and policies at the end of the header.
 */

struct check_rules {
	struct dkim_verify_policy dkim;
	bool arc;
	enum dmarc_discovery discovery;
	const struct engine_spf *spf,
		*other_spf; /* other: to compare, or NULL */
	const struct engine_dmarc *dmarc, *other_dmarc;
};

/* What was found out. Pointers live in the arena of the check. */
struct check_findings {
	/* SPF, if there is a client. MAIL FROM is postmaster@HELO if null. */
	bool has_spf;
	struct spf_client client;
	struct str sender;
	struct spf_result helo, mail_from;
	struct dkim_verdicts dkim;
	bool has_arc;
	struct arc_result arc;
	struct authors authors;
	struct dmarc_result *dmarc;	      /* one for each Author Domain */
	const struct dmarc_result *strictest; /* NULL without any */
	const char *differences; /* of the engines, for the log; NULL: none */
};

struct check;

/* Who sends: the two identities of SPF and the client behind them. */
struct check_envelope {
	const struct spf_client *client; /* NULL: unknown, there is no SPF */
	struct str sender;		 /* without < and >, empty: null */
};

/*
 * Begins with the envelope. `inquiry` may be NULL for a resolver that always
 * has its answers. All arguments must outlive the check, which is to be ended
 * by check_free; its findings live as long as the arena.
 */
struct check *check_new(struct arena *arena, const struct check_rules *rules,
			const struct env *env, struct inquiry *inquiry,
			const struct check_envelope *envelope);

/* E_CRYPTO when the cryptographic library refuses. */
enum result check_header(struct check *check, const struct message *message);
void check_body(struct check *check, struct str chunk);
enum result check_end(struct check *check,
		      const struct check_findings **findings);
void check_free(struct check *check);

#endif
