/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_SRS_H
#define MAIL_SRS_H

#include <stdint.h>

#include "mac.h"

/*
 * The Sender Rewriting Scheme: the sender of mail that is forwarded becomes an
 * address of the forwarder (`domain`, in normal form), which bounces come back
 * to, and which only the forwarder can have made.
 *
 *	SRS0=CODE=TT=source.example=alice@domain
 *	SRS1=CODETT=first.example==CODE=TT=source.example=alice@domain
 *	SRS0=CODE=TT=+=token@domain
 *
 * TT is the day, modulo 1024, and CODE a MAC of 40 bits over the whole day's
 * number, so that an address does not come back to life after 1,024 days.
 * The second form is for a sender that another forwarder has rewritten: a
 * bounce goes from us to the first of all forwarders, past those in between.
 * It is read by nobody but us up to first.example, so the day has its place
 * behind the code. The third form stands for a sender that the caller keeps.
 * Case is ignored, for others change it, but kept. Behind SRS0 and SRS1 there
 * may be "=", "-" or "+".
 */
struct srs {
	struct mac_secrets secrets;
	int64_t now; /* seconds since 1970 */
};

enum srs_kind {
	SRS_SENDER,    /* to the sender: *address is its address */
	SRS_FORWARDER, /* to the first forwarder: an SRS0 address of it */
	SRS_TOKEN,     /* *address is the token, in lower case */
};

/*
 * Rewrites a sender, given without <> and not empty. One that is already an
 * SRS address of `domain` stays as it is, and one of another forwarder who
 * came after `domain` becomes again what it was here: their codes are looked
 * at when they come back. E_SYNTAX when the sender is no address; E_LIMIT when
 * its local part would be longer than LIMIT_LOCAL_PART: a token goes for any
 * sender. E_CONFIG, E_TEMP: mac.h.
 */
enum result srs_forward(struct arena *arena, const struct srs *srs,
			struct str sender, struct str domain,
			struct str *rewritten);

/*
 * An address for a sender that the caller keeps under a token of letters in
 * lower case and digits (E_SYNTAX otherwise), which nobody can guess. With 13
 * of them, forwarders who come after us have room for a domain of 25.
 */
enum result srs_forward_token(struct arena *arena, const struct srs *srs,
			      struct str token, struct str domain,
			      struct str *rewritten);

/*
 * Turns the local part of an address of ours back, quotes as it came. OK: the
 * address, as it is written, in the case in which it came back. E_SYNTAX: it
 * is no SRS address, or not of our form; E_CRYPTO: none of the secrets made
 * it; E_LIMIT: one of them did, but not in the last LIMIT_SRS_AGE days (nor
 * tomorrow, by a clock that is fast). E_CONFIG, E_TEMP: mac.h.
 */
enum result srs_reverse(struct arena *arena, const struct srs *srs,
			struct str local, enum srs_kind *kind,
			struct str *address);

#endif
