/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_RECORDS_H
#define TOOLS_RECORDS_H

#include "authority.h"
#include "milters/keystore.h"
#include "own_host.h"
#include "relay.h"

/* What a domain has to publish, so that its mail comes and goes. */

enum record_place {
	RECORD_ZONE,	/* in the domain's own zone */
	RECORD_HOST,	/* in the zone of the host's name */
	RECORD_PROVIDER /* with whoever gave the address */
};

/* LATER: what the reason names must be there first, or mail is lost by it. */
enum record_need { RECORD_NEEDED, RECORD_OPTIONAL, RECORD_LATER };

struct record {
	const char *id; /* "mx", "spf", ... */
	struct str name;
	enum rr_type type;
	struct str data; /* as for people; of TXT the text in one piece */
	const char *why;
	enum record_place place;
	enum record_need need;
};

struct records {
	struct record *list;
	size_t n;
};

struct records_source {
	struct str domain;
	struct str srs_domain; /* empty: the domains themselves */
	bool is_forwarded;     /* it has an alias file here */
	const struct own_host *host;
	const struct relay *relay; /* by which mail leaves, if any */
	const struct keys *keys;
	const char *tlsa; /* of the certificate, or NULL */
};

/*
 * All records, in the order in which they are best published. What the domain
 * publishes already, by `authority`, is kept where it is good.
 */
void records_make(struct arena *arena, const struct records_source *source,
		  struct authority *authority, struct records *records);

/*
 * The domain of rewritten senders, by forward's own file; empty without one.
 * EX_OK, or the exit status after a fault was printed.
 */
int records_srs_domain(const struct tool *tool, struct str *domain);

/* A text as strings of 255 octets at most (RFC 1035 3.3.14), in quotes. */
const char *records_strings(struct arena *arena, struct str text);

/* The TLSA data "3 1 1 ..." of the first certificate in a PEM file. */
enum result records_tlsa(struct arena *arena, const char *path,
			 const char **data);

#endif
