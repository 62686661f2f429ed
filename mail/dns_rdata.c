/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns_rdata.h"

#include <stdio.h>

#include "limits.h"

/* The next octet of the data; -1 behind its end. */
static int take_octet(struct str *data)
{
	int octet = data->n ? (unsigned char)*data->p : -1;

	if (data->n)
		*data = str_sub(*data, 1, data->n);
	return octet;
}

static bool take_octets(struct str *data, size_t n, struct str *taken)
{
	if (data->n < n)
		return false;
	*taken = str_sub(*data, 0, n);
	*data = str_sub(*data, n, data->n);
	return true;
}

/* The whole of the data as a name; the dots take the place of lengths. */
static bool parse_name(struct str data, char *room, struct str *name)
{
	size_t n = 0;
	int length;

	/* RFC 1035 section 2.3.4 */
	if (data.n > LIMIT_DOMAIN)
		return false;
	while ((length = take_octet(&data)) > 0) {
		struct str label;

		/* Longer ones are RFC 1035 section 4.1.4's pointers. */
		if (length > LIMIT_LABEL ||
		    !take_octets(&data, (size_t)length, &label) ||
		    str_find(label, '.') < label.n)
			return false;
		if (n)
			room[n++] = '.';
		memcpy(room + n, label.p, label.n);
		n += label.n;
	}
	*name = (struct str){ room, n };
	return length == 0 && !data.n;
}

/* RFC 1035 section 3.3.14: one string or more. */
static bool parse_strings(struct str data, char *room, struct str *joined)
{
	struct str string;
	size_t n = 0;

	if (!data.n)
		return false;
	while (data.n) {
		int length = take_octet(&data);

		if (!take_octets(&data, (size_t)length, &string))
			return false;
		memcpy(room + n, string.p, string.n);
		n += string.n;
	}
	*joined = (struct str){ room, n };
	return true;
}

static bool parse_address(struct str data, size_t size, char *room,
			  struct str *address)
{
	if (data.n != size)
		return false;
	*address = (struct str){ memcpy(room, data.p, size), size };
	return true;
}

static bool parse_mx(struct str data, char *room, struct dns_record *record)
{
	int high = take_octet(&data);
	int low = take_octet(&data);

	if (low < 0)
		return false;
	record->preference = (uint16_t)(high << 8 | low);
	return parse_name(data, room, &record->data);
}

bool dns_rdata_parse(enum dns_type type, struct str data, char *room,
		     struct dns_record *record)
{
	*record = (struct dns_record){ .preference = 0 };
	switch (type) {
	case DNS_A:
		return parse_address(data, 4, room, &record->data);
	case DNS_AAAA:
		return parse_address(data, 16, room, &record->data);
	case DNS_MX:
		return parse_mx(data, room, record);
	case DNS_PTR:
	case DNS_NS:
		return parse_name(data, room, &record->data);
	case DNS_TXT:
		return parse_strings(data, room, &record->data);
	}
	return false;
}

void dns_name_escape(struct str name, char text[DNS_ESCAPED_MAX])
{
	for (size_t i = 0; i < name.n && i < LIMIT_DOMAIN; i++) {
		char c = name.p[i];
		char lower = str_lower_byte(c);

		if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '_' || c == '.')
			*text++ = c;
		else
			text += sprintf(text, "\\%03u", (unsigned char)c);
	}
	*text = '\0';
}
