/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_RESULT_H
#define MAIL_RESULT_H

/*
 * Did the operation run? What the protocol says of a message (pass, fail,
 * temperror) and what the MTA hears (accept, reject) are other types, and the
 * three never mix.
 */
enum result {
	OK,
	E_SYNTAX, /* the input is not what its grammar allows */
	E_LIMIT,  /* the input is past a limit of limits.h */
	E_ABSENT, /* what was asked for is not there */
	E_TEMP,	  /* it may work later */
	E_CRYPTO, /* the cryptographic library refused */
	E_CONFIG, /* the operator's fault */
};

/* The name of a result, for logs: "ok", "syntax", "limit" ... */
const char *result_name(enum result result);

#endif
