# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# postfix.sh: our own host, mail.example.org: Postfix with submission on 587
# and 465, passwords by Dovecot, TLS both ways, both address families. What is
# sent to inbound.example goes to the far side, whoever sent it.

# postfix_start [MILTER...]: dkim-sign if none is named. With one it is on
# every port; of several auth-policy is on port 25, dkim-sign everywhere else,
# and forward behind each of them.
postfix_start() {
	postfix_milters=${*:-dkim-sign}
	tls_cert mail.example.org || return
	rm -rf /etc/postfix/main.cf /etc/postfix/master.cf \
	    /etc/postfix/dynamicmaps.cf.d /var/lib/postfix
	mkdir -p -m 755 /var/spool/postfix /var/lib/postfix \
	    /etc/postfix/dynamicmaps.cf.d
	chown postfix: /var/lib/postfix
	postfix_main > /etc/postfix/main.cf
	touch -c -d "-1 hour" /etc/postfix/main.cf
	postfix_master > /etc/postfix/master.cf
	postfix_contrib || return
	printf '%s\n' "postmaster: root" "root: alice@example.org" > /etc/aliases
	newaliases &&
	postfix start > "$WORLD/log/postfix" 2>&1 || {
		cat "$WORLD/log/postfix" >&2
		return 1
	}
	wait_for postfix_serves
}

# Each program of Postfix reads a main.cf that changed within the last second
# again and again until it is older: two seconds for each change.
postconf() {
	command postconf "$@" && touch -c -d "-1 hour" /etc/postfix/main.cf
}

postfix_serves() {
	local port
	for port in 25 465 587; do
		listening "$HOME4" $port && listening "[$HOME6]" $port || return
	done
}

postfix_main() {
	cat <<-EOF
	compatibility_level = 3.6
	myhostname = mail.example.org
	mydomain = example.org
	myorigin = example.org
	mydestination = mail.example.org, localhost
	# Our users' mailboxes are elsewhere; nothing is kept here.
	relay_domains = inbound.example
	virtual_alias_domains = example.org, example.net
	virtual_alias_maps = inline:{
	 { bounced@example.org = nobody@gmail.example },
	 { bob@example.org = bob@gmail.example },
	 { alice@example.org = alice@gmail.example } }
	alias_maps = hash:/etc/aliases
	inet_interfaces = $HOME4, $HOME6, 127.0.0.1, ::1
	inet_protocols = all
	smtp_bind_address = $HOME4
	smtp_bind_address6 = $HOME6
	smtp_address_preference = ipv6
	mynetworks = 127.0.0.0/8 [::1]/128
	maillog_file =
	message_size_limit = 209715200
	# One attempt after another without waiting, for tests of retries.
	minimal_backoff_time = 1s
	maximal_backoff_time = 2s
	queue_run_delay = 1s
	# A busy machine needs minutes for what is too much in one.
	anvil_rate_time_unit = 10m

	smtpd_tls_security_level = may
	smtpd_tls_cert_file = $WORLD/tls/mail.example.org.pem
	smtpd_tls_key_file = $WORLD/tls/mail.example.org.key
	smtpd_tls_loglevel = 1
	smtpd_tls_received_header = yes
	smtp_tls_security_level = may
	smtp_tls_CAfile = $CA
	smtp_tls_loglevel = 1

	smtpd_sasl_type = dovecot
	smtpd_sasl_path = /run/millrace/auth
	smtpd_sasl_authenticated_header = no
	EOF
}

# The settings that we ship, with the sockets where they are here, and the
# commands in them.
postfix_contrib() {
	local milter option line
	case $postfix_milters in dkim-sign)
		postconf -e 'smtpd_milters = $millrace_sign' || return
	esac
	for milter in passwords $postfix_milters; do
		sed -e '/^#/d' -e "s|unix:millrace/|unix:/run/millrace/|" \
		    "$ROOT/contrib/postfix/$milter.postconf" |
		    xargs -d '\n' postconf -e &&
		    touch -c -d "-1 hour" /etc/postfix/main.cf || return
		while read -r option line; do
			postconf "$option" "$line" || return
		done < <(sed -n "s/^#\tpostconf \(-[MP]\) '\(.*\)'$/\1 \2/p" \
		    "$ROOT/contrib/postfix/$milter.postconf")
	done
}

# postfix_forwards DOMAIN...: forward joins the milters that are there.
postfix_forwards() {
	printf '%s unforwarded:\n' "$@" > /etc/postfix/millrace-domains
	postfix_milters+=" forward"
	postfix_contrib &&
	postconf -e 'virtual_alias_domains =' 'virtual_alias_maps =' &&
	postfix reload 2>> "$WORLD/log/postfix"
}

# No chroot: what is under test is not Postfix's set-up.
postfix_master() {
	local user='-o smtpd_sasl_auth_enable=yes
	-o smtpd_relay_restrictions=permit_sasl_authenticated,reject
	-o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
	-o smtpd_delay_reject=yes'
	case $postfix_milters in *dkim-sign*)
		user+=$'\n\t-o smtpd_milters=$millrace_sign'
	esac
	cat <<-EOF
	smtp inet n - n - - smtpd
	submission inet n - n - - smtpd
	 -o syslog_name=postfix/submission
	 -o smtpd_tls_security_level=encrypt
	 ${user//$'\n\t'/$'\n '}
	submissions inet n - n - - smtpd
	 -o syslog_name=postfix/submissions
	 -o smtpd_tls_wrappermode=yes
	 ${user//$'\n\t'/$'\n '}
	pickup unix n - n 60 1 pickup
	cleanup unix n - n - 0 cleanup
	qmgr unix n - n 300 1 qmgr
	tlsmgr unix - - n 1000? 1 tlsmgr
	rewrite unix - - n - - trivial-rewrite
	bounce unix - - n - 0 bounce
	defer unix - - n - 0 bounce
	trace unix - - n - 0 bounce
	verify unix - - n - 1 verify
	flush unix n - n 1000? 0 flush
	proxymap unix - - n - - proxymap
	smtp unix - - n - - smtp
	relay unix - - n - - smtp
	showq unix n - n - - showq
	error unix - - n - - error
	retry unix - - n - - error
	discard unix - - n - - discard
	local unix - n n - - local
	anvil unix - - n - 1 anvil
	scache unix - - n - 1 scache
	EOF
}

# The queue is empty: everything was delivered or came back.
postfix_idle() {
	[ -z "$(find /var/spool/postfix/{maildrop,incoming,active,deferred,hold} \
	    -type f -print -quit)" ]
}
