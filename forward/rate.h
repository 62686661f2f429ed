/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FORWARD_RATE_H
#define FORWARD_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "mail/ip.h"

/*
 * How often a client was wrong: one that guesses at codes has few guesses a
 * minute. A client is an IPv4 address or a /64 of IPv6. Only the last ones
 * that were wrong are remembered, in a table of fixed size, for all threads.
 */
enum { RATE_MAX = 5 };

/* Was it wrong RATE_MAX times in the 60 s up to `now` (seconds)? */
bool rate_is_over(const struct ip *client, int64_t now);

/* It was wrong once more. */
void rate_count(const struct ip *client, int64_t now);

#endif
