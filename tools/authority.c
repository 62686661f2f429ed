/* SPDX-License-Identifier: BSD-2-Clause */
#include "authority.h"

#include "mail/buf.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "milters/inquiry.h"
#include "own_host.h"

enum {
	SERVERS_MAX = 26, /* 13 names fit an answer of old, in two families */
	PARENTS_MAX = 4,  /* servers of a parent that are asked in vain */
	SILENCE_MS = 20 * 1000, /* of the resolver, from answer to answer */
	PART_MS = 60 * 1000,	/* for all that is asked for one subject */
	TEXT_MAX = 2048,
	RECORD_MAX = 1024, /* that is shown of one record */
};

struct server {
	struct str name;
	struct ip address;
	bool out;	      /* not to be asked again, */
	enum reply_kind kind; /* for what it said last */
};

struct zone {
	struct zone *next;
	struct str apex;
	struct server servers[SERVERS_MAX];
	size_t n;
	bool told; /* that it has a fault as a whole */
};

/* What was asked before is not asked again. */
struct asked {
	struct asked *next;
	struct str name;
	enum rr_type type;
	struct reply reply;
};

struct authority {
	struct arena *arena;
	struct findings *findings;
	struct resolver *resolver;
	int64_t silence_ms; /* that the resolver may still have */
	struct str part;    /* what is asked for, */
	int64_t end;	    /* and until when */
	struct zone *zones;
	struct asked *asked;
	struct dns_resolver as_resolver;
};

/* What is wrong in the same way for many questions is told once. */
static void tell_once(struct authority *authority,
		      const struct finding *finding)
{
	const struct findings *findings = authority->findings;

	for (size_t i = 0; i < findings->n; i++)
		if (strcmp(findings->list[i].id, finding->id) == 0 &&
		    strcmp(findings->list[i].subject, finding->subject) == 0)
			return;
	findings_add(authority->findings, finding);
}

/* Was that told of this name, or of one above it? */
static bool is_told(const struct authority *authority, const char *id,
		    struct str name)
{
	const struct findings *findings = authority->findings;

	for (size_t i = 0; i < findings->n; i++)
		if (strcmp(findings->list[i].id, id) == 0 &&
		    domain_is_within(name, str_from(findings->list[i].subject)))
			return true;
	return false;
}

/* Is the time over? What is not asked then is told. */
static bool is_late(struct authority *authority)
{
	if (resolver_now() < authority->end)
		return false;
	tell_once(authority,
		  &(struct finding){
			  .id = "ns.late",
			  .grade = FINDING_FAULT,
			  .subject = authority->part.p,
			  .seen = "name servers that are too slow, or too many",
			  .expected = arena_printf(
				  authority->arena,
				  "all answers within %d seconds; what was "
				  "left was not asked",
				  PART_MS / 1000),
			  .advice = "look at the name servers that are told of "
				    "here, and ask again" });
	return true;
}

/* Time for another subject, such as the next domain. */
void authority_turn_to(struct authority *authority, struct str subject)
{
	authority->part = arena_copy(authority->arena, subject);
	authority->end = resolver_now() + PART_MS;
}

static void ask_resolver(struct authority *authority, struct arena *arena,
			 struct str name, enum dns_type type,
			 struct dns_answer *answer)
{
	int64_t begun = resolver_now(), left = authority->end - begun;
	struct inquiry *inquiry;

	*answer = (struct dns_answer){ .status = DNS_TEMPORARY };
	if (is_late(authority))
		return;
	if (left > authority->silence_ms)
		left = authority->silence_ms;
	inquiry = inquiry_begin(authority->resolver, authority->arena, left);
	do
		dns_query(inquiry_resolver(inquiry), arena, name, type, answer);
	while (inquiry_wait(inquiry));
	inquiry_end(inquiry);
	authority->silence_ms =
		answer->status == DNS_TEMPORARY
			? authority->silence_ms - (resolver_now() - begun)
			: SILENCE_MS;
}

static void add_addresses(struct authority *authority, struct zone *zone,
			  struct str name, enum dns_type type)
{
	struct dns_answer answer;

	ask_resolver(authority, authority->arena, name, type, &answer);
	if (answer.status != DNS_OK)
		return;
	for (size_t i = 0; i < answer.n && zone->n < SERVERS_MAX; i++) {
		struct server *server = &zone->servers[zone->n++];
		struct str data = answer.records[i].data;

		server->name = name;
		server->address.six = type == DNS_AAAA;
		memcpy(server->address.octets, data.p, data.n);
	}
}

static void add_servers(struct authority *authority, struct zone *zone,
			const struct dns_answer *names)
{
	for (size_t i = 0; i < names->n && zone->n < SERVERS_MAX; i++) {
		struct str name =
			arena_lower(authority->arena, names->records[i].data);

		add_addresses(authority, zone, name, DNS_A);
		add_addresses(authority, zone, name, DNS_AAAA);
	}
}

static const char *server_text(struct arena *arena, const struct server *server)
{
	return arena_printf(arena, "%.*s (%s)", STR_ARG(server->name),
			    ip_format(arena, &server->address).p);
}

/* What such a server says from here is not what others hear. */
static void dismiss_private(struct authority *authority, struct zone *zone)
{
	struct arena *arena = authority->arena;

	for (size_t i = 0; i < zone->n; i++) {
		struct server *server = &zone->servers[i];

		if (own_host_is_public(arena, &server->address))
			continue;
		server->out = true;
		tell_once(authority,
			  &(struct finding){
				  .id = "ns.private",
				  .grade = FINDING_FAULT,
				  .subject = server_text(arena, server),
				  .seen = "an address that others can't reach",
				  .expected = "a public address",
				  .advice = "mend the address records of the "
					    "name server; where the resolver "
					    "in millrace.conf tells other "
					    "addresses than the world sees, "
					    "name another one there" });
	}
}

static struct zone *open_zone(struct authority *authority, struct str apex,
			      const struct dns_answer *names)
{
	struct zone *zone = ARENA_NEW(authority->arena, struct zone, 1);

	zone->apex = apex;
	zone->next = authority->zones;
	authority->zones = zone;
	add_servers(authority, zone, names);
	dismiss_private(authority, zone);
	if (!zone->n)
		findings_add(authority->findings,
			     &(struct finding){
				     .id = "ns.none",
				     .grade = FINDING_FAULT,
				     .subject = apex.p,
				     .seen = "name servers without an address",
				     .expected = "the addresses of the servers "
						 "in the zone's NS records",
				     .advice = "mend the NS records of the "
					       "zone, or the host names in "
					       "them" });
	return zone;
}

/* The zone that has the name, and the names of its servers. */
static struct str find_apex(struct authority *authority, struct str name,
			    struct dns_answer *names)
{
	struct str apex = arena_lower(authority->arena, name);

	*names = (struct dns_answer){ .status = DNS_NO_NAME };
	for (; apex.n; apex = domain_parent(apex)) {
		ask_resolver(authority, authority->arena, apex, DNS_NS, names);
		if (names->status == DNS_OK || names->status == DNS_TEMPORARY)
			break;
	}
	return apex;
}

/* The zone that has the name; NULL, with a finding, when that is not found. */
static struct zone *find_zone(struct authority *authority, struct str name)
{
	struct dns_answer answer;
	struct str apex = find_apex(authority, name, &answer);
	const char *why = "no zone has it";

	if (answer.status == DNS_TEMPORARY)
		why = "the resolver found no name servers (SERVFAIL or no "
		      "answer)";
	for (struct zone *zone = authority->zones; zone; zone = zone->next)
		if (answer.status == DNS_OK && str_eq(zone->apex, apex))
			return zone;
	if (answer.status == DNS_OK)
		return open_zone(authority, apex, &answer);
	name = arena_lower(authority->arena, name);
	if (is_late(authority) || is_told(authority, "ns.none", name))
		return NULL;
	findings_add(authority->findings,
		     &(struct finding){
			     .id = "ns.none",
			     .grade = FINDING_FAULT,
			     .subject = name.p,
			     .seen = why,
			     .expected = "a zone with name servers",
			     .advice = "look at the delegation at the "
				       "registrar, and at the resolver in "
				       "millrace.conf" });
	return NULL;
}

/* Was it silent before, perhaps for another zone? */
static bool is_out(const struct authority *authority, struct server *server)
{
	int bits = server->address.six ? IP6_BITS : IP4_BITS;

	for (const struct zone *zone = authority->zones; zone && !server->out;
	     zone = zone->next)
		for (size_t i = 0; i < zone->n; i++) {
			const struct server *other = &zone->servers[i];

			if ((other->kind != REPLY_SILENT &&
			     other->kind != REPLY_UNREACHABLE) ||
			    !ip_is_within(&other->address, &server->address,
					  bits))
				continue;
			server->out = true;
			server->kind = other->kind;
		}
	return server->out;
}

/* A server that gave no answer is told of once, and not asked again. */
static void dismiss(struct authority *authority, const struct zone *zone,
		    struct server *server, const struct reply *reply)
{
	struct arena *arena = authority->arena;
	bool lame = reply->kind == REPLY_LAME;

	server->out = true;
	server->kind = reply->kind;
	/* No way to it from here need not be its fault. */
	if (server->kind == REPLY_UNREACHABLE)
		return;
	findings_add(
		authority->findings,
		&(struct finding){
			.id = lame ? "ns.lame" : "ns.silent",
			.grade = FINDING_FAULT,
			.subject = server_text(arena, server),
			.seen = reply->why,
			.expected = arena_printf(arena, "answers for %.*s",
						 STR_ARG(zone->apex)),
			.advice = lame ? "have the server carry the zone, or "
					 "take it out of the zone's NS records"
				       : "start the server or open port 53 "
					 "(UDP and TCP), or take it out of "
					 "the zone's NS records" });
}

static bool same(const struct reply *a, const struct reply *b)
{
	if (a->status != b->status || a->n != b->n ||
	    !str_ieq(a->alias, b->alias))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->records[i].text, b->records[i].text) != 0)
			return false;
	return true;
}

const char *reply_text(struct arena *arena, const struct reply *reply)
{
	struct buf buf;

	if (reply->status == DNS_TEMPORARY)
		return "no answer";
	if (reply->status == DNS_NO_NAME)
		return "no such name";
	buf_init(&buf, arena, TEXT_MAX);
	if (reply->alias.n)
		buf_printf(&buf, "an alias of %.*s", STR_ARG(reply->alias));
	for (size_t i = 0; i < reply->n; i++)
		buf_printf(&buf, "%s%.*s", buf.n ? ", " : "", RECORD_MAX,
			   reply->records[i].text);
	return buf.n ? buf_c(&buf) : "no such record";
}

static void tell_difference(struct authority *authority, const char *question,
			    const struct server *servers[2],
			    const struct reply *const replies[2])
{
	struct arena *arena = authority->arena;

	findings_add(
		authority->findings,
		&(struct finding){
			.id = "ns.disagree",
			.grade = FINDING_FAULT,
			.subject = question,
			.seen = arena_printf(arena, "%s has %s; %s has %s",
					     server_text(arena, servers[0]),
					     reply_text(arena, replies[0]),
					     server_text(arena, servers[1]),
					     reply_text(arena, replies[1])),
			.expected = "the same from all servers of the zone",
			.advice = "if you changed it just now, wait some "
				  "minutes; else see that the zone is "
				  "transferred (raise its serial)" });
}

/* None was told of, since there is no way to any. */
static void tell_unreachable(struct authority *authority, struct zone *zone)
{
	for (size_t i = 0; i < zone->n; i++)
		if (zone->servers[i].kind != REPLY_UNREACHABLE)
			return;
	if (zone->n && !zone->told)
		findings_add(
			authority->findings,
			&(struct finding){
				.id = "ns.silent",
				.grade = FINDING_FAULT,
				.subject = zone->apex.p,
				.seen = "no route from this host to any of "
					"its name servers",
				.expected = "an answer of each",
				.advice = "look at this host's routes" });
	zone->told = true;
}

/* Asks each server of a zone; the first answer counts. */
static void ask_zone(struct authority *authority, struct zone *zone,
		     struct str name, enum rr_type type, struct reply *first)
{
	struct arena *arena = authority->arena;
	const struct server *servers[2] = { NULL };
	struct reply reply;
	bool told = false;

	for (size_t i = 0; i < zone->n; i++) {
		struct server *server = &zone->servers[i];

		if (is_out(authority, server) || is_late(authority))
			continue;
		nameserver_ask(arena, &server->address, name, type, &reply);
		if (reply.kind != REPLY_ANSWER) {
			dismiss(authority, zone, server, &reply);
		} else if (!servers[0]) {
			servers[0] = server;
			*first = reply;
		} else if (!told && !same(first, &reply)) {
			servers[1] = server;
			told = true;
			tell_difference(
				authority,
				arena_printf(arena, "%.*s %s", STR_ARG(name),
					     rr_type_name(type)),
				servers,
				(const struct reply *[]){ first, &reply });
		}
	}
	if (!servers[0])
		tell_unreachable(authority, zone);
}

void authority_ask(struct authority *authority, struct str name,
		   enum rr_type type, struct reply *reply)
{
	struct asked *asked = authority->asked;
	struct zone *zone;

	while (asked && (asked->type != type || !str_ieq(asked->name, name)))
		asked = asked->next;
	if (!asked) {
		asked = ARENA_NEW(authority->arena, struct asked, 1);
		asked->name = arena_copy(authority->arena, name);
		asked->type = type;
		asked->reply = (struct reply){ .kind = REPLY_SILENT,
					       .status = DNS_TEMPORARY,
					       .alias = STR("") };
		asked->next = authority->asked;
		authority->asked = asked;
		zone = find_zone(authority, name);
		if (zone)
			ask_zone(authority, zone, asked->name, type,
				 &asked->reply);
		/* It may be asked again when there is time. */
		if (asked->reply.status == DNS_TEMPORARY && is_late(authority))
			authority->asked = asked->next;
	}
	*reply = asked->reply;
}

static void tell_loop(struct authority *authority, struct str name,
		      struct str alias)
{
	tell_once(authority,
		  &(struct finding){
			  .id = "ns.loop",
			  .grade = FINDING_FAULT,
			  .subject = arena_copy(authority->arena, name).p,
			  .seen = arena_printf(authority->arena,
					       "an alias of %.*s, and so on, "
					       "without an end",
					       STR_ARG(alias)),
			  .expected = "an alias that leads to a record",
			  .advice = "mend the CNAME record" });
}

void authority_follow(struct authority *authority, struct str name,
		      enum rr_type type, struct reply *reply)
{
	struct str alias;

	authority_ask(authority, name, type, reply);
	alias = reply->alias;
	for (int i = 0; reply->alias.n && i < LIMIT_CNAMES; i++)
		authority_ask(authority, reply->alias, type, reply);
	if (reply->alias.n) {
		tell_loop(authority, name, alias);
		reply->status = DNS_TEMPORARY;
	}
	reply->alias = alias;
}

/* What the parent, with servers of these names, says of a zone's DS record. */
static bool ask_parent(struct authority *authority,
		       const struct dns_answer *names, struct str apex,
		       struct reply *reply)
{
	struct zone parent = { .n = 0 };
	size_t vain = 0;

	add_servers(authority, &parent, names);
	for (size_t i = 0; i < parent.n && vain < PARENTS_MAX; i++) {
		if (is_late(authority))
			return false;
		nameserver_ask(authority->arena, &parent.servers[i].address,
			       apex, RR_DS, reply);
		if (reply->kind == REPLY_ANSWER)
			return true;
		vain += reply->kind != REPLY_UNREACHABLE;
	}
	return false;
}

bool authority_is_unsigned(struct authority *authority, struct str name,
			   struct str *zone)
{
	struct dns_answer names;
	struct str apex = find_apex(authority, name, &names);

	while (names.status == DNS_OK && domain_parent(apex).n) {
		struct str parent =
			find_apex(authority, domain_parent(apex), &names);
		struct reply reply;

		if (names.status != DNS_OK ||
		    !ask_parent(authority, &names, apex, &reply))
			return false;
		*zone = apex;
		if (!reply.n)
			return true;
		apex = parent;
	}
	return false;
}

static bool is_known(const struct authority *authority, struct str name)
{
	struct str lower = arena_lower(authority->arena, name);

	for (const struct zone *zone = authority->zones; zone;
	     zone = zone->next)
		if (domain_is_within(lower, zone->apex))
			return true;
	return false;
}

static void query(void *context, struct arena *arena, struct str name,
		  enum dns_type type, struct dns_answer *answer)
{
	static const enum rr_type types[] = {
		[DNS_A] = RR_A,	    [DNS_AAAA] = RR_AAAA, [DNS_MX] = RR_MX,
		[DNS_PTR] = RR_PTR, [DNS_TXT] = RR_TXT,	  [DNS_NS] = RR_NS,
	};
	struct authority *authority = context;
	struct reply reply;

	if (!is_known(authority, name)) {
		ask_resolver(authority, arena, name, type, answer);
		return;
	}
	authority_follow(authority, name, types[type], &reply);
	*answer = (struct dns_answer){ .status = reply.status, .n = reply.n };
	if (answer->status == DNS_OK && !reply.n)
		answer->status = DNS_NO_DATA;
	answer->records = ARENA_NEW(arena, struct dns_record, reply.n + 1);
	for (size_t i = 0; i < reply.n; i++)
		answer->records[i] = reply.records[i].dns;
}

const struct dns_resolver *authority_resolver(struct authority *authority)
{
	return &authority->as_resolver;
}

enum result authority_new(struct arena *arena,
			  const struct resolver_settings *settings,
			  struct findings *findings,
			  struct authority **authority, const char **error)
{
	struct authority *new = ARENA_NEW(arena, struct authority, 1);

	*new = (struct authority){ .arena = arena, .findings = findings };
	if (resolver_new(settings, arena, &new->resolver, error) != OK)
		return E_CONFIG;
	new->silence_ms = SILENCE_MS;
	authority_turn_to(new, STR("this host"));
	new->as_resolver =
		(struct dns_resolver){ .query = query, .context = new };
	*authority = new;
	return OK;
}

void authority_free(struct authority *authority)
{
	resolver_put(authority->resolver);
}
