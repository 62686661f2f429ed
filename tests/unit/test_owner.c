/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "owner"
#include "unit.h"

#include "dkim-sign/owner.h"
#include "mail/address.h"
#include "mail/buf.h"
#include "mail/limits.h"
#include "folder.h"

static const struct milter milter = {
	.name = "dkim-sign",
	.settings = config_table,
	.settings_size = sizeof(struct config),
	.parts = DOMAIN_ALIASES | DOMAIN_SENDERS | DOMAIN_USERS,
};

static struct folder folder;
static struct snapshot *snapshot;

static void write_shared(const char *more)
{
	folder_write(&folder, "etc/millrace.conf",
		     arena_printf(folder.arena,
				  "state_directory = \"%s/lib\"\n%s",
				  folder.path, more));
}

static void load(void)
{
	char *error = NULL;

	if (snapshot_load(&milter, folder_path(&folder, "etc"), &snapshot,
			  &error) != OK)
		fail_msg("%s", error);
}

static void write_org(void)
{
	folder_write(&folder, "etc/domains/example.org/aliases",
		     "sales: alice\n"
		     "info: sales\n"
		     "deep: info\n"
		     "team: bob@else.where, alice\n"
		     "outside: someone@gmail.example\n"
		     "remote: carol@example.com\n"
		     "itself: itself, alice\n"
		     "bob: bob, alice\n"
		     "tagged: alice+lists\n"
		     "Mixed: ALICE@Example.ORG\n"
		     "gone: !refuse we moved\n"
		     "old: alice\n"
		     "old: erin\n"
		     "idn: anna@b\xc3\xbc"
		     "cher.example\n"
		     "dotted: john.doe\n"
		     "*: dave\n");
	folder_write(&folder, "etc/domains/example.org/senders",
		     "boss: erin\n"
		     "board: erin, alice@example.com\n"
		     "erin: frank\n"
		     "*: root\n");
	folder_write(&folder, "lib/domains/example.org/users",
		     "alice:x\nbob:x\nDave:x\nerin@example.org:x\n"
		     "john.doe:x\n#quinn:x\n");
}

static void begin(void)
{
	folder = folder_new();
	write_shared("");
	write_org();
	folder_write(&folder, "etc/domains/example.com/aliases",
		     "*: *@example.org\n");
	folder_write(&folder, "etc/domains/example.com/senders",
		     "list: *@example.org\n"
		     "carol: !refuse\n");
	folder_write(&folder, "lib/domains/example.com/users", "carol:x\n");
	/* No file of users: nobody knows whom the catch-all covers. */
	folder_write(&folder, "etc/domains/unknown.example/aliases",
		     "line: dave@example.org\n"
		     "*: dave@example.org\n");
	folder_write(&folder, "etc/domains/unknown.example/senders",
		     "someone: *@example.org\n");
	folder_make(&folder, "lib/domains/xn--bcher-kva.example");
	folder_make(&folder, "etc/domains/sub.hosted.example.org");
	load();
}

static void end(void)
{
	snapshot_put(snapshot);
	folder_end(&folder);
}

static enum result ask(const char *login, const char *from)
{
	struct arena *arena = arena_new(4096);
	struct mailbox author;
	enum result result;

	ASSERT_RESULT(address_parse(str_from(from), &author), OK, from);
	result = owner_may_write(snapshot, arena, str_from(login), &author);
	arena_free(arena);
	return result;
}

static bool may_write(const char *login, const char *from)
{
	enum result result = ask(login, from);

	if (result != OK)
		ASSERT_RESULT(result, E_ABSENT, from);
	return result == OK;
}

struct row {
	const char *login, *from;
	bool want;
};

static void check_rows(int rule, const struct row *rows, size_t n)
{
	((struct config *)snapshot->settings)->from = rule;
	for (size_t i = 0; i < n; i++)
		if (may_write(rows[i].login, rows[i].from) != rows[i].want)
			fail_msg("from = %s: %s as %s: want %d",
				 config_from_name(rule), rows[i].login,
				 rows[i].from, rows[i].want);
}

#define CHECK(rule, rows) \
	check_rows((rule), (rows), sizeof(rows) / sizeof(*(rows)))

#define ALICE "alice@example.org"
#define DAVE "dave@example.org"

static const struct row own_rows[] = {
	/* its own address, with or without suffix, in any case */
	{ ALICE, "alice@example.org", true },
	{ ALICE, "Alice@example.org", true },
	{ "ALICE@EXAMPLE.ORG", "alice@example.org", true },
	{ "Alice@Example.Org.", "aLICE@example.org", true },
	{ ALICE, "alice+tag@example.org", true },
	{ ALICE, "ALICE+tag+more@example.org", true },
	{ ALICE, "alice+@example.org", true },
	{ ALICE, "alice-tag@example.org", false },
	{ ALICE, "+alice@example.org", false },
	{ ALICE, "alicex@example.org", false },
	{ ALICE, "alic@example.org", false },
	{ ALICE, "alice@example.com", true }, /* *: *@example.org */
	{ ALICE, "alice@unknown.example", false },
	{ ALICE, "alice@sub.example.org", false },
	{ ALICE, "alice@xexample.org", false },
	{ ALICE, "alice@org", false },
	{ ALICE, "alice@else.where", false },
	{ "alice+tag@example.org", "alice+tag@example.org", true },
	{ "alice+tag@example.org", "alice@example.org", false },
	{ "alice@example.com", "alice@example.org", false },
	{ "bob@else.where", "bob@else.where", true }, /* of no domain here */
	{ "nobody@example.org", "alice@example.org", false },
	/* an alias that names the login, or leads to it */
	{ ALICE, "sales@example.org", true },
	{ ALICE, "SALES@example.org", true },
	{ ALICE, "sales+x@example.org", true },
	{ ALICE, "s.ales@example.org", true },
	{ ALICE, "info@example.org", true },
	{ ALICE, "deep@example.org", true },
	{ ALICE, "team@example.org", true },
	{ ALICE, "itself@example.org", true },
	{ ALICE, "bob@example.org", true },
	{ "bob@example.org", "bob@example.org", true },
	{ "bob@example.org", "alice@example.org", false },
	{ "bob@example.org", "sales@example.org", false },
	{ ALICE, "tagged@example.org", true },
	{ ALICE, "mixed@example.org", true },
	{ ALICE, "old@example.org", false }, /* the last line is in force */
	{ "erin@example.org", "old@example.org", true },
	{ ALICE, "gone@example.org", false },
	{ DAVE, "gone@example.org", false },
	{ ALICE, "outside@example.org", false },
	{ "someone@gmail.example", "outside@example.org", true },
	{ "someone@gmail.example", "sales@example.org", false },
	{ "bob@else.where", "team@example.org", true },
	{ "carol@example.com", "remote@example.org", true },
	{ "carol@example.com", "carol@example.org", false },
	{ ALICE, "remote@example.org", false },
	{ "john.doe@example.org", "dotted@example.org", true },
	/* a catch-all: for who is no user and has no line of his own */
	{ DAVE, "dave@example.org", true },
	{ DAVE, "whoever@example.org", true },
	{ DAVE, "whoever+x@example.org", true },
	{ DAVE, "quinn@example.org", true }, /* commented out */
	{ DAVE, "erin@example.org", false },
	{ DAVE, "ERIN@example.org", false },
	{ DAVE, "erin+x@example.org", false },
	{ DAVE, "e.r.i.n@example.org", false },
	{ DAVE, "alice@example.org", false },
	{ DAVE, "alice+x@example.org", false },
	{ DAVE, "john.doe@example.org", false },
	{ DAVE, "sales@example.org", false },
	{ DAVE, "*@example.org", true },
	{ ALICE, "whoever@example.org", false },
	{ DAVE, "carol@example.com", false }, /* a user there */
	{ "carol@example.org", "carol@example.com", false },
	{ DAVE, "whoever@example.com", true }, /* and on to this catch-all */
	{ DAVE, "erin@example.com", false },   /* and on to a user here */
	{ "erin@example.org", "erin@example.com", true },
	/* without a file of users it grants nothing, other lines do */
	{ DAVE, "whoever@unknown.example", false },
	{ DAVE, "line@unknown.example", true },
	/* senders: exact ones, and for all */
	{ "erin@example.org", "boss@example.org", true },
	{ "erin@example.org", "boss+x@example.org", true },
	{ "Erin@example.org", "BOSS@example.org", true },
	{ ALICE, "boss@example.org", false },
	{ "alice@example.com", "board@example.org", true },
	{ "alice@example.com", "boss@example.org", false },
	{ "frank@example.org", "erin@example.org", true },
	{ "frank@example.org", "boss@example.org", false }, /* no chains */
	{ "root@example.org", "boss@example.org", true },
	{ "root@example.org", "alice@example.org", true },
	{ "root@example.org", "whoever@example.org", true },
	{ "root@example.org", "list@example.com", false },
	{ "root@example.com", "alice@example.org", false },
	{ "someone@example.org", "someone@unknown.example", true },
	{ "other@example.org", "someone@unknown.example", false },
	{ "other@example.org", "other@unknown.example", false },
	{ "carol@example.com", "carol@example.com", true },
	/* international domains, as people and as DNS write them */
	{ "anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example", true },
	{ "anna@b\xc3\xbc"
	  "cher.example",
	  "anna@xn--bcher-kva.example", true },
	{ "anna@B\xc3\x9c"
	  "CHER.example",
	  "Anna@xn--bcher-kva.example", true },
	{ "anna@xn--bcher-kva.example", "idn@example.org", true },
	{ "anna@bucher.example", "anna@xn--bcher-kva.example", false },
	/* logins that are none */
	{ "", "alice@example.org", false },
	{ "alice", "alice@example.org", false },
	{ "@example.org", "alice@example.org", false },
	{ "alice@", "alice@example.org", false },
	{ "alice@example .org", "alice@example.org", false },
	{ "alice@example.org@example.org", "alice@example.org", false },
	{ "*", "alice@example.org", false },
	{ "*@example.org", "alice@example.org", false },
};

static void own(void **state)
{
	(void)state;
	begin();
	CHECK(FROM_OWN, own_rows);
	/* Sub-domains have keys, but no owners. */
	((struct config *)snapshot->settings)->subdomains = true;
	CHECK(FROM_OWN, own_rows);
	end();
}

static void login_domain(void **state)
{
	static const struct row rows[] = {
		{ "alice", "alice@example.org", true },
		{ "ALICE", "alice+x@example.org", true },
		{ "alice", "sales@example.org", true },
		{ "alice", "alice@example.com", true },
		{ "alice", "erin@example.org", false },
		{ "dave", "whoever@example.org", true },
		{ "alice@example.com", "alice@example.org", false },
		{ "alice@example.org", "alice@example.org", true },
		{ "", "alice@example.org", false },
	};
	static const struct row domain_rows[] = {
		{ "alice", "whoever@example.org", true },
		{ "alice", "whoever@example.com", false },
	};

	(void)state;
	folder = folder_new();
	write_shared("login_domain = \"EXAMPLE.org\"\n");
	write_org();
	folder_write(&folder, "etc/domains/example.com/aliases",
		     "*: *@example.org\n");
	folder_write(&folder, "lib/domains/example.com/users", "");
	load();
	CHECK(FROM_OWN, rows);
	CHECK(FROM_DOMAIN, domain_rows);
	end();
}

static void domain_and_any(void **state)
{
	static const struct row domain_rows[] = {
		{ ALICE, "alice@example.org", true },
		{ ALICE, "whoever@example.org", true },
		{ ALICE, "erin@example.org", true },
		{ "ALICE@EXAMPLE.ORG", "erin@example.org", true },
		{ ALICE, "alice@example.com", false },
		{ ALICE, "alice@else.where", false },
		{ ALICE, "alice@org", false },
		{ ALICE, "alice@xexample.org", false },
		{ ALICE, "alice@sub.hosted.example.org", false },
		{ "x@b\xc3\xbc"
		  "cher.example",
		  "y@xn--bcher-kva.example", true },
		{ "alice", "alice@example.org", false },
		{ "", "alice@example.org", false },
		{ "@example.org", "alice@example.org", false },
	};
	static const struct row below_rows[] = {
		{ ALICE, "alice@sub.example.org", false },
		{ ALICE, "alice@a.b.example.org", false },
	};
	static const struct row below_yes_rows[] = {
		{ ALICE, "alice@sub.example.org", true },
		{ ALICE, "alice@a.b.example.org", true },
		{ ALICE, "alice@hosted.example.org", true },
		{ ALICE, "alice@x.example.com", false },
		/* What is below another domain here is that one's. */
		{ ALICE, "a@deep.sub.hosted.example.org", false },
		{ "x@sub.hosted.example.org", "a@deep.sub.hosted.example.org",
		  true },
		{ "x@sub.hosted.example.org", "a@hosted.example.org", false },
		{ "x@sub.example.org", "alice@example.org", false },
		{ "", "alice@sub.example.org", false },
	};
	static const struct row any_rows[] = {
		{ ALICE, "erin@example.org", true },
		{ ALICE, "a@else.where", true },
		{ "alice", "a@else.where", true },
	};
	struct config *config;

	(void)state;
	begin();
	config = snapshot->settings;
	CHECK(FROM_DOMAIN, domain_rows);
	CHECK(FROM_DOMAIN, below_rows);
	CHECK(FROM_ANY, any_rows);
	config->subdomains = true;
	CHECK(FROM_DOMAIN, domain_rows);
	CHECK(FROM_DOMAIN, below_yes_rows);
	CHECK(FROM_ANY, any_rows);
	end();
}

/* Where a file has a fault nobody is told for good that he may not. */
static void faults(void **state)
{
	static const struct {
		const char *login, *from;
		enum result want;
	} rows[] = {
		{ ALICE, "alice+x@example.org", OK },
		{ ALICE, "sales@example.org", E_CONFIG },
		{ DAVE, "whoever@example.org", E_CONFIG },
		/* the way leads through the faulty file, or may do so */
		{ ALICE, "bob@example.com", E_CONFIG },
		{ DAVE, "team@example.com", E_CONFIG },
		{ ALICE, "team@example.com", OK },
		{ DAVE, "carol@example.com", E_ABSENT },
		/* what senders grants needs no alias, and the other way */
		{ "erin@example.org", "boss@example.org", OK },
		{ ALICE, "line@senders.example", OK },
		{ DAVE, "line@senders.example", E_CONFIG },
		{ DAVE, "line@unknown.example", OK },
		{ ALICE, "line@unknown.example", E_CONFIG },
	};

	(void)state;
	begin();
	snapshot_put(snapshot);
	folder_write(&folder, "etc/domains/example.org/aliases", "sales\n");
	folder_write(&folder, "etc/domains/example.com/aliases",
		     "team: x@example.org, alice@example.org\n"
		     "*: *@example.org\n");
	folder_write(&folder, "etc/domains/senders.example/aliases",
		     "line: alice@example.org\n");
	folder_write(&folder, "etc/domains/senders.example/senders", "x\n");
	load();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ASSERT_RESULT(ask(rows[i].login, rows[i].from), rows[i].want,
			      rows[i].from);
	end();
}

static void levels(void **state)
{
	struct buf buf;

	(void)state;
	folder = folder_new();
	write_shared("");
	buf_init(&buf, folder.arena, 65536);
	buf_printf(&buf, "c1: alice\n");
	for (int i = 2; i <= 20; i++)
		buf_printf(&buf, "c%d: c%d\n", i, i - 1);
	folder_write_str(&folder, "etc/domains/example.org/aliases",
			 buf_str(&buf));
	load();
	for (int i = 1; i <= 20; i++) {
		const char *from =
			arena_printf(folder.arena, "c%d@example.org", i);

		if (may_write(ALICE, from) != (i <= LIMIT_ALIAS_DEPTH))
			fail_msg("%s", from);
	}
	end();
}

/* Must end, and not with yes, whatever the alias file is like. */
static void must_end(const char *what)
{
	load();
	if (ask("mallory@example.org", "b0@example.org") == OK)
		fail_msg("%s", what);
	end();
}

static void begin_bomb(struct buf *buf)
{
	folder = folder_new();
	write_shared("");
	folder_write(&folder, "lib/domains/example.org/users", "");
	buf_init(buf, folder.arena, 64 << 20);
}

static void write_bomb(const struct buf *buf)
{
	assert_false(buf->full);
	folder_write_str(&folder, "etc/domains/example.org/aliases",
			 buf_str(buf));
}

static void bombs(void **state)
{
	struct buf buf;

	(void)state;
	/* Each of nine levels names the next ten times: 10^9 ways. */
	begin_bomb(&buf);
	for (int level = 0; level < 9; level++) {
		buf_printf(&buf, "b%d: b%d", level, level + 1);
		for (int i = 0; i < 9; i++)
			buf_printf(&buf, ", b%d", level + 1);
		buf_addc(&buf, '\n');
	}
	write_bomb(&buf);
	must_end("ten of the next");

	/* A thousand lines, each with a thousand others. */
	begin_bomb(&buf);
	for (int line = 0; line < 1000; line++) {
		buf_printf(&buf, "b%d: b%d", line, (line + 1) % 1000);
		for (int i = 2; i < 1000; i++)
			buf_printf(&buf, ",b%d", (line + i) % 1000);
		buf_addc(&buf, '\n');
	}
	write_bomb(&buf);
	must_end("a thousand of a thousand");

	/* Two levels, so that the depth does not end it, all of it outside. */
	begin_bomb(&buf);
	for (int line = 0; line < 1000; line++) {
		buf_printf(&buf, "b%d: x@else.where", line);
		for (int i = 1; i < 1000; i++)
			if (line)
				buf_printf(&buf, ",y%d@else.where", i);
			else
				buf_printf(&buf, ",b%d", i);
		buf_addc(&buf, '\n');
	}
	write_bomb(&buf);
	must_end("two levels");

	/* The catch-all that leads to itself under ever new names. */
	begin_bomb(&buf);
	buf_printf(&buf, "*: a, b, c, d, *@example.org\n");
	write_bomb(&buf);
	must_end("catch-all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own),
		cmocka_unit_test(login_domain),
		cmocka_unit_test(domain_and_any),
		cmocka_unit_test(faults),
		cmocka_unit_test(levels),
		cmocka_unit_test(bombs),
	};

	return UNIT_RUN(tests);
}
