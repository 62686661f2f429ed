/* SPDX-License-Identifier: BSD-2-Clause */
#include "filter.h"

#include "mail/authres.h"
#include "mail/buf.h"
#include "mail/received_spf.h"
#include "policy.h"
#include "results.h"

/* What is known of one message. */
struct filter {
	const struct config *config;
	const struct derived *derived;
	struct str id; /* our authserv-id */
	bool trusted;  /* not checked: our users and networks */
	struct inquiry *inquiry;
	struct env env;
	struct spf_client client;
	struct check_rules rules;
	struct check *check;
};

static const char *describe(struct session *session)
{
	return arena_printf(session->arena, " helo=%s from=%s",
			    log_value(session->arena, session->helo),
			    session->sender.n
				    ? log_value(session->arena, session->sender)
				    : "<>");
}

enum action filter_mail(struct session *session)
{
	const struct sockaddr *client =
		(const struct sockaddr *)&session->client;
	struct filter *filter = ARENA_NEW(session->arena, struct filter, 1);
	const struct check_envelope envelope = {
		.client = network_address(client, &filter->client.address)
				  ? &filter->client
				  : NULL,
		.sender = session->sender,
	};

	session->data = filter;
	session->about = describe(session);
	filter->config = session->snapshot->settings;
	filter->derived = session->snapshot->derived;
	filter->id = results_id(session->arena, filter->config->authserv_id,
				session->host);
	filter->trusted = session->login.n || session_is_local(session) ||
			  network_has(&session->snapshot->trusted, client);
	if (filter->trusted)
		return ACTION_CONTINUE;
	filter->client.helo = session->helo;
	filter->client.receiver = filter->id;
	filter->inquiry =
		inquiry_begin(session->snapshot->resolver, session->arena,
			      filter->config->dns_budget);
	filter->env = (struct env){
		.resolver = inquiry_resolver(filter->inquiry),
		.now = session->now,
		.suffixes = &session->snapshot->suffixes,
		.keys = keycache_keys(session->snapshot->keys),
	};
	filter->rules = filter->derived->rules;
	filter->rules.dkim.lead_space_lost = !session->lead_space;
	filter->check = check_new(session->arena, &filter->rules, &filter->env,
				  filter->inquiry, &envelope);
	return ACTION_CONTINUE;
}

/* What is not seen can't be checked; to try again would not help. */
static enum action refuse_header(struct session *session)
{
	const struct filter *filter = session->data;
	const bool dry_run = filter->config->dry_run;

	session_outcome(session, dry_run ? FILTER_CHECKED : FILTER_REFUSED,
			" reason=\"the header is too long\" action=%s",
			dry_run ? "would-reject" : "reject");
	if (dry_run)
		return ACTION_ACCEPT;
	return session_refuse(session, ACTION_REJECT, "552", "5.3.4",
			      "The header of the message is too long");
}

/*
 * From a trusted network a message may come with results of ours from an
 * earlier hop. A user's passes unchecked too, but without results in our
 * name, which nobody would find in a header that is cut.
 */
enum action filter_header(struct session *session)
{
	struct filter *filter = session->data;

	if (filter->trusted)
		session_outcome(session, FILTER_TRUSTED, " action=accept");
	if (filter->trusted && !session->login.n)
		return ACTION_ACCEPT;
	if (session->header_too_long)
		return refuse_header(session);
	if (filter->trusted)
		return ACTION_CONTINUE;
	if (check_header(filter->check, &session->header) != OK)
		return session_defer(session, "OpenSSL refused a hash");
	return ACTION_CONTINUE;
}

void filter_body(struct session *session, struct str chunk)
{
	struct filter *filter = session->data;

	if (filter->check)
		check_body(filter->check, chunk);
}

/*
 * RFC 8601 section 5: what strangers wrote in our name is taken out, the
 * lowest first, since each deletion shifts those below it.
 */
static size_t remove_forged(struct session *session)
{
	static const struct str name = STR("Authentication-Results");
	const struct filter *filter = session->data;
	const struct message *header = &session->header;
	size_t index = message_count(header, name, NULL), removed = 0;

	for (size_t i = header->n; i > 0; i--) {
		const struct field *field = &header->fields[i - 1];

		if (!message_is(field, name))
			continue;
		if (authres_claims(session->arena, field->value, filter->id)) {
			edits_delete_field(&session->edits, session->arena,
					   (int)index, name.p);
			removed++;
		}
		index--;
	}
	return removed;
}

/* A stranger's verdicts are not even shown to the milters behind us. */
static size_t remove_verdicts(struct session *session)
{
	return edits_delete_fields(&session->edits, session->arena,
				   &session->header, VERDICT_FIELD);
}

/* For forward. Without one it defers what it would have sent on. */
static void add_verdict(struct session *session,
			const struct check_findings *found)
{
	const struct filter *filter = session->data;
	const struct verdict_facts facts = {
		.client = str_from(session->client_text),
		.helo = session->helo,
		.sender = session->sender,
		.queue_id = str_from(session->queue_id),
		.now = session->now,
	};
	struct verdict verdict;
	struct str value;

	if (!filter->derived->verdict.n)
		return;
	results_verdict(session->arena, found, filter->id, &verdict);
	if (verdict_format(session->arena, &filter->derived->verdict, &verdict,
			   &facts, &value) == OK)
		edits_insert_field(&session->edits, session->arena, 0,
				   VERDICT_FIELD, value);
}

/* The last one inserted stands on top: Authentication-Results. */
static void add_fields(struct session *session,
		       const struct check_findings *found,
		       const struct decision *decision)
{
	const struct filter *filter = session->data;
	struct arena *arena = session->arena;

	if (decision->action == POLICY_MARK && !filter->config->dry_run) {
		edits_insert_field(
			&session->edits, arena, 0, "X-Spam-Reason",
			str_from(arena_printf(arena, " %s", decision->text)));
		edits_insert_field(&session->edits, arena, 0, "X-Spam-Flag",
				   STR(" YES"));
	}
	if (filter->config->received_spf && found->has_spf)
		edits_insert_field(&session->edits, arena, 0, "Received-SPF",
				   received_spf_format(arena, &found->mail_from,
						       &found->client,
						       found->sender,
						       STR("mailfrom")));
	add_verdict(session, found);
	edits_insert_field(&session->edits, arena, 0, "Authentication-Results",
			   results_format(arena, found, filter->id));
}

static void log_differences(const struct session *session,
			    const struct check_findings *found)
{
	if (found->differences)
		log_info("%s: engines differ: %s", session->queue_id,
			 found->differences);
}

static enum action act(struct session *session, const struct decision *decision,
		       int *outcome)
{
	const struct filter *filter = session->data;

	*outcome = FILTER_CHECKED;
	if (filter->config->dry_run)
		return ACTION_CONTINUE;
	switch (decision->action) {
	case POLICY_REJECT:
		*outcome = FILTER_REFUSED;
		return session_refuse(session, ACTION_REJECT, decision->code,
				      decision->xcode, "%s", decision->text);
	case POLICY_TEMPFAIL:
		*outcome = OUTCOME_DEFERRED;
		return session_refuse(session, ACTION_TEMPFAIL, decision->code,
				      decision->xcode, "%s", decision->text);
	case POLICY_HOLD:
		edits_quarantine(&session->edits, session->arena,
				 decision->text);
		*outcome = FILTER_MARKED;
		return ACTION_CONTINUE;
	case POLICY_MARK:
		*outcome = FILTER_MARKED;
		return ACTION_CONTINUE;
	case POLICY_ACCEPT:
	case POLICY_EVALUATE:
		break;
	}
	return ACTION_CONTINUE;
}

/* " action=..." with what stands behind it. */
static const char *describe_decision(struct session *session,
				     const struct decision *decision,
				     size_t forged)
{
	const struct filter *filter = session->data;
	struct buf buf;

	buf_init(&buf, session->arena, 2048);
	if (decision->override)
		buf_printf(&buf, " override=%s", decision->override);
	if (forged)
		buf_printf(&buf, " forged=%zu", forged);
	if (decision->text)
		buf_printf(&buf, " reason=%s",
			   log_sentence(session->arena, decision->text));
	buf_printf(&buf, " action=%s%s",
		   filter->config->dry_run && decision->action != POLICY_ACCEPT
			   ? "would-"
			   : "",
		   policy_action_name(decision->action));
	return buf_c(&buf);
}

enum action filter_end(struct session *session)
{
	struct filter *filter = session->data;
	const struct check_findings *found;
	struct decision decision;
	enum action action;
	size_t forged = remove_forged(session) + remove_verdicts(session);
	int outcome;

	if (filter->trusted) {
		session_outcome(session, FILTER_TRUSTED,
				forged ? " forged=%zu action=accept"
				       : " action=accept",
				forged);
		return ACTION_CONTINUE;
	}
	if (check_end(filter->check, &found) != OK)
		return session_defer(session, "OpenSSL refused");
	policy_decide(session->arena, filter->config, filter->derived, found,
		      &decision);
	add_fields(session, found, &decision);
	log_differences(session, found);
	action = act(session, &decision, &outcome);
	session_outcome(session, outcome, "%s%s",
			results_log(session->arena, found),
			describe_decision(session, &decision, forged));
	return action;
}

void filter_finish(struct session *session)
{
	struct filter *filter = session->data;

	if (!filter)
		return;
	check_free(filter->check);
	if (filter->inquiry)
		inquiry_end(filter->inquiry);
}
