/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_LIMITS_H
#define MAIL_LIMITS_H

/*
 * Every limit on what comes from outside, each with its reason. A limit is
 * met before memory is taken; what is past it gets a clear answer.
 */
enum limits {
	/* RFC 5321 section 4.5.3.1: local part, domain, path. */
	LIMIT_LOCAL_PART = 64,
	LIMIT_DOMAIN = 255,
	LIMIT_LABEL = 63,

	/* RFC 5322 section 2.1.1: octets of a line, without its CRLF. */
	LIMIT_LINE = 998,

	/* Postfix cuts a field at 60,000 octets, libmilter at 65,535. */
	LIMIT_FIELD = 65535,

	/* Large senders write 100 fields; a mail loop a few hundred. */
	LIMIT_FIELDS = 20000,
	LIMIT_HEADER = 2 * 1024 * 1024,

	/* Real author lists have one address; each costs look-ups. */
	LIMIT_MAILBOXES = 100,

	/* There may be one From (RFC 5322 3.6), with a domain or two. */
	LIMIT_FROM_FIELDS = 10,
	LIMIT_AUTHOR_DOMAINS = 5,

	/* No mailer nests comments; other parsers differ on deep ones. */
	LIMIT_COMMENT_DEPTH = 32,

	/* RFC 6376 section 3.5 knows 14 tags; the others are ignored. */
	LIMIT_TAGS = 64,

	/* Octets of h=: a field with more is too long for some verifiers. */
	LIMIT_SIGNED_NAMES = 16 * 1024,
	LIMIT_SIGNATURE = 24 * 1024,

	/*
	 * Signatures of one message that are looked into: each costs a query
	 * and a hash. A long way through lists and forwarders leaves five.
	 */
	LIMIT_SIGNATURES = 10,

	/* Seconds that the clock of a signer may be fast (RFC 6376 3.5). */
	LIMIT_CLOCK_DRIFT = 300,

	/* RFC 8301 section 3.2 asks for 1024; over 8192 is only slow. */
	LIMIT_RSA_BITS_MIN = 1024,
	LIMIT_RSA_BITS_WEAK = 2048,
	LIMIT_RSA_BITS_MAX = 8192,
	LIMIT_KEY_FILE = 64 * 1024,
	/* The octets of a public key; 8192 bits of RSA need 1,062. */
	LIMIT_KEY_RECORD = 4096,

	/* Octets of a secret behind codes of ours: 128 bits. */
	LIMIT_SECRET_MIN = 16,
	/* Days for which an SRS address is good: the longest retries, and slack. */
	LIMIT_SRS_AGE = 21,

	/* A text zone is for tests and what-ifs: 100,000 records. */
	LIMIT_ZONE_FILE = 16 * 1024 * 1024,
	/* RFC 1035 section 3.3: a string, RDLENGTH; unbound's chain. */
	LIMIT_TXT_STRING = 255,
	LIMIT_RDATA = 65535,
	LIMIT_CNAMES = 11,

	/* RFC 7208 section 4.6.4: terms, void look-ups, names of MX, PTR. */
	LIMIT_SPF_TERMS = 10,
	LIMIT_SPF_VOIDS = 2,
	LIMIT_SPF_NAMES = 10,
	/* The longest published records are lists of 500 blocks. */
	LIMIT_SPF_DIRECTIVES = 1000,
	/* Postfix takes commands of 2048 octets: sender, HELO. */
	LIMIT_SPF_IDENTITY = 2048,
	/* A name with its macros, before 7.3 cuts it to 253 octets. */
	LIMIT_SPF_NAME = 16 * 1024,
	/* RFC 5321 section 4.5.3.1.5: 512, less the code and words of ours. */
	LIMIT_SPF_EXPLANATION = 400,

	/* RFC 8617 section 4.2.1: sets of a chain. */
	LIMIT_ARC_SETS = 50,

	/* RFC 9989 section 4.10: queries of a tree walk. */
	LIMIT_DMARC_WALK = 8,
	/* A record of DMARC that names a few dozen report addresses. */
	LIMIT_DMARC_RECORD = 4096,

	/* RFC 8461 section 3.3 proposes 64 KiB; section 3.2: one year. */
	LIMIT_STS_POLICY = 64 * 1024,
	LIMIT_STS_AGE = 31557600,

	/* An address of 64, 1 and 255 octets, or a phrase, in our fields. */
	LIMIT_TRACE_VALUE = 512,
	/* Large receivers write 20 results, with 10 properties the longest. */
	LIMIT_AUTHRES_RESULTS = 100,
	LIMIT_AUTHRES_PROPERTIES = 100,

	/* What auth-policy writes of ten signatures, twice; 44 KiB in base64. */
	LIMIT_VERDICT_AUTHRES = 32 * 1024,
	/* Seconds between two milters of a message: no MTA waits as long. */
	LIMIT_VERDICT_AGE = 3600,

	/* A file that is verified or signed is read whole; MTAs take less. */
	LIMIT_MESSAGE_FILE = 256 * 1024 * 1024,

	/* A million aliases of 60 octets each. */
	LIMIT_ALIAS_FILE = 256 * 1024 * 1024,
	LIMIT_ALIAS_TARGETS = 1000,
	/* A thousand targets of 64, 1 and 255 octets, a comma and a space. */
	LIMIT_ALIAS_LINE = 1000 * 322,
	/* RFC 5321 section 6.3 leaves the depth open; chasquid takes 10. */
	LIMIT_ALIAS_DEPTH = 10,
	/* Two levels of the widest aliases, before it is an attack. */
	LIMIT_ALIAS_STEPS = 10000,

	/* The longest address in UTF-8, and a word before it. */
	LIMIT_CONTROL_QUESTION = 1024,
	/* All steps that an alias may have, in lines of 100 octets. */
	LIMIT_CONTROL_ANSWER = 1024 * 1024,

	/* A bounce with pictures has eight parts, three levels deep. */
	LIMIT_MIME_PARTS = 200,
	LIMIT_MIME_DEPTH = 10,
	/* Parameters of a Content-Type, pieces of RFC 2231 counted each. */
	LIMIT_MIME_PARAMETERS = 30,
	/* RFC 2046 section 5.1.1 */
	LIMIT_MIME_BOUNDARY = 70,

	/* Most bounces return the header or the first 50 KiB. */
	LIMIT_DSN_BODY = 1024 * 1024,
	/* Groups; twice the recipients that Postfix takes at once. */
	LIMIT_DSN_RECIPIENTS = 2000,
	/* The longest replies of large receivers have 600 octets. */
	LIMIT_DSN_TEXT = 2048,
	/* What is returned of a header; ten hops with ARC write 30 KiB. */
	LIMIT_DSN_RETURNED = 64 * 1024,
	/* An address with its local part quoted and its U-labels. */
	LIMIT_DSN_ADDRESS = 1024,
	/* Private addresses to be struck out of a bounce; lines that have them. */
	LIMIT_BOUNCE_TARGETS = 2000,
	LIMIT_BOUNCE_ALIASES = 10000,

	/* RFC 4616 section 2: 255 characters are prepared to. */
	LIMIT_PASSWORD = 1020,
	/* What Dovecot's auth service says of itself, or of one password. */
	LIMIT_SASL_LINE = 8192,
};

#endif
