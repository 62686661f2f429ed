/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_DSN_H
#define TESTS_UNIT_DSN_H

#include "unit.h"

#include "mail/address.h"
#include "mail/dsn_parse.h"

/* A report of one part; its fields are for the test to give. */
#define DSN_HEAD                                                         \
	"Content-Type: multipart/report; report-type=delivery-status;\n" \
	" boundary=b\n\n--b\n\nFor people.\n--b\n"
#define DSN_TYPE "Content-Type: message/delivery-status\n\n"

static inline enum result dsn_read(struct arena *arena, struct str text,
				   struct dsn *dsn)
{
	struct message header;
	struct str body;

	message_init(&header, arena);
	assert_int_equal(message_split(&header, text, &body), OK);
	return dsn_parse(arena, &header, body, dsn);
}

static inline struct mailbox dsn_mailbox(const char *text)
{
	struct mailbox mailbox;

	assert_int_equal(address_parse(str_from(text), &mailbox), OK);
	return mailbox;
}

#endif
