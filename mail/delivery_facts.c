/* SPDX-License-Identifier: BSD-2-Clause */
#include "delivery_facts.h"

#include "scan.h"

/* What is read of one Received field. */
struct hop {
	struct arena *arena;
	struct delivery_facts *facts;
	struct str *next; /* where the next word goes; NULL: it is a keyword */
	bool from, by;	  /* which clauses have begun */
	bool two_clients;
	bool tls; /* the receiver's own words say so */
};

/* RFC 3848, RFC 6531 section 4.3, and "SMTPS", which Google writes. */
static bool is_tls_protocol(struct str protocol)
{
	static const char *const names[] = {
		"SMTPS",     "ESMTPS",	   "ESMTPSA",	"LMTPS",     "LMTPSA",
		"UTF8SMTPS", "UTF8SMTPSA", "UTF8LMTPS", "UTF8LMTPSA"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_ieq(protocol, str_from(names[i])))
			return true;
	return false;
}

/* The text with a space for all white space and folds between words. */
static struct str join_words(struct arena *arena, struct str text)
{
	struct str joined = { arena_alloc(arena, text.n + 1), 0 };
	char *to = (char *)joined.p;

	for (size_t i = 0; i < text.n; i++) {
		size_t end = scan_fws(text, i);

		to[joined.n++] = end > i ? ' ' : text.p[i];
		if (end > i)
			i = end - 1;
	}
	return joined;
}

static void add_client(struct hop *hop, struct str text)
{
	struct delivery_facts *facts = hop->facts;
	struct ip ip;

	if (str_istarts(text, STR("IPv6:")))
		text = str_sub(text, 5, text.n);
	if (ip_parse(text, &ip) != OK)
		return;
	ip = ip_unmap(ip);
	if (facts->has_client && memcmp(&facts->client, &ip, sizeof(ip)) != 0)
		hop->two_clients = true;
	facts->has_client = true;
	facts->client = ip;
}

/* "name [192.0.2.1]", "[192.0.2.1]:25 helo=[10.0.0.1]", "192.0.2.1" */
static void read_client(struct hop *hop, struct str comment)
{
	add_client(hop, comment);
	for (size_t i = 0; i < comment.n; i++) {
		struct str rest = str_sub(comment, i, comment.n);

		/* Exim: behind "helo=" is what the client says. */
		if (comment.p[i] == '[' && (!i || comment.p[i - 1] != '='))
			add_client(hop, str_sub(rest, 1, str_find(rest, ']')));
	}
}

/* Postfix: "using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 ..." */
static void read_using(struct hop *hop, struct str comment)
{
	struct str words[5] = { 0 };

	for (size_t i = 0; i < 5; i++)
		str_cut(&comment, ' ', &words[i]);
	if (!str_eq(words[3], STR("cipher")))
		return;
	hop->facts->tls_version = words[1];
	hop->facts->tls_cipher = words[4];
}

/* Gmail, Sendmail, Exchange: "version=TLS1_3 cipher=...", with a comma or not */
static void read_version(struct hop *hop, struct str comment)
{
	struct str word;

	while (str_cut(&comment, ' ', &word)) {
		if (word.n && word.p[word.n - 1] == ',')
			word.n--;
		if (str_istarts(word, STR("version=")))
			hop->facts->tls_version = str_sub(word, 8, word.n);
		else if (str_istarts(word, STR("cipher=")))
			hop->facts->tls_cipher = str_sub(word, 7, word.n);
	}
}

static void read_comment(struct hop *hop, struct str comment)
{
	comment = join_words(hop->arena, comment);
	/* A comment may have a sender's address in it, but not at its front. */
	if (hop->by && str_istarts(comment, STR("version="))) {
		hop->tls = true;
		read_version(hop, comment);
	} else if (!hop->by && str_istarts(comment, STR("using "))) {
		read_using(hop, comment);
	} else if (hop->from && !hop->by) {
		read_client(hop, comment);
	}
}

/* E_ABSENT for no from clause, E_SYNTAX for a second by clause. */
static enum result read_word(struct hop *hop, struct str word)
{
	if (hop->next) {
		*hop->next = word;
		hop->next = NULL;
	} else if (!hop->from) {
		if (!str_ieq(word, STR("from")))
			return E_ABSENT;
		hop->from = true;
		hop->next = &hop->facts->helo;
	} else if (str_ieq(word, STR("by"))) {
		if (hop->by)
			return E_SYNTAX;
		hop->by = true;
		hop->next = &hop->facts->by;
	} else if (hop->by && !hop->facts->protocol.n &&
		   str_ieq(word, STR("with"))) {
		hop->next = &hop->facts->protocol;
	}
	return OK;
}

/* RFC 5321 section 4.4 up to the date, leniently in all but what matters. */
static enum result read_clauses(struct hop *hop, struct str value)
{
	size_t i = scan_fws(value, 0), end;

	for (; i < value.n && value.p[i] != ';'; i = scan_fws(value, end)) {
		enum result result = OK;

		end = scan_comment(value, i);
		if (end > i) {
			read_comment(hop, str_sub(value, i + 1, end - 1));
			continue;
		}
		while (end < value.n && !strchr(" \t\r\n();", value.p[end]))
			end++;
		if (end == i)
			return E_SYNTAX;
		result = read_word(hop, str_sub(value, i, end));
		if (result != OK)
			return result;
	}
	/* A name with a semicolon would hide what follows it. */
	if (i == value.n ||
	    str_find(str_sub(value, i + 1, value.n), ';') < value.n - i - 1)
		return E_SYNTAX;
	return hop->by && !hop->next && !hop->two_clients ? OK : E_SYNTAX;
}

static enum result read_received(struct arena *arena, struct str value,
				 struct delivery_facts *facts)
{
	struct hop hop = { .arena = arena, .facts = facts };
	enum result result;

	*facts = (struct delivery_facts){ .received = true };
	result = read_clauses(&hop, value);
	facts->tls = hop.tls || is_tls_protocol(facts->protocol);
	/* A client's name could look like Postfix's comment. */
	if (!facts->tls)
		facts->tls_version = facts->tls_cipher = STR("");
	if (result != OK)
		*facts = (struct delivery_facts){ .received = false };
	return result;
}

static bool is_loopback(const struct ip *ip)
{
	static const struct ip four = { { 127 }, false },
			       six = { { [15] = 1 }, true };

	return ip_is_within(ip, &four, 8) || ip_is_within(ip, &six, IP6_BITS);
}

/* The index of the hop's field; the number of fields when there is none. */
static size_t find_hop(struct arena *arena, const struct message *message,
		       struct delivery_facts *facts)
{
	*facts = (struct delivery_facts){ .received = false };
	for (size_t i = 0; i < message->n; i++) {
		enum result result;

		if (!message_is(&message->fields[i], STR("Received")))
			continue;
		result = read_received(arena, message->fields[i].value, facts);
		/* Past a hop that can't be read stand the client's. */
		if (result == E_SYNTAX)
			return message->n;
		if (result == OK &&
		    !(facts->has_client && is_loopback(&facts->client)))
			return i;
		*facts = (struct delivery_facts){ .received = false };
	}
	return message->n;
}

void delivery_facts_read(struct arena *arena, const struct message *message,
			 struct delivery_facts *facts)
{
	size_t hop = find_hop(arena, message, facts);

	for (size_t i = 0; facts->received && i < message->n; i++) {
		const struct field *field = &message->fields[i];

		if (i > hop && message_is(field, STR("Received")))
			return;
		if (!message_is(field, STR("Authentication-Results")))
			continue;
		facts->has_authres =
			authres_parse(arena, field->value, &facts->authres) ==
				OK &&
			(i < hop || str_ieq(facts->authres.id, facts->by));
		if (!facts->has_authres)
			facts->authres = (struct authres){ .n = 0 };
		return;
	}
}
