/* SPDX-License-Identifier: BSD-2-Clause */
#include "sts_policy.h"

#include "limits.h"
#include "scan.h"

enum { NAME_OCTETS_MAX = 32, DIGITS_MAX = 10 };

static const char *const modes[] = {
	[STS_NONE] = "none",
	[STS_TESTING] = "testing",
	[STS_ENFORCE] = "enforce",
};
enum { MODES = sizeof(modes) / sizeof(*modes) };

/* What the lines up to now had. */
struct reading {
	struct sts_policy *policy;
	bool version, mode, max_age;
};

const char *sts_mode_name(enum sts_mode mode)
{
	return modes[mode];
}

static bool is_alphanum(char byte)
{
	char c = str_lower_byte(byte);

	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* sts-policy-ext-name, which the names that are known are, too */
static bool is_name(struct str s)
{
	if (!s.n || s.n > NAME_OCTETS_MAX || !is_alphanum(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!is_alphanum(s.p[i]) && !memchr("_-.", s.p[i], 3))
			return false;
	return true;
}

static struct str trim_wsp(struct str s)
{
	while (s.n && str_is_wsp(s.p[0]))
		s = str_sub(s, 1, s.n);
	while (s.n && str_is_wsp(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* sts-policy-ext-value; the space at its ends was taken off */
static bool is_value(struct str s)
{
	for (size_t i = 0, next; i < s.n; i = next) {
		next = scan_utf8(s, i);
		if (s.p[i] >= ' ' && s.p[i] <= '~')
			next = i + 1;
		if (next == i)
			return false;
	}
	return s.n > 0;
}

/* RFC 5321 section 4.1.2, Domain, A-labels alone */
static bool is_domain(struct str s)
{
	struct str label;

	if (!s.n || s.n > LIMIT_DOMAIN)
		return false;
	while (str_cut(&s, '.', &label)) {
		if (!label.n || label.n > LIMIT_LABEL ||
		    !is_alphanum(label.p[0]) ||
		    !is_alphanum(label.p[label.n - 1]))
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_alphanum(label.p[i]) && label.p[i] != '-')
				return false;
	}
	return true;
}

/* ["*."] Domain */
static struct str without_wildcard(struct str s)
{
	return str_istarts(s, STR("*.")) ? str_sub(s, 2, s.n) : s;
}

static const char *read_version(struct reading *reading, struct str value)
{
	reading->version = true;
	return str_eq(value, STR("STSv1")) ? NULL : "version: STSv1";
}

static const char *read_mode(struct reading *reading, struct str value)
{
	reading->mode = true;
	for (int i = 0; i < MODES; i++)
		if (str_eq(value, str_from(modes[i]))) {
			reading->policy->mode = (enum sts_mode)i;
			return NULL;
		}
	return "mode: enforce, testing or none";
}

static const char *read_max_age(struct reading *reading, struct str value)
{
	int64_t *age = &reading->policy->max_age;

	reading->max_age = true;
	for (size_t i = 0; i < value.n && value.n <= DIGITS_MAX; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return "max_age: a number of seconds";
		*age = *age * 10 + value.p[i] - '0';
	}
	return value.n <= DIGITS_MAX && *age <= LIMIT_STS_AGE
		       ? NULL
		       : "max_age: of 31557600 seconds at most";
}

static const char *read_mx(struct reading *reading, struct str value)
{
	reading->policy->mx[reading->policy->n_mx++] = value;
	return is_domain(without_wildcard(value))
		       ? NULL
		       : "mx: a host name, or *.DOMAIN";
}

static const struct field {
	const char *name;
	const char *(*read)(struct reading *reading, struct str value);
	size_t seen; /* of what comes but once: that it was there */
} fields[] = {
	{ "version", read_version, offsetof(struct reading, version) },
	{ "mode", read_mode, offsetof(struct reading, mode) },
	{ "max_age", read_max_age, offsetof(struct reading, max_age) },
	{ "mx", read_mx, 0 },
};
enum { FIELDS = sizeof(fields) / sizeof(*fields) };

/* Fields that nobody knows, and all but the first of one name, do not count. */
static const char *read_line(struct reading *reading, struct str line)
{
	struct str value = line, name;

	str_cut(&value, ':', &name);
	if (!value.p || !is_name(name))
		return "lines of a name, a colon and a value";
	value = trim_wsp(value);
	if (!is_value(value))
		return "a value in UTF-8 behind each name";
	for (size_t i = 0; i < FIELDS; i++)
		if (str_eq(name, str_from(fields[i].name)) &&
		    !(fields[i].seen &&
		      *((const bool *)reading + fields[i].seen)))
			return fields[i].read(reading, value);
	return NULL;
}

enum result sts_policy_parse(struct arena *arena, struct str text,
			     struct sts_policy *policy, const char **fault)
{
	struct reading reading = { .policy = policy };
	struct str line;
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	*policy = (struct sts_policy){ .mx = ARENA_NEW(arena, struct str, n) };
	*fault = NULL;
	while (!*fault && str_line(&text, &line))
		*fault = read_line(&reading, line);
	if (!*fault && !reading.version)
		*fault = "a line \"version: STSv1\"";
	if (!*fault && !reading.mode)
		*fault = "a line \"mode: \"";
	if (!*fault && !reading.max_age)
		*fault = "a line \"max_age: \"";
	if (!*fault && !policy->n_mx && policy->mode != STS_NONE)
		*fault = "a line \"mx: \" for each host";
	return *fault ? E_SYNTAX : OK;
}

bool sts_policy_allows(const struct sts_policy *policy, struct str host)
{
	for (size_t i = 0; i < policy->n_mx; i++) {
		struct str pattern = policy->mx[i];
		struct str bare = without_wildcard(pattern);
		size_t dot = str_find(host, '.');

		if (str_ieq(pattern, host))
			return true;
		/* A wildcard is one label, the leftmost, and all of it. */
		if (bare.n < pattern.n && dot > 0 && dot < host.n &&
		    str_ieq(bare, str_sub(host, dot + 1, host.n)))
			return true;
	}
	return false;
}
