/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_ARENA_H
#define MAIL_ARENA_H

#include <stddef.h>

#include "str.h"

/*
 * Not for single objects: nothing is given back before the whole arena is
 * reset or freed. There is one arena a message, one a connection and one a
 * configuration, and a pointer got from a function that was given an arena
 * lives as long as that arena: that is the whole ownership rule.
 *
 * Allocation does not fail: it ends the process, which its unit restarts.
 * Every size from outside has met a limit of limits.h before it comes here.
 */
struct arena;

/* A new arena whose blocks hold at least `block` bytes. arena_free ends it. */
struct arena *arena_new(size_t block);
void arena_free(struct arena *arena);

/* Ends the life of everything in the arena; the arena stays. */
void arena_reset(struct arena *arena);

/* `size` zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);

/* `count` zeroed objects of a type. */
#define ARENA_NEW(arena, type, count) \
	((type *)arena_alloc((arena), sizeof(type) * (count)))

/* A copy of s; a NUL follows it, so that the copy serves as C string too. */
struct str arena_copy(struct arena *arena, struct str s);

/* A copy of s in ASCII lower case, with a NUL behind it. */
struct str arena_lower(struct arena *arena, struct str s);

/* What printf would print, as a C string. */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Bytes taken from the system. */
size_t arena_size(const struct arena *arena);

/* malloc that does not fail, for the few things that outlive any arena. */
void *arena_must(void *allocated);

#endif
