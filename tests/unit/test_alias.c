/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "alias"
#include "unit.h"

#include "mail/alias.h"
#include "mail/buf.h"
#include "mail/limits.h"

static const struct alias_rules no_rules = { S(""), S("") };
static const struct alias_rules both_rules = { S("+-"), S(".") };

static enum result parse(struct arena *arena, struct str text,
			 const struct alias_rules *rules,
			 struct aliases **aliases, struct alias_fault *fault)
{
	return alias_parse(arena, text, STR("example.org"), rules, aliases,
			   fault);
}

/* "local@domain local@domain", or "!text" of a refusal, or "-" for none. */
static struct str flat(struct arena *arena, enum result result,
		       const struct alias *alias)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	if (result == E_ABSENT)
		return STR("-");
	ASSERT_RESULT(result, OK, "find");
	if (alias->refuse) {
		assert_int_equal(alias->n, 0);
		buf_addc(&buf, '!');
		buf_add(&buf, alias->text);
	}
	for (size_t i = 0; i < alias->n; i++) {
		if (i)
			buf_addc(&buf, ' ');
		buf_add(&buf, alias->targets[i].local);
		buf_addc(&buf, '@');
		buf_add(&buf, alias->targets[i].domain);
	}
	return buf_str(&buf);
}

static struct str find(const struct aliases *aliases, struct arena *arena,
		       struct str local)
{
	struct alias alias = { .n = 0 };
	enum result result = alias_find(aliases, arena, local, &alias);

	return flat(arena, result, &alias);
}

static void lines(void **state)
{
	static const struct {
		struct str text, local, want;
	} rows[] = {
		{ S(""), S("a"), S("-") },
		{ S("\n\n \t\n# a: x\n  # b: y\n"), S("a"), S("-") },
		{ S("a: b"), S("a"), S("b@example.org") },
		{ S("a: b\n"), S("a"), S("b@example.org") },
		{ S("a: b\r\n"), S("a"), S("b@example.org") },
		{ S("a:b"), S("b"), S("-") },
		{ S(" \ta\t : \tb \t\n"), S("a"), S("b@example.org") },
		{ S("a: b, c@else.where,d"), S("a"),
		  S("b@example.org c@else.where d@example.org") },
		{ S("a: b,,c, ,\n"), S("a"), S("b@example.org c@example.org") },
		/* case is no matter on the left, nor in domains */
		{ S("Alice: B@ELSE.Where\n"), S("aLICE"), S("B@else.where") },
		{ S("a: b@\xc3\xbc.example"), S("a"), S("b@xn--tda.example") },
		{ S("\xc3\xbc: \xc3\xa4"), S("\xc3\xbc"),
		  S("\xc3\xa4@example.org") },
		/* the last of two lines is in force */
		{ S("a: b\nc: d\nA: e\n"), S("a"), S("e@example.org") },
		{ S("a: b\na: !refuse\n"), S("a"), S("!") },
		/* the incoming user, and the catch-all, which is no user's */
		{ S("a: *@else.where"), S("a"), S("*@else.where") },
		{ S("*: b"), S("a"), S("-") },
		{ S("*: b"), S("*"), S("-") },
		/* refusals */
		{ S("a: !refuse"), S("a"), S("!") },
		{ S("a: !refuse  we moved: \"to\" b@x \t\r\n"), S("a"),
		  S("!we moved: \"to\" b@x") },
		{ S("a: !refuse\tx"), S("a"), S("!x") },
		/* what only begins like one is a name */
		{ S("a: !refused"), S("a"), S("!refused@example.org") },
		/* names of all letters that an address may have */
		{ S("a.b+c=d/e!f'g: b"), S("a.b+c=d/e!f'g"),
		  S("b@example.org") },
		/* nothing of a comment is read behind a target */
		{ S("#a: b\na#: c\n"), S("a#"), S("c@example.org") },
		/* a byte order mark is no part of the first name */
		{ S("\xef\xbb\xbf"
		    "a: b"),
		  S("a"), S("b@example.org") },
		{ S("\xef\xbb\xbf# a: b\r\na: c"), S("a"), S("c@example.org") },
		/* domains in both forms are one */
		{ S("a: b@B\xc3\xbc"
		    "cher.example, b@xn--bcher-kva.example"),
		  S("a"),
		  S("b@xn--bcher-kva.example b@xn--bcher-kva.example") },
		/* users in UTF-8, with their suffixes, in any script */
		{ S("\xe7\x94\xa8\xe6\x88\xb7: \xd0\xb8@x.example"),
		  S("\xe7\x94\xa8\xe6\x88\xb7"), S("\xd0\xb8@x.example") },
		/* no end of line at the end, no byte behind it */
		{ S("a: b\nc: d"), S("c"), S("d@example.org") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		const char *what = unit_show(rows[i].text);
		struct aliases *aliases;
		struct alias_fault fault;

		ASSERT_RESULT(parse(arena, rows[i].text, &no_rules, &aliases,
				    &fault),
			      OK, what);
		ASSERT_STR(find(aliases, arena, rows[i].local), rows[i].want,
			   what);
		arena_free(arena);
	}
}

/* Each says what was expected, or what to do instead. */
static void words(void **state)
{
	static const struct {
		struct str text;
		const char *want;
	} rows[] = {
		{ S("a: | /bin/true"), "pipe(8) of Postfix" },
		{ S("a: |/bin/true x"), "pipe(8) of Postfix" },
		{ S("a: b@c via d.example"), "transport_maps" },
		{ S("a: b@c via d.example/e.example"), "transport_maps" },
		{ S("a: x, b@c\tvia\td.example"), "transport_maps" },
		{ S("a: b@c viaduct"), "without parameters" },
		{ S("a: b@c;srs=no"), "without parameters" },
		{ S("a: b@c?x=y"), "without parameters" },
		{ S("a: b@c [srs=no]"), "without parameters" },
		{ S("a: b;x"), "without parameters" },
		{ S("a: b (the boss)"), "without parameters" },
		{ S("a: \"b\""), "without parameters or quotes" },
		{ S("a: b, -c@else.where"), "can't begin with" },
		{ S("a b: c"), "on the left" },
		{ S("a"), "expected \"user: target, target\"" },
		{ S("a@b: c"), "no @ on the left" },
		{ S("a:"), "no target" },
		{ S("a\0: b"), "a NUL byte" },
		{ S("a: b\0"), "a NUL byte" },
		{ S("\xff\xfe"
		    "a\0:\0 \0b\0\n\0"),
		  "a NUL byte" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct alias_fault fault = { 0, "" };
		struct aliases *aliases;

		parse(arena, rows[i].text, &no_rules, &aliases, &fault);
		if (!strstr(fault.what, rows[i].want))
			fail_msg("%s: %s", unit_show(rows[i].text), fault.what);
		arena_free(arena);
	}
}

static void faults(void **state)
{
	static const struct {
		struct str text;
		size_t line;
	} rows[] = {
		{ S("a"), 1 },
		{ S("a b\n"), 1 },
		{ S("a: b\n\n# c\nd\ne: f\n"), 4 },
		{ S("a: b\r\n\r\nc\r\n"), 3 },
		{ S("\n\n\n:b"), 4 },
		{ S(": b"), 1 },
		{ S("a:"), 1 },
		{ S("a: \t"), 1 },
		{ S("a: ,"), 1 },
		{ S("a: b\na: , ,\n"), 2 },
		/* an address on the left belongs into another file */
		{ S("a@example.org: b"), 1 },
		{ S("@: b"), 1 },
		{ S("a b: c"), 1 },
		{ S("\"a b\": c"), 1 },
		{ S("a,b: c"), 1 },
		{ S("a: b c"), 1 },
		{ S("a: b\tc"), 1 },
		{ S("a: @else.where"), 1 },
		{ S("a: b@"), 1 },
		{ S("a: b@c@"), 1 },
		{ S("a: b@@c"), 1 },
		{ S("a: b@c@d"), 1 },
		{ S("a: b@-c"), 1 },
		{ S("a: b@c..d"), 1 },
		{ S("a: <b@c>"), 1 },
		{ S("a: b; c"), 1 },
		{ S("a: b: c"), 1 },
		{ S("a: \"b\"@c"), 1 },
		{ S("a: b@c # comment"), 1 },
		/* commands are not run, a host is not chosen here */
		{ S("a: b\nc: |/bin/true"), 2 },
		{ S("a: | /bin/true x"), 1 },
		{ S("a: b@c via d.example"), 1 },
		{ S("a: :include:/etc/x"), 1 },
		{ S("a: /dev/null"), 0 },
		/* NUL, other control bytes, no UTF-8 */
		{ S("a\0: b"), 1 },
		{ S("a: b\0"), 1 },
		{ S("a: b@c\0d"), 1 },
		{ S("a: b\x01"), 1 },
		{ S("a: b\rc: d\n"), 1 },
		{ S("ok: b\n\xff: b"), 2 },
		{ S("a: \xc3"), 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		const char *what = unit_show(rows[i].text);
		struct alias_fault fault = { 0, NULL };
		struct aliases *aliases;

		ASSERT_RESULT(parse(arena, rows[i].text, &no_rules, &aliases,
				    &fault),
			      rows[i].line ? E_SYNTAX : OK, what);
		if (rows[i].line) {
			if (fault.line != rows[i].line)
				fail_msg("%s: line %zu", what, fault.line);
			assert_non_null(fault.what);
			assert_true(strlen(fault.what) > 0);
		}
		arena_free(arena);
	}
}

static void suffixes_and_dots(void **state)
{
	static const struct {
		const char *local, *want;
	} rows[] = {
		{ "jd", "1@example.org" },
		{ "j.d", "1@example.org" },
		{ "J.D+x", "1@example.org" },
		{ "j.d-x+y", "1@example.org" },
		{ "jd+", "1@example.org" },
		/* the line with the suffix goes first */
		{ "jd+shop", "2@example.org" },
		{ "JD+Shop", "2@example.org" },
		{ "jd+shop.", "1@example.org" },
		{ "jd+shopping", "1@example.org" },
		{ "j.d+shop", "1@example.org" },
		/* only the exact name finds a line with a dot */
		{ "a.b", "3@example.org" },
		{ "ab", "-" },
		{ "", "-" },
		{ "+", "-" },
		{ ".", "-" },
		{ "+x", "-" },
		/* nothing that is left over may be the catch-all */
		{ "*", "-" },
		{ "*+x", "-" },
		{ ".*", "-" },
		{ "*.", "-" },
		{ "nobody", "-" },
	};
	struct arena *arena = arena_new(4096);
	struct aliases *aliases;
	struct alias_fault fault;

	(void)state;
	ASSERT_RESULT(parse(arena, STR("jd: 1\njd+shop: 2\na.b: 3\n*: 4\n"),
			    &both_rules, &aliases, &fault),
		      OK, "parse");
	assert_int_equal(alias_count(aliases), 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_STR(find(aliases, arena, str_from(rows[i].local)),
			   str_from(rows[i].want), rows[i].local);
	arena_free(arena);
}

static void reductions(void **state)
{
	static const struct {
		const char *local, *reduced, *stripped;
	} rows[] = {
		{ "a", "a", "a" },	    { "A.B", "ab", "a.b" },
		{ "a.b+c.d", "ab", "a.b" }, { "a-b+c", "a", "a" },
		{ "a+", "a", "a" },	    { "...", "", "..." },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str local = str_from(rows[i].local);

		ASSERT_STR(alias_reduce(arena, &both_rules, local),
			   str_from(rows[i].reduced), rows[i].local);
		ASSERT_STR(alias_strip_suffix(arena, &both_rules, local),
			   str_from(rows[i].stripped), rows[i].local);
		ASSERT_STR(alias_reduce(arena, &no_rules, local),
			   arena_lower(arena, local), rows[i].local);
	}
	arena_free(arena);
}

static void catch_all(void **state)
{
	struct arena *arena = arena_new(4096);
	struct aliases *aliases;
	struct alias_fault fault;
	struct alias alias;

	(void)state;
	ASSERT_RESULT(parse(arena,
			    STR("a: b\n*: me@gmail.example, *@x.example"),
			    &both_rules, &aliases, &fault),
		      OK, "parse");
	ASSERT_RESULT(alias_find_catch_all(aliases, arena, &alias), OK, "*");
	ASSERT_STR(flat(arena, OK, &alias), STR("me@gmail.example *@x.example"),
		   "targets");
	ASSERT_RESULT(parse(arena, STR("a: b\n"), &both_rules, &aliases,
			    &fault),
		      OK, "parse");
	ASSERT_RESULT(alias_find_catch_all(aliases, arena, &alias), E_ABSENT,
		      "no *");
	arena_free(arena);
}

static struct str repeat(struct arena *arena, const char *first, const char *s,
			 size_t times)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 26);
	buf_add(&buf, str_from(first));
	while (times--)
		buf_add(&buf, str_from(s));
	return buf_str(&buf);
}

static void limits(void **state)
{
	static const struct {
		const char *first, *more;
		size_t times;
		enum result result;
	} rows[] = {
		{ "x: y\na: b", ",b", LIMIT_ALIAS_TARGETS - 1, OK },
		{ "x: y\na: b", ",b", LIMIT_ALIAS_TARGETS, E_LIMIT },
		{ "x: y\na: b", ",b", LIMIT_ALIAS_TARGETS * 10, E_LIMIT },
		{ "x: y\na: !refuse ", "b", LIMIT_ALIAS_LINE - 9, OK },
		{ "x: y\na: !refuse ", "b", LIMIT_ALIAS_LINE - 8, E_LIMIT },
		{ "x: y\n#", "b", LIMIT_ALIAS_LINE, OK },
		{ "x: y\na: ", "b", LIMIT_LOCAL_PART, OK },
		{ "x: y\na: ", "b", LIMIT_LOCAL_PART + 1, E_SYNTAX },
		{ "x: y\na: ", "b", LIMIT_LOCAL_PART * 10, E_SYNTAX },
		{ "x: y\na: b@c", "c", LIMIT_LABEL - 1, OK },
		{ "x: y\na: b@c", "c", LIMIT_LABEL, E_SYNTAX },
		{ "x: y\na: b@c", ".c", 126, OK },
		{ "x: y\na: b@c", ".c", 127, E_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct aliases *aliases;
		struct alias_fault fault = { 0, NULL };
		struct str text = repeat(arena, rows[i].first, rows[i].more,
					 rows[i].times);

		ASSERT_RESULT(parse(arena, text, &no_rules, &aliases, &fault),
			      rows[i].result, unit_show(text));
		if (rows[i].result != OK)
			assert_int_equal(fault.line, 2);
		arena_free(arena);
	}
}

/* A big file: all lines are found, and none that is not there. */
static void many_lines(void **state)
{
	struct arena *arena = arena_new(65536);
	struct aliases *aliases;
	struct alias_fault fault;
	struct buf text;

	(void)state;
	buf_init(&text, arena, 1 << 26);
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "user%d: target%d@x.example\n", i, i);
	ASSERT_RESULT(parse(arena, buf_str(&text), &both_rules, &aliases,
			    &fault),
		      OK, "parse");
	assert_int_equal(alias_count(aliases), 100000);
	for (int i = 0; i < 100000; i += 7) {
		struct arena *one = arena_new(1024);
		char *user = arena_printf(one, "User%d+x", i);
		char *want = arena_printf(one, "target%d@x.example", i);

		ASSERT_STR(find(aliases, one, str_from(user)), str_from(want),
			   user);
		user = arena_printf(one, "user%d", i + 100000);
		ASSERT_STR(find(aliases, one, str_from(user)), STR("-"), user);
		arena_free(one);
	}
	arena_free(arena);
}

/* Two domains for alias_walk. */
struct world {
	struct aliases *org, *net;
	struct arena *arena;
	struct buf seen;
	const char *stop_at;
};

static enum result world_aliases(void *context, struct str domain,
				 const struct aliases **aliases)
{
	struct world *world = context;

	if (str_eq(domain, STR("fault.example")))
		return E_CONFIG;
	*aliases = str_eq(domain, STR("example.org")) ? world->org : NULL;
	if (str_eq(domain, STR("example.net")))
		*aliases = world->net;
	return *aliases ? OK : E_ABSENT;
}

static bool world_is_user(void *context, struct str domain, struct str local)
{
	(void)context;
	return str_eq(domain, STR("example.org")) && str_eq(local, STR("user"));
}

static bool world_visit(void *context, const struct mailbox *target)
{
	struct world *world = context;
	const char *text = address_format(world->arena, target);

	if (world->seen.n)
		buf_addc(&world->seen, ' ');
	buf_add(&world->seen, str_from(text));
	return world->stop_at && strcmp(world->stop_at, text) == 0;
}

static enum result walk(struct world *world, const char *local,
			const char *stop_at)
{
	const struct alias_directory directory = {
		.aliases = world_aliases,
		.is_user = world_is_user,
		.context = world,
	};
	struct mailbox address = { str_from(local), STR("example.org") };

	buf_init(&world->seen, world->arena, 1 << 20);
	world->stop_at = stop_at;
	return alias_walk(&directory, world->arena, &address, world_visit,
			  world);
}

static void walks(void **state)
{
	static const struct {
		const char *local, *stop_at;
		enum result result;
		const char *seen; /* NULL: too much to write down */
	} rows[] = {
		{ "a", "b@example.org", OK, "b@example.org" },
		/* depth first, in the order of the file */
		{ "a", NULL, E_ABSENT,
		  "b@example.org x@else.where user@example.org" },
		{ "a", "user@example.org", OK,
		  "b@example.org x@else.where user@example.org" },
		/* a user is no case for the catch-all, others are */
		{ "user", NULL, E_ABSENT, "" },
		{ "other", NULL, E_ABSENT, "other@example.net me@else.where" },
		{ "other", "me@else.where", OK,
		  "other@example.net me@else.where" },
		{ "refused", "anything", E_ABSENT, "" },
		{ "loop1", NULL, E_LIMIT, NULL },
		/* one's own name ends the way, and others go on */
		{ "self", NULL, E_ABSENT, "Self@example.org x@else.where" },
		{ "self", "Self@example.org", OK, "Self@example.org" },
		{ "tree", NULL, E_LIMIT, NULL },
		/* a file that can't be used: the rest is visited before */
		{ "blind", NULL, E_CONFIG, "a@fault.example x@else.where" },
		{ "blind", "x@else.where", OK, "a@fault.example x@else.where" },
	};
	struct world world = { .arena = arena_new(4096) };
	struct alias_fault fault;

	(void)state;
	ASSERT_RESULT(parse(world.arena,
			    STR("a: b, user\nb: x@else.where\n"
				"refused: !refuse\n*: *@example.net\n"
				"loop1: loop2\nloop2: loop1\n"
				"self: Self, x@else.where\n"
				"tree: leaf, leaf, leaf, leaf, leaf, leaf\n"
				"leaf: tree, tree, tree, tree, tree, tree\n"
				"blind: a@fault.example, x@else.where\n"),
			    &no_rules, &world.org, &fault),
		      OK, "org");
	ASSERT_RESULT(alias_parse(world.arena, STR("*: me@else.where\n"),
				  STR("example.net"), &no_rules, &world.net,
				  &fault),
		      OK, "net");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ASSERT_RESULT(walk(&world, rows[i].local, rows[i].stop_at),
			      rows[i].result, rows[i].local);
		if (rows[i].seen)
			ASSERT_STR(buf_str(&world.seen), str_from(rows[i].seen),
				   rows[i].local);
	}
	arena_free(world.arena);
}

static bool world_is_ours(void *context, struct str domain)
{
	(void)context;
	return str_eq(domain, STR("example.org")) ||
	       str_eq(domain, STR("example.net")) ||
	       str_eq(domain, STR("fault.example")) ||
	       str_eq(domain, STR("users.example"));
}

static enum result expand(struct world *world, struct mailbox address,
			  size_t max, struct alias_expansion *expansion)
{
	const struct alias_directory directory = {
		.aliases = world_aliases,
		.is_user = world_is_user,
		.context = world,
		.is_ours = world_is_ours,
	};
	enum result result = alias_expand(&directory, world->arena, &address,
					  max, expansion);

	buf_init(&world->seen, world->arena, 1 << 20);
	for (size_t i = 0; i < expansion->n; i++)
		world_visit(world, &expansion->targets[i]);
	return result;
}

static void expansions(void **state)
{
	static const struct {
		const char *local;
		size_t max;
		enum result result;
		const char *targets; /* "!": refused; NULL: any */
	} rows[] = {
		{ "a", 9, OK, "x@else.where user@example.org" },
		{ "b", 9, OK, "x@else.where" },
		{ "twice", 9, OK, "x@else.where y@else.where" },
		{ "user", 9, OK, "user@example.org" },
		{ "other", 9, OK, "me@else.where" },
		{ "refused", 9, OK, "!" },
		{ "self", 9, OK, "self@example.org x@else.where" },
		{ "loop1", 9, E_LIMIT, NULL },
		{ "tree", 9, E_LIMIT, NULL },
		{ "dangling", 9, E_CONFIG, NULL },
		{ "torefused", 9, E_CONFIG, NULL },
		{ "blind", 9, E_CONFIG, NULL },
		{ "many", 3, OK, "1@x.example 2@x.example 3@x.example" },
		{ "many", 2, E_LIMIT, NULL },
	};
	struct world world = { .arena = arena_new(4096) };
	struct alias_expansion expansion;
	struct alias_fault fault;

	(void)state;
	ASSERT_RESULT(parse(world.arena,
			    STR("a: b, user\nb: x@else.where\n"
				"twice: b, x@else.where, y@else.where, b\n"
				"refused: !refuse go away\n*: *@example.net\n"
				"loop1: loop2\nloop2: loop1\n"
				"self: self, x@else.where\n"
				"tree: leaf, leaf, leaf, leaf, leaf, leaf\n"
				"leaf: tree, tree, tree, tree, tree, tree\n"
				"dangling: x@else.where, a@users.example\n"
				"torefused: x@else.where, refused\n"
				"blind: x@else.where, a@fault.example\n"
				"many: 1@x.example, 2@x.example, "
				"3@x.example\n"),
			    &no_rules, &world.org, &fault),
		      OK, "org");
	ASSERT_RESULT(alias_parse(world.arena, STR("*: me@else.where\n"),
				  STR("example.net"), &no_rules, &world.net,
				  &fault),
		      OK, "net");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *local = rows[i].local;
		struct mailbox address = { str_from(local),
					   STR("example.org") };

		ASSERT_RESULT(expand(&world, address, rows[i].max, &expansion),
			      rows[i].result, local);
		if (rows[i].result != OK)
			continue;
		assert_int_equal(expansion.refuse, *rows[i].targets == '!');
		if (expansion.refuse)
			ASSERT_STR(expansion.text, STR("go away"), local);
		else
			ASSERT_STR(buf_str(&world.seen),
				   str_from(rows[i].targets), local);
	}
	ASSERT_RESULT(
		expand(&world,
		       (struct mailbox){ STR("nobody"), STR("users.example") },
		       9, &expansion),
		E_ABSENT, "nobody");
	arena_free(world.arena);
}

/* A chain as deep as it may be, one deeper, ten times as deep. */
static void walk_depth(void **state)
{
	struct world world = { .arena = arena_new(4096) };
	struct alias_fault fault;
	struct buf text;

	(void)state;
	buf_init(&text, world.arena, 1 << 20);
	for (int i = 0; i < LIMIT_ALIAS_DEPTH * 10; i++)
		buf_printf(&text, "a%d: a%d\n", i, i + 1);
	buf_printf(&text, "a%d: end@else.where\n", LIMIT_ALIAS_DEPTH * 10);
	ASSERT_RESULT(parse(world.arena, buf_str(&text), &no_rules, &world.org,
			    &fault),
		      OK, "parse");
	for (int depth = 1; depth <= LIMIT_ALIAS_DEPTH * 10; depth++) {
		char *local = arena_printf(world.arena, "a%d",
					   LIMIT_ALIAS_DEPTH * 10 - depth + 1);

		ASSERT_RESULT(walk(&world, local, "end@else.where"),
			      depth <= LIMIT_ALIAS_DEPTH ? OK : E_LIMIT, local);
	}
	arena_free(world.arena);
}

static bool collect(void *context, struct str user, const struct alias *alias)
{
	struct buf *buf = context;

	buf_printf(buf, "%.*s=%.*s ", STR_ARG(user),
		   STR_ARG(alias->targets[0].local));
	return str_eq(user, STR("last"));
}

static void each(void **state)
{
	struct arena *arena = arena_new(1024);
	struct aliases *aliases;
	struct alias_fault fault;
	struct buf buf;

	(void)state;
	ASSERT_RESULT(parse(arena,
			    STR("# none\none: a\nTwo: b, x\n*: c\n\n"
				"ONE: d\nlast: e\nmore: f\n"),
			    &no_rules, &aliases, &fault),
		      OK, "each");
	buf_init(&buf, arena, 200);
	alias_each(aliases, arena, collect, &buf);
	assert_string_equal(buf_c(&buf), "Two=b *=c ONE=d last=e ");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(words),
		cmocka_unit_test(faults),
		cmocka_unit_test(suffixes_and_dots),
		cmocka_unit_test(reductions),
		cmocka_unit_test(catch_all),
		cmocka_unit_test(limits),
		cmocka_unit_test(many_lines),
		cmocka_unit_test(each),
		cmocka_unit_test(walks),
		cmocka_unit_test(expansions),
		cmocka_unit_test(walk_depth),
	};

	return UNIT_RUN(tests);
}
