/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/play/wire.h"

/*
 * The parts of the load generator: load.c counts and measures, load_message.c
 * makes what is sent, load_verdict.c what auth-policy would say of it,
 * load_talk.c speaks with the filters.
 */

enum {
	LOAD_FILTERS_MAX = 4,	/* of a chain */
	LOAD_VALUES_MAX = 8,	/* of --value */
	LOAD_INSERTED_MAX = 12, /* fields that a chain may insert */
};

struct load_options {
	const char *sockets[LOAD_FILTERS_MAX]; /* the chain, first to last */
	size_t n_sockets;
	long pids[LOAD_FILTERS_MAX]; /* of the filters */
	size_t n_pids;
	const char *header;		     /* that the filters must insert */
	const char *values[LOAD_VALUES_MAX]; /* texts that must be in it */
	size_t n_values;
	const char *login;   /* {auth_authen}, "" for a stranger */
	const char *message; /* a file, NULL: one of `size` is made up */
	const char *verdict; /* a file with the secret of auth-policy's, NULL */
	const char *client, *helo, *sender, *recipient;
	long connections;
	long messages;	     /* in all */
	long seconds;	     /* instead of messages */
	long size;	     /* of the body */
	long per_connection; /* messages, 0: no limit */
	long inserted;	     /* headers expected for each message */
	long edits;	     /* of any kind expected, -1: any number */
	long idle;	     /* connections held open meanwhile */
	long timeout_ms;
	bool only_idle; /* send nothing, show the memory */
	bool unique;	/* each message has a Message-ID of its own */
};

extern struct load_options load_options;

/* Says why on standard error and exits. */
void load_die(const char *what, const char *why) __attribute__((noreturn));

/* What every connection sends. */
struct load_field {
	char *name, *value;
};

struct load_message {
	struct load_field *fields;
	size_t n;
	char *body; /* lines end with CRLF */
	size_t size;
};

extern struct load_message load_message;

/* Makes the message that the options want, or reads it. */
void load_message_make(void);

/* auth-policy's field for a message; its texts are the caller's to free. */
void load_verdict_init(void);
struct load_field load_verdict_make(const char *queue_id);

/* A connection of the MTA's: one to each filter of the chain. */
struct load_talk {
	unsigned id;
	char queue_id[64]; /* of the message at hand */
	struct wire wires[LOAD_FILTERS_MAX];
	/* What filters of the chain inserted into the message at hand. */
	struct load_field inserted[LOAD_INSERTED_MAX];
	size_t n_inserted;
	long edits;
	char failure[256];
};

void load_talk_init(struct load_talk *talk, unsigned id);

/* Connects and says hello; false with `failure` set. */
bool load_talk_begin(struct load_talk *talk);
bool load_talk_is_open(const struct load_talk *talk);

/* Message number `n` of this connection, up to the last answer. */
bool load_talk_message(struct load_talk *talk, long n);

/* Writes what waits to be written. */
bool load_talk_flush(struct load_talk *talk);

void load_talk_quit(struct load_talk *talk);

#endif
