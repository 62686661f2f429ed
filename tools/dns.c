/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"
#include "mail/domain.h"
#include "plain.h"
#include "records.h"

enum { WIDTH = 78 };

struct request {
	const char *format;
	struct own_host_options host;
};

static const struct tool_flag flags[] = {
	{ "format", false, offsetof(struct request, format) },
	{ "host", false, offsetof(struct request, host.name) },
	{ "address", false, offsetof(struct request, host.addresses) },
	{ "certificate", false, offsetof(struct request, host.certificate) },
	{ NULL, false, 0 },
};

static const char *const places[] = {
	[RECORD_ZONE] = "zone",
	[RECORD_HOST] = "host",
	[RECORD_PROVIDER] = "provider",
};

static const struct {
	const char *name, *heading;
} needs[] = {
	[RECORD_NEEDED] = { "needed", "Needed." },
	[RECORD_OPTIONAL] = { "optional", "Optional." },
	[RECORD_LATER] = { "later", "Optional, later." },
};

/* Words behind "; ", in lines that are not too long. */
static void print_comment(const char *text)
{
	struct str rest = str_from(text), word;
	size_t column = 0;

	while (str_cut(&rest, ' ', &word)) {
		if (column && column + 1 + word.n > WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column == 0)
			column = (size_t)printf(";");
		column += (size_t)printf(" %.*s", STR_ARG(word));
	}
	putchar('\n');
}

static void print_why(const struct record *record)
{
	print_comment(needs[record->need].heading);
	print_comment(record->why);
}

/* RFC 1035 section 5: names from the root end in a dot. */
static void print_zone(struct arena *arena, struct str domain,
		       const struct record *record)
{
	bool is_name = record->type == RR_MX || record->type == RR_PTR;
	bool is_comment = record->need == RECORD_LATER ||
			  !domain_is_within(record->name, domain);

	print_why(record);
	/* What is for another zone, or for later, does no harm in this one. */
	printf("%s%.*s. IN %s ", is_comment ? ";" : "", STR_ARG(record->name),
	       rr_type_name(record->type));
	if (record->type == RR_TXT)
		printf("%s\n\n", records_strings(arena, record->data));
	else
		printf("%.*s%s\n\n", STR_ARG(record->data), is_name ? "." : "");
}

static void print_panel(struct arena *arena, const struct record *record)
{
	print_why(record);
	printf("name:  %.*s\ntype:  %s\nvalue: %s\n\n", STR_ARG(record->name),
	       rr_type_name(record->type), plain_text(arena, record->data));
}

static void print_json(struct arena *arena, const struct records *records)
{
	struct json json;

	json_list(&json, stdout);
	for (size_t i = 0; i < records->n; i++) {
		const struct record *record = &records->list[i];

		json_object(&json, NULL);
		json_text(&json, "id", record->id);
		json_string(&json, "name", record->name);
		json_text(&json, "type", rr_type_name(record->type));
		json_string(&json, "value", record->data);
		json_text(&json, "strings",
			  record->type == RR_TXT
				  ? records_strings(arena, record->data)
				  : NULL);
		json_text(&json, "place", places[record->place]);
		json_text(&json, "need", needs[record->need].name);
		json_text(&json, "why", record->why);
		json_object_end(&json);
	}
	json_list_end(&json);
}

static void print_records(const struct request *request, struct arena *arena,
			  struct str domain, const struct records *records)
{
	if (strcmp(request->format, "json") == 0) {
		print_json(arena, records);
		return;
	}
	for (size_t i = 0; i < records->n; i++) {
		if (strcmp(request->format, "panel") == 0)
			print_panel(arena, &records->list[i]);
		else
			print_zone(arena, domain, &records->list[i]);
	}
}

static int run(struct tool *tool, const struct request *request,
	       struct records_source *source,
	       const struct shared_settings *shared,
	       const struct resolver_settings *dns)
{
	struct arena *arena = tool->arena;
	struct authority *authority;
	struct findings findings;
	struct records records;
	struct keys keys;
	const char *error;

	if (keystore_load(arena,
			  arena_printf(arena, "%s/domains/%.*s/dkim",
				       shared->state_directory,
				       STR_ARG(source->domain)),
			  source->domain, &keys, &error) != OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	source->keys = &keys;
	findings_init(&findings, arena);
	if (authority_new(arena, dns, &findings, &authority, &error) != OK) {
		keystore_free(&keys);
		return tool_fail(tool, EX_CONFIG, "%s", error);
	}
	records_make(arena, source, authority, &records);
	/* What could not be asked may be missing above, so it is told. */
	findings_print(&findings, false, stderr);
	print_records(request, arena, source->domain, &records);
	if (!keys.n)
		tool_fail(tool, EX_OK,
			  "%.*s has no key yet: make one with \"millrace dkim "
			  "keygen %.*s\"",
			  STR_ARG(source->domain), STR_ARG(source->domain));
	authority_free(authority);
	keystore_free(&keys);
	return EX_OK;
}

int run_dns(struct tool *tool, int argc, char **argv)
{
	struct request request = { .format = "zone" };
	struct records_source source = { .tlsa = NULL };
	struct shared_settings shared;
	struct resolver_settings dns;
	struct own_host host;
	struct relay relay;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &request, &status))
		return status;
	if (optind != argc - 1 || (strcmp(request.format, "zone") != 0 &&
				   strcmp(request.format, "panel") != 0 &&
				   strcmp(request.format, "json") != 0))
		return tool_usage(tool, EX_USAGE);
	if (domain_normalize(tool->arena, str_from(argv[optind]),
			     &source.domain) != OK)
		return tool_fail(tool, EX_USAGE, "%s: expected a domain",
				 argv[optind]);
	if (!tool_settings(tool, &shared, &dns))
		return EX_CONFIG;
	status = own_host_read(tool, &request.host, &host);
	if (status == EX_OK)
		status = records_srs_domain(tool, &source.srs_domain);
	if (status != EX_OK)
		return status;
	relay_find(tool->arena, &relay);
	source.host = &host;
	source.relay = &relay;
	source.is_forwarded = tool_has_aliases(tool, source.domain);
	if (host.certificate &&
	    records_tlsa(tool->arena, host.certificate, &source.tlsa) != OK)
		return tool_fail(tool, EX_NOINPUT,
				 "%s: expected a certificate in PEM form",
				 host.certificate);
	return run(tool, &request, &source, &shared, &dns);
}
