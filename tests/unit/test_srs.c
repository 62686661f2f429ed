/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "srs"
#include "unit.h"

#include "mail/crypto.h"
#include "mail/limits.h"
#include "mail/path.h"
#include "mail/srs.h"

enum { DAY = 86400 };

static const struct str keys[] = {
	S("0123456789abcdef"),
	S("another secret of ours"),
};
/* Day 20,717, which is 237 modulo 1024: "HN". */
static const struct srs today = { { keys, 1 }, 1790000000 };

static struct srs on(int64_t days)
{
	struct srs srs = today;

	srs.now += days * DAY;
	return srs;
}

static struct str domain(void)
{
	return STR("fwd.example");
}

/* The local part of an address, quotes and all. */
static struct str local_of(struct str address)
{
	return str_sub(address, 0, str_find_last(address, '@'));
}

static struct str forward(struct arena *arena, const struct srs *srs,
			  struct str sender)
{
	struct str rewritten;

	ASSERT_RESULT(srs_forward(arena, srs, sender, domain(), &rewritten), OK,
		      unit_show(sender));
	return rewritten;
}

static enum result reverse(struct arena *arena, const struct srs *srs,
			   struct str local)
{
	enum srs_kind kind;
	struct str address;

	return srs_reverse(arena, srs, local, &kind, &address);
}

/* The codes are from Python's hmac. */
static void rewritten(void **state)
{
	static const struct {
		struct str sender, want, back;
		enum srs_kind kind;
	} rows[] = {
		{ S("Alice.Doe@Source.example"),
		  S("SRS0=GTCYBL3D=HN=source.example=Alice.Doe@fwd.example"),
		  S("Alice.Doe@source.example"), SRS_SENDER },
		{ S("\"john doe\"@source.example"),
		  S("\"SRS0=UZK555NQ=HN=source.example=john doe\"@fwd.example"),
		  S("\"john doe\"@source.example"), SRS_SENDER },
		{ S("j\xc3\xbcrgen@m\xc3\xbcnchen.example"),
		  S("SRS0=37BHHGWV=HN=xn--mnchen-3ya.example=j\xc3\xbcrgen"
		    "@fwd.example"),
		  S("j\xc3\xbcrgen@xn--mnchen-3ya.example"), SRS_SENDER },
		{ S("root@[192.0.2.1]"),
		  S("\"SRS0=MKDRE6FL=HN=[192.0.2.1]=root\"@fwd.example"),
		  S("root@[192.0.2.1]"), SRS_SENDER },
		{ S("SRS0=AAAA=BB=source.example=Alice@first.example"),
		  S("SRS1=TLAA6XP3HN=first.example==AAAA=BB=source.example="
		    "Alice@fwd.example"),
		  S("SRS0=AAAA=BB=source.example=Alice@first.example"),
		  SRS_FORWARDER },
		{ S("srs0+AAAA=BB=source.example=Alice@first.example"),
		  S("SRS1=K6YCBMMKHN=first.example=+AAAA=BB=source.example="
		    "Alice@fwd.example"),
		  S("SRS0+AAAA=BB=source.example=Alice@first.example"),
		  SRS_FORWARDER },
		/* another's SRS1 is pointed anew; the first host stays */
		{ S("SRS1=XX=First.example==AAAA=BB=source.example=Alice"
		    "@second.example"),
		  S("SRS1=TLAA6XP3HN=first.example==AAAA=BB=source.example="
		    "Alice@fwd.example"),
		  S("SRS0=AAAA=BB=source.example=Alice@first.example"),
		  SRS_FORWARDER },
		{ S("SRS1-XX=first.example=+AAAA=BB=source.example=Alice"
		    "@second.example"),
		  S("SRS1=K6YCBMMKHN=first.example=+AAAA=BB=source.example="
		    "Alice@fwd.example"),
		  S("SRS0+AAAA=BB=source.example=Alice@first.example"),
		  SRS_FORWARDER },
		/* users that have names like SRS */
		{ S("srs0-support@source.example"),
		  S("SRS0=XZQ3E3RU=HN=source.example=srs0-support@fwd.example"),
		  S("srs0-support@source.example"), SRS_SENDER },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = unit_show(rows[i].sender);
		struct str got = forward(arena, &today, rows[i].sender);
		enum srs_kind kind;
		struct str address;

		ASSERT_STR(got, rows[i].want, what);
		ASSERT_RESULT(srs_reverse(arena, &today, local_of(got), &kind,
					  &address),
			      OK, what);
		ASSERT_STR(address, rows[i].back, what);
		assert_int_equal(kind, rows[i].kind);
	}
	arena_free(arena);
}

/* Addresses of this domain, and names that only begin like SRS. */
static void not_twice(void **state)
{
	static const struct {
		struct str sender, want;
	} rows[] = {
		{ S("SRS0=GTCYBL3D=HN=source.example=Alice.Doe@FWD.example"),
		  S("SRS0=GTCYBL3D=HN=source.example=Alice.Doe@fwd.example") },
		/* its code is looked at when it comes back */
		{ S("SRS0=AAAAAAAA=HN=source.example=Alice.Doe@fwd.example"),
		  S("SRS0=AAAAAAAA=HN=source.example=Alice.Doe@fwd.example") },
		{ S("SRS1=XX=first.example==AAAA=BB=source.example=Alice"
		    "@fwd.example"),
		  S("SRS1=XX=first.example==AAAA=BB=source.example=Alice"
		    "@fwd.example") },
		{ S("SRS0=B2DUKQF5=HN=+=k3j5h2g7a9b4c@fwd.example"),
		  S("SRS0=B2DUKQF5=HN=+=k3j5h2g7a9b4c@fwd.example") },
		/* what was ours, behind another forwarder */
		{ S("SRS1=XX=fwd.example==GTCYBL3D=HN=source.example=Alice.Doe"
		    "@second.example"),
		  S("SRS0=GTCYBL3D=HN=source.example=Alice.Doe@fwd.example") },
	};
	static const struct str plain[] = {
		S("SRS0@source.example"),
		S("SRS0=@source.example"),
		S("SRS0=AAAA@source.example"),
		S("SRS0=AAAA=BB@source.example"),
		S("SRS0=AAAA=BB=o.example@source.example"),
		S("SRS0=AAAA=BB=o.example=@source.example"),
		S("SRS0==BB=o.example=a@source.example"),
		S("SRS0AAAA=BB=o.example=a@source.example"),
		S("SRS1@source.example"),
		S("SRS1=XX=first.example@source.example"),
		S("SRS1=XX=f==A=B=o.e@s.example"),
		S("SRS1=XX=-==A=B=o.e=a@s.example"),
		S("SRS2=A=B=o.example=a@s.example"),
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_STR(forward(arena, &today, rows[i].sender), rows[i].want,
			   unit_show(rows[i].sender));
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct str got = forward(arena, &today, plain[i]), address;
		enum srs_kind kind;

		ASSERT_RESULT(srs_reverse(arena, &today, local_of(got), &kind,
					  &address),
			      OK, unit_show(plain[i]));
		assert_int_equal(kind, SRS_SENDER);
		ASSERT_STR(address, plain[i], "back");
	}
	arena_free(arena);
}

static void tokens(void **state)
{
	static const struct {
		struct str token;
		enum result want;
	} rows[] = {
		{ S("k3j5h2g7a9b4c"), OK },
		{ S("a"), OK },
		/* 19 octets and 45 */
		{ S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), OK },
		{ S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		  E_LIMIT },
		{ S(""), E_SYNTAX },
		{ S("K3J5"), E_SYNTAX },
		{ S("a=b"), E_SYNTAX },
		{ S("a b"), E_SYNTAX },
	};
	struct arena *arena = arena_new(4096);
	struct str got, address;
	enum srs_kind kind;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_RESULT(srs_forward_token(arena, &today, rows[i].token,
						domain(), &got),
			      rows[i].want, unit_show(rows[i].token));
	srs_forward_token(arena, &today, rows[0].token, domain(), &got);
	ASSERT_STR(got, STR("SRS0=B2DUKQF5=HN=+=k3j5h2g7a9b4c@fwd.example"),
		   "token");
	for (int upper = 0; upper < 2; upper++) {
		ASSERT_RESULT(srs_reverse(arena, &today,
					  upper ? STR("SRS0=B2DUKQF5=HN=+="
						      "K3J5H2G7A9B4C")
						: local_of(got),
					  &kind, &address),
			      OK, "reverse");
		assert_int_equal(kind, SRS_TOKEN);
		ASSERT_STR(address, rows[0].token, "token");
	}
	/* Who forwards it after us keeps us as the first. */
	ASSERT_RESULT(srs_forward(arena, &today, got, STR("third.example"),
				  &address),
		      OK, "after us");
	ASSERT_RESULT(srs_reverse(arena, &today, local_of(address), &kind,
				  &address),
		      OK, "back to us");
	ASSERT_STR(address, got, "back to us");
	arena_free(arena);
}

/* RFC 5321 4.5.3.1.1: 64 octets; 18 are ours, and 14 of the sender's domain. */
static void limits(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijkl";
	struct arena *arena = arena_new(4096);
	struct str got;

	(void)state;
	for (int n = 1; n <= 38; n++) {
		struct str plain = str_from(
			arena_printf(arena, "%.*s@source.example", n, letters));
		struct str quoted = str_from(arena_printf(
			arena, "\" %.*s\"@source.example", n, letters));

		ASSERT_RESULT(srs_forward(arena, &today, plain, domain(), &got),
			      n <= 32 ? OK : E_LIMIT, plain.p);
		if (n <= 32)
			assert_int_equal(local_of(got).n, 32 + n);
		/* with two quotes and a space */
		ASSERT_RESULT(srs_forward(arena, &today, quoted, domain(),
					  &got),
			      n <= 29 ? OK : E_LIMIT, quoted.p);
		if (n <= 29)
			assert_int_equal(local_of(got).n, 35 + n);
	}
	/* 90 octets, and 65 in the local part */
	ASSERT_RESULT(
		srs_forward(
			arena, &today,
			STR("bounces+12345678-9abc-alice=destination.example"
			    "@em1234.mail.a-large-newsletter.example.org"),
			domain(), &got),
		E_LIMIT, "90 octets");
	ASSERT_RESULT(srs_forward(arena, &today,
				  STR("0123456789012345678901234567890123456789"
				      "0123456789012345678901234@x.example"),
				  domain(), &got),
		      E_LIMIT, "65 octets");
	ASSERT_RESULT(srs_forward(arena, &today, STR(""), domain(), &got),
		      E_SYNTAX, "null sender");
	arena_free(arena);
}

/* An address of each day, asked for on many days around it. */
static void sweep(void **state)
{
	enum { DAYS = 1100 };
	static const struct str senders[] = {
		S("alice@source.example"),
		S("SRS0=AAAA=BB=source.example=Alice@first.example"),
	};
	struct arena *arena = arena_new(65536);

	(void)state;
	for (int64_t day = 0; day < DAYS; day++) {
		const struct srs then = on(day);

		for (int64_t age = -30; age < DAYS; age += age < 60 ? 1 : 7) {
			const struct srs now = on(day + age);
			/* no day is one of 1,024 days ago or to come */
			enum result want = age < -1	? E_CRYPTO
					   : age <= 21	? OK
					   : age < 1023 ? E_LIMIT
							: E_CRYPTO;
			struct str sender = senders[(day + age) & 1];

			ASSERT_RESULT(reverse(arena, &now,
					      local_of(forward(arena, &then,
							       sender))),
				      want, "age");
		}
		arena_reset(arena);
	}
	arena_free(arena);
}

/* The days around the turn of 1,024, and the seconds around midnight. */
static void turns(void **state)
{
	const struct srs last = { { keys, 1 }, 20479LL * DAY + DAY - 1 };
	const struct srs first = { { keys, 1 }, 20480LL * DAY };
	const struct srs late = { { keys, 1 }, 20501LL * DAY + DAY - 1 };
	struct arena *arena = arena_new(4096);
	struct str got;

	(void)state;
	got = forward(arena, &last, STR("a@b.example"));
	ASSERT_STR(str_sub(got, 14, 16), STR("77"), "day 1023");
	ASSERT_RESULT(reverse(arena, &first, local_of(got)), OK, "a day");
	ASSERT_RESULT(reverse(arena, &late, local_of(got)), E_LIMIT, "22 days");
	got = forward(arena, &first, STR("a@b.example"));
	ASSERT_STR(str_sub(got, 14, 16), STR("AA"), "day 0");
	ASSERT_RESULT(reverse(arena, &last, local_of(got)), OK, "tomorrow");
	ASSERT_RESULT(reverse(arena, &late, local_of(got)), OK, "21 days");
	arena_free(arena);
}

static void secrets(void **state)
{
	const struct str turned[] = { keys[1], keys[0] };
	const struct srs rotated = { { turned, 2 }, today.now };
	const struct srs dropped = { { turned, 1 }, today.now };
	const struct srs nothing = { { turned, 0 }, today.now };
	struct arena *arena = arena_new(4096);
	struct str got, sender = STR("alice@source.example");

	(void)state;
	got = forward(arena, &today, sender);
	ASSERT_RESULT(reverse(arena, &rotated, local_of(got)), OK, "older");
	ASSERT_RESULT(reverse(arena, &dropped, local_of(got)), E_CRYPTO,
		      "dropped");
	ASSERT_RESULT(reverse(arena, &nothing, local_of(got)), E_CONFIG,
		      "no secret");
	got = forward(arena, &rotated, sender);
	ASSERT_RESULT(reverse(arena, &dropped, local_of(got)), OK, "newer");
	ASSERT_RESULT(reverse(arena, &today, local_of(got)), E_CRYPTO,
		      "not yet known");
	ASSERT_RESULT(srs_forward(arena, &nothing, sender, domain(), &got),
		      E_CONFIG, "no secret");
	arena_free(arena);
}

static bool is_separator(char c)
{
	return c == '=' || c == '-' || c == '+';
}

/* Does a change mean nothing? Case, and what follows SRS0 and SRS1. */
static bool is_same(struct str local, size_t i, char other)
{
	if (i == 4 && is_separator(other))
		return true;
	return str_lower_byte(local.p[i]) == str_lower_byte(other);
}

/* Each octet of an address as each other octet; and left out, and twice. */
static void spoilt(void **state)
{
	static const struct str senders[] = {
		S("Alice.Doe@source.example"),
		S("SRS0=AAAA=BB=source.example=Alice@first.example"),
		S("j\xc3\xbcrgen@source.example"),
	};
	struct arena *arena = arena_new(65536);
	size_t tried = 0;

	(void)state;
	for (size_t s = 0; s < sizeof(senders) / sizeof(senders[0]); s++) {
		struct str local = local_of(forward(arena, &today, senders[s]));

		for (size_t i = 0; i < local.n; i++) {
			char bad[LIMIT_LOCAL_PART + 2];
			size_t rest = local.n - i - 1;

			memcpy(bad, local.p, local.n);
			for (int c = 0; c < 256; c++) {
				bool good = is_same(local, i, (char)c);

				bad[i] = (char)c;
				assert_int_equal(
					reverse(arena, &today,
						(struct str){ bad, local.n }) ==
						OK,
					good);
				tried++;
			}
			memcpy(bad + i, local.p + i + 1, rest);
			assert_int_not_equal(
				reverse(arena, &today,
					(struct str){ bad, local.n - 1 }),
				OK);
			memcpy(bad + i, local.p + i, rest + 1);
			memmove(bad + i + 1, bad + i, rest + 1);
			assert_int_not_equal(
				reverse(arena, &today,
					(struct str){ bad, local.n + 1 }),
				OK);
		}
		arena_reset(arena);
	}
	assert_true(tried > 30000);
	arena_free(arena);
}

/* What others do to addresses on their way. */
static void changed(void **state)
{
	static const struct {
		const char *what;
		struct str local, want;
	} rows[] = {
		{ "lower case", S("srs0=gtcybl3d=hn=source.example=alice.doe"),
		  S("alice.doe@source.example") },
		{ "upper case", S("SRS0=GTCYBL3D=HN=SOURCE.EXAMPLE=ALICE.DOE"),
		  S("ALICE.DOE@SOURCE.EXAMPLE") },
		{ "minus", S("SRS0-GTCYBL3D=HN=source.example=Alice.Doe"),
		  S("Alice.Doe@source.example") },
		{ "plus", S("SRS0+GTCYBL3D=HN=source.example=Alice.Doe"),
		  S("Alice.Doe@source.example") },
		{ "quotes", S("\"SRS0=GTCYBL3D=HN=source.example=Alice.Doe\""),
		  S("Alice.Doe@source.example") },
		{ "backslashes",
		  S("\"SRS0=UZK555NQ=HN=source.example=\\j\\ohn\\ doe\""),
		  S("\"john doe\"@source.example") },
		{ "SRS1",
		  S("srs1+tlaa6xp3hn=first.example==aaaa=bb=source.example="
		    "alice"),
		  S("SRS0=aaaa=bb=source.example=alice@first.example") },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum srs_kind kind;
		struct str address;

		ASSERT_RESULT(srs_reverse(arena, &today, rows[i].local, &kind,
					  &address),
			      OK, rows[i].what);
		ASSERT_STR(address, rows[i].want, rows[i].what);
	}
	arena_free(arena);
}

static void not_ours(void **state)
{
	static const struct {
		struct str local;
		enum result want;
	} rows[] = {
		{ S(""), E_SYNTAX },
		{ S("alice"), E_SYNTAX },
		{ S("SRS0"), E_SYNTAX },
		{ S("SRS0="), E_SYNTAX },
		{ S("SRS0=GTCYBL3D"), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=HN"), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=HN=source.example"), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=HN=source.example="), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=HN==Alice.Doe"), E_SYNTAX },
		{ S("SRS0/GTCYBL3D=HN=source.example=Alice.Doe"), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=H1=source.example=Alice.Doe"), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=H=source.example=Alice.Doe"), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=HNN=source.example=Alice.Doe"), E_SYNTAX },
		{ S("SRS2=GTCYBL3D=HN=source.example=Alice.Doe"), E_SYNTAX },
		/* as PostSRSd writes them, with codes of 20 bits */
		{ S("SRS0=GTCY=HN=source.example=Alice.Doe"), E_SYNTAX },
		{ S("SRS1=GTCY=first.example==AAAA=BB=s.example=a"), E_SYNTAX },
		/* a code for one form is none for the other */
		{ S("SRS1=GTCYBL3DHN=source.example==A=B=c.example=d"),
		  E_CRYPTO },
		{ S("SRS0=TLAA6XP3=HN=first.example==AAAA=BB=source.example="
		    "Alice"),
		  E_CRYPTO },
		{ S("SRS1=TLAA6XP3HN=first.example==AAAA=BB=source.example"),
		  E_SYNTAX },
		{ S("SRS1=TLAA6XP3HN=first.example"), E_SYNTAX },
		{ S("SRS1=TLAA6XP3HN"), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=HN=source.example=Alice Doe"), E_SYNTAX },
		{ S("SRS0=GTCYBL3D=HN=source.example=Alice.Doe\0"), E_SYNTAX },
		/* of 65 octets */
		{ S("SRS0=GTCYBL3D=HN=source.example="
		    "012345678901234567890123456789012"),
		  E_SYNTAX },
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_RESULT(reverse(arena, &today, rows[i].local),
			      rows[i].want, unit_show(rows[i].local));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rewritten), cmocka_unit_test(not_twice),
		cmocka_unit_test(tokens),    cmocka_unit_test(limits),
		cmocka_unit_test(sweep),     cmocka_unit_test(turns),
		cmocka_unit_test(secrets),   cmocka_unit_test(spoilt),
		cmocka_unit_test(changed),   cmocka_unit_test(not_ours),
	};

	if (crypto_init() != OK)
		return 1;
	return UNIT_RUN(tests);
}
