/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_host.h"
#include "sendmail.h"

/* Messages that wait for too long, and why the oldest of them does. */

enum { QUEUE_OLD = 4 * 3600, HOUR = 3600 };
/* Of a control file of Sendmail's; what is asked for stands at its begin. */
enum { CONTROL_MAX = 4096 };

/* A queue's own commands, the second with the id of a message behind it. */
struct queue_words {
	const char *list, *retry;
};

/* What was counted, and of the oldest message: */
struct waiting {
	int64_t n, oldest;
	const struct queue_words *words;
	struct str id, reason;
};

static void count(const struct host *host, struct waiting *waiting,
		  const struct queue_words *words, int64_t arrival,
		  struct str id, struct str reason)
{
	waiting->n += host->request->now - arrival > QUEUE_OLD;
	if (arrival >= waiting->oldest)
		return;
	waiting->oldest = arrival;
	waiting->words = words;
	waiting->id = arena_copy(host->arena, id);
	waiting->reason = arena_copy(host->arena, reason);
}

/* The number behind a key in a line of postqueue -j, -1 without. */
static int64_t number_of(struct str line, const char *key)
{
	const char *at = memmem(line.p, line.n, key, strlen(key));

	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/* The text behind a key, as JSON has it, "" without. */
static struct str text_of(struct str line, const char *key)
{
	const char *at = memmem(line.p, line.n, key, strlen(key));
	struct str rest;
	size_t i = 0;

	if (!at)
		return STR("");
	rest.p = at + strlen(key);
	rest.n = line.n - (size_t)(rest.p - line.p);
	while (i < rest.n && rest.p[i] != '"')
		i += rest.p[i] == '\\' && i + 1 < rest.n ? 2 : 1;
	return str_sub(rest, 0, i);
}

/* An object a line; within strings a quote has a backslash before it, so that
 * no sender can put a key there. */
static bool count_postfix(const struct host *host, struct waiting *waiting)
{
	static const struct queue_words words = { "mailq", "postqueue -i " };
	const char *const list[] = { "postqueue", "-j", NULL };
	struct str lines, line;

	if (postfix_run(host->arena, list, &lines) != OK)
		return false;
	while (str_line(&lines, &line)) {
		int64_t arrival = number_of(line, "\"arrival_time\": ");

		if (arrival < 0 ||
		    str_eq(text_of(line, "\"queue_name\": \""), STR("hold")))
			continue; /* as somebody wanted */
		count(host, waiting, &words, arrival,
		      text_of(line, "\"queue_id\": \""),
		      text_of(line, "\"delay_reason\": \""));
	}
	return true;
}

/* The first line with that letter, without it; "" without such a one. */
static struct str field(struct str text, char letter)
{
	struct str line;

	while (str_line(&text, &line))
		if (line.n && line.p[0] == letter)
			return str_sub(line, 1, line.n);
	return STR("");
}

/*
 * T is when the message came, M why it waits. Users of the client queue's
 * group may put there what they like.
 */
static void count_control(const struct host *host, struct waiting *waiting,
			  const struct queue_words *words, int folder,
			  const char *name)
{
	int fd = openat(folder, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char room[CONTROL_MAX + 1];
	struct stat status;
	ssize_t n = -1;
	int64_t arrival;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		n = read(fd, room, CONTROL_MAX);
	if (fd >= 0)
		close(fd);
	if (n <= 0) /* it is just about to come */
		return;
	room[n] = '\0';
	arrival = strtoll(field(str_from(room), 'T').p, NULL, 10);
	count(host, waiting, words,
	      arrival > 0 ? arrival : (int64_t)status.st_mtime,
	      str_from(name + strlen("qf")), field(str_from(room), 'M'));
}

/* Control files are in "qf" below the queue, where there is that. A message in
 * quarantine, "hf", waits as somebody wanted. */
static bool count_folder(const struct host *host, struct waiting *waiting,
			 const struct queue_words *words, const char *path)
{
	const char *below = arena_printf(host->arena, "%s/qf", path);
	DIR *folder = opendir(below);
	const struct dirent *entry;

	if (!folder)
		folder = opendir(path);
	if (!folder)
		return false;
	while ((entry = readdir(folder)))
		if (strncmp(entry->d_name, "qf", 2) == 0)
			count_control(host, waiting, words, dirfd(folder),
				      entry->d_name);
	closedir(folder);
	return true;
}

/* All queues of a sendmail.cf; a name may end in "*". */
static bool count_queues(const struct host *host, struct waiting *waiting,
			 const struct queue_words *words,
			 const struct sendmail *sendmail)
{
	bool is_read = false;
	glob_t found;

	for (size_t i = 0; i < sendmail->n_queues; i++) {
		if (glob(sendmail->queues[i], GLOB_NOSORT, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++)
			is_read = count_folder(host, waiting, words,
					       found.gl_pathv[j]) ||
				  is_read;
		globfree(&found);
	}
	return is_read;
}

/* sendmail(1) has a queue of its own, for what the daemon does not take. */
static bool count_sendmail(const struct host *host, struct waiting *waiting)
{
	static const struct queue_words words[] = {
		{ "mailq", "sendmail -v -qI" },
		{ "mailq -Ac", "sendmail -Ac -v -qI" },
	};
	bool is_read = count_queues(host, waiting, &words[0], host->sendmail);
	struct sendmail client;
	struct str text;

	if (tool_read(SENDMAIL_SUBMIT_CF, SENDMAIL_CF_MAX, &text) != OK)
		return is_read;
	sendmail_parse(host->arena, text, &client);
	free((char *)text.p);
	return count_queues(host, waiting, &words[1], &client) || is_read;
}

void check_queue(struct host *host)
{
	struct waiting waiting = { .oldest = INT64_MAX };
	bool is_read = host->mta.kind == MTA_POSTFIX
			       ? count_postfix(host, &waiting)
			       : count_sendmail(host, &waiting);

	if (!is_read)
		return;
	if (!waiting.n) {
		host_found_good(host, "queue.old", "the queue",
				"nothing waits for long");
		return;
	}
	findings_add(
		host->findings,
		&(struct finding){
			.id = "queue.old",
			.grade = FINDING_WARNING,
			.subject = "the queue",
			.seen = arena_printf(
				host->arena,
				"%lld messages wait for more than %d hours, "
				"the oldest for %lld: %.*s",
				(long long)waiting.n, QUEUE_OLD / HOUR,
				(long long)((host->request->now -
					     waiting.oldest) /
					    HOUR),
				STR_ARG(waiting.reason)),
			.expected = "none",
			.advice = arena_printf(
				host->arena,
				"%s lists them; %s%.*s tries the oldest again",
				waiting.words->list, waiting.words->retry,
				STR_ARG(waiting.id)) });
}
