/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_ASK_H
#define TOOLS_ASK_H

#include "mail/arena.h"
#include "mail/result.h"

/* A unix socket with time-outs; -1 leaves errno set. */
int ask_connect(const char *path);

/*
 * Asks a daemon at its control socket (milters/control.h). OK: *answer has
 * its lines. E_ABSENT: nobody is asked there, errno says why. E_SYNTAX: it
 * says "error: ", and *answer the rest of that line. E_TEMP: the answer was
 * cut off, or did not come.
 */
enum result ask_daemon(struct arena *arena, const char *path,
		       struct str question, struct str *answer);

#endif
