# SPDX-License-Identifier: BSD-2-Clause
sbin_PROGRAMS += dkim-sign/dkim-sign
dkim_sign_dkim_sign_SOURCES = \
	dkim-sign/config.c dkim-sign/config.h \
	dkim-sign/main.c \
	dkim-sign/owner.c dkim-sign/owner.h \
	dkim-sign/sign.c dkim-sign/sign.h
dkim_sign_dkim_sign_LDADD = $(RUNTIME_LIBS)
dist_man_MANS += dkim-sign/dkim-sign.8
