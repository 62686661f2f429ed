/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "verdict"
#include "unit.h"

#include "mail/crypto.h"
#include "mail/limits.h"
#include "mail/verdict.h"

static const struct str keys[] = {
	S("0123456789abcdef"),
	S("another secret of ours"),
};
static const struct mac_secrets secrets = { keys, 1 };
static const struct verdict_facts transaction = { S("192.0.2.1"),
						  S("mx.source.example"),
						  S("alice@source.example"),
						  S("4Zx1"), 1790000000 };
static const struct verdict usual = {
	.checked = true,
	.spf = AUTH_PASS,
	.dkim = AUTH_FAIL,
	.dmarc = AUTH_PASS,
	.policy = DMARC_REJECT,
	.author = S("source.example"),
	.authres = S("mx.example; spf=pass smtp.mailfrom=source.example"),
};
/* The MAC is from Python's hmac. */
static const struct str written =
	S(" v=1; t=1790000000; checked=1; spf=pass; dkim=fail;\n"
	  "\taligned=0; arc=none; sets=0; dmarc=pass; p=reject;\n"
	  "\tauthor=c291cmNlLmV4YW1wbGU=;\n"
	  "\tauthres=bXguZXhhbXBsZTsgc3BmPXBhc3Mgc210cC5tYWlsZnJvbT1zb3VyY2Uu"
	  "ZXhhbX\n"
	  "\tBsZQ==; h=IRM66MD2TBLZ5WNAKAJEBOS37N");

static struct str format(struct arena *arena, const struct verdict *verdict)
{
	struct str value;

	ASSERT_RESULT(verdict_format(arena, &secrets, verdict, &transaction,
				     &value),
		      OK, "format");
	return value;
}

static enum result parse(struct arena *arena, struct str value,
			 const struct verdict_facts *facts)
{
	struct verdict verdict;

	return verdict_parse(arena, &secrets, value, facts, &verdict);
}

static void same(const struct verdict *got, const struct verdict *want)
{
	assert_int_equal(got->checked, want->checked);
	assert_int_equal(got->spf, want->spf);
	assert_int_equal(got->dkim, want->dkim);
	assert_int_equal(got->dkim_aligned, want->dkim_aligned);
	assert_int_equal(got->arc, want->arc);
	assert_int_equal(got->arc_instances, want->arc_instances);
	assert_int_equal(got->dmarc, want->dmarc);
	assert_int_equal(got->policy, want->policy);
	ASSERT_STR(got->author, want->author, "author");
	ASSERT_STR(got->authres, want->authres, "authres");
}

static void known(void **state)
{
	struct arena *arena = arena_new(4096);
	struct verdict verdict;

	(void)state;
	ASSERT_STR(format(arena, &usual), written, "format");
	ASSERT_RESULT(verdict_parse(arena, &secrets, written, &transaction,
				    &verdict),
		      OK, "parse");
	same(&verdict, &usual);
	arena_free(arena);
}

/* Of any octets and sizes, with each value that there is. */
static void comes_back(void **state)
{
	struct arena *arena = arena_new(1 << 17);
	uint64_t random = 1;

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		size_t n = i == 0 ? LIMIT_VERDICT_AUTHRES : i;
		char *octets = arena_alloc(arena, n + 1);
		struct verdict got, want = {
			.checked = i & 1,
			.spf = i % 8,
			.dkim = i / 2 % 8,
			.dkim_aligned = i & 2,
			.arc = i / 4 % 8,
			.arc_instances = i % 51,
			.dmarc = i / 8 % 8,
			.policy = i % 3,
		};
		size_t cut = unit_random(&random) % (n + 1);
		struct str value;

		for (size_t j = 0; j < n; j++)
			octets[j] = (char)unit_random(&random);
		want.author = (struct str){ octets, cut };
		want.authres = (struct str){ octets + cut, n - cut };
		value = format(arena, &want);
		assert_true(value.n < 60000 && value.p[0] == ' ');
		for (size_t j = 0; j < value.n;
		     j += 1 + str_find(str_sub(value, j, value.n), '\n'))
			assert_true(str_find(str_sub(value, j, value.n),
					     '\n') <= 77);
		ASSERT_RESULT(verdict_parse(arena, &secrets, value,
					    &transaction, &got),
			      OK, "parse");
		same(&got, &want);
		arena_reset(arena);
	}
	arena_free(arena);
}

/* A field of one transaction says nothing in another. */
static void replayed(void **state)
{
	static const struct {
		const char *what;
		struct verdict_facts facts;
		enum result want;
	} rows[] = {
		{ "client",
		  { S("192.0.2.2"), S("mx.source.example"),
		    S("alice@source.example"), S("4Zx1"), 1790000000 },
		  E_CRYPTO },
		{ "helo",
		  { S("192.0.2.1"), S("MX.source.example"),
		    S("alice@source.example"), S("4Zx1"), 1790000000 },
		  E_CRYPTO },
		{ "sender",
		  { S("192.0.2.1"), S("mx.source.example"), S(""), S("4Zx1"),
		    1790000000 },
		  E_CRYPTO },
		{ "queue id",
		  { S("192.0.2.1"), S("mx.source.example"),
		    S("alice@source.example"), S("4Zx2"), 1790000000 },
		  E_CRYPTO },
		{ "shifted",
		  { S("192.0.2.1"), S("mx.source.examplea"),
		    S("lice@source.example"), S("4Zx1"), 1790000000 },
		  E_CRYPTO },
		{ "an hour",
		  { S("192.0.2.1"), S("mx.source.example"),
		    S("alice@source.example"), S("4Zx1"), 1790003600 },
		  OK },
		{ "a second more",
		  { S("192.0.2.1"), S("mx.source.example"),
		    S("alice@source.example"), S("4Zx1"), 1790003601 },
		  E_TEMP },
		{ "a clock set back",
		  { S("192.0.2.1"), S("mx.source.example"),
		    S("alice@source.example"), S("4Zx1"), 1789999700 },
		  OK },
		{ "from the future",
		  { S("192.0.2.1"), S("mx.source.example"),
		    S("alice@source.example"), S("4Zx1"), 1789999699 },
		  E_TEMP },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_RESULT(parse(arena, written, &rows[i].facts),
			      rows[i].want, rows[i].what);
	arena_free(arena);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Each octet as each other octet; white space means nothing. */
static void spoilt(void **state)
{
	struct arena *arena = arena_new(65536);
	size_t code = written.n - 26;

	(void)state;
	for (size_t i = 0; i < written.n; i++) {
		char *bad = (char *)arena_copy(arena, written).p;

		for (int c = 0; c < 256; c++) {
			bool good = written.p[i] == (char)c;

			if (is_space(written.p[i]))
				good = is_space((char)c);
			/* the digits of the MAC have no case */
			else if (i >= code)
				good = str_lower_byte(written.p[i]) ==
				       str_lower_byte((char)c);
			bad[i] = (char)c;
			assert_int_equal(parse(arena,
					       (struct str){ bad, written.n },
					       &transaction) == OK,
					 good);
		}
		arena_reset(arena);
	}
	for (size_t n = 0; n < written.n; n++)
		assert_int_not_equal(
			parse(arena, str_sub(written, 0, n), &transaction), OK);
	arena_free(arena);
}

static void refused(void **state)
{
	static const struct str rows[] = {
		S(""),
		S("h=IRM66MD2TBLZ5WNAKAJEBOS37N"),
		S(" v=1; t=1790000000"),
		S(";"),
	};
	const struct str turned[] = { keys[1], keys[0] };
	const struct mac_secrets rotated = { turned, 2 },
				 dropped = { turned, 1 },
				 nothing = { turned, 0 };
	struct arena *arena = arena_new(4096);
	struct verdict verdict = usual;
	char *large;
	struct str value;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_RESULT(parse(arena, rows[i], &transaction), E_SYNTAX,
			      unit_show(rows[i]));
	ASSERT_RESULT(parse(arena, STR(";h="), &transaction), E_CRYPTO,
		      "an empty MAC");
	ASSERT_RESULT(verdict_parse(arena, &rotated, written, &transaction,
				    &verdict),
		      OK, "an older secret");
	ASSERT_RESULT(verdict_parse(arena, &dropped, written, &transaction,
				    &verdict),
		      E_CRYPTO, "another secret");
	ASSERT_RESULT(verdict_parse(arena, &nothing, written, &transaction,
				    &verdict),
		      E_CONFIG, "no secret");
	ASSERT_RESULT(verdict_format(arena, &nothing, &usual, &transaction,
				     &value),
		      E_CONFIG, "no secret");
	/* white space that means nothing, and too much of it */
	large = arena_alloc(arena, LIMIT_FIELD + 1);
	memset(large, ' ', LIMIT_FIELD + 1);
	memcpy(large, written.p, written.n);
	ASSERT_RESULT(parse(arena, (struct str){ large, LIMIT_FIELD },
			    &transaction),
		      OK, "the largest field");
	ASSERT_RESULT(parse(arena, (struct str){ large, LIMIT_FIELD + 1 },
			    &transaction),
		      E_SYNTAX, "a larger field");
	verdict.authres = (struct str){ large, LIMIT_VERDICT_AUTHRES + 1 };
	verdict.author = STR("");
	ASSERT_RESULT(verdict_format(arena, &secrets, &verdict, &transaction,
				     &value),
		      E_LIMIT, "a large authres");
	verdict.authres.n--;
	verdict.author = STR("a");
	ASSERT_RESULT(verdict_format(arena, &secrets, &verdict, &transaction,
				     &value),
		      E_LIMIT, "with an author");
	arena_free(arena);
}

/* With a MAC of ours, but not what we write: of another version, say. */
static void another_version(void **state)
{
	static const struct mac_use use = { S("verdict"), 26 };
#define PARTS(version, spf, dmarc, policy, flag, time, author)           \
	"v=" version ";t=" time ";checked=" flag ";spf=" spf             \
	";dkim=none;aligned=0;arc=none;sets=0;dmarc=" dmarc ";p=" policy \
	";author=" author ";authres="
	static const struct {
		enum result want;
		const char *text;
	} rows[] = {
		{ OK,
		  PARTS("1", "pass", "pass", "none", "1", "1790000000", "") },
		{ E_SYNTAX,
		  PARTS("2", "pass", "pass", "none", "1", "1790000000", "") },
		{ E_SYNTAX,
		  PARTS("1", "Pass", "pass", "none", "1", "1790000000", "") },
		{ E_SYNTAX,
		  PARTS("1", "pass", "", "none", "1", "1790000000", "") },
		{ E_SYNTAX,
		  PARTS("1", "pass", "pass", "block", "1", "1790000000", "") },
		{ E_SYNTAX,
		  PARTS("1", "pass", "pass", "none", "2", "1790000000", "") },
		{ E_SYNTAX,
		  PARTS("1", "pass", "pass", "none", "1", "-1790000000", "") },
		{ E_SYNTAX, PARTS("1", "pass", "pass", "none", "1",
				  "1790000000000", "") },
		{ E_SYNTAX,
		  PARTS("1", "pass", "pass", "none", "1", "1790000000", "x") },
		{ E_SYNTAX, "v=1;t=1790000000" },
		{ E_SYNTAX, "" },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *covered =
			arena_printf(arena,
				     "9:192.0.2.117:mx.source.example"
				     "20:alice@source.example4:4Zx1%zu:%s",
				     strlen(rows[i].text), rows[i].text);
		struct str code;

		ASSERT_RESULT(mac_make(arena, &secrets, &use, str_from(covered),
				       &code),
			      OK, "MAC");
		ASSERT_RESULT(
			parse(arena,
			      str_from(arena_printf(arena, "%s;h=%s",
						    rows[i].text, code.p)),
			      &transaction),
			rows[i].want, rows[i].text);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),    cmocka_unit_test(comes_back),
		cmocka_unit_test(replayed), cmocka_unit_test(spoilt),
		cmocka_unit_test(refused),  cmocka_unit_test(another_version),
	};

	if (crypto_init() != OK)
		return 1;
	return UNIT_RUN(tests);
}
