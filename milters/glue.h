/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_GLUE_H
#define MILTERS_GLUE_H

#include "milters/milter.h"

/*
 * Serves a listening socket with libmilter until the process ends. Returns
 * false when libmilter refuses; it has logged why.
 */
bool glue_serve(const struct milter *milter, int listener);

/* From now on new messages are put off: the service is about to stop. */
void glue_drain(void);

#endif
