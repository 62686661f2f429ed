/* SPDX-License-Identifier: BSD-2-Clause */

/* The value of a From field. */

#include "fuzz.h"
#include "mail/address.h"
#include "mail/buf.h"
#include "mail/limits.h"

/* Written once more with a quoted local part it is the same mailbox. */
static void check_again(struct arena *arena, const struct mailbox *mailbox)
{
	struct mailboxes again;
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	buf_add(&buf, STR("x <\""));
	for (size_t i = 0; i < mailbox->local.n; i++) {
		if (mailbox->local.p[i] == '"' || mailbox->local.p[i] == '\\')
			buf_addc(&buf, '\\');
		buf_addc(&buf, mailbox->local.p[i]);
	}
	buf_add(&buf, STR("\"@"));
	buf_add(&buf, mailbox->domain);
	buf_add(&buf, STR("> (y)"));
	MUST(address_parse_authors(arena, buf_str(&buf), &again) == OK);
	MUST(again.n == 1);
	MUST(str_eq(again.list[0].local, mailbox->local));
	MUST(str_eq(again.list[0].domain, mailbox->domain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096);
	struct str value = { (const char *)data, size };
	struct mailboxes mailboxes;

	if (address_parse_authors(arena, value, &mailboxes) != OK) {
		MUST(mailboxes.fault);
		arena_free(arena);
		return 0;
	}
	MUST(mailboxes.n > 0 && mailboxes.n <= LIMIT_MAILBOXES);
	for (size_t i = 0; i < mailboxes.n; i++) {
		const struct mailbox *mailbox = &mailboxes.list[i];
		const char *text = address_format(arena, mailbox);

		MUST(mailbox->local.n > 0 &&
		     mailbox->local.n <= LIMIT_LOCAL_PART);
		MUST(mailbox->domain.n > 0);
		for (; *text; text++)
			MUST(*text > ' ' && *text <= '~');
		check_again(arena, mailbox);
	}
	arena_free(arena);
	return 0;
}
