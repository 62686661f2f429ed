/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for the engines: "compare_driver ZONE" reads questions from standard
 * input, a line each, fields with tabs between them, odd bytes as \DDD:
 *
 *	spf CLIENT HELO SENDER
 *	dmarc AUTHOR SPF-RESULT SPF-DOMAIN [RESULT:DOMAIN of a signature]...
 *
 * and prints a line for each: what the native engine says, what the library
 * says, how compare.c puts the difference; "-" for nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "auth-policy/compare.h"
#include "mail/dns_zone.h"
#include "mail/domain.h"
#include "mail/limits.h"

enum { LINE_MAX_OCTETS = 65536, FIELDS = 16 };

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "compare_driver: %s\n", what);
	exit(1);
}

static struct str read_file(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *bytes = arena_alloc(arena, LIMIT_ZONE_FILE);
	size_t n;

	must(file, path);
	n = fread(bytes, 1, LIMIT_ZONE_FILE, file);
	must(feof(file), path);
	fclose(file);
	return (struct str){ bytes, n };
}

static struct str unescape(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\') {
			out[n++] = s.p[i];
			continue;
		}
		must(i + 3 < s.n, "\\DDD");
		out[n++] = (char)((s.p[i + 1] - '0') * 100 +
				  (s.p[i + 2] - '0') * 10 + s.p[i + 3] - '0');
		i += 3;
	}
	return (struct str){ out, n };
}

static enum auth auth_of(struct str name)
{
	for (int auth = AUTH_NONE; auth <= AUTH_PERMERROR; auth++)
		if (str_eq(name, str_from(auth_name((enum auth)auth))))
			return (enum auth)auth;
	must(false, "a result");
	return AUTH_NONE;
}

/* A list of its own: what has one label, and a few with two. */
static bool is_suffix(struct str domain)
{
	static const char *const two[] = { "co.uk", "com.au", "edu.ar" };

	for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++)
		if (str_eq(domain, str_from(two[i])))
			return true;
	return !domain_parent(domain).n;
}

static bool registered(void *context, struct arena *arena, struct str domain,
		       struct str *org)
{
	(void)context;
	(void)arena;
	if (is_suffix(domain))
		return false;
	for (*org = domain; !is_suffix(domain_parent(*org));)
		*org = domain_parent(*org);
	return true;
}

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static void ask_spf(struct arena *arena, const struct env *env,
		    const struct str field[FIELDS])
{
	struct spf_client client = { .helo = field[2],
				     .receiver = STR("receiver.example") };
	struct spf_result result[ENGINES];

	must(ip_parse(field[1], &client.address) == OK, "a client");
	for (int i = 0; i < ENGINES; i++) {
		result[i].auth = AUTH_NONE;
		if (engine_spf[i].mail_from)
			engine_spf[i].mail_from(env, arena, &client, field[3],
						&result[i]);
		printf("%s\t", engine_spf[i].mail_from
				       ? auth_name(result[i].auth)
				       : "-");
	}
	printf("%s\n", or_dash(compare_spf(arena, &result[0], &result[1])));
}

static void ask_dmarc(struct arena *arena, const struct env *env,
		      const struct str field[FIELDS], size_t n)
{
	struct dkim_verdict dkim[FIELDS] = { 0 };
	struct dmarc_identifiers identifiers = { .spf = auth_of(field[2]),
						 .spf_domain = field[3],
						 .dkim = dkim,
						 .n_dkim = n - 4 };
	struct dmarc_result result[ENGINES] = { 0 };

	for (size_t i = 4; i < n; i++) {
		struct str rest = field[i], word;

		str_cut(&rest, ':', &word);
		dkim[i - 4].auth = auth_of(word);
		dkim[i - 4].domain = rest;
	}
	for (int i = 0; i < ENGINES; i++) {
		const struct dmarc_result *r = &result[i];

		if (!engine_dmarc[i].check) {
			printf("-\t");
			continue;
		}
		engine_dmarc[i].check(env, arena, DMARC_PSL, field[1],
				      &identifiers, &result[i]);
		printf("%s/%s/%s%s%s\t", auth_name(r->auth),
		       dmarc_policy_name(r->policy),
		       dmarc_policy_name(r->disposition),
		       r->spf_aligned ? "/spf" : "",
		       r->dkim_aligned ? "/dkim" : "");
	}
	printf("%s\n", or_dash(compare_dmarc(arena, &result[0], &result[1])));
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_OCTETS];
	struct arena *zone_arena = arena_new(4096), *arena = arena_new(65536);
	const struct suffix_list suffixes = { registered, NULL };
	struct dns_zone_fault fault;
	struct dns_resolver resolver;
	struct dns_zone *zone;
	struct env env = {
		.resolver = &resolver,
		.now = 1750000000,
		.suffixes = &suffixes,
	};

	must(argc == 2, "usage: compare_driver ZONE");
	must(dns_zone_parse(zone_arena, read_file(zone_arena, argv[1]), &zone,
			    &fault) == OK,
	     "the zone is none");
	resolver = dns_zone_resolver(zone);
	while (fgets(line, sizeof(line), stdin)) {
		struct str rest = str_trim_end(str_from(line)), part;
		struct str field[FIELDS];
		size_t n = 0;

		rest.n = strcspn(line, "\n");
		while (n < FIELDS && str_cut(&rest, '\t', &part))
			field[n++] = unescape(arena, part);
		must(n >= 4, "a question has four fields");
		if (str_eq(field[0], STR("spf")))
			ask_spf(arena, &env, field);
		else
			ask_dmarc(arena, &env, field, n);
		fflush(stdout);
		arena_reset(arena);
	}
	arena_free(arena);
	arena_free(zone_arena);
	return 0;
}
