/* SPDX-License-Identifier: BSD-2-Clause */
#include "sendmail.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdint.h>

#include "mail/buf.h"

/* What Sendmail takes where a line says nothing. */
enum { REPLY_SECONDS = 10, PORT = 25 };

/* A line that begins with white space goes on with the one before it, which
 * may be a comment. */
static struct str unfold(struct arena *arena, struct str text)
{
	bool is_comment = false;
	struct str line;
	struct buf buf;

	buf_init(&buf, arena, SIZE_MAX);
	while (str_line(&text, &line)) {
		bool is_more = line.n && str_is_wsp(line.p[0]);

		if (!is_more)
			is_comment = line.n && line.p[0] == '#';
		if (is_comment || !line.n)
			continue;
		if (buf.n && !is_more)
			buf_addc(&buf, '\n');
		buf_add(&buf, line);
	}
	return buf_str(&buf);
}

/* The value of "Key=value" in a list; a key is known by its first letter. */
static struct str field(struct str list, char key)
{
	struct str part, name;

	while (str_cut(&list, ',', &part)) {
		str_cut(&part, '=', &name);
		name = str_trim(name);
		if (part.p && name.n &&
		    str_lower_byte(name.p[0]) == str_lower_byte(key))
			return str_trim(part);
	}
	return STR("");
}

static long number(struct str text)
{
	long value = 0;

	for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' &&
			   value < INT32_MAX / 10;
	     i++)
		value = value * 10 + (text.p[i] - '0');
	return value;
}

static long unit_seconds(char unit)
{
	static const struct {
		char unit;
		long seconds;
	} units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (str_lower_byte(unit) == units[i].unit)
			return units[i].seconds;
	return 1;
}

/* "60s", "1m30s"; seconds where no unit is given. */
static long seconds(struct str text)
{
	long sum = 0;
	size_t i = 0, begin;

	while (i < text.n) {
		begin = i;
		while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9')
			i++;
		sum += number(str_sub(text, begin, i)) *
		       unit_seconds(i < text.n ? text.p[i] : 's');
		i++;
	}
	return sum;
}

/* Of "C:30s;S:30s;R:60s;E:5m" that behind R. */
static long reply_seconds(struct str times)
{
	struct str time, key;

	while (str_cut(&times, ';', &time)) {
		str_cut(&time, ':', &key);
		if (time.p && str_ieq(str_trim(key), STR("R")))
			return seconds(str_trim(time));
	}
	return REPLY_SECONDS;
}

static int port_of(struct arena *arena, struct str text)
{
	const struct servent *service;
	long port = number(text);

	if (!text.n)
		return PORT;
	if (port)
		return port <= UINT16_MAX ? (int)port : 0;
	service = getservbyname(arena_copy(arena, text).p, "tcp");
	return service ? ntohs((uint16_t)service->s_port) : 0;
}

static void add_filter(struct sendmail *sendmail, struct str line)
{
	struct sendmail_filter *filter =
		&sendmail->filters[sendmail->n_filters++];

	str_cut(&line, ',', &filter->name);
	filter->name = str_trim(filter->name);
	filter->socket = field(line, 'S');
	filter->flags = field(line, 'F');
	filter->reply_seconds = reply_seconds(field(line, 'T'));
}

static void add_daemon(struct sendmail *sendmail, struct str text)
{
	struct sendmail_daemon *daemon =
		&sendmail->daemons[sendmail->n_daemons++];

	daemon->text = text;
	daemon->address = field(text, 'A');
	if (str_istarts(daemon->address, STR("IPv6:")))
		daemon->address = str_sub(daemon->address, strlen("IPv6:"),
					  daemon->address.n);
	daemon->six = str_ieq(field(text, 'F'), STR("inet6"));
	daemon->port = port_of(sendmail->arena, field(text, 'P'));
	daemon->filters = field(text, 'I');
	if (!daemon->filters.n)
		daemon->filters =
			str_from(sendmail_option(sendmail, "InputMailFilters"));
}

static void add_mailer(struct sendmail *sendmail, struct str line)
{
	struct sendmail_mailer *mailer =
		&sendmail->mailers[sendmail->n_mailers];

	if (!str_eq(field(line, 'P'), STR("[IPC]")))
		return;
	sendmail->n_mailers++;
	mailer->line_length = number(field(line, 'L'));
	mailer->arguments = field(line, 'A');
	str_cut(&line, ',', &mailer->name);
}

/*
 * Where a queue group has its messages: a line that begins with Q, 'Qname,
 * P=PATH'. A path that is no whole one is beside the "*" of QueueDirectory, or
 * below it.
 */
static void add_queue(struct sendmail *sendmail, struct str path)
{
	const char *all = sendmail_option(sendmail, "QueueDirectory");
	struct str base = str_from(all);

	if (base.n && base.p[base.n - 1] == '*')
		base = str_sub(base, 0, str_find_last(base, '/'));
	if (path.n && path.p[0] == '/')
		all = arena_copy(sendmail->arena, path).p;
	else if (path.n)
		all = arena_printf(sendmail->arena, "%.*s/%.*s", STR_ARG(base),
				   STR_ARG(path));
	for (size_t i = 0; i < sendmail->n_queues; i++)
		if (strcmp(sendmail->queues[i], all) == 0)
			return;
	if (*all)
		sendmail->queues[sendmail->n_queues++] = all;
}

/* The value of a line "O name=value"; its p is NULL in others. */
static struct str option_in(struct str line, struct str name)
{
	struct str value = line, key;

	if (!str_istarts(line, STR("O ")))
		return (struct str){ NULL, 0 };
	value = str_sub(value, 2, value.n);
	str_cut(&value, '=', &key);
	if (!value.p || !str_ieq(str_trim(key), name))
		return (struct str){ NULL, 0 };
	return str_trim(value);
}

static void read_lines(struct sendmail *sendmail)
{
	struct str rest = sendmail->lines, line, value;

	while (str_line(&rest, &line)) {
		if (!line.n)
			continue;
		value = option_in(line, STR("DaemonPortOptions"));
		if (value.p)
			add_daemon(sendmail, value);
		else if (line.p[0] == 'X')
			add_filter(sendmail, str_sub(line, 1, line.n));
		else if (line.p[0] == 'M')
			add_mailer(sendmail, str_sub(line, 1, line.n));
		else if (line.p[0] == 'Q')
			add_queue(sendmail, field(line, 'P'));
	}
	add_queue(sendmail, STR(""));
	if (!sendmail->n_daemons)
		add_daemon(sendmail, STR(""));
}

void sendmail_parse(struct arena *arena, struct str text,
		    struct sendmail *sendmail)
{
	struct str rest, line;
	size_t n = 1; /* the daemon that is there without a line */

	*sendmail = (struct sendmail){ .arena = arena,
				       .lines = unfold(arena, text) };
	for (rest = sendmail->lines; str_line(&rest, &line);)
		n++;
	sendmail->filters = ARENA_NEW(arena, struct sendmail_filter, n);
	sendmail->daemons = ARENA_NEW(arena, struct sendmail_daemon, n);
	sendmail->mailers = ARENA_NEW(arena, struct sendmail_mailer, n);
	sendmail->queues = ARENA_NEW(arena, const char *, n);
	read_lines(sendmail);
}

const char *sendmail_option(const struct sendmail *sendmail, const char *name)
{
	struct str rest = sendmail->lines, line, value, last = STR("");

	while (str_line(&rest, &line)) {
		value = option_in(line, str_from(name));
		if (value.p)
			last = value;
	}
	return arena_copy(sendmail->arena, last).p;
}

const char *sendmail_macro(const struct sendmail *sendmail, char letter)
{
	const char begin[] = { 'D', letter };
	struct str rest = sendmail->lines, line, last = STR("");

	while (str_line(&rest, &line))
		if (line.n > sizeof(begin) &&
		    memcmp(line.p, begin, sizeof(begin)) == 0)
			last = str_sub(line, sizeof(begin), line.n);
	return arena_copy(sendmail->arena, str_trim(last)).p;
}

bool sendmail_has_ruleset(const struct sendmail *sendmail, const char *name)
{
	struct str rest = sendmail->lines, line, wanted = str_from(name);

	while (str_line(&rest, &line))
		if (line.n && line.p[0] == 'S' &&
		    str_eq(str_trim(str_sub(line, 1, line.n)), wanted))
			return true;
	return false;
}

static bool separates(char byte)
{
	return byte == ',' || byte == ';' || str_is_wsp(byte);
}

bool sendmail_item(struct str *rest, struct str *item)
{
	size_t begin = 0, end;

	while (begin < rest->n && separates(rest->p[begin]))
		begin++;
	end = begin;
	while (end < rest->n && !separates(rest->p[end]))
		end++;
	*item = str_sub(*rest, begin, end);
	*rest = str_sub(*rest, end, rest->n);
	return item->n > 0;
}

const struct sendmail_filter *sendmail_filter(const struct sendmail *sendmail,
					      struct str name)
{
	for (size_t i = 0; i < sendmail->n_filters; i++)
		if (str_eq(sendmail->filters[i].name, name))
			return &sendmail->filters[i];
	return NULL;
}
