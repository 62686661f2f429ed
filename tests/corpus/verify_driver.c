/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for verifying: "verify_driver ZONE" reads messages from standard
 * input, each behind a line "LENGTH NOW FLAGS AUTHOR" (FLAGS has an l for
 * legacy, an a for ARC, a dash does nothing; AUTHOR is a domain or a dash).
 * For each it prints the verdicts, a line each, fields with tabs between them:
 *
 *	auth domain selector identity algorithm bits testing reason
 *
 * and an empty line at their end. For ARC there is one line, and when it is a
 * pass one for each set:
 *
 *	auth instances oldest-pass reason
 *	sealer selector authres
 *
 * A line of ZONE is "NAME TYPE DATA"; DATA
 * !timeout and !servfail are faults, a name that is not there does not exist.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mail/arc_verify.h"
#include "mail/crypto.h"
#include "mail/dkim_verify.h"

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "verify_driver: %s\n", what);
	exit(1);
}

static struct str read_all(struct arena *arena, FILE *file, size_t n)
{
	char *bytes = arena_alloc(arena, n + 1);

	must(fread(bytes, 1, n, file) == n, "the input ends early");
	return (struct str){ bytes, n };
}

/* A table is all the DNS there is: its whole text is looked through. */
static void query(void *context, struct arena *arena, struct str name,
		  enum dns_type type, struct dns_answer *answer)
{
	struct str rest = *(struct str *)context, line, word[2];

	*answer = (struct dns_answer){ .status = DNS_NO_NAME };
	must(type == DNS_TXT, "a question for something else than TXT");
	while (str_line(&rest, &line)) {
		if (!str_cut(&line, ' ', &word[0]) ||
		    !str_cut(&line, ' ', &word[1]) || !str_ieq(word[0], name))
			continue;
		answer->status = DNS_OK;
		if (str_eq(line, STR("!timeout")) ||
		    str_eq(line, STR("!servfail")))
			answer->status = DNS_TEMPORARY;
		answer->records = ARENA_NEW(arena, struct dns_record, 1);
		answer->records->data = line;
		answer->n = answer->status == DNS_OK;
		return;
	}
}

static void print(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			printf("\\x%02x", (unsigned char)text.p[i]);
		else
			putchar(text.p[i]);
	putchar('\t');
}

static void print_verdict(const struct dkim_verdict *verdict)
{
	print(str_from(auth_name(verdict->auth)));
	print(verdict->domain);
	print(verdict->selector);
	print(verdict->identity);
	print(verdict->algorithm);
	printf("%d\t%d\t%s\n", verdict->bits, verdict->testing,
	       verdict->reason);
}

/* Cuts the next chunk off a body; an odd size: lines end anywhere in it. */
static bool next_chunk(struct str *body, struct str *chunk)
{
	size_t n = body->n < 997 ? body->n : 997;

	*chunk = str_sub(*body, 0, n);
	*body = str_sub(*body, n, body->n);
	return n > 0;
}

static void verify(struct arena *arena, const struct env *env,
		   const struct dkim_verify_policy *policy,
		   const struct message *message, struct str body,
		   struct str author)
{
	struct dkim_verifier *verifier =
		dkim_verify_begin(arena, policy, message, author);
	struct dkim_verdicts verdicts;
	struct str chunk;

	must(verifier, "begin");
	while (next_chunk(&body, &chunk))
		dkim_verify_body(verifier, chunk);
	must(dkim_verify_end(verifier, env, &verdicts) == OK, "end");
	for (size_t i = 0; i < verdicts.n; i++)
		print_verdict(&verdicts.list[i]);
	dkim_verify_free(verifier);
}

static void verify_arc(struct arena *arena, const struct env *env, bool legacy,
		       const struct message *message, struct str body)
{
	struct arc_verifier *verifier =
		arc_verify_begin(arena, legacy, message);
	struct arc_result result;
	struct str chunk;

	must(verifier, "begin");
	while (next_chunk(&body, &chunk))
		arc_verify_body(verifier, chunk);
	must(arc_verify_end(verifier, env, &result) == OK, "end");
	printf("%s\t%zu\t%zu\t%s\n", auth_name(result.auth), result.instances,
	       result.oldest_pass, result.reason);
	for (size_t i = 0; result.sets && i < result.instances; i++) {
		print(result.sets[i].sealer);
		print(result.sets[i].selector);
		print(result.sets[i].authres);
		putchar('\n');
	}
	arc_verify_free(verifier);
}

static void verify_text(struct arena *arena, const struct env *env,
			const char *flags, struct str author, struct str text)
{
	struct dkim_verify_policy policy = dkim_verify_policy_default;
	bool legacy = strchr(flags, 'l');
	struct message message;
	struct str body;

	policy.rsa_sha1 = policy.short_keys = legacy;
	policy.expired = policy.drafts = legacy;
	message_init(&message, arena);
	if (message_split(&message, text, &body) != OK)
		printf("no message\n");
	else if (strchr(flags, 'a'))
		verify_arc(arena, env, legacy, &message, body);
	else
		verify(arena, env, &policy, &message, body, author);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct arena *zone_arena = arena_new(4096), *arena = arena_new(65536);
	struct str zone = STR("");
	const struct dns_resolver resolver = { query, &zone };
	struct env env = { .resolver = &resolver };
	char flags[16], author[256];
	size_t n;
	FILE *file;

	must(argc == 2 && crypto_init() == OK, "usage: verify_driver ZONE");
	file = fopen(argv[1], "rb");
	must(file && fseek(file, 0, SEEK_END) == 0, argv[1]);
	n = (size_t)ftell(file);
	rewind(file);
	zone = read_all(zone_arena, file, n);
	fclose(file);
	while (scanf("%zu %" SCNd64 " %15s %255s", &n, &env.now, flags,
		     author) == 4) {
		must(getchar() == '\n', "no end of line");
		verify_text(arena, &env, flags,
			    strcmp(author, "-") ? str_from(author) : STR(""),
			    read_all(arena, stdin, n));
		fflush(stdout);
		arena_reset(arena);
	}
	arena_free(arena);
	arena_free(zone_arena);
	return 0;
}
