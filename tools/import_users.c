/* SPDX-License-Identifier: BSD-2-Clause */
#include "import.h"
#include "mail/address.h"
#include "mail/crypto.h"
#include "mail/limits.h"
#include "textproto.h"

/*
 * chasquid hashes passwords with scrypt and a salt of any octets; crypt(3), and
 * so Dovecot, knows scrypt with a salt of printable characters alone. So an
 * account comes as one that only receives, until it is given a password.
 */

struct user {
	struct str name;
	bool denied; /* it was never to send */
};

/* What Dovecot takes in a name, and a passwd-file in a line. */
static bool is_name(struct str name)
{
	static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

	for (size_t i = 0; i < name.n; i++)
		if (!name.p[i] || !strchr(others, name.p[i]))
			return false;
	return address_is_dot_atom(name);
}

static void add_user(struct import *import, struct str domain,
		     const struct user *user, struct buf *lines)
{
	struct arena *arena = import->tool->arena;
	struct str name = arena_lower(arena, user->name);

	if (!is_name(name)) {
		buf_addc(&import->left, '-');
		buf_add(&import->left, STR(" give the account "));
		buf_add_printable(&import->left, name);
		buf_printf(&import->left,
			   "@%.*s another name: it may have letters, digits, "
			   "\"-\", \"_\" and \".\"\n",
			   STR_ARG(domain));
		return;
	}
	buf_printf(lines, "%.*s:!::::::\n", STR_ARG(name));
	if (!user->denied)
		buf_printf(&import->left,
			   "- millrace user password %.*s@%.*s\n",
			   STR_ARG(name), STR_ARG(domain));
}

/* The fields of one account: key, and value, with its kind of password. */
static enum result read_user(struct textproto *text, struct user *user)
{
	int depth = text->depth;
	struct textproto_item item;

	*user = (struct user){ 0 };
	do {
		if (textproto_next(text, &item) != OK ||
		    item.kind == TEXTPROTO_END)
			return E_SYNTAX;
		if (text->depth == depth && str_eq(item.name, STR("key")))
			user->name = item.value;
		if (item.kind == TEXTPROTO_OPEN &&
		    str_eq(item.name, STR("denied")))
			user->denied = true;
	} while (text->depth >= depth);
	return OK;
}

static enum result read_users(struct import *import, struct str domain,
			      struct str text, struct buf *lines)
{
	struct textproto reader = { import->tool->arena, text, 0 };
	struct textproto_item item;
	struct user user;

	for (;;) {
		if (textproto_next(&reader, &item) != OK)
			return E_SYNTAX;
		if (item.kind == TEXTPROTO_END)
			return OK;
		if (item.kind != TEXTPROTO_OPEN ||
		    !str_eq(item.name, STR("users")) ||
		    read_user(&reader, &user) != OK)
			return E_SYNTAX;
		add_user(import, domain, &user, lines);
	}
}

int import_users(struct import *import, struct str domain, const char *from,
		 const char *path)
{
	struct str text;
	struct buf lines;
	enum result result;
	int status;

	if (import_read(import, from, LIMIT_ALIAS_FILE, &text) != OK)
		return EX_OK;
	buf_init(&lines, import->tool->arena, LIMIT_ALIAS_FILE);
	result = read_users(import, domain, text, &lines);
	crypto_wipe(text);
	if (result != OK) {
		import->faults++;
		tool_fail(import->tool, EX_DATAERR,
			  "%s: is no file of accounts of chasquid", from);
		return EX_OK;
	}
	status = import_put(import, path, buf_str(&lines), IMPORT_USERS);
	crypto_wipe(buf_str(&lines));
	return status;
}
