/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "mail/domain.h"

static const char *const malformed_from[] = {
	[MALFORMED_REJECT] = "reject", [MALFORMED_EVALUATE] = "evaluate", NULL
};

static const char *const quarantine[] = { [QUARANTINE_HEADER] = "header",
					  [QUARANTINE_HOLD] = "hold",
					  [QUARANTINE_REJECT] = "reject",
					  NULL };

static const char *const spf_fail[] = {
	[SPF_FAIL_ACCEPT] = "accept", [SPF_FAIL_REJECT] = "reject", NULL
};

static const char *const temperror[] = {
	[TEMPERROR_ACCEPT] = "accept", [TEMPERROR_TEMPFAIL] = "tempfail", NULL
};

static const char *const discovery[] = {
	[DMARC_TREEWALK] = "treewalk", [DMARC_PSL] = "psl", NULL
};

static bool is_domain(const char *text)
{
	struct arena *arena = arena_new(512);
	struct str normal;
	bool good = domain_normalize(arena, str_from(text), &normal) == OK &&
		    domain_parent(normal).n;

	arena_free(arena);
	return good;
}

static const char *check_id(const char *text)
{
	return !*text || is_domain(text) ? NULL : "a host name, or nothing";
}

static const char *check_domain(const char *text)
{
	return is_domain(text) ? NULL : "a domain name";
}

static const char *check_forwarder(const char *text)
{
	return !network_check(text) || is_domain(text)
		       ? NULL
		       : "an address block or a domain name";
}

const struct setting config_table[] = {
	{ .name = "authserv_id",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct config, authserv_id),
	  .fallback = "",
	  .check = check_id,
	  .help = "Our name in Authentication-Results; empty: the MTA's." },
	{ .name = "malformed_from",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, malformed_from),
	  .fallback = "reject",
	  .choices = malformed_from,
	  .help = "Not one From: field with one author domain: reject, or "
		  "evaluate all authors and take the strictest." },
	{ .name = "quarantine",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, quarantine),
	  .fallback = "header",
	  .choices = quarantine,
	  .help = "DMARC fails and the policy is quarantine: accept with "
		  "X-Spam-Flag: YES, have the MTA hold it, or reject." },
	{ .name = "spf_fail",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, spf_fail),
	  .fallback = "accept",
	  .choices = spf_fail,
	  .help = "SPF fails and DMARC does not pass, nor has a policy that "
		  "is stricter." },
	{ .name = "temperror",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, temperror),
	  .fallback = "tempfail",
	  .choices = temperror,
	  .help = "DNS did not answer what DMARC needs to know." },
	{ .name = "dry_run",
	  .type = SETTING_SWITCH,
	  .offset = offsetof(struct config, dry_run),
	  .fallback = "no",
	  .help = "Check, record and log, but accept everything." },
	{ .name = "arc",
	  .type = SETTING_SWITCH,
	  .offset = offsetof(struct config, arc),
	  .fallback = "yes",
	  .help = "Validate ARC chains (RFC 8617)." },
	{ .name = "trusted_sealers",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct config, trusted_sealers),
	  .fallback = "",
	  .check = check_domain,
	  .help = "Domains whose ARC seal on a DMARC pass is believed." },
	{ .name = "trusted_forwarders",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct config, trusted_forwarders),
	  .fallback = "",
	  .check = check_forwarder,
	  .help = "Forwarders whose mail no policy refuses: address blocks, "
		  "or domains for which SPF passes." },
	{ .name = "received_spf",
	  .type = SETTING_SWITCH,
	  .offset = offsetof(struct config, received_spf),
	  .fallback = "no",
	  .help = "Add a Received-SPF field too (RFC 7208 section 9.1)." },
	{ .name = "dmarc_discovery",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, dmarc_discovery),
	  .fallback = "treewalk",
	  .choices = discovery,
	  .help = "Organizational domains: by the tree walk of RFC 9989, or "
		  "the Public Suffix List as in RFC 7489." },
	{ .name = "spf_engine",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, spf_engine),
	  .fallback = "native",
	  .choices = engine_spf_names,
	  .help = "What evaluates SPF." },
	{ .name = "dmarc_engine",
	  .type = SETTING_CHOICE,
	  .offset = offsetof(struct config, dmarc_engine),
	  .fallback = "native",
	  .choices = engine_dmarc_names,
	  .help = "What evaluates DMARC." },
	{ .name = "compare",
	  .type = SETTING_SWITCH,
	  .offset = offsetof(struct config, compare),
	  .fallback = "no",
	  .help = "Ask the other engines too and log where they differ." },
	{ .name = "dns_budget",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct config, dns_budget),
	  .fallback = "5000",
	  .min = 1,
	  .max = 60000,
	  .help = "Milliseconds that a message may wait for DNS in all." },
	{ .name = NULL },
};

/* Lists in normal form; their items were checked when they were read. */
static void derive_lists(struct arena *arena, const struct config *config,
			 struct derived *derived)
{
	const struct conf_list *sealers = &config->trusted_sealers;
	const struct conf_list *forwarders = &config->trusted_forwarders;
	struct conf_list *domains = &derived->forwarder_domains;
	struct conf_list blocks = { .items = ARENA_NEW(arena, struct str,
						       forwarders->n + 1) };

	derived->sealers.items = ARENA_NEW(arena, struct str, sealers->n + 1);
	for (size_t i = 0; i < sealers->n; i++)
		domain_normalize(arena, sealers->items[i],
				 &derived->sealers.items[derived->sealers.n++]);
	domains->items = ARENA_NEW(arena, struct str, forwarders->n + 1);
	for (size_t i = 0; i < forwarders->n; i++) {
		struct str item = forwarders->items[i];

		if (!network_check(arena_copy(arena, item).p))
			blocks.items[blocks.n++] = item;
		else
			domain_normalize(arena, item,
					 &domains->items[domains->n++]);
	}
	derived->forwarders = network_parse(arena, &blocks);
}

static enum result choose_engines(const struct config *config,
				  struct check_rules *rules, const char **error)
{
	rules->spf = &engine_spf[config->spf_engine];
	rules->dmarc = &engine_dmarc[config->dmarc_engine];
	*error = "spf_engine: this build has no libspf2";
	if (!rules->spf->mail_from)
		return E_CONFIG;
	*error = "dmarc_engine: this build has no libopendmarc";
	if (!rules->dmarc->check)
		return E_CONFIG;
	if (!config->compare)
		return OK;
	rules->other_spf = &engine_spf[!config->spf_engine];
	rules->other_dmarc = &engine_dmarc[!config->dmarc_engine];
	*error = "compare: this build has not both libspf2 and libopendmarc";
	return rules->other_spf->mail_from && rules->other_dmarc->check
		       ? OK
		       : E_CONFIG;
}

enum result config_apply(struct arena *arena, const struct config *config,
			 struct derived *derived, const char **error)
{
	*derived = (struct derived){
		.rules = {
			.dkim = dkim_verify_policy_default,
			.arc = config->arc,
			.discovery = (enum dmarc_discovery)
				config->dmarc_discovery,
		},
	};
	derive_lists(arena, config, derived);
	return choose_engines(config, &derived->rules, error);
}

enum result config_derive(struct snapshot *snapshot, const char **error)
{
	struct arena *arena = snapshot->arena;
	struct derived *derived = ARENA_NEW(arena, struct derived, 1);

	snapshot->derived = derived;
	if (config_apply(arena, snapshot->settings, derived, error) != OK)
		return E_CONFIG;
	return secrets_load(arena,
			    arena_printf(arena, "%s/verdict",
					 snapshot->shared.state_directory),
			    &derived->verdict, error);
}
