/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_PLAIN_H
#define TOOLS_PLAIN_H

#include "mail/arena.h"

/*
 * What strangers wrote, such as records, greetings and names, made harmless to
 * a terminal: letters of all languages stay, while controls, the ones of
 * Unicode and those of the direction of text too, and what is no UTF-8 become
 * \xHH, octet by octet.
 */
const char *plain_text(struct arena *arena, struct str text);

/* Index behind the harmless character at i; i itself where there is none. */
size_t plain_character(struct str s, size_t i);

#endif
