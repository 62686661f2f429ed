/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdlib.h>

#include "mail/dkim_key.h"
#include "mail/dkim_sign.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "tool.h"

struct request {
	const char *key, *domain, *selector, *canon, *now;
	const char *file;
};

static const struct tool_flag flags[] = {
	{ "key", false, offsetof(struct request, key) },
	{ "domain", false, offsetof(struct request, domain) },
	{ "selector", false, offsetof(struct request, selector) },
	{ "canon", false, offsetof(struct request, canon) },
	{ "now", false, offsetof(struct request, now) },
	{ NULL, false, 0 },
};

/* False when *status is the exit status to end with. */
static bool read_options(struct tool *tool, int argc, char **argv,
			 struct request *request, int *status)
{
	if (!tool_flags(tool, argc, argv, flags, request, status))
		return false;
	if (request->key && request->domain && request->selector &&
	    optind == argc - 1) {
		request->file = argv[optind];
		return true;
	}
	*status = tool_usage(tool, EX_USAGE);
	return false;
}

static int read_identity(struct tool *tool, const struct request *request,
			 struct dkim_identity *identity,
			 struct crypto_key **key)
{
	struct str text;
	enum result result;

	if (domain_normalize(tool->arena, str_from(request->domain),
			     &identity->domain) != OK)
		return tool_fail(tool, EX_USAGE, "%s: expected a domain",
				 request->domain);
	identity->selector = str_from(request->selector);
	if (!dkim_key_is_selector(tool->arena, identity->selector))
		return tool_fail(tool, EX_USAGE, "%s: expected a selector",
				 request->selector);
	if (tool_read(request->key, LIMIT_KEY_FILE, &text) != OK)
		return tool_fail(tool, EX_NOINPUT, "%s: %m", request->key);
	result = crypto_key_parse(text, key);
	crypto_wipe(text);
	free((char *)text.p);
	identity->key = *key;
	if (result == OK)
		return EX_OK;
	return tool_fail(tool, EX_DATAERR,
			 "%s: expected a private key in PEM form, RSA of 1024 "
			 "to 8192 bits or Ed25519",
			 request->key);
}

/* Signs and prints. Lines of the new field end as those of the message. */
static int sign_text(struct tool *tool, const struct dkim_policy *policy,
		     const struct dkim_identity *identity, int64_t now,
		     struct str text)
{
	size_t first = str_find(text, '\n');
	bool crlf = first > 0 && first < text.n && text.p[first - 1] == '\r';
	struct dkim_signer *signer;
	struct message message;
	struct str body, value, line;
	enum result result;

	message_init(&message, tool->arena);
	result = message_split(&message, text, &body);
	if (result != OK)
		return tool_fail(tool, EX_DATAERR, "%s",
				 result == E_LIMIT
					 ? "the header is too long"
					 : "the header has a line that is no "
					   "header field");
	if (message_count(&message, STR("From"), NULL) != 1)
		return tool_fail(tool, EX_DATAERR,
				 "expected exactly one From: field");
	signer = dkim_sign_begin(policy);
	result = signer ? OK : E_CRYPTO;
	if (result == OK) {
		dkim_sign_body(signer, body);
		result = dkim_sign_end(signer, tool->arena, &message);
	}
	if (result == OK)
		result = dkim_sign_field(signer, tool->arena, identity, now,
					 &value);
	dkim_sign_free(signer);
	if (result != OK)
		return tool_fail(tool, EX_SOFTWARE, "signing failed (%s)",
				 result_name(result));
	fputs("DKIM-Signature:", stdout);
	while (str_line(&value, &line)) {
		fwrite(line.p, 1, line.n, stdout);
		fputs(crlf ? "\r\n" : "\n", stdout);
	}
	fwrite(text.p, 1, text.n, stdout);
	return ferror(stdout) ? EX_IOERR : EX_OK;
}

int run_sign(struct tool *tool, int argc, char **argv)
{
	struct request request = { .canon = "relaxed/relaxed" };
	struct dkim_policy policy = dkim_policy_default;
	struct dkim_identity identity;
	struct crypto_key *key = NULL;
	struct str text;
	int64_t now;
	int status;

	if (!read_options(tool, argc, argv, &request, &status))
		return status;
	if (canon_parse(str_from(request.canon), &policy.header,
			&policy.body) != OK)
		return tool_fail(tool, EX_USAGE,
				 "%s: expected relaxed/relaxed, "
				 "relaxed/simple, simple/relaxed or "
				 "simple/simple",
				 request.canon);
	if (!tool_now(request.now, &now))
		return tool_fail(tool, EX_USAGE,
				 "%s: expected seconds since 1970",
				 request.now);
	status = read_identity(tool, &request, &identity, &key);
	if (status != EX_OK)
		return status;
	if (tool_read(request.file, LIMIT_MESSAGE_FILE, &text) == OK) {
		status = sign_text(tool, &policy, &identity, now, text);
		free((char *)text.p);
	} else {
		status = tool_fail(tool, EX_NOINPUT, "%s: %m", request.file);
	}
	crypto_key_free(key);
	return status;
}
