/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for sealing: "seal_driver KEY DOMAIN SELECTOR [NAMES]" reads messages
 * from standard input, each behind a line "LENGTH RESULTS NOW CV", where LENGTH
 * counts the octets of the message and RESULTS those of the authentication
 * results that stand before it. For each it prints the length of the new
 * fields in a line and then these, with CRLFs; a line "0" when there must be
 * no set. With NAMES, which are what h= is to say, the fields are as the
 * published suite has them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mail/arc_seal.h"
#include "mail/buf.h"
#include "mail/limits.h"

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "seal_driver: %s\n", what);
	exit(1);
}

static struct str read_all(struct arena *arena, FILE *file, size_t n)
{
	char *bytes = arena_alloc(arena, n + 1);

	must(fread(bytes, 1, n, file) == n, "the input ends early");
	return (struct str){ bytes, n };
}

static enum auth auth_of(const char *name)
{
	static const enum auth all[] = { AUTH_NONE, AUTH_PASS, AUTH_TEMPERROR };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(auth_name(all[i]), name) == 0)
			return all[i];
	return AUTH_FAIL;
}

static void add_field(struct buf *out, const char *name, struct str value)
{
	struct str line;

	buf_printf(out, "%s:", name);
	while (str_line(&value, &line)) {
		buf_add(out, line);
		buf_add(out, STR("\r\n"));
	}
}

static void seal(struct arena *arena, const struct dkim_policy *policy,
		 const struct dkim_identity *identity,
		 struct arc_seal_input *input, struct str text)
{
	struct dkim_signer *signer = dkim_sign_begin(policy);
	struct arc_fields fields;
	struct message message;
	enum result result;
	struct str body;
	struct buf out;

	must(signer, "begin");
	message_init(&message, arena);
	must(message_split(&message, text, &body) == OK, "no message");
	dkim_sign_body(signer, body);
	must(dkim_sign_end(signer, arena, &message) == OK, "end");
	input->message = &message;
	result = arc_seal(signer, arena, identity, input, &fields);
	dkim_sign_free(signer);
	buf_init(&out, arena, LIMIT_HEADER);
	if (result == OK) {
		add_field(&out, "ARC-Seal", fields.seal);
		add_field(&out, "ARC-Message-Signature", fields.message);
		add_field(&out, "ARC-Authentication-Results", fields.authres);
	}
	must(result == OK || result == E_ABSENT || result == E_LIMIT, "seal");
	printf("%zu\n", out.n);
	fwrite(out.p, 1, out.n, stdout);
	fflush(stdout);
}

/* Reads "from:to" as the names that are signed, and as often as they occur. */
static struct dkim_policy suite_policy(struct arena *arena, struct str names)
{
	struct dkim_policy policy = {
		.header = CANON_RELAXED,
		.body = CANON_RELAXED,
		.oversign = ARENA_NEW(arena, struct str, names.n + 1),
		.bare = true,
	};

	while (str_cut(&names, ':', &policy.oversign[policy.n_oversign]))
		policy.n_oversign++;
	return policy;
}

int main(int argc, char **argv)
{
	struct arena *ours = arena_new(4096), *arena = arena_new(65536);
	struct dkim_policy policy = dkim_policy_default;
	struct dkim_identity identity;
	struct crypto_key *key;
	char pem[LIMIT_KEY_FILE], cv[16];
	size_t n, results;
	int64_t now;
	FILE *file;

	must(argc > 3 && crypto_init() == OK, "KEY DOMAIN SELECTOR [NAMES]");
	file = fopen(argv[1], "rb");
	must(file, argv[1]);
	n = fread(pem, 1, sizeof(pem), file);
	fclose(file);
	must(crypto_key_parse((struct str){ pem, n }, &key) == OK, "no key");
	identity = (struct dkim_identity){ str_from(argv[2]), str_from(argv[3]),
					   key };
	if (argc > 4)
		policy = suite_policy(ours, str_from(argv[4]));
	while (scanf("%zu %zu %" SCNd64 " %15s", &n, &results, &now, cv) == 4) {
		struct arc_seal_input input = {
			.cv = auth_of(cv),
			.now = now,
			.sorted = argc > 4,
		};

		must(getchar() == '\n', "no end of line");
		input.authres = read_all(arena, stdin, results);
		seal(arena, &policy, &identity, &input,
		     read_all(arena, stdin, n));
		arena_reset(arena);
	}
	crypto_key_free(key);
	arena_free(arena);
	arena_free(ours);
	return 0;
}
