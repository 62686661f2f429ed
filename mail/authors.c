/* SPDX-License-Identifier: BSD-2-Clause */
#include "authors.h"

#include "address.h"
#include "domain.h"
#include "limits.h"

static void add(struct authors *authors, struct str domain)
{
	for (size_t i = 0; i < authors->n; i++)
		if (str_eq(authors->domains[i], domain))
			return;
	authors->domains[authors->n++] = domain;
}

/* The first fault is the one that is told. */
static void fault(struct authors *authors, bool unreadable, const char *what)
{
	authors->unreadable = authors->unreadable || unreadable;
	if (!authors->fault)
		authors->fault = what;
}

static void read_field(struct arena *arena, const struct field *field,
		       struct authors *authors)
{
	struct mailboxes mailboxes;

	if (address_parse_authors(arena, field->value, &mailboxes) != OK) {
		fault(authors, true,
		      arena_printf(arena, "the From field can't be read: %s",
				   mailboxes.fault));
		return;
	}
	for (size_t i = 0; i < mailboxes.n; i++) {
		struct str normal;

		/* An address literal has no domain that could have a policy. */
		if (domain_normalize(arena, mailboxes.list[i].domain,
				     &normal) == OK)
			add(authors, normal);
		else
			fault(authors, true,
			      "the From field has an address without a "
			      "domain name");
	}
}

void authors_find(struct arena *arena, const struct message *message,
		  struct authors *authors)
{
	const size_t fields = message_count(message, STR("From"), NULL);
	size_t read = 0;

	*authors = (struct authors){ .fault = NULL };
	if (fields == 0)
		fault(authors, true, "there is no From field");
	if (fields > 1)
		fault(authors, false, "there is more than one From field");
	if (fields > LIMIT_FROM_FIELDS) {
		fault(authors, true, "there are too many From fields");
		return;
	}
	authors->domains =
		ARENA_NEW(arena, struct str, fields * LIMIT_MAILBOXES + 1);
	for (size_t i = 0; i < message->n && read < fields; i++) {
		if (!message_is(&message->fields[i], STR("From")))
			continue;
		read_field(arena, &message->fields[i], authors);
		read++;
	}
	if (authors->n > LIMIT_AUTHOR_DOMAINS)
		fault(authors, true,
		      "the From field has authors of too many domains");
	else if (authors->n > 1)
		fault(authors, false,
		      "the From field has authors of more than one domain");
}
