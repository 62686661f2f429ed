/* SPDX-License-Identifier: BSD-2-Clause */

/* The events of an SMTP conversation as packets, and the edits taken apart. */
#include "wire.h"

#include <libmilter/mfdef.h>
#include <stdlib.h>
#include <string.h>

/* What Postfix sends when the filter did not say what it wants. */
static const char *const usual_symbols[WIRE_STAGES] = {
	[WIRE_AT_CONNECT] = "j {daemon_name} {daemon_addr} v _",
	[WIRE_AT_HELO] = "{tls_version} {cipher} {cipher_bits} "
			 "{cert_subject} {cert_issuer}",
	[WIRE_AT_MAIL] = "i {auth_type} {auth_authen} {auth_author} "
			 "{mail_addr} {mail_host} {mail_mailer}",
	[WIRE_AT_RCPT] = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
	[WIRE_AT_DATA] = "i",
	[WIRE_AT_EOM] = "i",
	[WIRE_AT_EOH] = "i",
};

static const unsigned char stage_command[WIRE_STAGES] = {
	[WIRE_AT_CONNECT] = SMFIC_CONNECT, [WIRE_AT_HELO] = SMFIC_HELO,
	[WIRE_AT_MAIL] = SMFIC_MAIL,	   [WIRE_AT_RCPT] = SMFIC_RCPT,
	[WIRE_AT_DATA] = SMFIC_DATA,	   [WIRE_AT_EOM] = SMFIC_BODYEOB,
	[WIRE_AT_EOH] = SMFIC_EOH,
};

/* "i" and "{i}" are the same macro. */
static bool same_symbol(const char *a, size_t alen, const char *b)
{
	size_t blen = strlen(b);

	if (alen > 2 && a[0] == '{' && a[alen - 1] == '}') {
		a++;
		alen -= 2;
	}
	if (blen > 2 && b[0] == '{' && b[blen - 1] == '}') {
		b++;
		blen -= 2;
	}
	return alen == blen && memcmp(a, b, alen) == 0;
}

static bool listed(const char *list, const char *name)
{
	while (*list != '\0') {
		size_t len = strcspn(list, " ,\t");

		if (len > 0 && same_symbol(list, len, name))
			return true;
		list += len;
		list += strspn(list, " ,\t");
	}
	return false;
}

enum wire_result wire_macros(struct wire *w, enum wire_stage stage,
			     const struct wire_macro *macros, size_t count)
{
	const char *list = w->symbols[stage];
	unsigned char data[4096];
	size_t len = 1;

	if (!list)
		list = usual_symbols[stage];
	data[0] = stage_command[stage];
	for (size_t i = 0; i < count; i++) {
		size_t name = strlen(macros[i].name) + 1;
		size_t value = strlen(macros[i].value) + 1;

		if (!listed(list, macros[i].name))
			continue;
		if (name + value > sizeof(data) - len)
			return wire_fail(w, WIRE_ERROR, "macros too long");
		memcpy(data + len, macros[i].name, name);
		memcpy(data + len + name, macros[i].value, value);
		len += name + value;
	}
	return wire_put(w, SMFIC_MACRO, data, len);
}

/* Sends an event unless the filter declined it; waits unless it is silent. */
static enum wire_result event(struct wire *w, unsigned char command,
			      const void *data, size_t len, uint32_t declined,
			      uint32_t silent, struct wire_reply *reply)
{
	enum wire_result result;

	*reply = (struct wire_reply){ .heard = WIRE_NOT_SENT };
	if ((w->protocol & declined) != 0)
		return WIRE_OK;
	result = wire_put(w, command, data, len);
	if (result != WIRE_OK)
		return result;
	if ((w->protocol & silent) != 0) {
		reply->heard = WIRE_NO_REPLY;
		return WIRE_OK;
	}
	result = wire_next(w, reply);
	if (result == WIRE_OK && wire_is_edit(reply->code) &&
	    reply->code != SMFIR_PROGRESS)
		return wire_fail(w, WIRE_BROKEN,
				 "%s before the end of the message",
				 wire_code_name(reply->code));
	return result;
}

enum wire_result wire_connect(struct wire *w, const char *host,
			      const char *address, unsigned port,
			      struct wire_reply *reply)
{
	unsigned char data[1024];
	size_t hlen = strlen(host) + 1;
	size_t alen = strlen(address) + 1;

	if (hlen + 3 + alen > sizeof(data))
		return wire_fail(w, WIRE_ERROR, "host name too long");
	memcpy(data, host, hlen);
	if (address[0] == '\0') {
		data[hlen] = SMFIA_UNKNOWN;
		return event(w, SMFIC_CONNECT, data, hlen + 1, SMFIP_NOCONNECT,
			     SMFIP_NR_CONN, reply);
	}
	if (address[0] == '/')
		data[hlen] = SMFIA_UNIX;
	else
		data[hlen] = strchr(address, ':') ? SMFIA_INET6 : SMFIA_INET;
	data[hlen + 1] = (unsigned char)(port >> 8);
	data[hlen + 2] = (unsigned char)port;
	memcpy(data + hlen + 3, address, alen);
	return event(w, SMFIC_CONNECT, data, hlen + 3 + alen, SMFIP_NOCONNECT,
		     SMFIP_NR_CONN, reply);
}

enum wire_result wire_helo(struct wire *w, const char *name,
			   struct wire_reply *reply)
{
	return event(w, SMFIC_HELO, name, strlen(name) + 1, SMFIP_NOHELO,
		     SMFIP_NR_HELO, reply);
}

/* An address and its ESMTP arguments travel as strings one after the other. */
static size_t pack_path(unsigned char *data, size_t size, const char *path,
			const char *args)
{
	size_t plen = strlen(path) + 1;
	size_t alen = args[0] == '\0' ? 0 : strlen(args) + 1;

	if (plen + alen > size)
		return 0;
	memcpy(data, path, plen);
	for (size_t i = 0; i < alen; i++)
		data[plen + i] =
			(unsigned char)(args[i] == ' ' ? '\0' : args[i]);
	return plen + alen;
}

enum wire_result wire_mail(struct wire *w, const char *path, const char *args,
			   struct wire_reply *reply)
{
	unsigned char data[4096];
	size_t len = pack_path(data, sizeof(data), path, args);

	w->skip_body = false;
	if (len == 0)
		return wire_fail(w, WIRE_ERROR, "address too long");
	return event(w, SMFIC_MAIL, data, len, SMFIP_NOMAIL, SMFIP_NR_MAIL,
		     reply);
}

enum wire_result wire_rcpt(struct wire *w, const char *path, const char *args,
			   struct wire_reply *reply)
{
	unsigned char data[4096];
	size_t len = pack_path(data, sizeof(data), path, args);

	if (len == 0)
		return wire_fail(w, WIRE_ERROR, "address too long");
	return event(w, SMFIC_RCPT, data, len, SMFIP_NORCPT, SMFIP_NR_RCPT,
		     reply);
}

enum wire_result wire_data(struct wire *w, struct wire_reply *reply)
{
	*reply = (struct wire_reply){ .heard = WIRE_NOT_SENT };
	if (w->version < 4)
		return WIRE_OK;
	return event(w, SMFIC_DATA, NULL, 0, SMFIP_NODATA, SMFIP_NR_DATA,
		     reply);
}

enum wire_result wire_unknown(struct wire *w, const char *command,
			      struct wire_reply *reply)
{
	*reply = (struct wire_reply){ .heard = WIRE_NOT_SENT };
	if (w->version < 3)
		return WIRE_OK;
	return event(w, SMFIC_UNKNOWN, command, strlen(command) + 1,
		     SMFIP_NOUNKNOWN, SMFIP_NR_UNKN, reply);
}

enum wire_result wire_header(struct wire *w, const char *name,
			     const char *value, struct wire_reply *reply)
{
	size_t nlen = strlen(name) + 1;
	size_t vlen;
	unsigned char *data;
	enum wire_result result;

	if ((w->protocol & SMFIP_HDR_LEADSPC) == 0 && value[0] == ' ')
		value++;
	vlen = strlen(value) + 1;
	data = malloc(nlen + vlen);
	if (!data)
		return wire_fail(w, WIRE_ERROR, "out of memory");
	memcpy(data, name, nlen);
	memcpy(data + nlen, value, vlen);
	result = event(w, SMFIC_HEADER, data, nlen + vlen, SMFIP_NOHDRS,
		       SMFIP_NR_HDR, reply);
	free(data);
	return result;
}

enum wire_result wire_eoh(struct wire *w, struct wire_reply *reply)
{
	return event(w, SMFIC_EOH, NULL, 0, SMFIP_NOEOH, SMFIP_NR_EOH, reply);
}

enum wire_result wire_body(struct wire *w, const void *data, size_t len,
			   struct wire_reply *reply)
{
	enum wire_result result;

	*reply = (struct wire_reply){ .heard = WIRE_NOT_SENT };
	if (w->skip_body)
		return WIRE_OK;
	result = event(w, SMFIC_BODY, data, len, SMFIP_NOBODY, SMFIP_NR_BODY,
		       reply);
	if (result == WIRE_OK && reply->heard == WIRE_REPLY &&
	    reply->code == SMFIR_SKIP)
		w->skip_body = true;
	return result;
}

enum wire_result wire_eom(struct wire *w)
{
	return wire_put(w, SMFIC_BODYEOB, NULL, 0);
}

bool wire_is_edit(unsigned char code)
{
	switch (code) {
	case SMFIR_PROGRESS:
	case SMFIR_ADDHEADER:
	case SMFIR_INSHEADER:
	case SMFIR_CHGHEADER:
	case SMFIR_CHGFROM:
	case SMFIR_ADDRCPT:
	case SMFIR_ADDRCPT_PAR:
	case SMFIR_DELRCPT:
	case SMFIR_REPLBODY:
	case SMFIR_QUARANTINE:
		return true;
	default:
		return false;
	}
}

/* The next string of the packet, or NULL when no NUL ends it. */
static const char *take_string(const unsigned char **p, size_t *len)
{
	const unsigned char *end = memchr(*p, 0, *len);
	const char *text = (const char *)*p;

	if (*len == 0 || !end)
		return NULL;
	*len -= (size_t)(end + 1 - *p);
	*p = end + 1;
	return text;
}

static bool has_index(unsigned char code)
{
	return code == SMFIR_INSHEADER || code == SMFIR_CHGHEADER;
}

/* How many strings an edit must have and may have. */
static void count_strings(unsigned char code, int *least, int *most)
{
	*least = 1;
	*most = 1;
	if (code == SMFIR_ADDHEADER || has_index(code)) {
		*least = 2;
		*most = 2;
	} else if (code == SMFIR_CHGFROM || code == SMFIR_ADDRCPT_PAR) {
		*most = 2;
	} else if (code == SMFIR_REPLBODY || code == SMFIR_PROGRESS) {
		*least = 0;
		*most = 0;
	}
}

enum wire_result wire_edit_parse(struct wire *w, const struct wire_reply *reply,
				 struct wire_edit *edit)
{
	const unsigned char *p = reply->data;
	size_t len = reply->len;
	const char *text[2] = { "", "" };
	int least, most;

	*edit = (struct wire_edit){ .code = reply->code };
	if (has_index(reply->code)) {
		if (len < 4)
			return wire_fail(w, WIRE_BROKEN, "no index");
		edit->index = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			      (uint32_t)p[2] << 8 | p[3];
		p += 4;
		len -= 4;
	}
	count_strings(reply->code, &least, &most);
	for (int i = 0; i < most && (i < least || len > 0); i++) {
		text[i] = take_string(&p, &len);
		if (!text[i])
			return wire_fail(w, WIRE_BROKEN, "%s: no end",
					 wire_code_name(reply->code));
	}
	if (most > 0 && len > 0)
		return wire_fail(w, WIRE_BROKEN, "%s: too much",
				 wire_code_name(reply->code));
	edit->name = text[0];
	edit->value = text[1];
	return WIRE_OK;
}
