/* SPDX-License-Identifier: BSD-2-Clause */
#include "srs.h"

#include "buf.h"
#include "domain.h"
#include "limits.h"
#include "path.h"

enum {
	DAY = 86400,
	CYCLE = 1024, /* days that two digits of base32 tell apart */
	DIGITS = 8,   /* of a code */
	STAMP = 2,    /* digits of a day */
	PREFIX = 4,   /* octets of "SRS0" */
};

/* No domain begins like it. */
static const struct str token_domain = { "+", 1 };

static const struct mac_use srs0 = { { "srs0", 4 }, DIGITS },
			    srs1 = { { "srs1", 4 }, DIGITS };

/* What a code is made over: in lower case, for others change case. */
struct claim {
	const struct mac_use *use;
	struct str host;
	/* SRS0: the local part; SRS1: all from the first host's separator on */
	struct str rest;
};

static int64_t day_of(const struct srs *srs)
{
	return srs->now / DAY;
}

static unsigned int stamp_of(int64_t day)
{
	return (unsigned int)((day % CYCLE + CYCLE) % CYCLE);
}

static struct str claim_text(struct arena *arena, const struct claim *claim,
			     int64_t day)
{
	return arena_lower(arena, str_from(arena_printf(arena, "%lld=%.*s=%.*s",
							(long long)day,
							STR_ARG(claim->host),
							STR_ARG(claim->rest))));
}

/* Writes an address of ours. */
static enum result format(struct arena *arena, const struct srs *srs,
			  const struct claim *claim, struct str domain,
			  struct str *rewritten)
{
	int64_t day = day_of(srs);
	unsigned int stamp = stamp_of(day);
	bool first = claim->use == &srs0;
	struct mailbox mailbox;
	enum result result;
	struct str code;
	struct buf buf;

	result = mac_make(arena, &srs->secrets, claim->use,
			  claim_text(arena, claim, day), &code);
	if (result != OK)
		return result;
	buf_init(&buf, arena, LIMIT_LOCAL_PART);
	buf_add(&buf, first ? STR("SRS0=") : STR("SRS1="));
	buf_add(&buf, code);
	if (first)
		buf_addc(&buf, '=');
	buf_addc(&buf, mac_digit(stamp / 32));
	buf_addc(&buf, mac_digit(stamp % 32));
	buf_addc(&buf, '=');
	buf_add(&buf, claim->host);
	buf_addc(&buf, '=');
	buf_add(&buf, claim->rest);
	mailbox = (struct mailbox){ buf_str(&buf), domain };
	if (buf.full ||
	    path_format_local(arena, mailbox.local).n > LIMIT_LOCAL_PART)
		return E_LIMIT;
	*rewritten = path_format(arena, &mailbox);
	return OK;
}

static bool is_separator(char c)
{
	return c == '=' || c == '-' || c == '+';
}

/* Cuts a part that is not empty off, with the "=" behind it. */
static bool cut(struct str *rest, struct str *part)
{
	return str_cut(rest, '=', part) && part->n && rest->p && rest->n;
}

/* What stands behind "SRS0": a separator and four parts. */
static bool is_srs0_rest(struct str rest)
{
	struct str part;

	if (!rest.n || !is_separator(rest.p[0]))
		return false;
	rest = str_sub(rest, 1, rest.n);
	return cut(&rest, &part) && cut(&rest, &part) && cut(&rest, &part);
}

/*
 * What another forwarder's address says of the first of them: who it is, and
 * what stands behind its "SRS0". Other addresses that begin like SRS are such
 * as any other.
 */
static bool read_foreign(struct arena *arena, const struct mailbox *sender,
			 struct mailbox *first)
{
	struct str rest = sender->local, part;

	first->domain = sender->domain;
	if (str_istarts(rest, STR("SRS0"))) {
		first->local = str_sub(rest, PREFIX, rest.n);
		return is_srs0_rest(first->local);
	}
	if (!str_istarts(rest, STR("SRS1")) || rest.n == PREFIX ||
	    !is_separator(rest.p[PREFIX]))
		return false;
	rest = str_sub(rest, PREFIX + 1, rest.n);
	if (!cut(&rest, &part) || !cut(&rest, &part) || !is_srs0_rest(rest))
		return false;
	first->local = rest;
	return domain_normalize(arena, part, &first->domain) == OK;
}

/* The address at the first forwarder. */
static struct str format_first(struct arena *arena, struct mailbox first)
{
	first.local =
		str_from(arena_printf(arena, "SRS0%.*s", STR_ARG(first.local)));
	return path_format(arena, &first);
}

enum result srs_forward(struct arena *arena, const struct srs *srs,
			struct str sender, struct str domain,
			struct str *rewritten)
{
	struct claim claim = { .use = &srs0 };
	struct mailbox mailbox, first;
	enum result result = path_parse(arena, sender, &mailbox);

	if (result != OK)
		return result;
	if (!read_foreign(arena, &mailbox, &first)) {
		claim.host = mailbox.domain;
		claim.rest = mailbox.local;
		return format(arena, srs, &claim, domain, rewritten);
	}
	if (str_eq(mailbox.domain, domain)) {
		*rewritten = path_format(arena, &mailbox);
		return OK;
	}
	if (str_eq(first.domain, domain)) {
		*rewritten = format_first(arena, first);
		return OK;
	}
	claim = (struct claim){ &srs1, first.domain, first.local };
	return format(arena, srs, &claim, domain, rewritten);
}

static bool is_token(struct str token)
{
	for (size_t i = 0; i < token.n; i++)
		if (!(token.p[i] >= 'a' && token.p[i] <= 'z') &&
		    !(token.p[i] >= '0' && token.p[i] <= '9'))
			return false;
	return token.n > 0;
}

enum result srs_forward_token(struct arena *arena, const struct srs *srs,
			      struct str token, struct str domain,
			      struct str *rewritten)
{
	const struct claim claim = { &srs0, token_domain, token };

	if (!is_token(token))
		return E_SYNTAX;
	return format(arena, srs, &claim, domain, rewritten);
}

/*
 * Did we make it, and when? The age in days gives the whole number of the day
 * again, as it was when the code was made.
 */
static enum result verify(struct arena *arena, const struct srs *srs,
			  const struct claim *claim, struct str code,
			  struct str stamp)
{
	unsigned int high = mac_digit_value(stamp.p[0]);
	unsigned int low = mac_digit_value(stamp.p[1]);
	int64_t today = day_of(srs), age;
	enum result result;

	if (code.n != DIGITS || high >= 32 || low >= 32)
		return E_SYNTAX;
	age = (int64_t)stamp_of(today - (int64_t)(high * 32 + low));
	if (age == CYCLE - 1)
		age = -1;
	result = mac_verify(arena, &srs->secrets, claim->use,
			    claim_text(arena, claim, today - age), code);
	/* Only now, so that nothing is said of what we did not make. */
	return result == OK && age > LIMIT_SRS_AGE ? E_LIMIT : result;
}

static enum result reverse_srs0(struct arena *arena, const struct srs *srs,
				struct str rest, enum srs_kind *kind,
				struct str *address)
{
	struct claim claim = { .use = &srs0 };
	struct mailbox mailbox;
	struct str code, stamp;
	enum result result;

	if (!cut(&rest, &code) || !cut(&rest, &stamp) || stamp.n != STAMP ||
	    !cut(&rest, &claim.host))
		return E_SYNTAX;
	claim.rest = rest;
	result = verify(arena, srs, &claim, code, stamp);
	if (result != OK)
		return result;
	mailbox = (struct mailbox){ rest, claim.host };
	*kind = SRS_SENDER;
	*address = path_format(arena, &mailbox);
	if (str_eq(claim.host, token_domain)) {
		*kind = SRS_TOKEN;
		*address = arena_lower(arena, rest);
	}
	return OK;
}

static enum result reverse_srs1(struct arena *arena, const struct srs *srs,
				struct str rest, enum srs_kind *kind,
				struct str *address)
{
	struct claim claim = { .use = &srs1 };
	struct str code, stamp;
	enum result result;

	if (!cut(&rest, &code) || code.n != DIGITS + STAMP ||
	    !cut(&rest, &claim.host) || !is_srs0_rest(rest))
		return E_SYNTAX;
	claim.rest = rest;
	stamp = str_sub(code, DIGITS, code.n);
	code.n = DIGITS;
	result = verify(arena, srs, &claim, code, stamp);
	if (result != OK)
		return result;
	*kind = SRS_FORWARDER;
	*address = format_first(arena, (struct mailbox){ rest, claim.host });
	return OK;
}

enum result srs_reverse(struct arena *arena, const struct srs *srs,
			struct str local, enum srs_kind *kind,
			struct str *address)
{
	struct str rest;

	if (path_parse_local(arena, local, &rest) != OK || rest.n <= PREFIX ||
	    !is_separator(rest.p[PREFIX]))
		return E_SYNTAX;
	local = rest;
	rest = str_sub(rest, PREFIX + 1, rest.n);
	if (str_istarts(local, STR("SRS0")))
		return reverse_srs0(arena, srs, rest, kind, address);
	if (str_istarts(local, STR("SRS1")))
		return reverse_srs1(arena, srs, rest, kind, address);
	return E_SYNTAX;
}
