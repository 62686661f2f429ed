/* SPDX-License-Identifier: BSD-2-Clause */
#include "override.h"

#include "mail/authres.h"
#include "mail/domain.h"

static bool has(const struct conf_list *list, struct str domain)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->items[i], domain))
			return true;
	return false;
}

/* Is what SPF passed for within one of the domains? */
static bool passes_within(struct arena *arena, const struct conf_list *domains,
			  const struct spf_result *spf)
{
	struct str normal;

	if (spf->auth != AUTH_PASS ||
	    domain_normalize(arena, spf->domain, &normal) != OK)
		return false;
	for (size_t i = 0; i < domains->n; i++)
		if (domain_is_within(normal, domains->items[i]))
			return true;
	return false;
}

static bool is_forwarder(struct arena *arena, const struct derived *derived,
			 const struct check_findings *found)
{
	const struct conf_list *domains = &derived->forwarder_domains;

	return found->has_spf &&
	       (network_has_ip(&derived->forwarders, &found->client.address) ||
		passes_within(arena, domains, &found->helo) ||
		passes_within(arena, domains, &found->mail_from));
}

/* Does a sealer say that DMARC passed for this author when it came there? */
static bool attests(struct arena *arena, const struct arc_set *set,
		    struct str author)
{
	struct authres authres;

	if (authres_parse(arena, set->authres, &authres) != OK)
		return false;
	for (size_t i = 0; i < authres.n; i++) {
		const struct authres_result *result = &authres.results[i];

		if (!str_ieq(result->method, STR("dmarc")) ||
		    !str_ieq(result->result, STR("pass")))
			continue;
		for (size_t p = 0; p < result->n; p++) {
			const struct authres_property *property =
				&result->properties[p];
			struct str normal;

			if (str_ieq(property->type, STR("header")) &&
			    str_ieq(property->name, STR("from")) &&
			    domain_normalize(arena, property->value, &normal) ==
				    OK &&
			    str_eq(normal, author))
				return true;
		}
	}
	return false;
}

/*
 * What a sealer says of a message is worth something only as long as all who
 * had it after him are trusted as well: each of them could change it and seal
 * it anew. So the walk goes from the newest set down to the first stranger.
 */
static bool is_sealed(struct arena *arena, const struct derived *derived,
		      const struct check_findings *found)
{
	const struct arc_result *arc = &found->arc;

	if (!found->has_arc || arc->auth != AUTH_PASS || found->authors.fault)
		return false;
	for (size_t i = arc->instances; i > 0; i--) {
		const struct arc_set *set = &arc->sets[i - 1];

		if (!has(&derived->sealers, set->sealer))
			return false;
		if (attests(arena, set, found->authors.domains[0]))
			return true;
	}
	return false;
}

const char *override_find(struct arena *arena, const struct derived *derived,
			  const struct check_findings *findings)
{
	if (is_forwarder(arena, derived, findings))
		return "trusted_forwarder";
	/* RFC 9990 has no better word for it. */
	if (is_sealed(arena, derived, findings))
		return "local_policy(arc)";
	return NULL;
}

bool override_is_open(const struct derived *derived,
		      const struct check_findings *findings)
{
	if (derived->sealers.n && findings->has_arc &&
	    findings->arc.auth == AUTH_TEMPERROR)
		return true;
	return derived->forwarder_domains.n && findings->has_spf &&
	       (findings->helo.auth == AUTH_TEMPERROR ||
		findings->mail_from.auth == AUTH_TEMPERROR);
}
