/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bounce comes back to the address that we put in place of the sender, and
 * it names what the sender must not learn: where the alias leads. A delivery
 * status notification is read and written anew (mail/dsn_format.h). Others,
 * an automatic answer for one, go on with few fields of their header and the
 * addresses struck out of their body; what is not certain to be without them
 * is left to the operator.
 */
#include "forwarding.h"
#include "mail/date.h"
#include "mail/domain.h"
#include "mail/dsn_format.h"
#include "mail/dsn_strike.h"
#include "mail/limits.h"
#include "mail/path.h"

#include <sys/random.h>

/* What the bounce may not tell, as far as we know it. */
struct secret {
	struct arena *arena;
	const struct snapshot *snapshot;
	struct mailbox alias; /* the first that the bounce is about */
	bool has_alias;
	struct mailbox *targets;
	size_t n;
	size_t lines; /* that were read to find them */
	bool too_many;
};

static bool has_target(const struct secret *secret,
		       const struct mailbox *target)
{
	for (size_t i = 0; i < secret->n; i++)
		if (path_equal(&secret->targets[i], target))
			return true;
	return false;
}

static void add_targets(struct secret *secret, const struct mailbox *targets,
			size_t n)
{
	if (!secret->targets)
		secret->targets = ARENA_NEW(secret->arena, struct mailbox,
					    LIMIT_BOUNCE_TARGETS);
	for (size_t i = 0; i < n && !secret->too_many; i++) {
		struct mailbox target = targets[i];

		/* Of "*@domain" the domain is what nobody knows. */
		if (str_eq(target.local, STR("*")))
			target.local = STR("");
		/* Hosts elsewhere know of no address here that is private. */
		if (has_target(secret, &target) ||
		    domains_find(&secret->snapshot->domains, target.domain))
			continue;
		secret->too_many = secret->n == LIMIT_BOUNCE_TARGETS;
		if (!secret->too_many)
			secret->targets[secret->n++] = target;
	}
}

/* An address that the bounce says to be about: is it one of our aliases? */
static bool add_alias(struct secret *secret, const struct session *session,
		      struct str address)
{
	struct route route;

	route_find(secret->snapshot, secret->arena, address, session->now,
		   &route);
	if (route.kind == ROUTE_OTHER || route.kind == ROUTE_BOUNCE)
		return false;
	if (!secret->has_alias)
		secret->alias = route.address;
	secret->has_alias = true;
	add_targets(secret, route.targets, route.n);
	return true;
}

/*
 * We gave the alias to the next host as the original recipient. It may have
 * lost it; then the header that it returns has our mark.
 */
static void find_aliases(struct secret *secret, const struct session *session,
			 struct dsn *dsn)
{
	for (size_t i = 0; i < dsn->n; i++)
		if (add_alias(secret, session, dsn->recipients[i].original))
			dsn->recipients[i].known_as =
				dsn->recipients[i].original;
	for (size_t i = 0; i < dsn->returned.n; i++)
		if (message_is(&dsn->returned.fields[i],
			       STR("X-Forwarded-For")))
			add_alias(secret, session,
				  str_trim(dsn->returned.fields[i].value));
}

static struct str our_host(const struct session *session)
{
	const struct forwarding *forwarding = session->data;

	return session->host.n ? session->host
			       : route_srs_domain(session->snapshot,
						  forwarding->routes);
}

/* That of From, so that what is signed for it is aligned (RFC 9989). */
static struct str our_domain(const struct session *session,
			     struct str otherwise)
{
	const struct forwarding *forwarding = session->data;

	return forwarding->signing ? forwarding->signing->name : otherwise;
}

static bool write_notice(struct session *session, struct dsn_message *message)
{
	const struct forwarding *forwarding = session->data;
	struct secret secret = { session->arena,
				 .snapshot = session->snapshot };
	char random[16];
	struct dsn_notice notice = {
		.sender = *forwarding->told,
		.host = our_host(session),
		.now = session->now,
		.random = { random, sizeof(random) },
	};
	struct dsn dsn;

	if (dsn_parse(session->arena, &session->header,
		      buf_str(&forwarding->body), &dsn) != OK)
		return false;
	find_aliases(&secret, session, &dsn);
	/* One of our own users may see whatever is no alias. */
	if (!secret.has_alias || secret.too_many ||
	    (!forwarding->bounce && !secret.n) ||
	    getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	notice.alias = secret.alias;
	notice.domain = our_domain(session, secret.alias.domain);
	notice.targets = secret.targets;
	notice.n = secret.n;
	return dsn_format(session->arena, &dsn, &notice, message) == OK;
}

static bool visit_alias(void *context, struct str user,
			const struct alias *alias)
{
	struct secret *secret = context;

	(void)user;
	add_targets(secret, alias->targets, alias->n);
	secret->too_many |= ++secret->lines == LIMIT_BOUNCE_ALIASES;
	return secret->too_many;
}

/*
 * Which alias it was for nobody can say: so all targets of the domain are
 * private, or of all domains where they have one for bounces.
 */
static void collect_targets(struct secret *secret, const struct route *bounce)
{
	const struct domains *domains = &secret->snapshot->domains;

	for (size_t i = 0; i < domains->n; i++)
		if (domains->list[i].aliases &&
		    (str_eq(domains->list[i].name, bounce->address.domain) ||
		     !domains_find(domains, bounce->address.domain)))
			alias_each(domains->list[i].aliases, secret->arena,
				   visit_alias, secret);
}

/*
 * What is kept of the header of a bounce that nobody can read. Fields without
 * a line here tell of the hosts on the way, or of nothing that is missed.
 */
static const struct {
	const char *name;
	enum { STRIKE, DROP, WHOLE } if_private;
} kept[] = {
	{ "To", DROP },
	{ "Subject", STRIKE },
	{ "Date", DROP },
	{ "Message-ID", DROP },
	{ "In-Reply-To", DROP },
	{ "References", DROP },
	{ "Auto-Submitted", DROP },
	{ "Precedence", DROP },
	{ "MIME-Version", WHOLE },
	{ "Content-Type", WHOLE },
	{ "Content-Transfer-Encoding", WHOLE },
	{ "Content-Language", DROP },
};

/* One field of it; false when it can't be kept and can't be missed. */
static bool keep_field(struct session *session,
		       const struct dsn_secrets *secrets,
		       const struct field *field, struct message *to)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct str struck;

		if (!message_is(field, str_from(kept[i].name)))
			continue;
		struck =
			dsn_strike_field(session->arena, secrets, field->value);
		if (str_eq(struck, field->value) ||
		    kept[i].if_private == STRIKE)
			message_add(to, str_from(kept[i].name), struck);
		return str_eq(struck, field->value) ||
		       kept[i].if_private != WHOLE;
	}
	return true;
}

/* What hosts behind us would add to a message without it, and break our signature. */
static void add_missing(const struct session *session, struct str host,
			struct message *header)
{
	struct arena *arena = session->arena;

	if (!message_count(header, STR("Date"), NULL))
		message_add(header, STR("Date"),
			    str_from(arena_printf(arena, " %s",
						  date_format(arena,
							      session->now))));
	if (!message_count(header, STR("Message-ID"), NULL))
		message_add(header, STR("Message-ID"),
			    str_from(arena_printf(
				    arena, " <%s.%lld@%.*s>", session->queue_id,
				    (long long)session->now, STR_ARG(host))));
}

static bool strike(struct session *session, struct dsn_message *message)
{
	const struct forwarding *forwarding = session->data;
	const struct dsn_public public = {
		.addresses = forwarding->told,
		.n = 1,
		.host = our_host(session),
	};
	struct secret secret = { session->arena,
				 .snapshot = session->snapshot };
	struct dsn_secrets *secrets = dsn_secrets_new(session->arena, &public);

	collect_targets(&secret, forwarding->bounce);
	if (forwarding->config->unreadable_bounces == UNREADABLE_HOLD ||
	    forwarding->body.full || secret.too_many)
		return false;
	for (size_t i = 0; i < secret.n; i++)
		dsn_secrets_add(secrets, &secret.targets[i]);
	message_init(&message->header, session->arena);
	message_add(&message->header, STR("From"),
		    str_from(arena_printf(
			    session->arena,
			    " Mail Delivery System "
			    "<postmaster@%.*s>",
			    STR_ARG(our_domain(session, public.host)))));
	for (size_t i = 0; i < session->header.n; i++)
		if (!keep_field(session, secrets, &session->header.fields[i],
				&message->header))
			return false;
	add_missing(session, public.host, &message->header);
	return dsn_strike_body(session->arena, secrets, &session->header,
			       buf_str(&forwarding->body),
			       &message->body) == OK;
}

enum result bounce_edit(struct session *session,
			const struct forwarding *forwarding,
			enum bounce *bounce)
{
	struct edits *edits = &session->edits;
	struct dsn_message message;
	struct str signatures[KEYS_MAX];
	size_t n;

	*bounce = write_notice(session, &message) ? BOUNCE_REPLACED
		  : strike(session, &message)	  ? BOUNCE_STRUCK
						  : BOUNCE_HELD;
	if (*bounce == BOUNCE_HELD) {
		edits_quarantine(edits, session->arena,
				 "a bounce that may name a private address");
		return OK;
	}
	edits_replace_header(edits, session->arena, &session->header,
			     &message.header);
	edits_replace_body(edits, session->arena, message.body);
	if (!forwarding->signer)
		return OK;
	dkim_sign_body(forwarding->signer, message.body);
	return seal_sign(session, forwarding, &message.header, signatures, &n);
}

enum result bounce_edit_own(struct session *session,
			    struct forwarding *forwarding)
{
	struct dsn_message *message =
		ARENA_NEW(session->arena, struct dsn_message, 1);

	if (!write_notice(session, message))
		return OK;
	edits_replace_header(&session->edits, session->arena, &session->header,
			     &message->header);
	edits_replace_body(&session->edits, session->arena, message->body);
	forwarding->header = &message->header;
	if (!forwarding->signer)
		return OK;
	dkim_sign_free(forwarding->signer);
	forwarding->signer = dkim_sign_begin(&dkim_policy_default);
	if (!forwarding->signer)
		return E_CRYPTO;
	dkim_sign_body(forwarding->signer, message->body);
	return OK;
}
