/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DNS_RDATA_H
#define MAIL_DNS_RDATA_H

#include "dns.h"

/*
 * Reads the data of a record as it came over the wire, names without
 * compression. `room` takes at most data.n octets, and the record's data lies
 * there. False when it is not what RFC 1035 section 3.3 or RFC 3596 section
 * 2.2 say of the type, or has a dot within a label, which no text without
 * escapes can tell from the dot between two. The root is an empty name.
 */
bool dns_rdata_parse(enum dns_type type, struct str data, char *room,
		     struct dns_record *record);

/*
 * The name for a parser of zone files: all but letters, digits, hyphens,
 * underscores and the dots as \DDD. For names that dns_is_name takes; `text`
 * has room for DNS_ESCAPED_MAX octets and ends in NUL.
 */
enum { DNS_ESCAPED_MAX = 4 * 255 + 1 };
void dns_name_escape(struct str name, char text[DNS_ESCAPED_MAX]);

#endif
