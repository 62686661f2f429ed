/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "mail/domain.h"

static const char *const gates[] = { [GATE_STRICT] = "strict",
				     [GATE_DMARC] = "dmarc",
				     [GATE_OFF] = "off",
				     NULL };

static const char *const mixed[] = {
	[MIXED_SPLIT] = "split", [MIXED_REWRITE] = "rewrite", NULL
};

static const char *const arc_rules[] = {
	[ARC_SEAL] = "seal", [ARC_OFF] = "off", NULL
};

static const char *const unreadable[] = {
	[UNREADABLE_STRIKE] = "strike", [UNREADABLE_HOLD] = "hold", NULL
};

static const char *check_header(const char *text)
{
	return !*text || strchr(text, ':') > text
		       ? NULL
		       : "a header field like X-Spam-Flag: YES, or nothing";
}

const struct setting forward_table[] = {
	{ .name = "srs_domain",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct config, srs_domain),
	  .fallback = "",
	  .check = conf_domain_fault,
	  .help = "Domain of rewritten senders; empty: that of the alias." },
	{ .name = "gate",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, gate),
	  .fallback = "strict",
	  .choices = gates,
	  .help = "What may be forwarded: strict asks for SPF or DKIM, no "
		  "spam, and what survives the hop; dmarc for no DMARC "
		  "failure; off for nothing." },
	{ .name = "spam_header",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct config, spam_header),
	  .fallback = "X-Spam-Flag: YES",
	  .check = check_header,
	  .help = "A field by which a filter before us marks spam." },
	{ .name = "mixed",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, mixed),
	  .fallback = "split",
	  .choices = mixed,
	  .help = "Recipients that need different senders: have the client "
		  "send them apart, or rewrite for all." },
	{ .name = "unreadable_bounces",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, unreadable_bounces),
	  .fallback = "strike",
	  .choices = unreadable,
	  .help = "Bounces that are no notification we can read: strike "
		  "private addresses out, or have the MTA hold them all." },
	{ .name = "arc",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, arc),
	  .fallback = "seal",
	  .choices = arc_rules,
	  .help = "Seal what is forwarded with ARC (RFC 8617), or don't." },
	{ .name = "max_recipients",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct config, max_recipients),
	  .fallback = "500",
	  .min = 1,
	  .max = 10000,
	  .help = "Targets of one message." },
	{ .name = "max_hops",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct config, max_hops),
	  .fallback = "30",
	  .min = 1,
	  .max = 1000,
	  .help = "Received fields after which a message is in a loop." },
	{ .name = NULL },
};

/* "X-Spam-Flag: YES" as a field. */
static struct field read_field(struct str text)
{
	size_t colon = str_find(text, ':');

	if (colon == text.n)
		return (struct field){ STR(""), STR("") };
	return (struct field){
		str_trim(str_sub(text, 0, colon)),
		str_trim(str_sub(text, colon + 1, text.n)),
	};
}

enum result forward_derive(struct snapshot *snapshot, const char **error)
{
	const struct config *config = snapshot->settings;
	struct arena *arena = snapshot->arena;
	struct derived *derived = ARENA_NEW(arena, struct derived, 1);
	const char *state = snapshot->shared.state_directory;

	snapshot->derived = derived;
	derived->srs_domain = STR("");
	if (*config->srs_domain)
		domain_normalize(arena, str_from(config->srs_domain),
				 &derived->srs_domain);
	derived->tokens = arena_printf(arena, "%s/forward/senders.db", state);
	derived->spam = read_field(str_from(config->spam_header));
	if (secrets_load(arena, arena_printf(arena, "%s/srs", state),
			 &derived->srs, error) != OK ||
	    secrets_load(arena, arena_printf(arena, "%s/verdict", state),
			 &derived->verdict, error) != OK)
		return E_CONFIG;
	if (derived->srs.n)
		return OK;
	*error = arena_printf(
		arena, "%s/srs: expected a file NAME.secret there", state);
	return E_CONFIG;
}
