/* SPDX-License-Identifier: BSD-2-Clause */
#include "transcript.h"

#include <libmilter/mfdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct flag {
	uint32_t bit;
	const char *name;
};

/* clang-format off */

/* In the order of SMFIF_ADDHDRS (1) to SMFIF_SETSYMLIST (0x100). */
static const struct flag actions[] = {
	{ 0x001, "add-header" },
	{ 0x002, "replace-body" },
	{ 0x004, "add-rcpt" },
	{ 0x008, "delete-rcpt" },
	{ 0x010, "change-header" },
	{ 0x020, "quarantine" },
	{ 0x040, "change-from" },
	{ 0x080, "add-rcpt-args" },
	{ 0x100, "macro-lists" },
	{ 0, NULL },
};

static const struct flag declined[] = {
	{ SMFIP_NOCONNECT, "connect" },
	{ SMFIP_NOHELO, "helo" },
	{ SMFIP_NOMAIL, "mail" },
	{ SMFIP_NORCPT, "rcpt" },
	{ SMFIP_NODATA, "data" },
	{ SMFIP_NOHDRS, "header" },
	{ SMFIP_NOEOH, "eoh" },
	{ SMFIP_NOBODY, "body" },
	{ SMFIP_NOUNKNOWN, "unknown" },
	{ 0, NULL },
};

static const struct flag silent[] = {
	{ SMFIP_NR_CONN, "connect" },
	{ SMFIP_NR_HELO, "helo" },
	{ SMFIP_NR_MAIL, "mail" },
	{ SMFIP_NR_RCPT, "rcpt" },
	{ SMFIP_NR_DATA, "data" },
	{ SMFIP_NR_HDR, "header" },
	{ SMFIP_NR_EOH, "eoh" },
	{ SMFIP_NR_BODY, "body" },
	{ SMFIP_NR_UNKN, "unknown" },
	{ 0, NULL },
};

static const struct flag options[] = {
	{ SMFIP_SKIP, "skip" },
	{ SMFIP_RCPT_REJ, "rejected-rcpt" },
	{ SMFIP_HDR_LEADSPC, "leading-space" },
	{ 0, NULL },
};

/* clang-format on */

static const char *const stages[WIRE_STAGES] = {
	[WIRE_AT_CONNECT] = "connect", [WIRE_AT_HELO] = "helo",
	[WIRE_AT_MAIL] = "mail",       [WIRE_AT_RCPT] = "rcpt",
	[WIRE_AT_DATA] = "data",       [WIRE_AT_EOM] = "eom",
	[WIRE_AT_EOH] = "eoh",
};

/* UTF-8 stays as it is, for people; control characters do not. */
static void put_escaped(FILE *f, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n')
			fputs("\\n", f);
		else if (c == '\r')
			fputs("\\r", f);
		else if (c == '\t')
			fputs("\\t", f);
		else if (c == '\\')
			fputs("\\\\", f);
		else if (c < ' ' || c == 0x7f)
			fprintf(f, "\\x%02x", c);
		else
			fputc(c, f);
	}
}

/* A filter doubles the per cent signs of its replies; the MTA undoes it. */
static void put_reply(FILE *f, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		put_escaped(f, text + i, 1);
		if (text[i] == '%' && i + 1 < len && text[i + 1] == '%')
			i++;
	}
}

char *transcript_answer(const struct wire_reply *reply)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	fputs(wire_code_name(reply->code), f);
	if (reply->code == SMFIR_REPLYCODE) {
		fputc(' ', f);
		put_reply(f, (const char *)reply->data,
			  strnlen((const char *)reply->data, reply->len));
	} else if (reply->len > 0) {
		fprintf(f, " with %zu bytes", reply->len);
	}
	if (fclose(f) != 0)
		abort();
	return text;
}

/* True for fields whose b= tag is a signature. */
static bool is_signature(const char *name)
{
	return strcasecmp(name, "DKIM-Signature") == 0 ||
	       strcasecmp(name, "ARC-Message-Signature") == 0 ||
	       strcasecmp(name, "ARC-Seal") == 0;
}

/* Copies a tag list, the value of b= replaced by a star. */
static void copy_masked(char *out, const char *in)
{
	while (*in != '\0') {
		size_t tag = strcspn(in, ";");
		size_t space = strspn(in, " \t\r\n");

		if (space + 2 <= tag && in[space] == 'b' &&
		    in[space + 1] == '=') {
			memcpy(out, in, space);
			memcpy(out + space, "b=*", 3);
			out += space + 3;
		} else {
			memcpy(out, in, tag);
			out += tag;
		}
		in += tag;
		if (*in == ';')
			*out++ = *in++;
	}
	*out = '\0';
}

/* Each line of a folded value on one line. */
static void put_folded(const char *value)
{
	while (*value != '\0') {
		size_t len = strcspn(value, "\n");

		fputs("  |", stdout);
		put_escaped(stdout, value, len);
		putchar('\n');
		value += len;
		if (*value == '\n')
			value++;
	}
}

static void put_header(const struct wire_edit *edit, bool mask)
{
	char *masked;

	if (!mask || !is_signature(edit->name)) {
		put_folded(edit->value);
		return;
	}
	/* "b=*" is longer than an empty "b=" by one byte a tag. */
	masked = malloc(strlen(edit->value) * 2 + 1);
	if (!masked)
		abort();
	copy_masked(masked, edit->value);
	put_folded(masked);
	free(masked);
}

void transcript_edit(const struct wire_edit *edit, bool mask)
{
	printf("  %s", wire_code_name(edit->code));
	switch (edit->code) {
	case SMFIR_INSHEADER:
	case SMFIR_CHGHEADER:
		printf(" %lu", (unsigned long)edit->index);
		/* fall through */
	case SMFIR_ADDHEADER:
		putchar(' ');
		put_escaped(stdout, edit->name, strlen(edit->name));
		fputs(":\n", stdout);
		put_header(edit, mask);
		return;
	default:
		break;
	}
	if (edit->name[0] != '\0')
		putchar(' ');
	put_escaped(stdout, edit->name, strlen(edit->name));
	if (edit->value[0] != '\0')
		putchar(' ');
	put_escaped(stdout, edit->value, strlen(edit->value));
	putchar('\n');
}

static void put_flags(const char *title, uint32_t set, const struct flag *f)
{
	printf("  %s:", title);
	for (; f->name; f++)
		if ((set & f->bit) != 0)
			printf(" %s", f->name);
	putchar('\n');
}

void transcript_negotiation(const struct wire *w)
{
	printf("negotiated version %lu\n", (unsigned long)w->version);
	put_flags("edits", w->actions, actions);
	put_flags("not sent", w->protocol, declined);
	put_flags("not answered", w->protocol, silent);
	put_flags("options", w->protocol, options);
	for (size_t i = 0; i < WIRE_STAGES; i++)
		if (w->symbols[i])
			printf("  macros at %s: %s\n", stages[i],
			       w->symbols[i]);
}
