/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DELIVERY_FACTS_H
#define MAIL_DELIVERY_FACTS_H

#include "authres.h"
#include "ip.h"
#include "message.h"

/*
 * How a message came to its receiver, as the receiver itself noted it: for a
 * message saved from a mailbox ("show original" at Gmail). A text that is not
 * there is empty.
 */
struct delivery_facts {
	bool received;		/* the Received field of the hop was found */
	struct str by;		/* the receiver's host */
	struct str helo;	/* what the client called itself */
	struct str protocol;	/* "ESMTPS" (RFC 3848), as written */
	bool tls;		/* was the hop encrypted? */
	struct str tls_version; /* "TLS1_3", "TLSv1.3", as written */
	struct str tls_cipher;	/* "TLS_AES_256_GCM_SHA384" */
	bool has_client;
	struct ip client; /* its address; .six: it came by IPv6 */
	bool has_authres;
	struct authres authres; /* what the receiver found out */
};

/*
 * The hop into the receiver is the topmost Received field with a from clause,
 * past those from loopback addresses. Whatever stands lower was written by
 * strangers. If it can't be read for certain, because a client's name in it
 * is made to look like more, there are no facts.
 *
 * The receiver's Authentication-Results is the topmost one, if it stands
 * above the hop, or below it before another Received field and with the name
 * of the host in the hop's by clause (as Gmail has it). Where a receiver writes
 * none, a stranger's could stand in its place: ask only of those that do.
 */
void delivery_facts_read(struct arena *arena, const struct message *message,
			 struct delivery_facts *facts);

#endif
