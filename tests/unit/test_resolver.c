/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "resolver"
#include "unit.h"

#include <dirent.h>
#include <signal.h>

#include "folder.h"
#include "dns_server.h"

static const char table[] =
	"a.example A 192.0.2.1\n"
	"a.example A 192.0.2.2\n"
	"a.example A 192.0.2.3\n"
	"a.example AAAA 2001:db8::1\n"
	"mx.example MX 10 Mail.A.example\n"
	"null.example MX 0 .\n"
	"ptr.example PTR mail.a.example\n"
	"txt.example TXT \"v=spf1 \" \"-all\\000\"\n"
	"odd\\032name.example TXT \"odd\"\n"
	"alias.example CNAME a.example\n"
	"chain.example CNAME alias.example\n"
	"dangling.example CNAME nowhere.example\n"
	"half.example CNAME mx.example\n"
	"loop1.example CNAME loop2.example\n"
	"loop2.example CNAME loop1.example\n"
	"below.empty.example A 192.0.2.1\n"
	"large.example TXT !txt=65000\n"
	"tcp.example TXT \"tcp\" !truncate\n"
	"notcp.example TXT \"tcp\" !truncate !no-tcp\n"
	"slow.example A 192.0.2.9 !delay=300\n"
	"servfail.example A !servfail\n"
	"refused.example A !refused\n"
	"formerr.example A !formerr\n"
	"notimp.example A !notimp\n"
	"nxdomain.example A !nxdomain\n"
	"garbage.example A !garbage\n"
	"cut.example A 192.0.2.1 !cut\n"
	"name.example A 192.0.2.1 !wrong-name\n"
	"id.example A 192.0.2.1 !wrong-id\n"
	"silent.example A !silent\n"
	"bad.example A !rdata=c00002\n"
	"bad.example MX !rdata=00\n"
	"bad.example TXT !rdata=0561\n"
	"ns.example NS ns.a.example\n"
	"alias.ns.example CNAME ns.example\n"
	"bad.example PTR !rdata=056d782e6578036f726700\n"
	"badtoo.example TXT \"good\"\n"
	"badtoo.example TXT !rdata=0561\n"
	/* Silent for a moment: the second question is answered. */
	"lossy.example A 192.0.2.1 !from=2\n";

/* What each question ends with, and the first record. */
static const struct {
	const char *name;
	enum dns_type type;
	enum dns_status status;
	size_t n;
	struct str first;
	uint16_t preference;
} rows[] = {
	{ "a.example", DNS_A, DNS_OK, 3, S("\xc0\x00\x02"), 0 },
	{ "A.EXAMPLE", DNS_A, DNS_OK, 3, S("\xc0\x00\x02"), 0 },
	{ "a.example", DNS_AAAA, DNS_OK, 1, S("\x20\x01\x0d\xb8"), 0 },
	{ "a.example", DNS_MX, DNS_NO_DATA, 0, S(""), 0 },
	{ "a.example", DNS_TXT, DNS_NO_DATA, 0, S(""), 0 },
	{ "b.example", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	{ "nxdomain.example", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	{ "empty.example", DNS_A, DNS_NO_DATA, 0, S(""), 0 },
	{ "mx.example", DNS_MX, DNS_OK, 1, S("Mail.A.example"), 10 },
	{ "null.example", DNS_MX, DNS_OK, 1, S(""), 0 },
	{ "ptr.example", DNS_PTR, DNS_OK, 1, S("mail.a.example"), 0 },
	{ "txt.example", DNS_TXT, DNS_OK, 1, S("v=spf1 -all\0"), 0 },
	{ "odd name.example", DNS_TXT, DNS_OK, 1, S("odd"), 0 },
	{ "odd\\032name.example", DNS_TXT, DNS_NO_NAME, 0, S(""), 0 },
	{ "alias.example", DNS_A, DNS_OK, 3, S("\xc0\x00\x02"), 0 },
	{ "chain.example", DNS_A, DNS_OK, 3, S("\xc0\x00\x02"), 0 },
	{ "chain.example", DNS_MX, DNS_NO_DATA, 0, S(""), 0 },
	{ "dangling.example", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	{ "half.example", DNS_A, DNS_NO_DATA, 0, S(""), 0 },
	{ "loop1.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "tcp.example", DNS_TXT, DNS_OK, 1, S("tcp"), 0 },
	{ "notcp.example", DNS_TXT, DNS_TEMPORARY, 0, S(""), 0 },
	{ "slow.example", DNS_A, DNS_OK, 1, S("\xc0\x00\x02\x09"), 0 },
	{ "lossy.example", DNS_A, DNS_OK, 1, S("\xc0\x00\x02\x01"), 0 },
	{ "servfail.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "refused.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "formerr.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "notimp.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "garbage.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "cut.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "name.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "id.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "silent.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "bad.example", DNS_A, DNS_TEMPORARY, 0, S(""), 0 },
	{ "bad.example", DNS_MX, DNS_TEMPORARY, 0, S(""), 0 },
	{ "bad.example", DNS_TXT, DNS_TEMPORARY, 0, S(""), 0 },
	{ "ns.example", DNS_NS, DNS_OK, 1, S("ns.a.example"), 0 },
	{ "alias.ns.example", DNS_NS, DNS_NO_DATA, 0, S(""), 0 },
	{ "bad.example", DNS_PTR, DNS_TEMPORARY, 0, S(""), 0 },
	{ "badtoo.example", DNS_TXT, DNS_TEMPORARY, 0, S(""), 0 },
	/* Names that DNS can't have; nobody is asked. */
	{ "", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	{ ".", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	{ "a..example", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	{ "a.example.", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	{ "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.x",
	  DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	/* Private and special zones don't leave the host. */
	{ "1.1.168.192.in-addr.arpa", DNS_PTR, DNS_NO_NAME, 0, S(""), 0 },
	{ "1.0.0.10.in-addr.arpa", DNS_PTR, DNS_NO_NAME, 0, S(""), 0 },
	{ "name.invalid", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
	{ "name.test", DNS_A, DNS_NO_NAME, 0, S(""), 0 },
};

/* All at once, as many messages would. */
static void statuses(void **state)
{
	struct dns_server server = dns_server_begin(table);
	struct resolver *resolver = dns_server_resolver(&server, 10);
	struct arena *arena = server.folder.arena;
	struct inquiry *inquiry = inquiry_begin(resolver, arena, 60000);
	const struct dns_resolver *dns = inquiry_resolver(inquiry);
	struct dns_answer answers[sizeof(rows) / sizeof(*rows)];

	(void)state;
	do
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			dns_query(dns, arena, str_from(rows[i].name),
				  rows[i].type, &answers[i]);
	while (inquiry_wait(inquiry));
	assert_false(inquiry_is_late(inquiry));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct dns_answer *got = &answers[i];

		if (got->status != rows[i].status || got->n != rows[i].n)
			fail_msg("%s %d: got %d with %zu, want %d with %zu",
				 rows[i].name, rows[i].type, got->status,
				 got->n, rows[i].status, rows[i].n);
		assert_false(got->secure);
		if (!got->n)
			continue;
		/* DNS has no order: the first octets of any will do. */
		if (rows[i].type == DNS_A || rows[i].type == DNS_AAAA)
			got->records[0].data.n = rows[i].first.n;
		ASSERT_STR(got->records[0].data, rows[i].first, rows[i].name);
		assert_int_equal(got->records[0].preference,
				 rows[i].preference);
	}
	/* Of these nobody outside has heard. */
	assert_int_equal(dns_server_count(&server,
					  "1.1.168.192.in-addr.arpa PTR udp"),
			 0);
	assert_int_equal(dns_server_count(&server, "name.test A udp"), 0);
	assert_int_equal(dns_server_count(&server, "a.example A udp"), 1);
	inquiry_end(inquiry);
	resolver_put(resolver);
	dns_server_end(&server);
}

static void large_answers(void **state)
{
	struct dns_server server = dns_server_begin(table);
	struct resolver *resolver = dns_server_resolver(&server, 10);
	struct arena *arena = server.folder.arena;
	struct inquiry *inquiry = inquiry_begin(resolver, arena, 60000);
	struct dns_answer answer =
		dns_server_ask(inquiry, arena, "large.example", DNS_TXT);

	(void)state;
	assert_int_equal(answer.status, DNS_OK);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.records[0].data.n, 65000);
	for (size_t i = 0; i < answer.records[0].data.n; i++)
		assert_int_equal(answer.records[0].data.p[i], 'a');
	inquiry_end(inquiry);
	resolver_put(resolver);
	dns_server_end(&server);
}

/* RFC 4035 section 4.3: secure, insecure, bogus. */
static const struct {
	const char *name;
	enum dns_status with, without; /* an anchor */
	bool secure;
} signed_rows[] = {
	{ "good.signed.example", DNS_OK, DNS_OK, true },
	{ "forged.signed.example", DNS_TEMPORARY, DNS_OK, false },
	{ "bare.signed.example", DNS_TEMPORARY, DNS_OK, false },
	{ "gone.signed.example", DNS_TEMPORARY, DNS_NO_NAME, false },
	{ "a.example", DNS_OK, DNS_OK, false },
};

static void validates(void **state)
{
	struct dns_server server =
		dns_server_begin("good.signed.example A 192.0.2.1 !signed\n"
				 "forged.signed.example A 192.0.2.1 !forged\n"
				 "bare.signed.example A 192.0.2.1\n"
				 "a.example A 192.0.2.1\n");

	(void)state;
	for (int with = 0; with < 2; with++) {
		struct resolver *resolver = dns_server_resolver_with(
			&server, 10, with ? server.anchor : "");

		for (size_t i = 0;
		     i < sizeof(signed_rows) / sizeof(*signed_rows); i++) {
			struct inquiry *inquiry = inquiry_begin(
				resolver, server.folder.arena, 60000);
			struct dns_answer answer =
				dns_server_ask(inquiry, server.folder.arena,
					       signed_rows[i].name, DNS_A);

			if (answer.status != (with ? signed_rows[i].with
						   : signed_rows[i].without) ||
			    answer.secure != (with && signed_rows[i].secure))
				fail_msg("%s, anchor %d: got %d, secure %d",
					 signed_rows[i].name, with,
					 answer.status, answer.secure);
			inquiry_end(inquiry);
		}
		resolver_put(resolver);
	}
	dns_server_end(&server);
}

static size_t count_folder(const char *path)
{
	DIR *folder = opendir(path);
	size_t n = 0;

	assert_non_null(folder);
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

/* No thread and no descriptor stays, also with questions on their way. */
static void leaves_nothing(void **state)
{
	struct dns_server server = dns_server_begin(table);
	struct arena *arena = server.folder.arena;
	size_t files = 0, threads = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct resolver *resolver = dns_server_resolver(&server, 10);
		struct inquiry *inquiry = inquiry_begin(resolver, arena, 60000);
		struct dns_answer answer;

		assert_ptr_equal(resolver_get(resolver), resolver);
		resolver_put(resolver);
		dns_query(inquiry_resolver(inquiry), arena,
			  STR("silent.example"), DNS_A, &answer);
		assert_int_equal(answer.status, DNS_TEMPORARY);
		answer = dns_server_ask(inquiry, arena, "a.example", DNS_A);
		assert_int_equal(answer.status, DNS_OK);
		inquiry_end(inquiry);
		resolver_put(resolver);
		/* What the first one leaves are things of the process. */
		if (i == 0) {
			files = count_folder("/proc/self/fd");
			threads = count_folder("/proc/self/task");
		}
	}
	assert_int_equal(count_folder("/proc/self/fd"), files);
	assert_int_equal(count_folder("/proc/self/task"), threads);
	dns_server_end(&server);
}

/* Signals are for the daemon's own threads. */
static void blocks_signals(void **state)
{
	struct dns_server server = dns_server_begin(table);
	struct resolver *resolver = dns_server_resolver(&server, 10);
	struct dirent *entry;
	DIR *tasks = opendir("/proc/self/task");
	size_t n = 0;

	(void)state;
	while ((entry = readdir(tasks))) {
		unsigned long long blocked = 0;
		char line[256];
		FILE *file;

		if (atoi(entry->d_name) <= 0 || atoi(entry->d_name) == getpid())
			continue;
		file = fopen(arena_printf(server.folder.arena,
					  "/proc/self/task/%s/status",
					  entry->d_name),
			     "r");
		assert_non_null(file);
		while (fgets(line, sizeof(line), file))
			sscanf(line, "SigBlk: %llx", &blocked);
		fclose(file);
		n++;
		for (int signal = 1; signal < 32; signal++)
			if (signal != SIGKILL && signal != SIGSTOP)
				assert_true(blocked >> (signal - 1) & 1);
	}
	closedir(tasks);
	assert_true(n >= 2);
	resolver_put(resolver);
	dns_server_end(&server);
}

static enum result try_settings(const char *const *servers, const char *anchor,
				struct arena *arena, const char **error)
{
	struct resolver_settings settings = {
		.trust_anchor = anchor,
		.max_waiting = 1,
	};
	struct resolver *resolver = NULL;
	enum result result;

	settings.servers.items = ARENA_NEW(arena, struct str, 4);
	while (servers[settings.servers.n]) {
		settings.servers.items[settings.servers.n] =
			str_from(servers[settings.servers.n]);
		settings.servers.n++;
	}
	*error = NULL;
	result = resolver_new(&settings, arena, &resolver, error);
	if (result == OK)
		resolver_put(resolver);
	return result;
}

static const char *check(const char *name, const char *text)
{
	for (const struct setting *s = resolver_table; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s->check(text);
	fail_msg("no setting %s", name);
	return NULL;
}

static void server_forms(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} forms[] = {
		{ "192.0.2.53", true },
		{ "192.0.2.53@5353", true },
		{ "192.0.2.53@65535", true },
		{ "2001:db8::53", true },
		{ "2001:db8::53@53", true },
		{ "[2001:db8::53]@5353", true },
		{ "[2001:db8::53]", true },
		{ "::1", true },
		{ "recursion", true },
		{ "", false },
		{ "Recursion", false },
		{ "ns.example.org", false },
		{ "192.0.2.53:53", false },
		{ "192.0.2.53@", false },
		{ "192.0.2.53@0", false },
		{ "192.0.2.53@65536", false },
		{ "192.0.2.53@4294967349", false },
		{ "192.0.2.53@99999999999999999999", false },
		{ "192.0.2.53@-1", false },
		{ "192.0.2.53@+1", false },
		{ "192.0.2.53@ 53", false },
		{ "192.0.2.53@53@53", false },
		{ "@53", false },
		{ "[192.0.2.53]", false },
		{ "[2001:db8::53", false },
		{ "2001:db8::53]@53", false },
		{ "[]@53", false },
		{ "192.0.2.256", false },
		{ " 192.0.2.53", false },
		{ "192.0.2.53#dns.example", false },
	};
	struct arena *arena = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const char *const one[] = { forms[i].text, NULL };
		const char *error, *want = check("resolver", forms[i].text);
		enum result result = try_settings(one, "", arena, &error);

		if (!want != forms[i].good)
			fail_msg("\"%s\": want %d", forms[i].text,
				 forms[i].good);
		ASSERT_RESULT(result, forms[i].good ? OK : E_CONFIG,
			      forms[i].text);
		if (!forms[i].good)
			ASSERT_HAS(want, "192.0.2.53", forms[i].text);
	}
	arena_free(arena);
}

static void bad_settings(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const mixed[] = { "192.0.2.1", "recursion", NULL };
	static const char *const two[] = { "recursion", "recursion", NULL };
	static const char *const good[] = { "192.0.2.1", "::1@53", NULL };
	static const char *const root[] = { "recursion", NULL };
	const char *error, *path;
	struct folder folder = folder_new();

	(void)state;
	ASSERT_RESULT(try_settings(mixed, "", folder.arena, &error), E_CONFIG,
		      "mixed");
	ASSERT_HAS(error, "recursion alone", "mixed");
	ASSERT_RESULT(try_settings(two, "", folder.arena, &error), E_CONFIG,
		      "two");
	ASSERT_RESULT(try_settings(good, "", folder.arena, &error), OK, "good");
	ASSERT_RESULT(try_settings(none, "", folder.arena, &error),
		      access("/etc/resolv.conf", R_OK) == 0 ? OK : E_CONFIG,
		      "the system's");

	assert_non_null(check("trust_anchor", "root.key"));
	assert_null(check("trust_anchor", "/root.key"));
	assert_null(check("trust_anchor", ""));
	ASSERT_RESULT(try_settings(good, "/nonexistent/root.key", folder.arena,
				   &error),
		      E_CONFIG, "no anchor");
	ASSERT_HAS(error, "/nonexistent/root.key", "no anchor");
	path = folder_write(&folder, "bad.key", "no key at all (\n");
	ASSERT_RESULT(try_settings(good, path, folder.arena, &error), E_CONFIG,
		      "bad anchor");
	ASSERT_HAS(error, path, "bad anchor");
	/* The key-signing key of the root, from IANA's root-anchors.xml. */
	path = folder_write(&folder, "root.key",
			    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D084"
			    "58E880409BBC683457104237C7F8EC8D\n");
	ASSERT_RESULT(try_settings(root, path, folder.arena, &error), OK,
		      "anchor");
	folder_end(&folder);
}

static void equal_settings(void **state)
{
	struct str a[] = { STR("192.0.2.1"), STR("192.0.2.2") };
	struct str b[] = { STR("192.0.2.1"), STR("192.0.2.2") };
	struct str c[] = { STR("192.0.2.2"), STR("192.0.2.1") };
	const struct resolver_settings base = { { a, 2 }, "", 10 };
	const struct {
		struct resolver_settings settings;
		bool equal;
	} others[] = {
		{ { { b, 2 }, "", 10 }, true },
		{ { { c, 2 }, "", 10 }, false },
		{ { { b, 1 }, "", 10 }, false },
		{ { { b, 0 }, "", 10 }, false },
		{ { { b, 2 }, "/root.key", 10 }, false },
		{ { { b, 2 }, "", 11 }, false },
	};
	const struct resolver_settings system = { { NULL, 0 }, "", 10 };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(resolver_settings_equal(&base,
							 &others[i].settings),
				 others[i].equal);
	assert_false(resolver_settings_equal(&system, &system));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(large_answers),
		cmocka_unit_test(validates),
		cmocka_unit_test(leaves_nothing),
		cmocka_unit_test(blocks_signals),
		cmocka_unit_test(server_forms),
		cmocka_unit_test(bad_settings),
		cmocka_unit_test(equal_settings),
	};

	return UNIT_RUN(tests);
}
