/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_DAEMONS_H
#define TOOLS_DAEMONS_H

#include "tool.h"

/* The daemons, and what each tells of itself (milters/control.h). */
enum { DAEMONS = 3 };
extern const char *const daemon_names[DAEMONS];

/* control_socket in NAME.conf, or where systemd has it. */
const char *daemon_control(const struct tool *tool, const char *name);

/* The lines of the answer to "status"; else as ask_daemon. */
enum result daemon_status(const struct tool *tool, const char *name,
			  struct str *lines);

/* The next line that begins with this word; its rest is the value. */
bool daemon_value(struct str *lines, struct str key, struct str *value);

#endif
