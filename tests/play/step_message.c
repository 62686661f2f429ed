/* SPDX-License-Identifier: BSD-2-Clause */

/* The steps of a message, from MAIL to its end. */
#include "play.h"
#include "transcript.h"

#include <errno.h>
#include <libmilter/mfdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void step_mail(struct play *p, char *rest)
{
	char *path = script_word(&rest);
	struct wire_reply reply;

	if (p->skipping == SKIP_CONNECTION)
		return;
	play_need_wire(p);
	p->skipping = SKIP_NOTHING;
	p->place = IN_ENVELOPE;
	p->rcpts = 0;
	p->chunk_len = 0;
	p->unsaved = false;
	message_reset(&p->message);
	printf("message %u\n", ++p->messages);
	play_send_macros(p, WIRE_AT_MAIL);
	play_check(p, wire_mail(&p->wire, path, rest, &reply));
	if (play_show(p, &reply, "mail"))
		p->skipping = SKIP_MESSAGE;
}

void step_rcpt(struct play *p, char *rest)
{
	char *path = script_word(&rest);
	struct wire_reply reply;
	char what[64];

	if (p->place != IN_ENVELOPE)
		script_die(&p->script, "rcpt outside an envelope");
	play_send_macros(p, WIRE_AT_RCPT);
	play_check(p, wire_rcpt(&p->wire, path, rest, &reply));
	snprintf(what, sizeof(what), "rcpt %s", path);
	if (!play_show(p, &reply, what))
		p->rcpts++;
	else if (reply.code == SMFIR_ACCEPT || reply.code == SMFIR_DISCARD)
		p->skipping = SKIP_MESSAGE;
}

/* Goes on to a later part of the message, sending what lies between. */
static void advance(struct play *p, enum place to)
{
	struct wire_reply reply;

	if (p->place == BEFORE_MAIL)
		script_die(&p->script, "%s before mail", p->script.step);
	if (p->place == IN_ENVELOPE && to > IN_ENVELOPE &&
	    p->skipping == SKIP_NOTHING) {
		p->place = IN_HEADERS;
		if (p->rcpts == 0) {
			puts("  no recipients");
			p->skipping = SKIP_MESSAGE;
			return;
		}
		play_send_macros(p, WIRE_AT_DATA);
		play_check(p, wire_data(&p->wire, &reply));
		if (play_show(p, &reply, "data"))
			p->skipping = SKIP_MESSAGE;
	}
	if (p->place == IN_HEADERS && to > IN_HEADERS &&
	    p->skipping == SKIP_NOTHING) {
		p->place = IN_BODY;
		play_send_macros(p, WIRE_AT_EOH);
		play_check(p, wire_eoh(&p->wire, &reply));
		if (play_show(p, &reply, "eoh"))
			p->skipping = SKIP_MESSAGE;
	}
}

void step_data(struct play *p, char *rest)
{
	(void)rest;
	advance(p, IN_HEADERS);
}

static void send_header(struct play *p, const char *name, const char *value)
{
	struct wire_reply reply;

	message_insert(&p->message, p->message.count, name, value);
	play_check(p, wire_header(&p->wire, name, value, &reply));
	if (play_show(p, &reply, "header"))
		p->skipping = SKIP_MESSAGE;
}

/* Splits "Name: value"; the value keeps its leading space. */
static char *split_header(struct play *p, char *text)
{
	char *colon = strchr(text, ':');

	if (!colon)
		script_die(&p->script, "%s Name: value", p->script.step);
	*colon = '\0';
	script_unescape(&p->script, text);
	script_unescape(&p->script, colon + 1);
	return colon + 1;
}

void step_header(struct play *p, char *rest)
{
	char *value = split_header(p, rest);

	advance(p, IN_HEADERS);
	if (p->place != IN_HEADERS)
		script_die(&p->script, "header after eoh");
	if (p->skipping == SKIP_NOTHING)
		send_header(p, rest, value);
}

void step_header_repeat(struct play *p, char *rest)
{
	unsigned long n = script_number(&p->script, &rest);
	char *value = split_header(p, rest);

	advance(p, IN_HEADERS);
	while (n-- > 0 && p->skipping == SKIP_NOTHING)
		send_header(p, rest, value);
}

void step_eoh(struct play *p, char *rest)
{
	(void)rest;
	advance(p, IN_BODY);
}

/* For a message too big to keep: it is not written for the verifier. */
void step_unsaved(struct play *p, char *rest)
{
	(void)rest;
	p->unsaved = true;
}

static void send_chunk(struct play *p)
{
	struct wire_reply reply;
	size_t len = p->chunk_len;

	p->chunk_len = 0;
	if (len == 0 || p->skipping != SKIP_NOTHING)
		return;
	play_check(p, wire_body(&p->wire, p->chunk, len, &reply));
	if (play_show(p, &reply, "body"))
		p->skipping = SKIP_MESSAGE;
}

static void send_body(struct play *p, const char *data, size_t len)
{
	/* Only a saved message needs the body: it can be huge. */
	if (p->save && !p->unsaved)
		message_add_body(&p->message, data, len);
	while (len > 0) {
		size_t n = p->chunk_size - p->chunk_len;

		if (n > len)
			n = len;
		memcpy(p->chunk + p->chunk_len, data, n);
		p->chunk_len += n;
		data += n;
		len -= n;
		if (p->chunk_len == p->chunk_size)
			send_chunk(p);
	}
}

void step_body(struct play *p, char *rest)
{
	size_t len;
	char *text = script_quoted(&p->script, rest, &len);

	advance(p, IN_BODY);
	send_body(p, text, len);
}

void step_body_repeat(struct play *p, char *rest)
{
	unsigned long n = script_number(&p->script, &rest);
	size_t len;
	char *text = script_quoted(&p->script, rest, &len);

	advance(p, IN_BODY);
	while (n-- > 0 && p->skipping == SKIP_NOTHING)
		send_body(p, text, len);
}

/* The path is seen from the script's folder; a bare LF is sent as CRLF. */
void step_body_file(struct play *p, char *rest)
{
	const char *slash = strrchr(p->script.name, '/');
	int dir = slash ? (int)(slash + 1 - p->script.name) : 0;
	char *path;
	FILE *f;
	int c, before = 0;

	if (asprintf(&path, "%.*s%s", dir, p->script.name, rest) < 0)
		abort();
	f = fopen(path, "r");
	if (!f)
		script_die(&p->script, "%s: %s", path, strerror(errno));
	advance(p, IN_BODY);
	while ((c = getc(f)) != EOF) {
		char byte = (char)c;

		if (c == '\n' && before != '\r')
			send_body(p, "\r", 1);
		send_body(p, &byte, 1);
		before = c;
	}
	fclose(f);
	free(path);
}

void step_chunk(struct play *p, char *rest)
{
	unsigned long n = script_number(&p->script, &rest);

	if (n < 1 || n > WIRE_DATA_MAX)
		script_die(&p->script, "chunk of 1 to %d", WIRE_DATA_MAX);
	if (p->place == IN_BODY)
		send_chunk(p);
	p->chunk_size = n;
}

static void apply_edit(struct play *p, const struct wire_edit *e)
{
	switch (e->code) {
	case SMFIR_INSHEADER:
		message_insert(&p->message, e->index, e->name, e->value);
		break;
	case SMFIR_ADDHEADER:
		message_insert(&p->message, p->message.count, e->name,
			       e->value);
		break;
	case SMFIR_CHGHEADER:
		message_change(&p->message, e->index, e->name, e->value);
		break;
	default:
		break;
	}
}

/* The edits, one by one, up to the answer. */
static void read_edits(struct play *p)
{
	struct wire_reply reply;
	struct wire_edit edit;
	bool new_body = false;

	for (;;) {
		play_check(p, wire_next(&p->wire, &reply));
		if (!wire_is_edit(reply.code))
			break;
		play_check(p, wire_edit_parse(&p->wire, &reply, &edit));
		if (reply.code != SMFIR_PROGRESS &&
		    reply.code != SMFIR_REPLBODY)
			transcript_edit(&edit, p->mask);
		if (reply.code == SMFIR_REPLBODY) {
			if (!new_body)
				p->message.body_len = 0;
			new_body = true;
			message_add_body(&p->message, reply.data, reply.len);
		}
		apply_edit(p, &edit);
	}
	if (new_body)
		printf("  replace-body by %zu bytes\n", p->message.body_len);
	play_remember(p, transcript_answer(&reply));
	printf("  eom: %s\n", p->last);
	p->skipping = SKIP_NOTHING;
	if (play_is_refusal(reply.code) && reply.code != SMFIR_ACCEPT)
		p->skipping = SKIP_MESSAGE;
}

static void save_message(struct play *p)
{
	char *path;

	if (asprintf(&path, "%s/%u.eml", p->save, p->messages) < 0)
		abort();
	if (!message_save(&p->message, path))
		script_die(&p->script, "%s: %s", path, strerror(errno));
	free(path);
}

void step_eom(struct play *p, char *rest)
{
	(void)rest;
	advance(p, IN_BODY);
	send_chunk(p);
	if (p->skipping != SKIP_NOTHING)
		return;
	play_send_macros(p, WIRE_AT_EOM);
	play_check(p, wire_eom(&p->wire));
	read_edits(p);
	if (p->save && !p->unsaved && p->skipping == SKIP_NOTHING)
		save_message(p);
	p->skipping = SKIP_NOTHING;
	p->place = BEFORE_MAIL;
}
