/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "keystore"
#include "unit.h"

#include "keys.h"
#include "mail/dkim_sign.h"
#include "milters/keystore.h"
#include "folder.h"

/* openssl-genrsa(1) 512 */
#define KEY_RSA_512                                                          \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEApFVA5Ds7Z7KDYat2\n" \
	"P9fFT+WN6igTnaA1B2q0x0wPc/4aQhPBszAUJWqwqUTHPd3IHVLMLKxvsrWKcxK8\n" \
	"qwR0KQIDAQABAkBmxEnIcKI9vw0aTzerxSvHQy70eAuMT1vaP4i9+XrQdd7wtBXP\n" \
	"7qU5zBTuN3kh0a81MOzMZXxNvtyWRbXnEIJhAiEA1zqqGV5mtpCob70H8IQVccrG\n" \
	"eCyFwXPZWFqOfrArJKMCIQDDdm3DsKenL2j2wHxbCkSO2Ksylj+2K7Oa2jBQsGcE\n" \
	"wwIhALh7yXerSiFsx2PXxOltXjBGnm49w3y5f3BTVtbSzHg/AiAojweBxsNTJrxS\n" \
	"D2j+fyfwuDb1/UVlKLZRGJtT8va9fwIgDddWv6uFQmVuRnzhFtC/HiRBxfFtsllh\n" \
	"dumJ2/IK6JY=\n"                                                     \
	"-----END PRIVATE KEY-----\n"

static struct folder folder;

static enum result load(struct keys *keys, const char **error)
{
	*error = NULL;
	return keystore_load(folder.arena, folder_path(&folder, "dkim"),
			     STR("example.org"), keys, error);
}

/* A folder with one good key, so that it's seen whether it's kept. */
static void begin(void)
{
	assert_int_equal(crypto_init(), OK);
	folder = folder_new();
	folder_write_key(&folder, "dkim/a.pem", KEY_RFC8410);
}

static void must_fail(const char *row, const char *file, const char *want)
{
	struct keys keys;
	const char *error;

	ASSERT_RESULT(load(&keys, &error), E_CONFIG, row);
	ASSERT_HAS(error, folder_path(&folder, "dkim"), row);
	ASSERT_HAS(error, file, row);
	ASSERT_HAS(error, want, row);
	assert_int_equal(keys.n, 0);
}

/* "rsa1024:s1 ed25519:a" */
static const char *list(const struct keys *keys)
{
	const char *text = "";

	for (size_t i = 0; i < keys->n; i++) {
		const struct dkim_identity *key = &keys->list[i];
		enum crypto_algorithm a = crypto_key_algorithm(key->key);

		ASSERT_STR(key->domain, STR("example.org"), "domain");
		text = arena_printf(folder.arena, "%s%s%s%d:%.*s", text,
				    *text ? " " : "",
				    a == CRYPTO_RSA ? "rsa" : "ed",
				    crypto_key_bits(key->key),
				    STR_ARG(key->selector));
	}
	return text;
}

static void must_load(const char *row, const char *want)
{
	struct keys keys;
	const char *error;
	enum result result = load(&keys, &error);

	if (result != OK)
		print_error("%s\n", error ? error : "(null)");
	ASSERT_RESULT(result, OK, row);
	assert_string_equal(list(&keys), want);
	keystore_free(&keys);
	assert_int_equal(keys.n, 0);
}

static void good_keys(void **state)
{
	struct capture capture;
	const char *log;

	(void)state;
	assert_int_equal(crypto_init(), OK);
	folder = folder_new();
	must_load("no folder", "");
	folder_make(&folder, "dkim");
	must_load("empty folder", "");
	folder_write_key(&folder, "dkim/a.pem", KEY_RFC8410);
	folder_write_key(&folder, "dkim/seed.pem", KEY_RFC8463 "\n");
	folder_write_key(&folder, "dkim/2048.pem", KEY_RSA_2048);
	folder_write_key(&folder, "dkim/upper.pem", KEY_RSA_2048_PKCS8);
	folder_write_key(&folder, "dkim/b.c._d.pem", KEY_RSA_8192);
	folder_write_key(&folder, "dkim/weak.pem", KEY_RFC8463_RSA);
	capture = capture_begin(&folder, STDERR_FILENO);
	must_load("all good", "rsa2048:2048 rsa8192:b.c._d rsa2048:upper "
			      "rsa1024:weak ed256:a ed256:seed");
	log = capture_end(&capture);
	assert_int_equal(count_in(log, "\n"), 1);
	ASSERT_HAS(log, "warning", "weak");
	ASSERT_HAS(log, "dkim/weak.pem", "weak");
	ASSERT_HAS(log, "1024", "weak");
	folder_end(&folder);
}

static void signs(void **state)
{
	const unsigned char digest[CRYPTO_SHA256_SIZE] = { 1, 2, 3 };
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	struct keys keys;
	const char *error;
	size_t n;

	(void)state;
	begin();
	ASSERT_RESULT(load(&keys, &error), OK, "load");
	assert_int_equal(keys.n, 1);
	ASSERT_RESULT(crypto_sign(keys.list[0].key, digest, signature, &n), OK,
		      "sign");
	assert_int_equal(n, 64);
	keystore_free(&keys);
	folder_end(&folder);
}

/* Files that are not active keys may be whatever they are. */
static void inactive(void **state)
{
	static const char *const names[] = {
		"key",	"key.pem.off", "key.pem.new", "key.PEM",    ".hid.pem",
		".pem", "key.pem~",    "key.key",     "key.public", "keypem",
	};

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		folder_write(&folder,
			     arena_printf(folder.arena, "dkim/%s", names[i]),
			     "no key, and open to all");
	folder_make(&folder, "dkim/old");
	must_load("inactive", "ed256:a");
	folder_end(&folder);
}

static void mode_faults(void **state)
{
	static const struct {
		mode_t mode;
		const char *want; /* NULL: good */
	} rows[] = {
		{ 0400, NULL },
		{ 0600, NULL },
		{ 0440, NULL },
		{ 0640, NULL },
		{ 0660, "must not be writable by its group" },
		{ 0620, "must not be writable by its group" },
		{ 0644, "must not be open to others" },
		{ 0602, "must not be open to others" },
		{ 0641, "must not be open to others" },
		{ 0666, "must not be" },
		{ 0777, "must not be" },
	};
	const char *path;

	(void)state;
	begin();
	path = folder_write(&folder, "dkim/b.pem", KEY_RFC8410);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *row =
			arena_printf(folder.arena, "%04o", rows[i].mode);

		assert_int_equal(chmod(path, rows[i].mode), 0);
		if (rows[i].want)
			must_fail(row, "b.pem: ", rows[i].want);
		else
			must_load(row, "ed256:a ed256:b");
	}
	folder_end(&folder);
}

static void owners(void **state)
{
	const char *path;

	(void)state;
	begin();
	path = folder_write_key(&folder, "dkim/b.pem", KEY_RFC8410);
	if (chown(path, 65533, 0) != 0)
		skip(); /* only root can give files away */
	must_fail("wrong owner", "b.pem: ", "must be owned by root");
	/* A link does not hide whose the key is. */
	assert_int_equal(rename(path, folder_path(&folder, "other")), 0);
	assert_int_equal(symlink("../other", path), 0);
	must_fail("wrong owner", "b.pem: ", "must be owned by root");
	/* Another group is the way in which services get at keys. */
	assert_int_equal(chown(folder_path(&folder, "other"), 0, 65533), 0);
	must_load("other group", "ed256:a ed256:b");

	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(chmod(folder_path(&folder, "dkim/a.pem"), 0600), 0);
	assert_int_equal(chown(folder_path(&folder, "other"), 65534, 0), 0);
	assert_true(become_nobody());
	must_fail("unreadable", "a.pem: ", "Permission denied");
	become_again();
	/* Root's key, which our group may read, is as it should be. */
	assert_int_equal(chmod(folder_path(&folder, "dkim/a.pem"), 0640), 0);
	assert_true(become_nobody());
	must_load("root's", "ed256:a ed256:b");
	become_again();
	assert_int_equal(
		chown(folder_path(&folder, "dkim/a.pem"), 65534, 65534), 0);
	assert_int_equal(chown(folder_path(&folder, "other"), 65534, 65534), 0);
	assert_true(become_nobody());
	must_load("our own", "ed256:a ed256:b");
	become_again();
	folder_end(&folder);
}

static void kinds(void **state)
{
	const char *path;

	(void)state;
	begin();
	path = folder_path(&folder, "dkim/b.pem");
	folder_write_key(&folder, "real", KEY_RFC8410);
	assert_int_equal(symlink("../real", path), 0);
	must_load("link", "ed256:a ed256:b");
	remove(path);
	assert_int_equal(symlink("../missing", path), 0);
	must_fail("dangling", "b.pem: ", "link to nothing");
	remove(path);
	assert_int_equal(symlink("b.pem", path), 0);
	must_fail("loop", "b.pem: ", "symbolic links");
	remove(path);
	assert_int_equal(mkdir(path, 0700), 0);
	must_fail("folder", "b.pem: ", "is not a regular file");
	remove(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	must_fail("fifo", "b.pem: ", "is not a regular file");
	remove(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	must_fail("device", "b.pem: ", "is not a regular file");
	remove(path);
	must_load("at last", "ed256:a");
	remove(folder_path(&folder, "dkim/a.pem"));
	rmdir(folder_path(&folder, "dkim"));
	folder_write(&folder, "dkim", "a file");
	must_fail("file for folder", "", "Not a directory");
	folder_end(&folder);
}

static void contents(void **state)
{
	static const struct {
		const char *what, *text, *want;
	} rows[] = {
		{ "512 bits", KEY_RSA_512, "1024 to 8192 bits" },
		{ "1023 bits", KEY_RSA_1023, "1024 to 8192 bits" },
		{ "8194 bits", KEY_RSA_8194, "1024 to 8192 bits" },
		{ "pass phrase", KEY_ENCRYPTED, "without pass phrase" },
		{ "PKCS 1", KEY_ENCRYPTED_PKCS1, "without pass phrase" },
		{ "public", KEY_PUBLIC, "no private key" },
		{ "EC", KEY_EC, "no private key" },
		{ "Ed448", KEY_ED448, "no private key" },
		{ "X25519", KEY_X25519, "no private key" },
		{ "RSA-PSS", KEY_RSA_PSS, "no private key" },
		{ "empty", "", "no private key" },
		{ "line end", "\n", "no private key" },
		{ "words", "this is no key\n", "no private key" },
		{ "half", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n",
		  "no private key" },
		{ "33 octets", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2AA",
		  "no private key" },
	};

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		folder_write_key(&folder, "dkim/b.pem", rows[i].text);
		must_fail(rows[i].what, "b.pem: ", rows[i].want);
	}
	folder_end(&folder);
}

/* The limit stands before the parser: behind it not even a key is looked at. */
static void sizes(void **state)
{
	enum { LIMIT = 64 * 1024 };
	struct str text;
	char *bytes;

	(void)state;
	begin();
	text = (struct str){ arena_alloc(folder.arena, LIMIT + 1), LIMIT };
	bytes = (char *)text.p;
	memset(bytes, '\n', LIMIT + 1);
	memcpy(bytes, KEY_RFC8410, sizeof(KEY_RFC8410) - 1);
	assert_int_equal(
		chmod(folder_write_str(&folder, "dkim/b.pem", text), 0640), 0);
	must_load("64 KiB", "ed256:a ed256:b");
	text.n++;
	folder_write_str(&folder, "dkim/b.pem", text);
	must_fail("too long", "b.pem: ", "is longer than 65536 bytes");
	assert_int_equal(truncate(folder_path(&folder, "dkim/b.pem"),
				  (off_t)1 << 40),
			 0);
	must_fail("a TiB", "b.pem: ", "is longer than 65536 bytes");
	folder_end(&folder);
}

static void names(void **state)
{
	static const char *const bad[] = {
		"A.pem",
		"-a.pem",
		"a-.pem",
		"a b.pem",
		"a..b.pem",
		"..a.pem",
		"a!.pem",
		"\xc3\xbc.pem",
		"a:b.pem",
		" .pem",
		"b..pem",
		"a123456789b123456789c123456789d123456789"
		"e123456789f123456789g123.pem",
	};
	const char *path;

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (bad[i][0] == '.')
			continue; /* hidden, so not active */
		path = folder_write_key(
			&folder, arena_printf(folder.arena, "dkim/%s", bad[i]),
			KEY_RFC8410);
		must_fail(bad[i], bad[i], "its name is no selector");
		remove(path);
	}
	folder_end(&folder);
}

static void how_many(void **state)
{
	const char *error;
	struct keys keys;
	char name[32];

	(void)state;
	begin();
	for (int i = 1; i < 16; i++) {
		snprintf(name, sizeof(name), "dkim/k%d.pem", i);
		folder_write_key(&folder, name,
				 i % 2 ? KEY_RSA_2048 : KEY_RFC8410);
	}
	ASSERT_RESULT(load(&keys, &error), OK, "sixteen");
	assert_int_equal(keys.n, 16);
	for (size_t i = 1; i < keys.n; i++)
		assert_true(crypto_key_algorithm(keys.list[i - 1].key) <=
			    crypto_key_algorithm(keys.list[i].key));
	keystore_free(&keys);
	folder_write_key(&folder, "dkim/more.pem", KEY_RFC8410);
	must_fail("seventeen", "", "more than 16 active keys");
	/* One that is switched off does not count. */
	assert_int_equal(rename(folder_path(&folder, "dkim/more.pem"),
				folder_path(&folder, "dkim/more.off")),
			 0);
	ASSERT_RESULT(load(&keys, &error), OK, "sixteen");
	keystore_free(&keys);
	folder_end(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_keys), cmocka_unit_test(signs),
		cmocka_unit_test(inactive),  cmocka_unit_test(mode_faults),
		cmocka_unit_test(owners),    cmocka_unit_test(kinds),
		cmocka_unit_test(contents),  cmocka_unit_test(sizes),
		cmocka_unit_test(names),     cmocka_unit_test(how_many),
	};

	return UNIT_RUN(tests);
}
