/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth.h"
#include "json.h"
#include "mail/buf.h"
#include "plain.h"

/* Nothing of a stranger's reaches a terminal raw. */
static const char *plain(struct arena *arena, struct str value)
{
	struct buf buf;

	buf_init(&buf, arena, 4 * value.n);
	buf_add_printable(&buf, value);
	return buf_c(&buf);
}

static void print_branch(struct arena *arena, const char *name,
			 struct str value)
{
	if (value.n)
		printf("  %-12s%s\n", name, plain(arena, value));
}

static void print_sentence(const char *name, const char *text)
{
	if (text && *text)
		printf("  %-12s%s\n", name, text);
}

static void print_spf(struct arena *arena, const char *identity,
		      const struct spf_result *result)
{
	printf("%s: %s\n", identity, auth_name(result->auth));
	print_branch(arena, "domain", result->domain);
	print_branch(arena, "mechanism", result->mechanism);
	print_sentence("reason", result->reason);
	/* RFC 7208 section 6.2: make it clear whose words they are. */
	if (result->explanation.p)
		printf("  %-12s%s\n", "they say",
		       plain_text(arena, result->explanation));
}

/* NULL for what is empty: nothing is known of it. */
static void json_known(struct json *json, const char *key, struct str value)
{
	if (value.n)
		json_string(json, key, value);
	else
		json_null(json, key);
}

static void json_spf(struct json *json, const struct spf_result *result)
{
	json_object(json, "spf");
	json_text(json, "result", auth_name(result->auth));
	json_string(json, "domain", result->domain);
	json_text(json, "reason", result->reason);
	if (result->explanation.p)
		json_string(json, "explanation", result->explanation);
	else
		json_null(json, "explanation");
	json_object_end(json);
}

void auth_print_spf(struct arena *arena, const struct spf_result *mail_from,
		    const struct spf_result *helo, bool as_json)
{
	struct json json;

	if (!as_json) {
		print_spf(arena, "MAIL FROM", mail_from);
		print_spf(arena, "HELO", helo);
		return;
	}
	json_begin(&json, stdout);
	json_object(&json, NULL);
	json_spf(&json, mail_from);
	json_object_end(&json);
	json_end(&json);
}

static void json_dkim(struct json *json, const struct dkim_verdicts *verdicts)
{
	json_array(json, "dkim");
	for (size_t i = 0; i < verdicts->n; i++) {
		const struct dkim_verdict *verdict = &verdicts->list[i];

		json_object(json, NULL);
		json_known(json, "domain", verdict->domain);
		json_known(json, "selector", verdict->selector);
		json_known(json, "algorithm", verdict->algorithm);
		json_text(json, "result", auth_name(verdict->auth));
		json_text(json, "reason", verdict->reason);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_arc(struct json *json, const struct check_findings *found)
{
	const struct arc_result *arc = &found->arc;

	json_object(json, "arc");
	json_text(json, "result",
		  auth_name(found->has_arc ? arc->auth : AUTH_NONE));
	json_number(json, "oldest_pass", (int64_t)arc->oldest_pass);
	json_number(json, "instances", (int64_t)arc->instances);
	json_text(json, "reason", arc->reason ? arc->reason : "");
	json_object_end(json);
}

static const struct spf_result no_spf = {
	.auth = AUTH_NONE,
	.domain = STR(""),
	.reason = "the client is not given",
};

/* Without any author there is no policy; the fault says why. */
static struct dmarc_result dmarc_of(const struct check_findings *found)
{
	if (found->strictest)
		return *found->strictest;
	return (struct dmarc_result){ .auth = AUTH_NONE,
				      .reason = found->authors.fault };
}

static void json_dmarc(struct json *json, const struct check_findings *found)
{
	const struct dmarc_result dmarc = dmarc_of(found);

	json_object(json, "dmarc");
	json_text(json, "result", auth_name(dmarc.auth));
	json_known(json, "author_domain", dmarc.author);
	json_text(json, "policy",
		  dmarc.tag ? dmarc_policy_name(dmarc.policy) : NULL);
	json_known(json, "policy_domain", dmarc.policy_domain);
	json_known(json, "org_domain", dmarc.org_domain);
	json_text(json, "disposition", dmarc_policy_name(dmarc.disposition));
	json_text(json, "reason", dmarc.reason);
	json_object_end(json);
}

static void json_action(struct json *json, const struct decision *decision)
{
	json_object(json, "action");
	json_text(json, "action", policy_action_name(decision->action));
	json_text(json, "override", decision->override);
	json_text(json, "code", decision->code);
	json_text(json, "enhanced_code", decision->xcode);
	json_text(json, "text", decision->text);
	json_object_end(json);
}

/* The value of a field on one line. */
static struct str unfold(struct arena *arena, struct str value)
{
	struct buf buf;

	buf_init(&buf, arena, value.n);
	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n')
			continue;
		buf_addc(&buf, value.p[i] == '\t' ? ' ' : value.p[i]);
	}
	return buf_str(&buf);
}

static void print_dkim(struct arena *arena,
		       const struct dkim_verdicts *verdicts)
{
	if (!verdicts->n)
		printf("DKIM: %s\n", auth_name(AUTH_NONE));
	for (size_t i = 0; i < verdicts->n; i++) {
		const struct dkim_verdict *verdict = &verdicts->list[i];

		printf("DKIM: %s\n", auth_name(verdict->auth));
		print_branch(arena, "domain", verdict->domain);
		print_branch(arena, "selector", verdict->selector);
		print_branch(arena, "algorithm", verdict->algorithm);
		if (verdict->bits)
			printf("  %-12s%d bits%s\n", "key", verdict->bits,
			       verdict->testing ? ", for tests (t=y)" : "");
		print_sentence("reason", verdict->reason);
	}
}

static void print_arc(struct arena *arena, const struct check_findings *found)
{
	const struct arc_result *arc = &found->arc;

	if (!found->has_arc)
		return;
	printf("ARC: %s\n", auth_name(arc->auth));
	if (arc->instances)
		printf("  %-12s%zu\n", "sets", arc->instances);
	print_sentence("reason", arc->reason);
	if (arc->auth != AUTH_PASS)
		return;
	printf("  %-12s%zu\n", "oldest pass", arc->oldest_pass);
	for (size_t i = 0; i < arc->instances; i++)
		print_branch(arena, "sealer", arc->sets[i].sealer);
}

static void print_dmarc(struct arena *arena, const struct check_findings *found)
{
	const struct dmarc_result dmarc = dmarc_of(found);

	printf("DMARC: %s\n", auth_name(dmarc.auth));
	print_branch(arena, "author", dmarc.author);
	print_branch(arena, "record at", dmarc.policy_domain);
	print_branch(arena, "org domain", dmarc.org_domain);
	if (dmarc.tag)
		printf("  %-12s%s (%s=)\n", "policy",
		       dmarc_policy_name(dmarc.policy), dmarc.tag);
	if (dmarc.auth == AUTH_FAIL)
		print_sentence("disposition",
			       dmarc_policy_name(dmarc.disposition));
	print_sentence("reason", dmarc.reason);
}

static void print_action(const struct decision *decision)
{
	printf("Action: %s\n", policy_action_name(decision->action));
	print_sentence("override", decision->override);
	if (decision->code)
		printf("  %-12s%s %s\n", "reply", decision->code,
		       decision->xcode);
	print_sentence("reason", decision->text);
}

/* The results that the receiver wrote for a method, in one line. */
static void print_theirs(struct arena *arena, const struct authres *authres,
			 const char *label, const char *method)
{
	bool any = false;

	printf("  %-6s", label);
	for (size_t i = 0; i < authres->n; i++) {
		const struct authres_result *result = &authres->results[i];

		if (!str_ieq(result->method, str_from(method)))
			continue;
		printf("%s%s", any ? ", " : "", plain(arena, result->result));
		any = true;
		for (size_t k = 0; k < result->n; k++)
			printf(" %s=%s",
			       plain(arena, result->properties[k].name),
			       plain(arena, result->properties[k].value));
	}
	printf("%s\n", any ? "" : "no result");
}

/*
 * A message that its receiver has saved with what it found, as Gmail's "show
 * original" does: the five facts that a person sends a test mail for.
 */
static void print_delivery(struct arena *arena,
			   const struct delivery_facts *facts)
{
	const struct authres *authres = &facts->authres;

	if (!facts->received || !facts->has_authres)
		return;
	printf("As %s received it:\n", plain(arena, authres->id));
	printf("  %-6s%s", "TLS", facts->tls ? "yes" : "no");
	if (facts->tls_version.n)
		printf(", %s", plain(arena, facts->tls_version));
	if (facts->tls_cipher.n)
		printf(", %s", plain(arena, facts->tls_cipher));
	printf("\n  %-6s", "IPv6");
	if (!facts->has_client)
		printf("unknown\n");
	else
		printf("%s, from %s\n", facts->client.six ? "yes" : "no",
		       ip_format(arena, &facts->client).p);
	print_theirs(arena, authres, "SPF", "spf");
	print_theirs(arena, authres, "DKIM", "dkim");
	print_theirs(arena, authres, "DMARC", "dmarc");
	printf("\n");
}

static void json_delivery(struct json *json, struct arena *arena,
			  const struct delivery_facts *facts)
{
	static const char *const methods[] = { "spf", "dkim", "dmarc" };

	if (!facts->received || !facts->has_authres) {
		json_null(json, "delivery");
		return;
	}
	json_object(json, "delivery");
	json_string(json, "receiver", facts->authres.id);
	json_bool(json, "tls", facts->tls);
	json_known(json, "tls_version", facts->tls_version);
	json_known(json, "tls_cipher", facts->tls_cipher);
	if (facts->has_client)
		json_string(json, "client", ip_format(arena, &facts->client));
	else
		json_null(json, "client");
	json_bool(json, "ipv6", facts->has_client && facts->client.six);
	for (size_t m = 0; m < sizeof(methods) / sizeof(*methods); m++) {
		json_array(json, methods[m]);
		for (size_t i = 0; i < facts->authres.n; i++)
			if (str_ieq(facts->authres.results[i].method,
				    str_from(methods[m])))
				json_string(json, NULL,
					    facts->authres.results[i].result);
		json_array_end(json);
	}
	json_object_end(json);
}

static void print_json(const struct auth_report *report)
{
	const struct check_findings *found = report->findings;
	struct json json;

	json_begin(&json, stdout);
	json_object(&json, NULL);
	json_dkim(&json, &found->dkim);
	json_arc(&json, found);
	json_spf(&json, found->has_spf ? &found->mail_from : &no_spf);
	json_dmarc(&json, found);
	json_string(&json, "authentication_results",
		    unfold(report->arena, report->authentication_results));
	json_action(&json, report->decision);
	json_delivery(&json, report->arena, &report->delivery);
	json_object_end(&json);
	json_end(&json);
}

void auth_print_verify(const struct auth_report *report, bool as_json)
{
	const struct check_findings *found = report->findings;
	struct arena *arena = report->arena;

	if (as_json) {
		print_json(report);
		return;
	}
	print_delivery(arena, &report->delivery);
	if (found->has_spf) {
		print_spf(arena, "SPF of MAIL FROM", &found->mail_from);
		print_spf(arena, "SPF of HELO", &found->helo);
	}
	print_dkim(arena, &found->dkim);
	print_arc(arena, found);
	print_dmarc(arena, found);
	print_action(report->decision);
	printf("Authentication-Results:%.*s\n",
	       STR_ARG(report->authentication_results));
}

void auth_print_dmarc(const struct auth_report *report, bool as_json)
{
	struct json json;

	if (!as_json) {
		print_dmarc(report->arena, report->findings);
		return;
	}
	json_begin(&json, stdout);
	json_object(&json, NULL);
	json_dmarc(&json, report->findings);
	json_object_end(&json);
	json_end(&json);
}
