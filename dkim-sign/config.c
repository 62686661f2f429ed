/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

static const char *const from_rules[] = {
	[FROM_OWN] = "own", [FROM_DOMAIN] = "domain", [FROM_ANY] = "any", NULL
};

static const char *const long_lines[] = {
	[LONG_LINES_SIGN] = "sign", [LONG_LINES_REJECT] = "reject", NULL
};

static const char *check_canonicalization(const char *text)
{
	enum canon header, body;

	return canon_parse(str_from(text), &header, &body) == OK
		       ? NULL
		       : "relaxed/relaxed, relaxed/simple, simple/relaxed or "
			 "simple/simple";
}

static const char *check_oversign(const char *text)
{
	return dkim_sign_may_cover(str_from(text))
		       ? NULL
		       : "a header field that stays as it is in transit";
}

static const char *check_sign(const char *text)
{
	size_t n = strlen(text);

	if (n && text[n - 1] == '*')
		n--;
	if (dkim_sign_may_cover((struct str){ text, n }))
		return NULL;
	return "a header field that stays as it is in transit, or a "
	       "beginning of its name and *";
}

const struct setting config_table[] = {
	{ .name = "from",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, from),
	  .fallback = "own",
	  .choices = from_rules,
	  .help = "Which addresses an authenticated user may write in From: "
		  "and as sender: own, any of the login's domain, or any." },
	{ .name = "subdomains",
	  .type = SETTING_SWITCH,
	  .offset = offsetof(struct config, subdomains),
	  .fallback = "no",
	  .help = "Sign for a sub-domain without a folder with the keys of "
		  "the domain above it." },
	{ .name = "canonicalization",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct config, canonicalization),
	  .fallback = "relaxed/relaxed",
	  .check = check_canonicalization,
	  .help = "Of header and body; relaxed survives more relays." },
	{ .name = "oversign_headers",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct config, oversign),
	  .fallback = "From, To, Cc, Subject, Date, Reply-To, Message-ID, "
		      "MIME-Version, Content-Type, Content-Transfer-Encoding",
	  .check = check_oversign,
	  .help = "Signed, and nobody can add another one later." },
	{ .name = "sign_headers",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct config, sign),
	  .fallback = "Sender, In-Reply-To, References, Resent-*, List-*",
	  .check = check_sign,
	  .help = "Signed where present." },
	{ .name = "expire",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct config, expire),
	  .fallback = "0",
	  .min = 0,
	  .max = 365 * 24 * 3600,
	  .help = "Seconds until a signature expires (x=); 0: never." },
	{ .name = "long_lines",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, long_lines),
	  .fallback = "sign",
	  .choices = long_lines,
	  .help = "A user's message with a line over 998 bytes, which some "
		  "relay will break and the signature with it." },
	{ .name = NULL },
};

const char *config_from_name(int from)
{
	return from_rules[from];
}

static bool covers_from(const struct dkim_policy *policy)
{
	return dkim_policy_covers(policy, STR("From"));
}

enum result config_derive(struct snapshot *snapshot, const char **error)
{
	const struct config *config = snapshot->settings;
	struct dkim_policy *policy =
		ARENA_NEW(snapshot->arena, struct dkim_policy, 1);

	*policy = (struct dkim_policy){
		.oversign = config->oversign.items,
		.n_oversign = config->oversign.n,
		.present = config->sign.items,
		.n_present = config->sign.n,
		.expire = config->expire,
	};
	canon_parse(str_from(config->canonicalization), &policy->header,
		    &policy->body);
	snapshot->derived = policy;
	for (size_t i = 0; i < snapshot->domains.n; i++)
		if (!snapshot->domains.list[i].keys.n)
			log_warning("%.*s has no active key: its users' mail "
				    "is put off",
				    STR_ARG(snapshot->domains.list[i].name));
	if (covers_from(policy))
		return OK;
	*error = "oversign_headers: expected From among them";
	return E_CONFIG;
}
