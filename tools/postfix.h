/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_POSTFIX_H
#define TOOLS_POSTFIX_H

#include "mail/arena.h"
#include "mail/buf.h"
#include "mail/result.h"

/* What Postfix runs with, as its own programs tell. */

/* An entry of master.cf. */
struct postfix_service {
	struct str id;	    /* "submission/inet", as postconf -P has it */
	struct str command; /* "smtpd" */
	int port;	    /* 25, 465 or 587; 0 for others */
	bool chroot;	    /* it sees queue_directory as the root */
};

struct postfix {
	struct arena *arena;
	struct str settings;  /* lines "name = value", values expanded */
	struct str overrides; /* lines "service/type/name = value" */
	struct postfix_service *services;
	size_t n_services;
};

/* E_ABSENT when postconf does not run here, or refuses. */
enum result postfix_read(struct arena *arena, struct postfix *postfix);

/* NULL when this Postfix has no such setting. */
const char *postfix_get(const struct postfix *postfix, const char *name);

/* What master.cf says for one service; NULL when it says nothing. */
const char *postfix_override(const struct postfix *postfix,
			     const struct postfix_service *service,
			     const char *name);

/* The setting in force for a service, which may be NULL; "" for none. */
const char *postfix_in_force(const struct postfix *postfix,
			     const struct postfix_service *service,
			     const char *name);

/* The next item of a list: {...} is one; others end at a comma or space. */
bool postfix_item(struct str *rest, struct str *item);

/* Is the word an item of the list? */
bool postfix_lists(const char *list, struct str word);

/*
 * What the tables in a setting such as transport_maps say of a key, the first
 * one that has it; NULL for nothing.
 */
const char *postfix_look_up(const struct postfix *postfix, const char *tables,
			    struct str key);

/* The same of many keys, a line each: adds a line "KEY value" for each that a
 * table has. */
void postfix_look_up_all(const struct postfix *postfix, const char *tables,
			 struct str keys, struct buf *lines);

/* What a program prints; E_ABSENT when it can't be run or fails. */
enum result postfix_run(struct arena *arena, const char *const *arguments,
			struct str *output);

#endif
