/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <time.h>

#include "check_host.h"
#include "mail/domain.h"

struct request {
	struct own_host_options host;
	const char *outward;
	bool lists, json, changes, all, dns;
};

static const struct tool_flag flags[] = {
	{ "host", false, offsetof(struct request, host.name) },
	{ "address", false, offsetof(struct request, host.addresses) },
	{ "certificate", false, offsetof(struct request, host.certificate) },
	{ "outward", false, offsetof(struct request, outward) },
	{ "lists", true, offsetof(struct request, lists) },
	{ "json", true, offsetof(struct request, json) },
	{ "changes", true, offsetof(struct request, changes) },
	{ "all", true, offsetof(struct request, all) },
	{ "dns", true, offsetof(struct request, dns) },
	{ NULL, false, 0 },
};

static int check_this_host(const struct check_context *check)
{
	const struct host_request request = {
		.name = arena_copy(check->arena, check->host->name).p,
		.now = (int64_t)time(NULL),
	};

	check_host(check->tool, &request, check->findings);
	return EX_OK;
}

/* All there is to check. What is not of DNS is left out by --dns. */
static const struct {
	int (*run)(const struct check_context *check);
	bool dns;
} parts[] = {
	{ check_dns, true },
	{ check_history, false },
	{ check_this_host, false },
	{ check_outward, false },
};

static int run_parts(const struct check_context *check)
{
	int status = EX_OK;

	for (size_t i = 0;
	     status == EX_OK && i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].dns || !check->dns_only)
			status = parts[i].run(check);
	return status;
}

/* Puts what changed in the place of what was found, and keeps that. */
static int compare(const struct check_context *check, const char *domain,
		   struct findings *changes)
{
	const char *path =
		arena_printf(check->arena, "%s/check/last%s%s",
			     check->shared->state_directory, domain ? "." : "",
			     domain ? domain : "");
	struct findings before;
	const char *error;

	findings_init(&before, check->arena);
	if (findings_load(&before, path, &error) != OK)
		return tool_fail(check->tool, EX_CONFIG, "%s", error);
	findings_changes(&before, check->findings, changes);
	if (findings_save(check->findings, path, &error) != OK)
		return tool_fail(check->tool, EX_CANTCREAT, "%s", error);
	return EX_OK;
}

static int report(const struct check_context *check,
		  const struct request *request, const char *domain)
{
	const struct findings *shown = check->findings;
	struct findings changes;
	int status = EX_OK;

	findings_init(&changes, check->arena);
	if (request->changes) {
		status = compare(check, domain, &changes);
		shown = &changes;
	}
	if (status != EX_OK)
		return status;
	if (request->json)
		findings_print_json(shown, stdout);
	else
		findings_print(shown, request->all || request->changes, stdout);
	return findings_worst(check->findings) == FINDING_FAULT ? EX_CONFIG
								: EX_OK;
}

/* The domains that are ours, or the one that was named. */
static int choose_domains(struct check_context *check,
			  const struct domains *domains, const char *name)
{
	struct str normal;

	check->domains = domains->list;
	check->n = domains->n;
	if (!name)
		return EX_OK;
	if (domain_normalize(check->arena, str_from(name), &normal) != OK)
		return tool_fail(check->tool, EX_USAGE, "%s: expected a domain",
				 name);
	check->domains = domains_find(domains, normal);
	check->n = 1;
	if (check->domains)
		return EX_OK;
	return tool_fail(check->tool, EX_NOINPUT,
			 "%s: there is no folder of this domain in %s/domains",
			 name, check->tool->directory);
}

static int check_domains(struct check_context *check,
			 const struct request *request, const char *domain)
{
	const struct domains_source source = {
		.config = check->tool->directory,
		.state = check->shared->state_directory,
		.parts = DOMAIN_KEYS,
	};
	struct domains domains;
	const char *error;
	int status;

	if (domains_load(check->arena, &source, &domains, &error) != OK)
		return tool_fail(check->tool, EX_CONFIG, "%s", error);
	status = choose_domains(check, &domains, domain);
	if (status == EX_OK)
		status = run_parts(check);
	if (status == EX_OK)
		status = report(check, request, domain);
	domains_free(&domains);
	return status;
}

int run_check(struct tool *tool, int argc, char **argv)
{
	struct request request = { .json = false };
	struct check_context check = { .tool = tool, .arena = tool->arena };
	struct shared_settings shared;
	struct resolver_settings dns;
	struct own_host host;
	struct relay relay;
	struct findings findings;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &request, &status))
		return status;
	if (optind < argc - 1)
		return tool_usage(tool, EX_USAGE);
	if (!tool_settings(tool, &shared, &dns))
		return EX_CONFIG;
	status = own_host_read(tool, &request.host, &host);
	if (status != EX_OK)
		return status;
	relay_find(tool->arena, &relay);
	findings_init(&findings, tool->arena);
	check.shared = &shared;
	check.dns = &dns;
	check.host = &host;
	check.relay = &relay;
	check.lists = request.lists;
	check.dns_only = request.dns;
	check.outward = request.outward;
	check.findings = &findings;
	return check_domains(&check, &request, argv[optind]);
}
