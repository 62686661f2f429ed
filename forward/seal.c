/* SPDX-License-Identifier: BSD-2-Clause */
#include "forwarding.h"
#include "mail/arc_seal.h"
#include "mail/buf.h"
#include "mail/limits.h"
#include "mail/path.h"

#define MARKER "X-Millrace-Loop"

/* 50 bits: a stranger who guesses one only has his own mail refused. */
static const struct mac_use loop = { .purpose = STR("loop"), .digits = 10 };

bool seal_is_loop(struct session *session, const struct forwarding *forwarding)
{
	const struct message *header = &session->header;

	for (size_t i = 0; i < header->n; i++) {
		struct str code = str_trim(header->fields[i].value);

		if (!message_is(&header->fields[i], STR(MARKER)))
			continue;
		for (const struct route *route = forwarding->routes; route;
		     route = route->next)
			if (route->kind == ROUTE_ALIAS &&
			    mac_verify(session->arena,
				       &forwarding->derived->srs, &loop,
				       path_format(session->arena,
						   &route->address),
				       code) == OK)
				return true;
	}
	return false;
}

static void insert(struct session *session, const char *name, struct str value)
{
	edits_insert_field(&session->edits, session->arena, 0, name, value);
}

/* Recipients of one message don't learn of each other. */
static bool is_alone(const struct forwarding *forwarding)
{
	size_t n = 0;

	for (const struct route *route = forwarding->routes; route;
	     route = route->next)
		n += route->leaves;
	return n == 1;
}

/* The alias, never the target, and a code by which we know it again. */
static enum result add_markers(struct session *session,
			       const struct forwarding *forwarding)
{
	struct arena *arena = session->arena;
	bool alone = is_alone(forwarding);

	for (const struct route *route = forwarding->routes; route;
	     route = route->next) {
		struct str address, code;
		enum result result;

		if (!route->leaves)
			continue;
		address = path_format(arena, &route->address);
		result = mac_make(arena, &forwarding->derived->srs, &loop,
				  address, &code);
		if (result != OK)
			return result;
		insert(session, MARKER,
		       str_from(arena_printf(arena, " %.*s", STR_ARG(code))));
		if (alone)
			insert(session, "X-Forwarded-For",
			       str_from(arena_printf(arena, " %.*s",
						     STR_ARG(address))));
	}
	return OK;
}

static enum result add_set(struct session *session,
			   const struct forwarding *forwarding,
			   const struct str *signatures, size_t n)
{
	const struct arc_seal_input input = {
		.message = forwarding->header,
		.signatures = signatures,
		.n_signatures = n,
		.authres = forwarding->verdict.authres,
		.cv = forwarding->verdict.arc,
		.now = session->now,
	};
	struct arc_fields fields;
	enum result result =
		arc_seal(forwarding->signer, session->arena,
			 &forwarding->signing->keys.list[0], &input, &fields);

	/* No set may be added to a chain that is full, or ended. */
	if (result == E_ABSENT || result == E_LIMIT)
		return OK;
	if (result != OK)
		return result;
	insert(session, "ARC-Authentication-Results", fields.authres);
	insert(session, "ARC-Message-Signature", fields.message);
	insert(session, "ARC-Seal", fields.seal);
	return OK;
}

enum result seal_sign(struct session *session,
		      const struct forwarding *forwarding,
		      const struct message *header, struct str *signatures,
		      size_t *n)
{
	const struct keys *keys = &forwarding->signing->keys;
	enum result result =
		dkim_sign_end(forwarding->signer, session->arena, header);

	*n = 0;
	/* The first key's signature, RSA's, comes out on top. */
	for (size_t i = keys->n; result == OK && i > 0; i--) {
		result = dkim_sign_field(forwarding->signer, session->arena,
					 &keys->list[i - 1], session->now,
					 &signatures[*n]);
		if (result == OK)
			insert(session, "DKIM-Signature", signatures[(*n)++]);
	}
	return result;
}

enum result seal_edit(struct session *session,
		      const struct forwarding *forwarding)
{
	enum result result = add_markers(session, forwarding);
	struct str signatures[KEYS_MAX];
	size_t n;

	if (result == OK)
		result = seal_sign(session, forwarding, forwarding->header,
				   signatures, &n);
	if (result == OK && forwarding->config->arc == ARC_SEAL &&
	    forwarding->has_verdict)
		result = add_set(session, forwarding, signatures, n);
	return result;
}
