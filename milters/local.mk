# SPDX-License-Identifier: BSD-2-Clause
#
# Two libraries: the one without libmilter is for the tools too.
noinst_LIBRARIES += milters/libconfig.a milters/libmilters.a
milters_libconfig_a_SOURCES = \
	milters/answers.c milters/answers.h \
	milters/conf.c milters/conf.h \
	milters/conf_text.c milters/conf_text.h \
	milters/domains.c milters/domains.h \
	milters/inquiry.c milters/inquiry.h \
	milters/keycache.c milters/keycache.h \
	milters/keystore.c milters/keystore.h \
	milters/log.c milters/log.h \
	milters/network.c milters/network.h \
	milters/resolver.c milters/resolver.h \
	milters/secrets.c milters/secrets.h \
	milters/snapshot.c milters/snapshot.h \
	milters/suffixes.c milters/suffixes.h
milters_libmilters_a_SOURCES = \
	milters/control.c milters/control.h \
	milters/edits.c milters/edits.h \
	milters/glue.c milters/glue.h \
	milters/listener.c milters/listener.h \
	milters/metrics.c milters/metrics.h \
	milters/milter.h \
	milters/run.c \
	milters/session.c milters/session.h \
	milters/watch.c milters/watch.h
CONFIG_LIBS = milters/libconfig.a $(MAIL_LIBS) $(CONFUSE_LIBS) \
	$(PSL_LIBS) $(UNBOUND_LIBS)
RUNTIME_LIBS = milters/libmilters.a $(CONFIG_LIBS) $(MILTER_LIBS) $(SYSTEMD_LIBS)
dist_man_MANS += milters/millrace-aliases.5 milters/millrace.conf.5
