/* SPDX-License-Identifier: BSD-2-Clause */
#include "results.h"

#include <unistd.h>

#include "mail/authres.h"
#include "mail/buf.h"
#include "mail/domain.h"
#include "mail/limits.h"

enum {
	PROPERTIES_MAX = 4,
	/* SPF, ARC, a DMARC for each domain; the rest is for DKIM. */
	RESULTS_OTHER = 2 + LIMIT_AUTHOR_DOMAINS,
	RESULTS_MAX = RESULTS_OTHER + LIMIT_SIGNATURES,
	/* RFC 6008 section 4: octets of b= that tell signatures apart. */
	SHORT_B = 8,
};

struct str results_id(struct arena *arena, const char *setting, struct str host)
{
	char system[LIMIT_DOMAIN + 1] = "";
	struct str names[3], id;

	gethostname(system, sizeof(system) - 1);
	names[0] = str_from(setting);
	names[1] = host;
	names[2] = str_from(system);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (domain_normalize(arena, names[i], &id) == OK)
			return id;
	return STR("localhost");
}

/* The results, as they come to be known. */
struct list {
	struct arena *arena;
	struct authres authres;
};

static struct authres_result *add(struct list *list, const char *method,
				  enum auth auth)
{
	struct authres_result *result =
		&list->authres.results[list->authres.n++];

	result->method = str_from(method);
	result->result = str_from(auth_name(auth));
	result->properties =
		ARENA_NEW(list->arena, struct authres_property, PROPERTIES_MAX);
	return result;
}

/* An empty value is no value. */
static void add_property(struct authres_result *result, struct str type,
			 struct str name, struct str value)
{
	if (value.n)
		result->properties[result->n++] =
			(struct authres_property){ type, name, value };
}

/*
 * One result, so that no reader takes what HELO proves for the sender's. RFC
 * 8601 section 2.7.2: of the sender the domain alone.
 */
static void add_spf(struct list *list, const struct check_findings *found)
{
	const struct str property =
		found->sender.n ? STR("mailfrom") : STR("helo");
	struct authres_result *result = add(list, "spf", found->mail_from.auth);

	result->comment = str_from(found->mail_from.reason);
	add_property(result, STR("smtp"), property, found->mail_from.domain);
}

/* The first octets of b=, without the white space that may stand there. */
static struct str short_b(struct arena *arena, struct str b)
{
	struct buf buf;

	buf_init(&buf, arena, SHORT_B);
	for (size_t i = 0; i < b.n && buf.n < SHORT_B; i++)
		if ((unsigned char)b.p[i] > ' ')
			buf_addc(&buf, b.p[i]);
	return buf_str(&buf);
}

static void add_signature(struct list *list, const struct dkim_verdict *verdict)
{
	struct authres_result *result = add(list, "dkim", verdict->auth);

	result->reason = str_from(verdict->reason);
	add_property(result, STR("header"), STR("d"), verdict->domain);
	add_property(result, STR("header"), STR("s"), verdict->selector);
	add_property(result, STR("header"), STR("a"), verdict->algorithm);
	add_property(result, STR("header"), STR("b"),
		     short_b(list->arena, verdict->b));
}

/* At most as many as are evaluated, those that passed before the others. */
static void add_dkim(struct list *list, const struct dkim_verdicts *verdicts)
{
	size_t room = LIMIT_SIGNATURES;

	if (verdicts->n == 0)
		add(list, "dkim", AUTH_NONE);
	for (int pass = 1; pass >= 0; pass--)
		for (size_t i = 0; i < verdicts->n && room; i++) {
			if ((verdicts->list[i].auth == AUTH_PASS) != pass)
				continue;
			add_signature(list, &verdicts->list[i]);
			room--;
		}
}

static void add_arc(struct list *list, const struct check_findings *found)
{
	struct authres_result *result;

	/* RFC 8617 section 10.1 knows no result for a fault of DNS. */
	if (!found->has_arc || found->arc.auth == AUTH_TEMPERROR)
		return;
	result = add(list, "arc", found->arc.auth);
	result->reason = str_from(found->arc.reason);
	if (found->arc.auth != AUTH_PASS)
		return;
	add_property(result, STR("header"), STR("oldest-pass"),
		     str_from(arena_printf(list->arena, "%zu",
					   found->arc.oldest_pass)));
	/* 5.2: the address, for those who get the sealed message. */
	if (found->has_spf)
		add_property(result, STR("smtp"), STR("remote-ip"),
			     ip_format(list->arena, &found->client.address));
}

static void add_dmarc(struct list *list, const struct dmarc_result *dmarc)
{
	struct authres_result *result = add(list, "dmarc", dmarc->auth);

	/* What the domain asks for; what was done with it is not ours to say. */
	if (dmarc->tag)
		result->comment = str_from(
			arena_printf(list->arena, "%s=%s%s", dmarc->tag,
				     dmarc_policy_name(dmarc->policy),
				     dmarc->record.testing ? " t=y" : ""));
	if (dmarc->auth != AUTH_PASS && dmarc->auth != AUTH_NONE)
		result->reason = str_from(dmarc->reason);
	add_property(result, STR("header"), STR("from"), dmarc->author);
}

struct str results_format(struct arena *arena,
			  const struct check_findings *findings, struct str id)
{
	struct list list = { .arena = arena, .authres = { .id = id } };

	list.authres.results =
		ARENA_NEW(arena, struct authres_result, RESULTS_MAX + 1);
	if (findings->has_spf)
		add_spf(&list, findings);
	add_dkim(&list, &findings->dkim);
	add_arc(&list, findings);
	for (size_t i = 0; i < findings->authors.n && i < LIMIT_AUTHOR_DOMAINS;
	     i++)
		add_dmarc(&list, &findings->dmarc[i]);
	return authres_format(arena, &list.authres);
}

static enum auth best_dkim(const struct dkim_verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->n; i++)
		if (verdicts->list[i].auth == AUTH_PASS)
			return AUTH_PASS;
	return verdicts->n ? verdicts->list[0].auth : AUTH_NONE;
}

void results_verdict(struct arena *arena, const struct check_findings *findings,
		     struct str id, struct verdict *verdict)
{
	const struct dmarc_result *dmarc = findings->strictest;

	*verdict = (struct verdict){
		.checked = true,
		.spf = findings->has_spf ? findings->mail_from.auth : AUTH_NONE,
		.dkim = best_dkim(&findings->dkim),
		.arc = findings->has_arc ? findings->arc.auth : AUTH_NONE,
		.arc_instances = findings->arc.instances,
		.author = STR(""),
		.authres = str_trim(results_format(arena, findings, id)),
	};
	if (!dmarc)
		return;
	verdict->dkim_aligned = dmarc->dkim_aligned;
	verdict->dmarc = dmarc->auth;
	verdict->policy = dmarc->tag ? dmarc->policy : DMARC_NONE;
	verdict->author = dmarc->author;
}

/* The best that a signature had to say, the domain with a pass. */
static void log_dkim(struct buf *buf, const struct dkim_verdicts *verdicts)
{
	const struct dkim_verdict *best = NULL;

	buf_add(buf, STR(" dkim="));
	for (size_t i = 0; i < verdicts->n; i++)
		if (verdicts->list[i].auth == AUTH_PASS) {
			buf_printf(buf, "%spass(", best ? "," : "");
			buf_add_printable(buf, verdicts->list[i].domain);
			buf_addc(buf, ')');
			best = &verdicts->list[i];
		}
	if (best)
		return;
	if (verdicts->n)
		best = &verdicts->list[0];
	buf_printf(buf, "%s", auth_name(best ? best->auth : AUTH_NONE));
	if (best && best->domain.n) {
		buf_addc(buf, '(');
		buf_add_printable(buf, best->domain);
		buf_addc(buf, ')');
	}
}

const char *results_log(struct arena *arena,
			const struct check_findings *findings)
{
	const struct dmarc_result *dmarc = findings->strictest;
	struct buf buf;

	buf_init(&buf, arena, 4096);
	buf_printf(&buf, " spf=%s",
		   findings->has_spf ? auth_name(findings->mail_from.auth)
				     : "-");
	log_dkim(&buf, &findings->dkim);
	buf_printf(&buf, " arc=%s",
		   findings->has_arc ? auth_name(findings->arc.auth) : "-");
	buf_printf(&buf, " dmarc=%s", dmarc ? auth_name(dmarc->auth) : "-");
	if (dmarc && dmarc->tag)
		buf_printf(&buf, "(%s)", dmarc_policy_name(dmarc->policy));
	return buf_c(&buf);
}
