/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdint.h>

#include "arena.h"

/*
 * A date-time of RFC 5322 section 3.3, in UTC: "Sun, 22 Nov 2026 07:24:03
 * +0000". The seconds since 1970 must be within the years 1970 to 9999.
 */
char *date_format(struct arena *arena, int64_t seconds);

#endif
