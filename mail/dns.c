/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns.h"

#include "limits.h"

bool dns_is_name(struct str name)
{
	struct str label;

	/* RFC 1035 section 2.3.4, less the two octets of the wire's form */
	if (!name.n || name.n > LIMIT_DOMAIN - 2)
		return false;
	while (str_cut(&name, '.', &label))
		if (!label.n || label.n > LIMIT_LABEL)
			return false;
	return true;
}
