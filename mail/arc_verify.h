/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_ARC_VERIFY_H
#define MAIL_ARC_VERIFY_H

#include "env.h"
#include "message.h"

/* A set of the chain, as its sealer wrote it. */
struct arc_set {
	struct str sealer;   /* d= of its ARC-Seal, normal form */
	struct str selector; /* s= of its ARC-Seal, normal form */
	struct str authres;  /* its ARC-Authentication-Results behind "i=N;" */
};

struct arc_result {
	/*
	 * none: no ARC fields. pass, fail: RFC 8617 section 5.2. temperror: a
	 * key could not be asked for, and nothing else failed.
	 */
	enum auth auth;
	const char *reason;   /* a phrase for people; empty for none, pass */
	size_t instances;     /* the highest i= of a readable field */
	size_t oldest_pass;   /* 5.2 step 4 to 5; 0: all, or auth is no pass */
	struct arc_set *sets; /* of a pass: from i=1 up, `instances` of them */
};

/*
 * Validating a chain (RFC 8617 section 5.2) as a stream: begin with the
 * header, then body chunks, end with the result. The verifier is the caller's
 * until arc_verify_free.
 */
struct arc_verifier;

/*
 * NULL when the cryptographic library refuses. Arena and message must outlive
 * the verifier; the result lives in the arena. With `legacy`, keys under 1024
 * bits may pass.
 */
struct arc_verifier *arc_verify_begin(struct arena *arena, bool legacy,
				      const struct message *message);
void arc_verify_body(struct arc_verifier *verifier, struct str chunk);

/* Asks for the keys. E_CRYPTO when the cryptographic library refuses. */
enum result arc_verify_end(struct arc_verifier *verifier, const struct env *env,
			   struct arc_result *result);
void arc_verify_free(struct arc_verifier *verifier);

/*
 * The name of the i-th TXT record that arc_verify_end may ask for, so that
 * look-ups can begin before it; false when i is past the last.
 */
bool arc_verify_key_name(const struct arc_verifier *verifier, size_t i,
			 struct str *name);

#endif
