/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIGNING_H
#define TESTS_SIGNING_H

/*
 * dkim-sign's callbacks without a socket: what glue.c does with a message is
 * done here, and what the MTA would hear is kept. Include unit.h first.
 */

#include <arpa/inet.h>
#include <netinet/in.h>

#include "dkim-sign/config.h"
#include "dkim-sign/sign.h"
#include "folder.h"
#include "tests/unit/keys.h"

enum { NOW = 1700000000 };

static const struct milter milter = {
	.name = "dkim-sign",
	.settings = config_table,
	.settings_size = sizeof(struct config),
	.parts = DOMAIN_ALIASES | DOMAIN_SENDERS | DOMAIN_USERS | DOMAIN_KEYS,
	.configure = config_derive,
	.outcomes = {
		[OUTCOME_DEFERRED] = { "deferred", true },
		[OUTCOME_ABORTED] = { "aborted", false },
		[SIGN_SIGNED] = { "signed", false },
		[SIGN_UNSIGNED] = { "unsigned", false },
		[SIGN_REFUSED] = { "refused", true },
	},
	.finish = sign_finish,
};

static struct folder folder;

/* example.org has two keys, example.com one, nokey.example none. */
static inline void begin(const char *settings)
{
	struct snapshot *snapshot;
	struct capture capture;
	char *error = NULL;

	assert_int_equal(crypto_init(), OK);
	folder = folder_new();
	folder_write(&folder, "etc/millrace.conf",
		     arena_printf(folder.arena,
				  "state_directory = \"%s/lib\"\n"
				  "trusted_networks = {\"127.0.0.0/8\", "
				  "\"192.0.2.0/24\"}\n",
				  folder.path));
	folder_write(&folder, "etc/dkim-sign.conf", settings);
	folder_write(&folder, "etc/domains/example.org/aliases",
		     "sales: alice\n");
	folder_write(&folder, "etc/domains/example.com/aliases",
		     "also: alice@example.org\n");
	folder_write(&folder, "etc/domains/nokey.example/aliases",
		     "alice: alice@example.org\n");
	folder_write_key(&folder, "lib/domains/example.org/dkim/one.pem",
			 KEY_RFC8410);
	folder_write_key(&folder, "lib/domains/example.org/dkim/two.pem",
			 KEY_RSA_2048);
	folder_write_key(&folder, "lib/domains/example.com/dkim/com.pem",
			 KEY_RFC8410);
	capture = capture_begin(&folder, STDERR_FILENO);
	if (snapshot_load(&milter, folder_path(&folder, "etc"), &snapshot,
			  &error) == OK)
		snapshot_set(snapshot);
	capture_end(&capture);
	if (error)
		fail_msg("%s", error);
}

static inline void end(void)
{
	snapshot_set(NULL);
	folder_end(&folder);
}

enum client { USER, BARE_USER, TRUSTED, LOCAL, STRANGER, UNKNOWN, CLIENTS };

static const struct {
	const char *name, *address;
	int port;
	const char *login;
} clients[CLIENTS] = {
	[USER] = { "user", "203.0.113.9", 40000, "alice@example.org" },
	/* A login stays a user from wherever he comes. */
	[BARE_USER] = { "user at home", "127.0.0.1", 0, "alice@example.org" },
	[TRUSTED] = { "trusted", "192.0.2.7", 40000, "" },
	/* Not in trusted_networks, but this host itself. */
	[LOCAL] = { "local", "::1", 0, "" },
	[STRANGER] = { "stranger", "203.0.113.9", 40000, "" },
	[UNKNOWN] = { "unknown", "", 0, "" },
};

static inline void set_client(struct session *session, const char *text,
			      int port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&session->client;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&session->client;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
	}
}

/* A message in, and what the MTA would hear. */
struct run {
	const struct field *fields;
	size_t n_fields;
	struct str body;
	struct str sender; /* of the envelope; empty is the null one */
	bool header_too_long;
	bool no_lead_space;
	size_t longest;

	enum action action;
	const char *code, *xcode;
	int outcome;
	size_t n_edits;
	struct str edits[4];
	size_t n_seen; /* fields that the daemon wanted */
	const char *log;
};

static inline enum action drive(struct session *session, struct run *run)
{
	enum action action = sign_mail(session);

	for (size_t i = 0; action == ACTION_CONTINUE && i < run->n_fields;
	     i++) {
		assert_true(session_enter(session, STAGE_FIELD));
		if (!sign_wants_field(session, run->fields[i].name))
			continue;
		run->n_seen++;
		if (message_add(&session->header, run->fields[i].name,
				run->fields[i].value) != OK)
			session->header_too_long = true;
	}
	session->longest_field_line = run->longest;
	session->header_too_long |= run->header_too_long;
	assert_true(session_enter(session, STAGE_HEADER));
	if (action == ACTION_CONTINUE)
		action = sign_header(session);
	if (action == ACTION_CONTINUE) {
		assert_true(session_enter(session, STAGE_BODY));
		sign_body(session, run->body);
		assert_true(session_enter(session, STAGE_END));
		action = sign_end(session);
	}
	return action;
}

static inline void run_message(enum client client, struct run *run)
{
	struct session *session = session_new(&milter);
	struct capture capture;

	set_client(session, clients[client].address, clients[client].port);
	session->lead_space = !run->no_lead_space;
	assert_true(session_enter(session, STAGE_MAIL));
	session->now = NOW;
	session->login = str_from(clients[client].login);
	session->sender = run->sender;
	run->n_seen = run->n_edits = 0;
	run->action = drive(session, run);
	run->outcome = session->outcome;
	run->code = session->code;
	run->xcode = session->xcode;
	for (struct edit *edit = session->edits.first; edit;
	     edit = edit->next) {
		assert_int_equal(edit->kind, EDIT_INSERT_FIELD);
		assert_int_equal(edit->index, 0);
		assert_string_equal(edit->name, "DKIM-Signature");
		assert_true(run->n_edits < 4);
		run->edits[run->n_edits++] =
			arena_copy(folder.arena, str_from(edit->value));
	}
	capture = capture_begin(&folder, STDERR_FILENO);
	session_free(session);
	run->log = capture_end(&capture);
}

#endif
