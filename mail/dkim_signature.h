/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DKIM_SIGNATURE_H
#define MAIL_DKIM_SIGNATURE_H

#include <stdint.h>

#include "canon.h"
#include "crypto.h"
#include "taglist.h"

/* What a signature field says (RFC 6376 section 3.5). */
struct dkim_signature {
	struct str algorithm; /* a= as it stands there */
	enum crypto_algorithm key;
	enum crypto_digest digest;
	enum canon header, body; /* c= */
	struct str domain;	 /* d= in normal form */
	struct str selector;	 /* s= in normal form */
	struct str key_name;	 /* where the key is */
	struct str identity;	 /* i= decoded, or what stands for it */
	struct str agent;	 /* its domain in normal form */
	struct str names;	 /* h= */
	struct str body_hash;	 /* bh= as octets */
	struct str b;		 /* b= as it stands there */
	struct str signature;	 /* b= as octets */
	bool partial;		 /* l= is there: */
	uint64_t length;	 /* octets of the body that are hashed */
	uint64_t made, expires;	 /* t= and x=, 0 when absent */
	struct str bare;	 /* the value of the field with b= empty */
	const char *fault;	 /* for E_SYNTAX: a phrase for people */
};

/*
 * Parses the value of a DKIM-Signature field, with `drafts` also one that
 * calls itself version 0.5, as the drafts before RFC 4871 did. On E_SYNTAX
 * `fault` is set, and `algorithm`, `domain`, `selector` and `b` as far as they
 * could be read; they are empty otherwise.
 */
enum result dkim_signature_parse(struct arena *arena, struct str value,
				 bool drafts, struct dkim_signature *signature);

/*
 * The tags that an ARC-Message-Signature shares with it (RFC 8617 section
 * 4.1.2), without its v=, i=, q=. From needs not be in h=, which may be empty,
 * and without c= all is relaxed: so the published suite has it.
 */
enum result dkim_signature_tags(struct arena *arena, struct str value,
				const struct taglist *list,
				struct dkim_signature *signature);

/* Those that an ARC-Seal shares (4.1.3): a=, b=, d=, s=, t=. */
enum result dkim_signature_seal(struct arena *arena, struct str value,
				const struct taglist *list,
				struct dkim_signature *signature);

#endif
