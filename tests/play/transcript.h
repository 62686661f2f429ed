/* SPDX-License-Identifier: BSD-2-Clause */

/* The answers of a filter as text, the same at each run. */
#ifndef PLAY_TRANSCRIPT_H
#define PLAY_TRANSCRIPT_H

#include "wire.h"

#include <stdbool.h>

/* "accept", or "reply 550 5.7.1 No", in memory that the caller frees. */
char *transcript_answer(const struct wire_reply *reply);

/*
 * Prints one edit. With mask the b= of signatures is shown as "*": it depends
 * on everything else, and is checked by a verifier, not by comparison.
 */
void transcript_edit(const struct wire_edit *edit, bool mask);

/* Prints what was negotiated: edits, events, and the macros asked for. */
void transcript_negotiation(const struct wire *w);

#endif
