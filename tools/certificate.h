/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CERTIFICATE_H
#define TOOLS_CERTIFICATE_H

#include <stdint.h>

#include "mail/arena.h"
#include "mail/result.h"

enum { CERTIFICATE_PRINT = 32 };

/* What a client sees of the certificate that a server shows. */
struct certificate {
	unsigned char print[CERTIFICATE_PRINT]; /* SHA-256: which one it is */
	const char *serial;			/* hexadecimal */
	const char *names;			/* "a.example, *.b.example" */
	bool is_for_name;    /* the one that was asked for is among them */
	int64_t begins;	     /* all certificates that were sent are */
	int64_t ends;	     /* good from here up to here */
	const char *dangles; /* NULL: it leads to a known root; or why not */
	bool self_signed;
};

/* Is one of the certificates in a file (PEM) the one with this print? */
bool certificate_in_file(const char *path, const unsigned char *print);

/*
 * NULL, or what is wrong with a file of certificates and that of their key: it
 * can't be read, or they do not belong together.
 */
const char *certificate_pair_fault(struct arena *arena, const char *path,
				   const char *key_path);

/*
 * The client's side of TLS over a socket that does not block. The functions
 * return TLS_READ or TLS_WRITE when they want to be called again as soon as
 * the socket can be read or written. Known roots are those of OpenSSL's
 * defaults, SSL_CERT_FILE and SSL_CERT_DIR included.
 */
enum { TLS_DONE = 0, TLS_READ = -1, TLS_WRITE = -2, TLS_FAILED = -3 };
struct tls;

/* `name` is asked for (SNI); NULL when OpenSSL refuses. */
struct tls *tls_new(int fd, const char *name);
void tls_free(struct tls *tls);

/* TLS_DONE when the handshake is done. */
int tls_shake(struct tls *tls);

/* The number of octets, at least one; or TLS_FAILED also at the end. */
int tls_read(struct tls *tls, char *room, size_t size);
int tls_write(struct tls *tls, struct str text);

/* After the handshake. E_CRYPTO if there is no certificate. */
enum result tls_certificate(struct tls *tls, struct arena *arena,
			    const char *name, struct certificate *certificate);

/*
 * The TLSA records of a server of SMTP, as its clients take them (RFC 7672,
 * RFC 7671), by OpenSSL. NULL when it refuses.
 */
enum { TLSA_NUMBERS = 3, TLSA_USAGE_TA = 2 };
struct dane;
struct dane *dane_new(const char *name);
void dane_free(struct dane *dane);

/* Data of a record of usage 2 or 3, with all three numbers: NULL when it was
 * taken, or why it can't be. */
const char *dane_add(struct dane *dane, struct arena *arena, struct str data);

/* NULL when one of the records matches what the server has shown, or the
 * certificates in a file (PEM), its own first; or why none does. */
const char *dane_fault(struct dane *dane, struct arena *arena,
		       const struct tls *tls);
const char *dane_file_fault(struct dane *dane, struct arena *arena,
			    const char *path);

/* "TLSv1.3", and why something failed, in OpenSSL's words. */
const char *tls_version(const struct tls *tls);
const char *tls_error(struct arena *arena);

#endif
