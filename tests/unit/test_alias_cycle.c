/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "alias_cycle"
#include "unit.h"

#include "mail/alias.h"
#include "mail/buf.h"

/* Three domains of ours; those without a file have no aliases. */
enum { FILES = 3, ADDRESSES_MAX = 64 };

static const char *const names[FILES] = { "a.example", "b.example",
					  "c.example" };
static const struct alias_rules rules = { S("+"), S(".") };

struct world {
	struct arena *arena;
	const struct aliases *files[FILES];
	bool user_exists; /* u@a.example */
	struct buf found;
	size_t n_found;
};

static int find_name(struct str domain)
{
	int i = 0;

	while (i < FILES && !str_eq(domain, str_from(names[i])))
		i++;
	return i;
}

static enum result world_aliases(void *context, struct str domain,
				 const struct aliases **aliases)
{
	const struct world *world = context;
	int i = find_name(domain);

	*aliases = i < FILES ? world->files[i] : NULL;
	return *aliases ? OK : E_ABSENT;
}

static bool world_is_user(void *context, struct str domain, struct str local)
{
	const struct world *world = context;

	return world->user_exists && find_name(domain) == 0 &&
	       str_ieq(local, STR("u"));
}

static bool world_is_ours(void *context, struct str domain)
{
	(void)context;
	return find_name(domain) < FILES;
}

static struct alias_directory directory_of(struct world *world)
{
	return (struct alias_directory){
		.aliases = world_aliases,
		.is_user = world_is_user,
		.context = world,
		.is_ours = world_is_ours,
	};
}

/* Takes the first file out of force and writes the cycle down. */
static void found(void *context, const struct alias_step *cycle, size_t n)
{
	struct world *world = context;
	int i;

	assert_true(n >= 2);
	for (size_t s = 0; s < n; s++) {
		i = find_name(cycle[s].address.domain);
		assert_true(i < FILES);
		if (world->files[i] != cycle[s].aliases)
			return;
	}
	world->n_found++;
	for (size_t s = 0; s < n; s++)
		buf_printf(&world->found, "%s%s", s ? " " : "",
			   address_format(world->arena, &cycle[s].address));
	buf_printf(&world->found, "; ");
	world->files[find_name(cycle[0].address.domain)] = NULL;
}

static void load(struct world *world, const char *const texts[FILES])
{
	struct alias_fault fault;

	for (int i = 0; i < FILES; i++) {
		struct aliases *aliases;

		world->files[i] = NULL;
		if (!texts[i])
			continue;
		ASSERT_RESULT(alias_parse(world->arena, str_from(texts[i]),
					  str_from(names[i]), &rules, &aliases,
					  &fault),
			      OK, texts[i]);
		world->files[i] = aliases;
	}
	buf_init(&world->found, world->arena, 1 << 20);
	world->n_found = 0;
}

static void search(struct world *world)
{
	const struct alias_directory directory = directory_of(world);
	struct arena *scratch = arena_new(1024);
	const struct aliases *files[FILES];
	size_t n = 0;

	for (int i = 0; i < FILES; i++)
		if (world->files[i])
			files[n++] = world->files[i];
	alias_find_cycles(&directory, scratch, files, n, found, world);
	arena_free(scratch);
}

static void cases(void **state)
{
	static const struct {
		const char *texts[FILES];
		const char *want; /* addresses of the cycle, in any order */
	} rows[] = {
		/* within a file */
		{ { "x: y\ny: x\n" }, "x@a.example y@a.example" },
		{ { "x: y\ny: z, o@else.where\nz: x" },
		  "x@a.example y@a.example z@a.example" },
		{ { "x: y\ny: z\nz: o@else.where" }, "" },
		{ { "x: y, z\ny: w\nz: w\nw: o@else.where" }, "" },
		{ { "x: Y@A.Example\ny: X" }, "X@a.example y@a.example" },
		{ { "x: y+1\ny: x+2\n" }, "x+2@a.example y@a.example" },
		/* an alias that names its user is none, however it does */
		{ { "x: x, o@else.where" }, "" },
		{ { "x: X@a.example" }, "" },
		{ { "jo: j.o" }, "" },
		{ { "jo: jo+x, o@else.where" }, "" },
		{ { "jo: j.o, J.O" }, "" },
		{ { "jo: *@a.example" }, "" },
		{ { "*: box" }, "" },
		{ { "*: *@a.example" }, "" },
		/* but by two names each is the other's */
		{ { "jo: jo, j.o" }, "jo@a.example j.o@a.example" },
		{ { "*: box, case" }, "box@a.example case@a.example" },
		/* a user ends the way, where there is no alias for him */
		{ { "*: u\n" }, "" },
		{ { "x: u\n*: x\n" }, "" },
		{ { "u: x\nx: u\n" }, "u@a.example x@a.example" },
		{ { "x: v\n*: x\n" }, "*@a.example x@a.example" },
		/* the line for a suffix is another one */
		{ { "x: y\ny: x+s\nx+s: o@else.where" }, "" },
		{ { "x: o@else.where\nx+s: y\ny: x+s" },
		  "x+s@a.example y@a.example" },
		/* the last of two lines is in force; refusals end the way */
		{ { "x: y\ny: x\ny: o@else.where" }, "" },
		{ { "x: y\ny: !refuse x\n" }, "" },
		/* across files */
		{ { "x: x@b.example", "x: x@c.example", "x: x@a.example" },
		  "x@a.example x@b.example x@c.example" },
		{ { "x: x@b.example", "x: x@c.example", "y: x@a.example" },
		  "" },
		{ { "x: x@b.example" }, "" },
		/* through a catch-all */
		{ { "x: any@b.example", "*: x@a.example" },
		  "any@b.example x@a.example" },
		{ { "*: x@b.example", "*: y@c.example", "*: z@a.example" },
		  "x@b.example y@c.example *@a.example" },
		/* with the incoming user */
		{ { "*: *@b.example", "*: *@a.example" },
		  "*@a.example *@b.example" },
		{ { "*: *@b.example", "*: *@c.example", "*: *@else.where" },
		  "" },
		{ { "x: *@b.example", "x: *@a.example" },
		  "x@a.example x@b.example" },
		{ { "x: *@b.example", "y: *@a.example" }, "" },
		{ { "x: *@b.example", "x+s: *@a.example" },
		  "x+s@a.example x+s@b.example" },
		{ { "*: *@b.example", "x: *@a.example" },
		  "x@a.example x@b.example" },
		{ { "x: o@else.where\n*: *@b.example", "x: *@a.example" }, "" },
		{ { "*: *@b.example", "x: x@a.example" },
		  "x@a.example x@b.example" },
		{ { "*: *@b.example", "x: y@a.example\ny: o@else.where" }, "" },
		{ { "*: *@b.example, *@c.example", "*: z@else.where",
		    "*: *@a.example" },
		  "*@a.example *@c.example" },
		{ { "u: o@else.where\n*: *@b.example", "*: u@a.example" }, "" },
		/* the user is no case for the catch-all, here */
		{ { "*: *@b.example", "*: u@a.example" }, "" },
		{ { "*: *@b.example", "*: v@a.example" },
		  "v@a.example *@b.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct world world = { .arena = arena_new(4096),
				       .user_exists = true };
		struct str want = str_from(rows[i].want), one, got;
		size_t n_want = 0;

		load(&world, rows[i].texts);
		search(&world);
		got = str_from(arena_printf(world.arena, " %.*s",
					    STR_ARG(buf_str(&world.found))));
		assert_int_equal(world.n_found, want.n > 0);
		while (want.n && str_cut(&want, ' ', &one)) {
			const char *text = arena_printf(world.arena, " %.*s",
							STR_ARG(one));

			n_want++;
			if (!strstr(got.p, text))
				fail_msg("%s: no%s in \"%s\"", rows[i].texts[0],
					 text, got.p);
		}
		for (size_t p = 0; p < got.n; p++)
			n_want -= got.p[p] == '@';
		if (n_want)
			fail_msg("%s: got%s", rows[i].texts[0], got.p);
		arena_free(world.arena);
	}
}

/* All addresses that a random file can name, and where each leads to. */
struct graph {
	struct mailbox list[ADDRESSES_MAX];
	size_t n;
	bool leads[ADDRESSES_MAX][ADDRESSES_MAX];
};

static const char *const locals[] = { "x",   "y", "x.y",   "xy",
				      "x+s", "u", "nobody" };
enum { LOCALS = sizeof(locals) / sizeof(*locals) };

/* By the rules of alias.h, an address at a time. */
static void add_edges(struct world *world, struct graph *graph, size_t from)
{
	const struct mailbox *address = &graph->list[from];
	const struct aliases *aliases;
	struct alias alias;
	enum result result;

	if (world_aliases(world, address->domain, &aliases) != OK)
		return;
	result = alias_find(aliases, world->arena, address->local, &alias);
	if (result == E_ABSENT &&
	    !world_is_user(world, address->domain, address->local))
		result = alias_find_catch_all(aliases, world->arena, &alias);
	if (result != OK)
		return;
	for (size_t t = 0; t < alias.n; t++)
		for (size_t to = 0; to < graph->n; to++) {
			struct mailbox target = alias.targets[t];

			if (str_eq(target.local, STR("*")))
				target.local = address->local;
			if (to != from &&
			    str_eq(target.local, graph->list[to].local) &&
			    str_eq(target.domain, graph->list[to].domain))
				graph->leads[from][to] = true;
		}
}

static bool has_cycle(struct world *world)
{
	struct graph *graph = ARENA_NEW(world->arena, struct graph, 1);
	size_t n = 0;

	for (int f = 0; f < FILES; f++)
		for (int l = 0; l < LOCALS; l++)
			graph->list[n++] =
				(struct mailbox){ str_from(locals[l]),
						  str_from(names[f]) };
	graph->n = n;
	for (size_t i = 0; i < n; i++)
		add_edges(world, graph, i);
	for (size_t via = 0; via < n; via++)
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; graph->leads[i][via] && j < n; j++)
				graph->leads[i][j] = graph->leads[i][j] ||
						     graph->leads[via][j];
	for (size_t i = 0; i < n; i++)
		if (graph->leads[i][i])
			return true;
	return false;
}

static unsigned int rolls;

static unsigned int roll(unsigned int sides)
{
	rolls = rolls * 1664525u + 1013904223u;
	return (rolls >> 16) % sides;
}

/* Small files, so that with and without a cycle are both common. */
static const char *random_file(struct arena *arena)
{
	struct buf buf;

	buf_init(&buf, arena, 4096);
	for (unsigned int line = roll(5); line > 0; line--) {
		unsigned int left = roll(LOCALS + 1);

		buf_printf(&buf, "%s:", left < LOCALS ? locals[left] : "*");
		for (unsigned int t = roll(2) + 1; t > 0; t--) {
			unsigned int to = roll(LOCALS + 2), at = roll(FILES);

			buf_printf(&buf, " %s@%s%s",
				   to < LOCALS	 ? locals[to]
				   : to > LOCALS ? "*"
						 : "o",
				   to == LOCALS ? "else.where" : names[at],
				   t > 1 ? "," : "\n");
		}
	}
	buf_addc(&buf, '\0');
	return buf_str(&buf).p;
}

/* Found is what a walk through all addresses finds, in the end all of it. */
static void random_files(void **state)
{
	enum { ROUNDS = 20000 };
	int with = 0;

	(void)state;
	rolls = 1;
	for (int round = 0; round < ROUNDS; round++) {
		struct world world = { .arena = arena_new(4096),
				       .user_exists = round % 2 };
		const char *texts[FILES];
		bool want;

		for (int i = 0; i < FILES; i++)
			texts[i] = random_file(world.arena);
		load(&world, texts);
		want = has_cycle(&world);
		with += want;
		search(&world);
		if (want != (world.n_found > 0))
			fail_msg("%d: want %d\n--\n%s--\n%s--\n%s", round, want,
				 texts[0], texts[1], texts[2]);
		for (size_t before = 0; before < world.n_found;) {
			before = world.n_found;
			search(&world);
		}
		assert_false(has_cycle(&world));
		arena_free(world.arena);
	}
	assert_true(with > ROUNDS / 10 && with < ROUNDS - ROUNDS / 10);
}

/* Deep, wide, and both: neither the stack nor the time runs out. */
static void big(void **state)
{
	enum { N = 200000, WIDE = 1000 };
	struct world world = { .arena = arena_new(65536) };
	const char *texts[FILES] = { NULL };
	struct buf buf;

	(void)state;
	for (int back = 0; back < 2; back++) {
		buf_init(&buf, world.arena, 1 << 26);
		for (int i = 0; i < N; i++)
			buf_printf(&buf, "a%d: a%d\n", i, i + 1);
		buf_printf(&buf, "a%d: %s%c", N, back ? "a0" : "o@else.where",
			   0);
		texts[0] = buf_str(&buf).p;
		load(&world, texts);
		search(&world);
		assert_int_equal(world.n_found, back);
	}
	buf_init(&buf, world.arena, 1 << 26);
	for (int i = 0; i < WIDE; i++) {
		buf_printf(&buf, "a%d: o@else.where", i);
		for (int j = i + 1; j < WIDE; j++)
			buf_printf(&buf, ",a%d", j);
		buf_addc(&buf, '\n');
	}
	buf_addc(&buf, '\0');
	texts[0] = buf_str(&buf).p;
	load(&world, texts);
	search(&world);
	assert_int_equal(world.n_found, 0);
	arena_free(world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(random_files),
		cmocka_unit_test(big),
	};

	return UNIT_RUN(tests);
}
