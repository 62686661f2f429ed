/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "session"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "milters/metrics.h"
#include "milters/milter.h"
#include "folder.h"

enum { OUTCOME_DONE = OUTCOME_FIRST, OUTCOME_SHAME };

static int finished;

static void finish(struct session *session)
{
	assert_non_null(session->arena);
	finished++;
}

static const struct setting table[] = { { .name = NULL } };

static const struct milter milter = {
	.name = "some-milter",
	.settings = table,
	.outcomes = {
		[OUTCOME_DEFERRED] = { "deferred", true },
		[OUTCOME_ABORTED] = { "aborted", false },
		[OUTCOME_DONE] = { "done", false },
		[OUTCOME_SHAME] = { "shamed", true },
	},
	.finish = finish,
};

static struct folder folder;

static struct session *begin(void)
{
	struct snapshot *snapshot;
	char *error = NULL;

	folder = folder_new();
	finished = 0;
	if (snapshot_load(&milter, folder.path, &snapshot, &error) != OK)
		fail_msg("%s", error);
	snapshot_set(snapshot);
	return session_new(&milter);
}

static void end(struct session *session)
{
	session_free(session);
	snapshot_set(NULL);
	folder_end(&folder);
}

/*
 * What may come behind what, in the words of the protocol: connect, helo,
 * MAIL and abort at any time (MAIL begins anew, helo comes without connect);
 * recipients behind MAIL; data behind those, once; header fields behind the
 * envelope; end of header behind them, or at once; body behind end of header,
 * in any number of pieces or none; end of message behind either.
 */
/* clang-format off */
static const char *const may_come[STAGES] = {
	/* behind:	  CHMRDFEBZA */
	[STAGE_CONNECT] = "yyyyyyyyyy",
	[STAGE_HELO] =	  "yyyyyyyyyy",
	[STAGE_MAIL] =	  "yyyyyyyyyy",
	[STAGE_RCPT] =	  "nnyynnnnnn",
	[STAGE_DATA] =	  "nnyynnnnnn",
	[STAGE_FIELD] =	  "nnyyyynnnn",
	[STAGE_HEADER] =  "nnyyyynnnn",
	[STAGE_BODY] =	  "nnnnnnyynn",
	[STAGE_END] =	  "nnnnnnyynn",
	[STAGE_ABORT] =	  "yyyyyyyyyy",
};
/* clang-format on */

/* The shortest way to each stage, from a new session. */
static const char *const way_to[STAGES] = {
	[STAGE_CONNECT] = "C",	 [STAGE_HELO] = "CH",	[STAGE_MAIL] = "CHM",
	[STAGE_RCPT] = "CMR",	 [STAGE_DATA] = "CMRD", [STAGE_FIELD] = "MRF",
	[STAGE_HEADER] = "MRFE", [STAGE_BODY] = "MFEB", [STAGE_END] = "MFEBZ",
	[STAGE_ABORT] = "MRA",
};

static const char letters[] = "CHMRDFEBZA";

/* Abort and end of message end the message, as glue.c does it. */
static bool enter(struct session *session, enum stage stage)
{
	if (!session_enter(session, stage))
		return false;
	if (stage == STAGE_MAIL)
		session->about = " user=a";
	if (stage == STAGE_ABORT || stage == STAGE_END)
		session_end_message(session);
	return true;
}

static void walk(struct session *session, const char *way)
{
	for (; *way; way++)
		if (!enter(session,
			   (enum stage)(strchr(letters, *way) - letters)))
			fail_msg("%c of %s does not fit", *way, way);
}

static void ladder(void **state)
{
	(void)state;
	for (int before = 0; before < STAGES; before++)
		for (int stage = 0; stage < STAGES; stage++) {
			struct session *session = begin();
			struct capture capture =
				capture_begin(&folder, STDERR_FILENO);
			bool want = may_come[stage][before] == 'y', got;

			walk(session, way_to[before]);
			got = session_enter(session, (enum stage)stage);
			session_end_message(session);
			capture_end(&capture);
			if (got != want)
				fail_msg("%c after %s: want %d", letters[stage],
					 way_to[before], want);
			end(session);
		}
}

/* A callback that does not fit leaves the message as it was. */
static void misfits(void **state)
{
	struct session *session = begin();

	(void)state;
	walk(session, "CMR");
	assert_false(session_enter(session, STAGE_BODY));
	assert_int_equal(session->stage, STAGE_RCPT);
	assert_non_null(session->arena);
	assert_true(session_enter(session, STAGE_HELO));
	assert_int_equal(session->stage, STAGE_RCPT);
	assert_true(session_enter(session, STAGE_RCPT));
	assert_int_equal(metrics_messages_at_work(), 1);
	session_end_message(session);
	assert_int_equal(session->stage, STAGE_CONNECT);
	assert_null(session->arena);
	assert_false(session_enter(session, STAGE_RCPT));
	assert_int_equal(metrics_messages_at_work(), 0);
	session_end_message(session);
	assert_int_equal(finished, 1);
	end(session);
}

/* Everything of a message that the next one must not inherit. */
static void soil(struct session *session)
{
	struct arena *arena = session->arena;

	session->queue_id = "4XYZ";
	session->login = STR("alice@example.org");
	session->sender = STR("alice@example.org");
	message_add(&session->header, STR("From"), STR(" alice@example.org"));
	session->header_too_long = true;
	session->longest_field_line = 2000;
	session->now = 1;
	session->data = session;
	edits_insert_field(&session->edits, arena, 0, "X", STR(" y"));
	session->pending = ACTION_REJECT;
	session_refuse(session, ACTION_REJECT, "550", "5.7.1", "no");
	session_outcome(session, OUTCOME_DONE, " x=%s", "y");
	session->about = " user=a";
}

static void assert_clean(const struct session *session)
{
	assert_int_equal(session->stage, STAGE_MAIL);
	assert_string_equal(session->queue_id, "NOQUEUE");
	assert_int_equal(session->login.n, 0);
	assert_int_equal(session->sender.n, 0);
	assert_int_equal(session->header.n, 0);
	assert_false(session->header_too_long);
	assert_int_equal(session->longest_field_line, 0);
	assert_int_equal(session->now, 1700000000);
	assert_null(session->data);
	assert_null(session->edits.first);
	assert_int_equal(session->pending, ACTION_CONTINUE);
	assert_null(session->code);
	assert_null(session->xcode);
	assert_null(session->text);
	assert_int_equal(session->outcome, OUTCOME_NONE);
	assert_string_equal(session->about, "");
	assert_string_equal(session->detail, "");
}

static void reset_at_mail(void **state)
{
	struct session *session = begin();
	struct capture capture;
	const char *log;

	(void)state;
	assert_int_equal(setenv("MILLRACE_TEST_NOW", "1700000000", 1), 0);
	session->client_text = "192.0.2.7";
	walk(session, "CHMRF");
	soil(session);
	capture = capture_begin(&folder, STDERR_FILENO);
	/* After a refusal neither end of message nor abort comes. */
	assert_true(session_enter(session, STAGE_MAIL));
	log = capture_end(&capture);
	unsetenv("MILLRACE_TEST_NOW");
	assert_int_equal(count_in(log, "\n"), 1);
	ASSERT_HAS(log, "4XYZ: done client=192.0.2.7 user=a x=y ms=", "log");
	assert_clean(session);
	assert_string_equal(session->client_text, "192.0.2.7");
	assert_int_equal(finished, 1);
	assert_int_equal(metrics_messages_at_work(), 1);
	end(session);
	assert_int_equal(metrics_messages_at_work(), 0);
}

/* A reload between two messages of a session: each has its own. */
static void snapshots(void **state)
{
	struct session *session = begin();
	struct snapshot *old, *new;
	char *error;

	(void)state;
	walk(session, "CM");
	old = session->snapshot;
	assert_int_equal(old->references, 2);
	ASSERT_RESULT(snapshot_load(&milter, folder.path, &new, &error), OK,
		      "load");
	snapshot_set(new);
	assert_int_equal(old->references, 1);
	walk(session, "RD");
	assert_ptr_equal(session->snapshot, old);
	walk(session, "M");
	assert_ptr_equal(session->snapshot, new);
	assert_int_equal(new->references, 2);
	walk(session, "A");
	assert_null(session->snapshot);
	assert_int_equal(new->references, 1);
	end(session);
}

static const struct {
	const char *way;
	int outcome;	  /* set at the last stage, OUTCOME_NONE: not at all */
	const char *want; /* the line, NULL: none */
} log_rows[] = {
	{ "", OUTCOME_NONE, NULL },
	{ "C", OUTCOME_NONE, NULL },
	{ "CHM", OUTCOME_NONE, NULL },
	{ "CHMR", OUTCOME_NONE, NULL },
	{ "CHMRD", OUTCOME_NONE, NULL },
	{ "CHMRM", OUTCOME_NONE, NULL },
	{ "CHMRA", OUTCOME_NONE, NULL },
	{ "CHMRF", OUTCOME_NONE,
	  "some-milter: NOQUEUE: aborted client=unknown user=a reason=" },
	{ "CHMRDFF", OUTCOME_NONE,
	  "some-milter: NOQUEUE: aborted client=unknown user=a reason=" },
	{ "CHMRFEB", OUTCOME_NONE,
	  "some-milter: NOQUEUE: aborted client=unknown user=a reason=" },
	{ "CHMRFEBA", OUTCOME_NONE,
	  "some-milter: NOQUEUE: aborted client=unknown user=a reason=" },
	{ "CHMRFEBMR", OUTCOME_NONE,
	  "some-milter: NOQUEUE: aborted client=unknown user=a reason=" },
	{ "CHM", OUTCOME_SHAME,
	  "some-milter: warning: NOQUEUE: shamed client=unknown user=a x=1" },
	{ "CHMRFE", OUTCOME_DONE,
	  "some-milter: NOQUEUE: done client=unknown user=a x=1" },
	{ "CHMRFEB", OUTCOME_DONE,
	  "some-milter: NOQUEUE: done client=unknown user=a x=1" },
	{ "CHMRFEB", OUTCOME_SHAME,
	  "some-milter: warning: NOQUEUE: shamed client=unknown user=a x=1" },
	{ "CHMF", OUTCOME_DEFERRED,
	  "some-milter: warning: NOQUEUE: deferred client=unknown user=a x=1" },
};

static void log_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(log_rows) / sizeof(*log_rows); i++) {
		struct session *session = begin();
		struct capture capture = capture_begin(&folder, STDERR_FILENO);
		const char *log;

		walk(session, log_rows[i].way);
		if (log_rows[i].outcome)
			session_outcome(session, log_rows[i].outcome, " x=%d",
					1);
		session_end_message(session);
		session_end_message(session);
		session_free(session);
		log = capture_end(&capture);
		if (log_rows[i].want)
			ASSERT_HAS(log, log_rows[i].want, log_rows[i].way);
		if (count_in(log, "\n") != (log_rows[i].want != NULL))
			fail_msg("%s: %s", log_rows[i].way, log);
		snapshot_set(NULL);
		folder_end(&folder);
	}
}

static void replies(void **state)
{
	struct session *session = begin();
	const char *log;
	struct capture capture;

	(void)state;
	walk(session, "CMRF");
	assert_int_equal(session_refuse(session, ACTION_REJECT, "550", "5.7.1",
					"%s is %d%%", "this", 100),
			 ACTION_REJECT);
	assert_string_equal(session->code, "550");
	assert_string_equal(session->xcode, "5.7.1");
	assert_string_equal(session->text, "this is 100%");
	session->about = " user=a";
	session_outcome(session, OUTCOME_DONE, " a=%s", "b");
	/* What was decided before a fault of ours is void. */
	assert_int_equal(session_defer(session, "%s%%s", "disk full"),
			 ACTION_TEMPFAIL);
	assert_string_equal(session->code, "451");
	assert_string_equal(session->xcode, "4.7.0");
	assert_null(strstr(session->text, "disk"));
	assert_int_equal(session->outcome, OUTCOME_DEFERRED);
	capture = capture_begin(&folder, STDERR_FILENO);
	session_end_message(session);
	log = capture_end(&capture);
	ASSERT_HAS(
		log,
		": deferred client=unknown user=a reason=\"disk full%s\" ms=",
		"deferred");
	assert_int_equal(count_in(log, "\n"), 1);
	end(session);
}

static void set_client(struct session *session, const char *text, int port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&session->client;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&session->client;

	memset(&session->client, 0, sizeof(session->client));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
	} else if (*text == '/') {
		session->client.ss_family = AF_UNIX;
	}
}

static void local_clients(void **state)
{
	static const struct {
		const char *client;
		int port;
		bool want;
	} rows[] = {
		{ "127.0.0.1", 0, true },
		{ "127.255.255.255", 0, true },
		{ "::1", 0, true },
		{ "::ffff:127.0.0.1", 0, true },
		{ "127.0.0.1", 25, false },
		{ "::1", 40000, false },
		{ "::ffff:127.0.0.1", 1, false },
		{ "192.0.2.1", 0, false },
		{ "126.255.255.255", 0, false },
		{ "128.0.0.0", 0, false },
		{ "0.0.0.0", 0, false },
		{ "2001:db8::1", 0, false },
		{ "::", 0, false },
		{ "::2", 0, false },
		{ "::7f00:1", 0, false },
		{ "::ffff:192.0.2.1", 0, false },
		{ "/", 0, false },
		{ "", 0, false },
	};
	struct session *session = begin();

	(void)state;
	assert_false(session_is_local(session));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		set_client(session, rows[i].client, rows[i].port);
		if (session_is_local(session) != rows[i].want)
			fail_msg("%s port %d: want %d", rows[i].client,
				 rows[i].port, rows[i].want);
	}
	end(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ladder),	 cmocka_unit_test(misfits),
		cmocka_unit_test(reset_at_mail), cmocka_unit_test(snapshots),
		cmocka_unit_test(log_lines),	 cmocka_unit_test(replies),
		cmocka_unit_test(local_clients),
	};

	assert_int_equal(crypto_init(), OK);
	log_open(milter.name, true);
	return UNIT_RUN(tests);
}
