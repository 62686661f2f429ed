/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTH_POLICY_ENGINE_LIBRARY_H
#define AUTH_POLICY_ENGINE_LIBRARY_H

#include "engine.h"

/* Each stands in a file of its own, which is built where the library is. */
void engine_libspf2_helo(const struct env *env, struct arena *arena,
			 const struct spf_client *client,
			 struct spf_result *result);
void engine_libspf2_mail_from(const struct env *env, struct arena *arena,
			      const struct spf_client *client,
			      struct str sender, struct spf_result *result);
void engine_libopendmarc_check(const struct env *env, struct arena *arena,
			       enum dmarc_discovery discovery,
			       struct str author,
			       const struct dmarc_identifiers *identifiers,
			       struct dmarc_result *result);

#endif
