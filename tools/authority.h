/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_AUTHORITY_H
#define TOOLS_AUTHORITY_H

#include "finding.h"
#include "milters/resolver.h"
#include "nameserver.h"

/*
 * Asks the authoritative servers of zones, all of them, so that what was
 * published a minute ago is seen, and what only one of them has is told.
 */
struct authority;

/*
 * The resolver is there to find the servers. What is wrong with them is added
 * to the findings: ns.none, ns.private, ns.silent, ns.lame, ns.disagree, ns.loop,
 * ns.late, each once.
 * E_CONFIG with *error in words when the settings are not taken.
 */
enum result authority_new(struct arena *arena,
			  const struct resolver_settings *settings,
			  struct findings *findings,
			  struct authority **authority, const char **error);
void authority_free(struct authority *authority);

/*
 * All that is asked from now on is for this subject, and for a minute; who
 * begins has one for "this host". What is not asked then is DNS_TEMPORARY.
 */
void authority_turn_to(struct authority *authority, struct str subject);

/*
 * What the servers of the zone say of the name itself, or its alias. Where
 * they disagree, the first one counts. DNS_TEMPORARY when none could be asked,
 * which is a finding already.
 */
void authority_ask(struct authority *authority, struct str name,
		   enum rr_type type, struct reply *reply);

/* The same, and where an alias leads; its target stays in the reply. */
void authority_follow(struct authority *authority, struct str name,
		      enum rr_type type, struct reply *reply);

/*
 * Is it known that the zone that has the name is not signed, or one above it?
 * Then *zone is that one, of which there is no DS record at its parent (RFC
 * 4035 section 5.2). Top-level domains are taken to be signed. Who serves the
 * parent is not ours to check: one answer is enough, and there are no findings.
 */
bool authority_is_unsigned(struct authority *authority, struct str name,
			   struct str *zone);

/* For checks of mail/: names in zones that were asked before from their
 * servers, all others by the resolver. */
const struct dns_resolver *authority_resolver(struct authority *authority);

/* What was said, in words: "10 mx.example.org, ...", "no such name". */
const char *reply_text(struct arena *arena, const struct reply *reply);

#endif
