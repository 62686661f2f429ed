/* SPDX-License-Identifier: BSD-2-Clause */
#include "filter.h"

#include "forwarding.h"
#include "gate.h"
#include "mail/arc_seal.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "mail/path.h"
#include "rate.h"

static const char *describe(struct session *session)
{
	return arena_printf(session->arena, " from=%s",
			    session->sender.n
				    ? log_value(session->arena, session->sender)
				    : "<>");
}

static bool is_foreign(const struct session *session)
{
	struct mailbox sender;

	return session->sender.n &&
	       (path_parse(session->arena, session->sender, &sender) != OK ||
		!domains_find(&session->snapshot->domains, sender.domain));
}

enum action filter_mail(struct session *session)
{
	struct forwarding *forwarding =
		ARENA_NEW(session->arena, struct forwarding, 1);

	session->data = forwarding;
	session->about = describe(session);
	forwarding->config = session->snapshot->settings;
	forwarding->derived = session->snapshot->derived;
	forwarding->last = &forwarding->routes;
	forwarding->rewrite = STR("");
	forwarding->ours =
		session->login.n || session_is_local(session) ||
		network_has(&session->snapshot->trusted,
			    (const struct sockaddr *)&session->client);
	forwarding->foreign = is_foreign(session);
	return ACTION_CONTINUE;
}

static enum action refuse_recipient(struct session *session,
				    enum route_kind kind,
				    const struct route *route)
{
	const struct route_reply *reply = route_reply(kind);
	const char *reason = route->fault ? route->fault : reply->text;

	log_info("%s: recipient refused client=%s to=%s reason=%s",
		 session->queue_id, session->client_text,
		 log_value(session->arena, route->path),
		 log_sentence(session->arena, reason));
	if (kind == ROUTE_REFUSED && route->text.n)
		return session_refuse(session, reply->action, reply->code,
				      reply->xcode, "%.*s",
				      STR_ARG(route->text));
	return session_refuse(session, reply->action, reply->code, reply->xcode,
			      "%s", reply->text);
}

/* The domain under which the sender is rewritten for a route, or empty. */
static struct str treatment(const struct session *session,
			    const struct route *route)
{
	const struct forwarding *forwarding = session->data;

	if (!route->leaves || !forwarding->foreign || session->login.n)
		return STR("");
	return route_srs_domain(session->snapshot, route);
}

/*
 * There is one sender for all recipients. Who needs another one is asked for
 * in a transaction of its own, unless the operator would rather have one
 * sender rewritten for all. CONTINUE when the recipient fits.
 */
static enum action mix(struct session *session, const struct route *route)
{
	struct forwarding *forwarding = session->data;
	struct str domain = treatment(session, route);

	if (!forwarding->has_treatment) {
		forwarding->has_treatment = true;
		forwarding->rewrite = domain;
		return ACTION_CONTINUE;
	}
	if (str_eq(domain, forwarding->rewrite))
		return ACTION_CONTINUE;
	if (forwarding->config->mixed == MIXED_SPLIT)
		return refuse_recipient(session, ROUTE_ALONE, route);
	if (!forwarding->rewrite.n)
		forwarding->rewrite = domain;
	return ACTION_CONTINUE;
}

static enum action add_route(struct session *session, struct route *route)
{
	struct forwarding *forwarding = session->data;
	enum action action;

	forwarding->n_targets += route->n;
	if (forwarding->n_targets >
	    (size_t)forwarding->config->max_recipients) {
		forwarding->n_targets -= route->n;
		return refuse_recipient(session, ROUTE_MANY, route);
	}
	action = mix(session, route);
	if (action != ACTION_CONTINUE)
		return action;
	if (route->kind == ROUTE_BOUNCE)
		forwarding->bounce = route;
	*forwarding->last = route;
	forwarding->last = &route->next;
	if (route->leaves && !forwarding->leaving)
		forwarding->leaving = route;
	return ACTION_CONTINUE;
}

/* Addresses for bounces: who guesses at them is not told how well. */
static void limit_guesses(const struct session *session, struct route *route)
{
	const struct forwarding *forwarding = session->data;
	struct ip client;

	if (forwarding->ours ||
	    !network_address((const struct sockaddr *)&session->client,
			     &client))
		return;
	if (rate_is_over(&client, session->now))
		route->kind = ROUTE_GUESSED;
	else if (route->kind != ROUTE_BOUNCE)
		rate_count(&client, session->now);
}

static void judge_bounce(const struct session *session, struct route *route)
{
	const struct forwarding *forwarding = session->data;

	/* RFC 5321 section 4.5.5: a bounce has no sender. */
	if (route->kind == ROUTE_BOUNCE && session->sender.n)
		route->kind = ROUTE_FORGED;
	limit_guesses(session, route);
	/* Its message becomes another one, for nobody else. */
	if (route->kind == ROUTE_BOUNCE && forwarding->routes)
		route->kind = ROUTE_ALONE;
}

enum action filter_rcpt(struct session *session)
{
	const struct forwarding *forwarding = session->data;
	struct route *route = ARENA_NEW(session->arena, struct route, 1);

	route_find(session->snapshot, session->arena, session->recipient,
		   session->now, route);
	route->parameters = session->recipient_parameters;
	if (route_is_srs(route))
		judge_bounce(session, route);
	else if (forwarding->bounce)
		route->kind = ROUTE_ALONE;
	/* What this host sends itself can't be refused, only lost. */
	if (route_reply(route->kind) && session_is_local(session))
		*route = (struct route){ .kind = ROUTE_OTHER,
					 .path = route->path };
	if (route_reply(route->kind))
		return refuse_recipient(session, route->kind, route);
	return add_route(session, route);
}

/* Whose keys sign what leaves: the new sender's domain, or the alias's. */
static const struct domain *find_signing(const struct session *session,
					 const struct route *route)
{
	const struct domains *domains = &session->snapshot->domains;
	const struct domain *domain = domains_find(
		domains, route_srs_domain(session->snapshot, route));

	if (domain && domain->keys.n)
		return domain;
	domain = domains_find(domains, route->address.domain);
	return domain && domain->keys.n ? domain : NULL;
}

static enum action refuse(struct session *session, const char *code,
			  const char *xcode, const char *why)
{
	session_outcome(session, FILTER_REFUSED, " reason=%s",
			log_sentence(session->arena, why));
	return session_refuse(session, ACTION_REJECT, code, xcode, "%s", why);
}

/*
 * auth-policy's word on this very transaction. CONTINUE when it is there, or
 * is not needed.
 */
static enum action read_verdict(struct session *session)
{
	struct forwarding *forwarding = session->data;
	const struct verdict_facts facts = {
		.client = str_from(session->client_text),
		.helo = session->helo,
		.sender = session->sender,
		.queue_id = str_from(session->queue_id),
		.now = session->now,
	};
	const struct message *header = &session->header;

	for (size_t i = 0; i < header->n && !forwarding->has_verdict; i++)
		forwarding->has_verdict =
			message_is(&header->fields[i], STR(VERDICT_FIELD)) &&
			verdict_parse(session->arena,
				      &forwarding->derived->verdict,
				      header->fields[i].value, &facts,
				      &forwarding->verdict) == OK;
	if (forwarding->has_verdict || forwarding->ours ||
	    forwarding->config->gate == GATE_OFF)
		return ACTION_CONTINUE;
	return session_defer(session, "there is no verdict of auth-policy: is "
				      "it attached before forward?");
}

static enum action begin_signing(struct session *session,
				 const struct route *route)
{
	struct forwarding *forwarding = session->data;

	forwarding->signing = find_signing(session, route);
	if (!forwarding->signing)
		return session_defer(session, "there is no key to sign with");
	forwarding->signer = dkim_sign_begin(&dkim_policy_default);
	return forwarding->signer
		       ? ACTION_CONTINUE
		       : session_defer(session, "OpenSSL refused a hash");
}

/* What this host itself sends, dkim-sign signs behind us. */
static enum action begin_bounce(struct session *session)
{
	struct forwarding *forwarding = session->data;

	if (!session_is_local(session))
		return begin_signing(session, forwarding->bounce);
	forwarding->signing = find_signing(session, forwarding->bounce);
	return ACTION_CONTINUE;
}

/* To whom this host, or another one by our SRS address, tells of a failure. */
static const struct mailbox *find_told(const struct session *session)
{
	const struct forwarding *forwarding = session->data;
	const struct route *route = forwarding->routes;

	if (forwarding->bounce)
		return forwarding->bounce->targets;
	return session_is_local(session) && !session->sender.n && route &&
			       !route->next
		       ? &route->address
		       : NULL;
}

enum action filter_header(struct session *session)
{
	struct forwarding *forwarding = session->data;
	const char *fault;
	enum action action;

	forwarding->header = &session->header;
	forwarding->told = find_told(session);
	buf_init(&forwarding->body, session->arena, LIMIT_DSN_BODY);
	if (session->header_too_long)
		return refuse(session, "552", "5.3.4",
			      "The header of the message is too long");
	if (!forwarding->leaving && !forwarding->bounce)
		return ACTION_CONTINUE;
	if (message_count(&session->header, STR("Received"), NULL) >
		    (size_t)forwarding->config->max_hops ||
	    seal_is_loop(session, forwarding))
		return refuse(session, "554", "5.4.6",
			      "The message is in a mail loop");
	if (forwarding->bounce)
		return begin_bounce(session);
	action = read_verdict(session);
	if (action != ACTION_CONTINUE)
		return action;
	fault = forwarding->has_verdict
			? gate_fault(session->snapshot, session->arena,
				     &forwarding->verdict, &session->header)
			: NULL;
	if (fault)
		return refuse(session, "550", "5.7.1", fault);
	return begin_signing(session, forwarding->leaving);
}

/* Of a bounce the first octets say what it is. */
static void add_begin(struct buf *body, struct str chunk)
{
	size_t room = body->limit - body->n;

	buf_add(body, str_sub(chunk, 0, chunk.n < room ? chunk.n : room));
	body->full = body->full || chunk.n > room;
}

void filter_body(struct session *session, struct str chunk)
{
	struct forwarding *forwarding = session->data;

	if (forwarding->told)
		add_begin(&forwarding->body, chunk);
	if (forwarding->signer && !forwarding->bounce)
		dkim_sign_body(forwarding->signer, chunk);
}

static enum action end_bounce(struct session *session)
{
	static const char *const how[] = {
		[BOUNCE_REPLACED] = "replaced",
		[BOUNCE_STRUCK] = "struck",
		[BOUNCE_HELD] = "held",
	};
	const struct forwarding *forwarding = session->data;
	enum bounce bounce;
	enum result result = bounce_edit(session, forwarding, &bounce);

	if (result == OK && bounce != BOUNCE_HELD)
		result = envelope_edit(session, forwarding);
	if (result != OK)
		return session_defer(session, "signing failed (%s)",
				     result_name(result));
	session_outcome(
		session, bounce == BOUNCE_HELD ? FILTER_HELD : FILTER_RETURNED,
		" to=%s bounce=%s",
		log_value(session->arena,
			  path_format(session->arena, forwarding->told)),
		how[bounce]);
	return ACTION_CONTINUE;
}

enum action filter_end(struct session *session)
{
	struct forwarding *forwarding = session->data;
	size_t routes = 0;
	enum result result = OK;

	if (forwarding->bounce)
		return end_bounce(session);
	if (forwarding->told)
		result = bounce_edit_own(session, forwarding);
	/* The verdict is for us alone. */
	if (forwarding->header == &session->header)
		edits_delete_fields(&session->edits, session->arena,
				    &session->header, VERDICT_FIELD);
	if (result == OK)
		result = envelope_edit(session, forwarding);
	if (result != OK)
		return session_defer(session,
				     "the sender can't be rewritten, or a "
				     "bounce not be replaced (%s)",
				     result_name(result));
	for (const struct route *route = forwarding->routes; route;
	     route = route->next)
		routes += route->kind == ROUTE_ALIAS;
	if (!forwarding->leaving) {
		session_outcome(session, FILTER_PASSED, " aliases=%zu", routes);
		return ACTION_CONTINUE;
	}
	result = seal_edit(session, forwarding);
	if (result != OK)
		return session_defer(session, "signing failed (%s)",
				     result_name(result));
	session_outcome(session, FILTER_FORWARDED,
			" aliases=%zu targets=%zu d=%.*s srs=%s", routes,
			forwarding->n_targets,
			STR_ARG(forwarding->signing->name),
			forwarding->rewrite.n ? "yes" : "no");
	return ACTION_CONTINUE;
}

void filter_finish(struct session *session)
{
	struct forwarding *forwarding = session->data;

	if (forwarding)
		dkim_sign_free(forwarding->signer);
}
