/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The least that forward can do: it negotiates what forward does, hashes the
 * body once and the header once, and makes the signatures of mail that is
 * forwarded, with keys and algorithms that were fetched once: DKIM's with RSA
 * and with Ed25519, and RSA's of an ARC-Message-Signature and an ARC-Seal. No
 * canonicalization, no aliases, no SRS, no edits, no log. Without keys it
 * signs and hashes nothing: an empty filter.
 *
 * usage: floor_forward [RSA.pem ED25519.pem] SOCKET
 */
#include <libmilter/mfapi.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNATURE_MAX = 1024, RSA_SIGNATURES = 3 };

struct state {
	EVP_MD_CTX *header, *body, *one;
};

static EVP_MD *sha256;
/* Copied for each signature; NULL: nothing is signed. */
static EVP_PKEY_CTX *rsa;
static EVP_MD_CTX *ed25519;

/* A filter without a digest or a signature measures nothing: stop. */
static void must(int ok, const char *what)
{
	if (ok > 0)
		return;
	perror(what);
	exit(1);
}

static EVP_MD_CTX *new_hash(void)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	must(hash != NULL, "EVP_MD_CTX_new");
	return hash;
}

static struct state *find(SMFICTX *ctx)
{
	struct state *state = smfi_getpriv(ctx);

	if (state)
		return state;
	state = calloc(1, sizeof(*state));
	must(state != NULL, "state");
	state->header = new_hash();
	state->body = new_hash();
	state->one = new_hash();
	must(smfi_setpriv(ctx, state) == MI_SUCCESS, "smfi_setpriv");
	return state;
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
	must(EVP_DigestInit_ex2(state->header, sha256, NULL), "digest");
	must(EVP_DigestInit_ex2(state->body, sha256, NULL), "digest");
	return SMFIS_NOREPLY;
}

static sfsistat on_rcpt(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_CONTINUE;
}

static void add(EVP_MD_CTX *hash, const void *bytes, size_t n)
{
	if (rsa)
		must(EVP_DigestUpdate(hash, bytes, n), "digest");
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct state *state = find(ctx);

	add(state->header, name, strlen(name));
	add(state->header, value, strlen(value));
	return SMFIS_NOREPLY;
}

static sfsistat on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
	add(find(ctx)->body, data, len);
	return SMFIS_NOREPLY;
}

static void sign_rsa(const unsigned char *digest)
{
	unsigned char signature[SIGNATURE_MAX];
	size_t n = sizeof(signature);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(rsa);

	must(ctx != NULL, "EVP_PKEY_CTX_dup");
	must(EVP_PKEY_sign(ctx, signature, &n, digest,
			   (size_t)EVP_MD_get_size(sha256)),
	     "EVP_PKEY_sign");
	EVP_PKEY_CTX_free(ctx);
}

static void sign_ed25519(const unsigned char *digest)
{
	unsigned char signature[SIGNATURE_MAX];
	size_t n = sizeof(signature);
	EVP_MD_CTX *ctx = new_hash();

	must(EVP_MD_CTX_copy_ex(ctx, ed25519), "EVP_MD_CTX_copy_ex");
	must(EVP_DigestSign(ctx, signature, &n, digest,
			    (size_t)EVP_MD_get_size(sha256)),
	     "EVP_DigestSign");
	EVP_MD_CTX_free(ctx);
}

static sfsistat on_eom(SMFICTX *ctx)
{
	struct state *state = find(ctx);
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (!rsa)
		return SMFIS_ACCEPT;
	must(EVP_DigestFinal_ex(state->body, digest, NULL), "digest");
	add(state->header, digest, (size_t)EVP_MD_get_size(sha256));
	/* The header's hash is the beginning of each signature's. */
	for (int i = 0; i < RSA_SIGNATURES + 1; i++) {
		must(EVP_MD_CTX_copy_ex(state->one, state->header), "digest");
		must(EVP_DigestFinal_ex(state->one, digest, NULL), "digest");
		if (i < RSA_SIGNATURES)
			sign_rsa(digest);
		else
			sign_ed25519(digest);
	}
	return SMFIS_ACCEPT;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct state *state = smfi_getpriv(ctx);

	if (!state)
		return SMFIS_CONTINUE;
	EVP_MD_CTX_free(state->header);
	EVP_MD_CTX_free(state->body);
	EVP_MD_CTX_free(state->one);
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
	*pf0 = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGFROM | SMFIF_ADDRCPT |
	       SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT | SMFIF_CHGBODY |
	       SMFIF_QUARANTINE;
	if (f0 & SMFIF_SETSYMLIST) {
		*pf0 |= SMFIF_SETSYMLIST;
		smfi_setsymlist(ctx, SMFIM_CONNECT, at_connect);
		smfi_setsymlist(ctx, SMFIM_ENVFROM, at_mail);
		smfi_setsymlist(ctx, SMFIM_EOH, at_end);
		smfi_setsymlist(ctx, SMFIM_EOM, at_end);
	}
	*pf1 = SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NODATA | SMFIP_NR_HDR |
	       SMFIP_NR_BODY | SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC;
	*pf1 &= f1;
	*pf2 = 0;
	*pf3 = 0;
	return SMFIS_CONTINUE;
}

static EVP_PKEY *load_key(const char *path)
{
	FILE *f = fopen(path, "r");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

	must(key != NULL, path);
	fclose(f);
	return key;
}

static void load_keys(const char *rsa_path, const char *ed25519_path)
{
	rsa = EVP_PKEY_CTX_new(load_key(rsa_path), NULL);
	must(rsa != NULL, "EVP_PKEY_CTX_new");
	must(EVP_PKEY_sign_init(rsa), "EVP_PKEY_sign_init");
	must(EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_PADDING), "padding");
	must(EVP_PKEY_CTX_set_signature_md(rsa, sha256), "digest");
	ed25519 = new_hash();
	must(EVP_DigestSignInit_ex(ed25519, NULL, NULL, NULL, NULL,
				   load_key(ed25519_path), NULL),
	     "EVP_DigestSignInit_ex");
}

int main(int argc, char **argv)
{
	static char name[] = "floor_forward";
	struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGFROM |
			      SMFIF_ADDRCPT | SMFIF_ADDRCPT_PAR |
			      SMFIF_DELRCPT | SMFIF_CHGBODY | SMFIF_QUARANTINE |
			      SMFIF_SETSYMLIST,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	if ((argc != 2 && argc != 4) ||
	    smfi_setconn(argv[argc - 1]) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS) {
		fputs("usage: floor_forward [RSA.pem ED25519.pem] SOCKET\n",
		      stderr);
		return 2;
	}
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(sha256 != NULL, "SHA256");
	if (argc == 4)
		load_keys(argv[1], argv[2]);
	fputs("ready\n", stderr);
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
