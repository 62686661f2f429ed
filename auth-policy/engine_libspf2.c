/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine_library.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <spf2/spf.h>

#include "mail/buf.h"
#include "mail/limits.h"
#include "mail/spf_parse.h"

/*
 * libspf2 1.2 as an engine. A check makes a server, a request and a response
 * of the library and frees them, so that nothing of a message outlives it and
 * no two threads share anything. Its one DNS layer is ours, below, and asks
 * the resolver that it was given.
 *
 * What it does to those who trust it, and the guard:
 *
 * - It writes octets above 127 past the end of buffers, and takes C strings:
 *   only visible ASCII gets in.
 * - It leaves out, without a word, what a record has beyond 511 compiled
 *   bytes, and so turns "-all" into neutral: its terms are counted.
 * - It limits look-ups for each record alone, so that ten includes of ten
 *   includes are a thousand queries: terms are counted in the DNS layer, over
 *   the whole check, as RFC 7208 section 4.6.4 has it.
 * - It passes localhost for every domain, and so all that comes through a
 *   proxy on this host: that is none.
 * - It compiles an explanation from a stranger's record into a buffer on the
 *   stack: there are no explanations (6.2 makes them optional).
 * - It ends the process when something is not as it expected: that error
 *   comes back here and is a permerror. What the library held then is lost
 *   memory; no input is known to lead there past the other guards.
 *
 * The first guard that refuses decides the result; the library, which gets no
 * more answers from then on, only has to come to its end.
 */

/* 64 blocks of IPv4 fill what it compiles, with 24 octets each. */
enum { RECORD_MAX = 2048 };

struct check {
	const struct env *env;
	struct arena *arena;
	SPF_dns_server_t layer;
	SPF_server_t *server;
	SPF_request_t *request;
	SPF_response_t *response;
	SPF_errcode_t error;
	jmp_buf way_out;
	struct dns_answer hosts; /* what MX or PTR named last */
	int terms;		 /* that asked DNS; the record itself is none */
	const char *refused;	 /* by a guard, which one */
};

/* Of this thread: the library's error handler has no other way to it. */
static _Thread_local struct check *current;

static void __attribute__((noreturn))
leave(const char *file, int line, const char *message)
{
	(void)file;
	(void)line;
	(void)message;
	if (!current)
		abort();
	longjmp(current->way_out, 1);
}

/* The library's handlers are variables of the process. NULL: say nothing. */
static void set_handlers(void)
{
	SPF_error_handler = leave;
	SPF_warning_handler = NULL;
	SPF_info_handler = NULL;
	SPF_debug_handler = NULL;
}

static void refuse(struct check *check, const char *reason)
{
	if (!check->refused)
		check->refused = reason;
}

static bool is_visible_ascii(struct str s, char least)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < least || s.p[i] > '~')
			return false;
	return true;
}

/* A C string of visible ASCII, with a mark where there were other octets. */
static char *clean(struct arena *arena, struct str s)
{
	struct str copy = arena_copy(arena, s);
	char *p = (char *)copy.p;

	for (size_t i = 0; i < copy.n; i++)
		if (p[i] <= ' ' || p[i] > '~')
			p[i] = '?';
	return p;
}

/* 4.6.4: may there be one more question? Hosts of a term are not terms. */
static bool may_ask(struct check *check, bool is_term)
{
	check->terms += is_term;
	if (check->terms > LIMIT_SPF_TERMS)
		refuse(check, "more than 10 terms ask DNS");
	return !check->refused;
}

static void ask(struct check *check, const char *domain, enum dns_type type,
		struct dns_answer *answer)
{
	struct str name = str_from(domain);

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	dns_query(check->env->resolver, check->arena, name, type, answer);
	if (answer->status != DNS_OK)
		answer->n = 0;
}

/* Is it one of the names that MX or PTR led to? */
static bool is_host(const struct check *check, const char *domain)
{
	for (size_t i = 0; i < check->hosts.n; i++)
		if (str_ieq(check->hosts.records[i].data, str_from(domain)))
			return true;
	return false;
}

/* Gives the library a record, unless it is one that it must not see. */
static void add_record(SPF_dns_rr_t *rr, struct str data)
{
	bool address = rr->rr_type == ns_t_a || rr->rr_type == ns_t_aaaa;

	if (address ? data.n != (rr->rr_type == ns_t_a ? 4 : 16)
		    : !data.n || data.n > LIMIT_DOMAIN ||
			      !is_visible_ascii(data, '!'))
		return;
	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, data.n + 1) != SPF_E_SUCCESS)
		return;
	/* All members of the union begin with it. */
	memcpy(rr->rr[rr->num_rr], data.p, data.n);
	if (!address)
		rr->rr[rr->num_rr]->ptr[data.n] = '\0';
	rr->num_rr++;
}

static int status_of(const struct dns_answer *answer)
{
	switch (answer->status) {
	case DNS_OK:
		return NETDB_SUCCESS;
	case DNS_NO_NAME:
		return HOST_NOT_FOUND;
	case DNS_NO_DATA:
		return NO_DATA;
	default:
		return TRY_AGAIN;
	}
}

/*
 * The layer's look-up, of all but TXT. "cached" is false for the p macro and
 * for exists.
 */
static SPF_dns_rr_t *look_up(SPF_dns_server_t *layer, const char *domain,
			     ns_type rr_type, int cached)
{
	struct check *check = layer->hook;
	struct dns_answer answer = { .status = DNS_TEMPORARY };
	bool names = rr_type == ns_t_mx || rr_type == ns_t_ptr, is_term;
	enum dns_type type = rr_type == ns_t_a	    ? DNS_A
			     : rr_type == ns_t_aaaa ? DNS_AAAA
			     : rr_type == ns_t_mx   ? DNS_MX
						    : DNS_PTR;
	SPF_dns_rr_t *rr;

	is_term = names ? cached : !is_host(check, domain);
	if (may_ask(check, is_term))
		ask(check, domain, type, &answer);
	if (names)
		check->hosts = answer;
	rr = arena_must(SPF_dns_rr_new_init(layer, domain, rr_type, 0,
					    status_of(&answer)));
	for (size_t i = 0; i < answer.n; i++)
		add_record(rr, answer.records[i].data);
	return rr;
}

/* How many terms a record has behind its version. */
static int count_terms(struct str text)
{
	struct str term;
	int n = -1;

	while (str_cut(&text, ' ', &term))
		n += term.n > 0;
	return n;
}

static SPF_errcode_t compile(struct check *check, SPF_response_t *response,
			     struct str text, SPF_record_t **record)
{
	SPF_errcode_t error;

	if (text.n > RECORD_MAX) {
		refuse(check, "a record is too long for libspf2");
		return SPF_E_BIG_MECH;
	}
	if (!is_visible_ascii(text, ' ')) {
		refuse(check, "a record is not visible ASCII");
		return SPF_E_INVALID_CHAR;
	}
	error = SPF_record_compile(check->server, response, record,
				   arena_copy(check->arena, text).p);
	if (error == SPF_E_SUCCESS &&
	    (*record)->num_mech + (*record)->num_mod < count_terms(text)) {
		refuse(check, "libspf2 leaves terms of a record out");
		return SPF_E_BIG_MECH;
	}
	return error;
}

/* 4.4, 4.5: of the domain that the request is at, also within include. */
static SPF_errcode_t get_record(SPF_server_t *server, SPF_request_t *request,
				SPF_response_t *response, SPF_record_t **record)
{
	struct check *check = server->resolver->hook;
	struct dns_answer answer;
	struct str text = STR("");
	int n = 0;

	*record = NULL;
	if (!may_ask(check, true))
		return SPF_E_DNS_ERROR;
	ask(check, request->cur_dom, DNS_TXT, &answer);
	if (answer.status == DNS_TEMPORARY)
		return SPF_E_DNS_ERROR;
	for (size_t i = 0; i < answer.n; i++) {
		if (!spf_parse_is_record(answer.records[i].data))
			continue;
		text = answer.records[i].data;
		n++;
	}
	if (n > 1)
		return SPF_E_MULTIPLE_RECORDS;
	if (n == 1)
		return compile(check, response, text, record);
	response->result = SPF_RESULT_NONE;
	return SPF_E_NOT_SPF;
}

/* The library wants an explanation of what it did not pass: it gets none. */
static SPF_errcode_t get_explanation(SPF_server_t *server, const char *domain,
				     char **text, size_t *n)
{
	(void)server;
	(void)domain;
	(void)text;
	(void)n;
	return SPF_E_SUCCESS;
}

static void set_client(SPF_request_t *request, struct ip ip)
{
	struct in_addr four;
	struct in6_addr six;

	if (ip.six) {
		memcpy(&six, ip.octets, sizeof(six));
		SPF_request_set_ipv6(request, six);
	} else {
		memcpy(&four, ip.octets, sizeof(four));
		SPF_request_set_ipv4(request, four);
	}
}

/* All that the library does, and so all that its errors come from. */
static void query(struct check *check, const struct spf_client *client,
		  const char *sender)
{
	check->server = arena_must(SPF_server_new_dns(&check->layer, 0));
	check->request = arena_must(SPF_request_new(check->server));
	SPF_server_set_rec_dom(check->server,
			       clean(check->arena, client->receiver));
	SPF_request_set_env_from(check->request, sender);
	SPF_request_set_helo_dom(check->request,
				 clean(check->arena, client->helo));
	set_client(check->request, ip_unmap(client->address));
	check->error =
		SPF_request_query_mailfrom(check->request, &check->response);
}

static void free_all(struct check *check)
{
	if (check->response)
		SPF_response_free(check->response);
	if (check->request)
		SPF_request_free(check->request);
	if (check->server)
		SPF_server_free(check->server);
}

static enum auth auth_of(const struct check *check)
{
	switch (SPF_response_result(check->response)) {
	case SPF_RESULT_PASS:
		return AUTH_PASS;
	case SPF_RESULT_FAIL:
		return AUTH_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return AUTH_SOFTFAIL;
	case SPF_RESULT_NEUTRAL:
		return AUTH_NEUTRAL;
	case SPF_RESULT_NONE:
		return AUTH_NONE;
	case SPF_RESULT_TEMPERROR:
		return AUTH_TEMPERROR;
	case SPF_RESULT_INVALID: /* it came to no record */
		return check->error == SPF_E_DNS_ERROR ? AUTH_TEMPERROR
						       : AUTH_PERMERROR;
	default:
		return AUTH_PERMERROR;
	}
}

static void set_result(const struct check *check, struct spf_result *result)
{
	if (check->refused) {
		result->auth = AUTH_PERMERROR;
		result->reason = check->refused;
		return;
	}
	if (SPF_response_reason(check->response) == SPF_REASON_LOCALHOST) {
		result->reason = "libspf2 does not check localhost";
		return;
	}
	result->auth = auth_of(check);
	result->reason = arena_printf(
		check->arena, "libspf2: %s",
		check->error == SPF_E_SUCCESS
			? SPF_strreason(SPF_response_reason(check->response))
			: SPF_strerror(check->error));
}

void engine_libspf2_mail_from(const struct env *env, struct arena *arena,
			      const struct spf_client *client,
			      struct str sender, struct spf_result *result)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct check *check;
	struct str domain;
	struct buf buf;

	if (!spf_check_begin(arena, client, &sender, &domain, result))
		return;
	if (!domain.n || !is_visible_ascii(domain, '!')) {
		result->reason = "the sender's domain is no domain name";
		return;
	}
	/* A-labels are longer than what they stand for. */
	buf_init(&buf, arena, sender.n + domain.n);
	buf_add(&buf, str_sub(sender, 0, str_find_last(sender, '@') + 1));
	buf_add(&buf, domain);
	pthread_once(&once, set_handlers);
	check = ARENA_NEW(arena, struct check, 1);
	check->env = env;
	check->arena = arena;
	check->terms = -1;
	check->layer = (SPF_dns_server_t){ .lookup = look_up,
					   .get_spf = get_record,
					   .get_exp = get_explanation,
					   .name = "millrace",
					   .hook = check };
	current = check;
	if (setjmp(check->way_out) == 0)
		query(check, client, clean(arena, buf_str(&buf)));
	else
		refuse(check, "libspf2 met an error of its own");
	current = NULL;
	set_result(check, result);
	free_all(check);
}

void engine_libspf2_helo(const struct env *env, struct arena *arena,
			 const struct spf_client *client,
			 struct spf_result *result)
{
	engine_libspf2_mail_from(env, arena, client, STR(""), result);
}
