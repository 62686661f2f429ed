/* SPDX-License-Identifier: BSD-2-Clause */
#include "received_spf.h"

#include "trace.h"

/* "Received-SPF:" */
enum { NAME_COLUMNS = 13 };

/* What a comment says around the client's address. */
static const struct {
	const char *before, *behind;
} comments[] = {
	[AUTH_NONE] = { "has no policy on", "" },
	[AUTH_PASS] = { "designates", " as permitted sender" },
	[AUTH_FAIL] = { "does not designate", " as permitted sender" },
	[AUTH_SOFTFAIL] = { "probably does not designate",
			    " as permitted sender" },
	[AUTH_POLICY] = { "has a policy on", "" },
	[AUTH_NEUTRAL] = { "says nothing about", "" },
	[AUTH_TEMPERROR] = { "could not be asked about", "" },
	[AUTH_PERMERROR] = { "has a faulty policy on", "" },
};

static bool is_fit(struct str value)
{
	return trace_form(value) != TRACE_UNFIT;
}

/* 9.1: who judged whom, and the client's address, as in the RFC's examples */
static void add_comment(struct trace *trace, const struct spf_result *result,
			const struct spf_client *client, struct str who,
			struct str address)
{
	struct arena *arena = trace->buf.arena;
	char *receiver = "";
	struct str text;

	if (!is_fit(who))
		return;
	if (is_fit(client->receiver))
		receiver = arena_printf(arena,
					"%.*s: ", STR_ARG(client->receiver));
	text = str_from(
		arena_printf(arena, "%sdomain of %.*s %s %.*s%s", receiver,
			     STR_ARG(who), comments[result->auth].before,
			     STR_ARG(address), comments[result->auth].behind));
	if (trace_is_text(text))
		trace_comment(trace, text);
}

/* key-value-pair: the value is a dot-atom or a quoted string */
static void add_pair(struct trace *trace, bool *first, const char *key,
		     struct str value)
{
	bool bare = trace_form(value) == TRACE_ATOM &&
		    str_find(value, '@') == value.n;
	const char *quote = bare ? "" : "\"";

	if (!*first)
		trace_close(trace, ';');
	*first = false;
	trace_word(trace,
		   str_from(arena_printf(trace->buf.arena, "%s=%s%.*s%s", key,
					 quote, STR_ARG(value), quote)));
}

struct str received_spf_format(struct arena *arena,
			       const struct spf_result *result,
			       const struct spf_client *client,
			       struct str sender, struct str identity)
{
	bool of_sender = str_eq(identity, STR("mailfrom"));
	bool failed = result->auth == AUTH_TEMPERROR ||
		      result->auth == AUTH_PERMERROR;
	struct ip ip = ip_unmap(client->address);
	struct str address = ip_format(arena, &ip);
	const struct {
		const char *key;
		struct str value;
		bool phrase; /* our words or a directive, no name */
	} pairs[] = {
		{ "receiver", client->receiver, false },
		{ "client-ip", address, false },
		{ "envelope-from", sender, false },
		{ "helo", client->helo, false },
		{ "identity", identity, false },
		{ "mechanism", result->mechanism, true },
		{ "problem", failed ? str_from(result->reason) : STR(""),
		  true },
	};
	struct trace trace;
	bool first = true;

	trace_begin(&trace, arena, NAME_COLUMNS);
	trace_word(&trace, str_from(auth_name(result->auth)));
	add_comment(&trace, result, client,
		    of_sender && is_fit(sender) ? sender : result->domain,
		    address);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].phrase ? trace_is_text(pairs[i].value)
				    : is_fit(pairs[i].value))
			add_pair(&trace, &first, pairs[i].key, pairs[i].value);
	return buf_str(&trace.buf);
}
