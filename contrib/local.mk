# SPDX-License-Identifier: BSD-2-Clause
unit_DATA += \
	contrib/systemd/millrace-auth-policy.service \
	contrib/systemd/millrace-auth-policy-control.socket \
	contrib/systemd/millrace-auth-policy.socket \
	contrib/systemd/millrace-check.service \
	contrib/systemd/millrace-check.timer \
	contrib/systemd/millrace-dkim-sign.service \
	contrib/systemd/millrace-dkim-sign-control.socket \
	contrib/systemd/millrace-dkim-sign.socket \
	contrib/systemd/millrace-expire.service \
	contrib/systemd/millrace-expire.timer \
	contrib/systemd/millrace-forward-control.socket \
	contrib/systemd/millrace-forward.service \
	contrib/systemd/millrace-forward.socket
completiondir = $(datadir)/bash-completion/completions
dist_completion_DATA = contrib/completion/millrace
examplesdir = $(docdir)/examples
dist_examples_DATA = \
	contrib/config/auth-policy.conf \
	contrib/config/dkim-sign.conf \
	contrib/config/forward.conf \
	contrib/config/millrace.conf \
	contrib/postfix/auth-policy.postconf \
	contrib/postfix/dkim-sign.postconf \
	contrib/postfix/forward.domains \
	contrib/postfix/forward.postconf \
	contrib/postfix/host.postconf \
	contrib/postfix/passwords.postconf \
	contrib/postfix/submission.postconf \
	contrib/postfix/millrace-auth-policy.socket.conf \
	contrib/postfix/millrace-dkim-sign.socket.conf \
	contrib/postfix/millrace-forward.socket.conf \
	contrib/sendmail/auth-policy.mc \
	contrib/sendmail/dkim-sign.mc \
	contrib/sendmail/forward.mc \
	contrib/sendmail/submission.mc
dovecotdir = $(examplesdir)/dovecot
dist_dovecot_DATA = contrib/dovecot/millrace.conf \
	contrib/dovecot/millrace-2.4.conf
fail2bandir = $(examplesdir)/fail2ban
dist_fail2ban_DATA = \
	contrib/fail2ban/filter.conf \
	contrib/fail2ban/jail.conf
# Hooks of others, and a timer, call them at this place.
dist_pkglibexec_SCRIPTS = contrib/git/refuse-secrets \
	contrib/nightly/check-and-mail \
	contrib/tls/install-certificate
EXTRA_DIST += \
	contrib/postfix/run-milters \
	contrib/postfix/setup \
	contrib/postfix/setup-files.sh \
	contrib/postfix/setup-install.sh \
	contrib/postfix/setup-postfix.sh \
	contrib/sendmail/README.md \
	contrib/tls/README.md \
	contrib/systemd/millrace-auth-policy.service.in \
	contrib/systemd/millrace-auth-policy-control.socket \
	contrib/systemd/millrace-auth-policy.socket \
	contrib/systemd/millrace-check.service.in \
	contrib/systemd/millrace-check.timer \
	contrib/systemd/millrace-dkim-sign.service.in \
	contrib/systemd/millrace-dkim-sign-control.socket \
	contrib/systemd/millrace-dkim-sign.socket \
	contrib/systemd/millrace-expire.service.in \
	contrib/systemd/millrace-expire.timer \
	contrib/systemd/millrace-forward-control.socket \
	contrib/systemd/millrace-forward.service.in \
	contrib/systemd/millrace-forward.socket \
	contrib/systemd/sysusers.conf.in \
	contrib/systemd/tmpfiles.conf.in

GENERATED = \
	contrib/systemd/millrace-auth-policy.service \
	contrib/systemd/millrace-check.service \
	contrib/systemd/millrace-dkim-sign.service \
	contrib/systemd/millrace-expire.service \
	contrib/systemd/millrace-forward.service \
	contrib/systemd/sysusers.conf \
	contrib/systemd/tmpfiles.conf
CLEANFILES = $(GENERATED)
noinst_DATA = contrib/systemd/sysusers.conf contrib/systemd/tmpfiles.conf

$(GENERATED): %: $(srcdir)/%.in Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib/systemd && sed \
		-e 's|@bindir[@]|$(bindir)|g' \
		-e 's|@sbindir[@]|$(sbindir)|g' \
		-e 's|@pkglibexecdir[@]|$(pkglibexecdir)|g' \
		-e 's|@configdirectory[@]|$(configdirectory)|g' \
		-e 's|@KEYS_GROUP[@]|$(KEYS_GROUP)|g' \
		$(srcdir)/$@.in > $@.new && mv $@.new $@

# Their names say whose they are only after they are installed.
install-data-local:
	$(MKDIR_P) $(DESTDIR)$(prefix)/lib/sysusers.d \
		$(DESTDIR)$(prefix)/lib/tmpfiles.d
	$(INSTALL_DATA) contrib/systemd/sysusers.conf \
		$(DESTDIR)$(prefix)/lib/sysusers.d/millrace.conf
	$(INSTALL_DATA) contrib/systemd/tmpfiles.conf \
		$(DESTDIR)$(prefix)/lib/tmpfiles.d/millrace.conf

uninstall-local:
	rm -f $(DESTDIR)$(prefix)/lib/sysusers.d/millrace.conf \
		$(DESTDIR)$(prefix)/lib/tmpfiles.d/millrace.conf
