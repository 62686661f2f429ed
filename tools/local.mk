# SPDX-License-Identifier: BSD-2-Clause
bin_PROGRAMS += tools/millrace
tools_millrace_SOURCES = \
	tools/dkim.c \
	tools/json.c tools/json.h \
	tools/main.c \
	tools/sign.c \
	tools/spf.c \
	tools/tool.h
tools_millrace_LDADD = $(CONFIG_LIBS)
dist_man_MANS += tools/millrace.1
