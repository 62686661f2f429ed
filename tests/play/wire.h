/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The milter protocol, version 6, from the side of the MTA.
 *
 * A struct wire is one connection to a filter. Commands are collected in a
 * buffer and written when an answer is awaited, so that a filter which asked
 * for no replies is fed as fast as a real MTA would feed it. The filter is not
 * trusted: its lengths are bounded, its strings are checked for their end.
 */
#ifndef PLAY_WIRE_H
#define PLAY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that one packet may carry after its command byte. */
#define WIRE_DATA_MAX 65535

enum wire_result {
	WIRE_OK,
	WIRE_TIMEOUT, /* the filter was silent for too long */
	WIRE_CLOSED,  /* the filter closed the connection */
	WIRE_BROKEN,  /* the filter sent what the protocol forbids */
	WIRE_ERROR    /* a system call failed, or we were asked nonsense */
};

/* Where in the conversation macros are sent; the protocol's own numbers. */
enum wire_stage {
	WIRE_AT_CONNECT,
	WIRE_AT_HELO,
	WIRE_AT_MAIL,
	WIRE_AT_RCPT,
	WIRE_AT_DATA,
	WIRE_AT_EOM,
	WIRE_AT_EOH,
	WIRE_STAGES
};

enum wire_heard {
	WIRE_NOT_SENT, /* the filter did not want this event */
	WIRE_NO_REPLY, /* sent; the filter said that it will not answer */
	WIRE_REPLY     /* code and data hold the answer */
};

struct wire_reply {
	enum wire_heard heard;
	unsigned char code;	   /* SMFIR_… */
	const unsigned char *data; /* until the next call; NUL follows it */
	size_t len;
};

/* An edit at the end of the message, taken apart. Unused texts are "". */
struct wire_edit {
	unsigned char code; /* SMFIR_… */
	uint32_t index;	    /* of a header */
	const char *name;   /* header name, address, reason */
	const char *value;  /* header value, ESMTP arguments */
};

struct wire_macro {
	const char *name; /* "i", "{auth_authen}" */
	const char *value;
};

struct wire {
	int fd; /* -1 when closed */
	int timeout_ms;
	uint32_t version; /* as agreed by negotiation */
	uint32_t actions;
	uint32_t protocol;
	char *symbols[WIRE_STAGES]; /* NULL: the filter did not say */
	bool skip_body; /* the filter has seen enough of this body */
	unsigned char *in;
	size_t in_len;
	size_t in_at;
	unsigned char *out;
	size_t out_len;
	char error[160]; /* what happened when a call failed */
};

/* Text for a result, for messages. */
const char *wire_result_name(enum wire_result result);

/* Text for a reply code, "continue", "add-header"; "unknown" when it is. */
const char *wire_code_name(unsigned char code);

/*
 * Connects to "unix:/path", "inet:port@host" or "inet6:port@host", without
 * waiting for the socket to appear. timeout_ms bounds every later wait for the
 * filter. Also after a failure wire_close() must be called.
 */
enum wire_result wire_open(struct wire *w, const char *spec, int timeout_ms);

/* Closes without a word and frees what the connection held. */
void wire_close(struct wire *w);

/*
 * Offers the given actions and protocol bits and keeps what the filter chose.
 * A filter that chooses what was not offered is WIRE_BROKEN.
 */
enum wire_result wire_negotiate(struct wire *w, uint32_t actions,
				uint32_t protocol);

/* All actions and all protocol bits of version 6, for wire_negotiate(). */
uint32_t wire_all_actions(void);
uint32_t wire_all_protocol(void);

/*
 * Sends those of the macros that belong to the stage: by the filter's own
 * list, else by what an MTA sends unasked. Must come right before the event.
 */
enum wire_result wire_macros(struct wire *w, enum wire_stage stage,
			     const struct wire_macro *macros, size_t count);

/* Collects one packet, at most WIRE_DATA_MAX bytes after the command. */
enum wire_result wire_put(struct wire *w, unsigned char command,
			  const void *data, size_t len);

/* Writes what was collected. wire_next() and what waits do it themselves. */
enum wire_result wire_flush(struct wire *w);

/* Keeps the text in w->error and returns result. */
enum wire_result wire_fail(struct wire *w, enum wire_result result,
			   const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The events, in the order of an SMTP conversation. Each says in reply->heard
 * whether there is an answer. address is "192.0.2.7", "2001:db8::7" (also with
 * "IPv6:" before it), "/path" or "" for unknown. args of MAIL and RCPT are
 * separated by single spaces; "" for none. A header's value is given with all
 * that follows the colon; the leading space is dropped for a filter that did
 * not ask for it.
 */
enum wire_result wire_connect(struct wire *w, const char *host,
			      const char *address, unsigned port,
			      struct wire_reply *reply);
enum wire_result wire_helo(struct wire *w, const char *name,
			   struct wire_reply *reply);
enum wire_result wire_mail(struct wire *w, const char *path, const char *args,
			   struct wire_reply *reply);
enum wire_result wire_rcpt(struct wire *w, const char *path, const char *args,
			   struct wire_reply *reply);
enum wire_result wire_data(struct wire *w, struct wire_reply *reply);
enum wire_result wire_unknown(struct wire *w, const char *command,
			      struct wire_reply *reply);
enum wire_result wire_header(struct wire *w, const char *name,
			     const char *value, struct wire_reply *reply);
enum wire_result wire_eoh(struct wire *w, struct wire_reply *reply);

/* One chunk, at most WIRE_DATA_MAX bytes. After a skip nothing is sent. */
enum wire_result wire_body(struct wire *w, const void *data, size_t len,
			   struct wire_reply *reply);

/* Sends the end of the message; its edits and answer come by wire_next(). */
enum wire_result wire_eom(struct wire *w);

/* Reads one packet: a progress note, an edit, or the final answer. */
enum wire_result wire_next(struct wire *w, struct wire_reply *reply);

/* True for an edit or a progress note: something else is to follow. */
bool wire_is_edit(unsigned char code);

/* Takes an edit apart. WIRE_BROKEN when it is not of the form it must have. */
enum wire_result wire_edit_parse(struct wire *w, const struct wire_reply *reply,
				 struct wire_edit *edit);

/* Sent at once; none of them is answered. */
enum wire_result wire_abort(struct wire *w);
enum wire_result wire_quit(struct wire *w);
enum wire_result wire_quit_nc(struct wire *w);

#endif
