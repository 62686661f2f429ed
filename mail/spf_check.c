/* SPDX-License-Identifier: BSD-2-Clause */
#include "spf_check.h"

#include "buf.h"
#include "domain.h"
#include "limits.h"
#include "spf_macro.h"
#include "spf_parse.h"

/*
 * The recursion is that of the RFC: check_host() evaluates a record, and
 * "include" and "redirect" call it again, with another domain and the same
 * counters (4.6.4). A check makes at most 1 + 10 * (1 + 10) queries for its
 * terms, 11 for the client's names, once, and one for an explanation.
 */

/* What a mechanism says of the client (4.6.2). */
enum match { NO_MATCH, MATCH, TEMPERROR, PERMERROR };

/* The names of the client that lead back to it (5.5), found out once. */
struct validated {
	bool known;
	bool is_void; /* the client has no names at all */
	struct str names[LIMIT_SPF_NAMES];
	size_t n;
};

struct check {
	const struct env *env;
	struct arena *arena;
	struct spf_values values;
	struct validated validated;
	int terms;
	int voids;
	struct spf_result *result;
};

static enum auth check_host(struct check *check, struct str domain,
			    bool included);

/* Text that others chose, as it may stand in a reason. */
static const char *shown(struct check *check, struct str s)
{
	struct buf buf;

	if (s.n > LIMIT_DOMAIN)
		s = str_sub(s, 0, LIMIT_DOMAIN);
	buf_init(&buf, check->arena, 4 * s.n);
	buf_add_printable(&buf, s);
	return buf_c(&buf);
}

static bool is_visible_ascii(struct str s, char least)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < least || s.p[i] > 0x7e)
			return false;
	return true;
}

static struct str without_dot(struct str name)
{
	return name.n && name.p[name.n - 1] == '.'
		       ? str_sub(name, 0, name.n - 1)
		       : name;
}

/* MATCH: there are records. NO_MATCH: a void look-up. */
static enum match look_up(struct check *check, struct str name,
			  enum dns_type type, struct dns_answer *answer)
{
	static const char *const types[] = { "A", "AAAA", "MX", "PTR", "TXT" };

	dns_query(check->env->resolver, check->arena, name, type, answer);
	if (answer->status == DNS_OK && answer->n)
		return MATCH;
	if (answer->status != DNS_TEMPORARY)
		return NO_MATCH;
	check->result->reason =
		arena_printf(check->arena, "DNS gave no answer for %s of %s",
			     types[type], shown(check, name));
	return TEMPERROR;
}

/* 4.6.4: more than two void look-ups are an error. */
static enum match count_void(struct check *check)
{
	if (++check->voids <= LIMIT_SPF_VOIDS)
		return NO_MATCH;
	check->result->reason =
		arena_printf(check->arena,
			     "more than %d terms look up what is not there",
			     LIMIT_SPF_VOIDS);
	return PERMERROR;
}

/* A term's own look-up, of its target name. */
static enum match look_up_target(struct check *check, struct str target,
				 enum dns_type type, struct dns_answer *answer)
{
	enum match match = look_up(check, target, type, answer);

	return match == NO_MATCH ? count_void(check) : match;
}

/* 4.6.4: at most ten terms that ask DNS, in the check as a whole. */
static enum match count_term(struct check *check)
{
	if (++check->terms <= LIMIT_SPF_TERMS)
		return MATCH;
	check->result->reason = arena_printf(
		check->arena, "more than %d terms ask DNS", LIMIT_SPF_TERMS);
	return PERMERROR;
}

/* 5: A for an IPv4 client, AAAA for others. */
static enum dns_type address_type(const struct check *check)
{
	return check->values.client.six ? DNS_AAAA : DNS_A;
}

/* Is one of the addresses the client's, or in its block? */
static bool has_address(const struct check *check,
			const struct dns_answer *answer, int bits)
{
	const struct ip *client = &check->values.client;

	for (size_t i = 0; i < answer->n; i++) {
		struct str data = answer->records[i].data;
		struct ip ip = { .six = client->six };

		if (data.n != (ip.six ? 16 : 4))
			continue;
		memcpy(ip.octets, data.p, data.n);
		if (ip_is_within(client, &ip, bits))
			return true;
	}
	return false;
}

static int own_bits(const struct check *check, const struct spf_directive *d)
{
	return check->values.client.six ? d->ip6_bits : d->ip4_bits;
}

/*
 * 7.3: cuts labels from the left until the name has 253 octets; the dot at
 * its end does not count.
 */
static struct str fit(struct str name)
{
	name = without_dot(name);
	while (name.n > LIMIT_DOMAIN - 2 && str_find(name, '.') < name.n)
		name = domain_parent(name);
	return name;
}

/* 4.8: the target name; MATCH when it can be asked for. */
static enum match expand_target(struct check *check, struct str domain_spec,
				struct str *target)
{
	*target = check->values.domain;
	if (!domain_spec.n)
		return MATCH;
	if (spf_macro_expand(check->arena, domain_spec, &check->values,
			     LIMIT_SPF_NAME, target) != OK) {
		check->result->reason =
			arena_printf(check->arena, "%s becomes too long a name",
				     shown(check, domain_spec));
		return PERMERROR;
	}
	*target = fit(*target);
	/* RFC 8616 section 4: a local part that is not ASCII matches nothing. */
	return is_visible_ascii(*target, ' ') ? MATCH : NO_MATCH;
}

/* Is the name one of the client's (5.5)? A DNS error says no. */
static bool is_validated(struct check *check, struct str name)
{
	struct dns_answer answer;

	return look_up(check, name, address_type(check), &answer) == MATCH &&
	       has_address(check, &answer,
			   check->values.client.six ? IP6_BITS : IP4_BITS);
}

static void find_validated(struct check *check)
{
	struct validated *validated = &check->validated;
	struct dns_answer answer;
	struct str name;

	if (validated->known)
		return;
	validated->known = true;
	spf_macro_expand(check->arena, STR("%{ir}.%{v}.arpa"), &check->values,
			 LIMIT_DOMAIN, &name);
	/* 5.5: a DNS error means that there are no names. */
	switch (look_up(check, name, DNS_PTR, &answer)) {
	case MATCH:
		break;
	case NO_MATCH:
		validated->is_void = true;
		return;
	default:
		return;
	}
	/* 4.6.4: all names but the first ten are ignored. */
	for (size_t i = 0; i < answer.n && i < LIMIT_SPF_NAMES; i++) {
		name = without_dot(answer.records[i].data);
		if (is_validated(check, name))
			validated->names[validated->n++] = name;
	}
}

/* 7.3, the p macro: <domain> itself, else one below it, else any. */
static struct str validated_name(void *context)
{
	struct check *check = context;
	const struct validated *validated = &check->validated;
	struct str domain = arena_lower(check->arena, check->values.domain);
	struct str best = STR("unknown");
	int rank = 0;

	find_validated(check);
	for (size_t i = 0; i < validated->n; i++) {
		struct str name =
			arena_lower(check->arena, validated->names[i]);
		int own = str_eq(name, domain)		   ? 3
			  : domain_is_within(name, domain) ? 2
							   : 1;

		if (own > rank) {
			rank = own;
			best = validated->names[i];
		}
	}
	return best;
}

/* 5.2 */
static enum match evaluate_include(struct check *check, struct str target)
{
	struct str domain = check->values.domain;
	enum auth auth = check_host(check, target, true);

	check->values.domain = domain;
	switch (auth) {
	case AUTH_PASS:
		return MATCH;
	case AUTH_FAIL:
	case AUTH_SOFTFAIL:
	case AUTH_NEUTRAL:
		return NO_MATCH;
	case AUTH_TEMPERROR:
		return TEMPERROR;
	default: /* none is an error here, too */
		return PERMERROR;
	}
}

/* 5.3 */
static enum match evaluate_a(struct check *check, struct str target, int bits)
{
	struct dns_answer answer;
	enum match match =
		look_up_target(check, target, address_type(check), &answer);

	if (match != MATCH)
		return match;
	return has_address(check, &answer, bits) ? MATCH : NO_MATCH;
}

/* 5.4 */
static enum match evaluate_mx(struct check *check, struct str target, int bits)
{
	struct dns_answer mx, addresses;
	enum match match = look_up_target(check, target, DNS_MX, &mx);

	if (match != MATCH)
		return match;
	/* 4.6.4: more are an error, wherever in the answer a match stands. */
	if (mx.n > LIMIT_SPF_NAMES) {
		check->result->reason =
			arena_printf(check->arena,
				     "%s has more than %d MX records",
				     shown(check, target), LIMIT_SPF_NAMES);
		return PERMERROR;
	}
	for (size_t i = 0; i < mx.n; i++) {
		struct str host = without_dot(mx.records[i].data);

		if (!host.n) /* RFC 7505: "." is no host */
			continue;
		match = look_up(check, host, address_type(check), &addresses);
		if (match == MATCH && has_address(check, &addresses, bits))
			return MATCH;
		if (match == TEMPERROR)
			return TEMPERROR;
	}
	return NO_MATCH;
}

/* 5.5 */
static enum match evaluate_ptr(struct check *check, struct str target)
{
	const struct validated *validated = &check->validated;

	target = arena_lower(check->arena, target);
	find_validated(check);
	for (size_t i = 0; i < validated->n; i++)
		if (domain_is_within(arena_lower(check->arena,
						 validated->names[i]),
				     target))
			return MATCH;
	return validated->is_void ? count_void(check) : NO_MATCH;
}

/* 5.7: the type is A for IPv6 clients, too. */
static enum match evaluate_exists(struct check *check, struct str target)
{
	struct dns_answer answer;

	return look_up_target(check, target, DNS_A, &answer);
}

static enum match evaluate_directive(struct check *check,
				     const struct spf_directive *d)
{
	enum match match;
	struct str target;

	if (d->mechanism == SPF_ALL) /* 5.1 */
		return MATCH;
	if (d->mechanism == SPF_IP4 || d->mechanism == SPF_IP6) /* 5.6 */
		return ip_is_within(&check->values.client, &d->network,
				    own_bits(check, d))
			       ? MATCH
			       : NO_MATCH;
	match = count_term(check);
	if (match == MATCH)
		match = expand_target(check, d->domain_spec, &target);
	if (match != MATCH)
		return match;
	switch (d->mechanism) {
	case SPF_INCLUDE:
		return evaluate_include(check, target);
	case SPF_A:
		return evaluate_a(check, target, own_bits(check, d));
	case SPF_MX:
		return evaluate_mx(check, target, own_bits(check, d));
	case SPF_PTR:
		return evaluate_ptr(check, target);
	default:
		return evaluate_exists(check, target);
	}
}

/* 6.2: whatever goes wrong here, it is as if there were no exp modifier. */
static void explain(struct check *check, struct str exp)
{
	struct dns_answer answer;
	struct str target, text;

	if (!exp.n || expand_target(check, exp, &target) != MATCH)
		return;
	dns_query(check->env->resolver, check->arena, target, DNS_TXT, &answer);
	if (answer.status != DNS_OK || answer.n != 1 ||
	    !spf_macro_is_explanation(answer.records[0].data) ||
	    spf_macro_expand(check->arena, answer.records[0].data,
			     &check->values, LIMIT_SPF_EXPLANATION,
			     &text) != OK)
		return;
	/* US-ASCII alone, also where a local part stands in it. */
	if (text.n && is_visible_ascii(text, ' '))
		check->result->explanation = text;
}

/* 6.1 */
static enum auth redirect(struct check *check, struct str domain_spec,
			  bool included)
{
	enum auth auth = AUTH_PERMERROR;
	struct str target;

	/* A target that is not ASCII goes on, to be found malformed. */
	if (count_term(check) != PERMERROR &&
	    expand_target(check, domain_spec, &target) != PERMERROR)
		auth = check_host(check, target, included);
	return auth == AUTH_NONE ? AUTH_PERMERROR : auth;
}

static enum auth evaluate(struct check *check, const struct spf_record *record,
			  bool included)
{
	struct spf_result *result = check->result;
	const char *domain = shown(check, check->values.domain);

	for (size_t i = 0; i < record->n; i++) {
		const struct spf_directive *d = &record->directives[i];
		enum match match = evaluate_directive(check, d);

		if (match == NO_MATCH)
			continue;
		if (match != MATCH)
			return match == TEMPERROR ? AUTH_TEMPERROR
						  : AUTH_PERMERROR;
		/* 6.2: an included record's exp is not used. */
		if (!included && d->result == AUTH_FAIL)
			explain(check, record->exp);
		if (!included)
			result->mechanism = d->text;
		result->reason = arena_printf(check->arena, "%s of %s matches",
					      shown(check, d->text), domain);
		return d->result;
	}
	if (record->redirect.n)
		return redirect(check, record->redirect, included);
	/* 4.7 */
	result->reason =
		arena_printf(check->arena, "nothing in %s matches", domain);
	return AUTH_NEUTRAL;
}

/* 4.3: a name that DNS can have, of several labels. */
static bool is_domain(struct str domain)
{
	return dns_is_name(domain) && str_find(domain, '.') < domain.n &&
	       is_visible_ascii(domain, '!') && domain.p[0] != '[';
}

/* 4.4, 4.5: the one record; AUTH_PASS when *text is it. */
static enum auth fetch(struct check *check, struct str domain, struct str *text)
{
	const char *name = shown(check, domain), *what = "has no SPF record";
	struct dns_answer answer;
	size_t n = 0;

	switch (look_up(check, domain, DNS_TXT, &answer)) {
	case TEMPERROR: /* 4.4 */
		return AUTH_TEMPERROR;
	case MATCH:
		break;
	default:
		answer.n = 0;
	}
	if (answer.status == DNS_NO_NAME) /* 4.3 */
		what = "does not exist";
	for (size_t i = 0; i < answer.n; i++) {
		if (!spf_parse_is_record(answer.records[i].data))
			continue;
		*text = answer.records[i].data;
		n++;
	}
	if (n == 1)
		return AUTH_PASS;
	if (n > 1)
		what = "has more than one SPF record";
	check->result->reason = arena_printf(check->arena, "%s %s", name, what);
	return n ? AUTH_PERMERROR : AUTH_NONE;
}

/* Section 4; `included`: within an include, where no exp is asked for. */
static enum auth check_host(struct check *check, struct str domain,
			    bool included)
{
	struct spf_record record;
	const char *fault;
	enum auth auth;
	struct str text;

	if (!is_domain(domain)) {
		check->result->reason =
			arena_printf(check->arena,
				     "\"%s\" is no fully qualified domain name",
				     shown(check, domain));
		return AUTH_NONE;
	}
	auth = fetch(check, domain, &text);
	if (auth != AUTH_PASS)
		return auth;
	/* 4.6: a syntax error anywhere, before anything is evaluated */
	if (spf_parse(check->arena, text, &record, &fault) != OK) {
		check->result->reason =
			arena_printf(check->arena, "record of %s: %s",
				     shown(check, domain), fault);
		return AUTH_PERMERROR;
	}
	check->values.domain = domain;
	return evaluate(check, &record, included);
}

/* 4.3: U-labels are asked for as A-labels. Without the dot at the end. */
static struct str to_ascii(struct arena *arena, struct str domain)
{
	struct str ascii;

	if (!is_visible_ascii(domain, 1) &&
	    domain_normalize(arena, domain, &ascii) == OK)
		return ascii;
	return without_dot(domain);
}

/* 4.3: "postmaster" where the sender has no local part. */
static struct str postmaster_at(struct arena *arena, struct str domain)
{
	struct buf buf;

	buf_init(&buf, arena, 2 * LIMIT_SPF_IDENTITY);
	buf_add(&buf, STR("postmaster@"));
	buf_add(&buf, domain);
	return buf_str(&buf);
}

bool spf_check_begin(struct arena *arena, const struct spf_client *client,
		     struct str *sender, struct str *domain,
		     struct spf_result *result)
{
	size_t sign;

	if (!sender->n)
		*sender = postmaster_at(arena, client->helo);
	else if (sender->p[0] == '@')
		*sender = postmaster_at(arena, str_sub(*sender, 1, sender->n));
	sign = str_find_last(*sender, '@');
	*domain = STR("");
	if (sign < sender->n)
		*domain =
			to_ascii(arena, str_sub(*sender, sign + 1, sender->n));
	*result = (struct spf_result){ .auth = AUTH_NONE,
				       .domain = arena_lower(arena, *domain) };
	if (sign == sender->n)
		result->reason = "the sender has no domain";
	if (sender->n > LIMIT_SPF_IDENTITY ||
	    client->helo.n > LIMIT_SPF_IDENTITY)
		result->reason = "the sender or HELO is too long";
	return !result->reason;
}

void spf_check_mail_from(const struct env *env, struct arena *arena,
			 const struct spf_client *client, struct str sender,
			 struct spf_result *result)
{
	struct check check = { .env = env, .arena = arena, .result = result };
	struct str domain;

	if (!spf_check_begin(arena, client, &sender, &domain, result))
		return;
	check.values = (struct spf_values){
		.sender = sender,
		.local = str_sub(sender, 0, str_find_last(sender, '@')),
		.origin = domain,
		.helo = client->helo,
		.client = ip_unmap(client->address),
		.receiver = client->receiver,
		.now = env->now,
		.validated = validated_name,
		.context = &check,
	};
	result->auth = check_host(&check, domain, false);
	result->terms = check.terms;
	result->voids = check.voids;
}

void spf_check_helo(const struct env *env, struct arena *arena,
		    const struct spf_client *client, struct spf_result *result)
{
	spf_check_mail_from(env, arena, client, STR(""), result);
}
