/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_host.h"
#include "mail/buf.h"

/*
 * Settings of Postfix that change messages behind the milters, and the place
 * for what slipped past forward.
 */

struct rule {
	const char *name, *id;
	enum finding_grade grade;
	const char *command; /* the services that it is in force for */
	/* Good values with "|" between; "@" is what contrib/postfix says. */
	const char *good;
	const char *advice;
};

#define BEHIND_MILTERS                                                        \
	"it changes mail behind the milters, so that signatures break: take " \
	"it away, or apply it before (header_checks)"
#define OF_STRANGERS                                                        \
	"it changes fields that senders have signed: take it away, or see " \
	"that it is for mail of this host alone"

static const struct rule rules[] = {
	{ "smtp_line_length_limit", "signature.line-length", FINDING_FAULT,
	  "smtp", "@",
	  "lines that are broken behind the milters break signatures" },
	{ "disable_mime_output_conversion", "signature.mime-conversion",
	  FINDING_FAULT, "smtp", "@",
	  "8-bit mail that is converted behind the milters breaks "
	  "signatures" },
	{ "smtp_header_checks", "signature.header-checks", FINDING_FAULT,
	  "smtp", "|@", BEHIND_MILTERS },
	{ "smtp_mime_header_checks", "signature.header-checks", FINDING_FAULT,
	  "smtp", "", BEHIND_MILTERS },
	{ "smtp_nested_header_checks", "signature.header-checks", FINDING_FAULT,
	  "smtp", "", BEHIND_MILTERS },
	{ "smtp_body_checks", "signature.body-checks", FINDING_FAULT, "smtp",
	  "", BEHIND_MILTERS },
	{ "smtp_generic_maps", "signature.generic-maps", FINDING_FAULT, "smtp",
	  "", BEHIND_MILTERS },
	{ "content_filter", "signature.content-filter", FINDING_FAULT, "smtpd",
	  "",
	  "a filter or disclaimer behind the milters breaks signatures: run "
	  "it as a milter before them, or as smtpd_proxy_filter" },
	{ "append_dot_mydomain", "signature.append-domain", FINDING_WARNING,
	  "cleanup", "no", OF_STRANGERS },
	{ "masquerade_domains", "signature.masquerade", FINDING_WARNING,
	  "cleanup", "", OF_STRANGERS },
	{ "canonical_maps", "signature.canonical", FINDING_WARNING, "cleanup",
	  "", OF_STRANGERS },
	{ "sender_canonical_maps", "signature.canonical", FINDING_WARNING,
	  "cleanup", "", OF_STRANGERS },
	{ "recipient_canonical_maps", "signature.canonical", FINDING_WARNING,
	  "cleanup", "", OF_STRANGERS },
	{ "remote_header_rewrite_domain", "signature.remote-rewrite",
	  FINDING_WARNING, "cleanup", "", OF_STRANGERS },
	{ "smtp_tls_security_level", "tls.outbound", FINDING_FAULT, "smtp",
	  "may|dane|encrypt|dane-only|fingerprint|verify|secure",
	  "postconf -e 'smtp_tls_security_level = may': mail leaves in plain "
	  "text without it, and Gmail shows an open lock" },
	{ "smtpd_forbid_bare_newline", "smuggling.bare-newline", FINDING_FAULT,
	  "smtpd", "@|normalize|reject",
	  "postconf -e 'smtpd_forbid_bare_newline = yes', then postfix reload; "
	  "a Postfix that does not know it is to be updated" },
};

/* Any of our files may say it: they agree. */
static const char *shipped_value(const char *name)
{
	for (size_t i = 0; shipped[i].daemon; i++)
		if (strcmp(shipped[i].name, name) == 0)
			return shipped[i].value;
	return "";
}

/* postconf folds white space, and "$$" stands for "$". */
static bool is_same(struct str a, struct str b)
{
	size_t i = 0, j = 0;

	while (i < a.n && j < b.n) {
		if (a.p[i] != b.p[j])
			return false;
		for (i++; i < a.n && a.p[i] == '$' && a.p[i - 1] == '$';)
			i++;
		for (j++; j < b.n && b.p[j] == '$' && b.p[j - 1] == '$';)
			j++;
	}
	return i == a.n && j == b.n;
}

static bool is_good(const struct rule *rule, struct str value)
{
	struct str rest = str_from(rule->good), one;

	while (str_cut(&rest, '|', &one)) {
		if (str_eq(one, STR("@")))
			one = str_from(shipped_value(rule->name));
		if (is_same(value, one))
			return true;
	}
	return false;
}

static const char *expected(const struct host *host, const struct rule *rule)
{
	struct str rest = str_from(rule->good), one;

	str_cut(&rest, '|', &one);
	if (str_eq(one, STR("@")))
		return shipped_value(rule->name);
	return one.n ? arena_copy(host->arena, one).p : "nothing";
}

static void judge(struct host *host, const struct rule *rule,
		  const char *subject, const char *value)
{
	if (value && is_good(rule, str_from(value))) {
		host_found_good(host, rule->id, subject,
				*value ? value : "nothing");
		return;
	}
	findings_add(
		host->findings,
		&(struct finding){ .id = rule->id,
				   .grade = rule->grade,
				   .subject = subject,
				   .seen = !value ? "this Postfix has no such "
						    "setting"
					   : *value ? value
						    : "nothing",
				   .expected = expected(host, rule),
				   .advice = rule->advice });
}

/* The value of main.cf counts unless all services have their own. */
static void check_rule(struct host *host, const struct rule *rule)
{
	const struct postfix *postfix = &host->postfix;
	bool is_used = false;

	for (size_t i = 0; i < postfix->n_services; i++) {
		const struct postfix_service *service = &postfix->services[i];
		const char *own;

		if (!str_eq(service->command, str_from(rule->command)))
			continue;
		own = postfix_override(postfix, service, rule->name);
		if (own)
			judge(host, rule,
			      arena_printf(host->arena, "%s of %.*s",
					   rule->name, STR_ARG(service->id)),
			      own);
		is_used = is_used || !own;
	}
	if (is_used)
		judge(host, rule, rule->name, postfix_get(postfix, rule->name));
}

static bool has_service(const struct host *host, struct str name)
{
	const char *id = arena_printf(host->arena, "%.*s/unix", STR_ARG(name));

	for (size_t i = 0; i < host->postfix.n_services; i++)
		if (str_eq(host->postfix.services[i].id, str_from(id)))
			return true;
	return false;
}

/* The transport that forward.postconf makes, and gives each domain. */
static const struct str transport = { "unforwarded:", 12 };

static void check_fail_safe(struct host *host, struct str domain)
{
	const char *tables =
		postfix_in_force(&host->postfix, NULL, "transport_maps");
	const char *found = postfix_look_up(&host->postfix, tables, domain);
	struct finding finding = {
		.id = "forward.fail-safe",
		.grade = FINDING_FAULT,
		.subject = arena_copy(host->arena, domain).p,
		.expected = "transport unforwarded:, which keeps what "
			    "slipped past forward",
		.advice = "see contrib/postfix/forward.postconf and "
			  "forward.domains",
	};

	if (!found || !str_eq(str_from(found), transport))
		finding.seen =
			found ? found : "transport_maps has nothing of it";
	else if (!has_service(host, str_sub(transport, 0, transport.n - 1)))
		finding.seen = "master.cf has no service unforwarded";
	if (finding.seen)
		findings_add(host->findings, &finding);
	else
		host_found_good(host, finding.id, finding.subject, found);
}

static bool is_taken(const struct host *host, struct str domain)
{
	const char *domains = postfix_in_force(&host->postfix, NULL,
					       "virtual_mailbox_domains");

	return postfix_lists(domains, domain) ||
	       postfix_look_up(&host->postfix, domains, domain);
}

/* Each table may send an address elsewhere, or all of the domain. */
enum result check_settings_places(const struct host *host, struct str domain,
				  struct str addresses, struct str *lines)
{
	static const char *const rewriting[] = { "recipient_canonical_maps",
						 "canonical_maps",
						 "virtual_alias_maps" };
	const struct postfix *postfix = &host->postfix;
	const char *tables = postfix_in_force(postfix, NULL, "transport_maps");
	const char *found = postfix_look_up(postfix, tables, domain);
	const char *all = arena_printf(host->arena, "@%.*s", STR_ARG(domain));
	struct buf buf;

	if (!is_taken(host, domain) || !found ||
	    !str_eq(str_from(found), transport))
		return E_ABSENT;
	buf_init(&buf, host->arena, SIZE_MAX);
	postfix_look_up_all(postfix, tables, addresses, &buf);
	for (size_t i = 0; i < sizeof(rewriting) / sizeof(*rewriting); i++) {
		tables = postfix_in_force(postfix, NULL, rewriting[i]);
		if (postfix_look_up(postfix, tables, str_from(all)))
			return E_ABSENT;
		postfix_look_up_all(postfix, tables, addresses, &buf);
	}
	*lines = buf_str(&buf);
	return OK;
}

/* Postfix takes mail for the domain and leaves its addresses to forward. */
static void check_taken(struct host *host, struct str domain)
{
	if (is_taken(host, domain))
		return;
	findings_add(host->findings,
		     &(struct finding){
			     .id = "forward.domain",
			     .grade = FINDING_FAULT,
			     .subject = arena_copy(host->arena, domain).p,
			     .seen = "virtual_mailbox_domains does not have it",
			     .expected = "a domain with an alias file there",
			     .advice =
				     "add it to /etc/postfix/millrace-domains, "
				     "see forward.domains; or remove its alias "
				     "file" });
}

static void check_domain(struct host *host, struct str domain)
{
	check_taken(host, domain);
	check_fail_safe(host, domain);
}

void check_settings(struct host *host)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		check_rule(host, &rules[i]);
	if (host_expects(host, "forward"))
		host_each_alias_domain(host, check_domain);
}
