/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The least that a filter at port 25 can do: it negotiates what auth-policy
 * does, hashes each message a number of times, and changes nothing. With 0 it
 * shows what libmilter and the protocol cost; with 2 what two signatures cost
 * whose hashes are made one by one. Canonicalization is one look at each
 * octet here, in search of the ends of lines.
 *
 * usage: floor_inbound TIMES SOCKET
 */
#include <libmilter/mfapi.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES_MAX = 2 };

struct state {
	EVP_MD_CTX *header[TIMES_MAX], *body[TIMES_MAX];
	size_t lines;
};

static EVP_MD *sha256;
static int times;

/* A filter without a digest measures nothing: stop. */
static void must(int ok, const char *what)
{
	if (ok > 0)
		return;
	perror(what);
	exit(1);
}

static struct state *find(SMFICTX *ctx)
{
	struct state *state = smfi_getpriv(ctx);

	if (state)
		return state;
	state = calloc(1, sizeof(*state));
	must(state != NULL, "state");
	for (int i = 0; i < times; i++) {
		state->header[i] = EVP_MD_CTX_new();
		state->body[i] = EVP_MD_CTX_new();
		must(state->header[i] && state->body[i], "EVP_MD_CTX_new");
	}
	must(smfi_setpriv(ctx, state) == MI_SUCCESS, "smfi_setpriv");
	return state;
}

static void add(struct state *state, EVP_MD_CTX *hash, const void *bytes,
		size_t n)
{
	const char *p = bytes, *end = p + n;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		state->lines++;
		p++;
	}
	must(EVP_DigestUpdate(hash, bytes, n), "digest");
}

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	(void)host;
	(void)address;
	find(ctx);
	return SMFIS_CONTINUE;
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
	(void)ctx;
	(void)name;
	return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	struct state *state = find(ctx);

	(void)argv;
	for (int i = 0; i < times; i++) {
		must(EVP_DigestInit_ex2(state->header[i], sha256, NULL),
		     "digest");
		must(EVP_DigestInit_ex2(state->body[i], sha256, NULL),
		     "digest");
	}
	return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct state *state = find(ctx);

	for (int i = 0; i < times; i++) {
		add(state, state->header[i], name, strlen(name));
		add(state, state->header[i], value, strlen(value));
	}
	return SMFIS_NOREPLY;
}

static sfsistat on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
	struct state *state = find(ctx);

	for (int i = 0; i < times; i++)
		add(state, state->body[i], data, len);
	return SMFIS_NOREPLY;
}

static sfsistat on_eom(SMFICTX *ctx)
{
	struct state *state = find(ctx);
	unsigned char digest[EVP_MAX_MD_SIZE];

	for (int i = 0; i < times; i++) {
		must(EVP_DigestFinal_ex(state->header[i], digest, NULL),
		     "digest");
		must(EVP_DigestFinal_ex(state->body[i], digest, NULL),
		     "digest");
	}
	return SMFIS_ACCEPT;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct state *state = smfi_getpriv(ctx);

	if (!state)
		return SMFIS_CONTINUE;
	for (int i = 0; i < times; i++) {
		EVP_MD_CTX_free(state->header[i]);
		EVP_MD_CTX_free(state->body[i]);
	}
	free(state);
	smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1,
			     unsigned long f2, unsigned long f3,
			     unsigned long *pf0, unsigned long *pf1,
			     unsigned long *pf2, unsigned long *pf3)
{
	static char at_connect[] = "j", at_mail[] = "i {auth_authen}",
		    at_end[] = "i";

	(void)f2;
	(void)f3;
	*pf0 = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE;
	if (f0 & SMFIF_SETSYMLIST) {
		*pf0 |= SMFIF_SETSYMLIST;
		smfi_setsymlist(ctx, SMFIM_CONNECT, at_connect);
		smfi_setsymlist(ctx, SMFIM_ENVFROM, at_mail);
		smfi_setsymlist(ctx, SMFIM_EOH, at_end);
		smfi_setsymlist(ctx, SMFIM_EOM, at_end);
	}
	*pf1 = SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NORCPT | SMFIP_NODATA |
	       SMFIP_NR_HDR | SMFIP_NR_BODY | SMFIP_NOUNKNOWN |
	       SMFIP_HDR_LEADSPC;
	*pf1 &= f1;
	*pf2 = 0;
	*pf3 = 0;
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	static char name[] = "floor_inbound";
	struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE |
			      SMFIF_SETSYMLIST,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	times = argc == 3 ? atoi(argv[1]) : -1;
	if (times < 0 || times > TIMES_MAX ||
	    smfi_setconn(argv[2]) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS) {
		fputs("usage: floor_inbound 0|1|2 SOCKET\n", stderr);
		return 2;
	}
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(sha256 != NULL, "SHA256");
	fputs("ready\n", stderr);
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
