/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Plays a script of an SMTP conversation to a filter, as an MTA would, and
 * prints what the filter answered and edited. Answers that change nothing
 * ("continue") are left out, so that a transcript does not depend on which
 * answers the filter has declared superfluous.
 *
 * As in an MTA, a refusal ends the message (the steps up to the next "mail"
 * are skipped, and no abort is sent), at connect and helo the connection.
 */
#include "play.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct step {
	const char *name;
	void (*run)(struct play *p, char *rest);
	bool always; /* also while steps are skipped */
};

static const struct step steps[] = {
	{ "abort", step_abort, true },
	{ "body", step_body, false },
	{ "body-file", step_body_file, false },
	{ "body-repeat", step_body_repeat, false },
	{ "chunk", step_chunk, true },
	{ "connect", step_connect, true },
	{ "data", step_data, false },
	{ "drop", step_drop, true },
	{ "eoh", step_eoh, false },
	{ "eom", step_eom, false },
	{ "expect", step_expect, true },
	{ "header", step_header, false },
	{ "header-repeat", step_header_repeat, false },
	{ "helo", step_helo, false },
	{ "macro", step_macro, true },
	{ "mail", step_mail, true },
	{ "peak-limit", step_peak_limit, true },
	{ "peak-mark", step_peak_mark, true },
	{ "quit", step_quit, true },
	{ "quit-nc", step_quit_nc, true },
	{ "rcpt", step_rcpt, false },
	{ "show-negotiation", step_show_negotiation, true },
	{ "unknown", step_unknown, false },
	{ "unsaved", step_unsaved, false },
};

static void run_step(struct play *p)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (strcmp(steps[i].name, p->script.step) != 0)
			continue;
		if (p->skipping == SKIP_NOTHING || steps[i].always)
			steps[i].run(p, p->script.rest);
		return;
	}
	script_die(&p->script, "unknown step %s", p->script.step);
}

static void run_script(struct play *p)
{
	while (script_next(&p->script))
		run_step(p);
	if (p->connected)
		wire_quit(&p->wire);
	wire_close(&p->wire);
}

static void usage(void)
{
	fputs("usage: play [-mv] [--socket S] [--save DIR] [--timeout MS] "
	      "[--pid PID] SCRIPT\n",
	      stderr);
	exit(2);
}

static void read_options(struct play *p, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "save", required_argument, NULL, 'o' },
		{ "pid", required_argument, NULL, 'p' },
		{ "timeout", required_argument, NULL, 't' },
		{ "mask", no_argument, NULL, 'm' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:o:p:t:mv", long_options,
				NULL)) != -1) {
		if (c == 's')
			p->socket = optarg;
		else if (c == 'o')
			p->save = optarg;
		else if (c == 'p')
			p->pid = atoi(optarg);
		else if (c == 't')
			p->timeout_ms = atoi(optarg);
		else if (c == 'm')
			p->mask = true;
		else if (c == 'v')
			p->verbose = true;
		else
			usage();
	}
	if (optind + 1 != argc)
		usage();
}

int main(int argc, char **argv)
{
	static struct play p = { .wire.fd = -1,
				 .timeout_ms = 30000,
				 .chunk_size = WIRE_DATA_MAX };

	p.socket = getenv("MILTER_SOCKET");
	read_options(&p, argc, argv);
	p.chunk = malloc(WIRE_DATA_MAX);
	if (!p.socket || !p.chunk)
		usage();
	if (!script_open(&p.script, argv[argc - 1])) {
		perror(argv[argc - 1]);
		return 2;
	}
	run_script(&p);
	script_close(&p.script);
	message_reset(&p.message);
	while (p.macro_count > 0)
		play_forget_macro(&p, 0);
	free(p.chunk);
	free(p.last);
	return p.failures > 0 ? 1 : 0;
}
