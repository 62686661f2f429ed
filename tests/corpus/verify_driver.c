/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for verifying: "verify_driver ZONE" reads messages from standard
 * input, each behind a line "LENGTH NOW FLAGS AUTHOR" (FLAGS has an l for
 * legacy, a dash does nothing; AUTHOR is a domain or a dash). For each it
 * prints the verdicts, a line each, fields with tabs between them:
 *
 *	auth domain selector identity algorithm bits testing reason
 *
 * and an empty line at their end. A line of ZONE is "NAME TYPE DATA"; DATA
 * !timeout and !servfail are faults, a name that is not there does not exist.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

static void verify(struct arena *arena, const struct env *env,
		   const struct dkim_verify_policy *policy, struct str author,
		   struct str text)
{
	struct dkim_verifier *verifier;
	struct dkim_verdicts verdicts;
	struct message message;
	struct str body;

	message_init(&message, arena);
	if (message_split(&message, text, &body) != OK) {
		printf("no message\n\n");
		return;
	}
	verifier = dkim_verify_begin(arena, policy, &message, author);
	must(verifier, "begin");
	/* An odd size: lines end anywhere in a chunk. */
	for (size_t i = 0; i < body.n; i += 997)
		dkim_verify_body(verifier,
				 str_sub(body, i,
					 i + 997 < body.n ? i + 997 : body.n));
	must(dkim_verify_end(verifier, env, &verdicts) == OK, "end");
	for (size_t i = 0; i < verdicts.n; i++)
		print_verdict(&verdicts.list[i]);
	putchar('\n');
	dkim_verify_free(verifier);
}

int main(int argc, char **argv)
{
	struct arena *zone_arena = arena_new(4096), *arena = arena_new(65536);
	struct dkim_verify_policy legacy = dkim_verify_policy_default;
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
	legacy.rsa_sha1 = legacy.short_keys = legacy.expired = true;
	legacy.drafts = true;
	while (scanf("%zu %" SCNd64 " %15s %255s", &n, &env.now, flags,
		     author) == 4) {
		must(getchar() == '\n', "no end of line");
		verify(arena, &env,
		       strchr(flags, 'l') ? &legacy
					  : &dkim_verify_policy_default,
		       strcmp(author, "-") ? str_from(author) : STR(""),
		       read_all(arena, stdin, n));
		fflush(stdout);
		arena_reset(arena);
	}
	arena_free(arena);
	arena_free(zone_arena);
	return 0;
}
