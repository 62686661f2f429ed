/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FORWARD_ROUTE_H
#define FORWARD_ROUTE_H

#include "config.h"
#include "mail/srs.h"

/* What a recipient is to us. */
enum route_kind {
	ROUTE_OTHER,   /* not of our domains: the MTA's business */
	ROUTE_USER,    /* a user of ours without an alias: stays */
	ROUTE_ALIAS,   /* its targets stand for it */
	ROUTE_BOUNCE,  /* an SRS address of ours: the sender stands for it */
	ROUTE_UNKNOWN, /* no such address */
	ROUTE_ODD,     /* of our domains, but nothing that an alias can be */
	ROUTE_REFUSED, /* by its alias */
	ROUTE_NO_SRS,  /* looks like an SRS address of ours, but is none */
	ROUTE_FORGED,  /* it is one that we have not made */
	ROUTE_EXPIRED, /* or that is too old */
	ROUTE_GUESSED, /* the client has tried too many of those */
	ROUTE_ALONE,   /* does not go with the recipients before it */
	ROUTE_MANY,    /* more targets than a message may have */
	ROUTE_FAULT,   /* ours: nothing must be said for good */
};

struct route {
	enum route_kind kind;
	struct str path;	/* as it was given at RCPT */
	struct mailbox address; /* the domain in normal form */
	struct mailbox *targets;
	size_t n;
	bool leaves;		       /* a target is not ours */
	enum srs_kind srs;	       /* of ROUTE_BOUNCE */
	struct str text;	       /* of a refusal, may be empty */
	const char *fault;	       /* of ROUTE_FAULT, for the log */
	const char *const *parameters; /* of the RCPT command */
	struct route *next;
};

/* Does it look like an SRS address of ours, good or bad? */
bool route_is_srs(const struct route *route);

/* Finds out what a recipient is. All of the route lives in the arena. */
void route_find(const struct snapshot *snapshot, struct arena *arena,
		struct str path, int64_t now, struct route *route);

/* The same, for who wants to see the way too. */
struct route_request {
	struct str path;
	int64_t now;
	const struct alias_trace *trace; /* may be NULL */
};
void route_follow(const struct snapshot *snapshot, struct arena *arena,
		  const struct route_request *request, struct route *route);

/* What is said to a recipient that is refused; `text` by its own text. */
struct route_reply {
	enum action action;
	const char *code, *xcode, *text;
};

/* By its kind; NULL for one that is accepted. */
const struct route_reply *route_reply(enum route_kind kind);

/* The domain under which senders of mail for this route are rewritten. */
struct str route_srs_domain(const struct snapshot *snapshot,
			    const struct route *route);

#endif
