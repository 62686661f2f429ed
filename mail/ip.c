/* SPDX-License-Identifier: BSD-2-Clause */
#include "ip.h"

#include "buf.h"

enum { GROUPS = 8, TEXT_MAX = 40 };

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = str_lower_byte(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A number of one to three digits without a leading zero, at most 255. */
static bool parse_octet(struct str text, unsigned char *octet)
{
	int value = 0;

	if (!text.n || text.n > 3 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = value * 10 + text.p[i] - '0';
	}
	*octet = (unsigned char)value;
	return value <= 255;
}

static bool parse_four(struct str text, unsigned char octets[4])
{
	struct str part;
	size_t n = 0;

	while (str_cut(&text, '.', &part))
		if (n == 4 || !parse_octet(part, &octets[n++]))
			return false;
	return n == 4;
}

/* One to four hexadecimal digits. */
static bool parse_group(struct str text, unsigned char octets[2])
{
	unsigned value = 0;

	if (!text.n || text.n > 4)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int digit = hex_value(text.p[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (unsigned)digit;
	}
	octets[0] = (unsigned char)(value >> 8);
	octets[1] = (unsigned char)value;
	return true;
}

/*
 * Groups with a colon between them, up to `max` of them; the last two may be
 * an IPv4 address. An empty text is no group.
 */
static bool parse_groups(struct str text, size_t max, unsigned char *octets,
			 size_t *n)
{
	struct str part;

	*n = 0;
	if (!text.n)
		return true;
	while (str_cut(&text, ':', &part)) {
		bool four = !text.p && str_find(part, '.') < part.n;

		if (*n + (four ? 2 : 1) > max)
			return false;
		if (four ? !parse_four(part, octets + 2 * *n)
			 : !parse_group(part, octets + 2 * *n))
			return false;
		*n += four ? 2 : 1;
	}
	return true;
}

static bool parse_six(struct str text, unsigned char octets[16])
{
	unsigned char tail[16];
	size_t gap = 0, head_n, tail_n;

	while (gap + 1 < text.n &&
	       !(text.p[gap] == ':' && text.p[gap + 1] == ':'))
		gap++;
	if (gap + 1 >= text.n)
		return parse_groups(text, GROUPS, octets, &head_n) &&
		       head_n == GROUPS;
	memset(octets, 0, 16);
	/* An IPv4 address stands at the end only, which is not the gap. */
	if (str_find(str_sub(text, 0, gap), '.') < gap ||
	    !parse_groups(str_sub(text, 0, gap), GROUPS - 1, octets, &head_n) ||
	    !parse_groups(str_sub(text, gap + 2, text.n), GROUPS - 1 - head_n,
			  tail, &tail_n))
		return false;
	if (tail_n)
		memcpy(octets + 16 - 2 * tail_n, tail, 2 * tail_n);
	return true;
}

enum result ip_parse(struct str text, struct ip *ip)
{
	*ip = (struct ip){ .six = str_find(text, ':') < text.n };
	if (ip->six ? parse_six(text, ip->octets)
		    : parse_four(text, ip->octets))
		return OK;
	return E_SYNTAX;
}

struct ip ip_unmap(struct ip ip)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct ip four = { .six = false };

	if (!ip.six || memcmp(ip.octets, mapped, sizeof(mapped)) != 0)
		return ip;
	memcpy(four.octets, ip.octets + 12, 4);
	return four;
}

bool ip_is_within(const struct ip *ip, const struct ip *network, int bits)
{
	size_t whole = (size_t)bits / 8;
	int rest = bits % 8;

	if (ip->six != network->six ||
	    memcmp(ip->octets, network->octets, whole) != 0)
		return false;
	return !rest || ((ip->octets[whole] ^ network->octets[whole]) >>
			 (8 - rest)) == 0;
}

static unsigned group_at(const struct ip *ip, size_t i)
{
	return (unsigned)ip->octets[2 * i] << 8 | ip->octets[2 * i + 1];
}

/* RFC 5952 section 4.2: the first of the longest runs of two zeros or more. */
static size_t longest_run(const struct ip *ip, size_t *length)
{
	size_t best = GROUPS, n;

	*length = 1;
	for (size_t i = 0; i < GROUPS; i += n + 1) {
		n = 0;
		while (i + n < GROUPS && !group_at(ip, i + n))
			n++;
		if (n > *length) {
			best = i;
			*length = n;
		}
	}
	return best;
}

struct str ip_format(struct arena *arena, const struct ip *ip)
{
	size_t length, run;
	struct buf buf;

	buf_init(&buf, arena, TEXT_MAX);
	if (!ip->six) {
		buf_printf(&buf, "%u.%u.%u.%u", ip->octets[0], ip->octets[1],
			   ip->octets[2], ip->octets[3]);
		return (struct str){ buf_c(&buf), buf.n };
	}
	run = longest_run(ip, &length);
	for (size_t i = 0; i < GROUPS; i++) {
		if (i == run) {
			buf_add(&buf, STR("::"));
			i += length - 1;
			continue;
		}
		if (i && i != run + length)
			buf_addc(&buf, ':');
		buf_printf(&buf, "%x", group_at(ip, i));
	}
	return (struct str){ buf_c(&buf), buf.n };
}
