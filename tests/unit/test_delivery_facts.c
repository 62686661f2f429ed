/* SPDX-License-Identifier: BSD-2-Clause */
#define UNIT_NAME "delivery_facts"
#include "authres.h"

#include "mail/delivery_facts.h"

/* The facts in a line: by, helo, protocol, tls, client; then the A-R. */
static struct str show(struct arena *arena, struct str header)
{
	struct delivery_facts facts;
	struct message message;
	struct str body, client = STR("-"), authres = STR("-");

	message_init(&message, arena);
	ASSERT_RESULT(message_split(&message, header, &body), OK, "header");
	delivery_facts_read(arena, &message, &facts);
	if (facts.has_client)
		client = ip_format(arena, &facts.client);
	if (facts.has_authres)
		authres = authres_show(arena, &facts.authres);
	if (!facts.received)
		return str_from(arena_printf(arena, "nothing | %.*s",
					     STR_ARG(authres)));
	return str_from(arena_printf(
		arena, "%.*s %.*s %.*s %s(%.*s,%.*s) %.*s | %.*s",
		STR_ARG(facts.by), STR_ARG(facts.helo), STR_ARG(facts.protocol),
		facts.tls ? "tls" : "clear", STR_ARG(facts.tls_version),
		STR_ARG(facts.tls_cipher), STR_ARG(client), STR_ARG(authres)));
}

struct row {
	struct str header, want;
};

static void check(const struct row *rows, size_t n)
{
	struct arena *arena = arena_new(65536);

	for (size_t i = 0; i < n; i++)
		ASSERT_STR(show(arena, rows[i].header), rows[i].want,
			   unit_show(rows[i].header));
	arena_free(arena);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

/* What Gmail puts above a message, with the names of examples in it. */
#define GMAIL_TOP                                                              \
	"Delivered-To: bob@gmail.com\r\n"                                      \
	"Received: by 2002:a05:6a10:4a85:b0:1:2:3 with SMTP id u5csp1234;\r\n" \
	"        Mon, 31 Oct 2022 11:47:18 -0700 (PDT)\r\n"                    \
	"X-Google-Smtp-Source: AMsMyM\r\n"                                     \
	"X-Received: by 2002:a05:600c:4f8a:: with SMTP id n10mr98.11.16;\r\n"  \
	"        Mon, 31 Oct 2022 11:47:18 -0700 (PDT)\r\n"                    \
	"ARC-Seal: i=1; a=rsa-sha256; t=1667242038; cv=none;\r\n"              \
	"        d=google.com; s=arc-20160816; b=vgGg9fy9FRjz==\r\n"           \
	"ARC-Authentication-Results: i=1; mx.google.com;\r\n"                  \
	"       spf=pass smtp.mailfrom=example.org\r\n"                        \
	"Return-Path: <alice@example.org>\r\n"
#define GMAIL_AUTHRES                                                  \
	"Received-SPF: pass (google.com: domain of alice@example.org " \
	"designates 2001:db8::22c as permitted sender) "               \
	"client-ip=2001:db8::22c;\r\n"                                 \
	"Authentication-Results: mx.google.com;\r\n"                   \
	"       dkim=pass header.i=@example.org header.s=rsa "         \
	"header.b=lhk5qU4z;\r\n"                                       \
	"       dkim=pass header.i=@example.org header.s=ed;\r\n"      \
	"       spf=pass (google.com: domain of alice@example.org "    \
	"designates 2001:db8::22c as permitted sender) "               \
	"smtp.mailfrom=alice@example.org;\r\n"                         \
	"       dmarc=pass (p=REJECT sp=REJECT dis=NONE) "             \
	"header.from=example.org\r\n"
#define GMAIL_SAYS                                                         \
	"mx.google.com; dkim=pass {header.i=@example.org} {header.s=rsa} " \
	"{header.b=lhk5qU4z}; dkim=pass {header.i=@example.org} "          \
	"{header.s=ed}; spf=pass {smtp.mailfrom=alice@example.org}; "      \
	"dmarc=pass {header.from=example.org}"
#define GMAIL_HOP                                                            \
	"Received: from mx.example.org (mx.example.org. "                    \
	"[2001:db8::22c])\r\n"                                               \
	"        by mx.google.com with ESMTPS id t79si10.266.2022.10.31\r\n" \
	"        for <bob@gmail.com>\r\n"                                    \
	"        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 "             \
	"bits=256/256);\r\n"                                                 \
	"        Mon, 31 Oct 2022 11:47:18 -0700 (PDT)\r\n"
#define HOP_SAYS                               \
	"mx.google.com mx.example.org ESMTPS " \
	"tls(TLS1_3,TLS_AES_256_GCM_SHA384) 2001:db8::22c | "
/* What a stranger may write below, to be believed. */
#define FORGED                                                           \
	"Authentication-Results: mx.google.com; dmarc=pass "             \
	"header.from=legitimate.com\r\n"                                 \
	"Received: from good.example (good.example. [198.51.100.1])\r\n" \
	"        by mx.google.com with ESMTPS id x\r\n"                  \
	"        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 "         \
	"bits=256/256);\r\n"                                             \
	"        Mon, 31 Oct 2022 11:47:17 -0700 (PDT)\r\n"              \
	"Authentication-Results: mx.google.com; dmarc=pass "             \
	"header.from=legitimate.com\r\n"
#define END "From: alice@example.org\r\n\r\nHi\r\n"

static void gmail(void **state)
{
	static const struct row rows[] = {
		{ S(GMAIL_TOP GMAIL_HOP GMAIL_AUTHRES END),
		  S(HOP_SAYS GMAIL_SAYS) },
		{ S(GMAIL_TOP GMAIL_HOP GMAIL_AUTHRES FORGED END),
		  S(HOP_SAYS GMAIL_SAYS) },
		/* an older one, IPv4, without TLS */
		{ S("Received: from mx.example.org (mx.example.org. "
		    "[192.0.2.1])\n        by mx.google.com with ESMTP id "
		    "d71si833482jab.10.2019\n        for <bob@gmail.com>;\n"
		    "        Wed, 12 Jun 2019 15:32:08 -0700 (PDT)\n" END),
		  S("mx.google.com mx.example.org ESMTP clear(,) "
		    "192.0.2.1 | -") },
		/* from Google to Google */
		{ S("Received: from mail-sor-f65.google.com "
		    "(mail-sor-f65.google.com. [209.85.220.65])\n"
		    "        by mx.google.com with SMTPS id i11sor59.49\n"
		    "        for <bob@gmail.com>\n"
		    "        (Google Transport Security);\n"
		    "        Tue, 19 Feb 2019 19:24:23 -0800 (PST)\n" END),
		  S("mx.google.com mail-sor-f65.google.com SMTPS tls(,) "
		    "209.85.220.65 | -") },
	};

	(void)state;
	CHECK(rows);
}

/* How others write the hop. */
static void others(void **state)
{
	static const struct row rows[] = {
		/* Postfix with opendkim above its Received, from a report */
		{ S("Return-Path: <noreply-dmarc-support@google.com>\r\n"
		    "Received-SPF: Pass (sender SPF authorized) "
		    "identity=mailfrom; "
		    "client-ip=2607:f8b0:4864:20::849;\r\n"
		    "Authentication-Results: koriander.ueber.net;\r\n"
		    "\tdkim=pass (2048-bit key; unprotected) "
		    "header.d=google.com;\r\n"
		    "\tdkim-atps=neutral\r\n"
		    "Received: from mail-qt1-x849.google.com "
		    "(mail-qt1-x849.google.com "
		    "[IPv6:2607:f8b0:4864:20::849])\r\n"
		    "\tby koriander.ueber.net (Postfix) with ESMTPS id "
		    "177EBDEB0B\r\n"
		    "\tfor <postmaster@ueber.net>; Wed, 13 Oct 2021 14:30:07 "
		    "+0200 (CEST)\r\n"
		    "Received: by mail-qt1-x849.google.com with SMTP id "
		    "103-20020a;\r\n Wed, 13 Oct 2021 05:30:06 -0700 (PDT)\r\n"
		    "X: y\r\n\r\n"),
		  S("koriander.ueber.net mail-qt1-x849.google.com ESMTPS "
		    "tls(,) 2607:f8b0:4864:20::849 | koriander.ueber.net; "
		    "dkim=pass {header.d=google.com}; dkim-atps=neutral") },
		/* Postfix with smtpd_tls_received_header */
		{ S("Received: from mail.example.org (mail.example.org\n"
		    " [IPv6:2001:db8::20])\n"
		    " (using TLSv1.3 with cipher\n TLS_AES_256_GCM_SHA384 "
		    "(256/256 bits)\n"
		    " key-exchange X25519 server-signature RSA-PSS (2048 "
		    "bits) server-digest SHA256)\n"
		    " (No client certificate requested)\n"
		    " by mx.example.net (Postfix) with ESMTPS id 49vH9C\n"
		    " for <bob@example.net>; Sun, 28 Jun 2020 01:04:46 +1000 "
		    "(AEST)\n" END),
		  S("mx.example.net mail.example.org ESMTPS "
		    "tls(TLSv1.3,TLS_AES_256_GCM_SHA384) 2001:db8::20 | -") },
		/* Sendmail */
		{ S("Received: from [198.51.100.7] ([IPv6:2001:db8::7])\n"
		    "\t(authenticated bits=0)\n"
		    "\tby mail.example.net (8.18.1/8.17.1) with ESMTPSA id "
		    "556HjT\n"
		    "\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 "
		    "bits=256 verify=NO);\n"
		    "\tFri, 6 Jun 2025 10:45:33 -0700\n" END),
		  S("mail.example.net [198.51.100.7] ESMTPSA "
		    "tls(TLSv1.3,TLS_AES_256_GCM_SHA384) 2001:db8::7 | -") },
		/* Mimecast */
		{ S("Received: from mimecast-mx02.example.com "
		    "(mx-ext.example.com\n [192.0.2.73]) by "
		    "relay.mimecast.com with ESMTP with STARTTLS\n"
		    " (version=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384) id\n"
		    " us-mta-298-_9W; Fri, 12 Apr 2024 01:52:28 -0400\n" END),
		  S("relay.mimecast.com mimecast-mx02.example.com ESMTP "
		    "tls(TLSv1.3,TLS_AES_256_GCM_SHA384) 192.0.2.73 | -") },
		/* Exchange */
		{ S("Received: from nam10.map.protection.outlook.com "
		    "(104.47.118.94) by\n"
		    " BN7NAM10FT015.mail.protection.outlook.com "
		    "(10.13.157.114) with Microsoft SMTP\n"
		    " Server (version=TLS1_2, "
		    "cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\n"
		    " 15.20.4608.16 via Frontend Transport; Sun, 17 Oct 2021 "
		    "07:06:34 +0000\n" END),
		  S("BN7NAM10FT015.mail.protection.outlook.com "
		    "nam10.map.protection.outlook.com Microsoft "
		    "tls(TLS1_2,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) "
		    "104.47.118.94 | -") },
		/* Exim: the address is no comment; helo= is the client's */
		{ S("Received: from [10.161.4.115] (port=33872 helo=60)\n"
		    "\tby relay7.m.smailru.net with esmtp (envelope-from "
		    "<dmarc_support@corp.mail.ru>)\n"
		    "\tid 1hZ2pN-0008Kp-5K\n"
		    "\tfor postmaster@ueber.net; Fri, 07 Jun 2019 03:33:53 "
		    "+0300\n" END),
		  S("relay7.m.smailru.net [10.161.4.115] esmtp clear(,) - "
		    "| -") },
		{ S("Received: from h.example ([192.0.2.1]:25 "
		    "helo=[192.0.2.9])\n\tby mx.example with esmtps id x; "
		    "Fri, 07 Jun 2019 03:33:53 +0300\n" END),
		  S("mx.example h.example esmtps tls(,) 192.0.2.1 | -") },
		/* vger: a semicolon within a comment */
		{ S("Received: from mail.example.org ([192.0.2.1]:35100 "
		    "\"EHLO\n\tmail.example.org\" rhost-flags-OK) by "
		    "vger.kernel.org\n\twith ESMTP id S932684 (ORCPT\n"
		    "\t<rfc822;git@vger.kernel.org>);\n"
		    "\tWed, 28 Oct 2009 04:24:57 -0400\n" END),
		  S("vger.kernel.org mail.example.org ESMTP clear(,) "
		    "192.0.2.1 | -") },
		/* amavis and a local delivery above the hop */
		{ S("Received: (from bob@localhost) by mx.example id x; "
		    "Fri, 07 Jun 2019 03:33:55 +0300\n"
		    "Received: from mx.example ([127.0.0.1]) by localhost "
		    "(amavis, port 20024) with LMTP id C; Fri, 07 Jun 2019 "
		    "03:33:54 +0300\n"
		    "Received: from localhost (localhost [IPv6:::1]) by "
		    "mx.example (Postfix) with ESMTP id D; Fri, 07 Jun 2019 "
		    "03:33:54 +0300\n"
		    "Authentication-Results: other.example; spf=pass\n"
		    "Received: from h.example (h.example [192.0.2.1]) by "
		    "mx.example (Postfix) with ESMTPS id E; Fri, 07 Jun 2019 "
		    "03:33:53 +0300\n" END),
		  S("mx.example h.example ESMTPS tls(,) 192.0.2.1 | "
		    "other.example; spf=pass") },
		{ S(END), S("nothing | -") },
		{ S("Received: by h.example; Fri, 07 Jun 2019 03:33 +0300\n"
		    "Authentication-Results: h.example; spf=pass\n" END),
		  S("nothing | -") },
	};

	(void)state;
	CHECK(rows);
}

#define BY_GOOGLE \
	"by mx.google.com with ESMTP id x; Mon, 31 Oct 2022 11:47 -0700\r\n"

static void forged(void **state)
{
	static const struct row rows[] = {
		/* the receiver's own is missing, or another's */
		{ S(GMAIL_TOP GMAIL_HOP "Received: by x; 1 Jan\r\n" FORGED END),
		  S(HOP_SAYS "-") },
		{ S(GMAIL_TOP GMAIL_HOP
		    "Authentication-Results: evil.example; dmarc=pass\r\n" FORGED
			    END),
		  S(HOP_SAYS "-") },
		{ S(GMAIL_TOP GMAIL_HOP
		    "Authentication-Results: mx.google.com; dmarc=pass (\r\n" FORGED
			    END),
		  S(HOP_SAYS "-") },
		/* names that look like more than a name; what follows is theirs */
		{ S("Received: from x by mx.google.com with ESMTPS "
		    "(evil. [192.0.2.1]) " BY_GOOGLE FORGED END),
		  S("nothing | -") },
		{ S("Received: from x (good. [198.51.100.1]) by mx.google.com "
		    "with ESMTPS id y; z (evil. [192.0.2.1]) " BY_GOOGLE FORGED
			    END),
		  S("nothing | -") },
		{ S("Received: from x (good. [198.51.100.1]) "
		    "(evil. [192.0.2.1]) " BY_GOOGLE FORGED END),
		  S("nothing | -") },
		{ S("Received: from x( (evil. [192.0.2.1]) " BY_GOOGLE FORGED
			    END),
		  S("nothing | -") },
		{ S("Received: from x) (evil. [192.0.2.1]) " BY_GOOGLE FORGED
			    END),
		  S("nothing | -") },
		{ S("Received: from x\0 (evil. [192.0.2.1]) " BY_GOOGLE FORGED
			    END),
		  S("nothing | -") },
		{ S("Received: from x (evil. [192.0.2.1]); no by\r\n" FORGED
			    END),
		  S("nothing | -") },
		{ S("Received: from x (evil. [192.0.2.1]) by\r\n" FORGED END),
		  S("nothing | -") },
		{ S("Received: from x (evil. [192.0.2.1]) by mx\r\n" FORGED
			    END),
		  S("nothing | -") },
		/* TLS that was none */
		{ S("Received: from x (using TLSv1.3 with cipher X) (evil. "
		    "[192.0.2.1]) " BY_GOOGLE END),
		  S("mx.google.com x ESMTP clear(,) 192.0.2.1 | -") },
		{ S("Received: from x (version=TLS1_3 cipher=X) (evil. "
		    "[192.0.2.1]) " BY_GOOGLE END),
		  S("mx.google.com x ESMTP clear(,) 192.0.2.1 | -") },
		{ S("Received: from x (evil. [192.0.2.1]) by mx.example with "
		    "esmtp (envelope-from <\"a version=TLS1_3\"@evil.example>)"
		    " id y; Mon, 31 Oct 2022 11:47 -0700\r\n" END),
		  S("mx.example x esmtp clear(,) 192.0.2.1 | -") },
		/* an address that is no client's */
		{ S("Received: from [198.51.100.1] (evil. [192.0.2.1]) " BY_GOOGLE
			    END),
		  S("mx.google.com [198.51.100.1] ESMTP clear(,) 192.0.2.1 "
		    "| -") },
		{ S("Received: from with (evil. [192.0.2.1]) " BY_GOOGLE END),
		  S("mx.google.com with ESMTP clear(,) 192.0.2.1 | -") },
		{ S("Received: from by (evil. [192.0.2.1]) " BY_GOOGLE END),
		  S("mx.google.com by ESMTP clear(,) 192.0.2.1 | -") },
		{ S("Received: from x (evil.) " BY_GOOGLE END),
		  S("mx.google.com x ESMTP clear(,) - | -") },
		{ S("Received: from x (evil. [192.0.2.1]) by; 1 Jan\r\n" FORGED
			    END),
		  S("nothing | -") },
		{ S("Received: from x with ESMTPS (evil. [192.0.2.1]) " BY_GOOGLE
			    END),
		  S("mx.google.com x ESMTP clear(,) 192.0.2.1 | -") },
		{ S("Received: from x (using ) (using a b c d e) (evil. "
		    "[::ffff:192.0.2.1]) by mx (using TLSv1.3 with cipher X) "
		    "with ESMTPS; 1 Jan\r\n" END),
		  S("mx x ESMTPS tls(,) 192.0.2.1 | -") },
	};

	(void)state;
	CHECK(rows);
}

static void find_value(void **state)
{
	struct arena *arena = arena_new(4096);
	struct authres authres;
	const struct authres_result *result;

	(void)state;
	ASSERT_RESULT(authres_parse(arena,
				    STR("mx; dkim=pass Header.D=a.example "
					"header.s=b header.s=c"),
				    &authres),
		      OK, "field");
	result = &authres.results[0];
	ASSERT_STR(authres_value(result, "header", "d"), STR("a.example"), "d");
	ASSERT_STR(authres_value(result, "header", "s"), STR("b"), "s");
	assert_null(authres_value(result, "header", "i").p);
	assert_null(authres_value(result, "smtp", "d").p);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gmail),
		cmocka_unit_test(others),
		cmocka_unit_test(forged),
		cmocka_unit_test(find_value),
	};

	return UNIT_RUN(tests);
}
