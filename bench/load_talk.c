/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <libmilter/mfdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * A MTA with several filters shows each step of the envelope to all of them,
 * and then the message to one after the other, with the edits of those before.
 */

void load_talk_init(struct load_talk *talk, unsigned id)
{
	*talk = (struct load_talk){ .id = id };
	for (size_t i = 0; i < LOAD_FILTERS_MAX; i++)
		talk->wires[i].fd = -1;
}

/* True if all went well and the filter, if it answered, wants to go on. */
static bool went_on(struct load_talk *talk, struct wire *w,
		    enum wire_result result, const struct wire_reply *reply,
		    const char *what)
{
	if (result != WIRE_OK) {
		snprintf(talk->failure, sizeof(talk->failure), "%s: %s", what,
			 w->error);
		return false;
	}
	if (reply && reply->heard == WIRE_REPLY &&
	    reply->code != SMFIR_CONTINUE && reply->code != SMFIR_SKIP) {
		snprintf(talk->failure, sizeof(talk->failure), "%s: %s %.*s",
			 what, wire_code_name(reply->code), (int)reply->len,
			 (const char *)reply->data);
		return false;
	}
	return true;
}

static bool send_macros(struct load_talk *talk, struct wire *w,
			enum wire_stage stage)
{
	const bool login = *load_options.login != '\0';
	const struct wire_macro macros[] = {
		{ "i", talk->queue_id },
		{ "j", "mail.example.org" },
		{ "{daemon_name}", login ? "submission" : "smtpd" },
		{ "v", "Postfix 3.7.11" },
		{ "{mail_addr}", load_options.sender },
		{ "{rcpt_addr}", load_options.recipient },
		{ "{auth_type}", "PLAIN" },
		{ "{auth_authen}", load_options.login },
	};
	/* A stranger has none of the last two. */
	size_t count = sizeof(macros) / sizeof(*macros) - (login ? 0 : 2);

	return went_on(talk, w, wire_macros(w, stage, macros, count), NULL,
		       "macros");
}

static bool send_envelope(struct load_talk *talk, struct wire *w)
{
	char from[300], to[300];
	struct wire_reply reply;

	snprintf(from, sizeof(from), "<%s>", load_options.sender);
	snprintf(to, sizeof(to), "<%s>", load_options.recipient);
	return send_macros(talk, w, WIRE_AT_MAIL) &&
	       went_on(talk, w, wire_mail(w, from, "SIZE=4096", &reply), &reply,
		       "mail") &&
	       send_macros(talk, w, WIRE_AT_RCPT) &&
	       went_on(talk, w, wire_rcpt(w, to, "", &reply), &reply, "rcpt") &&
	       send_macros(talk, w, WIRE_AT_DATA) &&
	       went_on(talk, w, wire_data(w, &reply), &reply, "data");
}

static bool send_field(struct load_talk *talk, struct wire *w,
		       const struct load_field *field)
{
	struct wire_reply reply;

	return went_on(talk, w,
		       wire_header(w, field->name, field->value, &reply),
		       &reply, field->name);
}

static bool send_message_id(struct load_talk *talk, struct wire *w, char *name)
{
	char value[128];
	const struct load_field field = { name, value };

	snprintf(value, sizeof(value), " <%s@example.org>", talk->queue_id);
	return send_field(talk, w, &field);
}

static bool send_header(struct load_talk *talk, struct wire *w)
{
	struct wire_reply reply;

	/* What was inserted last stands on top. */
	for (size_t i = talk->n_inserted; i > 0; i--)
		if (!send_field(talk, w, &talk->inserted[i - 1]))
			return false;
	for (size_t i = 0; i < load_message.n; i++) {
		const struct load_field *field = &load_message.fields[i];
		bool own = load_options.unique &&
			   strcasecmp(field->name, "Message-ID") == 0;

		if (own ? !send_message_id(talk, w, field->name)
			: !send_field(talk, w, field))
			return false;
	}
	return send_macros(talk, w, WIRE_AT_EOH) &&
	       went_on(talk, w, wire_eoh(w, &reply), &reply, "eoh");
}

static bool send_body(struct load_talk *talk, struct wire *w)
{
	size_t left = load_message.size;
	const char *p = load_message.body;
	struct wire_reply reply;

	while (left > 0) {
		size_t n = left > WIRE_DATA_MAX ? WIRE_DATA_MAX : left;

		if (!went_on(talk, w, wire_body(w, p, n, &reply), &reply,
			     "body"))
			return false;
		p += n;
		left -= n;
	}
	return true;
}

/* Keeps a field that was inserted, for the next filters and the last check. */
static void keep(struct load_talk *talk, const struct wire *w,
		 const struct wire_edit *edit)
{
	struct load_field *field = &talk->inserted[talk->n_inserted];
	bool space = w->protocol & SMFIP_HDR_LEADSPC;

	if (talk->n_inserted == LOAD_INSERTED_MAX)
		return;
	field->name = strdup(edit->name);
	if (asprintf(&field->value, "%s%s", space ? "" : " ", edit->value) < 0)
		field->value = NULL;
	if (!field->name || !field->value)
		load_die("field", "out of memory");
	talk->n_inserted++;
}

static void forget(struct load_talk *talk)
{
	for (size_t i = 0; i < talk->n_inserted; i++) {
		free(talk->inserted[i].name);
		free(talk->inserted[i].value);
	}
	talk->n_inserted = 0;
}

/* The edits and the answer. */
static bool read_end(struct load_talk *talk, struct wire *w)
{
	struct wire_reply reply;
	struct wire_edit edit;

	for (;;) {
		if (!went_on(talk, w, wire_next(w, &reply), NULL, "eom"))
			return false;
		if (!wire_is_edit(reply.code))
			break;
		if (!went_on(talk, w, wire_edit_parse(w, &reply, &edit), NULL,
			     "edit"))
			return false;
		talk->edits++;
		if (reply.code == SMFIR_INSHEADER ||
		    reply.code == SMFIR_ADDHEADER)
			keep(talk, w, &edit);
	}
	if (reply.code == SMFIR_ACCEPT)
		reply.code = SMFIR_CONTINUE;
	return went_on(talk, w, WIRE_OK, &reply, "eom");
}

static bool send_to(struct load_talk *talk, struct wire *w)
{
	return send_header(talk, w) && send_body(talk, w) &&
	       send_macros(talk, w, WIRE_AT_EOM) &&
	       went_on(talk, w, wire_eom(w), NULL, "eom") && read_end(talk, w);
}

static bool has_value(const struct load_talk *talk, const char *value)
{
	for (size_t i = 0; i < talk->n_inserted; i++)
		if (strcasecmp(talk->inserted[i].name, load_options.header) ==
			    0 &&
		    strstr(talk->inserted[i].value, value))
			return true;
	return false;
}

/* The wanted headers must be among the edits: else nothing was measured. */
static bool check_inserted(struct load_talk *talk)
{
	long found = 0;

	for (size_t i = 0; i < talk->n_inserted; i++)
		found += strcasecmp(talk->inserted[i].name,
				    load_options.header) == 0;
	if (found != load_options.inserted) {
		snprintf(talk->failure, sizeof(talk->failure),
			 "%ld %s inserted", found, load_options.header);
		return false;
	}
	if (load_options.edits >= 0 && talk->edits != load_options.edits) {
		snprintf(talk->failure, sizeof(talk->failure), "%ld edits",
			 talk->edits);
		return false;
	}
	for (size_t i = 0; i < load_options.n_values; i++)
		if (!has_value(talk, load_options.values[i])) {
			snprintf(talk->failure, sizeof(talk->failure),
				 "no %s in %s, but%s", load_options.values[i],
				 load_options.header,
				 found ? talk->inserted[talk->n_inserted - 1]
						 .value
				       : " nothing");
			return false;
		}
	return true;
}

bool load_talk_message(struct load_talk *talk, long n)
{
	bool good = true;

	snprintf(talk->queue_id, sizeof(talk->queue_id), "4Xq%uz%ld", talk->id,
		 n);
	talk->edits = 0;
	if (load_options.verdict)
		talk->inserted[talk->n_inserted++] =
			load_verdict_make(talk->queue_id);
	for (size_t i = 0; good && i < load_options.n_sockets; i++)
		good = send_envelope(talk, &talk->wires[i]);
	for (size_t i = 0; good && i < load_options.n_sockets; i++)
		good = send_to(talk, &talk->wires[i]);
	good = good && check_inserted(talk);
	forget(talk);
	return good;
}

static bool begin(struct load_talk *talk, struct wire *w, const char *socket)
{
	const struct load_options *o = &load_options;
	struct wire_reply reply;

	return went_on(talk, w, wire_open(w, socket, (int)o->timeout_ms), NULL,
		       "connect") &&
	       went_on(talk, w,
		       wire_negotiate(w, wire_all_actions(),
				      wire_all_protocol()),
		       NULL, "negotiate") &&
	       send_macros(talk, w, WIRE_AT_CONNECT) &&
	       went_on(talk, w,
		       wire_connect(w, o->helo, o->client, 40001, &reply),
		       &reply, "connect") &&
	       send_macros(talk, w, WIRE_AT_HELO) &&
	       went_on(talk, w, wire_helo(w, o->helo, &reply), &reply, "helo");
}

bool load_talk_begin(struct load_talk *talk)
{
	for (size_t i = 0; i < load_options.n_sockets; i++)
		if (!begin(talk, &talk->wires[i], load_options.sockets[i]))
			return false;
	return true;
}

bool load_talk_is_open(const struct load_talk *talk)
{
	return talk->wires[0].fd >= 0;
}

bool load_talk_flush(struct load_talk *talk)
{
	for (size_t i = 0; i < load_options.n_sockets; i++)
		if (wire_flush(&talk->wires[i]) != WIRE_OK)
			return false;
	return true;
}

void load_talk_quit(struct load_talk *talk)
{
	for (size_t i = 0; i < load_options.n_sockets; i++) {
		if (talk->wires[i].fd >= 0)
			wire_quit(&talk->wires[i]);
		wire_close(&talk->wires[i]);
	}
}
