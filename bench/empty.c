/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A filter that does nothing: what libmilter and the protocol alone cost.
 *
 * usage: empty [-n] SOCKET
 *	-n	ask the MTA not to wait for answers
 */
#include <libmilter/mfapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool no_replies;

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)host;
	(void)address;
	return no_replies ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_path(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return no_replies ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return no_replies ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return no_replies ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
	return no_replies ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_eom(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1,
			     unsigned long f2, unsigned long f3,
			     unsigned long *pf0, unsigned long *pf1,
			     unsigned long *pf2, unsigned long *pf3)
{
	unsigned long silent = SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT |
			       SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;

	(void)ctx;
	(void)f0;
	(void)f2;
	(void)f3;
	*pf0 = 0;
	*pf1 = SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOUNKNOWN;
	if (no_replies)
		*pf1 |= silent;
	*pf1 &= f1;
	*pf2 = 0;
	*pf3 = 0;
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	static char name[] = "empty";
	struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_path,
		.xxfi_envrcpt = on_path,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_negotiate = on_negotiate,
	};

	no_replies = argc > 2 && strcmp(argv[1], "-n") == 0;
	if (argc < 2 || smfi_setconn(argv[argc - 1]) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS) {
		fputs("usage: empty [-n] SOCKET\n", stderr);
		return 2;
	}
	fputs("ready\n", stderr);
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
