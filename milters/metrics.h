/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_METRICS_H
#define MILTERS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct milter;

/* Sessions that are open; false when there are `max` already. */
bool metrics_open_session(int64_t max);
void metrics_close_session(void);

/* Messages between MAIL and their end. */
void metrics_begin_message(void);
void metrics_end_message(int outcome);
int64_t metrics_messages_at_work(void);

int64_t metrics_sessions(void);
/* Messages that ended so. */
int64_t metrics_messages(int outcome);

/* Was the last reload refused, so that an older configuration is in force? */
void metrics_reload(bool refused);
bool metrics_reload_refused(void);

/* "12 signed, 3 unsigned, 2 sessions" */
void metrics_format(const struct milter *milter, char *text, size_t size);

#endif
