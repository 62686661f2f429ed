/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/resolver.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unbound.h>
#include <unistd.h>

#include "mail/dns_rdata.h"
#include "mail/ip.h"

enum {
	/* A message asks for some ten names; these are a few hours of mail. */
	ENTRIES_MAX = 20000,
	/* So each of them may have 1.6 KiB; real answers have 200 octets. */
	BYTES_MAX = 32 * 1024 * 1024,
	/* Each may have a descriptor; see outgoing-range below. */
	QUESTIONS_MAX = 2000,

	/* Milliseconds an answer lives: at least, so that it is of use; */
	LIFETIME_MIN = 1000,
	/* what its owner said, who may mend it within the hour; */
	LIFETIME_MAX = 3600 * 1000,
	/* what is missing is mended sooner, by who waits for it; */
	LIFETIME_NEGATIVE_MAX = 300 * 1000,
	/* and failures pass, but not for who asks at once again. */
	LIFETIME_TEMPORARY = 5 * 1000,

	CLASS_IN = 1,
	RCODE_NOERROR = 0,
	RCODE_NXDOMAIN = 3,
	NAMESERVER_PORT_MAX = 65535,
};

struct resolver {
	_Atomic int references;
	struct ub_ctx *ctx;
	struct answers *answers;
	pthread_t thread;
	int stop; /* an eventfd: readable when the thread is to end */
};

static const struct str recursion = { "recursion", 9 };

/* "192.0.2.53", "[2001:db8::53]@5353", as libunbound writes it, or NULL. */
static const char *parse_server(struct arena *arena, struct str item)
{
	size_t at = str_find(item, '@');
	struct str address = str_sub(item, 0, at);
	struct ip ip;
	unsigned port = 0;

	if (address.n > 2 && address.p[0] == '[' &&
	    address.p[address.n - 1] == ']') {
		address = str_sub(address, 1, address.n - 1);
		if (str_find(address, ':') == address.n)
			return NULL;
	}
	if (ip_parse(address, &ip) != OK)
		return NULL;
	if (at == item.n)
		return ip_format(arena, &ip).p;
	for (size_t i = at + 1; i < item.n; i++) {
		if (item.p[i] < '0' || item.p[i] > '9')
			return NULL;
		port = port * 10 + (unsigned)(item.p[i] - '0');
		if (port > NAMESERVER_PORT_MAX)
			return NULL;
	}
	return port ? arena_printf(arena, "%s@%u", ip_format(arena, &ip).p,
				   port)
		    : NULL;
}

static const char *check_server(const char *text)
{
	struct str item = str_from(text);
	struct arena *arena = arena_new(256);
	bool good = str_eq(item, recursion) || parse_server(arena, item);

	arena_free(arena);
	return good ? NULL
		    : "addresses like 192.0.2.53 or [2001:db8::53]@5353, or "
		      "recursion";
}

static const char *check_anchor(const char *text)
{
	return !*text || *text == '/' ? NULL
				      : "a path that begins with /, or nothing";
}

const struct setting resolver_table[] = {
	{ .name = "resolver",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct resolver_settings, servers),
	  .fallback = "",
	  .check = check_server,
	  .help = "DNS servers to ask, ADDRESS or ADDRESS@PORT; empty: those "
		  "of /etc/resolv.conf; recursion: none, from the root." },
	{ .name = "trust_anchor",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct resolver_settings, trust_anchor),
	  .fallback = "",
	  .check = check_anchor,
	  .help = "File with the root's keys; empty: DNSSEC is not "
		  "validated." },
	{ .name = "max_waiting",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct resolver_settings, max_waiting),
	  .fallback = "1000",
	  .min = 1,
	  .max = 100000,
	  .help = "Messages that wait for DNS at once; for more, what is not "
		  "known yet is a temporary error." },
	{ .name = NULL },
};

int64_t resolver_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The type as libunbound numbers it (RFC 1035 3.2.2, RFC 3596 2.1). */
static const int types[] = {
	[DNS_A] = 1,	[DNS_AAAA] = 28, [DNS_MX] = 15,
	[DNS_PTR] = 12, [DNS_TXT] = 16,	 [DNS_NS] = 2,
};

/* What libunbound says of a question, records aside. */
static enum dns_status status_of(int error, const struct ub_result *result)
{
	if (error || !result || result->bogus)
		return DNS_TEMPORARY;
	if (result->rcode == RCODE_NXDOMAIN)
		return DNS_NO_NAME;
	if (result->rcode != RCODE_NOERROR)
		return DNS_TEMPORARY;
	/* An alias is no zone, though the name that it leads to may be one. */
	if (result->qtype == types[DNS_NS] && result->canonname)
		return DNS_NO_DATA;
	return result->havedata ? DNS_OK : DNS_NO_DATA;
}

static enum dns_type type_of(const struct ub_result *result)
{
	enum dns_type type = DNS_A;

	while (type < DNS_NS && types[type] != result->qtype)
		type++;
	return type;
}

/* The records; an answer with one that can't be read is none. */
static struct answer *read_records(const struct ub_result *result)
{
	struct answer *answer;
	size_t n, octets = 0;
	char *room;

	for (n = 0; result->data[n]; n++)
		octets += (size_t)result->len[n];
	answer = answer_new(DNS_OK, n, octets);
	room = answer->room;
	for (size_t i = 0; i < n; i++) {
		struct str data = { result->data[i], (size_t)result->len[i] };

		if (!dns_rdata_parse(type_of(result), data, room,
				     &answer->dns.records[i])) {
			answer_put(answer);
			return answer_new(DNS_TEMPORARY, 0, 0);
		}
		room += data.n;
	}
	return answer;
}

static int64_t lifetime_of(const struct answer *answer, int ttl)
{
	int64_t lifetime = (int64_t)ttl * 1000;
	int64_t max = answer->dns.status == DNS_OK ? LIFETIME_MAX
						   : LIFETIME_NEGATIVE_MAX;

	if (answer->dns.status == DNS_TEMPORARY)
		return LIFETIME_TEMPORARY;
	if (lifetime < LIFETIME_MIN)
		return LIFETIME_MIN;
	return lifetime < max ? lifetime : max;
}

static struct answer *read_answer(int error, const struct ub_result *result)
{
	enum dns_status status = status_of(error, result);
	struct answer *answer = status == DNS_OK ? read_records(result)
						 : answer_new(status, 0, 0);

	answer->dns.secure =
		answer->dns.status != DNS_TEMPORARY && result->secure;
	return answer;
}

/* Called by libunbound within ub_process: in the thread of serve. */
static void on_result(void *context, int error, struct ub_result *result)
{
	struct answers_entry *entry = context;
	struct answer *answer;

	if (entry) { /* no entry has the question that start asks */
		answer = read_answer(error, result);
		answers_give(entry, resolver_now(), answer,
			     lifetime_of(answer, result ? result->ttl : 0));
	}
	ub_resolve_free(result);
}

static void *serve(void *context)
{
	struct resolver *resolver = context;
	struct pollfd fds[] = {
		{ .fd = resolver->stop, .events = POLLIN },
		{ .fd = ub_fd(resolver->ctx), .events = POLLIN },
	};

	while (!fds[0].revents) {
		if (poll(fds, 2, -1) > 0 && fds[1].revents)
			ub_process(resolver->ctx);
	}
	return NULL;
}

enum answers_state resolver_ask(struct resolver *resolver, struct str name,
				enum dns_type type,
				struct answers_waiter *waiter)
{
	char text[DNS_ESCAPED_MAX];
	struct answers_entry *entry;
	enum answers_state state = answers_ask(
		resolver->answers, resolver_now(), name, type, waiter, &entry);

	if (state != ANSWERS_TO_ASK)
		return state;
	dns_name_escape(name, text);
	if (ub_resolve_async(resolver->ctx, text, types[type], CLASS_IN, entry,
			     on_result, NULL) != 0)
		answers_give(entry, resolver_now(),
			     answer_new(DNS_TEMPORARY, 0, 0),
			     LIFETIME_TEMPORARY);
	return state;
}

struct answers *resolver_answers(struct resolver *resolver)
{
	return resolver->answers;
}

/*
 * For a silent name libunbound blames the server, and by default one that was
 * silent three times is not asked for minutes. Of an authoritative server
 * that is right; but one that resolves for us may only wait for somebody
 * else, so it is given some time and asked again for each name, and forgiven
 * soon. An answer that comes later than the first time-out is lost.
 */
static const char *const forward_options[][2] = {
	{ "infra-host-ttl:", "1" },
	{ "infra-cache-min-rtt:", "2500" },
	{ "outbound-msg-retry:", "2" },
	{ NULL },
};

static const char *const options[][2] = {
	/* No question waits for the port of one that gets no answer. */
	{ "outgoing-range:", "2048" },
	/* A buffer of 64 KiB each, for answers past 1232 octets. */
	{ "outgoing-num-tcp:", "64" },
	{ "edns-buffer-size:", "1232" },
	/* Ours is the cache; theirs is for what leads to an answer. */
	{ "msg-cache-size:", "1m" },
	{ "rrset-cache-size:", "4m" },
	/* The reverse zones of private networks don't leave the host. */
	{ "unblock-lan-zones:", "no" },
	{ NULL },
};

static int set_options(struct ub_ctx *ctx, const char *const (*option)[2])
{
	int fault = 0;

	for (; !fault && (*option)[0]; option++)
		fault = ub_ctx_set_option(ctx, (*option)[0], (*option)[1]);
	return fault;
}

static bool is_recursion(const struct conf_list *servers)
{
	return servers->n == 1 && str_eq(servers->items[0], recursion);
}

static enum result set_servers(struct ub_ctx *ctx,
			       const struct conf_list *servers,
			       struct arena *arena, const char **error)
{
	if (!servers->n && ub_ctx_resolvconf(ctx, NULL) != 0) {
		*error = "resolver: expected addresses, since "
			 "/etc/resolv.conf can't be read";
		return E_CONFIG;
	}
	if (is_recursion(servers))
		return OK;
	for (size_t i = 0; i < servers->n; i++) {
		const char *server = parse_server(arena, servers->items[i]);

		if (!server || ub_ctx_set_fwd(ctx, server) != 0) {
			*error = arena_printf(
				arena,
				"resolver: %.*s: expected an address, or "
				"recursion alone",
				STR_ARG(servers->items[i]));
			return E_CONFIG;
		}
	}
	return OK;
}

static enum result configure(struct ub_ctx *ctx,
			     const struct resolver_settings *settings,
			     struct arena *arena, const char **error)
{
	const char *anchor = settings->trust_anchor;
	enum result result;
	int fault = set_options(ctx, options);

	if (!fault && !is_recursion(&settings->servers))
		fault = set_options(ctx, forward_options);
	if (!fault)
		fault = ub_ctx_async(ctx, 1);
	if (fault) {
		*error = arena_printf(arena, "libunbound: %s",
				      ub_strerror(fault));
		return E_CONFIG;
	}
	result = set_servers(ctx, &settings->servers, arena, error);
	if (result != OK)
		return result;
	if (*anchor && (access(anchor, R_OK) != 0 ||
			ub_ctx_add_ta_file(ctx, anchor) != 0)) {
		*error = arena_printf(arena,
				      "trust_anchor: %s: expected a file that "
				      "can be read",
				      anchor);
		return E_CONFIG;
	}
	return OK;
}

/*
 * Signals are for the threads that wait for them. The first question makes
 * libunbound read its settings and begin its thread; this one has its answer
 * within.
 */
static enum result start(struct resolver *resolver, const char *anchor,
			 struct arena *arena, const char **error)
{
	sigset_t all, old;
	int fault;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	fault = ub_resolve_async(resolver->ctx, "localhost", types[DNS_A],
				 CLASS_IN, NULL, on_result, NULL);
	resolver->stop = fault ? -1 : eventfd(0, EFD_CLOEXEC);
	if (!fault && resolver->stop >= 0 &&
	    pthread_create(&resolver->thread, NULL, serve, resolver) != 0) {
		close(resolver->stop);
		resolver->stop = -1;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (resolver->stop >= 0)
		return OK;
	if (fault == UB_INITFAIL && *anchor)
		*error = arena_printf(arena,
				      "trust_anchor: %s: expected DS or DNSKEY "
				      "records, as in a zone file",
				      anchor);
	else
		*error = arena_printf(arena, "resolver: %s",
				      fault ? ub_strerror(fault)
					    : strerror(errno));
	return E_CONFIG;
}

static void resolver_free(struct resolver *resolver)
{
	if (resolver->stop >= 0) {
		eventfd_write(resolver->stop, 1);
		pthread_join(resolver->thread, NULL);
		close(resolver->stop);
	}
	ub_ctx_delete(resolver->ctx);
	answers_free(resolver->answers);
	free(resolver);
}

enum result resolver_new(const struct resolver_settings *settings,
			 struct arena *arena, struct resolver **resolver,
			 const char **error)
{
	const struct answers_limits limits = {
		.entries = ENTRIES_MAX,
		.bytes = BYTES_MAX,
		.questions = QUESTIONS_MAX,
		.waiting = (size_t)settings->max_waiting,
	};
	struct resolver *new = arena_must(calloc(1, sizeof(*new)));
	enum result result;

	new->references = 1;
	new->stop = -1;
	new->ctx = arena_must(ub_ctx_create());
	new->answers = answers_new(&limits);
	result = configure(new->ctx, settings, arena, error);
	if (result == OK)
		result = start(new, settings->trust_anchor, arena, error);
	if (result == OK)
		*resolver = new;
	else
		resolver_free(new);
	return result;
}

struct resolver *resolver_get(struct resolver *resolver)
{
	resolver->references++;
	return resolver;
}

void resolver_put(struct resolver *resolver)
{
	if (resolver && --resolver->references == 0)
		resolver_free(resolver);
}

bool resolver_settings_equal(const struct resolver_settings *a,
			     const struct resolver_settings *b)
{
	if (!a->servers.n || a->servers.n != b->servers.n || *a->trust_anchor ||
	    *b->trust_anchor || a->max_waiting != b->max_waiting)
		return false;
	for (size_t i = 0; i < a->servers.n; i++)
		if (!str_eq(a->servers.items[i], b->servers.items[i]))
			return false;
	return true;
}
