/* SPDX-License-Identifier: BSD-2-Clause */

/* A field's value; the same with a MAC of ours; a verdict of any octets. */

#include "fuzz.h"
#include "mail/buf.h"
#include "mail/crypto.h"
#include "mail/limits.h"
#include "mail/verdict.h"

static const struct str secret = { "0123456789abcdef", 16 };
static const struct mac_secrets secrets = { &secret, 1 };
static const struct mac_use use = { { "verdict", 7 }, 26 };
static const struct verdict_facts transaction = { { "192.0.2.1", 9 },
						  { "mx.example", 10 },
						  { "alice@mx.example", 16 },
						  { "4Zx1", 4 },
						  1790000000 };

static void check_same(const struct verdict *a, const struct verdict *b)
{
	MUST(a->checked == b->checked && a->spf == b->spf);
	MUST(a->dkim == b->dkim && a->dkim_aligned == b->dkim_aligned);
	MUST(a->arc == b->arc && a->arc_instances == b->arc_instances);
	MUST(a->dmarc == b->dmarc && a->policy == b->policy);
	MUST(str_eq(a->author, b->author) && str_eq(a->authres, b->authres));
}

/* What was read is written so that the same is read again. */
static void check_again(struct arena *arena, const struct verdict *verdict)
{
	struct verdict again;
	struct str value;

	MUST(verdict_format(arena, &secrets, verdict, &transaction, &value) ==
	     OK);
	MUST(value.n < LIMIT_FIELD && value.p[0] == ' ');
	for (size_t i = 0; i < value.n; i++)
		MUST(value.p[i] == '\n'
			     ? value.p[i + 1] == '\t'
			     : value.p[i] == '\t' || (value.p[i] >= ' ' &&
						      value.p[i] <= '~'));
	MUST(verdict_parse(arena, &secrets, value, &transaction, &again) == OK);
	check_same(verdict, &again);
}

static void check_parse(struct arena *arena, struct str value)
{
	struct verdict verdict;
	enum result result =
		verdict_parse(arena, &secrets, value, &transaction, &verdict);

	MUST(result == OK || result == E_SYNTAX || result == E_CRYPTO ||
	     result == E_TEMP);
	if (result == OK)
		check_again(arena, &verdict);
}

/* Behind the MAC: what nobody can send, but a version of ours might write. */
static void check_signed(struct arena *arena, struct str text)
{
	struct buf covered, value;
	struct str code;

	for (size_t i = 0; i < text.n; i++)
		if (strchr(" \t\r\n", text.p[i]) && text.p[i])
			return;
	buf_init(&covered, arena, text.n + 200);
	buf_printf(&covered,
		   "9:192.0.2.110:mx.example16:alice@mx.example4:4Zx1%zu:",
		   text.n);
	buf_add(&covered, text);
	MUST(mac_make(arena, &secrets, &use, buf_str(&covered), &code) == OK);
	buf_init(&value, arena, text.n + 200);
	buf_add(&value, text);
	buf_add(&value, STR(";h="));
	buf_add(&value, code);
	MUST(!value.full && !covered.full);
	check_parse(arena, buf_str(&value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	struct arena *arena = arena_new(4096);
	struct verdict verdict = { .checked = size & 1 };

	MUST(crypto_init() == OK);
	check_parse(arena, input);
	check_signed(arena, input);
	verdict.spf = fuzz_first(&input) % 8;
	verdict.arc = fuzz_first(&input) % 8;
	verdict.policy = fuzz_first(&input) % 3;
	verdict.arc_instances = fuzz_first(&input);
	verdict.author = str_sub(input, 0, str_find(input, '\n'));
	verdict.authres = str_sub(input, verdict.author.n, input.n);
	check_again(arena, &verdict);
	arena_free(arena);
	return 0;
}
