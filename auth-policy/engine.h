/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_ENGINE_H
#define AUTH_POLICY_ENGINE_H

#include "mail/dmarc_check.h"
#include "mail/spf_check.h"

/*
 * Who decides. The native engines are those of mail/; the libraries that
 * other set-ups use stand behind the same interface, for those who move here
 * from them. Each is as pure as the native one: it asks env->resolver alone.
 */

struct engine_spf {
	const char *name; /* "native", "libspf2" */
	void (*helo)(const struct env *env, struct arena *arena,
		     const struct spf_client *client,
		     struct spf_result *result);
	void (*mail_from)(const struct env *env, struct arena *arena,
			  const struct spf_client *client, struct str sender,
			  struct spf_result *result);
};

struct engine_dmarc {
	const char *name; /* "native", "libopendmarc" */
	void (*check)(const struct env *env, struct arena *arena,
		      enum dmarc_discovery discovery, struct str author,
		      const struct dmarc_identifiers *identifiers,
		      struct dmarc_result *result);
};

/* The engines in the order of the settings' choices, native first. */
enum { ENGINES = 2 };
extern const struct engine_spf engine_spf[ENGINES];
extern const struct engine_dmarc engine_dmarc[ENGINES];
/* "native", "libspf2", NULL; "native", "libopendmarc", NULL */
extern const char *const engine_spf_names[];
extern const char *const engine_dmarc_names[];

#endif
