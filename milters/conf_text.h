/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_CONF_TEXT_H
#define MILTERS_CONF_TEXT_H

#include "mail/str.h"

/*
 * Makes the text of a configuration file (a C string) ready for libconfuse,
 * which counts a line with a comment more than once, takes a comment without
 * end in silence, and does not tell of a key that is set twice. Comments
 * become spaces; `key` is called for each key that is set, and returns NULL or
 * what is wrong with it. Returns NULL, or what is wrong in the line *line.
 */
const char *conf_text_prepare(char *text,
			      const char *(*key)(void *context, struct str key),
			      void *context, int *line);

#endif
