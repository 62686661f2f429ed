/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_PORT_HOLDER_H
#define TOOLS_PORT_HOLDER_H

#include "mail/arena.h"
#include "mail/ip.h"

/*
 * The program that listens on a TCP port of an address of this host: its name
 * as Linux has it (/proc/PID/comm), and its process. NULL when nobody does, or
 * it can't be seen: only root sees the processes of others.
 */
const char *port_holder_name(struct arena *arena, const struct ip *address,
			     int port, long *pid);

/* Has one of the programs of this name the port? */
bool port_holder_is(const struct ip *address, int port, const char *name);

#endif
