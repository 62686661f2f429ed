/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CHECK_HOST_H
#define TOOLS_CHECK_HOST_H

#include "finding.h"
#include "mail/ip.h"
#include "postfix.h"
#include "tool.h"

/* What is to be checked of this host. */
struct host_request {
	const char *name;    /* it should go by; NULL: Postfix's myhostname */
	const char *outward; /* a mail host to be reached on port 25; or NULL */
	int64_t now;
};

/*
 * The half of `millrace check` that looks at this host: what speaks on its
 * ports, Postfix's settings, milters, daemons, queue. No message is sent.
 */
void check_host(const struct tool *tool, const struct host_request *request,
		struct findings *findings);

/* For the parts of it. */
enum { ADDRESSES_MAX = 16 };
struct host {
	const struct tool *tool;
	struct arena *arena;
	const struct host_request *request;
	struct findings *findings;
	const char *name;
	struct postfix postfix;
	struct ip addresses[ADDRESSES_MAX]; /* where mail should come in */
	size_t n_addresses;
	/* Told already, so that what clients see of them is not: */
	bool pair_fault;   /* Postfix goes on without TLS */
	bool milter_fault; /* Postfix waits, or puts all off */
};

/* Adds what is as it should be. */
void host_found_good(struct host *host, const char *id, const char *subject,
		     const char *seen);

/* This daemon has its configuration here, or a place in Postfix's. */
bool host_expects(const struct host *host, const char *daemon);

void check_milters(struct host *host);
void check_ports(struct host *host); /* after check_milters */
void check_outward(struct host *host);
void check_settings(struct host *host);
void check_queue(struct host *host);
void check_daemons(struct host *host);

/*
 * What contrib/postfix tells Postfix for each daemon, made from these very
 * files; it ends with a NULL.
 */
struct shipped {
	const char *daemon, *name, *value;
};
extern const struct shipped shipped[];

#endif
