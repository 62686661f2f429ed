/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns_zone.h"

#include <stdlib.h>

#include "buf.h"
#include "domain.h"
#include "ip.h"
#include "limits.h"

/* A type that only zones know: nobody asks for it. */
enum { TYPE_CNAME = DNS_NS + 1 };

struct entry {
	struct str name; /* in lower case */
	int type;
	size_t line;
	enum dns_status status; /* what a question for it gets */
	struct dns_record record;
};

/* Sorted by name, so that what is below a name follows it; type; line. */
struct dns_zone {
	struct entry *entries;
	size_t n;
};

/* Reading a line: what is left of it, and what was expected in its place. */
struct reader {
	struct arena *arena;
	struct str rest;
	const char *expected;
};

static bool expect(struct reader *reader, bool met, const char *expected)
{
	if (!met && !reader->expected)
		reader->expected = expected;
	return met;
}

/* The next word, empty at the end. */
static struct str next_word(struct reader *reader)
{
	struct str rest = str_trim(reader->rest);
	size_t n = 0;

	while (n < rest.n && !str_is_wsp(rest.p[n]))
		n++;
	reader->rest = str_sub(rest, n, rest.n);
	return str_sub(rest, 0, n);
}

/*
 * RFC 1035 section 5.1: \DDD is the octet of that number, \X is X. Returns
 * the index behind it; i when it is not one.
 */
static size_t scan_escape(struct str s, size_t i, char *octet)
{
	int value = 0;

	if (i + 1 >= s.n)
		return i;
	*octet = s.p[i + 1];
	if (*octet < '0' || *octet > '9')
		return i + 2;
	if (i + 3 >= s.n)
		return i;
	for (size_t k = i + 1; k <= i + 3; k++) {
		if (s.p[k] < '0' || s.p[k] > '9')
			return i;
		value = value * 10 + s.p[k] - '0';
	}
	*octet = (char)value;
	return value > 255 ? i : i + 4;
}

/* Reads one octet at *i, escaped or not. */
static bool read_octet(struct str s, size_t *i, char *octet)
{
	size_t next;

	*octet = s.p[*i];
	next = *octet == '\\' ? scan_escape(s, *i, octet) : *i + 1;
	if (next == *i)
		return false;
	*i = next;
	return true;
}

/* A name without the dot at its end; the root is empty. */
static bool read_name(struct reader *reader, struct str *name)
{
	const char *expected = "a domain name (odd bytes as \\DDD, labels of "
			       "1 to 63 octets, 253 in all)";
	struct str word = next_word(reader);
	struct buf buf;

	buf_init(&buf, reader->arena, LIMIT_DOMAIN);
	for (size_t i = 0; i < word.n;) {
		char octet;

		if (!expect(reader, read_octet(word, &i, &octet), expected))
			return false;
		buf_addc(&buf, octet);
	}
	*name = buf_str(&buf);
	if (name->n && name->p[name->n - 1] == '.')
		name->n--;
	return expect(reader,
		      !buf.full &&
			      (dns_is_name(*name) || str_eq(word, STR("."))),
		      expected);
}

static bool read_address(struct reader *reader, bool six, struct str *data)
{
	struct ip ip;

	if (!expect(reader,
		    ip_parse(next_word(reader), &ip) == OK && ip.six == six,
		    six ? "an IPv6 address" : "an IPv4 address"))
		return false;
	*data = arena_copy(reader->arena,
			   (struct str){ (char *)ip.octets, six ? 16 : 4 });
	return true;
}

static bool read_mx(struct reader *reader, struct dns_record *record)
{
	struct str word = next_word(reader);
	unsigned preference = 0;
	bool number = word.n > 0 && word.n < 6;

	for (size_t i = 0; number && i < word.n; i++) {
		number = word.p[i] >= '0' && word.p[i] <= '9';
		preference = preference * 10 + (unsigned)(word.p[i] - '0');
	}
	if (!expect(reader, number && preference <= UINT16_MAX,
		    "a preference from 0 to 65535"))
		return false;
	record->preference = (uint16_t)preference;
	return read_name(reader, &record->data);
}

/* The octets between quotes; *rest goes behind the closing one. */
static bool read_string(struct reader *reader, struct buf *buf)
{
	struct str s = reader->rest;
	size_t i = 1, n = 0;
	char octet;

	while (i < s.n && s.p[i] != '"') {
		if (!expect(reader, read_octet(s, &i, &octet),
			    "three digits, 000 to 255, or a character behind "
			    "the backslash"))
			return false;
		buf_addc(buf, octet);
		n++;
	}
	if (!expect(reader, i < s.n, "a closing quote") ||
	    !expect(reader, n <= LIMIT_TXT_STRING,
		    "strings of 255 octets at most"))
		return false;
	reader->rest = str_sub(s, i + 1, s.n);
	return expect(reader, !reader->rest.n || str_is_wsp(reader->rest.p[0]),
		      "white space between strings");
}

static bool read_strings(struct reader *reader, struct str *data)
{
	size_t strings = 0;
	struct buf buf;

	buf_init(&buf, reader->arena, LIMIT_RDATA);
	for (;;) {
		reader->rest = str_trim(reader->rest);
		if (!reader->rest.n)
			break;
		if (!expect(reader, reader->rest.p[0] == '"',
			    "strings in quotes") ||
		    !read_string(reader, &buf))
			return false;
		strings++;
	}
	*data = buf_str(&buf);
	return expect(reader, !buf.full && data->n + strings <= LIMIT_RDATA,
		      "a record of 65535 octets at most");
}

/* !servfail and the like in place of data. */
static bool read_status(struct reader *reader, enum dns_status *status)
{
	static const struct {
		struct str word;
		enum dns_status status;
	} rows[] = {
		{ { "!servfail", 9 }, DNS_TEMPORARY },
		{ { "!timeout", 8 }, DNS_TEMPORARY },
		{ { "!nxdomain", 9 }, DNS_NO_NAME },
	};
	struct str word = next_word(reader);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (str_ieq(word, rows[i].word)) {
			*status = rows[i].status;
			return true;
		}
	}
	return expect(reader, false, "!servfail, !timeout or !nxdomain");
}

static bool read_data(struct reader *reader, struct entry *entry)
{
	reader->rest = str_trim(reader->rest);
	if (reader->rest.n && reader->rest.p[0] == '!')
		return read_status(reader, &entry->status);
	switch (entry->type) {
	case DNS_A:
	case DNS_AAAA:
		return read_address(reader, entry->type == DNS_AAAA,
				    &entry->record.data);
	case DNS_MX:
		return read_mx(reader, &entry->record);
	case DNS_TXT:
		return read_strings(reader, &entry->record.data);
	default:
		return read_name(reader, &entry->record.data);
	}
}

static bool read_type(struct reader *reader, int *type)
{
	static const struct str names[] = {
		[DNS_A] = { "A", 1 },	       [DNS_AAAA] = { "AAAA", 4 },
		[DNS_MX] = { "MX", 2 },	       [DNS_PTR] = { "PTR", 3 },
		[DNS_TXT] = { "TXT", 3 },      [DNS_NS] = { "NS", 2 },
		[TYPE_CNAME] = { "CNAME", 5 },
	};
	struct str word = next_word(reader);

	for (*type = DNS_A; *type <= TYPE_CNAME; ++*type)
		if (str_ieq(word, names[*type]))
			return true;
	return expect(reader, false,
		      "a type: A, AAAA, MX, PTR, NS, CNAME or TXT");
}

static bool read_entry(struct reader *reader, struct entry *entry)
{
	struct str name;

	if (!read_name(reader, &name) || !read_type(reader, &entry->type) ||
	    !read_data(reader, entry) ||
	    !expect(reader, !str_trim(reader->rest).n, "the end of the line"))
		return false;
	entry->name = arena_lower(reader->arena, name);
	return true;
}

/* Reversed, "example.org" is before "a.example.org" and all else below it. */
static int compare_names(struct str a, struct str b)
{
	while (a.n && b.n) {
		unsigned char x = (unsigned char)a.p[--a.n];
		unsigned char y = (unsigned char)b.p[--b.n];

		if (x == y)
			continue;
		if (x == '.' || y == '.')
			return x == '.' ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return (a.n > 0) - (b.n > 0);
}

static int compare_keys(const struct entry *a, const struct entry *b)
{
	int order = compare_names(a->name, b->name);

	return order ? order : a->type - b->type;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = compare_keys(a, b);

	return order ? order : a->line < b->line ? -1 : a->line > b->line;
}

static bool has_content(struct str line)
{
	line = str_trim(line);
	return line.n && line.p[0] != '#' && line.p[0] != ';';
}

enum result dns_zone_parse(struct arena *arena, struct str text,
			   struct dns_zone **zone, struct dns_zone_fault *fault)
{
	struct str todo = text, line;
	size_t n = 0;

	*fault = (struct dns_zone_fault){ 1, "a zone of 16 MiB at most" };
	if (text.n > LIMIT_ZONE_FILE)
		return E_LIMIT;
	while (str_line(&todo, &line))
		n += has_content(line);
	*zone = ARENA_NEW(arena, struct dns_zone, 1);
	(*zone)->entries = ARENA_NEW(arena, struct entry, n);
	for (fault->line = 1; str_line(&text, &line); fault->line++) {
		struct entry *entry = &(*zone)->entries[(*zone)->n];
		struct reader reader = { arena, line, NULL };

		if (!has_content(line))
			continue;
		entry->line = fault->line;
		if (!read_entry(&reader, entry)) {
			fault->expected = reader.expected;
			return E_SYNTAX;
		}
		(*zone)->n++;
	}
	if (n)
		qsort((*zone)->entries, n, sizeof(struct entry),
		      compare_entries);
	return OK;
}

/* The entries of a name and a type; *n is how many. */
static const struct entry *find(const struct dns_zone *zone, struct str name,
				int type, size_t *n)
{
	const struct entry key = { .name = name, .type = type };
	size_t low = 0, high = zone->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_keys(&zone->entries[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*n = 0;
	while (low + *n < zone->n &&
	       compare_keys(&zone->entries[low + *n], &key) == 0)
		++*n;
	return zone->entries + low;
}

/* Has the name a record, or one below it? RFC 8020, RFC 4592 2.2.2 */
static bool exists(const struct dns_zone *zone, struct str name)
{
	const struct entry *end = zone->entries + zone->n, *entry;
	size_t n;

	for (entry = find(zone, name, DNS_A, &n);
	     entry < end && domain_is_within(entry->name, name); entry++)
		if (entry->status != DNS_NO_NAME)
			return true;
	return false;
}

static void give(struct arena *arena, const struct entry *entry, size_t n,
		 struct dns_answer *answer)
{
	answer->records = ARENA_NEW(arena, struct dns_record, n);
	answer->n = n;
	for (size_t i = 0; i < n; i++) {
		answer->records[i] = entry[i].record;
		if (entry[i].status != DNS_OK)
			answer->status = entry[i].status;
	}
	if (answer->status != DNS_OK)
		answer->n = 0;
}

static void query(void *context, struct arena *arena, struct str name,
		  enum dns_type type, struct dns_answer *answer)
{
	const struct dns_zone *zone = context;
	const struct entry *entry;
	size_t n;

	*answer = (struct dns_answer){ .status = DNS_OK };
	for (int i = 0; i <= LIMIT_CNAMES; i++) {
		name = arena_lower(arena, name);
		if (!dns_is_name(name)) {
			answer->status = DNS_NO_NAME;
			return;
		}
		entry = find(zone, name, type, &n);
		if (n) {
			give(arena, entry, n, answer);
			return;
		}
		entry = find(zone, name, TYPE_CNAME, &n);
		if (!n || entry->status != DNS_OK) {
			answer->status = n		      ? entry->status
					 : exists(zone, name) ? DNS_NO_DATA
							      : DNS_NO_NAME;
			return;
		}
		name = entry->record.data;
	}
	/* RFC 1034 section 3.6.2: a loop of CNAMEs is an error. */
	answer->status = DNS_TEMPORARY;
}

struct dns_resolver dns_zone_resolver(struct dns_zone *zone)
{
	return (struct dns_resolver){ query, zone };
}
