/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DMARC_RECORD_H
#define MAIL_DMARC_RECORD_H

#include "arena.h"
#include "result.h"

/* From the mildest to the strictest. */
enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

/* "none", "quarantine", "reject" */
const char *dmarc_policy_name(enum dmarc_policy policy);

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

/* A DMARC Policy Record (RFC 9989 section 4.7). */
struct dmarc_record {
	enum dmarc_policy p;
	enum dmarc_policy sp; /* that of p where it is not said */
	enum dmarc_policy np; /* that of sp where it is not said */
	bool has_sp, has_np;  /* are they said? */
	enum dmarc_psd psd;
	bool strict_dkim; /* adkim=s */
	bool strict_spf;  /* aspf=s */
	bool testing;	  /* t=y */
	struct str fo;	  /* as it stands there, "0" otherwise */
	struct str rua;	  /* as it stands there, may be empty */
	struct str ruf;
};

/*
 * Parses a TXT record; what it fills in lives in the arena. E_ABSENT when it
 * is none of DMARC (its v= is not the first tag, or not DMARC1). E_SYNTAX when
 * it has no valid policy and no address for reports either, so that it may
 * not be applied (4.10.1); a tree walk looks at its psd= nevertheless. E_LIMIT
 * for a longer one than LIMIT_DMARC_RECORD. Other faults are ignored (4.8).
 */
enum result dmarc_record_parse(struct arena *arena, struct str text,
			       struct dmarc_record *record);

#endif
