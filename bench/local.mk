# SPDX-License-Identifier: BSD-2-Clause
#
# "make bench" compares with other milters, as root; see bench/run for the
# outbound side, bench/inbound for the other, bench/forward for what is sent
# on, and bench/aliases for where to.
BENCHERS = bench/aliases_load bench/empty bench/floor bench/floor_forward \
	bench/floor_inbound bench/load
EXTRA_PROGRAMS += $(BENCHERS)
EXTRA_DIST += bench/run bench/inbound bench/forward bench/aliases \
	bench/lib.py bench/world.py bench/postfix.py bench/pipeline.py

bench_aliases_load_SOURCES = bench/aliases_load.c
bench_aliases_load_LDADD = $(CONFIG_LIBS)
bench_empty_SOURCES = bench/empty.c
bench_empty_LDADD = $(MILTER_LIBS)
bench_floor_SOURCES = bench/floor.c
bench_floor_LDADD = $(MILTER_LIBS) $(CRYPTO_LIBS)
bench_floor_forward_SOURCES = bench/floor_forward.c
bench_floor_forward_LDADD = $(MILTER_LIBS) $(CRYPTO_LIBS)
bench_floor_inbound_SOURCES = bench/floor_inbound.c
bench_floor_inbound_LDADD = $(MILTER_LIBS) $(CRYPTO_LIBS)
bench_load_SOURCES = bench/load.c bench/load.h \
	bench/load_message.c bench/load_talk.c bench/load_verdict.c \
	tests/play/wire.c tests/play/wire.h tests/play/wire_event.c
bench_load_LDADD = $(MAIL_LIBS)

bench: all $(BENCHERS)
	$(srcdir)/tests/world/packages bench
	$(srcdir)/bench/run $(BENCH)
	$(srcdir)/bench/inbound $(BENCH)
	$(srcdir)/bench/forward $(BENCH)
	$(srcdir)/bench/aliases $(BENCH)
.PHONY: bench
