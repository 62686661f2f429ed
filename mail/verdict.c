/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict.h"

#include <inttypes.h>

#include "buf.h"
#include "crypto.h"
#include "limits.h"
#include "taglist.h"
#include "trace.h"

enum { NUMBER_DIGITS = 12 };

/* 130 bits: nothing is short of room here. */
static const struct mac_use use = { { "verdict", 7 }, 26 };

/* Each with its length, so that what is one's can't be the next one's. */
static struct str covered(struct arena *arena,
			  const struct verdict_facts *facts, struct str text)
{
	const struct str parts[] = { facts->client, facts->helo, facts->sender,
				     facts->queue_id, text };
	enum { PARTS = sizeof(parts) / sizeof(parts[0]), LENGTH = 24 };
	size_t limit = 0;
	struct buf buf;

	for (size_t i = 0; i < PARTS; i++)
		limit += parts[i].n + LENGTH;
	buf_init(&buf, arena, limit);
	for (size_t i = 0; i < PARTS; i++) {
		buf_printf(&buf, "%zu:", parts[i].n);
		buf_add(&buf, parts[i]);
	}
	return buf_str(&buf);
}

/* Tags of one octet or more, none longer than a line. */
static struct str fold(struct arena *arena, struct str text)
{
	enum { LINE = 70 };
	struct trace trace;

	trace_begin(&trace, arena, sizeof(VERDICT_FIELD));
	while (text.n) {
		size_t n = str_find(text, ';') + 1;

		n = n < text.n ? n : text.n;
		n = n < LINE ? n : LINE;
		trace_word(&trace, str_sub(text, 0, n));
		text = str_sub(text, n, text.n);
	}
	return buf_str(&trace.buf);
}

enum result verdict_format(struct arena *arena,
			   const struct mac_secrets *secrets,
			   const struct verdict *verdict,
			   const struct verdict_facts *facts, struct str *value)
{
	enum result result;
	struct buf buf;
	struct str code;

	if (verdict->authres.n > LIMIT_VERDICT_AUTHRES ||
	    verdict->author.n > LIMIT_VERDICT_AUTHRES - verdict->authres.n)
		return E_LIMIT;
	buf_init(&buf, arena, LIMIT_FIELD);
	buf_printf(&buf, "v=1;t=%" PRId64 ";checked=%d;spf=%s;dkim=%s;",
		   facts->now, verdict->checked, auth_name(verdict->spf),
		   auth_name(verdict->dkim));
	buf_printf(&buf, "aligned=%d;arc=%s;sets=%zu;dmarc=%s;p=%s;",
		   verdict->dkim_aligned, auth_name(verdict->arc),
		   verdict->arc_instances, auth_name(verdict->dmarc),
		   dmarc_policy_name(verdict->policy));
	buf_add(&buf, STR("author="));
	buf_add(&buf, crypto_base64(arena, verdict->author));
	buf_add(&buf, STR(";authres="));
	buf_add(&buf, crypto_base64(arena, verdict->authres));
	result = mac_make(arena, secrets, &use,
			  covered(arena, facts, buf_str(&buf)), &code);
	if (result != OK)
		return result;
	buf_add(&buf, STR(";h="));
	buf_add(&buf, code);
	*value = fold(arena, buf_str(&buf));
	return OK;
}

static struct str without_space(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!str_is_wsp(s.p[i]) && s.p[i] != '\r' && s.p[i] != '\n')
			out[n++] = s.p[i];
	return (struct str){ out, n };
}

/* Each of these reads the value of a tag; false when it is none. */
static bool read_number(const struct taglist *tags, const char *name,
			uint64_t *number)
{
	return taglist_number(taglist_value(tags, name, STR("")), NUMBER_DIGITS,
			      number) == OK;
}

static bool read_flag(const struct taglist *tags, const char *name, bool *flag)
{
	uint64_t number;

	if (!read_number(tags, name, &number) || number > 1)
		return false;
	*flag = number;
	return true;
}

static bool read_auth(const struct taglist *tags, const char *name,
		      enum auth *auth)
{
	struct str value = taglist_value(tags, name, STR(""));

	for (*auth = AUTH_NONE; *auth <= AUTH_PERMERROR; (*auth)++)
		if (str_eq(value, str_from(auth_name(*auth))))
			return true;
	return false;
}

static bool read_policy(const struct taglist *tags, const char *name,
			enum dmarc_policy *policy)
{
	struct str value = taglist_value(tags, name, STR(""));

	for (*policy = DMARC_NONE; *policy <= DMARC_REJECT; (*policy)++)
		if (str_eq(value, str_from(dmarc_policy_name(*policy))))
			return true;
	return false;
}

static bool read_octets(struct arena *arena, const struct taglist *tags,
			const char *name, struct str *octets)
{
	const struct tag *tag = taglist_find(tags, name);

	return tag && crypto_base64_parse(arena, tag->value, octets) == OK;
}

/* What another version of ours wrote may have other tags. */
static bool read_tags(struct arena *arena, const struct taglist *tags,
		      uint64_t *time, struct verdict *verdict)
{
	uint64_t instances;

	if (!str_eq(taglist_value(tags, "v", STR("")), STR("1")) ||
	    !read_number(tags, "t", time) ||
	    !read_flag(tags, "checked", &verdict->checked) ||
	    !read_auth(tags, "spf", &verdict->spf) ||
	    !read_auth(tags, "dkim", &verdict->dkim) ||
	    !read_flag(tags, "aligned", &verdict->dkim_aligned) ||
	    !read_auth(tags, "arc", &verdict->arc) ||
	    !read_number(tags, "sets", &instances) ||
	    !read_auth(tags, "dmarc", &verdict->dmarc) ||
	    !read_policy(tags, "p", &verdict->policy) ||
	    !read_octets(arena, tags, "author", &verdict->author) ||
	    !read_octets(arena, tags, "authres", &verdict->authres))
		return false;
	verdict->arc_instances = instances;
	return true;
}

enum result verdict_parse(struct arena *arena,
			  const struct mac_secrets *secrets, struct str value,
			  const struct verdict_facts *facts,
			  struct verdict *verdict)
{
	struct str text, code;
	struct taglist tags;
	enum result result;
	uint64_t time;
	size_t end;

	if (value.n > LIMIT_FIELD)
		return E_SYNTAX;
	text = without_space(arena, value);
	end = str_find_last(text, ';');
	code = str_sub(text, end, text.n);
	if (code.n < 3 || !str_eq(str_sub(code, 0, 3), STR(";h=")))
		return E_SYNTAX;
	code = str_sub(code, 3, code.n);
	text = str_sub(text, 0, end);
	/* Before anything is read of what could be a stranger's. */
	result = mac_verify(arena, secrets, &use, covered(arena, facts, text),
			    code);
	if (result != OK)
		return result;
	if (taglist_parse(arena, text, &tags) != OK ||
	    !read_tags(arena, &tags, &time, verdict))
		return E_SYNTAX;
	if ((int64_t)time + LIMIT_VERDICT_AGE < facts->now ||
	    (int64_t)time - LIMIT_CLOCK_DRIFT > facts->now)
		return E_TEMP;
	return OK;
}
