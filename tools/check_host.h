/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CHECK_HOST_H
#define TOOLS_CHECK_HOST_H

#include "finding.h"
#include "mail/ip.h"
#include "milters/network.h"
#include "postfix.h"
#include "tool.h"

/* What is to be checked of this host. */
struct host_request {
	const char *name;    /* it should go by; NULL: as the MTA has it */
	const char *outward; /* a mail host to be reached on port 25; or NULL */
	int64_t now;
};

/*
 * The half of `millrace check` that looks at this host: what speaks on its
 * ports, the MTA's settings, milters, daemons, queue. No message is sent.
 */
void check_host(const struct tool *tool, const struct host_request *request,
		struct findings *findings);

/* For the parts of it. */
struct sendmail;
enum {
	ADDRESSES_MAX = 16,
	MILTERS_MAX = 32, /* of a list, and lists */
	HOST_PORTS = 3,	  /* 25, 465, 587 */
};

/* A milter at its place. */
struct milter_use {
	const char *endpoint; /* as the settings have it */
	struct str name;      /* "forward" of ".../forward.sock" */
	const char *path;     /* of a unix socket; else NULL, and: */
	bool is_chrooted;     /* the path is below where the MTA puts itself */
	struct str place;     /* "host:port" */
	/* What lets mail pass while it does not answer; NULL: nothing. */
	const char *gap;
};

enum milter_kind { MILTERS_PORT_25, MILTERS_SUBMISSION, MILTERS_LOCAL };
struct milter_list {
	enum milter_kind kind;
	const char *where;
	struct milter_use uses[MILTERS_MAX];
	size_t n;
};

enum mta_kind { MTA_POSTFIX, MTA_SENDMAIL, MTAS };

/* In which words people are told how to change an MTA. */
struct mta_words {
	const char *folder, *ending; /* "FOLDER/forward.ENDING" of contrib */
	const char *reload;
	const char *tempfail;	/* says of a milter that mail waits for it */
	const char *programs;	/* its processes, as they hold the ports */
	const char *interfaces; /* says where it listens, and for all: */
	const char *all_interfaces;
	const char *mailbox; /* how one is made for an address */
};

struct host;

/* What an MTA has in its settings that the other has, too. */
struct mta {
	enum mta_kind kind;
	const struct mta_words *words;
	const char *name;	 /* as it greets */
	struct str mentions[2];	 /* all that may name a milter's socket */
	const char *interfaces;	 /* where it listens, as it says it */
	bool families[2];	 /* that it may use: IPv4, IPv6 */
	const char *milter_user; /* who connects to milters; NULL: root */
	struct milter_list lists[MILTERS_MAX];
	size_t n_lists;
	struct networks trusted; /* relays for these without asking */
	bool serves[HOST_PORTS]; /* it has a service there */
	/* Files, as in a list of them; NULL where it takes others, too. */
	const char *certificates[HOST_PORTS];
	const char *pair, *pair_fault; /* of certificate and key */
	/*
	 * Which of these addresses of a domain, a line each, have a place of
	 * their own: *lines begin with them. E_ABSENT where what forward leaves
	 * of the domain does not end in the place for what slipped past it, or
	 * the MTA does not take the domain.
	 */
	enum result (*places)(const struct host *host, struct str domain,
			      struct str addresses, struct str *lines);
};

struct host {
	const struct tool *tool;
	struct arena *arena;
	const struct host_request *request;
	struct findings *findings;
	const char *name;
	struct mta mta;
	struct postfix postfix;
	const struct sendmail *sendmail;    /* NULL without */
	struct ip addresses[ADDRESSES_MAX]; /* where mail should come in */
	size_t n_addresses;
	/* Told already, so that what clients see of it is not: the MTA waits,
	 * or puts all off. */
	bool milter_fault;
};

extern const int host_ports[HOST_PORTS];

/* E_ABSENT when there is no Postfix here, or it refuses to tell. */
enum result check_postfix_read(struct host *host);
void check_postfix(struct host *host); /* what it alone has */

/* The same of Sendmail, whose settings are in /etc/mail/sendmail.cf. */
enum result check_sendmail_read(struct host *host);
void check_sendmail(struct host *host);

/* Addresses of this host: those of its interfaces; of a name or an address. */
void host_add_interfaces(struct host *host);
void host_add_named(struct host *host, struct str name);

/* The daemon's name, of a milter whose path or place is known. */
void milter_find_name(const struct host *host, struct milter_use *use);

/* A list, to be filled; NULL when there are too many. */
struct milter_list *host_add_list(struct host *host, enum milter_kind kind,
				  const char *where);

/* Adds what is as it should be. */
void host_found_good(struct host *host, const char *id, const char *subject,
		     const char *seen);

/* This daemon has its configuration here, or a place in the MTA's. */
bool host_expects(const struct host *host, const char *daemon);

/* With each domain that has an alias file. */
void host_each_alias_domain(struct host *host,
			    void (*check)(struct host *host,
					  struct str domain));

void check_milters(struct host *host);
void check_ports(struct host *host); /* after check_milters */
void check_settings(struct host *host);
void check_queue(struct host *host);
enum result check_settings_places(const struct host *host, struct str domain,
				  struct str addresses, struct str *lines);
void check_daemons(struct host *host);
void check_accounts(struct host *host);

/*
 * What contrib/postfix tells Postfix for each daemon, made from these very
 * files; it ends with a NULL.
 */
struct shipped {
	const char *daemon, *name, *value;
};
extern const struct shipped shipped[];

#endif
