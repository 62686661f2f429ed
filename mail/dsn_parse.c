/* SPDX-License-Identifier: BSD-2-Clause */
#include "dsn_parse.h"

#include "dsn_decode.h"
#include "limits.h"
#include "mime.h"
#include "scan.h"

static const char *const actions[DSN_ACTIONS] = {
	[DSN_FAILED] = "failed",       [DSN_DELAYED] = "delayed",
	[DSN_DELIVERED] = "delivered", [DSN_RELAYED] = "relayed",
	[DSN_EXPANDED] = "expanded",
};

const char *dsn_action_name(enum dsn_action action)
{
	return actions[action];
}

/* A value on one line, without white space at its ends. */
static struct str unfold(struct arena *arena, struct str value)
{
	char *p = arena_alloc(arena, value.n);
	size_t n = 0;

	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (!str_is_wsp(c) && c != '\r' && c != '\n')
			p[n++] = c;
		else if (n && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	return (struct str){ p, n };
}

/* "type; text" (RFC 3464 section 2.1.2); the type may be left out. */
static void split_type(struct str value, struct str *type, struct str *text)
{
	size_t at = scan_cfws(value, 0), end = scan_token(value, at);
	size_t semicolon = scan_cfws(value, end);

	*type = STR("");
	*text = value;
	if (end == at || semicolon == value.n || value.p[semicolon] != ';')
		return;
	*type = str_sub(value, at, end);
	*text = str_trim(str_sub(value, semicolon + 1, value.n));
}

/* An address without its type, angle brackets and escapes. */
static struct str read_address(struct arena *arena, struct str value)
{
	struct str type, address;

	split_type(value, &type, &address);
	if (address.n > 1 && address.p[0] == '<' &&
	    address.p[address.n - 1] == '>')
		address = str_sub(address, 1, address.n - 1);
	if (str_ieq(type, STR("utf-8")))
		address = dsn_decode_unicode(arena, address);
	return address;
}

/* A keyword with comments around it: "failed (mailbox full)". */
static struct str read_word(struct str value)
{
	size_t at = scan_cfws(value, 0);

	return str_sub(value, at, scan_token(value, at));
}

static enum result read_action(struct str value, enum dsn_action *action)
{
	for (unsigned i = 0; i < DSN_ACTIONS; i++)
		if (str_ieq(read_word(value), str_from(actions[i]))) {
			*action = (enum dsn_action)i;
			return OK;
		}
	return E_SYNTAX;
}

/* RFC 3463 section 2: class "." subject "." detail */
static bool is_status(struct str status)
{
	struct str part;
	int parts = 0;

	if (!status.n || !strchr("245", status.p[0]))
		return false;
	while (str_cut(&status, '.', &part)) {
		if (!part.n || part.n > 3 || (!parts && part.n > 1))
			return false;
		for (size_t i = 0; i < part.n; i++)
			if (part.p[i] < '0' || part.p[i] > '9')
				return false;
		parts++;
	}
	return parts == 3;
}

/* Some leave it out, some write a reply code. */
static struct str read_status(struct str value, enum dsn_action action)
{
	static const char classes[DSN_ACTIONS] = {
		[DSN_FAILED] = '5',    [DSN_DELAYED] = '4',
		[DSN_DELIVERED] = '2', [DSN_RELAYED] = '2',
		[DSN_EXPANDED] = '2',
	};
	struct str status = read_word(value);

	if (is_status(status))
		return status;
	return classes[action] == '5'	? STR("5.0.0")
	       : classes[action] == '4' ? STR("4.0.0")
					: STR("2.0.0");
}

/* The value of the first field of a name, on one line. */
static struct str value_of(const struct message *group, const char *name)
{
	for (size_t i = 0; i < group->n; i++)
		if (message_is(&group->fields[i], str_from(name)))
			return unfold(group->arena, group->fields[i].value);
	return STR("");
}

static bool is_recipient(const struct message *group)
{
	return message_count(group, STR("Final-Recipient"), NULL) ||
	       message_count(group, STR("Action"), NULL);
}

static enum result read_recipient(const struct message *group,
				  struct dsn_recipient *recipient)
{
	struct arena *arena = group->arena;

	*recipient = (struct dsn_recipient){
		.original = read_address(arena,
					 value_of(group, "Original-Recipient")),
		.final =
			read_address(arena, value_of(group, "Final-Recipient")),
		.actual = read_address(arena,
				       value_of(group, "X-Actual-Recipient")),
		.last_attempt = value_of(group, "Last-Attempt-Date"),
		.will_retry = value_of(group, "Will-Retry-Until"),
		.known_as = STR(""),
	};
	split_type(value_of(group, "Diagnostic-Code"),
		   &recipient->diagnostic_type, &recipient->diagnostic);
	recipient->remote_mta =
		read_address(arena, value_of(group, "Remote-MTA"));
	/* Without an action it can't be told what is to be told. */
	if (read_action(value_of(group, "Action"), &recipient->action) != OK)
		return E_SYNTAX;
	recipient->status =
		read_status(value_of(group, "Status"), recipient->action);
	return OK;
}

/*
 * Cuts the next header, or group of fields, off a text, at an empty line or
 * one of white space. Lines that are no field are left out: what is not
 * understood is ignored (RFC 3464 section 2.1).
 */
static enum result cut_group(struct arena *arena, struct str *text,
			     struct message *group)
{
	struct message one;

	message_init(group, arena);
	message_init(&one, arena);
	while (text->n) {
		struct str all = *text, line, rest, none;

		str_line(text, &line);
		if (!str_trim(line).n)
			break;
		while (text->n && str_is_wsp(text->p[0])) {
			rest = *text;
			str_line(&rest, &line);
			if (!str_trim(line).n)
				break;
			*text = rest;
		}
		one.n = one.bytes = 0;
		all = str_sub(all, 0, all.n - text->n);
		if (message_split(&one, all, &none) == OK && one.n &&
		    message_add(group, one.fields[0].name,
				one.fields[0].value) != OK)
			return E_LIMIT;
	}
	return OK;
}

static size_t count_groups(struct str text)
{
	struct str line;
	size_t n = 1;

	while (str_line(&text, &line))
		n += !str_trim(line).n;
	return n;
}

/* RFC 3464 section 2.1: one group for the message, one a recipient. */
static enum result read_status_part(struct arena *arena, struct str text,
				    struct dsn *dsn)
{
	size_t most = count_groups(text);
	bool first = true;

	if (most > LIMIT_DSN_RECIPIENTS)
		return E_LIMIT;
	dsn->recipients = ARENA_NEW(arena, struct dsn_recipient, most);
	while (text.n) {
		struct message group;
		enum result result = cut_group(arena, &text, &group);

		if (result != OK)
			return result;
		if (!group.n)
			continue;
		if (first) {
			dsn->reporting_mta = read_address(
				arena, value_of(&group, "Reporting-MTA"));
			dsn->envelope_id =
				value_of(&group, "Original-Envelope-Id");
			dsn->arrival_date = value_of(&group, "Arrival-Date");
			first = false;
		}
		if (!is_recipient(&group))
			continue;
		result = read_recipient(&group, &dsn->recipients[dsn->n++]);
		if (result != OK)
			return result;
	}
	return dsn->n ? OK : E_SYNTAX;
}

static bool is_returned(const struct mime_type *type)
{
	return mime_is(type, "message", "rfc822") ||
	       mime_is(type, "message", "global") ||
	       mime_is(type, "message", "global-headers") ||
	       mime_is(type, "text", "rfc822-headers");
}

static bool is_status_part(const struct mime_type *type)
{
	return mime_is(type, "message", "delivery-status") ||
	       mime_is(type, "message", "global-delivery-status");
}

/* RFC 6522 section 3: a text, the report, perhaps what it is about. */
static enum result read_parts(struct arena *arena,
			      const struct mime_parts *parts, struct dsn *dsn)
{
	bool status = false, returned = false;

	for (size_t i = 0; i < parts->n; i++) {
		struct mime_part part;
		struct str text;
		enum result result =
			mime_part_parse(arena, parts->parts[i], &part);

		/* What is wrong with the other parts is no matter. */
		if (result != OK)
			continue;
		if (!status && is_status_part(&part.type)) {
			status = true;
			if (mime_decode(arena, &part, &text) != OK)
				return E_SYNTAX;
			result = read_status_part(arena, text, dsn);
		} else if (!returned && is_returned(&part.type) &&
			   mime_decode(arena, &part, &text) == OK) {
			returned = true;
			result = cut_group(arena, &text, &dsn->returned);
		}
		if (result != OK)
			return result;
	}
	return status ? OK : E_SYNTAX;
}

enum result dsn_parse(struct arena *arena, const struct message *header,
		      struct str body, struct dsn *dsn)
{
	struct mime_part part = { .header = *header, .body = body };
	struct mime_parts *parts;
	enum result result = mime_describe(arena, &part);
	struct str type;

	memset(dsn, 0, sizeof(*dsn));
	message_init(&dsn->returned, arena);
	if (result != OK || !mime_is(&part.type, "multipart", "report"))
		return E_ABSENT;
	/* Without it, the parts decide. */
	type = mime_parameter(&part.type, "report-type");
	if (type.n && !str_ieq(type, STR("delivery-status")) &&
	    !str_ieq(type, STR("global-delivery-status")))
		return E_ABSENT;
	if (body.n > LIMIT_DSN_BODY)
		return E_LIMIT;
	if (part.encoding != MIME_IDENTITY)
		return E_SYNTAX;
	parts = ARENA_NEW(arena, struct mime_parts, 1);
	result = mime_split(&part, parts);
	if (result != OK)
		return result == E_LIMIT ? E_LIMIT : E_SYNTAX;
	return read_parts(arena, parts, dsn);
}
