/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A body, whole and in chunks, against the RFC's own words (reference.h), and
 * the same bytes as the value of a field. The first two bytes choose how.
 */

#include "fuzz.h"
#include "mail/buf.h"
#include "mail/canon.h"
#include "tests/unit/reference.h"

static void sink_write(void *context, const char *bytes, size_t n)
{
	buf_add(context, (struct str){ bytes, n });
}

static void check(struct str got, struct text want)
{
	MUST(str_eq(got, (struct str){ want.p, want.n }));
}

static struct str body_of(struct arena *arena, enum canon canon,
			  struct str text, size_t step)
{
	struct canon_body body;
	struct buf buf;

	buf_init(&buf, arena, (size_t)1 << 30);
	canon_body_begin(&body, canon,
			 &(struct canon_sink){ sink_write, &buf });
	while (text.n > step) {
		canon_body_chunk(&body, str_sub(text, 0, step));
		text = str_sub(text, step, text.n);
	}
	canon_body_chunk(&body, text);
	canon_body_end(&body);
	MUST(body.written == buf.n);
	return buf_str(&buf);
}

/* A value has only line ends that are folds, else it would be two fields. */
static bool is_value(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n' &&
		    (i + 1 == text.n || !str_is_wsp(text.p[i + 1])))
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	unsigned how = fuzz_first(&text);
	size_t step = fuzz_first(&text) + 1;
	enum canon canon = how & 1 ? CANON_RELAXED : CANON_SIMPLE;
	struct arena *arena = arena_new(4096);
	struct text want = reference_body(how & 1, text.p, text.n);
	struct field field = { STR("Subject "), text };
	struct buf buf;

	check(body_of(arena, canon, text, text.n + 1), want);
	check(body_of(arena, canon, text, step), want);
	free(want.p);
	buf_init(&buf, arena, (size_t)1 << 30);
	canon_field(canon, &field, false,
		    &(struct canon_sink){ sink_write, &buf });
	if (is_value(text)) {
		want = reference_field(how & 1, "Subject ", text.p, text.n);
		check(buf_str(&buf), want);
		free(want.p);
	}
	arena_free(arena);
	return 0;
}
