/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for DMARC: "dmarc_driver ZONE SUFFIXES" reads commands from standard
 * input, one a line, with texts in hexadecimal, and answers each with a line:
 *
 *	record TEXT		a TXT record: ok, absent, syntax; p sp np
 *	author TEXT		the value of a From field: its Author Domain
 *	registered NAME		by the list of suffixes
 *	check walk|psl AUTHOR AUTH NAME [AUTH NAME]...
 *				SPF, then DKIM signatures: result, policy
 *				domain, disposition, SPF and DKIM aligned
 *
 * A dash stands for what there is none of. It ends with status 1 at the first
 * thing that does not work.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mail/authors.h"
#include "mail/buf.h"
#include "mail/dmarc_check.h"
#include "mail/dns_zone.h"
#include "mail/domain.h"
#include "milters/suffixes.h"

enum { LINE_MAX_ = 65536, SIGNATURES_MAX = 10 };

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "dmarc_driver: %s\n", what);
	exit(1);
}

static struct str next_word(struct str *line)
{
	struct str word = STR("");

	str_cut(line, ' ', &word);
	return word;
}

static struct str next_text(struct arena *arena, struct str *line)
{
	struct str word = next_word(line);
	char *out = arena_alloc(arena, word.n / 2 + 1);
	unsigned int byte;

	for (size_t i = 0; i + 1 < word.n; i += 2) {
		must(sscanf(word.p + i, "%2x", &byte) == 1, "hexadecimal");
		out[i / 2] = (char)byte;
	}
	return (struct str){ out, word.n / 2 };
}

/* The normal form; empty for what is no domain name. */
static struct str next_name(struct arena *arena, struct str *line)
{
	struct str text = next_text(arena, line), normal;

	return domain_normalize(arena, text, &normal) == OK ? normal : STR("");
}

static void print(struct str s)
{
	printf("%.*s", s.n ? (int)s.n : 1, s.n ? s.p : "-");
}

static void do_record(struct arena *arena, struct str line)
{
	struct dmarc_record record;
	enum result result =
		dmarc_record_parse(arena, next_text(arena, &line), &record);

	printf("%s %s %s %s\n", result_name(result),
	       dmarc_policy_name(record.p), dmarc_policy_name(record.sp),
	       dmarc_policy_name(record.np));
}

static void do_author(struct arena *arena, struct str line)
{
	struct message message;
	struct authors authors;
	struct str body;
	struct buf buf;

	buf_init(&buf, arena, 2 * LINE_MAX_);
	buf_add(&buf, STR("From: "));
	buf_add(&buf, next_text(arena, &line));
	buf_add(&buf, STR("\r\n\r\n"));
	message_init(&message, arena);
	must(message_split(&message, buf_str(&buf), &body) == OK, "message");
	authors_find(arena, &message, &authors);
	print(authors.fault ? STR("") : authors.domains[0]);
	putchar('\n');
}

static void do_registered(const struct env *env, struct arena *arena,
			  struct str line)
{
	struct str name = next_name(arena, &line), registered = STR("");
	const struct suffix_list *list = env->suffixes;

	if (name.n)
		list->registered(list->context, arena, name, &registered);
	print(registered);
	putchar('\n');
}

static enum auth next_auth(struct str *line)
{
	struct str word = next_word(line);

	for (int i = AUTH_NONE; i <= AUTH_PERMERROR; i++)
		if (str_eq(word, str_from(auth_name((enum auth)i))))
			return (enum auth)i;
	must(false, "no result");
	return AUTH_NONE;
}

static void do_check(const struct env *env, struct arena *arena,
		     struct str line)
{
	struct dkim_verdict signatures[SIGNATURES_MAX] = { { 0 } };
	struct dmarc_identifiers identifiers = { .dkim = signatures };
	struct str mode = next_word(&line), author = next_name(arena, &line);
	struct dmarc_result result;

	identifiers.spf = next_auth(&line);
	identifiers.spf_domain = next_name(arena, &line);
	for (; line.n; identifiers.n_dkim++) {
		struct dkim_verdict *one = &signatures[identifiers.n_dkim];

		must(identifiers.n_dkim < SIGNATURES_MAX, "many signatures");
		one->auth = next_auth(&line);
		one->domain = next_name(arena, &line);
	}
	dmarc_check(env, arena,
		    str_eq(mode, STR("psl")) ? DMARC_PSL : DMARC_TREEWALK,
		    author, &identifiers, &result);
	printf("%s ", auth_name(result.auth));
	print(result.policy_domain);
	printf(" %s %d %d\n", dmarc_policy_name(result.disposition),
	       result.spf_aligned, result.dkim_aligned);
}

static void do_line(const struct env *env, struct arena *arena, struct str line)
{
	struct str verb = next_word(&line);

	if (str_eq(verb, STR("record")))
		do_record(arena, line);
	else if (str_eq(verb, STR("author")))
		do_author(arena, line);
	else if (str_eq(verb, STR("registered")))
		do_registered(env, arena, line);
	else if (str_eq(verb, STR("check")))
		do_check(env, arena, line);
	else
		must(false, "no such command");
	fflush(stdout);
}

static struct str read_file(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct str text;
	char *bytes;

	must(file && fseek(file, 0, SEEK_END) == 0, path);
	text.n = (size_t)ftell(file);
	bytes = arena_alloc(arena, text.n + 1);
	rewind(file);
	must(fread(bytes, 1, text.n, file) == text.n, path);
	fclose(file);
	text.p = bytes;
	return text;
}

int main(int argc, char **argv)
{
	struct arena *zone_arena = arena_new(4096), *arena = arena_new(65536);
	static char text[LINE_MAX_];
	struct dns_zone_fault fault;
	struct dns_resolver resolver;
	struct suffix_list suffixes;
	struct env env = { .suffixes = &suffixes };
	struct dns_zone *zone;

	must(argc == 3, "usage: dmarc_driver ZONE SUFFIXES");
	must(dns_zone_parse(zone_arena, read_file(zone_arena, argv[1]), &zone,
			    &fault) == OK,
	     "zone");
	must(suffixes_new(argv[2], &suffixes) == OK, "list of suffixes");
	resolver = dns_zone_resolver(zone);
	env.resolver = &resolver;
	while (fgets(text, sizeof(text), stdin)) {
		do_line(&env, arena, str_trim_end(str_from(text)));
		arena_reset(arena);
	}
	suffixes_free(&suffixes);
	arena_free(arena);
	arena_free(zone_arena);
	return 0;
}
