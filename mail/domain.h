/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DOMAIN_H
#define MAIL_DOMAIN_H

#include "arena.h"
#include "result.h"

/*
 * The form in which domains are compared here: A-labels (RFC 5890), lower
 * case, no dot at the end. U-labels are converted by IDNA 2008, UTS 46
 * non-transitional. E_SYNTAX when it is no domain name of letters, digits,
 * hyphens and underscores within the limits of RFC 1035.
 */
enum result domain_normalize(struct arena *arena, struct str domain,
			     struct str *normal);

/*
 * The domain with its U-labels, in UTF-8. E_ABSENT when it has none: all its
 * labels are ASCII in both forms.
 */
enum result domain_unicode(struct arena *arena, struct str normal,
			   struct str *unicode);

/* The domain without its first label; empty when it has one label only. */
struct str domain_parent(struct str domain);

/* Is `domain` equal to or below `parent`? Both in normal form. */
bool domain_is_within(struct str domain, struct str parent);

#endif
