/* SPDX-License-Identifier: BSD-2-Clause */

/* One script being played, and the functions behind its steps. */
#ifndef PLAY_PLAY_H
#define PLAY_PLAY_H

#include "message.h"
#include "script.h"
#include "wire.h"

#include <stdbool.h>
#include <stddef.h>

#define PLAY_MACROS_MAX 64

enum place { BEFORE_MAIL, IN_ENVELOPE, IN_HEADERS, IN_BODY };

enum skipping { SKIP_NOTHING, SKIP_MESSAGE, SKIP_CONNECTION };

struct play {
	struct script script;
	struct wire wire;
	struct message message;
	struct wire_macro macros[PLAY_MACROS_MAX];
	size_t macro_count;
	const char *socket;
	const char *save; /* folder for the edited messages, or NULL */
	int pid;	  /* of the filter, 0 when not known */
	long peak;	  /* its peak memory in KiB at peak-mark */
	bool unsaved;	  /* this message is not */
	bool mask;
	bool verbose;
	int timeout_ms;
	enum place place;
	enum skipping skipping;
	bool connected;
	unsigned messages;
	unsigned rcpts; /* accepted ones of this message */
	char *chunk;	/* body bytes not sent yet */
	size_t chunk_len;
	size_t chunk_size;
	char *last; /* the last answer, for expect */
	int failures;
};

/* Ends the program with the last line of the transcript if result is bad. */
void play_check(struct play *p, enum wire_result result);

/* Keeps an answer, which is then ours, for the step "expect". */
void play_remember(struct play *p, char *answer);

/* True when nothing more of this message, or connection, is to be sent. */
bool play_is_refusal(unsigned char code);

/* Prints an answer that means something; returns true when it refuses. */
bool play_show(struct play *p, const struct wire_reply *reply,
	       const char *what);

void play_send_macros(struct play *p, enum wire_stage stage);

/* Connects and negotiates unless that has been done. */
void play_need_wire(struct play *p);

void play_forget_macro(struct play *p, size_t i);

/* The steps, each with what follows its name on the line. */
void step_abort(struct play *p, char *rest);
void step_body(struct play *p, char *rest);
void step_body_file(struct play *p, char *rest);
void step_body_repeat(struct play *p, char *rest);
void step_chunk(struct play *p, char *rest);
void step_connect(struct play *p, char *rest);
void step_data(struct play *p, char *rest);
void step_drop(struct play *p, char *rest);
void step_eoh(struct play *p, char *rest);
void step_eom(struct play *p, char *rest);
void step_expect(struct play *p, char *rest);
void step_header(struct play *p, char *rest);
void step_header_repeat(struct play *p, char *rest);
void step_helo(struct play *p, char *rest);
void step_macro(struct play *p, char *rest);
void step_mail(struct play *p, char *rest);
void step_peak_limit(struct play *p, char *rest);
void step_peak_mark(struct play *p, char *rest);
void step_quit(struct play *p, char *rest);
void step_quit_nc(struct play *p, char *rest);
void step_rcpt(struct play *p, char *rest);
void step_show_negotiation(struct play *p, char *rest);
void step_unknown(struct play *p, char *rest);
void step_unsaved(struct play *p, char *rest);

#endif
