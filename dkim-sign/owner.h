/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DKIM_SIGN_OWNER_H
#define DKIM_SIGN_OWNER_H

#include "config.h"

/*
 * May a login write as an author? `author` has its domain in normal form,
 * `login` is {auth_authen}. The rule is the setting `from`:
 *
 * own	  the login's own address, with or without suffix; an address whose
 *	  alias names the login or leads to it; what the file senders grants
 * domain any address of the login's domain
 * any	  every address
 *
 * E_ABSENT: no. E_CONFIG: a file that would tell can't be used.
 */
enum result owner_may_write(const struct snapshot *snapshot,
			    struct arena *arena, struct str login,
			    const struct mailbox *author);

/*
 * The hosted domain that signs for addresses of `name` (in normal form): the
 * one of that name, or with subdomains = yes the nearest one above. NULL:
 * there is none.
 */
const struct domain *owner_find_domain(const struct snapshot *snapshot,
				       struct str name);

#endif
