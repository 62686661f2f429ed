/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "tokens"
#include "unit.h"

#include <pthread.h>

#include "folder.h"
#include "forward/tokens.h"
#include "mail/limits.h"

enum { DAY = 24 * 3600, NOW = 1750000000, THREADS = 8, SENDERS = 20 };

static struct folder folder;

static int set_up(void **state)
{
	(void)state;
	folder = folder_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	folder_end(&folder);
	return 0;
}

static struct tokens *open_table(void)
{
	const char *error = "";
	struct tokens *tokens =
		tokens_open(folder.arena, folder_path(&folder, "t.db"), &error);

	if (!tokens)
		fail_msg("%s", error);
	return tokens;
}

static enum result find(struct tokens *tokens, struct str token, int64_t now)
{
	struct str sender;
	enum result result =
		tokens_find(tokens, folder.arena, now, token, &sender);

	if (result == OK)
		ASSERT_STR(sender, STR("a\0b@x.example"), "sender");
	return result;
}

/* A sender keeps its token, over a restart too, until 22 days after its last
 * message. */
static void life(void **state)
{
	const struct str sender = STR("a\0b@x.example");
	struct tokens *tokens = open_table();
	struct str first, again, other;

	(void)state;
	ASSERT_RESULT(tokens_keep(tokens, folder.arena, NOW, sender, &first),
		      OK, "keep");
	assert_int_equal(first.n, 13);
	ASSERT_RESULT(tokens_keep(tokens, folder.arena, NOW, STR("c@x.example"),
				  &other),
		      OK, "another");
	assert_false(str_eq(first, other));
	tokens_close(tokens);
	tokens = open_table();
	ASSERT_RESULT(tokens_keep(tokens, folder.arena, NOW + 5 * DAY, sender,
				  &again),
		      OK, "again");
	ASSERT_STR(again, first, "the same token");
	ASSERT_RESULT(find(tokens, first, NOW + 27 * DAY), OK, "22 days");
	ASSERT_RESULT(find(tokens, first, NOW + 27 * DAY + 1), E_ABSENT,
		      "and a second");
	ASSERT_RESULT(find(tokens, STR("nosuchtoken22"), NOW), E_ABSENT,
		      "no token");
	/* What is too old is forgotten when another one comes. */
	ASSERT_RESULT(tokens_keep(tokens, folder.arena, NOW + 28 * DAY,
				  STR("d@x.example"), &again),
		      OK, "later");
	ASSERT_RESULT(find(tokens, first, NOW), E_ABSENT, "forgotten");
	tokens_close(tokens);
}

static void limits(void **state)
{
	struct tokens *tokens = open_table();
	const size_t sizes[] = { LIMIT_SPF_IDENTITY, LIMIT_SPF_IDENTITY + 1,
				 10 * LIMIT_SPF_IDENTITY };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct str sender = { arena_alloc(folder.arena, sizes[i]),
				      sizes[i] };
		struct str token;

		ASSERT_RESULT(tokens_keep(tokens, folder.arena, NOW, sender,
					  &token),
			      i == 0 ? OK : E_LIMIT, "length");
	}
	tokens_close(tokens);
}

static void *keep_many(void *context)
{
	struct arena *arena = arena_new(4096);

	for (int i = 0; i < SENDERS; i++) {
		struct str sender =
			str_from(arena_printf(arena, "%d@x.example", i));
		struct str token, back;

		if (tokens_keep(context, arena, NOW, sender, &token) != OK ||
		    tokens_find(context, arena, NOW, token, &back) != OK ||
		    !str_eq(sender, back))
			return context;
	}
	arena_free(arena);
	return NULL;
}

static void threads(void **state)
{
	struct tokens *tokens = open_table();
	pthread_t thread[THREADS];
	void *failed;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, keep_many, tokens), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	tokens_close(tokens);
}

static void no_table(void **state)
{
	const char *error = NULL;

	(void)state;
	assert_null(tokens_open(folder.arena, "/nowhere/t.db", &error));
	assert_non_null(strstr(error, "/nowhere/t.db"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_table, set_up, tear_down),
	};

	return UNIT_RUN(tests);
}
