/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_GLUE_H
#define MILTERS_GLUE_H

#include "milters/milter.h"

/*
 * Hands a listening socket to libmilter. False when it refuses; it has then
 * logged why.
 */
bool glue_open(const struct milter *milter, int listener);

/* Serves until the process ends. False when libmilter gave up. */
bool glue_serve(void);

/* From now on new messages are put off: the service is about to stop. */
void glue_drain(void);

#endif
