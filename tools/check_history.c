/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "backup.h"
#include "check.h"
#include "git.h"

/*
 * Secrets in the history of a configuration that is kept in git. Each file
 * that any commit of any ref brought is looked at once: the commits, the
 * parents first; what each of them changed; how large that is; its octets.
 * The limits are on each of these lists, so that no repository makes this
 * long; what they leave out is told.
 */
enum {
	COMMITS_MAX = 100 * 1000,
	ENTRIES_MAX = 1000 * 1000, /* a tree may have one file many times */
	BLOBS_MAX = 1 << 16,
	SLOTS = 2 * BLOBS_MAX, /* a power of two */
	BLOB_MAX = 1024 * 1024,
	ALL_BLOBS_MAX = 64 * 1024 * 1024,
	TOLD_MAX = 100,
	ID_MAX = 64, /* of SHA-256, in hexadecimal digits */
	FIELD_MAX = 4096,
	SHORT_ID = 12,
};

#define NO_CURE \
	"what was pushed is known, and rewriting the history is no cure: "

/* A file, as it came first. */
struct blob {
	const char *id, *path, *commit;
	size_t size;
	bool wanted;
};

struct told {
	const char *path, *what;
};

struct history {
	struct arena *arena;
	struct findings *findings;
	struct git git;
	const char *top;
	struct str folder; /* the configuration in the work tree, with a "/" */
	FILE *input;	   /* of the next command */
	struct blob *blobs;
	size_t n;
	unsigned int *
		slots; /* by id and path: number of the blob, from 1; 0 is empty */
	struct told told[TOLD_MAX];
	size_t n_told, n_others, n_searched;
	const char *other;
	bool is_partial;
};

/* Up to `end`, cut to the room; false when there is no more. */
static bool read_field(FILE *file, int end, char room[FIELD_MAX])
{
	size_t n = 0;
	int c;

	while ((c = getc(file)) != EOF && c != end)
		if (n + 1 < FIELD_MAX)
			room[n++] = (char)c;
	room[n] = '\0';
	return c == end;
}

static void tell_unseen(struct history *history, const char *words)
{
	const char *folder = history->git.directory;

	findings_add(history->findings,
		     &(struct finding){
			     .id = "history.unseen",
			     .grade = FINDING_WARNING,
			     .subject = folder,
			     .seen = str_trim(str_from(words)).p,
			     .expected =
				     "a history in which git lets us look for "
				     "secrets",
			     .advice = arena_printf(
				     history->arena,
				     "mend what git says; if it is the owner: "
				     "chown -R root %s, or git config --global "
				     "--add safe.directory %s",
				     folder, folder) });
}

/* Tells a failure; false then. */
static bool end(struct history *history)
{
	const char *words = git_end(&history->git);

	if (words)
		tell_unseen(history, words);
	return !words;
}

static bool begin(struct history *history, const char *const *arguments)
{
	if (git_begin(&history->git, arguments, history->input))
		return true;
	tell_unseen(history, "no room for temporary files");
	return false;
}

/* What one command said is made the input of the next one. */
static bool renew_input(struct history *history)
{
	if (history->input)
		fclose(history->input);
	history->input = tmpfile();
	if (!history->input)
		tell_unseen(history, "no room for temporary files");
	return history->input != NULL;
}

/* False where there is no work tree of git, or git may not look at it. */
static bool find_work_tree(struct history *history)
{
	const char *const ask[] = { "rev-parse", "--is-inside-work-tree",
				    "--show-toplevel", "--show-prefix", NULL };
	char inside[FIELD_MAX], top[FIELD_MAX], folder[FIELD_MAX];
	const char *words;

	if (!git_begin(&history->git, ask, NULL))
		return false;
	read_field(history->git.output, '\n', inside);
	read_field(history->git.output, '\n', top);
	read_field(history->git.output, '\n', folder);
	words = git_end(&history->git);
	if (words && strcmp(inside, "false") != 0 &&
	    !strstr(words, "not a git repository"))
		tell_unseen(history, words);
	history->top = arena_copy(history->arena, str_from(top)).p;
	history->folder = arena_copy(history->arena, str_from(folder));
	return !words && strcmp(inside, "true") == 0;
}

static bool list_commits(struct history *history)
{
	const char *const list[] = {
		"rev-list",
		"--all",
		"--reverse",
		"--topo-order",
		arena_printf(history->arena, "--max-count=%d", COMMITS_MAX),
		NULL
	};
	char id[FIELD_MAX];
	int n = 0;

	if (!renew_input(history) || !git_begin(&history->git, list, NULL))
		return false;
	for (; read_field(history->git.output, '\n', id); n++)
		fprintf(history->input, "%s\n", id);
	history->is_partial = n == COMMITS_MAX;
	return end(history) && n > 0;
}

/* FNV-1a */
static size_t hash(size_t sum, const char *text)
{
	while (*text)
		sum = (sum ^ (unsigned char)*text++) * 0x100000001b3;
	return sum;
}

/* A place for the file in the table, empty if it is new. Its name counts: it
 * may be what makes a secret of the same octets, or puts them in our folder. */
static unsigned int *find_slot(struct history *history, const char *id,
			       const char *path)
{
	size_t i = hash(hash(0xcbf29ce484222325, id), path) % SLOTS;

	while (history->slots[i]) {
		const struct blob *blob =
			&history->blobs[history->slots[i] - 1];

		if (strcmp(blob->id, id) == 0 && strcmp(blob->path, path) == 0)
			break;
		i = (i + 1) % SLOTS;
	}
	return &history->slots[i];
}

static void add_blob(struct history *history, const char *id, const char *path,
		     const char *commit)
{
	unsigned int *slot = find_slot(history, id, path);
	struct blob *blob;

	if (*slot)
		return;
	if (history->n == BLOBS_MAX) {
		history->is_partial = true;
		return;
	}
	blob = &history->blobs[history->n++];
	blob->id = arena_copy(history->arena, str_from(id)).p;
	blob->path = arena_copy(history->arena, str_from(path)).p;
	blob->commit = commit;
	*slot = (unsigned int)history->n;
}

/*
 * A commit, or ":MODE MODE ID ID STATUS" and behind it a path. What became of
 * a file is a regular file or a symbolic link, or it is no blob.
 */
static bool list_blobs(struct history *history)
{
	static const char *const list[] = { "diff-tree",
					    "--stdin",
					    "--root",
					    "-m",
					    "-r",
					    "--raw",
					    "-z",
					    "--no-renames",
					    "--no-abbrev",
					    "--no-ext-diff",
					    "--no-textconv",
					    NULL };
	char field[FIELD_MAX], path[FIELD_MAX], id[ID_MAX + 1];
	const char *commit = "";
	unsigned int mode;

	if (!begin(history, list))
		return false;
	for (int n = 0; read_field(history->git.output, '\0', field); n++) {
		if (n == ENTRIES_MAX) {
			history->is_partial = true;
			break;
		}
		if (field[0] != ':') {
			commit = arena_printf(history->arena, "%.*s", SHORT_ID,
					      field);
			continue;
		}
		if (!read_field(history->git.output, '\0', path))
			break;
		if (sscanf(field, ":%*o %o %*s %64[0-9a-f]", &mode, id) == 2 &&
		    ((mode & 0170000) == 0100000 ||
		     (mode & 0170000) == 0120000))
			add_blob(history, id, path, commit);
	}
	return end(history);
}

/* What is too large, or too much, is left out. */
static bool choose_blobs(struct history *history)
{
	static const char *const ask[] = {
		"cat-file", "--batch-check=%(objecttype) %(objectsize)", NULL
	};
	char field[FIELD_MAX];
	size_t all = 0;

	if (!renew_input(history))
		return false;
	for (size_t i = 0; i < history->n; i++)
		fprintf(history->input, "%s\n", history->blobs[i].id);
	if (!begin(history, ask))
		return false;
	for (size_t i = 0;
	     i < history->n && read_field(history->git.output, '\n', field);
	     i++) {
		struct blob *blob = &history->blobs[i];

		if (sscanf(field, "blob %zu", &blob->size) == 1 &&
		    blob->size <= BLOB_MAX &&
		    all + blob->size <= ALL_BLOBS_MAX) {
			all += blob->size;
			blob->wanted = true;
		} else {
			history->is_partial = true;
		}
	}
	return end(history);
}

/* Once for each path and kind, as it came first. */
static void tell(struct history *history, const struct blob *blob,
		 const struct backup_kind *kind)
{
	struct arena *arena = history->arena;

	if (strncmp(blob->path, history->folder.p, history->folder.n) != 0) {
		if (!history->n_others++)
			history->other =
				arena_printf(arena, "%s in %s since commit %s",
					     kind->what, blob->path,
					     blob->commit);
		return;
	}
	for (size_t i = 0; i < history->n_told; i++)
		if (strcmp(history->told[i].path, blob->path) == 0 &&
		    strcmp(history->told[i].what, kind->what) == 0)
			return;
	if (history->n_told == TOLD_MAX)
		return; /* the rest is told when these are gone */
	history->told[history->n_told++] =
		(struct told){ blob->path, kind->what };
	findings_add(
		history->findings,
		&(struct finding){
			.id = "history.secret",
			.grade = FINDING_FAULT,
			.subject = arena_printf(arena, "%s/%s", history->top,
						blob->path),
			.seen = arena_printf(arena,
					     "%s in git, since commit %s",
					     kind->what, blob->commit),
			.expected = "no secret in any commit",
			.advice = arena_printf(
				arena,
				NO_CURE
				"%s. This is told as long as the history has the file",
				kind->renew) });
}

/* "ID TYPE SIZE", so many octets, and a line end. */
static bool read_blob(FILE *file, const struct blob *blob,
		      char room[BLOB_MAX + 2])
{
	char field[FIELD_MAX];
	size_t size;

	return read_field(file, '\n', field) &&
	       sscanf(field, "%*s blob %zu", &size) == 1 &&
	       size == blob->size && fread(room, 1, size + 1, file) == size + 1;
}

static bool search_blobs(struct history *history)
{
	static const char *const ask[] = { "cat-file", "--batch", "--buffer",
					   NULL };
	struct backup_patterns *patterns;
	char *room;
	bool good = true;

	if (!renew_input(history))
		return false;
	for (size_t i = 0; i < history->n; i++)
		if (history->blobs[i].wanted)
			fprintf(history->input, "%s\n", history->blobs[i].id);
	if (!begin(history, ask))
		return false;
	patterns = backup_patterns_new();
	room = arena_must(malloc(BLOB_MAX + 2));
	for (size_t i = 0; i < history->n && good; i++) {
		const struct blob *blob = &history->blobs[i];
		const struct backup_kind *kind;

		if (!blob->wanted)
			continue;
		good = read_blob(history->git.output, blob, room);
		kind = good ? backup_patterns_find(patterns, blob->path, room,
						   blob->size)
			    : NULL;
		history->n_searched += good;
		if (kind)
			tell(history, blob, kind);
	}
	free(room);
	backup_patterns_free(patterns);
	return end(history);
}

/* Another work tree than ours, as etckeeper's, has other secrets. */
static void tell_others(struct history *history)
{
	if (!history->n_others)
		return;
	findings_add(history->findings,
		     &(struct finding){
			     .id = "history.others",
			     .grade = FINDING_WARNING,
			     .subject = history->top,
			     .seen = arena_printf(
				     history->arena,
				     "%zu files with secrets outside the "
				     "configuration, as %s",
				     history->n_others, history->other),
			     .expected = "no secret in any commit",
			     .advice = "see that nobody else can read the "
				       "repository, and that it is not pushed; "
				       "make anew what was pushed" });
}

static void tell_partial(struct history *history)
{
	if (!history->is_partial)
		return;
	findings_add(
		history->findings,
		&(struct finding){
			.id = "history.partial",
			.grade = FINDING_WARNING,
			.subject = history->top,
			.seen = arena_printf(history->arena,
					     "%zu files were searched, not "
					     "all: the others are too large, "
					     "or too many",
					     history->n_searched),
			.expected = "64 MiB in files of 1 MiB at most, 65,536 "
				    "of them in 100,000 commits",
			.advice = arena_printf(
				history->arena,
				"search the rest yourself: git -C %s log --all "
				"-G'PRIVATE KEY' shows keys",
				history->top) });
}

static void search(struct history *history)
{
	if (!find_work_tree(history))
		return;
	history->blobs = ARENA_NEW(history->arena, struct blob, BLOBS_MAX);
	history->slots = ARENA_NEW(history->arena, unsigned int, SLOTS);
	if (!list_commits(history) || !list_blobs(history) ||
	    !choose_blobs(history) || !search_blobs(history))
		return;
	tell_others(history);
	tell_partial(history);
	if (!history->n_told && !history->n_others && !history->is_partial)
		findings_add(
			history->findings,
			&(struct finding){
				.id = "history",
				.subject = history->top,
				.seen = arena_printf(history->arena,
						     "no secret in %zu files",
						     history->n),
				.expected = "no secret in any commit" });
}

int check_history(const struct check_context *check)
{
	struct history history = {
		.arena = check->arena,
		.findings = check->findings,
		.git = { .arena = check->arena,
			 .directory = check->tool->directory },
	};

	search(&history);
	if (history.input)
		fclose(history.input);
	return EX_OK;
}
