# SPDX-License-Identifier: BSD-2-Clause
#
# What a recipient is, is a library, since the command asks it too.
noinst_LIBRARIES += forward/libforward.a
forward_libforward_a_SOURCES = \
	forward/config.c forward/config.h \
	forward/explain.c forward/explain.h \
	forward/route.c forward/route.h \
	forward/tokens.c forward/tokens.h
sbin_PROGRAMS += forward/forward
forward_forward_SOURCES = \
	forward/bounce.c \
	forward/envelope.c \
	forward/filter.c forward/filter.h \
	forward/forwarding.h \
	forward/gate.c forward/gate.h \
	forward/main.c \
	forward/rate.c forward/rate.h \
	forward/seal.c
forward_forward_LDADD = forward/libforward.a $(RUNTIME_LIBS) $(SQLITE_LIBS)
dist_man_MANS += forward/forward.8
