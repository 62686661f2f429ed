/* SPDX-License-Identifier: BSD-2-Clause */
#include "fetch.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "mail/buf.h"

enum { HTTPS = 443, LIST_MAX = 4096, STATUS_OK = 200 };

/* curl ends the transfer when less is taken than it has. */
static size_t take(char *data, size_t size, size_t n, void *context)
{
	struct buf *body = context;

	buf_add(body, (struct str){ data, size * n });
	return body->full ? 0 : size * n;
}

/* "HOST:443:192.0.2.1,[2001:db8::1]": what DNS says is not asked again. */
static struct curl_slist *pin(struct arena *arena, const struct fetch *fetch)
{
	struct buf buf;

	buf_init(&buf, arena, LIST_MAX);
	buf_printf(&buf, "%s:%d:", fetch->host, HTTPS);
	for (size_t i = 0; i < fetch->n_addresses; i++) {
		const struct ip *ip = &fetch->addresses[i];

		buf_printf(&buf, "%s%s%s%s", i ? "," : "", ip->six ? "[" : "",
			   ip_format(arena, ip).p, ip->six ? "]" : "");
	}
	return curl_slist_append(NULL, buf_c(&buf));
}

static void set_up(CURL *curl, const struct fetch *fetch, const char *url)
{
	const char *file = getenv("SSL_CERT_FILE");
	const char *folder = getenv("SSL_CERT_DIR");

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	/* So that curl has who hangs up be an error, and no signal. */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 0L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, fetch->seconds);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "millrace");
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, file);
	if (folder)
		curl_easy_setopt(curl, CURLOPT_CAPATH, folder);
}

/* RFC 9110 section 8.3.1: what stands behind a semicolon does not count. */
static bool is_type(const char *got, const char *want)
{
	struct str rest = str_from(got), type;

	str_cut(&rest, ';', &type);
	return str_ieq(str_trim(type), str_from(want));
}

/* NULL, or why the answer is none. */
static const char *answer_fault(struct arena *arena, CURL *curl,
				const struct fetch *fetch)
{
	const char *type = NULL;
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	if (status != STATUS_OK)
		return arena_printf(arena, "the server answers %ld%s", status,
				    status / 100 == 3 ? ", which leads "
							"elsewhere"
						      : "");
	if (!is_type(type, fetch->type))
		return arena_printf(arena, "it is of the type %s",
				    type ? type : "that is not told");
	return NULL;
}

enum result fetch_https(struct arena *arena, const struct fetch *fetch,
			struct str *body, const char **error)
{
	char *words = arena_alloc(arena, CURL_ERROR_SIZE);
	CURL *curl = curl_easy_init();
	struct curl_slist *addresses = pin(arena, fetch);
	struct buf buf;
	CURLcode code;

	if (!curl || !addresses)
		abort(); /* memory ran out */
	buf_init(&buf, arena, fetch->limit);
	set_up(curl, fetch,
	       arena_printf(arena, "https://%s%s", fetch->host, fetch->path));
	curl_easy_setopt(curl, CURLOPT_RESOLVE, addresses);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &buf);
	code = curl_easy_perform(curl);
	*error = NULL;
	if (buf.full)
		*error = arena_printf(arena, "it has more than %zu octets",
				      fetch->limit);
	else if (code != CURLE_OK)
		*error = *words ? words : curl_easy_strerror(code);
	else
		*error = answer_fault(arena, curl, fetch);
	curl_slist_free_all(addresses);
	curl_easy_cleanup(curl);
	*body = buf_str(&buf);
	return *error ? E_ABSENT : OK;
}
