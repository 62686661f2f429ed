/* SPDX-License-Identifier: BSD-2-Clause */
#include "forwarding.h"
#include "mail/buf.h"
#include "mail/path.h"
#include "tokens.h"

/*
 * Of recipients that differ in case alone Postfix keeps the first, and drops
 * the one that is added, without a word: the first must not be deleted then.
 */
static bool is_same(const struct mailbox *a, const struct mailbox *b)
{
	return str_ieq(a->local, b->local) && str_eq(a->domain, b->domain);
}

/* Was this address given at RCPT? */
static bool is_given(const struct forwarding *forwarding,
		     const struct mailbox *target)
{
	for (const struct route *route = forwarding->routes; route;
	     route = route->next)
		if (is_same(&route->address, target))
			return true;
	return false;
}

static bool is_target(const struct forwarding *forwarding,
		      const struct mailbox *address, const struct route *until,
		      size_t n)
{
	for (const struct route *route = forwarding->routes; route;
	     route = route->next) {
		size_t end = route == until ? n : route->n;

		for (size_t i = 0; i < end; i++)
			if (is_same(&route->targets[i], address))
				return true;
		if (route == until)
			break;
	}
	return false;
}

/*
 * An address with its type: in xtext (RFC 3461 section 4), or with UTF-8 as it
 * is and escapes of its own (RFC 6533 section 3, utf-8-addr-unitext).
 */
static void add_typed(struct buf *buf, struct str address)
{
	bool ascii = true;

	for (size_t i = 0; i < address.n; i++)
		ascii = ascii && (unsigned char)address.p[i] < 128;
	buf_add(buf, ascii ? STR("rfc822;") : STR("utf-8;"));
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c > ' ' && c != 127 && c != '+' && c != '=' &&
		    (ascii || c != '\\'))
			buf_addc(buf, (char)c);
		else
			buf_printf(buf, ascii ? "+%02X" : "\\x{%02X}", c);
	}
}

/*
 * Whom a bounce of the target names: the alias, or who stood before it. A
 * bounce has no bounces.
 */
static const char *original_recipient(struct arena *arena,
				      const struct route *route)
{
	struct buf buf;

	if (route->kind == ROUTE_BOUNCE)
		return NULL;
	for (const char *const *p = route->parameters; p && *p; p++)
		if (str_istarts(str_from(*p), STR("ORCPT=")))
			return *p;
	buf_init(&buf, arena, 6 * route->path.n + 32);
	buf_add(&buf, STR("ORCPT="));
	add_typed(&buf, route->path);
	return buf_c(&buf);
}

/*
 * Recipients are edited as sets: what is added first, and only then what is
 * taken away, so that a message has recipients at every moment.
 */
static void edit_recipients(struct session *session,
			    const struct forwarding *forwarding)
{
	struct arena *arena = session->arena;

	for (const struct route *route = forwarding->routes; route;
	     route = route->next)
		for (size_t i = 0; i < route->n; i++) {
			const struct mailbox *target = &route->targets[i];

			if (is_given(forwarding, target) ||
			    is_target(forwarding, target, route, i))
				continue;
			edits_add_recipient(&session->edits, arena,
					    path_format(arena, target),
					    original_recipient(arena, route));
		}
	for (const struct route *route = forwarding->routes; route;
	     route = route->next)
		if (route->n &&
		    !is_target(forwarding, &route->address, NULL, 0))
			edits_delete_recipient(&session->edits, arena,
					       route->path);
}

/* A sender too long for SRS, or odd, is kept here under a token. */
static enum result forward_token(struct session *session,
				 const struct forwarding *forwarding,
				 const struct srs *srs, struct str *rewritten)
{
	const char *error;
	struct tokens *tokens = tokens_shared(
		session->arena, forwarding->derived->tokens, &error);
	struct str token;
	enum result result;

	if (!tokens) {
		log_error("%s", error);
		return E_TEMP;
	}
	result = tokens_keep(tokens, session->arena, session->now,
			     session->sender, &token);
	return result == OK ? srs_forward_token(session->arena, srs, token,
						forwarding->rewrite, rewritten)
			    : result;
}

/*
 * Nothing shows that the message is its sender's: who was only named must not
 * get our bounces. The null sender gets none from anybody.
 */
static bool is_unproven(const struct forwarding *forwarding)
{
	const struct verdict *verdict = &forwarding->verdict;

	return forwarding->has_verdict && verdict->checked &&
	       verdict->spf != AUTH_PASS && verdict->dkim != AUTH_PASS;
}

enum result envelope_edit(struct session *session,
			  const struct forwarding *forwarding)
{
	const struct srs srs = { forwarding->derived->srs, session->now };
	struct str rewritten;
	enum result result;

	edit_recipients(session, forwarding);
	if (!forwarding->rewrite.n)
		return OK;
	if (is_unproven(forwarding)) {
		edits_change_sender(&session->edits, session->arena, STR(""),
				    NULL);
		return OK;
	}
	result = srs_forward(session->arena, &srs, session->sender,
			     forwarding->rewrite, &rewritten);
	if (result == E_LIMIT || result == E_SYNTAX)
		result = forward_token(session, forwarding, &srs, &rewritten);
	if (result == OK)
		edits_change_sender(&session->edits, session->arena, rewritten,
				    NULL);
	return result;
}
