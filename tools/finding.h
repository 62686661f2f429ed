/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_FINDING_H
#define TOOLS_FINDING_H

#include <stdbool.h>
#include <stdio.h>

#include "mail/arena.h"
#include "mail/result.h"

/* What a check found: right, doubtful, or a reason for mail to be lost. */
enum finding_grade { FINDING_OK, FINDING_WARNING, FINDING_FAULT };

/*
 * The id is a stable word such as "ptr.missing", for programs; the subject is
 * what it is about, and with the id it makes a finding the same one from run to
 * run. The rest is one phrase each, for people, or NULL. All that a stranger
 * chose (a record, a greeting) may stand in it: it is made harmless when it is
 * printed.
 */
struct finding {
	const char *id;
	enum finding_grade grade;
	const char *subject, *seen, *expected, *advice;
};

struct findings {
	struct arena *arena; /* all texts must live as long */
	struct finding *list;
	size_t n, capacity;
};

void findings_init(struct findings *findings, struct arena *arena);
void findings_add(struct findings *findings, const struct finding *finding);

/* The worst grade there is; FINDING_OK of none. */
enum finding_grade findings_worst(const struct findings *findings);

/* "ok", "warning", "fault" */
const char *finding_grade_name(enum finding_grade grade);

/*
 * For people: what is not ok, or with `all` everything, one finding a
 * paragraph; nothing at all when there is nothing to say.
 */
void findings_print(const struct findings *findings, bool all, FILE *file);

/* An array of objects with the members of struct finding. */
void findings_print_json(const struct findings *findings, FILE *file);

/*
 * What is not ok is kept in a file, to be compared with the next time.
 * `before` gets what was there (a missing file is nothing), by id, grade and
 * subject alone. E_CONFIG with *error in words when the file can't be read, or
 * written.
 */
enum result findings_load(struct findings *before, const char *path,
			  const char **error);
enum result findings_save(const struct findings *findings, const char *path,
			  const char **error);

/*
 * What is new since `before`, as found now; and what is gone, which becomes
 * FINDING_OK. A finding of another grade is new and not gone.
 */
void findings_changes(const struct findings *before, const struct findings *now,
		      struct findings *changes);

#endif
