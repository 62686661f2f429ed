/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_OWN_HOST_H
#define TOOLS_OWN_HOST_H

#include "mail/dns.h"
#include "mail/ip.h"
#include "tool.h"

/* This host as others see it: what it greets as, and where from. */
struct own_host {
	struct str name;      /* normal form */
	struct ip *addresses; /* public ones */
	size_t n;
	const char *certificate; /* the file of Postfix's chain, or NULL */
};

/* Options of verbs; NULL for what is to be found out. */
struct own_host_options {
	const char *name;
	const char *addresses; /* with commas between them */
	const char *certificate;
};

/*
 * What no option says is asked of Postfix (smtp_helo_name, smtp_bind_address,
 * inet_interfaces, proxy_interfaces, smtpd_tls_chain_files), where it is
 * installed, and of the system. Returns EX_OK, or the exit status after a
 * fault was printed: a name without a dot, or no public address, is a fault,
 * since nothing is guessed.
 */
int own_host_read(const struct tool *tool,
		  const struct own_host_options *options,
		  struct own_host *host);

/* Can strangers send to it? */
bool own_host_is_public(struct arena *arena, const struct ip *ip);

/* The name that has the PTR records of an address. */
struct str own_host_reverse(struct arena *arena, const struct ip *address);

/*
 * A resolver that answers as it should be, where a fault is known and told
 * of, and what follows from it is not worth telling too.
 */
struct overlay {
	const struct dns_resolver *base;
	const struct own_host *host;
	bool addresses;	   /* A and AAAA of the host are its own */
	struct str domain; /* of the next two */
	bool mx;	   /* MX is the host */
	struct str spf;	   /* the one TXT record, unless empty */
};
struct dns_resolver overlay_resolver(struct overlay *overlay);

#endif
