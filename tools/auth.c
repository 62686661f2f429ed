/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth.h"

#include <stdlib.h>

#include "auth-policy/results.h"
#include "mail/dns_zone.h"
#include "mail/limits.h"
#include "milters/suffixes.h"

/*
 * The verbs verify, spf and dmarc: auth-policy's own checks, with its own
 * configuration, over DNS or a text zone.
 */

struct request {
	const char *zone, *now, *client, *helo, *sender;
	bool legacy, json;
};

static const struct tool_flag flags[] = {
	{ "zone", false, offsetof(struct request, zone) },
	{ "now", false, offsetof(struct request, now) },
	{ "client", false, offsetof(struct request, client) },
	{ "helo", false, offsetof(struct request, helo) },
	{ "sender", false, offsetof(struct request, sender) },
	{ "legacy", true, offsetof(struct request, legacy) },
	{ "json", true, offsetof(struct request, json) },
	{ NULL, false, 0 },
};

/* Where answers come from, and what is checked by which rules. */
struct world {
	struct tool *tool;
	struct request request;
	struct shared_settings shared;
	struct config config;
	struct derived derived;
	struct spf_client client;
	bool has_client;
	struct str id; /* authserv-id */
	struct env env;
	struct str zone_text; /* to be freed */
	struct dns_resolver zone;
	struct suffix_list suffixes;
	struct resolver_settings dns;
	struct resolver *resolver;
	struct inquiry *inquiry; /* NULL over a zone */
};

static int read_settings(struct world *world)
{
	struct tool *tool = world->tool;
	struct runtime_settings runtime;
	struct check_rules *rules = &world->derived.rules;
	const char *error;

	if (!tool_settings(tool, &world->shared, &world->dns) ||
	    !tool_daemon(tool, "auth-policy", &runtime, config_table,
			 &world->config))
		return EX_CONFIG;
	if (config_apply(tool->arena, &world->config, &world->derived,
			 &error) != OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	rules->dkim.rsa_sha1 = rules->dkim.short_keys = rules->dkim.expired =
		rules->dkim.drafts = world->request.legacy;
	world->id = results_id(tool->arena, world->config.authserv_id, STR(""));
	return EX_OK;
}

static int read_client(struct world *world)
{
	const struct request *request = &world->request;
	struct tool *tool = world->tool;

	if (!tool_now(request->now, &world->env.now))
		return tool_fail(tool, EX_USAGE,
				 "--now %s: expected seconds since 1970",
				 request->now);
	world->has_client = request->client != NULL;
	if (!request->client != !request->helo ||
	    !request->client != !request->sender)
		return tool_fail(tool, EX_USAGE,
				 "--client, --helo and --sender belong "
				 "together");
	if (!request->client)
		return EX_OK;
	if (ip_parse(str_from(request->client), &world->client.address) != OK)
		return tool_fail(tool, EX_USAGE,
				 "--client %s: expected an IP address",
				 request->client);
	world->client.address = ip_unmap(world->client.address);
	world->client.helo = str_from(request->helo);
	world->client.receiver = world->id;
	return EX_OK;
}

static int open_zone(struct world *world)
{
	struct tool *tool = world->tool;
	const char *path = world->request.zone;
	struct dns_zone_fault fault;
	struct dns_zone *zone;

	if (tool_read(path, LIMIT_ZONE_FILE, &world->zone_text) != OK)
		return tool_fail(tool, EX_NOINPUT, "%s: %m", path);
	if (dns_zone_parse(tool->arena, world->zone_text, &zone, &fault) != OK)
		return tool_fail(tool, EX_DATAERR, "%s:%zu: expected %s", path,
				 fault.line, fault.expected);
	world->zone = dns_zone_resolver(zone);
	world->env.resolver = &world->zone;
	return EX_OK;
}

static int open_dns(struct world *world)
{
	struct tool *tool = world->tool;
	const char *error;

	if (resolver_new(&world->dns, tool->arena, &world->resolver, &error) !=
	    OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	world->inquiry = inquiry_begin(world->resolver, tool->arena,
				       world->config.dns_budget);
	world->env.resolver = inquiry_resolver(world->inquiry);
	return EX_OK;
}

static void close_world(struct world *world)
{
	if (world->inquiry)
		inquiry_end(world->inquiry);
	resolver_put(world->resolver);
	suffixes_free(&world->suffixes);
	free((char *)world->zone_text.p);
}

static int prepare(struct world *world)
{
	int status = read_settings(world);

	if (status == EX_OK)
		status = read_client(world);
	if (status != EX_OK)
		return status;
	if (suffixes_new(NULL, &world->suffixes) != OK)
		return tool_fail(world->tool, EX_UNAVAILABLE,
				 "the system has no Public Suffix List");
	world->env.suffixes = &world->suffixes;
	return world->request.zone ? open_zone(world) : open_dns(world);
}

/*
 * All that stands before the check. False when *status is the exit status to
 * end with; the world is to be closed in any case.
 */
static bool open_world(struct world *world, int argc, char **argv, int *status)
{
	if (!tool_flags(world->tool, argc, argv, flags, &world->request,
			status))
		return false;
	*status = prepare(world);
	return *status == EX_OK;
}

/* Some programs save a message with mbox's line above it: "From a@b ...". */
static struct str skip_mbox_line(struct str text)
{
	struct str rest = text, line;
	size_t i = 5;

	if (!str_line(&rest, &line) || line.n <= i ||
	    memcmp(line.p, "From ", i) != 0)
		return text;
	while (i < line.n && str_is_wsp(line.p[i]))
		i++;
	return i < line.n && line.p[i] != ':' ? rest : text;
}

static int check_text(struct world *world, struct str text,
		      struct auth_report *report)
{
	struct tool *tool = world->tool;
	const struct check_envelope envelope = {
		.client = world->has_client ? &world->client : NULL,
		.sender = str_from(world->request.sender),
	};
	struct decision *decision = ARENA_NEW(tool->arena, struct decision, 1);
	struct message *message = ARENA_NEW(tool->arena, struct message, 1);
	struct check *check;
	struct str body;
	enum result result;

	message_init(message, tool->arena);
	result = message_split(message, text, &body);
	if (result != OK)
		return tool_fail(tool, EX_DATAERR, "%s",
				 result == E_LIMIT
					 ? "the header is too long"
					 : "the header has a line that is no "
					   "header field");
	check = check_new(tool->arena, &world->derived.rules, &world->env,
			  world->inquiry, &envelope);
	result = check_header(check, message);
	if (result == OK) {
		check_body(check, body);
		result = check_end(check, &report->findings);
	}
	if (result == OK) {
		policy_decide(tool->arena, &world->config, &world->derived,
			      report->findings, decision);
		report->decision = decision;
		report->authentication_results = results_format(
			tool->arena, report->findings, world->id);
		delivery_facts_read(tool->arena, message, &report->delivery);
	}
	check_free(check);
	return result == OK ? EX_OK
			    : tool_fail(tool, EX_SOFTWARE, "OpenSSL refused");
}

static int run_file(struct world *world, const char *path,
		    void (*print)(const struct auth_report *, bool))
{
	struct auth_report report = { .arena = world->tool->arena };
	struct str text;
	int status;

	if (tool_read(path, LIMIT_MESSAGE_FILE, &text) != OK)
		return tool_fail(world->tool, EX_NOINPUT, "%s: %m", path);
	status = check_text(world, skip_mbox_line(text), &report);
	if (status == EX_OK)
		print(&report, world->request.json);
	free((char *)text.p);
	return status;
}

static int run_message(struct tool *tool, int argc, char **argv,
		       void (*print)(const struct auth_report *, bool))
{
	struct world world = { .tool = tool };
	int status;

	if (open_world(&world, argc, argv, &status))
		status = optind == argc - 1
				 ? run_file(&world, argv[optind], print)
				 : tool_usage(tool, EX_USAGE);
	close_world(&world);
	return status;
}

int run_verify(struct tool *tool, int argc, char **argv)
{
	return run_message(tool, argc, argv, auth_print_verify);
}

int run_dmarc(struct tool *tool, int argc, char **argv)
{
	return run_message(tool, argc, argv, auth_print_dmarc);
}

static void check_spf(struct world *world)
{
	const struct engine_spf *spf = world->derived.rules.spf;
	struct arena *arena = world->tool->arena;
	struct str sender = str_from(world->request.sender);
	struct spf_result mail_from, helo;

	do {
		spf->mail_from(&world->env, arena, &world->client, sender,
			       &mail_from);
		spf->helo(&world->env, arena, &world->client, &helo);
	} while (world->inquiry && inquiry_wait(world->inquiry));
	auth_print_spf(arena, &mail_from, &helo, world->request.json);
}

int run_spf(struct tool *tool, int argc, char **argv)
{
	struct world world = { .tool = tool };
	int status;

	if (open_world(&world, argc, argv, &status)) {
		if (world.has_client && optind == argc)
			check_spf(&world);
		else
			status = tool_usage(tool, EX_USAGE);
	}
	close_world(&world);
	return status;
}
