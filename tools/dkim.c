/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "mail/dkim_key.h"
#include "mail/domain.h"
#include "mail/limits.h"
#include "private.h"
#include "records.h"
#include "tool.h"

enum { RSA_BITS = 2048 }; /* RFC 8301 section 3.2 */

/* What is to be generated. */
struct keygen {
	struct str domain;
	const char *folder;
	const char *selector; /* without algorithm, where there are two keys */
	bool wanted[2];	      /* by enum crypto_algorithm */
	int bits;
};

static const char *const algorithms[] = {
	[CRYPTO_RSA] = "rsa", [CRYPTO_ED25519] = "ed25519"
};

static bool read_domain(struct tool *tool, const char *text, struct str *domain)
{
	if (domain_normalize(tool->arena, str_from(text), domain) == OK)
		return true;
	tool_fail(tool, EX_USAGE, "%s: expected a domain", text);
	return false;
}

static const char *key_folder(struct tool *tool,
			      const struct shared_settings *settings,
			      struct str domain)
{
	return arena_printf(tool->arena, "%s/domains/%.*s/dkim",
			    settings->state_directory, STR_ARG(domain));
}

/* The group whose daemons read the keys, where the service is installed. */
static gid_t keys_group(void)
{
	const struct group *group = getgrnam(KEYS_GROUP);

	return group && geteuid() == 0 ? group->gr_gid : (gid_t)-1;
}

static const char *selector_for(struct tool *tool, const struct keygen *keygen,
				enum crypto_algorithm algorithm)
{
	if (!keygen->wanted[!algorithm])
		return keygen->selector;
	return arena_printf(tool->arena, "%s-%s", keygen->selector,
			    algorithms[algorithm]);
}

static const char *path_for(struct tool *tool, const struct keygen *keygen,
			    enum crypto_algorithm algorithm)
{
	return arena_printf(tool->arena, "%s/%s.pem", keygen->folder,
			    selector_for(tool, keygen, algorithm));
}

static int generate(struct tool *tool, const struct keygen *keygen,
		    enum crypto_algorithm algorithm)
{
	const char *path = path_for(tool, keygen, algorithm);
	struct crypto_key *key;
	struct str pem;
	enum result result;
	bool written;

	if (crypto_key_generate(algorithm, keygen->bits, &key) != OK)
		return tool_fail(tool, EX_SOFTWARE, "can't make a key");
	result = crypto_key_private_pem(key, tool->arena, &pem);
	crypto_key_free(key);
	if (result != OK)
		return tool_fail(tool, EX_SOFTWARE, "can't write a key");
	written = private_write(tool->arena, path, pem, keys_group());
	crypto_wipe(pem);
	if (!written)
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", path);
	printf("%s\n", path);
	return EX_OK;
}

static int generate_all(struct tool *tool, const struct keygen *keygen)
{
	const char *made = NULL;
	int status = EX_OK;

	for (int a = CRYPTO_RSA; a <= CRYPTO_ED25519; a++) {
		const char *path = path_for(tool, keygen, a);

		if (!keygen->wanted[a])
			continue;
		if (!dkim_key_is_selector(
			    tool->arena,
			    str_from(selector_for(tool, keygen, a))))
			return tool_fail(tool, EX_USAGE,
					 "%s: expected a selector",
					 selector_for(tool, keygen, a));
		if (access(path, F_OK) == 0)
			return tool_fail(tool, EX_CANTCREAT,
					 "%s: exists; choose another "
					 "--selector",
					 path);
	}
	if (!private_folders(tool->arena, keygen->folder, keys_group()))
		return tool_fail(tool, EX_CANTCREAT, "%s: %m", keygen->folder);
	for (int a = CRYPTO_RSA; status == EX_OK && a <= CRYPTO_ED25519; a++) {
		if (!keygen->wanted[a])
			continue;
		status = generate(tool, keygen, a);
		/* Both or none: the next call would say that one exists. */
		if (status != EX_OK && made)
			unlink(made);
		made = path_for(tool, keygen, a);
	}
	if (status == EX_OK)
		printf("Publish what \"millrace dkim dns %.*s\" prints, then "
		       "reload dkim-sign.\n",
		       STR_ARG(keygen->domain));
	return status;
}

static bool read_algorithm(struct keygen *keygen, const char *text)
{
	bool both = strcmp(text, "both") == 0;

	for (int a = CRYPTO_RSA; a <= CRYPTO_ED25519; a++)
		keygen->wanted[a] = both || strcmp(text, algorithms[a]) == 0;
	return keygen->wanted[CRYPTO_RSA] || keygen->wanted[CRYPTO_ED25519];
}

/* -1 for what is no number, which no limit lets pass. */
static int read_bits(const char *text)
{
	char *end;
	long bits = strtol(text, &end, 10);

	return *text && !*end && bits >= 0 && bits <= LIMIT_RSA_BITS_MAX
		       ? (int)bits
		       : -1;
}

static const char *date_selector(struct tool *tool)
{
	char *text = arena_alloc(tool->arena, sizeof("20000101"));
	time_t now = time(NULL);
	struct tm utc;

	strftime(text, sizeof("20000101"), "%Y%m%d", gmtime_r(&now, &utc));
	return text;
}

static struct keygen default_keygen(struct tool *tool)
{
	return (struct keygen){ .wanted = { true, true },
				.bits = RSA_BITS,
				.selector = date_selector(tool) };
}

int dkim_make_keys(struct tool *tool, const struct shared_settings *settings,
		   struct str domain)
{
	struct keygen keygen = default_keygen(tool);

	keygen.domain = domain;
	keygen.folder = key_folder(tool, settings, domain);
	return generate_all(tool, &keygen);
}

int run_dkim_keygen(struct tool *tool, int argc, char **argv)
{
	static const struct option options[] = {
		{ "algorithm", required_argument, NULL, 'a' },
		{ "bits", required_argument, NULL, 'b' },
		{ "selector", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct keygen keygen = default_keygen(tool);
	struct shared_settings settings;
	int option, status;

	while ((option = tool_option(tool, argc, argv, options, &status)) > 0) {
		if (option == 'a' && !read_algorithm(&keygen, optarg))
			return tool_usage(tool, EX_USAGE);
		if (option == 'b')
			keygen.bits = read_bits(optarg);
		if (option == 's')
			keygen.selector =
				arena_lower(tool->arena, str_from(optarg)).p;
	}
	if (option == 0)
		return status;
	if (optind != argc - 1)
		return tool_usage(tool, EX_USAGE);
	if (keygen.bits < LIMIT_RSA_BITS_MIN ||
	    keygen.bits > LIMIT_RSA_BITS_MAX)
		return tool_fail(tool, EX_USAGE,
				 "--bits: expected a number from %d to %d",
				 LIMIT_RSA_BITS_MIN, LIMIT_RSA_BITS_MAX);
	if (!read_domain(tool, argv[optind], &keygen.domain))
		return EX_USAGE;
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	keygen.folder = key_folder(tool, &settings, keygen.domain);
	return generate_all(tool, &keygen);
}

/* What "dkim list" and "dkim dns" do with each key of a domain. */
struct visit {
	struct tool *tool;
	const char *folder;
	bool is_json, zone, panel;
	struct json json;
};

static void print_key(struct visit *visit, const struct dkim_identity *key)
{
	enum crypto_algorithm algorithm = crypto_key_algorithm(key->key);
	const char *path = arena_printf(visit->tool->arena, "%s/%s.pem",
					visit->folder, key->selector.p);
	struct json *json = &visit->json;

	if (!visit->is_json) {
		printf("%.*s\t%s\t%s\t%d\tactive\t%s\n", STR_ARG(key->domain),
		       key->selector.p, algorithms[algorithm],
		       crypto_key_bits(key->key), path);
		return;
	}
	json_object(json, NULL);
	json_string(json, "domain", key->domain);
	json_string(json, "selector", key->selector);
	json_text(json, "algorithm", algorithms[algorithm]);
	json_number(json, "bits", crypto_key_bits(key->key));
	json_text(json, "state", "active");
	json_text(json, "file", path);
	json_object_end(json);
}

static void print_record(struct visit *visit, const struct dkim_identity *key)
{
	struct str record;

	if (dkim_key_record(key->key, visit->tool->arena, &record) != OK)
		return;
	if (visit->panel)
		printf("%sname:  %s._domainkey.%.*s\n%svalue: %.*s\n",
		       visit->zone ? "; " : "", key->selector.p,
		       STR_ARG(key->domain), visit->zone ? "; " : "",
		       STR_ARG(record));
	if (!visit->zone)
		return;
	printf("%s._domainkey.%.*s. IN TXT ( %s )\n", key->selector.p,
	       STR_ARG(key->domain),
	       records_strings(visit->tool->arena, record));
}

static int each_key(struct visit *visit, const struct shared_settings *settings,
		    struct str domain,
		    void (*print)(struct visit *visit,
				  const struct dkim_identity *key))
{
	struct tool *tool = visit->tool;
	struct keys keys;
	const char *error;
	size_t n;

	visit->folder = key_folder(tool, settings, domain);
	if (keystore_load(tool->arena, visit->folder, domain, &keys, &error) !=
	    OK)
		return tool_fail(tool, EX_CONFIG, "%s", error);
	n = keys.n;
	for (size_t i = 0; i < n; i++)
		print(visit, &keys.list[i]);
	keystore_free(&keys);
	if (n)
		return EX_OK;
	return tool_fail(tool, EX_NOINPUT, "%.*s has no active key in %s",
			 STR_ARG(domain), visit->folder);
}

static int list_all(struct visit *visit, const struct shared_settings *settings)
{
	const struct domains_source source = {
		.config = visit->tool->directory,
		.state = settings->state_directory,
	};
	struct domains domains;
	const char *error;
	int status = EX_OK;

	if (domains_load(visit->tool->arena, &source, &domains, &error) != OK)
		return tool_fail(visit->tool, EX_CONFIG, "%s", error);
	for (size_t i = 0; i < domains.n; i++) {
		int one = each_key(visit, settings, domains.list[i].name,
				   print_key);

		status = one == EX_CONFIG ? one : status;
	}
	domains_free(&domains);
	return status;
}

int run_dkim_list(struct tool *tool, int argc, char **argv)
{
	static const struct tool_flag flags[] = {
		{ "json", true, offsetof(struct visit, is_json) },
		{ NULL, false, 0 },
	};
	struct visit visit = { .tool = tool };
	struct shared_settings settings;
	struct str domain;
	int status;

	if (!tool_flags(tool, argc, argv, flags, &visit, &status))
		return status;
	if (optind < argc - 1)
		return tool_usage(tool, EX_USAGE);
	if (optind < argc && !read_domain(tool, argv[optind], &domain))
		return EX_USAGE;
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	if (visit.is_json)
		json_list(&visit.json, stdout);
	status = optind < argc ? each_key(&visit, &settings, domain, print_key)
			       : list_all(&visit, &settings);
	if (visit.is_json)
		json_list_end(&visit.json);
	return status;
}

int run_dkim_dns(struct tool *tool, int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct visit visit = { .tool = tool, .zone = true, .panel = true };
	struct shared_settings settings;
	struct str domain;
	int option, status;

	while ((option = tool_option(tool, argc, argv, options, &status)) > 0) {
		visit.zone = strcmp(optarg, "panel") != 0;
		visit.panel = strcmp(optarg, "zone") != 0;
		if (visit.zone && visit.panel && strcmp(optarg, "both") != 0)
			return tool_usage(tool, EX_USAGE);
	}
	if (option == 0)
		return status;
	if (optind != argc - 1)
		return tool_usage(tool, EX_USAGE);
	if (!read_domain(tool, argv[optind], &domain))
		return EX_USAGE;
	if (!tool_settings(tool, &settings, NULL))
		return EX_CONFIG;
	return each_key(&visit, &settings, domain, print_record);
}
