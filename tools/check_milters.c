/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "check_host.h"
#include "daemons.h"
#include "milters/network.h"
#include "port_holder.h"

/*
 * The milters that the MTA asks: which, in which order, what becomes of mail
 * without them, and whether they answer. A daemon of ours is known by the name
 * of its socket, or as the one that listens there.
 */

enum { SECONDS = 5 };

/* Where a daemon must be, and behind which other one if that is there. */
static const struct place {
	enum milter_kind kind;
	const char *daemon, *behind;
	const char *reason;
} places[] = {
	{ MILTERS_PORT_25, "auth-policy", NULL,
	  "what strangers send is not checked without it" },
	{ MILTERS_PORT_25, "forward", "auth-policy",
	  "forward acts on what auth-policy found" },
	{ MILTERS_SUBMISSION, "dkim-sign", NULL,
	  "what users send is not signed without it" },
	{ MILTERS_SUBMISSION, "forward", "dkim-sign",
	  "a user's mail to an alias is signed, then sent on" },
	{ MILTERS_LOCAL, "forward", NULL,
	  "bounces go back to first senders by it" },
	{ MILTERS_LOCAL, "dkim-sign", "forward",
	  "bounces are signed as they leave, behind forward" },
};

/* The addresses of "host:port", to be freed; NULL without. */
static struct addrinfo *find_place(struct arena *arena, struct str place)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	size_t colon = str_find_last(place, ':');
	struct str name = str_sub(place, 0, colon);
	struct addrinfo *found;

	if (colon == place.n)
		return NULL;
	if (name.n > 2 && name.p[0] == '[')
		name = str_sub(name, 1, name.n - 1);
	if (getaddrinfo(arena_copy(arena, name).p,
			arena_copy(arena, str_sub(place, colon + 1, place.n)).p,
			&hints, &found) != 0)
		return NULL;
	return found;
}

/* The daemon of ours whose process listens there; empty without. */
static struct str find_listener(struct arena *arena, struct str place)
{
	struct addrinfo *found = find_place(arena, place);
	struct str name = STR("");
	struct ip ip;

	for (struct addrinfo *one = found; one && !name.n; one = one->ai_next)
		for (size_t i = 0; i < DAEMONS && !name.n; i++)
			/* Both families have the port at one place. */
			if (network_address(one->ai_addr, &ip) &&
			    port_holder_is(
				    &ip,
				    ntohs(((struct sockaddr_in *)one->ai_addr)
						  ->sin_port),
				    daemon_names[i]))
				name = str_from(daemon_names[i]);
	if (found)
		freeaddrinfo(found);
	return name;
}

void milter_find_name(const struct host *host, struct milter_use *use)
{
	struct str path = str_from(use->path);
	size_t slash = str_find_last(path, '/');

	use->name =
		use->path ? STR("") : find_listener(host->arena, use->place);
	if (!use->name.n)
		use->name = str_from(use->endpoint);
	if (!use->path)
		return;
	use->name = slash < path.n ? str_sub(path, slash + 1, path.n) : path;
	use->name = str_sub(use->name, 0, str_find_last(use->name, '.'));
}

static size_t find(const struct milter_list *list, const char *daemon)
{
	size_t i = 0;

	while (i < list->n && !str_eq(list->uses[i].name, str_from(daemon)))
		i++;
	return i;
}

static const char *names_of(const struct host *host,
			    const struct milter_list *list)
{
	const char *names = list->n ? "" : "no milter";

	for (size_t i = 0; i < list->n; i++)
		names = arena_printf(host->arena, "%s%s%.*s", names,
				     i ? ", " : "",
				     STR_ARG(list->uses[i].name));
	return names;
}

static void check_place(struct host *host, const struct place *place,
			const struct milter_list *list)
{
	const struct mta_words *words = host->mta.words;
	size_t at = find(list, place->daemon);
	size_t before = place->behind ? find(list, place->behind) : list->n;
	struct finding finding = { .grade = FINDING_FAULT,
				   .subject = list->where,
				   .seen = names_of(host, list) };

	if (at == list->n) {
		finding.id = "milter.missing";
		finding.expected = place->daemon;
		finding.advice = arena_printf(
			host->arena,
			"%s; see %s/%s.%s, or remove %s/%s.conf if it is not "
			"wanted",
			place->reason, words->folder, place->daemon,
			words->ending, host->tool->directory, place->daemon);
	} else if (before < list->n && at < before) {
		finding.id = "milter.order";
		finding.expected = arena_printf(host->arena, "%s, then %s",
						place->behind, place->daemon);
		finding.advice =
			arena_printf(host->arena, "%s: exchange them, then %s",
				     place->reason, words->reload);
	} else {
		return;
	}
	findings_add(host->findings, &finding);
}

static void check_gaps(struct host *host, const struct milter_list *list)
{
	const struct mta_words *words = host->mta.words;

	for (size_t i = 0; i < list->n; i++) {
		const struct milter_use *use = &list->uses[i];

		if (!use->gap)
			continue;
		findings_add(
			host->findings,
			&(struct finding){
				.id = "milter.default-action",
				.grade = FINDING_FAULT,
				.subject = arena_printf(host->arena, "%.*s, %s",
							STR_ARG(use->name),
							list->where),
				.seen = use->gap,
				.expected = words->tempfail,
				.advice = arena_printf(
					host->arena,
					"when it does not answer, mail goes "
					"through unchecked, unsigned or half "
					"changed: say %s, then %s",
					words->tempfail, words->reload) });
	}
}

/* A socket that waits for nothing longer than it should, or -1. */
static int open_socket(int family)
{
	const struct timeval timeout = { .tv_sec = SECONDS };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	return fd;
}

static int connect_unix(const char *path, int *fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	*fd = open_socket(AF_UNIX);
	return connect(*fd, (struct sockaddr *)&address, sizeof(address)) == 0
		       ? 0
		       : errno;
}

static int connect_inet(struct arena *arena, struct str place, int *fd)
{
	struct addrinfo *found = find_place(arena, place);
	int error = EADDRNOTAVAIL;

	for (struct addrinfo *one = found; one && error; one = one->ai_next) {
		if (*fd >= 0)
			close(*fd);
		*fd = open_socket(one->ai_family);
		error = connect(*fd, one->ai_addr, one->ai_addrlen) == 0
				? 0
				: errno;
	}
	if (found)
		freeaddrinfo(found);
	return error;
}

/*
 * The milter protocol's first packet: its length, 'O', the version, the
 * actions and the steps that an MTA can do without. A milter answers in kind.
 */
static const char *negotiate(int fd)
{
	static const unsigned char ask[] = { 0,	   0, 0,    13,	  'O', 0,
					     0,	   0, 6,    0,	  0,   1,
					     0xff, 0, 0x1f, 0xff, 0xff };
	static const unsigned char quit[] = { 0, 0, 0, 1, 'Q' };
	unsigned char answer[5];

	if (send(fd, ask, sizeof(ask), MSG_NOSIGNAL) != sizeof(ask) ||
	    recv(fd, answer, sizeof(answer), MSG_WAITALL) != sizeof(answer))
		return "no answer";
	send(fd, quit, sizeof(quit), MSG_NOSIGNAL);
	return answer[4] == 'O' ? NULL : "an answer that is no milter's";
}

/* What is wrong with speaking to it; NULL for nothing. */
static const char *speak_to(const struct host *host,
			    const struct milter_use *use)
{
	const char *fault;
	int fd = -1, error;

	error = use->path ? connect_unix(use->path, &fd)
			  : connect_inet(host->arena, use->place, &fd);
	/* A full queue, and no answer at all, end by the time. */
	fault = error == EAGAIN || error == EINPROGRESS ? "no answer"
		: error					? strerror(error)
							: negotiate(fd);
	if (fd >= 0)
		close(fd);
	return fault;
}

/* May the user that the MTA runs as write to the socket? */
static bool is_writable_for(const char *path, const char *user)
{
	const struct passwd *passwd = getpwnam(user);
	gid_t groups[64];
	int n = sizeof(groups) / sizeof(*groups);
	struct stat access;

	if (!passwd || stat(path, &access) != 0)
		return true;
	if (access.st_uid == passwd->pw_uid)
		return access.st_mode & S_IWUSR;
	if (getgrouplist(user, passwd->pw_gid, groups, &n) < 0)
		return true;
	for (int i = 0; i < n; i++)
		if (groups[i] == access.st_gid)
			return access.st_mode & S_IWGRP;
	return access.st_mode & S_IWOTH;
}

static void check_answer(struct host *host, const struct milter_use *use)
{
	const char *user = host->mta.milter_user;
	struct finding finding = { .grade = FINDING_FAULT,
				   .subject = use->endpoint,
				   .seen = speak_to(host, use) };

	if (finding.seen) {
		finding.id = "milter.silent";
		finding.expected = "a milter that answers";
		finding.advice = arena_printf(
			host->arena,
			"systemctl restart millrace-%.*s, and see its log; "
			"mail waits meanwhile",
			STR_ARG(use->name));
		if (use->is_chrooted)
			finding.advice = arena_printf(
				host->arena,
				"the service runs in a chroot (master.cf): its "
				"socket must be %s, see contrib/postfix/"
				"millrace-%.*s.socket.conf",
				use->path, STR_ARG(use->name));
	} else if (use->path && user && !is_writable_for(use->path, user)) {
		finding.id = "milter.permission";
		finding.seen = arena_printf(
			host->arena, "user %s may not write to it", user);
		finding.expected = arena_printf(
			host->arena, "a socket of group %s, mode 0660", user);
		finding.advice = "socket_group in the daemon's configuration, "
				 "or SocketGroup in its socket unit";
	} else {
		host_found_good(host, "milter.silent", finding.subject,
				"a milter that answers");
		return;
	}
	host->milter_fault = true;
	findings_add(host->findings, &finding);
}

static bool is_same(const struct milter_use *a, const struct milter_use *b)
{
	return strcmp(a->endpoint, b->endpoint) == 0 &&
	       a->is_chrooted == b->is_chrooted;
}

/* Each endpoint once, however many lists have it. */
static void check_answers(struct host *host, const struct milter_list *list,
			  struct milter_list *spoken)
{
	for (size_t i = 0; i < list->n; i++) {
		size_t j = 0;

		while (j < spoken->n &&
		       !is_same(&spoken->uses[j], &list->uses[i]))
			j++;
		if (j < spoken->n || spoken->n == MILTERS_MAX)
			continue;
		spoken->uses[spoken->n++] = list->uses[i];
		check_answer(host, &list->uses[i]);
	}
}

static void check_list(struct host *host, const struct milter_list *list,
		       struct milter_list *spoken)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (places[i].kind == list->kind &&
		    host_expects(host, places[i].daemon))
			check_place(host, &places[i], list);
	check_gaps(host, list);
	check_answers(host, list, spoken);
}

void check_milters(struct host *host)
{
	struct milter_list spoken = { 0 };

	for (size_t i = 0; i < host->mta.n_lists; i++)
		check_list(host, &host->mta.lists[i], &spoken);
}
