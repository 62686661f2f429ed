/* SPDX-License-Identifier: BSD-2-Clause */
#include <dlfcn.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Preloaded into a daemon, this stands between it and libmilter's edits. Each
 * edit is written to the file FAULT_TRACE as it comes. The file FAULT says
 * what goes wrong at which one, counted from 1 since the file was last
 * written: "kill-before N", "kill-after N", "fail N" (libmilter would not take
 * it) or "swallow N" (the MTA drops it and does not say so). What stands
 * behind that makes one FAULT differ from the last. It strikes once, and the
 * file is empty then. For one message at a time.
 */

enum fault { NONE, KILL_BEFORE, KILL_AFTER, FAIL, SWALLOW };

static enum fault next_fault(void)
{
	static const char *const names[] = { "none", "kill-before",
					     "kill-after", "fail", "swallow" };
	static char last[64];
	static int count;
	char text[sizeof(last)] = "", name[16];
	FILE *file = fopen(getenv("FAULT"), "r");
	int at;

	if (!file)
		return NONE;
	if (!fgets(text, sizeof(text), file))
		*text = 0;
	fclose(file);
	if (strcmp(text, last) != 0)
		count = 0;
	memcpy(last, text, sizeof(last));
	count++;
	if (sscanf(text, "%15s %d", name, &at) != 2 || at != count)
		return NONE;
	if (truncate(getenv("FAULT"), 0) != 0)
		abort();
	for (int i = 0; i <= SWALLOW; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum fault)i;
	abort();
}

static void trace(const char *edit, const char *about)
{
	int file = open(getenv("FAULT_TRACE"), O_WRONLY | O_APPEND);

	if (file < 0)
		return;
	dprintf(file, "%s %s\n", edit, about ? about : "");
	close(file);
}

/* True when the edit is to be made. */
static bool before(enum fault *fault, const char *edit, const char *about)
{
	trace(edit, about);
	*fault = next_fault();
	if (*fault == KILL_BEFORE)
		raise(SIGKILL);
	return *fault != FAIL && *fault != SWALLOW;
}

static int after(enum fault fault, int result)
{
	if (fault == KILL_AFTER)
		raise(SIGKILL);
	return fault == FAIL ? MI_FAILURE : result;
}

/* An edit of libmilter under its own name, by way of the two above. */
#define EDIT(name, about, parameters, arguments)                   \
	int name parameters                                        \
	{                                                          \
		static int(*real) parameters;                      \
		enum fault fault;                                  \
		int result = MI_SUCCESS;                           \
		if (!real)                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		if (before(&fault, #name, about))                  \
			result = real arguments;                   \
		return after(fault, result);                       \
	}

EDIT(smfi_addrcpt, rcpt, (SMFICTX * ctx, char *rcpt), (ctx, rcpt))
EDIT(smfi_addrcpt_par, rcpt, (SMFICTX * ctx, char *rcpt, char *args),
     (ctx, rcpt, args))
EDIT(smfi_delrcpt, rcpt, (SMFICTX * ctx, char *rcpt), (ctx, rcpt))
EDIT(smfi_chgfrom, from, (SMFICTX * ctx, char *from, char *args),
     (ctx, from, args))
EDIT(smfi_insheader, name, (SMFICTX * ctx, int at, char *name, char *value),
     (ctx, at, name, value))
EDIT(smfi_chgheader, name, (SMFICTX * ctx, char *name, int at, char *value),
     (ctx, name, at, value))
EDIT(smfi_replacebody, NULL, (SMFICTX * ctx, unsigned char *body, int n),
     (ctx, body, n))
EDIT(smfi_quarantine, reason, (SMFICTX * ctx, char *reason), (ctx, reason))
