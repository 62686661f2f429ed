/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_hash.h"

#include <stdlib.h>

/* A field and where it stands. */
struct place {
	struct str name;
	size_t at;
};

/* The fields of one name, the lowest first. */
struct group {
	const struct place *places;
	size_t n;
	size_t taken; /* by the signature at work */
};

struct dkim_fields {
	const struct message *message;
	struct group *groups;
	size_t n;
};

/* Any order will do in which equal names are equal. */
static int compare_names(struct str a, struct str b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	for (size_t i = 0; i < a.n; i++) {
		char c = str_lower_byte(a.p[i]), d = str_lower_byte(b.p[i]);

		if (c != d)
			return c < d ? -1 : 1;
	}
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *p = a, *q = b;
	int order = compare_names(p->name, q->name);

	return order ? order : p->at < q->at ? 1 : -1;
}

struct dkim_fields *dkim_fields_new(struct arena *arena,
				    const struct message *message)
{
	struct dkim_fields *fields = ARENA_NEW(arena, struct dkim_fields, 1);
	struct place *places = ARENA_NEW(arena, struct place, message->n + 1);
	struct group *group;

	fields->message = message;
	fields->groups = ARENA_NEW(arena, struct group, message->n + 1);
	for (size_t i = 0; i < message->n; i++)
		places[i] =
			(struct place){ str_trim_end(message->fields[i].name),
					i };
	qsort(places, message->n, sizeof(*places), compare_places);
	for (size_t i = 0; i < message->n; i++) {
		group = &fields->groups[fields->n - (i > 0)];
		if (i == 0 ||
		    compare_names(places[i].name, group->places->name) != 0) {
			group = &fields->groups[fields->n++];
			group->places = &places[i];
		}
		group->n++;
	}
	return fields;
}

static int compare_group(const void *key, const void *element)
{
	const struct group *group = element;

	return compare_names(*(const struct str *)key, group->places->name);
}

static struct group *find(const struct dkim_fields *fields, struct str name)
{
	return bsearch(&name, fields->groups, fields->n,
		       sizeof(*fields->groups), compare_group);
}

size_t dkim_fields_count(const struct dkim_fields *fields, struct str name)
{
	const struct group *group = find(fields, name);

	return group ? group->n : 0;
}

static void hash_write(void *context, const char *bytes, size_t n)
{
	crypto_hash_add(context, bytes, n);
}

struct canon_sink dkim_hash_sink(struct crypto_hash *hash)
{
	return (struct canon_sink){ hash_write, hash };
}

/*
 * 5.4.2: a name stands for the lowest field of that name that is not yet
 * taken, and for nothing when all are. 3.5: the signature itself can't be
 * among them.
 */
static const struct field *take(struct dkim_fields *fields, struct str name,
				size_t own)
{
	struct group *group = find(fields, name);
	size_t at = own;

	while (group && at == own && group->taken < group->n)
		at = group->places[group->taken++].at;
	return at == own ? NULL : &fields->message->fields[at];
}

enum result dkim_fields_hash(struct dkim_fields *fields,
			     struct crypto_hash *hash,
			     const struct dkim_signature *signature, size_t own,
			     unsigned char digest[CRYPTO_SHA256_SIZE])
{
	const struct canon_sink sink = dkim_hash_sink(hash);
	const struct field self = { fields->message->fields[own].name,
				    signature->bare };
	struct str names = signature->names, name;
	enum result result = crypto_hash_begin_as(hash, signature->digest);

	if (result != OK)
		return result;
	for (size_t i = 0; i < fields->n; i++)
		fields->groups[i].taken = 0;
	while (taglist_cut(&names, &name)) {
		const struct field *field = take(fields, name, own);

		if (field)
			canon_field(signature->header, field, true, &sink);
	}
	/* 3.7: the field itself comes last, with an empty b= and no CRLF. */
	canon_field(signature->header, &self, false, &sink);
	return crypto_hash_end(hash, digest);
}

struct body_hash {
	enum canon canon;
	enum crypto_digest digest;
	uint64_t length; /* octets that are hashed at most */
	uint64_t left;	 /* octets still wanted */
	struct crypto_hash *hash;
	unsigned char value[CRYPTO_SHA256_SIZE];
};

/* One canonical form of the body, and where it goes. */
struct body_form {
	struct canon_body body;
	const struct dkim_bodies *bodies;
	bool wanted;
};

struct dkim_bodies {
	struct body_form forms[2]; /* by enum canon */
	struct body_hash *hashes;
	size_t n;
};

struct dkim_bodies *dkim_bodies_new(size_t n)
{
	struct dkim_bodies *bodies = arena_must(calloc(1, sizeof(*bodies)));

	bodies->hashes = arena_must(calloc(n + 1, sizeof(*bodies->hashes)));
	return bodies;
}

void dkim_bodies_free(struct dkim_bodies *bodies)
{
	if (!bodies)
		return;
	for (size_t i = 0; i < bodies->n; i++)
		crypto_hash_free(bodies->hashes[i].hash);
	free(bodies->hashes);
	free(bodies);
}

static void form_write(void *context, const char *bytes, size_t n)
{
	const struct body_form *form = context;
	const struct dkim_bodies *bodies = form->bodies;

	for (size_t i = 0; i < bodies->n; i++) {
		struct body_hash *hash = &bodies->hashes[i];
		size_t some = n < hash->left ? n : (size_t)hash->left;

		if (hash->canon != form->body.canon)
			continue;
		crypto_hash_add(hash->hash, bytes, some);
		hash->left -= some;
	}
}

enum result dkim_bodies_add(struct dkim_bodies *bodies,
			    const struct dkim_signature *signature,
			    size_t *index)
{
	uint64_t length = signature->partial ? signature->length : UINT64_MAX;
	struct body_form *form = &bodies->forms[signature->body];
	const struct canon_sink sink = { form_write, form };
	struct body_hash *hash = bodies->hashes;

	for (; hash < bodies->hashes + bodies->n; hash++)
		if (hash->canon == signature->body &&
		    hash->digest == signature->digest && hash->length == length)
			break;
	*index = (size_t)(hash - bodies->hashes);
	if (*index < bodies->n)
		return OK;
	if (!form->wanted)
		canon_body_begin(&form->body, signature->body, &sink);
	form->wanted = true;
	form->bodies = bodies;
	*hash = (struct body_hash){
		.canon = signature->body,
		.digest = signature->digest,
		.length = length,
		.left = length,
		.hash = crypto_hash_new(),
	};
	bodies->n++;
	return hash->hash ? crypto_hash_begin_as(hash->hash, hash->digest)
			  : E_CRYPTO;
}

void dkim_bodies_chunk(struct dkim_bodies *bodies, struct str chunk)
{
	for (int i = 0; i < 2; i++)
		if (bodies->forms[i].wanted)
			canon_body_chunk(&bodies->forms[i].body, chunk);
}

enum result dkim_bodies_end(struct dkim_bodies *bodies)
{
	enum result result = OK;

	for (int i = 0; i < 2; i++)
		if (bodies->forms[i].wanted)
			canon_body_end(&bodies->forms[i].body);
	for (size_t i = 0; i < bodies->n; i++)
		if (crypto_hash_end(bodies->hashes[i].hash,
				    bodies->hashes[i].value) != OK)
			result = E_CRYPTO;
	return result;
}

const unsigned char *dkim_bodies_digest(const struct dkim_bodies *bodies,
					size_t index)
{
	return bodies->hashes[index].value;
}

uint64_t dkim_bodies_octets(const struct dkim_bodies *bodies, size_t index)
{
	return bodies->forms[bodies->hashes[index].canon].body.written;
}
