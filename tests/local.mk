# SPDX-License-Identifier: BSD-2-Clause
#
# Built by "make check-programs". A unit test has one source file, named after
# what it tests, unless more is said here.
LDADD = $(RUNTIME_LIBS) $(CMOCKA_LIBS)

TESTERS = \
	tests/corpus/authres_driver \
	tests/corpus/compare_driver \
	tests/corpus/dmarc_driver \
	tests/corpus/dsn_driver \
	tests/corpus/alias_driver \
	tests/corpus/kat \
	tests/corpus/seal_driver \
	tests/corpus/srs_driver \
	tests/corpus/verify_driver \
	tests/unit/test_address \
	tests/unit/test_alias \
	tests/unit/test_alias_cycle \
	tests/unit/test_arc_limits \
	tests/unit/test_arc_seal \
	tests/unit/test_arc_verify \
	tests/unit/test_answers \
	tests/unit/test_arena \
	tests/unit/test_authors \
	tests/unit/test_authres_format \
	tests/unit/test_authres_parse \
	tests/unit/test_buf \
	tests/unit/test_canon \
	tests/unit/test_conf \
	tests/unit/test_control \
	tests/unit/test_crypto \
	tests/unit/test_crypto_public \
	tests/unit/test_date \
	tests/unit/test_delivery_facts \
	tests/unit/test_dkim_key \
	tests/unit/test_dkim_sign \
	tests/unit/test_dns \
	tests/unit/test_dns_rdata \
	tests/unit/test_dns_zone \
	tests/unit/test_dkim_verify \
	tests/unit/test_dmarc_check \
	tests/unit/test_dmarc_dns \
	tests/unit/test_dmarc_record \
	tests/unit/test_dmarc_walk \
	tests/unit/test_domain \
	tests/unit/test_domains \
	tests/unit/test_dsn_decode \
	tests/unit/test_dsn_format \
	tests/unit/test_dsn_parse \
	tests/unit/test_dsn_strike \
	tests/unit/test_finding \
	tests/unit/test_inquiry \
	tests/unit/test_inquiry_load \
	tests/unit/test_ip \
	tests/unit/test_engine_dmarc \
	tests/unit/test_engine_spf \
	tests/unit/test_engines \
	tests/unit/test_json \
	tests/unit/test_keycache \
	tests/unit/test_keystore \
	tests/unit/test_limits \
	tests/unit/test_lines \
	tests/unit/test_listener \
	tests/unit/test_mac \
	tests/unit/test_message \
	tests/unit/test_mime \
	tests/unit/test_network \
	tests/unit/test_owner \
	tests/unit/test_path \
	tests/unit/test_plain \
	tests/unit/test_policy \
	tests/unit/test_received_spf \
	tests/unit/test_resolver \
	tests/unit/test_result \
	tests/unit/test_results \
	tests/unit/test_scan \
	tests/unit/test_secrets \
	tests/unit/test_sendmail \
	tests/unit/test_session \
	tests/unit/test_sign \
	tests/unit/test_snapshot \
	tests/unit/test_spf_check \
	tests/unit/test_spf_limits \
	tests/unit/test_spf_macro \
	tests/unit/test_spf_parse \
	tests/unit/test_srs \
	tests/unit/test_str \
	tests/unit/test_sts_policy \
	tests/unit/test_suffixes \
	tests/unit/test_gate \
	tests/unit/test_rate \
	tests/unit/test_taglist \
	tests/unit/test_tokens \
	tests/unit/test_verdict
EXTRA_PROGRAMS += $(TESTERS)
EXTRA_DIST += tests

# What a daemon decides is tested without its main and without a socket.
tests_unit_test_owner_SOURCES = tests/unit/test_owner.c \
	dkim-sign/config.c dkim-sign/owner.c
tests_unit_test_sign_SOURCES = tests/unit/test_sign.c \
	dkim-sign/config.c dkim-sign/owner.c dkim-sign/sign.c
tests_unit_test_policy_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
tests_unit_test_results_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
tests_unit_test_gate_SOURCES = tests/unit/test_gate.c forward/gate.c
tests_unit_test_rate_SOURCES = tests/unit/test_rate.c forward/rate.c
tests_unit_test_tokens_SOURCES = tests/unit/test_tokens.c forward/tokens.c
tests_unit_test_tokens_LDADD = $(LDADD) $(SQLITE_LIBS)
tests_unit_test_finding_SOURCES = tests/unit/test_finding.c \
	tools/finding.c tools/json.c tools/plain.c
tests_unit_test_json_SOURCES = tests/unit/test_json.c tools/json.c \
	tools/plain.c
tests_unit_test_plain_SOURCES = tests/unit/test_plain.c tools/plain.c
tests_unit_test_sendmail_SOURCES = tests/unit/test_sendmail.c tools/sendmail.c

# The engines, before what they need of mail/.
tests_corpus_compare_driver_LDADD = $(ENGINE_LIBS) $(LDADD)
tests_unit_test_engine_dmarc_LDADD = $(ENGINE_LIBS) $(LDADD)
tests_unit_test_engine_spf_LDADD = $(ENGINE_LIBS) $(LDADD)
tests_unit_test_engines_LDADD = $(ENGINE_LIBS) $(LDADD)
# A DNS server of their own, which is a script.
tests_unit_test_inquiry_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE='"$(abs_srcdir)"'
tests_unit_test_inquiry_load_CPPFLAGS = $(tests_unit_test_inquiry_CPPFLAGS)
tests_unit_test_resolver_CPPFLAGS = $(tests_unit_test_inquiry_CPPFLAGS)

# What is preloaded into a daemon to make its edits fail.
FAULTS = tests/faults/edits.so
MOSTLYCLEANFILES += $(FAULTS)
$(FAULTS): tests/faults/edits.c
	$(AM_V_CCLD)$(MKDIR_P) $(@D) && $(CC) $(AM_CPPFLAGS) $(AM_CFLAGS) \
		$(CFLAGS) -I. -shared -fPIC -o $@ $<

check-programs: $(TESTERS) $(PLAYER) $(FAULTS)
.PHONY: check-programs

check-local:
	$(srcdir)/tests/run .
