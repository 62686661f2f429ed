/* SPDX-License-Identifier: BSD-2-Clause */

/* A whole message, split and signed. */

#include "mail/limits.h"
#include "signing.h"

/* Empty when the field would be too long. */
static struct str sign(const struct fuzz_signing *signing, size_t step)
{
	struct str value = STR("");
	struct dkim_signer *signer;
	enum result result = fuzz_signing_end(signing, step, &signer);

	if (result == OK)
		result = dkim_sign_field(signer, signing->arena,
					 &signing->identity, 1, &value);
	MUST(result == OK || result == E_LIMIT);
	dkim_sign_free(signer);
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_signing signing;
	struct str whole;

	if (fuzz_signing_read(&signing, data, size)) {
		whole = sign(&signing, signing.body.n + 1);
		if (whole.n)
			fuzz_check_field(whole, LIMIT_SIGNATURE);
		MUST(str_eq(sign(&signing, signing.step), whole));
	}
	arena_free(signing.arena);
	return 0;
}
