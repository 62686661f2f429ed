/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_SESSION_H
#define MILTERS_SESSION_H

#include <stdint.h>
#include <sys/socket.h>

#include "mail/message.h"
#include "milters/edits.h"

/* The steps of the milter protocol. */
enum stage {
	STAGE_CONNECT,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_FIELD,
	STAGE_HEADER, /* end of header */
	STAGE_BODY,
	STAGE_END, /* end of message */
	STAGE_ABORT,
	STAGES,
};

/* What the MTA hears. */
enum action {
	ACTION_CONTINUE,
	ACTION_ACCEPT,
	ACTION_REJECT,
	ACTION_TEMPFAIL,
};

/*
 * How the message ended. A daemon's own verbs follow these three, which the
 * runtime sets itself: a fault of ours, no message, a message cut short.
 */
enum outcome {
	OUTCOME_NONE,
	OUTCOME_DEFERRED,
	OUTCOME_ABORTED,
	OUTCOME_FIRST,
};

struct milter;
struct snapshot;

/*
 * One SMTP session and the message it is at. Facts are read-only for
 * daemons; they speak through the functions below. A session moves between
 * threads from one callback to the next, but is never in two at once.
 */
struct session {
	const struct milter *milter;
	unsigned int no_reply; /* stages at which the MTA waits for nothing */
	bool lead_space;       /* the MTA shows the space behind a colon */
	bool counted;	       /* among the open sessions */

	/* The connection; lives as long as the session. */
	struct arena *connection;
	struct sockaddr_storage client;
	const char *client_text; /* address, "unknown" when there is none */
	struct str helo;	 /* of HELO, EHLO; empty before */
	char *helo_bytes;	 /* that `helo` points to */
	struct str host;	 /* {j}: what the MTA calls itself, or empty */

	/* The message; ends at abort, end of message and next MAIL. */
	struct arena *arena;
	struct snapshot *snapshot;
	enum stage stage; /* reached in this message, CONNECT outside one */
	const char *queue_id;
	struct str login;  /* {auth_authen}, empty without authentication */
	struct str sender; /* without angle brackets, empty for the null one */
	const char *const *sender_parameters; /* "SIZE=1000", NULL at the end */
	struct str recipient; /* of the RCPT that is shown now, likewise */
	const char *const *recipient_parameters;
	struct message header;	   /* the fields that the daemon wants */
	bool header_too_long;	   /* past a limit, some fields are not in it */
	size_t longest_field_line; /* octets, of any field */
	int64_t now;		   /* seconds since 1970 */
	int64_t started_ms;	   /* of a clock that only grows */
	void *data;		   /* the daemon's own */

	/* What has been decided; glue.c applies it. */
	struct edits edits;
	enum action pending; /* waits for a stage that can be answered */
	const char *code, *xcode, *text;
	const char *about; /* " user=... from=...", pairs for the log */
	int outcome;	   /* enum outcome, or the daemon's own behind it */
	const char *detail;
};

/*
 * Seconds since 1970; MILLRACE_TEST_NOW stands for the clock where a test needs
 * a fixed t=.
 */
int64_t session_clock(void);

struct session *session_new(const struct milter *milter);
void session_free(struct session *session);

/*
 * Moves the session to a stage, or says that it may not come now: the
 * callback then answers TEMPFAIL and logs. Begins a message at MAIL.
 */
bool session_enter(struct session *session, enum stage stage);

/*
 * Keeps a copy of the name of HELO, in place of the one before: a client may
 * say it as often as it likes.
 */
void session_helo(struct session *session, struct str name);

/*
 * Ends the message, if there is one: writes its log line, counts its
 * outcome, and frees what belonged to it.
 */
void session_end_message(struct session *session);

/*
 * The reply for a refusal: a code that fits the action ("550", "5.7.1") and a
 * sentence. Returns the action, for `return session_refuse(...)`.
 */
enum action session_refuse(struct session *session, enum action action,
			   const char *code, const char *xcode,
			   const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* What the log line says: its verb, and " key=value" pairs after `about`. */
void session_outcome(struct session *session, int outcome, const char *format,
		     ...) __attribute__((format(printf, 3, 4)));

/*
 * A fault of ours: 451 4.7.0 to the client, the reason in the log line. What
 * was decided before is void. Returns TEMPFAIL.
 */
enum action session_defer(struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Is the client this host, by a way other than SMTP: sendmail(1), a bounce? */
bool session_is_local(const struct session *session);

#endif
