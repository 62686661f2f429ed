/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_ARC_H
#define TESTS_ARC_H

/* What the tests of arc_verify have in common. Include unit.h first. */

#include "mail/crypto.h"
#include "mail/limits.h"
#include "sealing.h"

#define MAIL                                                   \
	"From: Joe <joe@x.example>\r\nTo: suzie@y.example\r\n" \
	"Subject: Is dinner ready?\r\n"                        \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n"            \
	"\r\nHi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n"

static EVP_PKEY *ed25519, *rsa, *rsa_short;
static struct arena *keys_arena;
static struct sealing_zone zone;
static const char *record_ed25519;

static inline const char *record(const char *type, EVP_PKEY *pkey)
{
	return arena_printf(keys_arena, "v=DKIM1; k=%s; p=%s", type,
			    public_base64(keys_arena, pkey, false));
}

static inline int set_up(void **state)
{
	(void)state;
	keys_arena = arena_new(4096);
	ed25519 = private_key(KEY_RFC8410);
	rsa = private_key(KEY_RSA_2048);
	rsa_short = private_key(KEY_RSA_1023);
	record_ed25519 = record("ed25519", ed25519);
	zone = (struct sealing_zone){
		.keys = {
			{ "ed25519._domainkey.x.example", record_ed25519 },
			{ "rsa._domainkey.x.example", record("rsa", rsa) },
			{ "short._domainkey.x.example",
			  record("rsa", rsa_short) },
			{ "slow._domainkey.x.example", NULL },
		},
	};
	return crypto_init() == OK ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(ed25519);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(rsa_short);
	arena_free(keys_arena);
	return 0;
}

static inline void expect(const struct arc_result *got, enum auth want,
			  const char *reason, const char *what)
{
	if (got->auth != want || !strstr(got->reason, reason) ||
	    (!*reason && *got->reason))
		fail_msg("%s: got %s (%s), want %s (%s)", what,
			 auth_name(got->auth), got->reason, auth_name(want),
			 reason);
}

/* MAIL with n plain sets. */
static inline struct str chain(struct arena *arena, EVP_PKEY *pkey, size_t n)
{
	const struct sealing plain = { .pkey = pkey };
	struct str text = STR(MAIL);

	for (size_t i = 1; i <= n; i++)
		text = seal_text(arena, &plain, i, text);
	return text;
}

#endif
