/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "milters/milter.h"

static _Atomic int64_t sessions;
static _Atomic int64_t at_work;
static _Atomic bool refused_reload;
static _Atomic int64_t outcomes[MILTER_OUTCOMES_MAX];

bool metrics_open_session(int64_t max)
{
	if (atomic_fetch_add(&sessions, 1) < max)
		return true;
	atomic_fetch_sub(&sessions, 1);
	return false;
}

void metrics_close_session(void)
{
	atomic_fetch_sub(&sessions, 1);
}

void metrics_begin_message(void)
{
	atomic_fetch_add(&at_work, 1);
}

void metrics_end_message(int outcome)
{
	atomic_fetch_add(&outcomes[outcome], 1);
	atomic_fetch_sub(&at_work, 1);
}

int64_t metrics_messages_at_work(void)
{
	return atomic_load(&at_work);
}

int64_t metrics_sessions(void)
{
	return atomic_load(&sessions);
}

int64_t metrics_messages(int outcome)
{
	return atomic_load(&outcomes[outcome]);
}

void metrics_reload(bool refused)
{
	atomic_store(&refused_reload, refused);
}

bool metrics_reload_refused(void)
{
	return atomic_load(&refused_reload);
}

void metrics_format(const struct milter *milter, char *text, size_t size)
{
	size_t n = 0;

	for (int i = OUTCOME_DEFERRED; i < MILTER_OUTCOMES_MAX; i++) {
		if (!milter->outcomes[i].verb || n >= size)
			continue;
		n += (size_t)snprintf(text + n, size - n, "%" PRId64 " %s, ",
				      metrics_messages(i),
				      milter->outcomes[i].verb);
	}
	if (n < size)
		snprintf(text + n, size - n, "%" PRId64 " sessions",
			 metrics_sessions());
}
