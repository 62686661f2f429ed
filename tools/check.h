/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CHECK_H
#define TOOLS_CHECK_H

#include "finding.h"
#include "own_host.h"
#include "relay.h"

/* What each part of `millrace check` gets. */
struct check_context {
	const struct tool *tool;
	struct arena *arena;
	const struct shared_settings *shared;
	const struct resolver_settings *dns;
	const struct own_host *host;
	const struct relay *relay;    /* by which mail leaves, if any */
	const struct domain *domains; /* those to be checked, with keys */
	size_t n;
	bool lists;    /* ask block lists, too */
	bool dns_only; /* ports are not to be asked */
	/* A mail host to be reached, not those of aliases; or NULL. */
	const char *outward;
	struct findings *findings;
};

/*
 * A part adds what it found, also what is right (FINDING_OK). EX_OK, or the
 * exit status after a fault was printed that stops it.
 */
int check_dns(const struct check_context *check);
int check_history(const struct check_context *check);
int check_outward(const struct check_context *check);

#endif
