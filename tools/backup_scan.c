/* SPDX-License-Identifier: BSD-2-Clause */
#include <fnmatch.h>
#include <ftw.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "backup.h"
#include "mail/limits.h"

/*
 * What must not stand in clear where everybody may read it one day. The hook
 * contrib/git/refuse-secrets looks for the same; tests/tools/backup tries both
 * on the same lines.
 */
static const struct kind {
	const char *what;
	const char *pattern;
} kinds[] = {
	{ "a private key", "-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----" },
	{ "an age identity", "AGE-SECRET-KEY-1[A-Z0-9]+" },
	/* crypt(5) */
	{ "the hash of a password",
	  "[$](1|2[abxy]?|5|6|7|y|gy|md5|sha1|argon2(i|d|id)|scrypt)"
	  "[$,][A-Za-z0-9./+=,$]{16}" },
	/* Dovecot's: {SCHEME.encoding} and at least 16 octets in base64 */
	{ "the hash of a password",
	  "[{][A-Z0-9-]+([.](b64|base64|hex))?[}][A-Za-z0-9+/=.$,]{22}" },
	{ "a password",
	  "[{](PLAIN|CLEAR|CLEARTEXT)([.](b64|base64|hex))?[}]." },
	/* chasquid's */
	{ "the hash of a password", "(encrypted|hash): *\"" },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), WALK_DESCRIPTORS = 16 };

/* nftw has no context. */
static struct scan {
	const struct tool *tool;
	const char *folder, *shown;
	regex_t patterns[KINDS];
	int status;
} scan;

static void tell(const char *path, const char *what)
{
	scan.status = tool_fail(scan.tool, EX_DATAERR,
				"%s%s holds %s: the configuration is kept in "
				"clear; move it below the state directory",
				scan.shown, path + strlen(scan.folder), what);
}

/* NULs end a line as far as the patterns are concerned. */
static void scan_text(char *text, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = '\n';
	text[n] = '\0';
	for (size_t i = 0; i < KINDS; i++)
		if (regexec(&scan.patterns[i], text, 0, NULL, 0) == 0) {
			tell(path, kinds[i].what);
			return;
		}
}

static int scan_file(const char *path, const struct stat *info, int type,
		     struct FTW *place)
{
	struct str text;
	char *copy;

	(void)place;
	if (type != FTW_F)
		return 0;
	if (!S_ISREG(info->st_mode)) {
		scan.status = tool_fail(scan.tool, EX_DATAERR,
					"%s%s: expected a file, a folder or a "
					"link",
					scan.shown, path + strlen(scan.folder));
		return 0;
	}
	/* What signs SRS addresses and verdicts is known by its name alone. */
	if (fnmatch("*.secret", path, 0) == 0) {
		tell(path, "a secret");
		return 0;
	}
	if (tool_read(path, LIMIT_ALIAS_FILE, &text) != OK) {
		scan.status = tool_fail(scan.tool, EX_NOINPUT, "%s: %m", path);
		return 0;
	}
	copy = arena_must(realloc((char *)(uintptr_t)text.p, text.n + 1));
	scan_text(copy, text.n, path);
	free(copy);
	return 0;
}

int backup_scan(const struct tool *tool, const char *folder, const char *shown)
{
	scan = (struct scan){ .tool = tool, .folder = folder, .shown = shown };
	for (size_t i = 0; i < KINDS; i++)
		if (regcomp(&scan.patterns[i], kinds[i].pattern,
			    REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
			return tool_fail(tool, EX_SOFTWARE, "regcomp");
	if (nftw(folder, scan_file, WALK_DESCRIPTORS, FTW_PHYS) != 0)
		return tool_fail(tool, EX_NOINPUT, "%s: %m", folder);
	for (size_t i = 0; i < KINDS; i++)
		regfree(&scan.patterns[i]);
	return scan.status;
}
