/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "json.h"
#include "mail/buf.h"
#include "mail/dns_zone.h"
#include "mail/limits.h"
#include "mail/spf_check.h"
#include "tool.h"

struct request {
	const char *zone, *now, *client, *helo, *sender;
	bool json;
};

static const struct option options[] = {
	{ "zone", required_argument, NULL, 'z' },
	{ "now", required_argument, NULL, 'n' },
	{ "client", required_argument, NULL, 'c' },
	{ "helo", required_argument, NULL, 'H' },
	{ "sender", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* False when *status is the exit status to end with. */
static bool read_options(struct tool *tool, int argc, char **argv,
			 struct request *request, int *status)
{
	int option;

	while ((option = tool_option(tool, argc, argv, options, status)) > 0) {
		switch (option) {
		case 'z':
			request->zone = optarg;
			break;
		case 'n':
			request->now = optarg;
			break;
		case 'c':
			request->client = optarg;
			break;
		case 'H':
			request->helo = optarg;
			break;
		case 's':
			request->sender = optarg;
			break;
		case 'j':
			request->json = true;
			break;
		}
	}
	if (option == 0)
		return false;
	if (request->client && request->helo && request->sender &&
	    optind == argc)
		return true;
	*status = tool_usage(tool, EX_USAGE);
	return false;
}

/* The resolver of a zone file; *text is to be freed after it. */
static int read_zone(struct tool *tool, const char *path, struct str *text,
		     struct dns_resolver *resolver)
{
	enum result result = tool_read(path, LIMIT_ZONE_FILE, text);
	struct dns_zone_fault fault;
	struct dns_zone *zone;

	if (result != OK) {
		text->p = NULL; /* it is freed already */
		return tool_fail(tool, EX_NOINPUT, "%s: %s", path,
				 result == E_LIMIT ? "is too long"
						   : "can't be read");
	}
	if (dns_zone_parse(tool->arena, *text, &zone, &fault) != OK)
		return tool_fail(tool, EX_DATAERR, "%s:%zu: expected %s", path,
				 fault.line, fault.expected);
	*resolver = dns_zone_resolver(zone);
	return EX_OK;
}

static void print_json(const struct spf_result *result)
{
	struct json json;

	json_begin(&json, stdout);
	json_object(&json, NULL);
	json_object(&json, "spf");
	json_text(&json, "result", auth_name(result->auth));
	json_string(&json, "domain", result->domain);
	json_text(&json, "reason", result->reason);
	if (result->explanation.p)
		json_string(&json, "explanation", result->explanation);
	else
		json_null(&json, "explanation");
	json_object_end(&json);
	json_object_end(&json);
	json_end(&json);
}

/* A branch of the tree; nothing of a stranger's reaches a terminal raw. */
static void print_branch(struct tool *tool, const char *name, struct str value)
{
	struct buf buf;

	if (!value.n)
		return;
	buf_init(&buf, tool->arena, 4 * value.n);
	buf_add_printable(&buf, value);
	printf("  %-12s%s\n", name, buf_c(&buf));
}

static void print_tree(struct tool *tool, const char *identity,
		       const struct spf_result *result)
{
	printf("%s: %s\n", identity, auth_name(result->auth));
	print_branch(tool, "domain", result->domain);
	print_branch(tool, "mechanism", result->mechanism);
	printf("  %-12s%s\n", "reason", result->reason);
	/* 6.2: make it clear whose words they are. */
	if (result->explanation.p)
		printf("  %-12s%.*s\n", "they say",
		       STR_ARG(result->explanation));
}

static void check(struct tool *tool, const struct request *request,
		  const struct env *env, const struct spf_client *client)
{
	struct spf_result result;

	spf_check_mail_from(env, tool->arena, client, str_from(request->sender),
			    &result);
	if (request->json) {
		print_json(&result);
		return;
	}
	print_tree(tool, "MAIL FROM", &result);
	spf_check_helo(env, tool->arena, client, &result);
	print_tree(tool, "HELO", &result);
}

int run_spf(struct tool *tool, int argc, char **argv)
{
	struct request request = { .zone = NULL };
	struct dns_resolver resolver;
	struct env env = { .resolver = &resolver };
	struct spf_client client;
	struct str text = { NULL, 0 };
	int status;

	if (!read_options(tool, argc, argv, &request, &status))
		return status;
	if (ip_parse(str_from(request.client), &client.address) != OK)
		return tool_fail(tool, EX_USAGE,
				 "--client %s: expected an IP address",
				 request.client);
	if (!tool_now(request.now, &env.now))
		return tool_fail(tool, EX_USAGE,
				 "--now %s: expected seconds since 1970",
				 request.now);
	if (!request.zone)
		return tool_fail(tool, EX_USAGE,
				 "live DNS comes with auth-policy; give a "
				 "zone with --zone FILE");
	client.helo = str_from(request.helo);
	client.receiver = STR("");
	status = read_zone(tool, request.zone, &text, &resolver);
	if (status == EX_OK)
		check(tool, &request, &env, &client);
	free((char *)text.p);
	return status;
}
