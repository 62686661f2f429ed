/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The least that a signing filter can do: hash the body as it comes, make one
 * RSA signature with a key and algorithms that were fetched once, insert one
 * header field. No canonicalization, no header hash, no policy, no log. It
 * asks the MTA not to wait for answers. What a real signer costs is compared
 * with this.
 *
 * usage: floor KEY.pem SOCKET
 */
#include <libmilter/mfapi.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#define SIGNATURE_MAX 1024

static EVP_MD *sha256;
static EVP_PKEY_CTX *signer; /* copied for each message */

/* A filter without a digest or a signature measures nothing: stop. */
static void must(int ok, const char *what)
{
	if (ok > 0)
		return;
	perror(what);
	exit(1);
}

static EVP_MD_CTX *state(SMFICTX *ctx)
{
	EVP_MD_CTX *md = smfi_getpriv(ctx);

	if (!md) {
		md = EVP_MD_CTX_new();
		must(md != NULL, "EVP_MD_CTX_new");
		must(smfi_setpriv(ctx, md) == MI_SUCCESS, "smfi_setpriv");
	}
	return md;
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	(void)argv;
	must(EVP_DigestInit_ex2(state(ctx), sha256, NULL), "digest");
	return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
	must(EVP_DigestUpdate(state(ctx), data, len), "digest");
	return SMFIS_NOREPLY;
}

static size_t sign(const unsigned char *hash, size_t len, unsigned char *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(signer);
	size_t out_len = SIGNATURE_MAX;

	must(ctx != NULL, "EVP_PKEY_CTX_dup");
	must(EVP_PKEY_sign(ctx, out, &out_len, hash, len), "EVP_PKEY_sign");
	EVP_PKEY_CTX_free(ctx);
	return out_len;
}

static sfsistat on_eom(SMFICTX *ctx)
{
	static char name[] = "X-Floor";
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned char signature[SIGNATURE_MAX];
	char text[SIGNATURE_MAX * 4 / 3 + 8] = " ";
	unsigned hash_len = 0;
	size_t len;

	must(EVP_DigestFinal_ex(state(ctx), hash, &hash_len), "digest");
	len = sign(hash, hash_len, signature);
	EVP_EncodeBlock((unsigned char *)text + 1, signature, (int)len);
	if (smfi_insheader(ctx, 0, name, text) != MI_SUCCESS)
		return SMFIS_TEMPFAIL;
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	EVP_MD_CTX_free(smfi_getpriv(ctx));
	smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1,
			     unsigned long f2, unsigned long f3,
			     unsigned long *pf0, unsigned long *pf1,
			     unsigned long *pf2, unsigned long *pf3)
{
	(void)ctx;
	(void)f0;
	(void)f2;
	(void)f3;
	*pf0 = SMFIF_ADDHDRS;
	*pf1 = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NR_MAIL | SMFIP_NORCPT |
	       SMFIP_NODATA | SMFIP_NR_HDR | SMFIP_NOEOH | SMFIP_NR_BODY |
	       SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC;
	*pf1 &= f1;
	*pf2 = 0;
	*pf3 = 0;
	return SMFIS_CONTINUE;
}

static void load_key(const char *path)
{
	FILE *f = fopen(path, "r");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

	must(key != NULL, path);
	fclose(f);
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(sha256 != NULL, "SHA256");
	signer = EVP_PKEY_CTX_new(key, NULL);
	must(signer != NULL, "EVP_PKEY_CTX_new");
	must(EVP_PKEY_sign_init(signer), "EVP_PKEY_sign_init");
	must(EVP_PKEY_CTX_set_rsa_padding(signer, RSA_PKCS1_PADDING),
	     "padding");
	must(EVP_PKEY_CTX_set_signature_md(signer, sha256), "digest");
}

int main(int argc, char **argv)
{
	static char name[] = "floor";
	struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS,
		.xxfi_envfrom = on_mail,
		.xxfi_header = on_header,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	if (argc != 3 || smfi_setconn(argv[2]) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS) {
		fputs("usage: floor KEY.pem SOCKET\n", stderr);
		return 2;
	}
	load_key(argv[1]);
	fputs("ready\n", stderr);
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
