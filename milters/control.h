/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_CONTROL_H
#define MILTERS_CONTROL_H

#include <stdbool.h>

struct milter;

/* What "status" has among its faults until a reload is good again. */
#define CONTROL_NOT_RELOADED \
	"not reloaded, an older configuration is in force; the log says why"

/*
 * The control socket, where who administers the host asks a daemon what it
 * knows: root, or the daemon's own user. A connection is one question, a
 * line, and its answer: lines, of which the last is "ok" or "error: what", so
 * that an answer that was cut off is known for one. One connection is served
 * after the other, each for two seconds at most.
 *
 * Every daemon answers "status", in lines of a key and a value; the rest goes
 * to the daemon's own `ask`.
 */

/* Serves a listening socket in a thread of its own. */
bool control_start(const struct milter *milter, int listener);

#endif
