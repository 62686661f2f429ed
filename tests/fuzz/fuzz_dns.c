/* SPDX-License-Identifier: BSD-2-Clause */

/* The data of a DNS record as it comes over the wire; its type comes first. */

#include "fuzz.h"
#include "mail/dns_rdata.h"

/* The labels of a name follow their lengths in the octets. */
static void check_name(struct str octets, struct str name)
{
	struct str rest = name, label;
	size_t at = 0;

	MUST(!name.n || dns_is_name(name));
	while (name.n && str_cut(&rest, '.', &label)) {
		MUST((unsigned char)octets.p[at] == label.n);
		MUST(str_eq(str_sub(octets, at + 1, at + 1 + label.n), label));
		at += 1 + label.n;
	}
	MUST(at + 1 == octets.n && !octets.p[at]);
}

/* Read back, an escaped name is what it was. */
static void check_escapes(struct str name)
{
	char text[DNS_ESCAPED_MAX], *at = text;

	dns_name_escape(name, text);
	for (size_t i = 0; i < name.n; i++) {
		unsigned octet = (unsigned char)*at++;

		if (octet == '\\') {
			octet = (unsigned)(at[0] - '0') * 100 +
				(unsigned)(at[1] - '0') * 10 +
				(unsigned)(at[2] - '0');
			at += 3;
		}
		MUST(octet == (unsigned char)name.p[i]);
	}
	MUST(!*at);
}

/* The strings lie in the octets in order, a length before each. */
static void check_strings(struct str octets, struct str joined)
{
	size_t at = 0, n = 0;

	while (at < octets.n) {
		size_t length = (unsigned char)octets.p[at];

		MUST(n + length <= joined.n);
		MUST(!memcmp(octets.p + at + 1, joined.p + n, length));
		at += 1 + length;
		n += length;
	}
	MUST(at == octets.n && n == joined.n && octets.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str octets = { (const char *)data, size };
	enum dns_type type = fuzz_first(&octets) % (DNS_NS + 1);
	/* Just the room that is promised, for ASan to watch. */
	char *room = malloc(octets.n);
	struct dns_record record;

	if (dns_rdata_parse(type, octets, room, &record)) {
		MUST(record.data.n <= octets.n);
		if (type == DNS_A || type == DNS_AAAA)
			MUST(str_eq(record.data, octets));
		else if (type == DNS_TXT)
			check_strings(octets, record.data);
		else if (type == DNS_MX)
			check_name(str_sub(octets, 2, octets.n), record.data);
		else
			check_name(octets, record.data);
	}
	if (dns_is_name(octets))
		check_escapes(octets);
	free(room);
	return 0;
}
