/* SPDX-License-Identifier: BSD-2-Clause */
#include <ftw.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "backup.h"
#include "mail/limits.h"

#define RENEW_KEY                                                        \
	"\"millrace dkim rotate DOMAIN\" makes new keys for DKIM; of a " \
	"certificate's, have a new one issued with another key"
#define RENEW_PASSWORD "\"millrace user password ADDRESS\" sets another one"

/*
 * The hook contrib/git/refuse-secrets looks for the same; tests/tools/backup
 * tries both on the same lines.
 */
static const struct backup_kind kinds[] = {
	{ "a private key", "-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----", NULL,
	  RENEW_KEY },
	{ "an age identity", "AGE-SECRET-KEY-1[A-Z0-9]+", NULL,
	  "\"age-keygen\" makes another one, for the next \"millrace backup\"; "
	  "then renew all that the backups up to now have" },
	/* crypt(5) */
	{ "the hash of a password",
	  "[$](1|2[abxy]?|5|6|7|y|gy|md5|sha1|argon2(i|d|id)|scrypt)"
	  "[$,][A-Za-z0-9./+=,$]{16}",
	  NULL, RENEW_PASSWORD },
	/* Dovecot's: {SCHEME.encoding} and at least 16 octets in base64 */
	{ "the hash of a password",
	  "[{][A-Z0-9-]+([.](b64|base64|hex))?[}][A-Za-z0-9+/=.$,]{22}", NULL,
	  RENEW_PASSWORD },
	{ "a password", "[{](PLAIN|CLEAR|CLEARTEXT)([.](b64|base64|hex))?[}].",
	  NULL, RENEW_PASSWORD },
	/* chasquid's */
	{ "the hash of a password", "(encrypted|hash): *\"", NULL,
	  RENEW_PASSWORD },
	/* As milters/secrets.h has them: any octets. */
	{ "a secret of SRS or of verdicts", NULL, ".secret",
	  "\"millrace secret new srs\", or verdict, makes another one; remove "
	  "the old file when nothing is signed with it any more" },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), WALK_DESCRIPTORS = 16 };

struct backup_patterns {
	regex_t list[KINDS]; /* of kinds without a pattern unused */
};

/* nftw has no context. */
static struct scan {
	const struct tool *tool;
	const char *folder, *shown;
	const struct backup_patterns *patterns;
	int status;
} scan;

struct backup_patterns *backup_patterns_new(void)
{
	struct backup_patterns *new = arena_must(malloc(sizeof(*new)));

	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].pattern &&
		    regcomp(&new->list[i], kinds[i].pattern,
			    REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
			abort(); /* they are ours: memory ran out */
	return new;
}

void backup_patterns_free(struct backup_patterns *patterns)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].pattern)
			regfree(&patterns->list[i]);
	free(patterns);
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && strcmp(name + n - m, suffix) == 0;
}

const struct backup_kind *
backup_patterns_find(const struct backup_patterns *patterns, const char *name,
		     char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = '\n';
	text[n] = '\0';
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].pattern
			    ? regexec(&patterns->list[i], text, 0, NULL, 0) == 0
			    : n && ends_in(name, kinds[i].suffix))
			return &kinds[i];
	return NULL;
}

static int scan_file(const char *path, const struct stat *info, int type,
		     struct FTW *place)
{
	const struct backup_kind *kind;
	const char *name = path + strlen(scan.folder);
	struct str text;
	char *copy;

	(void)place;
	if (type != FTW_F)
		return 0;
	if (!S_ISREG(info->st_mode)) {
		scan.status = tool_fail(scan.tool, EX_DATAERR,
					"%s%s: expected a file, a folder or a "
					"link",
					scan.shown, name);
		return 0;
	}
	if (tool_read(path, LIMIT_ALIAS_FILE, &text) != OK) {
		scan.status = tool_fail(scan.tool, EX_NOINPUT, "%s: %m", path);
		return 0;
	}
	copy = arena_must(realloc((char *)(uintptr_t)text.p, text.n + 1));
	kind = backup_patterns_find(scan.patterns, name, copy, text.n);
	if (kind)
		scan.status = tool_fail(scan.tool, EX_DATAERR,
					"%s%s holds %s: the configuration is "
					"kept in clear; move it below the "
					"state directory",
					scan.shown, name, kind->what);
	free(copy);
	return 0;
}

int backup_scan(const struct tool *tool, const char *folder, const char *shown)
{
	struct backup_patterns *patterns = backup_patterns_new();

	scan = (struct scan){ .tool = tool,
			      .folder = folder,
			      .shown = shown,
			      .patterns = patterns };
	if (nftw(folder, scan_file, WALK_DESCRIPTORS, FTW_PHYS) != 0)
		scan.status = tool_fail(tool, EX_NOINPUT, "%s: %m", folder);
	backup_patterns_free(patterns);
	return scan.status;
}
