/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "daemons.h"
#include "json.h"
#include "mail/crypto.h"
#include "mail/dkim_key.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "milters/control.h"
#include "plain.h"
#include "private.h"
#include "rotation.h"

/*
 * New keys for old ones, in steps that can be interrupted anywhere. Each step
 * begins with a state that is on the disk, does what may have been done
 * already, and ends by writing the next state. Signatures are good all the
 * time: a key signs only when all servers have its record, and its record
 * stays for a week after the last signature.
 */

#define RELOAD "systemctl reload millrace-dkim-sign millrace-forward"

enum {
	RSA_BITS = 2048,
	DAYS_KEPT = 7,
	DAY = 24 * 3600,
	DATE_ROOM = 16,
	INTERVAL_MAX = DAY,
};

struct request {
	const char *now, *reload, *interval;
	bool wait, go_on, json;
};

static const struct tool_flag flags[] = {
	{ "wait", true, offsetof(struct request, wait) },
	{ "continue", true, offsetof(struct request, go_on) },
	{ "interval", false, offsetof(struct request, interval) },
	{ "reload", false, offsetof(struct request, reload) },
	{ "now", false, offsetof(struct request, now) },
	{ "json", true, offsetof(struct request, json) },
	{ NULL, false, 0 },
};

/* A record that somebody has to publish, or without a value to delete. */
struct task {
	struct str selector, value;
	const char *why;
};

struct rotate {
	struct tool *tool;
	struct request request;
	struct shared_settings settings;
	struct resolver_settings dns;
	struct rotation rotation;
	int64_t now, interval;
	struct task tasks[2 * KEYS_MAX];
	size_t n_tasks;
	int status; /* after a step that failed */
};

/* How a step ended. */
enum outcome {
	GO_ON,
	WAIT_FOR_DNS,
	WAIT_FOR_DAYS,
	WAIT_FOR_REMOVAL,
	COMPLETE,
	FAILED
};

static const char *const waits[] = {
	[WAIT_FOR_DNS] = "dns",
	[WAIT_FOR_DAYS] = "days",
	[WAIT_FOR_REMOVAL] = "removal",
	[COMPLETE] = NULL,
};

static const char *date(struct arena *arena, int64_t when, const char *format)
{
	char *text = arena_alloc(arena, DATE_ROOM);
	time_t seconds = (time_t)when;
	struct tm utc;

	strftime(text, DATE_ROOM, format, gmtime_r(&seconds, &utc));
	return text;
}

static enum outcome save(struct rotate *rotate, enum rotation_step step)
{
	if (rotation_write(rotate->tool->arena, &rotate->rotation, step,
			   rotate->now))
		return GO_ON;
	rotate->status = tool_fail(rotate->tool, EX_CANTCREAT,
				   "%s/rotation: %m", rotate->rotation.folder);
	return FAILED;
}

/* A selector is taken while any file or the state has it. */
static bool is_taken(struct rotate *rotate, struct str selector)
{
	static const char *const endings[] = { ".pem", ".next", ".old" };
	bool taken = false;

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		taken |= access(rotation_path(rotate->tool->arena,
					      &rotate->rotation, selector,
					      endings[i]),
				F_OK) == 0;
	return taken;
}

/* The day and the algorithm, and a letter where that is taken. */
static struct str choose(struct rotate *rotate, enum crypto_algorithm algorithm)
{
	struct arena *arena = rotate->tool->arena;
	const char *day = date(arena, rotate->now, "%Y%m%d");
	char letter[2] = "";
	struct str selector;

	do {
		selector = str_from(arena_printf(
			arena, "%s%s-%s", day, letter,
			algorithm == CRYPTO_RSA ? "rsa" : "ed25519"));
		*letter = *letter ? (char)(*letter + 1) : 'a';
	} while (is_taken(rotate, selector) && *letter <= 'z');
	return selector;
}

/* As many keys as there are kinds now; both kinds for a domain without any. */
static enum outcome begin(struct rotate *rotate)
{
	struct rotation *rotation = &rotate->rotation;
	struct keys keys;
	const char *error;
	bool wanted[2] = { false, false };

	if (keystore_load(rotate->tool->arena, rotation->folder,
			  rotation->domain, &keys, &error) != OK) {
		rotate->status =
			tool_fail(rotate->tool, EX_CONFIG, "%s", error);
		return FAILED;
	}
	rotation->n_old = keys.n;
	for (size_t i = 0; i < keys.n; i++) {
		wanted[crypto_key_algorithm(keys.list[i].key)] = true;
		rotation->old[i] = keys.list[i].selector;
	}
	rotation->n_new = 0;
	for (int a = CRYPTO_RSA; a <= CRYPTO_ED25519; a++)
		if (wanted[a] || !keys.n)
			rotation->new[rotation->n_new++] = choose(rotate, a);
	keystore_free(&keys);
	return save(rotate, ROTATION_PUBLISH);
}

/* The key that is to come; made, if it was not yet. NULL after a fault. */
static struct crypto_key *next_key(struct rotate *rotate, struct str selector)
{
	struct arena *arena = rotate->tool->arena;
	const char *path =
		rotation_path(arena, &rotate->rotation, selector, ".next");
	bool rsa = str_eq(str_sub(selector, selector.n - 3, selector.n),
			  STR("rsa"));
	struct crypto_key *key = NULL;
	struct str pem;

	/* Left by an interrupted call: the same key, or one nobody has seen. */
	unlink(arena_printf(arena, "%s.new", path));
	if (tool_read(path, LIMIT_KEY_FILE, &pem) == OK) {
		if (crypto_key_parse(pem, &key) != OK)
			rotate->status = tool_fail(rotate->tool, EX_DATAERR,
						   "%s: is no key", path);
		crypto_wipe(pem);
		free((char *)(uintptr_t)pem.p);
		return key;
	}
	if (crypto_key_generate(rsa ? CRYPTO_RSA : CRYPTO_ED25519, RSA_BITS,
				&key) != OK ||
	    crypto_key_private_pem(key, arena, &pem) != OK ||
	    !private_write(arena, path, pem, private_group(KEYS_GROUP))) {
		rotate->status =
			tool_fail(rotate->tool, EX_CANTCREAT, "%s: %m", path);
		crypto_key_free(key);
		return NULL;
	}
	crypto_wipe(pem);
	return key;
}

static void add_task(struct rotate *rotate, struct str selector,
		     struct str value, const char *why)
{
	rotate->tasks[rotate->n_tasks++] =
		(struct task){ selector, value, why };
}

/* Is the record of one new key everywhere? If not, it is a task. */
static enum outcome publish_one(struct rotate *rotate, struct str selector)
{
	struct arena *arena = rotate->tool->arena;
	struct crypto_key *key = next_key(rotate, selector);
	struct str octets, record;
	const char *why = "";
	enum result result;

	if (!key)
		return FAILED;
	result = crypto_key_public(key, arena, &octets);
	if (result == OK)
		result = dkim_key_record(key, arena, &record);
	crypto_key_free(key);
	if (result != OK) {
		rotate->status = tool_fail(rotate->tool, EX_SOFTWARE,
					   "can't write a record");
		return FAILED;
	}
	if (rotation_seen(rotate->tool, &rotate->dns, &rotate->rotation,
			  selector, &octets, &why) == SEEN_BY_ALL)
		return GO_ON;
	add_task(rotate, selector, record, why);
	return WAIT_FOR_DNS;
}

static enum outcome publish(struct rotate *rotate)
{
	enum outcome all = GO_ON;

	for (size_t i = 0; i < rotate->rotation.n_new && all != FAILED; i++) {
		enum outcome one = publish_one(rotate, rotate->rotation.new[i]);

		all = one == GO_ON ? all : one;
	}
	return all == GO_ON ? save(rotate, ROTATION_SWITCH) : all;
}

/* Renames a key, unless that was done. */
static bool move(struct rotate *rotate, struct str selector, const char *from,
		 const char *to)
{
	struct arena *arena = rotate->tool->arena;
	const char *old =
		rotation_path(arena, &rotate->rotation, selector, from);
	const char *new = rotation_path(arena, &rotate->rotation, selector, to);

	/* An old key that somebody has taken away is no loss. */
	if (rename(old, new) == 0 ||
	    (errno == ENOENT &&
	     (access(new, F_OK) == 0 || strcmp(to, ".old") == 0)))
		return true;
	rotate->status =
		tool_fail(rotate->tool, EX_CANTCREAT, "%s to %s: %m", old, new);
	return false;
}

/* The new ones first: one always signs. */
static enum outcome change(struct rotate *rotate)
{
	const struct rotation *rotation = &rotate->rotation;

	for (size_t i = 0; i < rotation->n_new; i++)
		if (!move(rotate, rotation->new[i], ".next", ".pem"))
			return FAILED;
	for (size_t i = 0; i < rotation->n_old; i++)
		if (!move(rotate, rotation->old[i], ".pem", ".old"))
			return FAILED;
	return save(rotate, ROTATION_RELOAD);
}

static enum outcome reload(struct rotate *rotate)
{
	const char *command =
		rotate->request.reload ? rotate->request.reload : RELOAD;
	const char *const sh[] = { "sh", "-c", command, NULL };

	if (command_run(rotate->tool, sh, NULL) != 0) {
		rotate->status = tool_fail(rotate->tool, EX_TEMPFAIL,
					   "the new keys are in place, but "
					   "\"%s\" failed: the old ones sign "
					   "until the next call",
					   command);
		return FAILED;
	}
	if (!rotate->request.json)
		printf("%.*s signs with its new keys.\n",
		       STR_ARG(rotate->rotation.domain));
	return save(rotate, ROTATION_KEEP);
}

/* When the old records may go. */
static int64_t kept_until(const struct rotate *rotate)
{
	return rotate->rotation.since + DAYS_KEPT * DAY;
}

/* A daemon that could not reload has the old keys, whatever the files are. */
static bool is_reloaded(struct rotate *rotate)
{
	static const char *const names[] = { "dkim-sign", "forward" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct str lines, fault;

		if (daemon_status(rotate->tool, names[i], &lines) != OK)
			continue; /* not running: it will read the files */
		while (daemon_value(&lines, STR("fault"), &fault)) {
			if (!str_eq(fault, STR(CONTROL_NOT_RELOADED)))
				continue;
			rotate->status = tool_fail(
				rotate->tool, EX_TEMPFAIL,
				"%s may sign with the old keys, whose "
				"records must stay: it was %.*s",
				names[i], STR_ARG(fault));
			return false;
		}
	}
	return true;
}

/* The old records stay, then go from all servers, then the old keys go. */
static enum outcome keep(struct rotate *rotate)
{
	struct arena *arena = rotate->tool->arena;
	struct rotation *rotation = &rotate->rotation;
	const char *path, *why = NULL;

	/* The days begin anew: it signed with the old keys until now. */
	if (rotation->n_old && !is_reloaded(rotate)) {
		save(rotate, ROTATION_KEEP);
		return FAILED;
	}
	if (rotation->n_old && rotate->now < kept_until(rotate))
		return WAIT_FOR_DAYS;
	for (size_t i = 0; i < rotation->n_old; i++)
		if (rotation_seen(rotate->tool, &rotate->dns, rotation,
				  rotation->old[i], NULL, &why) != SEEN_BY_NONE)
			add_task(rotate, rotation->old[i], STR(""), why);
	if (rotate->n_tasks)
		return WAIT_FOR_REMOVAL;
	for (size_t i = 0; i < rotation->n_old; i++)
		unlink(rotation_path(arena, rotation, rotation->old[i],
				     ".old"));
	path = arena_printf(arena, "%s/rotation", rotation->folder);
	if (unlink(path) == 0)
		return COMPLETE;
	rotate->status = tool_fail(rotate->tool, EX_CANTCREAT, "%s: %m", path);
	return FAILED;
}

/* Where the rotation stands, and what is to be done. */
static void print_text(const struct rotate *rotate, enum outcome outcome)
{
	struct arena *arena = rotate->tool->arena;
	struct str domain = rotate->rotation.domain;

	if (outcome == WAIT_FOR_DAYS)
		printf("The old records stay published until %s, for mail on "
		       "its way.\n",
		       date(arena, kept_until(rotate), "%Y-%m-%d"));
	if (outcome == WAIT_FOR_REMOVAL)
		printf("Delete these TXT records:\n");
	for (size_t i = 0; i < rotate->n_tasks; i++) {
		const struct task *task = &rotate->tasks[i];

		if (outcome == WAIT_FOR_DNS)
			printf("Publish this TXT record; %s:\n",
			       plain_text(arena, str_from(task->why)));
		printf("  %.*s._domainkey.%.*s", STR_ARG(task->selector),
		       STR_ARG(domain));
		if (task->value.n)
			printf("  %.*s", STR_ARG(task->value));
		putchar('\n');
	}
	if (outcome == COMPLETE)
		printf("%.*s: the rotation is complete.\n", STR_ARG(domain));
}

static void json_task(struct json *json, const struct rotate *rotate,
		      const struct task *task)
{
	json_object(json, NULL);
	json_text(json, "do", task->value.n ? "publish" : "delete");
	json_text(json, "name",
		  arena_printf(rotate->tool->arena, "%.*s._domainkey.%.*s",
			       STR_ARG(task->selector),
			       STR_ARG(rotate->rotation.domain)));
	json_text(json, "type", "TXT");
	if (task->value.n)
		json_string(json, "value", task->value);
	else
		json_null(json, "value");
	json_text(json, "why", task->why);
	json_object_end(json);
}

/* An outcome of COMPLETE is a rotation that has ended, or none. */
static void print_json(const struct rotate *rotate, enum outcome outcome)
{
	enum rotation_step step = rotate->rotation.step;
	struct json json;

	json_begin(&json, stdout);
	json_object(&json, NULL);
	json_string(&json, "domain", rotate->rotation.domain);
	json_text(&json, "state",
		  outcome == COMPLETE && step == ROTATION_KEEP
			  ? "complete"
			  : rotation_step_name(step));
	json_text(&json, "waits_for", waits[outcome]);
	json_text(&json, "until",
		  outcome == WAIT_FOR_DAYS
			  ? date(rotate->tool->arena, kept_until(rotate),
				 "%Y-%m-%d")
			  : NULL);
	json_array(&json, "records");
	for (size_t i = 0; i < rotate->n_tasks; i++)
		json_task(&json, rotate, &rotate->tasks[i]);
	json_array_end(&json);
	json_object_end(&json);
	json_end(&json);
}

static enum outcome (*const steps[])(struct rotate *rotate) = {
	[ROTATION_NONE] = begin,    [ROTATION_PUBLISH] = publish,
	[ROTATION_SWITCH] = change, [ROTATION_RELOAD] = reload,
	[ROTATION_KEEP] = keep,
};

/* As far as it goes by itself; with --wait, past the DNS. */
static int run(struct rotate *rotate)
{
	const struct request *request = &rotate->request;
	enum outcome outcome;

	for (;;) {
		if (!request->now)
			tool_now(NULL, &rotate->now);
		rotate->n_tasks = 0;
		outcome = steps[rotate->rotation.step](rotate);
		if (outcome == GO_ON)
			continue;
		if (outcome == FAILED)
			return rotate->status;
		if (!request->json)
			print_text(rotate, outcome);
		if (outcome != WAIT_FOR_DNS || !request->wait)
			break;
		fflush(stdout);
		sleep((unsigned int)rotate->interval);
	}
	if (request->json)
		print_json(rotate, outcome);
	return EX_OK;
}

/* A name that was misspelt is not made a domain. */
static bool is_hosted(const struct rotate *rotate)
{
	const struct tool *tool = rotate->tool;
	struct str domain = rotate->rotation.domain;

	return access(arena_printf(tool->arena, "%s/domains/%.*s",
				   tool->directory, STR_ARG(domain)),
		      F_OK) == 0 ||
	       access(arena_printf(tool->arena, "%s/domains/%.*s",
				   rotate->settings.state_directory,
				   STR_ARG(domain)),
		      F_OK) == 0;
}

/* The lock ends with the process. */
static int open_folder(struct rotate *rotate)
{
	struct tool *tool = rotate->tool;
	struct rotation *rotation = &rotate->rotation;
	const char *error;
	int fd;

	if (!is_hosted(rotate))
		return tool_fail(tool, EX_NOINPUT,
				 "%.*s: there is no folder of this domain in "
				 "%s/domains; \"millrace domain add %.*s\" "
				 "makes it",
				 STR_ARG(rotation->domain), tool->directory,
				 STR_ARG(rotation->domain));
	rotation->folder = arena_printf(tool->arena, "%s/domains/%.*s/dkim",
					rotate->settings.state_directory,
					STR_ARG(rotation->domain));
	if (!private_folders(tool->arena, rotation->folder,
			     private_group(KEYS_GROUP)))
		return tool_fail(tool, EX_CANTCREAT, "%s: %m",
				 rotation->folder);
	fd = open(rotation->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return tool_fail(tool, EX_TEMPFAIL,
				 "%s: %m; is another one at work?",
				 rotation->folder);
	if (rotation_read(tool->arena, rotation, &error) != OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	return EX_OK;
}

int run_dkim_rotate(struct tool *tool, int argc, char **argv)
{
	struct rotate rotate = { .tool = tool, .request.interval = "30" };
	int status;

	if (!tool_flags(tool, argc, argv, flags, &rotate.request, &status))
		return status;
	if (optind != argc - 1)
		return tool_usage(tool, EX_USAGE);
	if (!tool_now(rotate.request.now, &rotate.now))
		return tool_fail(tool, EX_USAGE,
				 "--now %s: expected seconds since 1970",
				 rotate.request.now);
	if (!tool_now(rotate.request.interval, &rotate.interval) ||
	    rotate.interval > INTERVAL_MAX)
		return tool_fail(tool, EX_USAGE,
				 "--interval %s: expected a number of seconds "
				 "up to %d",
				 rotate.request.interval, INTERVAL_MAX);
	if (domain_normalize(tool->arena, str_from(argv[optind]),
			     &rotate.rotation.domain) != OK)
		return tool_fail(tool, EX_USAGE, "%s: expected a domain",
				 argv[optind]);
	if (!tool_settings(tool, &rotate.settings, &rotate.dns))
		return EX_CONFIG;
	status = open_folder(&rotate);
	if (status != EX_OK)
		return status;
	/* For a timer, which must not begin a new one each time. */
	if (rotate.request.go_on && rotate.rotation.step == ROTATION_NONE) {
		if (rotate.request.json)
			print_json(&rotate, COMPLETE);
		return EX_OK;
	}
	return run(&rotate);
}
