/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_SASL_H
#define TOOLS_SASL_H

#include "mail/arena.h"

enum sasl_answer {
	SASL_OK,
	SASL_REFUSED,
	SASL_TEMPORARY,	  /* it can't tell now */
	SASL_UNAVAILABLE, /* nobody there, or no service of this kind */
};

/*
 * Asks Dovecot's auth service at its socket, as Postfix does, whether it lets
 * a user in: SASL PLAIN (RFC 4616) in Dovecot's protocol for clients, whose
 * lines are words with tabs between them. *why is set, in words, unless it
 * does.
 */
enum sasl_answer sasl_ask(struct arena *arena, const char *path,
			  struct str user, struct str password,
			  const char **why);

#endif
