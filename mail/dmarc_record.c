/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc_record.h"

#include "limits.h"
#include "taglist.h"

/* The tags of 4.7, but for v=. */
enum tag_name { P, SP, NP, ADKIM, ASPF, FO, PSD, RUA, RUF, T, TAGS };

struct tags {
	struct str value[TAGS]; /* empty is valid for none of them */
	bool there[TAGS];
};

static const char *const policies[] = {
	[DMARC_NONE] = "none",
	[DMARC_QUARANTINE] = "quarantine",
	[DMARC_REJECT] = "reject",
};

const char *dmarc_policy_name(enum dmarc_policy policy)
{
	return policies[policy];
}

/*
 * 4.8: dmarc-version = "v" equals %s"DMARC1", at the very beginning. Names are
 * in any case there; so they are taken for the other tags.
 */
static bool is_version(struct str tag)
{
	size_t equals = str_find(tag, '=');

	return equals < tag.n &&
	       str_ieq(str_trim_end(str_sub(tag, 0, equals)), STR("v")) &&
	       str_eq(str_trim(str_sub(tag, equals + 1, tag.n)), STR("DMARC1"));
}

/*
 * 4.8: syntax errors are discarded in favor of default values. RFC 6376
 * section 3.2 has no place for two tags of one name: such have no value.
 */
static void read_tags(struct str rest, struct tags *tags)
{
	static const char *const names[] = {
		[P] = "p",	 [SP] = "sp", [NP] = "np",   [ADKIM] = "adkim",
		[ASPF] = "aspf", [FO] = "fo", [PSD] = "psd", [RUA] = "rua",
		[RUF] = "ruf",	 [T] = "t",
	};
	struct str tag;

	for (int i = 0; i < TAGS; i++)
		tags->value[i] = STR("");
	while (str_cut(&rest, ';', &tag)) {
		size_t equals = str_find(tag, '=');
		struct str name = str_trim(str_sub(tag, 0, equals));

		for (int i = 0; equals < tag.n && i < TAGS; i++) {
			if (!str_ieq(name, str_from(names[i])))
				continue;
			tags->value[i] = STR("");
			if (!tags->there[i])
				tags->value[i] = str_trim(
					str_sub(tag, equals + 1, tag.n));
			tags->there[i] = true;
		}
	}
}

static bool is_alpha(char c)
{
	c = str_lower_byte(c);
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	c = str_lower_byte(c);
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* 4.8: obs-dmarc-report-size, which is ignored, but must be one */
static bool is_size(struct str s)
{
	size_t i = 1;

	while (i < s.n && is_digit(s.p[i]))
		i++;
	if (i == 1)
		return false;
	if (i < s.n && memchr("kmgt", str_lower_byte(s.p[i]), 4))
		i++;
	return i == s.n;
}

/* 4.8: dmarc-uri or obs-dmarc-uri, with the characters of RFC 3986. */
static bool is_uri(struct str s)
{
	static const struct str marks = { "-._~:/?#[]@$&'()*+=", 19 };
	size_t end = str_find(s, '!'), colon = str_find(s, ':');

	if (end < s.n && !is_size(str_sub(s, end, s.n)))
		return false;
	if (!s.n || !is_alpha(s.p[0]) || colon + 1 >= end)
		return false;
	for (size_t i = 0; i < colon; i++)
		if (!is_alpha(s.p[i]) && !is_digit(s.p[i]) &&
		    !memchr("+-.", s.p[i], 3))
			return false;
	for (size_t i = colon; i < end; i++) {
		if (s.p[i] == '%' && i + 2 < end && is_hex(s.p[i + 1]) &&
		    is_hex(s.p[i + 2]))
			continue;
		if (!is_alpha(s.p[i]) && !is_digit(s.p[i]) &&
		    !memchr(marks.p, s.p[i], marks.n))
			return false;
	}
	return true;
}

static bool has_uri(struct str list)
{
	struct str uri;

	while (str_cut(&list, ',', &uri))
		if (is_uri(str_trim(uri)))
			return true;
	return false;
}

/* 4.8: dmarc-fo. Each at most once, and of 0 and 1 only one. */
static bool is_fo(struct str value)
{
	bool number = false, d = false, s = false;
	struct str part;

	while (taglist_cut(&value, &part)) {
		bool *seen = str_ieq(part, STR("d"))   ? &d
			     : str_ieq(part, STR("s")) ? &s
						       : &number;

		if (*seen || (seen == &number && !str_eq(part, STR("0")) &&
			      !str_eq(part, STR("1"))))
			return false;
		*seen = true;
	}
	return true;
}

static bool read_policy(struct str value, enum dmarc_policy *policy)
{
	for (int i = DMARC_NONE; i <= DMARC_REJECT; i++) {
		if (str_ieq(value, str_from(policies[i]))) {
			*policy = (enum dmarc_policy)i;
			return true;
		}
	}
	return false;
}

/* 4.10.1: p must be there, and p, sp and np be valid. */
static bool read_policies(const struct tags *tags, struct dmarc_record *record)
{
	bool valid = read_policy(tags->value[P], &record->p);

	record->sp = record->p;
	record->has_sp = tags->there[SP];
	if (record->has_sp && !read_policy(tags->value[SP], &record->sp))
		valid = false;
	record->np = record->sp;
	record->has_np = tags->there[NP];
	if (record->has_np && !read_policy(tags->value[NP], &record->np))
		valid = false;
	return valid;
}

enum result dmarc_record_parse(struct arena *arena, struct str text,
			       struct dmarc_record *record)
{
	struct tags tags = { .there = { false } };
	struct str rest = text, version;
	struct str psd;

	*record = (struct dmarc_record){ .fo = STR("0"),
					 .rua = STR(""),
					 .ruf = STR("") };
	if (!str_cut(&rest, ';', &version) || !is_version(version))
		return E_ABSENT;
	if (text.n > LIMIT_DMARC_RECORD)
		return E_LIMIT;
	read_tags(rest, &tags);
	psd = tags.value[PSD];
	record->psd = str_ieq(psd, STR("y"))   ? DMARC_PSD_YES
		      : str_ieq(psd, STR("n")) ? DMARC_PSD_NO
					       : DMARC_PSD_UNKNOWN;
	record->strict_dkim = str_ieq(tags.value[ADKIM], STR("s"));
	record->strict_spf = str_ieq(tags.value[ASPF], STR("s"));
	record->testing = str_ieq(tags.value[T], STR("y"));
	record->rua = arena_copy(arena, tags.value[RUA]);
	record->ruf = arena_copy(arena, tags.value[RUF]);
	/* 4.7: fo is ignored where there is no ruf. */
	if (record->ruf.n && is_fo(tags.value[FO]))
		record->fo = arena_copy(arena, tags.value[FO]);
	if (read_policies(&tags, record))
		return OK;
	/* 4.10.1: as if a record with p=none was retrieved */
	record->p = record->sp = record->np = DMARC_NONE;
	record->has_sp = record->has_np = false;
	return has_uri(record->rua) ? OK : E_SYNTAX;
}
