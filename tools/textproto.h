/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_TEXTPROTO_H
#define TOOLS_TEXTPROTO_H

#include "mail/arena.h"
#include "mail/result.h"

/*
 * Reads the text form of protocol buffers, in which chasquid keeps its
 * settings and accounts, one item after the other:
 *
 *	users: { key: "i"  value: { scrypt: { logN: 14 ... } } }
 */
enum textproto_kind {
	TEXTPROTO_SCALAR, /* a field and its value */
	TEXTPROTO_OPEN,	  /* a field that is a message */
	TEXTPROTO_CLOSE,  /* its end */
	TEXTPROTO_END,	  /* of the text */
};

struct textproto_item {
	enum textproto_kind kind;
	struct str name;
	struct str value; /* octets of a string, else the word as it stands */
};

struct textproto {
	struct arena *arena;
	struct str rest;
	int depth;
};

/* E_SYNTAX when the text is none. What it gives lives in arena and text. */
enum result textproto_next(struct textproto *text, struct textproto_item *item);

#endif
