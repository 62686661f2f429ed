/* SPDX-License-Identifier: BSD-2-Clause */
#include "tokens.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "mail/limits.h"
#include "mail/mac.h"

enum {
	TOKEN_DIGITS = 13,
	DAY = 24 * 3600,
	/* A bounce may come for LIMIT_SRS_AGE days, by a clock a day off. */
	KEPT = (LIMIT_SRS_AGE + 1) * DAY,
	BUSY_MS = 2000,
};

struct tokens {
	pthread_mutex_t lock; /* of the statements */
	sqlite3 *db;
	sqlite3_stmt *forget, *keep, *known, *find;
};

static const char schema[] =
	"PRAGMA journal_mode = WAL;"
	"CREATE TABLE IF NOT EXISTS sender ("
	" token TEXT PRIMARY KEY, sender BLOB NOT NULL UNIQUE,"
	" used INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS sender_used ON sender (used);";

static bool prepare(struct tokens *tokens)
{
	const struct {
		const char *text;
		sqlite3_stmt **statement;
	} rows[] = {
		{ "DELETE FROM sender WHERE used < ?1", &tokens->forget },
		/* Who is kept already stays so from today on. */
		{ "INSERT INTO sender (token, sender, used) "
		  "VALUES (?1, ?2, ?3) "
		  "ON CONFLICT (sender) DO UPDATE SET used = ?3",
		  &tokens->keep },
		{ "SELECT token FROM sender WHERE sender = ?1",
		  &tokens->known },
		{ "SELECT sender FROM sender WHERE token = ?1 AND used >= ?2",
		  &tokens->find },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (sqlite3_prepare_v2(tokens->db, rows[i].text, -1,
				       rows[i].statement, NULL) != SQLITE_OK)
			return false;
	return true;
}

struct tokens *tokens_open(struct arena *arena, const char *path,
			   const char **error)
{
	struct tokens *tokens = arena_must(calloc(1, sizeof(*tokens)));

	pthread_mutex_init(&tokens->lock, NULL);
	if (sqlite3_open_v2(path, &tokens->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				    SQLITE_OPEN_NOMUTEX,
			    NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(tokens->db, BUSY_MS) == SQLITE_OK &&
	    sqlite3_exec(tokens->db, schema, NULL, NULL, NULL) == SQLITE_OK &&
	    prepare(tokens))
		return tokens;
	*error =
		arena_printf(arena, "%s: %s", path, sqlite3_errmsg(tokens->db));
	tokens_close(tokens);
	return NULL;
}

void tokens_close(struct tokens *tokens)
{
	if (!tokens)
		return;
	sqlite3_finalize(tokens->forget);
	sqlite3_finalize(tokens->keep);
	sqlite3_finalize(tokens->known);
	sqlite3_finalize(tokens->find);
	sqlite3_close(tokens->db);
	pthread_mutex_destroy(&tokens->lock);
	free(tokens);
}

struct tokens *tokens_shared(struct arena *arena, const char *path,
			     const char **error)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct tokens *shared;
	struct tokens *tokens;

	pthread_mutex_lock(&lock);
	if (!shared)
		shared = tokens_open(arena, path, error);
	tokens = shared;
	pthread_mutex_unlock(&lock);
	return tokens;
}

enum result tokens_copy(struct arena *arena, const char *path, const char *to,
			const char **error)
{
	sqlite3_stmt *copy = NULL;
	sqlite3 *db = NULL;
	enum result result = E_TEMP;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return E_ABSENT;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) ==
		    SQLITE_OK &&
	    sqlite3_busy_timeout(db, BUSY_MS) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &copy, NULL) ==
		    SQLITE_OK &&
	    sqlite3_bind_text(copy, 1, to, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_step(copy) == SQLITE_DONE)
		result = OK;
	else
		*error =
			arena_printf(arena, "%s: %s", path, sqlite3_errmsg(db));
	sqlite3_finalize(copy);
	sqlite3_close(db);
	return result;
}

/* Runs a statement that gives no row. */
static bool run(sqlite3_stmt *statement)
{
	bool done = sqlite3_step(statement) == SQLITE_DONE;

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return done;
}

/* Runs a statement that gives one value, or none. */
static enum result look_up(sqlite3_stmt *statement, struct arena *arena,
			   struct str *value)
{
	enum result result = E_TEMP;
	int step = sqlite3_step(statement);

	if (step == SQLITE_ROW) {
		const void *bytes = sqlite3_column_blob(statement, 0);
		int n = sqlite3_column_bytes(statement, 0);

		*value = arena_copy(arena, (struct str){ bytes, (size_t)n });
		result = OK;
	} else if (step == SQLITE_DONE) {
		result = E_ABSENT;
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result;
}

static bool make_token(char token[TOKEN_DIGITS])
{
	unsigned char random[TOKEN_DIGITS];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	for (int i = 0; i < TOKEN_DIGITS; i++)
		token[i] = str_lower_byte(mac_digit(random[i] % 32));
	return true;
}

static enum result keep(struct tokens *tokens, struct arena *arena, int64_t now,
			struct str sender, struct str *token)
{
	char made[TOKEN_DIGITS];

	if (!make_token(made))
		return E_TEMP;
	sqlite3_bind_int64(tokens->forget, 1, now - KEPT);
	sqlite3_bind_text(tokens->keep, 1, made, TOKEN_DIGITS, SQLITE_STATIC);
	sqlite3_bind_blob(tokens->keep, 2, sender.p, (int)sender.n,
			  SQLITE_STATIC);
	sqlite3_bind_int64(tokens->keep, 3, now);
	sqlite3_bind_blob(tokens->known, 1, sender.p, (int)sender.n,
			  SQLITE_STATIC);
	if (!run(tokens->forget) || !run(tokens->keep))
		return E_TEMP;
	return look_up(tokens->known, arena, token) == OK ? OK : E_TEMP;
}

enum result tokens_keep(struct tokens *tokens, struct arena *arena, int64_t now,
			struct str sender, struct str *token)
{
	enum result result;

	if (sender.n > LIMIT_SPF_IDENTITY)
		return E_LIMIT;
	pthread_mutex_lock(&tokens->lock);
	result = keep(tokens, arena, now, sender, token);
	pthread_mutex_unlock(&tokens->lock);
	return result;
}

enum result tokens_find(struct tokens *tokens, struct arena *arena, int64_t now,
			struct str token, struct str *sender)
{
	enum result result;

	pthread_mutex_lock(&tokens->lock);
	sqlite3_bind_text(tokens->find, 1, token.p, (int)token.n,
			  SQLITE_STATIC);
	sqlite3_bind_int64(tokens->find, 2, now - KEPT);
	result = look_up(tokens->find, arena, sender);
	pthread_mutex_unlock(&tokens->lock);
	return result;
}
