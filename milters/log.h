/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_LOG_H
#define MILTERS_LOG_H

#include "mail/arena.h"

/*
 * Where the log goes: syslog, facility mail, or stderr. A line is written by
 * one call, so lines of different threads do not mix. mail/ never logs; a
 * fault is logged where it was handled, once.
 */
void log_open(const char *name, bool to_stderr);

/* No log from here on, for who tells of all faults in another way. */
void log_close(void);

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A value from outside for a key=value pair of a log line, or for a reply:
 * bytes that could forge a line or a pair are written as \xNN, and what is
 * longer than 200 of them is cut.
 */
const char *log_value(struct arena *arena, struct str value);

/*
 * A sentence of ours as a value, in double quotes; those that it has itself,
 * around an address from outside, become single ones.
 */
const char *log_sentence(struct arena *arena, const char *text);

#endif
