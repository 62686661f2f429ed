/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "ask.h"
#include "forward/explain.h"
#include "json.h"
#include "mail/buf.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "mail/path.h"
#include "milters/milter.h"
#include "plain.h"
#include "tool.h"

/*
 * The verbs of alias files. They read what forward reads, and what it does
 * with an address is told by its own code, in the daemon or here.
 */

#define CONTROL_SOCKET "/run/millrace/forward.control"

struct request {
	bool json;
};

static const struct tool_flag flags[] = {
	{ "json", true, offsetof(struct request, json) },
	{ NULL, false, 0 },
};

/* What visiting each alias of one domain, or of all, takes. */
struct visit {
	struct tool *tool;
	struct request request;
	struct snapshot *snapshot;
	const struct domain *domain; /* the one at hand */
	struct arena *scratch;	     /* for one alias */
	struct json json;
	size_t n_domains, n_aliases, n_faults;
};

/*
 * The command may know less than the daemon: without the secrets all but SRS
 * addresses can be told. The table of senders is the daemon's, and would be
 * made in the name of who calls.
 */
static enum result configure(struct snapshot *snapshot, const char **error)
{
	struct derived *derived;

	if (forward_derive(snapshot, error) != OK)
		log_warning("%s", *error);
	derived = snapshot->derived;
	derived->tokens = NULL;
	return OK;
}

static const struct milter forward = {
	.name = "forward",
	.settings = forward_table,
	.settings_size = sizeof(struct config),
	.parts = DOMAIN_ALIASES | DOMAIN_USERS,
	.configure = configure,
};

static int load(struct tool *tool, struct snapshot **snapshot)
{
	char *error;
	int status;

	if (snapshot_load(&forward, tool->directory, snapshot, &error) == OK)
		return EX_OK;
	status = tool_fail(tool, EX_CONFIG, "%s", error);
	free(error);
	return status;
}

/* One domain that is named, or all; `each` is called for each of them. */
static int visit_domains(struct visit *visit, const char *name,
			 void (*each)(struct visit *visit))
{
	const struct domains *domains = &visit->snapshot->domains;
	struct str normal = STR("");

	if (name &&
	    domain_normalize(visit->tool->arena, str_from(name), &normal) != OK)
		return tool_fail(visit->tool, EX_USAGE, "%s: expected a domain",
				 name);
	if (name && !domains_find(domains, normal))
		return tool_fail(visit->tool, EX_NOINPUT,
				 "%s: there is no such domain here", name);
	visit->scratch = arena_new(4096);
	for (size_t i = 0; i < domains->n; i++) {
		visit->domain = &domains->list[i];
		if (name && !str_eq(visit->domain->name, normal))
			continue;
		visit->n_domains++;
		each(visit);
	}
	arena_free(visit->scratch);
	return EX_OK;
}

/* Begins a verb that takes a domain or none; false: end with *status. */
static bool begin(struct visit *visit, int argc, char **argv, int *status)
{
	struct tool *tool = visit->tool;

	if (!tool_flags(tool, argc, argv, flags, &visit->request, status))
		return false;
	if (optind < argc - 1) {
		*status = tool_usage(tool, EX_USAGE);
		return false;
	}
	/* Faults are told once, by the verb. */
	log_close();
	*status = load(tool, &visit->snapshot);
	return *status == EX_OK;
}

static void tell_fault(struct visit *visit, const char *fault)
{
	struct json *json = &visit->json;

	visit->n_faults++;
	if (!visit->request.json) {
		printf("%s\n", plain_text(visit->scratch, str_from(fault)));
		return;
	}
	json_object(json, NULL);
	json_string(json, "domain", visit->domain->name);
	json_text(json, "fault", fault);
	json_object_end(json);
}

/* An alias of our own addresses that leads nowhere: it is put off at RCPT. */
static bool check_alias(void *context, struct str user,
			const struct alias *alias)
{
	struct visit *visit = context;
	const struct config *config = visit->snapshot->settings;
	const struct domain *domain = visit->domain;
	const struct mailbox address = { user, domain->name };
	struct alias_expansion expansion;
	struct domains_view view;
	struct alias_directory directory = domains_directory(
		&view, &visit->snapshot->domains, visit->scratch);
	enum result result = OK;

	visit->n_aliases++;
	/* What "*: *@domain" leads to depends on who comes. */
	for (size_t i = 0; i < alias->n; i++)
		if (str_eq(user, STR("*")) &&
		    str_eq(alias->targets[i].local, user))
			return false;
	view.users_decide = true;
	if (!alias->refuse)
		result = alias_expand(&directory, visit->scratch, &address,
				      (size_t)config->max_recipients,
				      &expansion);
	if (result != OK)
		tell_fault(visit,
			   arena_printf(visit->scratch,
					"%s/domains/%.*s/aliases:%zu: %.*s "
					"leads to %s, %s",
					visit->tool->directory,
					STR_ARG(domain->name),
					alias_line(domain->aliases, user),
					STR_ARG(user),
					address_format(visit->scratch,
						       &expansion.fault),
					result == E_LIMIT
						? "where levels or targets "
						  "become too many"
						: "which takes no mail"));
	arena_reset(visit->scratch);
	return false;
}

static void check_domain(struct visit *visit)
{
	const struct domain *domain = visit->domain;

	if (domain->fault)
		tell_fault(visit, domain->fault);
	if (domain->aliases)
		alias_each(domain->aliases, visit->scratch, check_alias, visit);
}

/* The same for people and programs: how much was looked at, and the faults. */
static int check_all(struct visit *visit, const char *name)
{
	struct json *json = &visit->json;
	bool is_json = visit->request.json;
	int status;

	if (is_json) {
		json_begin(json, stdout);
		json_object(json, NULL);
		json_array(json, "faults");
	}
	status = visit_domains(visit, name, check_domain);
	if (is_json) {
		json_array_end(json);
		json_number(json, "domains", (int64_t)visit->n_domains);
		json_number(json, "aliases", (int64_t)visit->n_aliases);
		json_object_end(json);
		json_end(json);
	} else if (status == EX_OK && !visit->n_faults) {
		printf("%zu domains, %zu aliases: no fault\n", visit->n_domains,
		       visit->n_aliases);
	}
	return visit->n_faults ? EX_CONFIG : status;
}

int run_aliases_check(struct tool *tool, int argc, char **argv)
{
	struct visit visit = { .tool = tool };
	int status;

	if (!begin(&visit, argc, argv, &status))
		return status;
	status = check_all(&visit, argv[optind]);
	snapshot_put(visit.snapshot);
	return status;
}

/* A target as it could stand in the file, with its domain. */
static struct str format_target(struct arena *arena,
				const struct mailbox *target)
{
	return (struct str){ arena_printf(arena, "%.*s@%.*s",
					  STR_ARG(target->local),
					  STR_ARG(target->domain)),
			     target->local.n + 1 + target->domain.n };
}

static void print_json(struct visit *visit, struct str user,
		       const struct alias *alias)
{
	struct json *json = &visit->json;

	json_object(json, NULL);
	json_string(json, "domain", visit->domain->name);
	json_string(json, "user", user);
	json_array(json, "targets");
	for (size_t i = 0; i < alias->n; i++)
		json_string(json, NULL,
			    format_target(visit->scratch, &alias->targets[i]));
	json_array_end(json);
	if (alias->refuse)
		json_string(json, "refuse", alias->text);
	else
		json_null(json, "refuse");
	json_object_end(json);
}

static bool print_alias(void *context, struct str user,
			const struct alias *alias)
{
	struct visit *visit = context;

	if (visit->request.json) {
		print_json(visit, user, alias);
	} else {
		printf("%.*s\t%.*s\t", STR_ARG(visit->domain->name),
		       STR_ARG(user));
		for (size_t i = 0; i < alias->n; i++)
			printf("%s%s", i ? ", " : "",
			       format_target(visit->scratch, &alias->targets[i])
				       .p);
		if (alias->refuse)
			printf("!refuse%s%.*s", alias->text.n ? " " : "",
			       STR_ARG(alias->text));
		putchar('\n');
	}
	arena_reset(visit->scratch);
	return false;
}

static void list_domain(struct visit *visit)
{
	const struct domain *domain = visit->domain;

	if (domain->fault) {
		visit->n_faults++;
		tool_fail(visit->tool, EX_CONFIG, "%s", domain->fault);
	}
	if (domain->aliases)
		alias_each(domain->aliases, visit->scratch, print_alias, visit);
}

int run_aliases_list(struct tool *tool, int argc, char **argv)
{
	struct visit visit = { .tool = tool };
	int status;

	if (!begin(&visit, argc, argv, &status))
		return status;
	if (visit.request.json)
		json_list(&visit.json, stdout);
	status = visit_domains(&visit, argv[optind], list_domain);
	if (visit.request.json)
		json_list_end(&visit.json);
	if (visit.n_faults)
		status = EX_CONFIG;
	snapshot_put(visit.snapshot);
	return status;
}

/* Where the daemon is asked, by its own file. */
static bool find_socket(struct tool *tool, const char **path)
{
	struct runtime_settings runtime;
	struct config config;

	if (!tool_daemon(tool, "forward", &runtime, forward_table, &config))
		return false;
	*path = *runtime.control_socket ? runtime.control_socket
					: CONTROL_SOCKET;
	return true;
}

/* As the daemon would, were it started now. */
static int resolve_here(struct tool *tool, struct str address)
{
	struct snapshot *snapshot;
	struct buf answer;
	int status = load(tool, &snapshot);

	if (status != EX_OK)
		return status;
	buf_init(&answer, tool->arena, LIMIT_CONTROL_ANSWER);
	explain_address(snapshot, (int64_t)time(NULL), address, &answer);
	fwrite(answer.p, 1, answer.n, stdout);
	snapshot_put(snapshot);
	return EX_OK;
}

int run_aliases_resolve(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag no_flags[] = { { NULL, false, 0 } };
	struct str address, question, answer;
	struct mailbox mailbox;
	const char *path;
	int status;

	if (!tool_flags(tool, argc, argv, no_flags, NULL, &status))
		return status;
	if (optind != argc - 1)
		return tool_usage(tool, EX_USAGE);
	address = str_from(argv[optind]);
	if (path_parse(tool->arena, address, &mailbox) != OK)
		return tool_fail(tool, EX_USAGE, "%s: expected an address",
				 argv[optind]);
	if (!find_socket(tool, &path))
		return EX_CONFIG;
	question =
		str_from(arena_printf(tool->arena, "resolve %s", argv[optind]));
	switch (ask_daemon(tool->arena, path, question, &answer)) {
	case OK:
		fprintf(stderr, "By the daemon at %s:\n", path);
		fwrite(answer.p, 1, answer.n, stdout);
		return EX_OK;
	case E_ABSENT:
		fprintf(stderr,
			"By the files, for there is no daemon at %s "
			"(%s):\n",
			path, strerror(errno));
		return resolve_here(tool, address);
	case E_SYNTAX:
		return tool_fail(tool, EX_UNAVAILABLE, "%s says: %.*s", path,
				 STR_ARG(answer));
	default:
		return tool_fail(tool, EX_UNAVAILABLE,
				 "%s: the answer was cut off", path);
	}
}
