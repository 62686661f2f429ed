/* SPDX-License-Identifier: BSD-2-Clause */

/* The steps outside a message, and what all steps need. */
#include "play.h"
#include "transcript.h"

#include <errno.h>
#include <libmilter/mfdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void finish(struct play *p, enum wire_result result)
	__attribute__((noreturn));

/* The filter failed: that is the end of the transcript. */
static void finish(struct play *p, enum wire_result result)
{
	printf("  filter: %s\n", wire_result_name(result));
	fflush(stdout);
	fprintf(stderr, "%s:%u: %s\n", p->script.name, p->script.line,
		p->wire.error);
	exit(1);
}

void play_check(struct play *p, enum wire_result result)
{
	if (result != WIRE_OK)
		finish(p, result);
}

void play_remember(struct play *p, char *answer)
{
	free(p->last);
	p->last = answer;
}

bool play_is_refusal(unsigned char code)
{
	return code != SMFIR_CONTINUE && code != SMFIR_SKIP &&
	       code != SMFIR_PROGRESS;
}

bool play_show(struct play *p, const struct wire_reply *reply, const char *what)
{
	const char *quiet;

	if (reply->heard != WIRE_REPLY) {
		quiet = reply->heard == WIRE_NOT_SENT ? "not-sent" : "silent";
		play_remember(p, strdup(quiet));
		if (p->verbose)
			printf("  %s: (%s)\n", what, p->last);
		return false;
	}
	play_remember(p, transcript_answer(reply));
	if (play_is_refusal(reply->code) || p->verbose)
		printf("  %s: %s\n", what, p->last);
	return play_is_refusal(reply->code);
}

void play_send_macros(struct play *p, enum wire_stage stage)
{
	play_check(p, wire_macros(&p->wire, stage, p->macros, p->macro_count));
}

void play_need_wire(struct play *p)
{
	if (p->connected)
		return;
	play_check(p, wire_open(&p->wire, p->socket, p->timeout_ms));
	play_check(p, wire_negotiate(&p->wire, wire_all_actions(),
				     wire_all_protocol()));
	p->connected = true;
}

/* "HOST [ADDRESS]:PORT", "HOST [ADDRESS]", "HOST". */
void step_connect(struct play *p, char *rest)
{
	char *host = script_word(&rest);
	char *end = strrchr(rest, ']');
	const char *address = "";
	unsigned long port = 0;
	struct wire_reply reply;

	if (rest[0] != '\0') {
		if (rest[0] != '[' || !end)
			script_die(&p->script, "connect HOST [ADDRESS]:PORT");
		address = rest + 1;
		*end++ = '\0';
		if (*end == ':') {
			end++;
			port = script_number(&p->script, &end);
		}
	}
	p->skipping = SKIP_NOTHING;
	p->place = BEFORE_MAIL;
	play_need_wire(p);
	play_send_macros(p, WIRE_AT_CONNECT);
	play_check(p, wire_connect(&p->wire, host, address, (unsigned)port,
				   &reply));
	if (play_show(p, &reply, "connect"))
		p->skipping = SKIP_CONNECTION;
}

void step_helo(struct play *p, char *rest)
{
	struct wire_reply reply;

	play_need_wire(p);
	play_send_macros(p, WIRE_AT_HELO);
	play_check(p, wire_helo(&p->wire, rest, &reply));
	if (play_show(p, &reply, "helo"))
		p->skipping = SKIP_CONNECTION;
}

void step_abort(struct play *p, char *rest)
{
	(void)rest;
	puts("  abort");
	play_need_wire(p);
	play_check(p, wire_abort(&p->wire));
	p->place = BEFORE_MAIL;
	if (p->skipping == SKIP_MESSAGE)
		p->skipping = SKIP_NOTHING;
}

void step_unknown(struct play *p, char *rest)
{
	struct wire_reply reply;

	play_need_wire(p);
	play_check(p, wire_unknown(&p->wire, rest, &reply));
	play_show(p, &reply, "unknown");
}

/* Ends the connection; the next step opens another one. */
void step_quit(struct play *p, char *rest)
{
	(void)rest;
	if (!p->connected)
		return;
	play_check(p, wire_quit(&p->wire));
	wire_close(&p->wire);
	p->connected = false;
	p->skipping = SKIP_NOTHING;
	p->place = BEFORE_MAIL;
}

/*
 * Ends the session; the next one goes over the same connection. The libmilter
 * of Sendmail 8.17 doesn't answer a connect after it, nor tell the filter: use
 * it with filters that speak the protocol by other means.
 */
void step_quit_nc(struct play *p, char *rest)
{
	(void)rest;
	play_need_wire(p);
	play_check(p, wire_quit_nc(&p->wire));
	p->skipping = SKIP_NOTHING;
	p->place = BEFORE_MAIL;
}

/* Closes without a word, as a dying MTA does. */
void step_drop(struct play *p, char *rest)
{
	(void)rest;
	wire_close(&p->wire);
	p->connected = false;
	p->skipping = SKIP_NOTHING;
	p->place = BEFORE_MAIL;
}

void play_forget_macro(struct play *p, size_t i)
{
	free((char *)p->macros[i].name);
	free((char *)p->macros[i].value);
	p->macros[i] = p->macros[--p->macro_count];
}

/* "macro NAME VALUE", and "macro NAME" to forget it; the braces are ours. */
void step_macro(struct play *p, char *rest)
{
	char *word = script_word(&rest);
	const char *form = strlen(word) > 1 && word[0] != '{' ? "{%s}" : "%s";
	char *name;

	if (word[0] == '\0')
		script_die(&p->script, "macro NAME VALUE");
	if (asprintf(&name, form, word) < 0)
		abort();
	script_unescape(&p->script, rest);
	for (size_t i = 0; i < p->macro_count; i++)
		if (strcmp(p->macros[i].name, name) == 0)
			play_forget_macro(p, i);
	if (rest[0] == '\0') {
		free(name);
		return;
	}
	if (p->macro_count == PLAY_MACROS_MAX)
		script_die(&p->script, "too many macros");
	p->macros[p->macro_count].name = name;
	p->macros[p->macro_count].value = strdup(rest);
	p->macro_count++;
}

/* The last answer must begin with the text; for scripts without a golden. */
void step_expect(struct play *p, char *rest)
{
	const char *last = p->last ? p->last : "nothing";

	if (strncmp(last, rest, strlen(rest)) == 0)
		return;
	printf("  expected %s, got %s\n", rest, last);
	p->failures++;
}

void step_show_negotiation(struct play *p, char *rest)
{
	(void)rest;
	play_need_wire(p);
	transcript_negotiation(&p->wire);
}

/* The most memory that the filter ever held, in KiB. */
static long read_peak(struct play *p)
{
	char path[64];
	char line[256];
	long kib = -1;
	FILE *f;

	if (p->pid == 0)
		script_die(&p->script, "%s wants --pid", p->script.step);
	snprintf(path, sizeof(path), "/proc/%d/status", p->pid);
	f = fopen(path, "r");
	if (!f)
		script_die(&p->script, "%s: %s", path, strerror(errno));
	while (kib < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "VmHWM: %ld", &kib);
	fclose(f);
	return kib;
}

void step_peak_mark(struct play *p, char *rest)
{
	(void)rest;
	p->peak = read_peak(p);
}

/*
 * "peak-limit KIB": the filter's memory has not grown by more since the mark.
 * Not asked of a filter under a sanitizer, which keeps what was freed.
 */
void step_peak_limit(struct play *p, char *rest)
{
	long limit = (long)script_number(&p->script, &rest);
	long grown = read_peak(p) - p->peak;

	if (grown <= limit || getenv("PLAY_ANY_MEMORY")) {
		printf("  memory grew by at most %ld KiB\n", limit);
		return;
	}
	printf("  memory grew by %ld KiB\n", grown);
	p->failures++;
}
