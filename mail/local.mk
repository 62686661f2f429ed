# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += mail/libmail.a
mail_libmail_a_SOURCES = \
	mail/address.c mail/address.h \
	mail/alias.c mail/alias.h \
	mail/alias_cycle.c mail/alias_index.h \
	mail/alias_follow.c \
	mail/arc_chain.c mail/arc_chain.h \
	mail/arc_seal.c mail/arc_seal.h \
	mail/arc_verify.c mail/arc_verify.h \
	mail/arena.c mail/arena.h \
	mail/authors.c mail/authors.h \
	mail/authres.h mail/authres_format.c mail/authres_parse.c \
	mail/buf.c mail/buf.h \
	mail/canon.c mail/canon.h \
	mail/crypto.c mail/crypto.h \
	mail/dkim_draft.c mail/dkim_draft.h \
	mail/dkim_evaluate.c mail/dkim_evaluate.h \
	mail/date.c mail/date.h \
	mail/delivery_facts.c mail/delivery_facts.h \
	mail/dkim_key.c mail/dkim_key.h \
	mail/dkim_hash.c mail/dkim_hash.h \
	mail/dkim_sign.c mail/dkim_sign.h \
	mail/dkim_signature.c mail/dkim_signature.h \
	mail/dkim_verify.c mail/dkim_verify.h \
	mail/dmarc_check.c mail/dmarc_check.h \
	mail/dmarc_record.c mail/dmarc_record.h \
	mail/dmarc_walk.c mail/dmarc_walk.h \
	mail/domain.c mail/domain.h \
	mail/dns.c mail/dns.h \
	mail/dns_rdata.c mail/dns_rdata.h \
	mail/dns_zone.c mail/dns_zone.h \
	mail/dsn_decode.c mail/dsn_decode.h \
	mail/dsn_format.c mail/dsn_format.h \
	mail/dsn_parse.c mail/dsn_parse.h \
	mail/dsn_strike.c mail/dsn_strike.h \
	mail/env.c mail/env.h \
	mail/ip.c mail/ip.h \
	mail/limits.h \
	mail/lines.c mail/lines.h \
	mail/mac.c mail/mac.h \
	mail/message.c mail/message.h \
	mail/path.c mail/path.h \
	mail/mime.c mail/mime.h \
	mail/received_spf.c mail/received_spf.h \
	mail/result.c mail/result.h \
	mail/scan.c mail/scan.h \
	mail/spf_check.c mail/spf_check.h \
	mail/spf_macro.c mail/spf_macro.h \
	mail/spf_parse.c mail/spf_parse.h \
	mail/srs.c mail/srs.h \
	mail/str.c mail/str.h \
	mail/sts_policy.c mail/sts_policy.h \
	mail/taglist.c mail/taglist.h \
	mail/trace.c mail/trace.h \
	mail/verdict.c mail/verdict.h
MAIL_LIBS = mail/libmail.a $(CRYPTO_LIBS) $(IDN2_LIBS)
