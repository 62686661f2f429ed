/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/conf_text.h"

static const char delimiters[] = " \t\r\n=+*,{}()\"'#";

struct walk {
	char *text;
	size_t at;
	int line;
	int depth;	 /* of braces: within, a word is no key */
	struct str word; /* the last one */
};

/* Behind a quoted text that begins at i; the end of the text without one. */
static size_t skip_quoted(const char *text, size_t i)
{
	char quote = text[i++];

	while (text[i] && text[i] != quote)
		i += text[i] == '\\' && text[i + 1] ? 2 : 1;
	return text[i] ? i + 1 : i;
}

/* Behind a comment that begins at i, or i when there is none. */
static size_t skip_comment(const char *text, size_t i)
{
	const char *end;

	if (text[i] == '#' || strncmp(text + i, "//", 2) == 0)
		return i + strcspn(text + i, "\n");
	if (strncmp(text + i, "/*", 2) != 0)
		return i;
	end = strstr(text + i + 2, "*/");
	return end ? (size_t)(end - text) + 2 : strlen(text);
}

/* Moves on to `end`, counting lines, writing spaces where told to. */
static void advance(struct walk *walk, size_t end, bool blank)
{
	for (; walk->at < end; walk->at++) {
		char *c = &walk->text[walk->at];

		walk->line += *c == '\n';
		if (blank && *c != '\n')
			*c = ' ';
	}
}

static bool has_no_end(const char *text, size_t i, size_t end)
{
	return text[i + 1] == '*' && !text[end] &&
	       (end < i + 4 || strcmp(text + end - 2, "*/") != 0);
}

/* libconfuse loses these bytes outside of quotes. */
static bool is_lost(const char *p)
{
	return *p == '*' || (*p == '+' && p[1] != '=');
}

/* A word, or a text in quotes: either may turn out to be a key. */
static void take_word(struct walk *walk, size_t end)
{
	bool quoted = strchr("\"'", walk->text[walk->at]);
	size_t from = walk->at + quoted;

	walk->word = (struct str){ walk->text + from, end - quoted - from };
	advance(walk, end, false);
}

const char *conf_text_prepare(char *text,
			      const char *(*key)(void *context, struct str key),
			      void *context, int *line)
{
	struct walk walk = { .text = text, .line = 1 };
	const char *wrong = NULL;

	while (text[walk.at] && !wrong) {
		size_t i = walk.at, end = skip_comment(text, i);
		char c = text[i];

		*line = walk.line;
		if (end > i) {
			if (c == '/' && has_no_end(text, i, end))
				wrong = "a comment has no end";
			advance(&walk, end, true);
		} else if (is_lost(text + i)) {
			wrong = "a text with * or + must be in quotes";
		} else if (c == '"' || c == '\'') {
			end = skip_quoted(text, i);
			if (end < i + 2 || text[end - 1] != c)
				wrong = "a text in quotes has no end";
			else
				take_word(&walk, end);
		} else if (strchr(delimiters, c)) {
			walk.depth += c == '{' ? 1 : c == '}' ? -1 : 0;
			if (c == '=' && !walk.depth)
				wrong = key(context, walk.word);
			advance(&walk, i + 1, false);
		} else {
			/* Within a word a / is a byte like others. */
			take_word(&walk, i + strcspn(text + i, delimiters));
		}
	}
	return wrong;
}
