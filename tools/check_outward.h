/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CHECK_OUTWARD_H
#define TOOLS_CHECK_OUTWARD_H

#include "finding.h"

/* A mail host, by its name or address, must greet us on port 25. */
void check_outward_to(struct arena *arena, struct findings *findings,
		      const char *host);

#endif
