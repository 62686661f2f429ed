/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Nothing is copied: each field that we write is built from what was read,
 * and each text of others goes through dsn_strike as the last thing before
 * it is written. Left out is what an RFC does not ask for and may name the
 * private address's host: Remote-MTA, logs, extensions (RFC 3464 section 4.2
 * (c)); what the reporting host said in words; the body of the message.
 */
#include "dsn_format.h"

#include "buf.h"
#include "date.h"
#include "domain.h"
#include "dsn_strike.h"
#include "limits.h"
#include "mime.h"
#include "scan.h"

struct writer {
	struct arena *arena;
	const struct dsn *dsn;
	const struct dsn_notice *notice;
	struct dsn_secrets *secrets;
	struct str sender; /* as written in a header field */
	struct str alias;
	struct str domain;
	struct str host;
	const char *boundary;
};

/* What is told for each action: of all recipients the first counts. */
static const struct {
	const char *subject;
	const char *text;
} words[DSN_ACTIONS] = {
	[DSN_FAILED] = { "Undelivered mail",
			 "Your message could not be delivered to" },
	[DSN_DELAYED] = { "Delayed mail",
			  "Your message has not been delivered yet, and there "
			  "is no need\r\nto send it again; it will be tried "
			  "for some days to" },
	[DSN_DELIVERED] = { "Delivered mail", "Your message was delivered to" },
	[DSN_RELAYED] = { "Relayed mail",
			  "Your message was sent on, to a host that reports "
			  "no delivery, for" },
	[DSN_EXPANDED] = { "Relayed mail", "Your message was sent on, for" },
};

static bool is_dot_atom(struct str s)
{
	struct str part;

	while (str_cut(&s, '.', &part))
		if (!part.n || scan_atext(part, 0) < part.n)
			return false;
	return true;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 127)
			return false;
	return true;
}

/* A local part as RFC 5321 section 4.1.2 writes it, in quotes if need be. */
static enum result write_local(struct arena *arena, struct str local,
			       struct str *written)
{
	/* In xtext, with its domain, it must fit on a line. */
	enum { LONGEST = 3 * LIMIT_LOCAL_PART };
	struct buf buf;

	if (local.n > LONGEST)
		return E_SYNTAX;
	*written = local;
	if (is_dot_atom(local))
		return OK;
	buf_init(&buf, arena, 2 * LONGEST + 2);
	buf_addc(&buf, '"');
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			buf_addc(&buf, '\\');
		buf_addc(&buf, local.p[i]);
	}
	buf_addc(&buf, '"');
	*written = buf_str(&buf);
	return local.n && scan_quoted_string(*written, 0) == written->n
		       ? OK
		       : E_SYNTAX;
}

/* An address; its domain with A-labels, so that few need UTF-8. */
static enum result write_address(struct arena *arena,
				 const struct mailbox *mailbox,
				 struct str *address)
{
	struct str domain = mailbox->domain, local;
	struct buf buf;

	if (write_local(arena, mailbox->local, &local) != OK)
		return E_SYNTAX;
	if (domain_normalize(arena, mailbox->domain, &domain) != OK &&
	    (!domain.n || scan_domain_literal(domain, 0) < domain.n))
		return E_SYNTAX;
	buf_init(&buf, arena, LIMIT_DSN_ADDRESS);
	buf_add(&buf, local);
	buf_addc(&buf, '@');
	buf_add(&buf, domain);
	*address = buf_str(&buf);
	/* The rules of RFC 5322 let folds stand in quotes and brackets. */
	for (size_t i = 0; i < address->n; i++)
		if (address->p[i] == '\r' || address->p[i] == '\n')
			return E_SYNTAX;
	return buf.full ? E_SYNTAX : OK;
}

/*
 * Words on lines of 78 octets, as far as they allow it; `fold` begins each
 * line but the first.
 */
static void add_words(struct buf *buf, struct str text, const char *fold,
		      size_t column)
{
	enum { WIDTH = 78 };
	struct str word;
	bool first = true;

	while (str_cut(&text, ' ', &word)) {
		if (!word.n)
			continue;
		if (!first && column + 1 + word.n > WIDTH) {
			buf_add(buf, str_from(fold));
			column = strlen(fold) - 2;
		} else if (!first) {
			buf_addc(buf, ' ');
			column++;
		}
		buf_add(buf, word);
		column += word.n;
		first = false;
	}
}

/* Octets that are no printable ASCII become question marks. */
static struct str printable(struct arena *arena, struct str text)
{
	char *p = arena_alloc(arena, text.n);

	for (size_t i = 0; i < text.n; i++)
		p[i] = text.p[i] < ' ' || text.p[i] > '~' ? '?' : text.p[i];
	return (struct str){ p, text.n };
}

/*
 * A text of others, as it may be told: struck out while it is whole, made
 * ASCII, cut, and looked at again, since it is another text then.
 */
static struct str told(struct writer *writer, struct str text)
{
	text = dsn_strike(writer->arena, writer->secrets, text);
	text = printable(writer->arena, text);
	if (text.n > LIMIT_DSN_TEXT)
		text.n = LIMIT_DSN_TEXT;
	text = dsn_strike(writer->arena, writer->secrets, text);
	/* A word must fit on a line (RFC 5322 section 2.1.1). */
	for (size_t i = 0, word = 0; i < text.n; i++) {
		word = text.p[i] == ' ' ? 0 : word + 1;
		if (word > LIMIT_LINE / 2)
			return STR(DSN_STRUCK);
	}
	return text;
}

/* A field of the report, if there is anything to tell. */
static void add_field(struct writer *writer, struct buf *buf, const char *name,
		      struct str value)
{
	value = str_trim(told(writer, value));
	if (!value.n)
		return;
	buf_printf(buf, "%s ", name);
	add_words(buf, value, "\r\n    ", strlen(name) + 1);
	buf_add(buf, STR("\r\n"));
}

/* RFC 3464 section 2.3.6 */
static void add_diagnostic(struct writer *writer, struct buf *buf,
			   const struct dsn_recipient *recipient)
{
	struct str type = recipient->diagnostic_type;

	/* What is no keyword may be a text with a semicolon in it. */
	if (!type.n || type.n > LIMIT_LABEL || scan_keyword(type, 0) < type.n ||
	    dsn_is_private(writer->secrets, type))
		type = STR("x-unknown");
	add_field(writer, buf,
		  arena_printf(writer->arena, "Diagnostic-Code: %.*s;",
			       STR_ARG(type)),
		  recipient->diagnostic);
}

/* RFC 6533 section 3, utf-8-addr-xtext: for messages of ASCII only. */
static void add_xtext(struct buf *buf, struct str address)
{
	for (size_t i = 0; i < address.n;) {
		unsigned char c = (unsigned char)address.p[i];
		size_t end = scan_utf8(address, i);
		uint32_t number = c;

		if (end > i) {
			number = c & (0x7fu >> (end - i));
			for (size_t k = i + 1; k < end; k++)
				number = number << 6 |
					 ((unsigned char)address.p[k] & 0x3f);
		}
		if (c > ' ' && c < 127 && !strchr("\\+=", c))
			buf_addc(buf, (char)c);
		else
			buf_printf(buf, "\\x{%02X}", number);
		i = end > i ? end : i + 1;
	}
}

static void add_recipient_address(struct buf *buf, const char *name,
				  struct str address)
{
	if (is_ascii(address)) {
		buf_printf(buf, "%s: rfc822; ", name);
		buf_add(buf, address);
	} else {
		buf_printf(buf, "%s: utf-8; ", name);
		add_xtext(buf, address);
	}
	buf_add(buf, STR("\r\n"));
}

static struct str known_as(const struct writer *writer,
			   const struct dsn_recipient *recipient)
{
	struct mailbox mailbox;
	struct str address;

	if (address_parse(recipient->known_as, &mailbox) == OK &&
	    write_address(writer->arena, &mailbox, &address) == OK)
		return address;
	return writer->alias;
}

/* RFC 3464 section 2.3 */
static void add_recipient(struct writer *writer, struct buf *buf,
			  const struct dsn_recipient *recipient)
{
	struct str address = known_as(writer, recipient);

	buf_add(buf, STR("\r\n"));
	add_recipient_address(buf, "Original-Recipient", address);
	add_recipient_address(buf, "Final-Recipient", address);
	buf_printf(buf, "Action: %s\r\n", dsn_action_name(recipient->action));
	buf_printf(buf, "Status: %.*s\r\n", STR_ARG(recipient->status));
	add_diagnostic(writer, buf, recipient);
	add_field(writer, buf, "Last-Attempt-Date:", recipient->last_attempt);
	if (recipient->action == DSN_DELAYED)
		add_field(writer, buf,
			  "Will-Retry-Until:", recipient->will_retry);
}

static struct str write_report(struct writer *writer)
{
	const struct dsn *dsn = writer->dsn;
	struct buf buf;

	buf_init(&buf, writer->arena, (size_t)4 * LIMIT_DSN_BODY);
	add_field(writer, &buf, "Original-Envelope-Id:", dsn->envelope_id);
	buf_printf(&buf, "Reporting-MTA: dns; %.*s\r\n", STR_ARG(writer->host));
	add_field(writer, &buf, "Arrival-Date:", dsn->arrival_date);
	for (size_t i = 0; i < dsn->n; i++)
		add_recipient(writer, &buf, &dsn->recipients[i]);
	return buf_str(&buf);
}

static enum dsn_action first_action(const struct dsn *dsn)
{
	enum dsn_action action = DSN_EXPANDED;

	for (size_t i = 0; i < dsn->n; i++)
		if (dsn->recipients[i].action < action)
			action = dsn->recipients[i].action;
	return action;
}

/* For people; programs have the report. */
static struct str write_text(struct writer *writer)
{
	enum dsn_action action = first_action(writer->dsn);
	struct buf buf;

	buf_init(&buf, writer->arena, LIMIT_DSN_BODY);
	buf_printf(&buf, "This is the mail system at host %.*s.\r\n\r\n%s\r\n",
		   STR_ARG(writer->host), words[action].text);
	for (size_t i = 0; i < writer->dsn->n; i++) {
		const struct dsn_recipient *one = &writer->dsn->recipients[i];
		struct str why = told(writer, one->diagnostic);

		if (one->action != action)
			continue;
		buf_add(&buf, STR("\r\n  <"));
		buf_add(&buf, known_as(writer, one));
		buf_add(&buf, STR(">\r\n"));
		if (str_trim(why).n) {
			buf_add(&buf, STR("    "));
			add_words(&buf, why, "\r\n    ", 4);
			buf_add(&buf, STR("\r\n"));
		}
	}
	buf_add(&buf, STR("\r\nThe header of your message is below.\r\n"));
	return buf_str(&buf);
}

/* Folds as CRLF, no other control characters. */
static struct str clean(struct arena *arena, struct str value)
{
	struct str line;
	struct buf buf;
	bool first = true;

	buf_init(&buf, arena, (size_t)2 * LIMIT_FIELD);
	while (str_line(&value, &line)) {
		if (!first)
			buf_add(&buf, STR("\r\n"));
		first = false;
		for (size_t i = 0; i < line.n; i++) {
			unsigned char c = (unsigned char)line.p[i];

			buf_addc(&buf, c == 127 || (c < ' ' && c != '\t')
					       ? '?'
					       : (char)c);
		}
	}
	return str_trim_end(buf_str(&buf));
}

/* The returned header; a field whose name tells something is left out. */
static struct str write_returned(struct writer *writer)
{
	const struct message *returned = &writer->dsn->returned;
	struct arena *arena = writer->arena;
	struct buf buf;

	buf_init(&buf, arena, LIMIT_DSN_RETURNED);
	for (size_t i = 0; i < returned->n && !buf.full; i++) {
		struct str name = str_trim_end(returned->fields[i].name);
		struct str value = clean(arena, returned->fields[i].value);
		struct buf one;

		value = dsn_strike_field(arena, writer->secrets, value);
		buf_init(&one, arena, LIMIT_DSN_RETURNED);
		buf_add(&one, name);
		buf_addc(&one, ':');
		buf_add(&one, value);
		buf_add(&one, STR("\r\n"));
		if (!dsn_is_private(writer->secrets, name) && !one.full)
			buf_add(&buf, buf_str(&one));
	}
	return buf_str(&buf);
}

/* Lines that may be sent as they are (RFC 5322 section 2.1.1). */
static bool is_plain(struct str text)
{
	struct str line;

	if (!is_ascii(text))
		return false;
	while (str_line(&text, &line))
		if (line.n > LIMIT_LINE)
			return false;
	return true;
}

/*
 * Quoted-printable where octets need it, so that all of the message is ASCII
 * and no host on its way has to change it.
 */
static void add_part(struct writer *writer, struct buf *buf, const char *type,
		     struct str text)
{
	bool plain = is_plain(text);
	bool is_text = !strncmp(type, "text/", 5);

	buf_printf(buf, "\r\n--%s\r\nContent-Type: %s", writer->boundary, type);
	if (is_text)
		buf_printf(buf, "; charset=%s", plain ? "us-ascii" : "utf-8");
	if (!plain)
		buf_add(buf,
			STR("\r\nContent-Transfer-Encoding: quoted-printable"));
	buf_add(buf, STR("\r\n\r\n"));
	buf_add(buf, plain ? text : mime_quoted_printable(writer->arena, text));
}

static void add_header(struct writer *writer, struct dsn_message *message,
		       const char *name, const char *value)
{
	message_add(&message->header, str_from(name),
		    str_from(arena_printf(writer->arena, " %s", value)));
}

/* The Message-ID of the message that it is about, for threads. */
static void add_references(struct writer *writer, struct dsn_message *message)
{
	const struct field *field;
	struct str id;

	if (!message_count(&writer->dsn->returned, STR("Message-ID"), &field))
		return;
	id = str_trim(field->value);
	if (id.n < 3 || id.n > LIMIT_TRACE_VALUE || id.p[0] != '<' ||
	    str_find(id, '>') != id.n - 1 ||
	    dsn_is_private(writer->secrets, id))
		return;
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return;
	id = arena_copy(writer->arena, id);
	add_header(writer, message, "In-Reply-To", id.p);
	add_header(writer, message, "References", id.p);
}

static const char *write_hex(struct arena *arena, struct str octets)
{
	struct buf buf;

	buf_init(&buf, arena, LIMIT_LABEL);
	for (size_t i = 0; i < octets.n && !buf.full; i++)
		buf_printf(&buf, "%02x", (unsigned char)octets.p[i]);
	return buf_c(&buf);
}

static void write_header(struct writer *writer, struct dsn_message *message,
			 const char *unique)
{
	struct arena *arena = writer->arena;
	const char *host = arena_copy(arena, writer->host).p;
	enum dsn_action action = first_action(writer->dsn);

	message_init(&message->header, arena);
	/* RFC 3464 section 2: the address of a human who is responsible */
	add_header(writer, message, "From",
		   arena_printf(arena, "Mail Delivery System <postmaster@%.*s>",
				STR_ARG(writer->domain)));
	add_header(writer, message, "To",
		   arena_printf(arena, "<%.*s>", STR_ARG(writer->sender)));
	add_header(writer, message, "Subject", words[action].subject);
	add_header(writer, message, "Date",
		   date_format(arena, writer->notice->now));
	add_header(writer, message, "Message-ID",
		   arena_printf(arena, "<%s.dsn@%s>", unique, host));
	add_references(writer, message);
	/* RFC 3834 section 5 */
	add_header(writer, message, "Auto-Submitted", "auto-replied");
	add_header(writer, message, "MIME-Version", "1.0");
	add_header(writer, message, "Content-Type",
		   arena_printf(arena,
				"multipart/report; "
				"report-type=delivery-status;\n"
				"\tboundary=\"%s\"",
				writer->boundary));
}

static void write_body(struct writer *writer, struct dsn_message *message)
{
	struct str returned = write_returned(writer);
	struct buf buf;

	buf_init(&buf, writer->arena, (size_t)8 * LIMIT_DSN_BODY);
	buf_add(&buf, STR("This is a delivery status notification.\r\n"));
	add_part(writer, &buf, "text/plain", write_text(writer));
	add_part(writer, &buf, "message/delivery-status", write_report(writer));
	if (returned.n)
		add_part(writer, &buf, "text/rfc822-headers", returned);
	buf_printf(&buf, "\r\n--%s--\r\n", writer->boundary);
	message->body = buf_str(&buf);
}

/* An address that the DSN itself names. */
static void add_named(struct writer *writer, struct str address)
{
	struct mailbox mailbox;

	/* Types other than rfc822 may have a user's name only. */
	if (address_parse(address, &mailbox) != OK)
		mailbox = (struct mailbox){ address, STR("") };
	dsn_secrets_add(writer->secrets, &mailbox);
}

/* Is it in the domain of the alias? Then the sender may have written it. */
static bool is_of_alias(const struct writer *writer, struct str address)
{
	struct mailbox mailbox;

	return address_parse(address, &mailbox) == OK &&
	       str_ieq(mailbox.domain, writer->notice->alias.domain);
}

static void collect_secrets(struct writer *writer)
{
	const struct dsn *dsn = writer->dsn;
	const struct dsn_notice *notice = writer->notice;

	for (size_t i = 0; i < notice->n; i++)
		dsn_secrets_add(writer->secrets, &notice->targets[i]);
	for (size_t i = 0; i < dsn->n; i++) {
		const struct dsn_recipient *one = &dsn->recipients[i];

		if (!is_of_alias(writer, one->original))
			add_named(writer, one->original);
		add_named(writer, one->final);
		add_named(writer, one->actual);
	}
}

/* What the first sender knows: both ends of the message, and our host. */
static struct dsn_public *collect_public(struct writer *writer)
{
	const struct dsn *dsn = writer->dsn;
	struct mailbox *list =
		ARENA_NEW(writer->arena, struct mailbox, dsn->n + 2);
	struct dsn_public *public =
		ARENA_NEW(writer->arena, struct dsn_public, 1);
	size_t n = 0;

	list[n++] = writer->notice->alias;
	list[n++] = writer->notice->sender;
	for (size_t i = 0; i < dsn->n; i++)
		if (address_parse(dsn->recipients[i].known_as, &list[n]) == OK)
			n++;
	*public = (struct dsn_public){ list, n, writer->host };
	return public;
}

enum result dsn_format(struct arena *arena, const struct dsn *dsn,
		       const struct dsn_notice *notice,
		       struct dsn_message *message)
{
	struct writer writer = { .arena = arena, .dsn = dsn, .notice = notice };
	const char *unique = write_hex(arena, notice->random);

	if (write_address(arena, &notice->sender, &writer.sender) != OK ||
	    write_address(arena, &notice->alias, &writer.alias) != OK ||
	    domain_normalize(arena, notice->domain, &writer.domain) != OK ||
	    domain_normalize(arena, notice->host, &writer.host) != OK)
		return E_SYNTAX;
	writer.secrets = dsn_secrets_new(arena, collect_public(&writer));
	collect_secrets(&writer);
	/* "=_" can't be in quoted-printable (RFC 2045 section 6.7). */
	writer.boundary = arena_printf(arena, "=_%s", unique);
	write_header(&writer, message, unique);
	write_body(&writer, message);
	return OK;
}
