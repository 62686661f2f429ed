/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_NAMESERVER_H
#define TOOLS_NAMESERVER_H

#include "mail/buf.h"
#include "mail/dns.h"
#include "mail/ip.h"

/*
 * Asks one name server one question, without recursion, and tells what just
 * this server said. A resolver, libunbound too, hides what a check is after:
 * which server it was, whether it has the zone, and how a text was split.
 */

/* As they are numbered (RFC 1035 3.2.2, RFC 3596 2.1, RFC 4034 5, RFC 6698 2.1). */
enum rr_type {
	RR_A = 1,
	RR_NS = 2,
	RR_PTR = 12,
	RR_MX = 15,
	RR_TXT = 16,
	RR_AAAA = 28,
	RR_DS = 43,
	RR_TLSA = 52,
};

/* A record: its data as on the wire, for people, and as checks want it. */
struct rr {
	struct str data; /* names are not compressed */
	const char *text;
	struct dns_record dns; /* not of DS and TLSA */
};

enum reply_kind {
	REPLY_ANSWER,	   /* from one who has the zone (AA) */
	REPLY_LAME,	   /* from one who has it not, or can't say */
	REPLY_SILENT,	   /* nothing came */
	REPLY_UNREACHABLE, /* there is no way from this host to it */
};

struct reply {
	enum reply_kind kind;
	const char *why;	/* it is no answer, in words */
	enum dns_status status; /* of an answer */
	struct str alias;	/* where a CNAME in its place leads */
	struct rr *records;	/* of the name itself, sorted by text */
	size_t n;
};

void nameserver_ask(struct arena *arena, const struct ip *server,
		    struct str name, enum rr_type type, struct reply *reply);

/* A string of a TXT record as zone files have it (RFC 1035 section 5.1). */
void rr_add_string(struct buf *buf, struct str s);

/* "MX" */
const char *rr_type_name(enum rr_type type);

#endif
