/* SPDX-License-Identifier: BSD-2-Clause */

/* The header of a saved message; also below what a receiver wrote. */

#include "fuzz.h"
#include "mail/buf.h"
#include "mail/delivery_facts.h"
#include "mail/limits.h"

static const struct str receiver = {
	"Received: from a.example (a.example. [192.0.2.1])\r\n"
	" by mx.google.com with ESMTPS id x\r\n"
	" (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n"
	" Mon, 31 Oct 2022 11:47:18 -0700 (PDT)\r\n"
	"Authentication-Results: mx.google.com; spf=fail\r\n",
	239
};

static bool read_facts(struct arena *arena, struct str text,
		       struct delivery_facts *facts)
{
	struct message message;
	struct str body;

	message_init(&message, arena);
	if (message_split(&message, text, &body) != OK)
		return false;
	delivery_facts_read(arena, &message, facts);
	return true;
}

static void check(struct str text, const struct delivery_facts *facts)
{
	if (!facts->received) {
		MUST(!facts->tls && !facts->has_client && !facts->has_authres);
		MUST(!facts->by.n && !facts->tls_version.n);
		return;
	}
	MUST(facts->by.n && facts->helo.n);
	MUST(facts->by.p > text.p && facts->by.p < text.p + text.n);
	if (!facts->tls)
		MUST(!facts->tls_version.n && !facts->tls_cipher.n);
	if (facts->has_authres)
		MUST(facts->authres.n <= LIMIT_AUTHRES_RESULTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	struct arena *arena = arena_new(4096);
	struct delivery_facts facts;
	struct buf buf;

	if (read_facts(arena, input, &facts))
		check(input, &facts);
	/* Nothing that stands below what the receiver wrote changes it. */
	buf_init(&buf, arena, 1 << 20);
	buf_add(&buf, receiver);
	buf_add(&buf, STR("X: y\r\n"));
	buf_add(&buf, input);
	if (read_facts(arena, buf_str(&buf), &facts)) {
		MUST(facts.received && facts.tls && facts.has_client);
		MUST(str_eq(facts.by, STR("mx.google.com")));
		MUST(str_eq(facts.tls_version, STR("TLS1_3")));
		MUST(facts.client.octets[0] == 192 && !facts.client.six);
		MUST(facts.has_authres && facts.authres.n == 1);
		MUST(str_eq(facts.authres.results[0].result, STR("fail")));
	}
	arena_free(arena);
	return 0;
}
