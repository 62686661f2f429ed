/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/keystore.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "mail/dkim_key.h"
#include "mail/limits.h"
#include "milters/conf.h"
#include "milters/log.h"

static const struct str ending = STR(".pem");

static const char *describe(enum result result)
{
	if (result == E_LIMIT)
		return "an RSA key must have 1024 to 8192 bits";
	return "is no private key in PEM form without pass phrase";
}

static enum result load_key(struct arena *arena, const char *path,
			    struct crypto_key **key, const char **error)
{
	const char *wrong;
	enum result result;
	struct stat access;
	struct str text;

	if (conf_read_file(arena, path, LIMIT_KEY_FILE, &text, &access,
			   error) != OK)
		return E_CONFIG;
	wrong = conf_private_fault(&access);
	if (!wrong) {
		result = crypto_key_parse(text, key);
		wrong = result == OK ? NULL : describe(result);
	}
	crypto_wipe(text);
	if (wrong) {
		*error = arena_printf(arena, "%s: %s", path, wrong);
		return E_CONFIG;
	}
	if (crypto_key_algorithm(*key) == CRYPTO_RSA &&
	    crypto_key_bits(*key) < LIMIT_RSA_BITS_WEAK)
		log_warning("%s: an RSA key of %d bits is weak, use %d", path,
			    crypto_key_bits(*key), LIMIT_RSA_BITS_WEAK);
	return OK;
}

/* Takes up one file of the folder, when it is an active key. */
static enum result add_file(struct arena *arena, const char *folder,
			    const char *file, struct str domain,
			    struct keys *keys, const char **error)
{
	struct str selector = str_from(file);
	char *path = arena_printf(arena, "%s/%s", folder, file);
	struct dkim_identity *identity = &keys->list[keys->n];
	struct crypto_key *key;
	enum result result;

	if (file[0] == '.' || selector.n <= ending.n ||
	    !str_eq(str_sub(selector, selector.n - ending.n, selector.n),
		    ending))
		return OK;
	selector.n -= ending.n;
	if (!dkim_key_is_selector(arena, selector) ||
	    !str_eq(selector, arena_lower(arena, selector))) {
		*error = arena_printf(arena,
				      "%s: its name is no selector in lower "
				      "case",
				      path);
		return E_CONFIG;
	}
	if (keys->n == KEYS_MAX) {
		*error = arena_printf(arena, "%s: more than %d active keys",
				      folder, KEYS_MAX);
		return E_CONFIG;
	}
	result = load_key(arena, path, &key, error);
	if (result != OK)
		return result;
	*identity = (struct dkim_identity){ domain,
					    arena_lower(arena, selector), key };
	keys->n++;
	return OK;
}

/* RSA first: some verifiers look only at the first signature they meet. */
static int compare(const void *a, const void *b)
{
	const struct dkim_identity *x = a, *y = b;
	int order = (int)crypto_key_algorithm(x->key) -
		    (int)crypto_key_algorithm(y->key);

	return order ? order : strcmp(x->selector.p, y->selector.p);
}

enum result keystore_load(struct arena *arena, const char *folder,
			  struct str domain, struct keys *keys,
			  const char **error)
{
	DIR *dir = opendir(folder);
	enum result result = OK;
	struct dirent *entry;

	*keys = (struct keys){ .n = 0 };
	if (!dir && errno == ENOENT)
		return OK;
	if (!dir) {
		*error = arena_printf(arena, "%s: %m", folder);
		return E_CONFIG;
	}
	keys->list = ARENA_NEW(arena, struct dkim_identity, KEYS_MAX + 1);
	while (result == OK && (entry = readdir(dir)))
		result = add_file(arena, folder, entry->d_name, domain, keys,
				  error);
	closedir(dir);
	if (result == OK)
		qsort(keys->list, keys->n, sizeof(*keys->list), compare);
	else
		keystore_free(keys);
	return result;
}

void keystore_free(struct keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		crypto_key_free((struct crypto_key *)keys->list[i].key);
	keys->n = 0;
}
