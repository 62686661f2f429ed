# SPDX-License-Identifier: BSD-2-Clause
sbin_PROGRAMS += forward/forward
forward_forward_SOURCES = \
	forward/bounce.c \
	forward/config.c forward/config.h \
	forward/envelope.c \
	forward/filter.c forward/filter.h \
	forward/forwarding.h \
	forward/gate.c forward/gate.h \
	forward/main.c \
	forward/rate.c forward/rate.h \
	forward/route.c forward/route.h \
	forward/seal.c \
	forward/tokens.c forward/tokens.h
forward_forward_LDADD = $(RUNTIME_LIBS) $(SQLITE_LIBS)
dist_man_MANS += forward/forward.8
