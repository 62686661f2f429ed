# SPDX-License-Identifier: BSD-2-Clause
#
# The checks and the engines are libraries, since the command has them too.
noinst_LIBRARIES += auth-policy/libpolicy.a auth-policy/libengines.a
auth_policy_libpolicy_a_SOURCES = \
	auth-policy/check.c auth-policy/check.h \
	auth-policy/config.c auth-policy/config.h \
	auth-policy/override.c auth-policy/override.h \
	auth-policy/policy.c auth-policy/policy.h \
	auth-policy/results.c auth-policy/results.h
auth_policy_libengines_a_SOURCES = \
	auth-policy/compare.c auth-policy/compare.h \
	auth-policy/engine.c auth-policy/engine.h \
	auth-policy/engine_library.h
if HAVE_LIBSPF2
auth_policy_libengines_a_SOURCES += auth-policy/engine_libspf2.c
endif
if HAVE_LIBOPENDMARC
auth_policy_libengines_a_SOURCES += auth-policy/engine_libopendmarc.c
endif
ENGINE_LIBS = auth-policy/libengines.a $(SPF2_LIBS) $(OPENDMARC_LIBS)
POLICY_LIBS = auth-policy/libpolicy.a $(ENGINE_LIBS) $(CONFIG_LIBS)
sbin_PROGRAMS += auth-policy/auth-policy
auth_policy_auth_policy_SOURCES = \
	auth-policy/filter.c auth-policy/filter.h \
	auth-policy/main.c
auth_policy_auth_policy_LDADD = milters/libmilters.a $(POLICY_LIBS) \
	$(MILTER_LIBS) $(SYSTEMD_LIBS)
dist_man_MANS += auth-policy/auth-policy.8
