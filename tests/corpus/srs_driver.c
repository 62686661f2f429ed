/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for SRS: "srs_driver SECRET NOW DOMAIN" reads questions from standard
 * input, a line each, and prints a line for each, the name of a result if it
 * is not OK:
 *
 *	forward SENDER		the address that it becomes
 *	token TOKEN		the address that stands for it
 *	reverse LOCAL-PART	0, 1 or token, and what it was
 */
#include <stdio.h>
#include <stdlib.h>

#include "mail/crypto.h"
#include "mail/srs.h"

enum { LINE_MAX_OCTETS = 4096 };

static void put(enum result result, const char *prefix, struct str s)
{
	if (result == OK)
		printf("%s%.*s\n", prefix, STR_ARG(s));
	else
		printf("%s\n", result_name(result));
	fflush(stdout);
}

static void answer(struct arena *arena, const struct srs *srs,
		   struct str domain, struct str line)
{
	static const char *const kinds[] = {
		[SRS_SENDER] = "0 ",
		[SRS_FORWARDER] = "1 ",
		[SRS_TOKEN] = "token ",
	};
	enum srs_kind kind = SRS_SENDER;
	enum result result = E_CONFIG;
	struct str verb, out = STR("");

	str_cut(&line, ' ', &verb);
	if (!line.p)
		line = STR("");
	if (str_eq(verb, STR("reverse"))) {
		result = srs_reverse(arena, srs, line, &kind, &out);
		put(result, kinds[kind], out);
		return;
	}
	if (str_eq(verb, STR("forward")))
		result = srs_forward(arena, srs, line, domain, &out);
	else if (str_eq(verb, STR("token")))
		result = srs_forward_token(arena, srs, line, domain, &out);
	put(result, "", out);
}

int main(int argc, char **argv)
{
	static char text[LINE_MAX_OCTETS];
	struct arena *arena = arena_new(4096);
	struct str secret, line;
	struct srs srs = { { &secret, 1 }, 0 };

	if (argc != 4 || crypto_init() != OK) {
		fprintf(stderr, "usage: srs_driver SECRET NOW DOMAIN\n");
		return 64;
	}
	secret = str_from(argv[1]);
	srs.now = strtoll(argv[2], NULL, 10);
	while (fgets(text, sizeof(text), stdin)) {
		struct str rest = str_from(text);

		if (str_line(&rest, &line))
			answer(arena, &srs, str_from(argv[3]), line);
		arena_reset(arena);
	}
	arena_free(arena);
	return 0;
}
