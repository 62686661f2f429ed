/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_ALIAS_H
#define MAIL_ALIAS_H

#include "address.h"

/*
 * The alias file of a domain, in the grammar of the chasquid set-up:
 *
 *	# a comment has its whole line
 *	user: alice, bob@else.where
 *	*: catch@all
 *
 * No @ on the left; a target without @ is a user of the same domain; a target
 * "*@domain" takes the incoming user; of two lines for one user the last is
 * in force. "user: !refuse [text]" refuses mail to one name.
 */
struct alias {
	struct mailbox *targets; /* a local part "*" takes the incoming user */
	size_t n;
	bool refuse;
	struct str text; /* of a refusal, may be empty */
	struct str user; /* the left side, in the text of the file */
};

/* How a local part is reduced before it is looked up. */
struct alias_rules {
	struct str suffix_separators; /* what follows one of them is dropped */
	struct str drop_characters;   /* dropped wherever they stand */
};

/* What is wrong with a file: line counted from 1, and a phrase. */
struct alias_fault {
	size_t line;
	const char *what;
};

/*
 * A file as an index over its text: a line is parsed again when it is looked
 * up, which costs little and keeps a million aliases small.
 */
struct aliases;

/*
 * Checks and indexes the alias file of `domain` (in normal form). The result
 * lives in the arena; it points into `text`, `domain` and `rules`. E_SYNTAX
 * or E_LIMIT with *fault set.
 */
enum result alias_parse(struct arena *arena, struct str text, struct str domain,
			const struct alias_rules *rules,
			struct aliases **aliases, struct alias_fault *fault);

/* The text that was parsed. */
struct str alias_text(const struct aliases *aliases);

/* The line of a left side that stands in the text, from 1, by counting. */
size_t alias_line(const struct aliases *aliases, struct str user);

/* How many users have a line; two lines for one user count once. */
size_t alias_count(const struct aliases *aliases);

/*
 * The alias for a local part: the line for it with its suffix, else the one
 * for the reduced local part; never the catch-all. E_ABSENT without one.
 */
enum result alias_find(const struct aliases *aliases, struct arena *arena,
		       struct str local, struct alias *alias);

/* The line of the catch-all. E_ABSENT without one. */
enum result alias_find_catch_all(const struct aliases *aliases,
				 struct arena *arena, struct alias *alias);

/*
 * Calls `visit` for each line in force, from the top, the catch-all's too; it
 * returns true to stop. The alias lives in the arena.
 */
void alias_each(const struct aliases *aliases, struct arena *arena,
		bool (*visit)(void *context, struct str user,
			      const struct alias *alias),
		void *context);

/* A local part without suffix and dropped characters, in lower case. */
struct str alias_reduce(struct arena *arena, const struct alias_rules *rules,
			struct str local);

/* Only its suffix is dropped, and its case. */
struct str alias_strip_suffix(struct arena *arena,
			      const struct alias_rules *rules,
			      struct str local);

/* What an address was found to be. */
enum alias_way {
	ALIAS_WAY_EXACT,
	ALIAS_WAY_REDUCED, /* an alias without suffix, dropped characters */
	ALIAS_WAY_CATCH_ALL,
	ALIAS_WAY_USER,
	ALIAS_WAY_ITSELF, /* a user by the word of its own alias */
	ALIAS_WAY_OTHER,  /* not of ours */
	ALIAS_WAY_ABSENT,
	ALIAS_WAY_FAULT, /* the file can't be used */
};

/* An address on the way of another one. */
struct alias_hop {
	int depth; /* 0 for the first */
	enum alias_way way;
	const struct mailbox *address;
	const struct alias *alias; /* for the first three ways */
};

/* Who wants to know the way, as alias_expand goes it. */
struct alias_trace {
	void (*hop)(void *context, const struct alias_hop *hop);
	void *context;
};

/* What resolving must know of the domains that are ours. */
struct alias_directory {
	/*
	 * The aliases of a domain (in normal form). E_ABSENT when it has none
	 * or is not ours, E_CONFIG when its file can't be used.
	 */
	enum result (*aliases)(void *context, struct str domain,
			       const struct aliases **aliases);
	/* Is there such a user? The catch-all does not cover users. */
	bool (*is_user)(void *context, struct str domain, struct str local);
	void *context;
	/* Is it one of ours at all? For alias_expand only. */
	bool (*is_ours)(void *context, struct str domain);
	const struct alias_trace *trace; /* may be NULL */
};

/*
 * Follows an address through aliases, catch-alls and aliases of aliases to
 * at most LIMIT_ALIAS_DEPTH levels, and calls `visit` for each address that
 * it leads to; `visit` returns true to stop, which is OK. E_ABSENT: it never
 * did. E_CONFIG: it never did, and a file on the way can't be used. E_LIMIT:
 * levels or steps ran out.
 */
enum result alias_walk(const struct alias_directory *directory,
		       struct arena *arena, const struct mailbox *address,
		       bool (*visit)(void *context,
				     const struct mailbox *target),
		       void *context);

/* Where mail to an address of ours goes in the end. */
struct alias_expansion {
	struct mailbox *targets; /* each once: users of ours, and others */
	size_t n;
	bool refuse; /* instead of targets */
	struct str text;
	struct mailbox fault; /* for E_CONFIG and E_LIMIT: where it ended */
};

/*
 * Follows an address (its domain in normal form and ours) to its targets, of
 * which there may be `max`. A user that its own alias names stays one.
 * E_ABSENT: there is no such address. E_CONFIG: an alias names an address of
 * ours that does not exist, or refuses, or a file on the way can't be used.
 * E_LIMIT: levels, steps or targets ran out. OK otherwise, also for a refusal.
 */
enum result alias_expand(const struct alias_directory *directory,
			 struct arena *arena, const struct mailbox *address,
			 size_t max, struct alias_expansion *expansion);

/* An address of a cycle, and the line that leads on from it. */
struct alias_step {
	const struct aliases *aliases;
	size_t at; /* where in the text the line begins */
	struct mailbox address;
};

/*
 * Looks for addresses of ours that lead back to themselves, in all files,
 * across them, through catch-alls and "*@domain". "user: user, other" is no
 * cycle. For each one `found` is called, which takes at least one of the files
 * out of force: the directory gives it no longer. There may be more cycles
 * when one was found: look again. The time is linear in the targets. `scratch`
 * is reset; what the directory allocates may live there.
 *
 * Marks the files, so nobody else may look for cycles in them meanwhile.
 */
void alias_find_cycles(const struct alias_directory *directory,
		       struct arena *scratch,
		       const struct aliases *const *files, size_t n,
		       void (*found)(void *context,
				     const struct alias_step *cycle, size_t n),
		       void *context);

#endif
