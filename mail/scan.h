/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MAIL_SCAN_H
#define MAIL_SCAN_H

#include "str.h"

/*
 * One function for each rule of the ABNF of RFC 5322 (with RFC 6532's UTF-8),
 * so that a reviewer can lay them beside the RFC. Each takes a text and an
 * index and returns the index behind the longest match of its rule there, or
 * the index it was given when there is none: no rule here matches nothing.
 * The control characters of the obsolete syntax are not taken, nor NUL.
 */
size_t scan_fws(struct str s, size_t i);	    /* 3.2.2 FWS */
size_t scan_comment(struct str s, size_t i);	    /* 3.2.2 comment */
size_t scan_cfws(struct str s, size_t i);	    /* 3.2.2 CFWS */
size_t scan_quoted_pair(struct str s, size_t i);    /* 3.2.1 quoted-pair */
size_t scan_atext(struct str s, size_t i);	    /* 3.2.3 1*atext */
size_t scan_quoted_string(struct str s, size_t i);  /* 3.2.4, no CFWS */
size_t scan_word(struct str s, size_t i);	    /* 3.2.5, no CFWS */
size_t scan_phrase(struct str s, size_t i);	    /* 4.1 obs-phrase */
size_t scan_domain_literal(struct str s, size_t i); /* 3.4.1, no CFWS */
size_t scan_utf8(struct str s, size_t i);	    /* RFC 6532 3.1, one */
size_t scan_keyword(struct str s, size_t i); /* RFC 5321 4.1.2, with "_" */
size_t scan_token(struct str s, size_t i);   /* RFC 2045 5.1, with UTF-8 */

#endif
