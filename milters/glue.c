/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/glue.h"

#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>

#include "mail/buf.h"
#include "milters/metrics.h"

/*
 * The only file that knows libmilter. Each callback has one shape: find the
 * session, let it enter the stage, let the daemon see it, answer. Where no
 * reply was negotiated an answer other than "continue" waits in the session
 * for the next stage that has one.
 */

/* What libmilter can't hand to a callback: one daemon is one process. */
static const struct milter *milter;
static atomic_bool draining;

/* What the last MTA agreed to, for sessions that begin without asking. */
static _Atomic unsigned int agreed_no_reply;
static atomic_bool agreed_lead_space;

/* How each stage is left out, or made to need no reply, in the protocol. */
static const struct {
	unsigned long leave_out, no_reply;
	int macros;
} protocol[STAGES] = {
	[STAGE_CONNECT] = { 0, 0, SMFIM_CONNECT },
	[STAGE_HELO] = { SMFIP_NOHELO, SMFIP_NR_HELO, SMFIM_HELO },
	[STAGE_MAIL] = { 0, SMFIP_NR_MAIL, SMFIM_ENVFROM },
	[STAGE_RCPT] = { SMFIP_NORCPT, SMFIP_NR_RCPT, SMFIM_ENVRCPT },
	[STAGE_DATA] = { SMFIP_NODATA, SMFIP_NR_DATA, SMFIM_DATA },
	[STAGE_FIELD] = { SMFIP_NOHDRS, SMFIP_NR_HDR, SMFIM_NOMACROS },
	[STAGE_HEADER] = { SMFIP_NOEOH, 0, SMFIM_EOH },
	[STAGE_BODY] = { SMFIP_NOBODY, SMFIP_NR_BODY, SMFIM_NOMACROS },
	[STAGE_END] = { 0, 0, SMFIM_EOM },
	[STAGE_ABORT] = { 0, 0, SMFIM_NOMACROS },
};

static const unsigned long edit_flags[EDIT_KINDS] = {
	[EDIT_INSERT_FIELD] = SMFIF_ADDHDRS,
	[EDIT_DELETE_FIELD] = SMFIF_CHGHDRS,
	[EDIT_QUARANTINE] = SMFIF_QUARANTINE,
	[EDIT_CHANGE_SENDER] = SMFIF_CHGFROM,
	[EDIT_ADD_RECIPIENT] = SMFIF_ADDRCPT | SMFIF_ADDRCPT_PAR,
	[EDIT_DELETE_RECIPIENT] = SMFIF_DELRCPT,
	[EDIT_REPLACE_BODY] = SMFIF_CHGBODY,
};

void glue_drain(void)
{
	draining = true;
}

static struct session *new_session(SMFICTX *ctx)
{
	struct session *session = session_new(milter);

	session->no_reply = agreed_no_reply;
	session->lead_space = agreed_lead_space;
	if (smfi_setpriv(ctx, session) == MI_SUCCESS)
		return session;
	session_free(session);
	return NULL;
}

static struct session *find_session(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	return session ? session : new_session(ctx);
}

static const char *macro(SMFICTX *ctx, const char *name)
{
	const char *value = smfi_getsymval(ctx, (char *)name);

	return value ? value : "";
}

/* The text of a reply, for smfi_setreply: one line, '%' doubled. */
static char *reply_text(struct session *session)
{
	struct str text = str_from(session->text);
	struct buf buf;

	buf_init(&buf, session->arena, 400);
	for (size_t i = 0; i < text.n && !buf.full; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '%')
			buf_add(&buf, STR("%%"));
		else
			buf_addc(&buf, c >= 32 && c < 127 ? (char)c : '?');
	}
	return buf_c(&buf);
}

static void set_reply(SMFICTX *ctx, struct session *session)
{
	if (session->code &&
	    smfi_setreply(ctx, (char *)session->code, (char *)session->xcode,
			  reply_text(session)) != MI_SUCCESS)
		log_error("%s: libmilter refused the reply %s %s",
			  session->queue_id, session->code, session->xcode);
	session->code = NULL;
}

/* Tells the MTA, or keeps for later what it does not wait for now. */
static sfsistat answer(SMFICTX *ctx, struct session *session, enum stage stage,
		       enum action action)
{
	static const sfsistat answers[] = {
		[ACTION_CONTINUE] = SMFIS_CONTINUE,
		[ACTION_ACCEPT] = SMFIS_ACCEPT,
		[ACTION_REJECT] = SMFIS_REJECT,
		[ACTION_TEMPFAIL] = SMFIS_TEMPFAIL,
	};

	if (session->no_reply & 1u << stage) {
		session->pending = action;
		return SMFIS_NOREPLY;
	}
	if (action == ACTION_CONTINUE)
		return SMFIS_CONTINUE;
	if (session->arena && action != ACTION_ACCEPT)
		set_reply(ctx, session);
	/* A recipient is refused without the message. */
	if (stage != STAGE_RCPT)
		session_end_message(session);
	return answers[action];
}

/*
 * Enters a stage of a message. False when the daemon need not see it: it
 * does not fit, which is a fault, or what the daemon said before waits.
 */
static bool enter(struct session *session, enum stage stage,
		  enum action *action)
{
	if (!session_enter(session, stage)) {
		log_error("stage %d came after stage %d", stage,
			  session->stage);
		*action = ACTION_TEMPFAIL;
		return false;
	}
	*action = session->pending;
	return *action == ACTION_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	struct session *session = find_session(ctx);
	struct snapshot *snapshot;
	int64_t max;

	(void)host;
	if (!session)
		return SMFIS_TEMPFAIL;
	session_end_message(session);
	/* Nothing of a client before this one may vouch for it. */
	memset(&session->client, 0, sizeof(session->client));
	session->client_text = "unknown";
	if (address) {
		size_t n = address->sa_family == AF_INET6
				   ? sizeof(struct sockaddr_in6)
				   : sizeof(struct sockaddr_in);

		memcpy(&session->client, address, n);
		session->client_text =
			network_format(session->connection, address);
	}
	session_helo(session, STR(""));
	session->host =
		arena_copy(session->connection, str_from(macro(ctx, "j")));
	snapshot = snapshot_get();
	max = snapshot->runtime.max_connections;
	snapshot_put(snapshot);
	session->counted = session->counted || metrics_open_session(max);
	if (session->counted)
		return SMFIS_CONTINUE;
	log_warning("refused client=%s: %lld sessions are open already",
		    session->client_text, (long long)max);
	return SMFIS_TEMPFAIL;
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
	struct session *session = find_session(ctx);

	if (!session)
		return SMFIS_TEMPFAIL;
	session_helo(session, str_from(name));
	return answer(ctx, session, STAGE_HELO, ACTION_CONTINUE);
}

static struct str strip_brackets(struct str path)
{
	if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>')
		return str_sub(path, 1, path.n - 1);
	return path;
}

/* ESMTP parameters, as libmilter has them, with a NULL at the end. */
static const char *const *copy_parameters(struct session *session, char **args)
{
	const char **copies;
	size_t n = 0;

	while (args[n])
		n++;
	copies = ARENA_NEW(session->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		copies[i] = arena_copy(session->arena, str_from(args[i])).p;
	return copies;
}

static sfsistat on_mail(SMFICTX *ctx, char **args)
{
	struct session *session = find_session(ctx);
	struct str sender = str_from(args[0]);
	enum action action;

	if (!session)
		return SMFIS_TEMPFAIL;
	if (!enter(session, STAGE_MAIL, &action))
		return answer(ctx, session, STAGE_MAIL, action);
	session->sender = arena_copy(session->arena, strip_brackets(sender));
	session->sender_parameters = copy_parameters(session, args + 1);
	session->login = arena_copy(session->arena,
				    str_from(macro(ctx, "{auth_authen}")));
	if (draining)
		action = session_defer(session, "the service is stopping");
	else if (milter->mail)
		action = milter->mail(session);
	return answer(ctx, session, STAGE_MAIL, action);
}

static sfsistat on_rcpt(SMFICTX *ctx, char **args)
{
	struct session *session = find_session(ctx);
	enum action action;

	if (!session)
		return SMFIS_TEMPFAIL;
	if (enter(session, STAGE_RCPT, &action) && milter->rcpt) {
		session->recipient = arena_copy(
			session->arena, strip_brackets(str_from(args[0])));
		session->recipient_parameters =
			copy_parameters(session, args + 1);
		action = milter->rcpt(session);
	}
	return answer(ctx, session, STAGE_RCPT, action);
}

static void measure_lines(struct session *session, struct str name,
			  struct str value)
{
	size_t before = name.n + 1;

	while (value.n || before) {
		size_t end = str_find(value, '\n');

		if (before + end > session->longest_field_line)
			session->longest_field_line = before + end;
		end += end < value.n;
		value = str_sub(value, end, value.n);
		before = 0;
	}
}

static sfsistat on_field(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = find_session(ctx);
	struct str n = str_from(name), v = str_from(value);
	enum action action;

	if (!session)
		return SMFIS_TEMPFAIL;
	if (enter(session, STAGE_FIELD, &action)) {
		measure_lines(session, n, v);
		if ((!milter->wants_field || milter->wants_field(session, n)) &&
		    message_add(&session->header, n, v) != OK)
			session->header_too_long = true;
	}
	return answer(ctx, session, STAGE_FIELD, action);
}

static void read_queue_id(SMFICTX *ctx, struct session *session)
{
	const char *id = macro(ctx, "i");

	if (*id)
		session->queue_id = log_value(session->arena, str_from(id));
}

static sfsistat on_header(SMFICTX *ctx)
{
	struct session *session = find_session(ctx);
	enum action action;

	if (!session)
		return SMFIS_TEMPFAIL;
	if (session->arena)
		read_queue_id(ctx, session);
	if (enter(session, STAGE_HEADER, &action) && milter->header)
		action = milter->header(session);
	return answer(ctx, session, STAGE_HEADER, action);
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	struct session *session = find_session(ctx);
	enum action action;

	if (!session)
		return SMFIS_TEMPFAIL;
	if (enter(session, STAGE_BODY, &action) && milter->body)
		milter->body(session, (struct str){ (char *)bytes, n });
	return answer(ctx, session, STAGE_BODY, action);
}

static bool apply(SMFICTX *ctx, const struct session *session,
		  const struct edit *edit)
{
	const char *value = edit->value;

	switch (edit->kind) {
	case EDIT_INSERT_FIELD:
		/* Such an MTA writes the space behind the colon itself. */
		if (!session->lead_space && str_is_wsp(*value))
			value++;
		return smfi_insheader(ctx, edit->index, (char *)edit->name,
				      (char *)value) == MI_SUCCESS;
	case EDIT_DELETE_FIELD:
		return smfi_chgheader(ctx, (char *)edit->name, edit->index,
				      NULL) == MI_SUCCESS;
	case EDIT_QUARANTINE:
		return smfi_quarantine(ctx, (char *)value) == MI_SUCCESS;
	case EDIT_CHANGE_SENDER:
		return smfi_chgfrom(ctx, (char *)edit->address,
				    (char *)edit->parameters) == MI_SUCCESS;
	case EDIT_ADD_RECIPIENT:
		return smfi_addrcpt_par(ctx, (char *)edit->address,
					(char *)edit->parameters) == MI_SUCCESS;
	case EDIT_DELETE_RECIPIENT:
		return smfi_delrcpt(ctx, (char *)edit->address) == MI_SUCCESS;
	case EDIT_REPLACE_BODY:
		return smfi_replacebody(ctx, (unsigned char *)edit->body.p,
					(int)edit->body.n) == MI_SUCCESS;
	case EDIT_KINDS:
		break;
	}
	return false;
}

static sfsistat on_end(SMFICTX *ctx)
{
	struct session *session = find_session(ctx);
	enum action action;

	if (!session)
		return SMFIS_TEMPFAIL;
	if (session->arena)
		read_queue_id(ctx, session);
	if (enter(session, STAGE_END, &action) && milter->end)
		action = milter->end(session);
	if (action == ACTION_CONTINUE && session->arena)
		for (const struct edit *edit = session->edits.first; edit;
		     edit = edit->next)
			if (!apply(ctx, session, edit)) {
				action = session_defer(session,
						       "an edit failed");
				break;
			}
	if (action == ACTION_CONTINUE)
		action = ACTION_ACCEPT;
	return answer(ctx, session, STAGE_END, action);
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session)
		session_end_message(session);
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (!session)
		return SMFIS_CONTINUE;
	smfi_setpriv(ctx, NULL);
	if (session->counted)
		metrics_close_session();
	session_free(session);
	return SMFIS_CONTINUE;
}

static bool ask_macros(SMFICTX *ctx)
{
	for (int stage = 0; stage < STAGES; stage++)
		if (milter->macros[stage] &&
		    smfi_setsymlist(ctx, protocol[stage].macros,
				    (char *)milter->macros[stage]) !=
			    MI_SUCCESS)
			return false;
	return true;
}

/* What is left out, and what needs no reply, of what the MTA offers. */
static unsigned long choose_steps(unsigned long offered, unsigned int *no_reply)
{
	unsigned long steps = SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC;

	*no_reply = 0;
	for (int stage = 0; stage < STAGES; stage++) {
		/* A recipient is answered at once, or never. */
		if (stage == STAGE_RCPT && milter->rcpt)
			continue;
		steps |= protocol[stage].no_reply;
		if (protocol[stage].no_reply & offered)
			*no_reply |= 1u << stage;
		if (!(milter->stages & 1u << stage))
			steps |= protocol[stage].leave_out;
	}
	return steps & offered;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
			     unsigned long steps, unsigned long f2,
			     unsigned long f3, unsigned long *want_actions,
			     unsigned long *want_steps, unsigned long *want_f2,
			     unsigned long *want_f3)
{
	unsigned long need = 0;
	unsigned int no_reply;

	(void)f2, (void)f3;
	for (int kind = 0; kind < EDIT_KINDS; kind++)
		if (milter->edits & 1u << kind)
			need |= edit_flags[kind];
	if ((actions & need) != need) {
		log_error("the MTA does not allow the edits that are needed "
			  "(offers %#lx, needed %#lx)",
			  actions, need);
		return SMFIS_REJECT;
	}
	if (actions & SMFIF_SETSYMLIST) {
		need |= SMFIF_SETSYMLIST;
		if (!ask_macros(ctx))
			return SMFIS_REJECT;
	}
	*want_actions = need;
	*want_steps = choose_steps(steps, &no_reply);
	*want_f2 = *want_f3 = 0;
	agreed_no_reply = no_reply;
	agreed_lead_space = (*want_steps & SMFIP_HDR_LEADSPC) != 0;
	if (!agreed_lead_space)
		log_warning("the MTA hides the space behind a header's colon: "
			    "nothing is done with simple headers");
	return new_session(ctx) ? SMFIS_CONTINUE : SMFIS_REJECT;
}

bool glue_open(const struct milter *the_milter, int listener)
{
	struct smfiDesc filter = {
		.xxfi_name = (char *)the_milter->name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_field,
		.xxfi_eoh = on_header,
		.xxfi_body = on_body,
		.xxfi_eom = on_end,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};
	char socket[16];

	milter = the_milter;
	for (int kind = 0; kind < EDIT_KINDS; kind++)
		if (milter->edits & 1u << kind)
			filter.xxfi_flags |= edit_flags[kind];
	filter.xxfi_flags |= SMFIF_SETSYMLIST;
	snprintf(socket, sizeof(socket), "fd:%d", listener);
	return smfi_setconn(socket) == MI_SUCCESS &&
	       smfi_register(filter) == MI_SUCCESS &&
	       smfi_opensocket(0) == MI_SUCCESS;
}

bool glue_serve(void)
{
	return smfi_main() == MI_SUCCESS;
}
