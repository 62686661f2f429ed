/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FORWARD_FORWARDING_H
#define FORWARD_FORWARDING_H

#include "mail/buf.h"
#include "mail/verdict.h"
#include "route.h"

/* What is known of one message. */
struct forwarding {
	const struct config *config;
	const struct derived *derived;
	bool ours;    /* of a user, of this host, of a trusted network */
	bool foreign; /* its sender is not null and not of our domains */
	struct route *routes, **last;
	size_t n_targets;
	bool has_treatment; /* of the first recipient: */
	struct str rewrite; /* the domain of the new sender, or empty */
	const struct route *leaving; /* the first one that leaves */
	struct dkim_signer *signer;
	const struct domain *signing; /* whose keys sign */
	struct verdict verdict;
	bool has_verdict;
	const struct message *header; /* as it leaves, under our fields */
	const struct route *bounce;   /* the only recipient, if it is one */
	const struct mailbox *told;   /* who gets a bounce, NULL: it is none */
	struct buf body;	      /* of a bounce; full: only its begin */
};

/* The edits of the envelope: recipients as sets, and the sender. */
enum result envelope_edit(struct session *session,
			  const struct forwarding *forwarding);

/* The fields that are added: marker, signatures, ARC set. */
enum result seal_edit(struct session *session,
		      const struct forwarding *forwarding);

/* Signatures of our domain over a header and the body that was hashed. */
enum result seal_sign(struct session *session,
		      const struct forwarding *forwarding,
		      const struct message *header, struct str *signatures,
		      size_t *n);

/* What became of a bounce that is turned back. */
enum bounce {
	BOUNCE_REPLACED, /* a notification of ours stands in its place */
	BOUNCE_STRUCK,	 /* it goes on without what is private */
	BOUNCE_HELD,	 /* that can't be done for certain */
};

/*
 * A bounce goes back to a stranger, who must not learn from it where the
 * alias leads. Its edits, but for the recipient's.
 */
enum result bounce_edit(struct session *session,
			const struct forwarding *forwarding,
			enum bounce *bounce);

/*
 * The same for a bounce that this host made, to one whose sender was not
 * rewritten: a notification of ours takes its place where it names a target
 * of an alias. `forwarding->header` is the new one then.
 */
enum result bounce_edit_own(struct session *session,
			    struct forwarding *forwarding);

/* Did the message come by here before, for one of its aliases? */
bool seal_is_loop(struct session *session, const struct forwarding *forwarding);

#endif
