/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_FETCH_H
#define TOOLS_FETCH_H

#include "mail/arena.h"
#include "mail/ip.h"
#include "mail/result.h"

/* A file to be fetched over HTTPS (RFC 9110), by libcurl. */
struct fetch {
	const char *host, *path;    /* "mta-sts.example.org", "/a.txt" */
	const struct ip *addresses; /* of the host: no other one is asked */
	size_t n_addresses;
	const char *type; /* expected: "text/plain" */
	size_t limit;	  /* octets */
	long seconds;
};

/*
 * The server's certificate must be for the host and lead to a root that the
 * system knows (SSL_CERT_FILE and SSL_CERT_DIR as for OpenSSL). Redirections
 * are not followed, proxies not used. OK for an answer 200 of that type;
 * E_ABSENT with *error in words.
 */
enum result fetch_https(struct arena *arena, const struct fetch *fetch,
			struct str *body, const char **error);

#endif
