/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "mail/result.h"
#include "mail/str.h"

/* What a target is; libFuzzer or fuzz_main.c calls it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that must hold for every input. */
#define MUST(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                               \
			abort();                                           \
		}                                                          \
	} while (0)

/* The first byte of the input as a number, to choose a variant by. */
static inline unsigned fuzz_first(struct str *input)
{
	unsigned first = input->n ? (unsigned char)input->p[0] : 0;

	if (input->n)
		*input = str_sub(*input, 1, input->n);
	return first;
}

#endif
