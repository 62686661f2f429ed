/* SPDX-License-Identifier: BSD-2-Clause */

/* A line: the local part of a recipient, or a sender. */

#include "fuzz.h"
#include "mail/crypto.h"
#include "mail/limits.h"
#include "mail/path.h"
#include "mail/srs.h"

static const struct str secret = { "0123456789abcdef", 16 };
static const struct srs srs = { { &secret, 1 }, 1790000000 };

static struct str domain(void)
{
	return STR("fwd.example");
}

static struct str local_of(struct str address)
{
	return str_sub(address, 0, str_find_last(address, '@'));
}

/* What comes out is an address, in the case in which it came back. */
static void check_reverse(struct arena *arena, struct str local)
{
	struct str address, again;
	struct mailbox mailbox;
	enum srs_kind kind;
	enum result result = srs_reverse(arena, &srs, local, &kind, &address);

	MUST(result == OK || result == E_SYNTAX || result == E_CRYPTO ||
	     result == E_LIMIT);
	if (result != OK)
		return;
	MUST(path_parse_local(arena, local, &local) == OK);
	if (kind == SRS_TOKEN) {
		MUST(srs_forward_token(arena, &srs, address, domain(),
				       &again) == OK);
		MUST(str_ieq(str_sub(local_of(again), 5, 13),
			     str_sub(local, 5, 13)));
		return;
	}
	MUST(path_parse(arena, address, &mailbox) == OK);
	MUST(str_ieq(path_format(arena, &mailbox), address));
}

static bool is_reversed(struct arena *arena, struct str local)
{
	struct str address;
	enum srs_kind kind;

	return srs_reverse(arena, &srs, local, &kind, &address) == OK;
}

/* No octet but those of case and of the separator may be another one. */
static void check_spoilt(struct arena *arena, struct str local, unsigned at)
{
	char *bad = (char *)arena_copy(arena, local).p;
	size_t i = at % local.n;
	size_t first = local.p[0] == '"';

	if (i == first + 4)
		return;
	bad[i] = (char)(bad[i] ^ 1 << at % 8);
	if (str_lower_byte(bad[i]) == str_lower_byte(local.p[i]))
		return;
	MUST(!is_reversed(arena, (struct str){ bad, local.n }));
}

static void check_forward(struct arena *arena, struct str sender, unsigned at)
{
	struct mailbox mailbox;
	struct str rewritten, address, lower;
	enum srs_kind kind;
	enum result result =
		srs_forward(arena, &srs, sender, domain(), &rewritten);

	MUST(result == OK || result == E_SYNTAX || result == E_LIMIT);
	if (result != OK)
		return;
	MUST(path_parse(arena, sender, &mailbox) == OK);
	MUST(local_of(rewritten).n <= LIMIT_LOCAL_PART);
	MUST(str_eq(str_sub(rewritten, local_of(rewritten).n + 1, rewritten.n),
		    domain()));
	/* of this domain already, or from behind another forwarder */
	if (str_eq(mailbox.domain, domain()) ||
	    str_istarts(mailbox.local, STR("SRS1")))
		return;
	MUST(srs_reverse(arena, &srs, local_of(rewritten), &kind, &address) ==
	     OK);
	if (kind == SRS_SENDER) {
		MUST(str_eq(address, path_format(arena, &mailbox)));
	} else {
		MUST(kind == SRS_FORWARDER);
		MUST(str_ieq(address, path_format(arena, &mailbox)));
	}
	lower = arena_lower(arena, local_of(rewritten));
	MUST(is_reversed(arena, lower));
	check_spoilt(arena, local_of(rewritten), at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	struct arena *arena = arena_new(4096);
	struct str token;
	unsigned at = fuzz_first(&input);

	MUST(crypto_init() == OK);
	check_reverse(arena, input);
	check_forward(arena, input, at);
	if (srs_forward_token(arena, &srs, input, domain(), &token) == OK) {
		check_reverse(arena, local_of(token));
		check_spoilt(arena, local_of(token), at);
	}
	arena_free(arena);
	return 0;
}
