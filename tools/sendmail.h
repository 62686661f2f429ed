/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_SENDMAIL_H
#define TOOLS_SENDMAIL_H

#include "mail/arena.h"

/* What Sendmail runs with, as sendmail.cf has it ("Sendmail Installation and
 * Operation Guide", section 5). */

#define SENDMAIL_CF "/etc/mail/sendmail.cf"
#define SENDMAIL_SUBMIT_CF "/etc/mail/submit.cf" /* of sendmail(1) */
/* Debian's is 70 KB; one with thousands of rules of its own has its room. */
enum { SENDMAIL_CF_MAX = 4 * 1024 * 1024 };

/* A milter: a line that begins with X. */
struct sendmail_filter {
	struct str name, socket, flags;
	long reply_seconds; /* that Sendmail waits for each answer */
};

/* O DaemonPortOptions */
struct sendmail_daemon {
	struct str text;    /* all of it */
	struct str address; /* "" for all */
	bool six;	    /* by Family=inet6, which takes IPv4 as well */
	int port;	    /* 0: of a name that is none */
	struct str filters; /* names, in order */
};

/* A mailer that speaks SMTP: a line that begins with M. */
struct sendmail_mailer {
	struct str name, arguments;
	long line_length; /* longer lines are broken; 0: none */
};

struct sendmail {
	struct arena *arena;
	struct str lines; /* folded lines in one, no comments */
	struct sendmail_filter *filters;
	struct sendmail_daemon *daemons;
	struct sendmail_mailer *mailers;
	const char **queues; /* folders; a name may end in "*" */
	size_t n_filters, n_daemons, n_mailers, n_queues;
};

/* Of the text of a sendmail.cf. What is no line of it is left out. */
void sendmail_parse(struct arena *arena, struct str text,
		    struct sendmail *sendmail);

/* The value of "O name=value", the last one; "" for none. */
const char *sendmail_option(const struct sendmail *sendmail, const char *name);

/* What is behind "D" and a macro's one letter, as it stands; "" for none. */
const char *sendmail_macro(const struct sendmail *sendmail, char letter);

bool sendmail_has_ruleset(const struct sendmail *sendmail, const char *name);

/* The next name of a list of filters. */
bool sendmail_item(struct str *rest, struct str *item);

/* The filter of that name, or NULL. */
const struct sendmail_filter *sendmail_filter(const struct sendmail *sendmail,
					      struct str name);

#endif
