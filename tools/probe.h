/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include <sys/socket.h>

#include "certificate.h"
#include "mail/ip.h"

/*
 * A client of SMTP (RFC 5321) with STARTTLS (RFC 3207) and TLS from the start
 * (RFC 8314), for looking at a server. It does what it is told, step by step,
 * verifies nothing by itself, and gives up at a time that is set at the start.
 */
struct probe_target {
	struct ip address;
	int port;
	bool implicit_tls;
	const char *name; /* of the server, for SNI and its certificate */
	const char *helo; /* NULL: the address, which is our own */
	int seconds;	  /* for everything */
	/* Hears each line of the session, '<' those of the server; or NULL. */
	void (*hear)(void *context, char direction, struct str line);
	void *context;
};

struct smtp_reply {
	int code;
	struct str text; /* the lines without code, with LF between them */
};

struct probe;

/*
 * Connects and reads the greeting, after TLS where that comes first. *probe is
 * set in any case and is the caller's to close; on failure probe_error says
 * what went wrong. E_ABSENT: nobody listens. E_TEMP: somebody does, but does
 * not talk (SMTP, or TLS).
 */
enum result probe_open(struct arena *arena, const struct probe_target *target,
		       struct probe **probe, struct smtp_reply *greeting);
void probe_close(struct probe *probe);
const char *probe_error(const struct probe *probe);

/* Sends a line and reads the reply. E_TEMP: there was none that is SMTP. */
enum result probe_ask(struct probe *probe, struct str line,
		      struct smtp_reply *reply);
/* The same for a line that is not to be heard, such as a password. */
enum result probe_ask_secretly(struct probe *probe, struct str line,
			       struct smtp_reply *reply);
/* The body of a message behind DATA, its dots doubled, and its end. */
enum result probe_send(struct probe *probe, struct str body,
		       struct smtp_reply *reply);

/* EHLO. What is offered is in the reply; see probe_offer. */
enum result probe_hello(struct probe *probe, struct smtp_reply *reply);
/* E_ABSENT when the server said no. */
enum result probe_starttls(struct probe *probe);

/* TLS is on. */
bool probe_has_tls(const struct probe *probe);
const char *probe_tls_version(const struct probe *probe);
enum result probe_certificate(struct probe *probe,
			      struct certificate *certificate);
/* As dane_fault has it. */
const char *probe_dane_fault(const struct probe *probe, struct dane *dane);

/* What EHLO offers behind a keyword such as "AUTH"; false when it does not. */
bool probe_offer(const struct smtp_reply *hello, struct str keyword,
		 struct str *parameters);

/* The reply in one line, for people. */
const char *probe_reply_text(struct arena *arena,
			     const struct smtp_reply *reply);

#endif
