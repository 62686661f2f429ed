/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FORWARD_GATE_H
#define FORWARD_GATE_H

#include "config.h"
#include "mail/verdict.h"

/*
 * Why a message may not leave this host, in words for its sender; NULL when it
 * may. Receivers hold the forwarder responsible for what it passes on.
 */
const char *gate_fault(const struct snapshot *snapshot, struct arena *arena,
		       const struct verdict *verdict,
		       const struct message *header);

#endif
