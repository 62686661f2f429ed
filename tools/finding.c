/* SPDX-License-Identifier: BSD-2-Clause */
#include "finding.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "milters/conf.h"
#include "plain.h"

enum { FILE_MAX = 1024 * 1024, TEXT_MAX = 4096 };

static const char *const grades[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARNING] = "warning",
	[FINDING_FAULT] = "fault",
};

void findings_init(struct findings *findings, struct arena *arena)
{
	*findings = (struct findings){ .arena = arena };
}

void findings_add(struct findings *findings, const struct finding *finding)
{
	if (findings->n == findings->capacity) {
		size_t capacity = findings->n ? 2 * findings->n : 16;
		struct finding *list =
			ARENA_NEW(findings->arena, struct finding, capacity);

		if (findings->n)
			memcpy(list, findings->list,
			       findings->n * sizeof(*list));
		findings->list = list;
		findings->capacity = capacity;
	}
	findings->list[findings->n++] = *finding;
}

enum finding_grade findings_worst(const struct findings *findings)
{
	enum finding_grade worst = FINDING_OK;

	for (size_t i = 0; i < findings->n; i++)
		if (findings->list[i].grade > worst)
			worst = findings->list[i].grade;
	return worst;
}

const char *finding_grade_name(enum finding_grade grade)
{
	return grades[grade];
}

/* On one line, and not without end. */
static const char *shown(struct arena *arena, const char *text)
{
	const char *plain = plain_text(arena, str_from(text));

	if (strlen(plain) <= TEXT_MAX)
		return plain;
	return arena_printf(arena, "%.*s ...", TEXT_MAX, plain);
}

static void print_part(struct arena *arena, const char *name, const char *text,
		       FILE *file)
{
	if (text)
		fprintf(file, "    %-9s %s\n", name, shown(arena, text));
}

void findings_print(const struct findings *findings, bool all, FILE *file)
{
	struct arena *arena = findings->arena;

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];

		if (finding->grade == FINDING_OK && !all)
			continue;
		fprintf(file, "%s %s: %s\n", grades[finding->grade],
			finding->id, shown(arena, finding->subject));
		print_part(arena, "seen:", finding->seen, file);
		print_part(arena, "expected:", finding->expected, file);
		print_part(arena, "do:", finding->advice, file);
	}
}

void findings_print_json(const struct findings *findings, FILE *file)
{
	struct json json;

	json_list(&json, file);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];

		json_object(&json, NULL);
		json_text(&json, "id", finding->id);
		json_text(&json, "grade", grades[finding->grade]);
		json_text(&json, "subject", finding->subject);
		json_text(&json, "seen", finding->seen);
		json_text(&json, "expected", finding->expected);
		json_text(&json, "advice", finding->advice);
		json_object_end(&json);
	}
	json_list_end(&json);
}

/* A line is grade, id and subject, with a tab between them. */
static bool read_line(struct arena *arena, struct str line,
		      struct finding *finding)
{
	struct str grade, id;

	if (!str_cut(&line, '\t', &grade) || !str_cut(&line, '\t', &id) ||
	    !line.p)
		return false;
	*finding = (struct finding){
		.id = arena_copy(arena, id).p,
		.subject = arena_copy(arena, line).p,
	};
	for (int g = FINDING_WARNING; g <= FINDING_FAULT; g++)
		if (str_eq(grade, str_from(grades[g])))
			finding->grade = (enum finding_grade)g;
	return finding->grade != FINDING_OK;
}

enum result findings_load(struct findings *before, const char *path,
			  const char **error)
{
	struct arena *arena = before->arena;
	struct finding finding;
	struct str text, line;
	enum result result =
		conf_read_file(arena, path, FILE_MAX, &text, NULL, error);

	if (result == E_ABSENT)
		return OK;
	while (result == OK && str_line(&text, &line)) {
		if (!read_line(arena, line, &finding)) {
			*error = arena_printf(arena,
					      "%s: expected lines of millrace "
					      "check; remove the file",
					      path);
			return E_CONFIG;
		}
		findings_add(before, &finding);
	}
	return result;
}

enum result findings_save(const struct findings *findings, const char *path,
			  const char **error)
{
	struct arena *arena = findings->arena;
	char *folder = arena_printf(arena, "%s", path);
	char *new = arena_printf(arena, "%s.new", path);
	char *slash = strrchr(folder, '/');
	FILE *file;
	bool written;

	if (slash)
		*slash = '\0';
	if (slash && slash != folder)
		mkdir(folder, 0750); /* fopen tells if there is none */
	file = fopen(new, "we");
	if (file) {
		for (size_t i = 0; i < findings->n; i++) {
			const struct finding *f = &findings->list[i];

			if (f->grade != FINDING_OK)
				fprintf(file, "%s\t%s\t%s\n", grades[f->grade],
					f->id, shown(arena, f->subject));
		}
		written = fflush(file) == 0 && !ferror(file);
		written = fclose(file) == 0 && written;
		if (written && rename(new, path) == 0)
			return OK;
	}
	*error = arena_printf(arena, "%s: %s", path, strerror(errno));
	return E_CONFIG;
}

/* The finding with the id and subject of another; NULL when it is ok, too. */
static const struct finding *find(const struct findings *findings,
				  const struct finding *like)
{
	struct arena *arena = findings->arena;
	const char *subject = shown(arena, like->subject);

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];

		if (finding->grade != FINDING_OK &&
		    strcmp(finding->id, like->id) == 0 &&
		    strcmp(shown(arena, finding->subject), subject) == 0)
			return finding;
	}
	return NULL;
}

void findings_changes(const struct findings *before, const struct findings *now,
		      struct findings *changes)
{
	for (size_t i = 0; i < now->n; i++) {
		const struct finding *finding = &now->list[i];
		const struct finding *old = find(before, finding);

		if (finding->grade != FINDING_OK &&
		    (!old || old->grade != finding->grade))
			findings_add(changes, finding);
	}
	for (size_t i = 0; i < before->n; i++) {
		struct finding gone = before->list[i];

		if (find(now, &gone))
			continue;
		gone.seen = arena_printf(changes->arena, "no longer a %s",
					 grades[gone.grade]);
		gone.grade = FINDING_OK;
		findings_add(changes, &gone);
	}
}
