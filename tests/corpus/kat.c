/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A bench for known answers: reads a message in pieces from standard input,
 * hashes and signs it with the public functions of mail/ and prints bh= and
 * b=. All bytes are in hexadecimal, one command a line:
 *
 *	key BYTES		a private key
 *	canon HEADER/BODY	begins a message
 *	chunk BYTES		of the body
 *	field NAME VALUE	to be signed, in this order
 *	last NAME VALUE		the signature field without b=; prints
 *	record			prints the key record
 *
 * It ends with status 1 at the first thing that does not work.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mail/canon.h"
#include "mail/crypto.h"
#include "mail/dkim_key.h"

struct bench {
	struct arena *arena;
	struct crypto_key *key;
	struct crypto_hash *body_hash, *header_hash;
	enum canon header;
	struct canon_body body;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "kat: %s\n", what);
	exit(1);
}

static void hash_write(void *context, const char *bytes, size_t n)
{
	crypto_hash_add(context, bytes, n);
}

/* Cuts the next word off the line and reads it as hexadecimal. */
static struct str next_bytes(struct bench *bench, struct str *line)
{
	struct str word = STR("");
	unsigned int byte;
	char *out;

	str_cut(line, ' ', &word);
	out = arena_alloc(bench->arena, word.n / 2 + 1);
	for (size_t i = 0; i + 1 < word.n; i += 2) {
		must(sscanf(word.p + i, "%2x", &byte) == 1, "hexadecimal");
		out[i / 2] = (char)byte;
	}
	return (struct str){ out, word.n / 2 };
}

static void begin(struct bench *bench, struct str names)
{
	const struct canon_sink sink = { hash_write, bench->body_hash };
	enum canon body;

	must(canon_parse(names, &bench->header, &body) == OK, "canon");
	must(crypto_hash_begin(bench->body_hash) == OK, "hash");
	must(crypto_hash_begin(bench->header_hash) == OK, "hash");
	canon_body_begin(&bench->body, body, &sink);
}

static void add_field(struct bench *bench, struct str *line, bool crlf)
{
	const struct canon_sink sink = { hash_write, bench->header_hash };
	struct field field;

	field.name = next_bytes(bench, line);
	field.value = next_bytes(bench, line);
	canon_field(bench->header, &field, crlf, &sink);
}

static void print_base64(struct bench *bench, const char *name,
			 const unsigned char *bytes, size_t n)
{
	struct str octets = { (const char *)bytes, n };

	printf("%s %s\n", name, crypto_base64(bench->arena, octets).p);
}

static void finish(struct bench *bench)
{
	unsigned char digest[CRYPTO_SHA256_SIZE];
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	size_t n;

	canon_body_end(&bench->body);
	must(crypto_hash_end(bench->body_hash, digest) == OK, "body hash");
	print_base64(bench, "bh", digest, sizeof(digest));
	must(crypto_hash_end(bench->header_hash, digest) == OK, "header hash");
	must(crypto_sign(bench->key, digest, signature, &n) == OK, "signature");
	print_base64(bench, "b", signature, n);
	fflush(stdout);
}

static void print_record(struct bench *bench)
{
	struct str record;

	must(dkim_key_record(bench->key, bench->arena, &record) == OK,
	     "record");
	printf("record %.*s\n", STR_ARG(record));
	fflush(stdout);
}

static void obey(struct bench *bench, struct str line)
{
	struct str command;

	must(str_cut(&line, ' ', &command), "an empty line");
	if (str_eq(command, STR("key"))) {
		crypto_key_free(bench->key);
		must(crypto_key_parse(next_bytes(bench, &line), &bench->key) ==
			     OK,
		     "key");
	} else if (str_eq(command, STR("canon"))) {
		begin(bench, line);
	} else if (str_eq(command, STR("chunk"))) {
		canon_body_chunk(&bench->body, next_bytes(bench, &line));
	} else if (str_eq(command, STR("field"))) {
		add_field(bench, &line, true);
	} else if (str_eq(command, STR("last"))) {
		add_field(bench, &line, false);
		finish(bench);
	} else if (str_eq(command, STR("record"))) {
		print_record(bench);
	} else {
		must(false, "an unknown command");
	}
}

int main(void)
{
	struct bench bench = { .arena = arena_new(4096) };
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	must(crypto_init() == OK, "init");
	bench.body_hash = crypto_hash_new();
	bench.header_hash = crypto_hash_new();
	must(bench.body_hash && bench.header_hash, "memory");
	while ((n = getline(&line, &size, stdin)) > 0) {
		obey(&bench, str_trim_end((struct str){ line, (size_t)n }));
		arena_reset(bench.arena);
	}
	free(line);
	crypto_key_free(bench.key);
	crypto_hash_free(bench.body_hash);
	crypto_hash_free(bench.header_hash);
	arena_free(bench.arena);
	return 0;
}
