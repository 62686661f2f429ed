# SPDX-License-Identifier: BSD-2-Clause
#
# Built by "make check-programs". A unit test has one source file, named after
# what it tests, unless more is said here.
LDADD = $(RUNTIME_LIBS) $(CMOCKA_LIBS)

TESTERS = \
	tests/corpus/kat \
	tests/unit/test_address \
	tests/unit/test_alias \
	tests/unit/test_arena \
	tests/unit/test_buf \
	tests/unit/test_canon \
	tests/unit/test_crypto \
	tests/unit/test_dkim_key \
	tests/unit/test_dkim_sign \
	tests/unit/test_domain \
	tests/unit/test_message \
	tests/unit/test_result \
	tests/unit/test_scan \
	tests/unit/test_str
EXTRA_PROGRAMS += $(TESTERS)
EXTRA_DIST += tests

check-programs: $(TESTERS) $(PLAYER)
.PHONY: check-programs

check-local:
	$(srcdir)/tests/run .
