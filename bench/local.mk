# SPDX-License-Identifier: BSD-2-Clause
#
# "make bench" compares dkim-sign with opendkim and with the least that a
# filter can do. It wants root, for the part with Postfix.
BENCH = bench/empty bench/floor bench/load
EXTRA_PROGRAMS += $(BENCH)

bench_empty_LDADD = $(MILTER_LIBS)
bench_floor_LDADD = $(MILTER_LIBS) $(CRYPTO_LIBS)
bench_load_SOURCES = \
	bench/load.c \
	tests/play/wire.c \
	tests/play/wire.h \
	tests/play/wire_event.c
bench_load_LDADD =

EXTRA_DIST += bench

bench: $(BENCH) dkim-sign/dkim-sign
	$(srcdir)/bench/run --build .
.PHONY: bench
