/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_MILTER_H
#define MILTERS_MILTER_H

#include "mail/buf.h"
#include "milters/conf.h"
#include "milters/domains.h"
#include "milters/inquiry.h"
#include "milters/keycache.h"
#include "milters/log.h"
#include "milters/network.h"
#include "milters/session.h"
#include "milters/secrets.h"
#include "milters/snapshot.h"

/*
 * All that a daemon includes. A daemon is one static struct milter: what it
 * wants to see, which edits it may make, and its callbacks. A callback gets
 * the session, whose facts it reads, and says an action; what it wants done
 * to the message it leaves in the session as edits, a reply, an outcome.
 */

enum { MILTER_OUTCOMES_MAX = 8 };

/* How a message can end, for the log line and the counters. */
struct milter_outcome {
	const char *verb; /* "signed" */
	bool warn;	  /* logged as a warning */
};

struct milter {
	const char *name;
	const char *summary; /* one line, for --help */

	const struct setting *settings;
	size_t settings_size; /* of the struct that takes their values */
	/* Of the domains, bits of enum domain_parts; 0: it knows of none. */
	unsigned int parts;
	bool dns;   /* it asks: the snapshot has a resolver */
	bool watch; /* alias files are read anew when they change */
	/* Derives what is worth deriving once; *error in words. */
	enum result (*configure)(struct snapshot *snapshot, const char **error);

	/*
	 * Answers a question of the control socket, in whole lines; may be
	 * NULL. E_ABSENT for one that it does not know, E_SYNTAX for one that
	 * it can't read. `now` is in seconds since 1970.
	 */
	enum result (*ask)(const struct snapshot *snapshot, int64_t now,
			   struct str question, struct buf *answer);

	/* What -T prints behind the settings, as comments; may be NULL. */
	void (*print)(FILE *to, const struct snapshot *snapshot);

	unsigned int stages; /* bits of 1 << enum stage: what it wants to see */
	unsigned int edits;  /* bits of 1 << enum edit_kind */
	const char *macros[STAGES]; /* asked for, NULL: none */
	/* By enum outcome; the first three are the runtime's own. */
	const struct milter_outcome outcomes[MILTER_OUTCOMES_MAX];

	/*
	 * Each may be NULL. CONTINUE goes on, ACCEPT lets the message pass
	 * without more callbacks, REJECT and TEMPFAIL refuse it. A body
	 * callback says nothing: what it has to say waits for the end.
	 */
	enum action (*mail)(struct session *session);
	/* REJECT and TEMPFAIL refuse the recipient, not the message. */
	enum action (*rcpt)(struct session *session);
	bool (*wants_field)(struct session *session, struct str name);
	enum action (*header)(struct session *session);
	void (*body)(struct session *session, struct str chunk);
	enum action (*end)(struct session *session);
	/* The message is over, however; ends what `data` holds. */
	void (*finish)(struct session *session);
};

/*
 * Runs a daemon: its options, configuration, socket, signals, and libmilter.
 * Returns the exit status of main (sysexits.h: 78 for the configuration).
 */
int milter_run(const struct milter *milter, int argc, char **argv);

#endif
