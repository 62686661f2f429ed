/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "mail/buf.h"

enum { NAMES_MAX = 1024 };

struct tls {
	SSL_CTX *context;
	SSL *ssl;
};

static bool print_of(X509 *x509, unsigned char *print)
{
	unsigned int n = 0;

	return X509_digest(x509, EVP_sha256(), print, &n) == 1 &&
	       n == CERTIFICATE_PRINT;
}

bool certificate_in_file(const char *path, const unsigned char *print)
{
	BIO *file = BIO_new_file(path, "r");
	unsigned char one[CERTIFICATE_PRINT];
	bool found = false;
	X509 *x509;

	/* What is no certificate, a key say, is passed over. */
	while (file && !found &&
	       (x509 = PEM_read_bio_X509(file, NULL, NULL, NULL))) {
		found = print_of(x509, one) &&
			memcmp(one, print, sizeof(one)) == 0;
		X509_free(x509);
	}
	BIO_free(file);
	ERR_clear_error();
	return found;
}

/* A key that asks for a pass phrase is none that a daemon can use. */
static int no_password(char *room, int size, int writing, void *context)
{
	(void)room, (void)size, (void)writing, (void)context;
	return -1;
}

const char *certificate_pair_fault(struct arena *arena, const char *path,
				   const char *key_path)
{
	BIO *file = BIO_new_file(path, "r"),
	    *key_file = BIO_new_file(key_path, "r");
	X509 *x509 = file ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = key_file ? PEM_read_bio_PrivateKey(key_file, NULL,
							   no_password, NULL)
				 : NULL;
	const char *fault = NULL;

	if (!x509)
		fault = arena_printf(arena, "%s: no certificate can be read",
				     path);
	else if (!key)
		fault = arena_printf(arena, "%s: no private key can be read",
				     key_path);
	else if (X509_check_private_key(x509, key) != 1)
		fault = arena_printf(arena, "%s is not the key of %s", key_path,
				     path);
	EVP_PKEY_free(key);
	X509_free(x509);
	BIO_free(key_file);
	BIO_free(file);
	ERR_clear_error();
	return fault;
}

struct tls *tls_new(int fd, const char *name)
{
	struct tls *tls = arena_must(calloc(1, sizeof(*tls)));

	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->context)
		tls->ssl = SSL_new(tls->context);
	if (!tls->ssl || SSL_CTX_set_default_verify_paths(tls->context) != 1 ||
	    SSL_set_tlsext_host_name(tls->ssl, name) != 1 ||
	    SSL_set_fd(tls->ssl, fd) != 1) {
		tls_free(tls);
		return NULL;
	}
	/* What is wrong with the certificate is told after the handshake. */
	SSL_set_verify(tls->ssl, SSL_VERIFY_NONE, NULL);
	SSL_set_connect_state(tls->ssl);
	return tls;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->context);
	free(tls);
}

static int wants(struct tls *tls, int returned)
{
	switch (SSL_get_error(tls->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
		return TLS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WRITE;
	default:
		return TLS_FAILED;
	}
}

int tls_shake(struct tls *tls)
{
	int done;

	ERR_clear_error();
	done = SSL_do_handshake(tls->ssl);
	return done == 1 ? TLS_DONE : wants(tls, done);
}

int tls_read(struct tls *tls, char *room, size_t size)
{
	int got;

	ERR_clear_error();
	got = SSL_read(tls->ssl, room, size < INT_MAX ? (int)size : INT_MAX);
	return got > 0 ? got : wants(tls, got);
}

int tls_write(struct tls *tls, struct str text)
{
	int sent;

	ERR_clear_error();
	sent = SSL_write(tls->ssl, text.p,
			 text.n < INT_MAX ? (int)text.n : INT_MAX);
	return sent > 0 ? sent : wants(tls, sent);
}

static int64_t epoch(const ASN1_TIME *time)
{
	struct tm utc;

	return ASN1_TIME_to_tm(time, &utc) == 1 ? (int64_t)timegm(&utc) : 0;
}

static const char *names_of(struct arena *arena, X509 *x509)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	struct buf text;

	buf_init(&text, arena, NAMES_MAX);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const ASN1_STRING *dns = name->d.dNSName;

		if (name->type != GEN_DNS)
			continue;
		buf_add(&text, text.n ? STR(", ") : STR(""));
		buf_add(&text,
			(struct str){ (const char *)ASN1_STRING_get0_data(dns),
				      (size_t)ASN1_STRING_length(dns) });
	}
	GENERAL_NAMES_free(names);
	return text.n ? buf_c(&text) : "no name";
}

static const char *serial_of(struct arena *arena, X509 *x509)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	char *digits = number ? BN_bn2hex(number) : NULL;
	const char *serial = arena_printf(arena, "%s", digits ? digits : "");

	OPENSSL_free(digits);
	BN_free(number);
	return serial;
}

/*
 * The dates are the findings of others, who say until when; so the chain is
 * followed as if they were good.
 */
static const char *dangles(struct tls *tls, struct arena *arena, X509 *x509,
			   bool *self_signed)
{
	X509_STORE *roots = SSL_CTX_get_cert_store(tls->context);
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	const char *why = "OpenSSL refused";
	int error;

	if (check && X509_STORE_CTX_init(check, roots, x509,
					 SSL_get_peer_cert_chain(tls->ssl))) {
		X509_STORE_CTX_set_flags(check, X509_V_FLAG_NO_CHECK_TIME);
		X509_STORE_CTX_set_purpose(check, X509_PURPOSE_SSL_SERVER);
		X509_verify_cert(check);
		error = X509_STORE_CTX_get_error(check);
		*self_signed = error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
		why = error == X509_V_OK
			      ? NULL
			      : arena_printf(
					arena, "%s",
					X509_verify_cert_error_string(error));
	}
	X509_STORE_CTX_free(check);
	return why;
}

enum result tls_certificate(struct tls *tls, struct arena *arena,
			    const char *name, struct certificate *certificate)
{
	X509 *x509 = SSL_get0_peer_certificate(tls->ssl);
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls->ssl);

	*certificate = (struct certificate){ 0 };
	if (!x509 || !print_of(x509, certificate->print))
		return E_CRYPTO;
	certificate->serial = serial_of(arena, x509);
	certificate->names = names_of(arena, x509);
	certificate->is_for_name =
		X509_check_host(x509, name, 0,
				X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
	certificate->begins = epoch(X509_get0_notBefore(x509));
	certificate->ends = epoch(X509_get0_notAfter(x509));
	for (int i = 1; i < sk_X509_num(chain); i++) {
		const X509 *above = sk_X509_value(chain, i);
		int64_t begins = epoch(X509_get0_notBefore(above));
		int64_t ends = epoch(X509_get0_notAfter(above));

		if (begins > certificate->begins)
			certificate->begins = begins;
		if (ends < certificate->ends)
			certificate->ends = ends;
	}
	certificate->dangles =
		dangles(tls, arena, x509, &certificate->self_signed);
	return OK;
}

struct dane {
	struct tls tls; /* which connects to nobody */
};

struct dane *dane_new(const char *name)
{
	struct dane *dane = arena_must(calloc(1, sizeof(*dane)));
	struct tls *tls = &dane->tls;

	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->context && SSL_CTX_dane_enable(tls->context) == 1)
		tls->ssl = SSL_new(tls->context);
	if (!tls->ssl || SSL_dane_enable(tls->ssl, name) != 1) {
		dane_free(dane);
		return NULL;
	}
	/* RFC 7672 section 3.1.1: with usage 3 the record is for the key. */
	SSL_dane_set_flags(tls->ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	return dane;
}

void dane_free(struct dane *dane)
{
	if (!dane)
		return;
	SSL_free(dane->tls.ssl);
	SSL_CTX_free(dane->tls.context);
	free(dane);
}

const char *dane_add(struct dane *dane, struct arena *arena, struct str data)
{
	const unsigned char *p = (const unsigned char *)data.p;
	const char *why = NULL;

	ERR_clear_error();
	if (SSL_dane_tlsa_add(dane->tls.ssl, p[0], p[1], p[2], p + TLSA_NUMBERS,
			      data.n - TLSA_NUMBERS) <= 0)
		why = tls_error(arena);
	ERR_clear_error();
	return why;
}

/* Dates are told of by others, as in dangles. */
static const char *judge(struct dane *dane, struct arena *arena, X509 *x509,
			 STACK_OF(X509) * chain)
{
	SSL *ssl = dane->tls.ssl;
	X509_STORE *nobody = X509_STORE_new();
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	const char *why = "OpenSSL refused";

	if (nobody && check &&
	    X509_STORE_CTX_init(check, nobody, x509, chain)) {
		X509_STORE_CTX_set_default(check, "ssl_server");
		X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(check),
				       SSL_get0_param(ssl));
		X509_STORE_CTX_set_flags(check, X509_V_FLAG_NO_CHECK_TIME);
		X509_STORE_CTX_set0_dane(check, SSL_get0_dane(ssl));
		if (X509_verify_cert(check) == 1)
			why = NULL;
		else if (SSL_get0_dane_authority(ssl, NULL, NULL) < 0)
			why = "none of them matches";
		else
			why = arena_printf(
				arena, "%s",
				X509_verify_cert_error_string(
					X509_STORE_CTX_get_error(check)));
	}
	X509_STORE_CTX_free(check);
	X509_STORE_free(nobody);
	ERR_clear_error();
	return why;
}

const char *dane_fault(struct dane *dane, struct arena *arena,
		       const struct tls *tls)
{
	return judge(dane, arena, SSL_get0_peer_certificate(tls->ssl),
		     SSL_get_peer_cert_chain(tls->ssl));
}

const char *dane_file_fault(struct dane *dane, struct arena *arena,
			    const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	STACK_OF(X509) *chain = sk_X509_new_null();
	const char *why = "no certificate can be read";
	X509 *x509;

	while (file && (x509 = PEM_read_bio_X509(file, NULL, NULL, NULL)))
		if (!sk_X509_push(chain, x509))
			abort(); /* there is no memory */
	if (sk_X509_num(chain) > 0)
		why = judge(dane, arena, sk_X509_value(chain, 0), chain);
	sk_X509_pop_free(chain, X509_free);
	BIO_free(file);
	ERR_clear_error();
	return why;
}

const char *tls_version(const struct tls *tls)
{
	return SSL_get_version(tls->ssl);
}

const char *tls_error(struct arena *arena)
{
	unsigned long error = ERR_peek_last_error();
	const char *why = error ? ERR_reason_error_string(error) : NULL;

	ERR_clear_error();
	return arena_printf(arena, "%s", why ? why : "the connection ended");
}
