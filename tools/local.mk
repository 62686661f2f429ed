# SPDX-License-Identifier: BSD-2-Clause
bin_PROGRAMS += tools/millrace
tools_millrace_SOURCES = \
	tools/accounts.c tools/accounts.h \
	tools/aliases.c \
	tools/ask.c tools/ask.h \
	tools/auth.c tools/auth.h \
	tools/auth_print.c \
	tools/authority.c tools/authority.h \
	tools/backup.c tools/backup.h \
	tools/backup_scan.c \
	tools/certificate.c tools/certificate.h \
	tools/check.c tools/check.h \
	tools/check_accounts.c \
	tools/check_dmarc.c \
	tools/check_dns.c tools/check_dns.h \
	tools/check_history.c \
	tools/check_host.c tools/check_host.h \
	tools/check_milters.c \
	tools/check_outward.c tools/check_outward.h \
	tools/check_ports.c \
	tools/check_postfix.c \
	tools/check_queue.c \
	tools/check_sendmail.c \
	tools/check_settings.c \
	tools/check_sts.c \
	tools/check_texts.c \
	tools/check_tlsa.c \
	tools/command.c tools/command.h \
	tools/daemons.c tools/daemons.h \
	tools/dkim.c \
	tools/dns.c \
	tools/domain.c \
	tools/fetch.c tools/fetch.h \
	tools/finding.c tools/finding.h \
	tools/git.c tools/git.h \
	tools/import.c tools/import.h \
	tools/import_users.c \
	tools/json.c tools/json.h \
	tools/main.c \
	tools/nameserver.c tools/nameserver.h \
	tools/own_host.c tools/own_host.h \
	tools/password.c tools/password.h \
	tools/plain.c tools/plain.h \
	tools/port_holder.c tools/port_holder.h \
	tools/postfix.c tools/postfix.h \
	tools/private.c tools/private.h \
	tools/probe.c tools/probe.h \
	tools/records.c tools/records.h \
	tools/relay.c tools/relay.h \
	tools/restore.c \
	tools/rotate.c \
	tools/rotation.c tools/rotation.h \
	tools/rotation_seen.c \
	tools/sasl.c tools/sasl.h \
	tools/secret.c \
	tools/sendmail.c tools/sendmail.h \
	tools/sign.c \
	tools/spf_merge.c tools/spf_merge.h \
	tools/status.c \
	tools/test_mail.c \
	tools/textproto.c tools/textproto.h \
	tools/tool.h \
	tools/user.c \
	tools/user_list.c
tools_millrace_LDADD = forward/libforward.a $(POLICY_LIBS) $(SQLITE_LIBS) \
	$(SODIUM_LIBS) $(SSL_LIBS) $(CURL_LIBS) -lresolv
dist_man_MANS += tools/millrace.1

# What contrib/postfix has Postfix do, for check_settings.
nodist_tools_millrace_SOURCES = tools/shipped.c
MOSTLYCLEANFILES += tools/shipped.c
SHIPPED = \
	$(srcdir)/contrib/postfix/auth-policy.postconf \
	$(srcdir)/contrib/postfix/dkim-sign.postconf \
	$(srcdir)/contrib/postfix/forward.postconf
EXTRA_DIST += tools/shipped.awk
tools/shipped.c: $(srcdir)/tools/shipped.awk $(SHIPPED)
	$(AM_V_GEN)$(MKDIR_P) tools && LC_ALL=C awk \
		-f $(srcdir)/tools/shipped.awk $(SHIPPED) > $@.new && \
		mv $@.new $@
