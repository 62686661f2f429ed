/* SPDX-License-Identifier: BSD-2-Clause */
#include "sign.h"

#include "config.h"
#include "mail/buf.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "mail/lines.h"
#include "mail/path.h"
#include "owner.h"

/*
 * For whom is signed. Only a user is refused: there a person reads the reply.
 * Bounces, sendmail(1) and relays of ours pass, and the log says why they are
 * unsigned. A stranger's mail is none of our business.
 */
enum client { CLIENT_STRANGER, CLIENT_OURS, CLIENT_USER };

struct signing {
	enum client client;
	const struct dkim_policy *policy;
	const struct domain *domain; /* whose keys sign */
	struct dkim_signer *signer;
	struct lines lines;
};

/* Who writes as whom: the first pairs of the log line. */
static const char *describe(struct session *session,
			    const struct mailbox *author)
{
	struct arena *arena = session->arena;
	const char *user =
		session->login.n ? log_value(arena, session->login) : "-";

	return arena_printf(arena, " user=%s from=%.320s", user,
			    author ? address_format(arena, author) : "-");
}

enum action sign_mail(struct session *session)
{
	struct signing *signing = ARENA_NEW(session->arena, struct signing, 1);

	session->data = signing;
	session->about = describe(session, NULL);
	signing->policy = session->snapshot->derived;
	if (session->login.n)
		signing->client = CLIENT_USER;
	else if (session_is_local(session) ||
		 network_has(&session->snapshot->trusted,
			     (const struct sockaddr *)&session->client))
		signing->client = CLIENT_OURS;
	else
		signing->client = CLIENT_STRANGER;
	return ACTION_CONTINUE;
}

bool sign_wants_field(struct session *session, struct str name)
{
	const struct signing *signing = session->data;

	return signing->client != CLIENT_STRANGER &&
	       dkim_policy_covers(signing->policy, name);
}

/* What a message lacks: a user is told, others' mail passes unsigned. */
static enum action unfit(struct session *session, const char *code,
			 const char *xcode, const char *why)
{
	const struct signing *signing = session->data;
	bool user = signing->client == CLIENT_USER;

	session_outcome(session, user ? SIGN_REFUSED : SIGN_UNSIGNED,
			" reason=%s", log_sentence(session->arena, why));
	if (!user)
		return ACTION_ACCEPT;
	return session_refuse(session, ACTION_REJECT, code, xcode, "%s", why);
}

/* The one From field and its authors. CONTINUE when all is well. */
static enum action read_authors(struct session *session,
				struct mailboxes *authors)
{
	const struct field *from = NULL;
	size_t n = message_count(&session->header, STR("From"), &from);

	if (session->header_too_long)
		return unfit(session, "552", "5.3.4",
			     "The header of the message is too long");
	if (n == 0)
		return unfit(session, "550", "5.7.1",
			     "The message has no From: header field");
	if (n > 1)
		return unfit(session, "550", "5.7.1",
			     "The message has more than one From: header "
			     "field");
	if (address_parse_authors(session->arena, from->value, authors) != OK)
		return unfit(session, "550", "5.7.1",
			     arena_printf(session->arena,
					  "The From: header field can't be "
					  "read: %s",
					  authors->fault));
	session->about = describe(session, &authors->list[0]);
	return ACTION_CONTINUE;
}

/* May the user write as this one, which stands in `where`? */
static enum action check_address(struct session *session, const char *where,
				 const struct mailbox *address)
{
	const struct config *config = session->snapshot->settings;
	struct arena *arena = session->arena;

	switch (owner_may_write(session->snapshot, arena, session->login,
				address)) {
	case OK:
		return ACTION_CONTINUE;
	case E_CONFIG:
		return session_defer(session,
				     "whose %s is can't be known: an alias "
				     "file has a fault",
				     address_format(arena, address));
	default:
		return unfit(session, "550", "5.7.1",
			     arena_printf(arena,
					  "%s: %s is not for the user %s "
					  "(rule: from = %s)",
					  where, address_format(arena, address),
					  log_value(arena, session->login),
					  config_from_name(config->from)));
	}
}

/* The rule that From belongs to the user, for each author. */
static enum action check_owner(struct session *session,
			       const struct mailboxes *authors)
{
	const struct signing *signing = session->data;
	enum action action = ACTION_CONTINUE;
	const char *about = session->about;

	if (signing->client != CLIENT_USER)
		return ACTION_CONTINUE;
	for (size_t i = 0; action == ACTION_CONTINUE && i < authors->n; i++) {
		session->about = describe(session, &authors->list[i]);
		action = check_address(session, "From", &authors->list[i]);
	}
	if (action == ACTION_CONTINUE)
		session->about = about;
	return action;
}

/*
 * By the same rule the envelope's sender, who gets the bounces and for whom
 * SPF speaks. The null one is for receipts (RFC 8098 section 2.1).
 */
static enum action check_sender(struct session *session)
{
	const struct signing *signing = session->data;
	struct mailbox sender;

	if (signing->client != CLIENT_USER || !session->sender.n)
		return ACTION_CONTINUE;
	if (path_parse(session->arena, session->sender, &sender) != OK)
		return unfit(session, "550", "5.7.1",
			     "The sender of the envelope can't be read");
	return check_address(session, "MAIL FROM", &sender);
}

/* Puts domains in normal form, those that are no domain names apart. */
static void normalize(struct arena *arena, struct mailboxes *authors)
{
	for (size_t i = 0; i < authors->n; i++) {
		struct str normal;

		if (domain_normalize(arena, authors->list[i].domain, &normal) ==
		    OK)
			authors->list[i].domain = normal;
	}
}

/* All authors must be in one hosted domain. CONTINUE when it was found. */
static enum action choose_domain(struct session *session,
				 const struct mailboxes *authors)
{
	struct signing *signing = session->data;

	for (size_t i = 0; i < authors->n; i++) {
		const struct domain *domain = owner_find_domain(
			session->snapshot, authors->list[i].domain);

		if (i && domain != signing->domain)
			return unfit(session, "550", "5.7.1",
				     "The From: header field has authors of "
				     "more than one domain");
		signing->domain = domain;
	}
	if (signing->domain)
		return ACTION_CONTINUE;
	session_outcome(session, SIGN_UNSIGNED,
			" reason=\"the domain is not hosted here\"");
	return ACTION_ACCEPT;
}

static enum action begin(struct session *session)
{
	struct signing *signing = session->data;

	if (!signing->domain->keys.n)
		return session_defer(session, "%.*s has no active key",
				     STR_ARG(signing->domain->name));
	if (!session->lead_space && signing->policy->header == CANON_SIMPLE)
		return session_defer(session, "the MTA hides white space that "
					      "simple headers need");
	signing->signer = dkim_sign_begin(signing->policy);
	if (!signing->signer)
		return session_defer(session, "OpenSSL refused a hash");
	return ACTION_CONTINUE;
}

enum action sign_header(struct session *session)
{
	struct signing *signing = session->data;
	struct mailboxes authors;
	enum action action;

	if (signing->client == CLIENT_STRANGER) {
		session_outcome(session, SIGN_UNSIGNED,
				" reason=\"the client is neither "
				"authenticated nor trusted\"");
		return ACTION_ACCEPT;
	}
	action = read_authors(session, &authors);
	if (action != ACTION_CONTINUE)
		return action;
	normalize(session->arena, &authors);
	action = check_owner(session, &authors);
	if (action == ACTION_CONTINUE)
		action = check_sender(session);
	if (action == ACTION_CONTINUE)
		action = choose_domain(session, &authors);
	return action == ACTION_CONTINUE ? begin(session) : action;
}

void sign_body(struct session *session, struct str chunk)
{
	struct signing *signing = session->data;

	dkim_sign_body(signing->signer, chunk);
	lines_chunk(&signing->lines, chunk);
}

/* What may break the signature on the way, for the log. */
static const char *warn(const struct session *session)
{
	const struct signing *signing = session->data;
	bool lines = session->longest_field_line > LIMIT_LINE ||
		     lines_have_long(&signing->lines);
	bool eight = signing->lines.eight_bit;

	if (lines)
		return eight ? " warn=long-line,8bit" : " warn=long-line";
	return eight ? " warn=8bit" : "";
}

static enum action check_lines(struct session *session)
{
	const struct config *config = session->snapshot->settings;
	const struct signing *signing = session->data;

	if (config->long_lines == LONG_LINES_SIGN ||
	    signing->client != CLIENT_USER ||
	    (session->longest_field_line <= LIMIT_LINE &&
	     !lines_have_long(&signing->lines)))
		return ACTION_CONTINUE;
	return unfit(session, "550", "5.6.0",
		     "The message has a line of more than 998 bytes");
}

/*
 * A field for each key, the last key's first: each is inserted above those
 * before it, so the first key's comes out on top.
 */
static enum action add_signatures(struct session *session)
{
	const struct signing *signing = session->data;
	const struct keys *keys = &signing->domain->keys;
	struct buf selectors;

	buf_init(&selectors, session->arena, LIMIT_SIGNATURE);
	for (size_t i = keys->n; i > 0; i--) {
		const struct dkim_identity *identity = &keys->list[i - 1];
		struct str value;
		enum result result =
			dkim_sign_field(signing->signer, session->arena,
					identity, session->now, &value);

		if (result != OK)
			return session_defer(session, "%s: signing failed (%s)",
					     identity->selector.p,
					     result_name(result));
		edits_insert_field(&session->edits, session->arena, 0,
				   "DKIM-Signature", value);
	}
	for (size_t i = 0; i < keys->n; i++)
		buf_printf(&selectors, "%s%s", i ? "," : "",
			   keys->list[i].selector.p);
	session_outcome(session, SIGN_SIGNED, " d=%.*s s=%s%s",
			STR_ARG(signing->domain->name), buf_c(&selectors),
			warn(session));
	return ACTION_CONTINUE;
}

enum action sign_end(struct session *session)
{
	struct signing *signing = session->data;
	enum action action = check_lines(session);
	enum result result;

	if (action != ACTION_CONTINUE)
		return action;
	result = dkim_sign_end(signing->signer, session->arena,
			       &session->header);
	if (result == E_LIMIT)
		return unfit(session, "552", "5.3.4",
			     "The message has too many header fields to sign");
	if (result != OK)
		return session_defer(session, "signing failed (%s)",
				     result_name(result));
	return add_signatures(session);
}

void sign_finish(struct session *session)
{
	struct signing *signing = session->data;

	if (signing)
		dkim_sign_free(signing->signer);
}
