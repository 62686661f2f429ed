/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_AUTHORS_H
#define MAIL_AUTHORS_H

#include "message.h"

/*
 * Who wrote a message: what its From field says, and nothing else. No other
 * field ever stands in for it.
 */
struct authors {
	struct str *domains; /* Author Domains, normal form, each once */
	size_t n;
	/*
	 * Why it is not exactly one field with exactly one Author Domain (RFC
	 * 9989 sections 4.4 and 11.5), a phrase for people; NULL when it is.
	 */
	const char *fault;
	/* Nothing of it can be relied on: the domains are not all of them. */
	bool unreadable;
};

void authors_find(struct arena *arena, const struct message *message,
		  struct authors *authors);

#endif
