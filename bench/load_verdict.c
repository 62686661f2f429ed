/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mail/crypto.h"
#include "mail/verdict.h"

enum { ARENA_BLOCK = 4096 };

static char secret_text[256];
static struct str secret;

void load_verdict_init(void)
{
	FILE *f = fopen(load_options.verdict, "r");

	if (!f || !fgets(secret_text, sizeof(secret_text), f))
		load_die(load_options.verdict, "can't be read");
	fclose(f);
	secret = str_from(secret_text);
	if (secret.p[secret.n - 1] == '\n')
		secret.n--;
	if (crypto_init() != OK)
		load_die("verdict", "OpenSSL refused");
}

/* What auth-policy says of mail that passed all it asks for. */
struct load_field load_verdict_make(const char *queue_id)
{
	const struct mac_secrets secrets = { &secret, 1 };
	const struct verdict_facts facts = {
		.client = str_from(load_options.client),
		.helo = str_from(load_options.helo),
		.sender = str_from(load_options.sender),
		.queue_id = str_from(queue_id),
		.now = time(NULL),
	};
	const struct verdict verdict = {
		.checked = true,
		.spf = AUTH_PASS,
		.dkim = AUTH_PASS,
		.dkim_aligned = true,
		.arc = AUTH_NONE,
		.dmarc = AUTH_PASS,
		.policy = DMARC_REJECT,
		.author = STR("example.org"),
		.authres = STR("mail.example.org;\n"
			       "\tspf=pass smtp.mailfrom=alice@example.org\n"
			       "\tsmtp.helo=mx.example.org;\n"
			       "\tdkim=pass header.d=example.org "
			       "header.s=rsa header.b=abcdefgh;\n"
			       "\tarc=none;\n"
			       "\tdmarc=pass header.from=example.org "
			       "policy.dmarc=reject"),
	};
	struct arena *arena = arena_new(ARENA_BLOCK);
	struct load_field field = { strdup(VERDICT_FIELD), NULL };
	struct str value;

	if (verdict_format(arena, &secrets, &verdict, &facts, &value) == OK)
		field.value = strndup(value.p, value.n);
	arena_free(arena);
	if (!field.name || !field.value)
		load_die("verdict", "can't be made");
	return field;
}
