/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_DSN_STRIKE_H
#define MAIL_DSN_STRIKE_H

#include "address.h"
#include "message.h"

/*
 * Strikes private addresses out of what goes back to strangers. They are
 * found in any case of ASCII letters and as others write them into bounces:
 * with A-labels or U-labels; in xtext, percent signs, quoted-printable,
 * \x{...} and HTML's numbers; within SRS and VERP addresses; across folds.
 *
 * Struck are the address, wherever it stands; its local part, also without
 * its suffix or its dots; its domain. The latter two where they are words,
 * that is without a letter or digit beside them. What stands within a public
 * address stays.
 */
#define DSN_STRUCK "[address withheld]"

struct dsn_secrets;

/*
 * Public are the alias, the first sender, the name of our host. It must live
 * as long as the patterns.
 */
struct dsn_public {
	const struct mailbox *addresses;
	size_t n;
	struct str host;
};

/*
 * The patterns for these private addresses; those that are public are left
 * out, and so are local parts and domains that public addresses have.
 */
struct dsn_secrets *dsn_secrets_new(struct arena *arena,
				    const struct dsn_public *public);
void dsn_secrets_add(struct dsn_secrets *secrets, const struct mailbox *secret);

/* Is there something to be struck out? */
bool dsn_is_private(const struct dsn_secrets *secrets, struct str text);

/* The text without what is private; the same bytes if nothing is. */
struct str dsn_strike(struct arena *arena, const struct dsn_secrets *secrets,
		      struct str text);

/* The same for the value of a header field, which may have encoded words. */
struct str dsn_strike_field(struct arena *arena,
			    const struct dsn_secrets *secrets,
			    struct str value);

/*
 * The same for the body of a whole message, part by part. E_SYNTAX when that
 * can't be done for certain, because it is private what stands in base64, or
 * the MIME or charset of a part can't be read; E_LIMIT when it is too long.
 * Such a message is to be held back.
 */
enum result dsn_strike_body(struct arena *arena,
			    const struct dsn_secrets *secrets,
			    const struct message *header, struct str body,
			    struct str *struck);

#endif
