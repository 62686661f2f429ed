/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A tool that watches each object must get each object as its own malloc. */
#if defined(__SANITIZE_ADDRESS__)
#define OBJECT_BY_OBJECT 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OBJECT_BY_OBJECT 1
#endif
#endif
#ifndef OBJECT_BY_OBJECT
#define OBJECT_BY_OBJECT 0
#endif

#define ALIGN _Alignof(max_align_t)
#define BLOCK_MAX ((size_t)256 * 1024)

struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *blocks; /* newest first */
	size_t first;	      /* size of the first block */
	size_t next;	      /* size of the next block */
	size_t total;
};

void *arena_must(void *allocated)
{
	if (!allocated)
		abort();
	return allocated;
}

struct arena *arena_new(size_t block)
{
	struct arena *arena = arena_must(calloc(1, sizeof(*arena)));

	arena->first = arena->next = block;
	return arena;
}

void arena_reset(struct arena *arena)
{
	struct block *block = arena->blocks;

	while (block) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
	arena->blocks = NULL;
	arena->next = arena->first;
	arena->total = 0;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	arena_reset(arena);
	free(arena);
}

/* Blocks grow with what the arena holds: few for a big configuration. */
static struct block *add_block(struct arena *arena, size_t size)
{
	size_t want = OBJECT_BY_OBJECT ? 0 : arena->next;
	struct block *block;

	if (want < size)
		want = size;
	block = arena_must(malloc(sizeof(*block) + want));
	block->size = want;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->total += sizeof(*block) + want;
	if (arena->next < BLOCK_MAX)
		arena->next *= 2;
	return block;
}

static size_t aligned(size_t size)
{
	if (size > SIZE_MAX / 2)
		abort();
	return (size + ALIGN - 1) & ~(ALIGN - 1);
}

/* Octets that are left in the block at work. */
static size_t left(const struct arena *arena)
{
	const struct block *block = arena->blocks;

	return OBJECT_BY_OBJECT || !block ? 0 : block->size - block->used;
}

/* What was there before is still in it. */
static char *take(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	char *object;

	if (OBJECT_BY_OBJECT || !block || left(arena) < size)
		block = add_block(arena, size);
	object = block->bytes + block->used;
	block->used += size;
	return object;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size = aligned(size);
	return memset(take(arena, size), 0, size);
}

struct str arena_copy(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.n + 1);

	if (s.n)
		memcpy(copy, s.p, s.n);
	return (struct str){ copy, s.n };
}

struct str arena_lower(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		copy[i] = str_lower_byte(s.p[i]);
	return (struct str){ copy, s.n };
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	/* Most texts fit where the next object goes. */
	size_t room = left(arena), size;
	char *text = room ? arena->blocks->bytes + arena->blocks->used : NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, room, format, args);
	va_end(args);
	if (n < 0)
		abort();
	size = aligned((size_t)n + 1);
	if (size <= room)
		return take(arena, size);
	text = take(arena, size);
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

size_t arena_size(const struct arena *arena)
{
	return arena->total;
}
