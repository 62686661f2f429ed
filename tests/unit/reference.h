/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

/*
 * Canonicalization once more, straight from the words of RFC 6376 section
 * 3.4: whole texts, one pass for each sentence, nothing shared with mail/.
 * Slow and short, to be checked by reading. The caller frees the results.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *p;
	size_t n;
};

static inline struct text reference_copy(const char *p, size_t n, size_t room)
{
	struct text text = { malloc(n + room + 1), n };

	if (!text.p)
		abort();
	if (n)
		memcpy(text.p, p, n);
	return text;
}

static inline bool reference_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* Section 5.3: what is signed has CRLF line ends; a lone CR is left alone. */
static inline struct text reference_crlf(const char *p, size_t n)
{
	struct text out = reference_copy("", 0, 2 * n);

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			out.p[out.n++] = '\r';
		out.p[out.n++] = p[i];
	}
	return out;
}

static inline bool reference_at_crlf(const struct text *text, size_t i)
{
	return i + 1 < text->n && text->p[i] == '\r' && text->p[i + 1] == '\n';
}

/* "Ignore all whitespace at the end of lines", and the rest of it to one SP. */
static inline void reference_reduce(struct text *text)
{
	size_t n = 0, i = 0;

	while (i < text->n) {
		size_t from = i;

		while (i < text->n && reference_wsp(text->p[i]))
			i++;
		if (i > from && i < text->n && !reference_at_crlf(text, i))
			text->p[n++] = ' ';
		if (i < text->n)
			text->p[n++] = text->p[i++];
	}
	text->n = n;
}

static inline bool reference_ends(const struct text *text, const char *end)
{
	size_t n = strlen(end);

	return text->n >= n && memcmp(text->p + text->n - n, end, n) == 0;
}

/* Sections 3.4.3 and 3.4.4. */
static inline struct text reference_body(bool relaxed, const char *p, size_t n)
{
	struct text lines = reference_crlf(p, n);
	struct text out = reference_copy(lines.p, lines.n, 2);

	free(lines.p);
	if (relaxed)
		reference_reduce(&out);
	/* "If there is no trailing CRLF on the message body, one is added" */
	if (!reference_ends(&out, "\r\n") && (out.n || !relaxed)) {
		memcpy(out.p + out.n, "\r\n", 2);
		out.n += 2;
	}
	/* "Ignore all empty lines at the end of the message body" */
	while (reference_ends(&out, "\r\n\r\n"))
		out.n -= 2;
	if (relaxed && out.n == 2 && reference_ends(&out, "\r\n"))
		out.n = 0;
	return out;
}

/* Sections 3.4.1 and 3.4.2, without the CRLF at the end. */
static inline struct text reference_field(bool relaxed, const char *name,
					  const char *value, size_t n)
{
	struct text out = reference_copy(name, strlen(name), n * 2 + 1);
	struct text lines = reference_crlf(value, n);
	size_t start;

	if (relaxed) {
		while (out.n && reference_wsp(out.p[out.n - 1]))
			out.n--;
		for (size_t i = 0; i < out.n; i++)
			if (out.p[i] >= 'A' && out.p[i] <= 'Z')
				out.p[i] = (char)(out.p[i] | 0x20);
	}
	out.p[out.n++] = ':';
	start = out.n;
	for (size_t i = 0; i < lines.n; i++) {
		if (relaxed && reference_at_crlf(&lines, i))
			i++;
		else
			out.p[out.n++] = lines.p[i];
	}
	free(lines.p);
	if (relaxed) {
		struct text rest = { out.p + start, out.n - start };

		reference_reduce(&rest);
		if (rest.n && rest.p[0] == ' ')
			memmove(rest.p, rest.p + 1, --rest.n);
		out.n = start + rest.n;
	}
	return out;
}

#endif
