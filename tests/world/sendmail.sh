# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# sendmail.sh: our second host, sendmail.example.org: Sendmail 8.17 in a root
# of its own (see sendmail-root), submission as submission.mc has it with
# accounts in a sasldb, everything sent on to the far side. Its loopback is
# 127.0.0.2. On port 25 it takes what is for inbound.example.

SENDMAIL_ROOT=/var/cache/millrace-tests/sendmail-root

in_sendmail() {
	chroot $SENDMAIL_ROOT "$@"
}

# sendmail_start ADDRESS PASSWORD [MILTER...]: with that one account, and
# dkim-sign if no milter is named. With one it is on every port; of several
# auth-policy is on port 25, dkim-sign everywhere else, forward behind both.
sendmail_start() {
	local at=$SENDMAIL_ROOT
	local address=$1 password=$2
	shift 2
	sendmail_milters=${*:-dkim-sign}
	tls_cert sendmail.example.org || return
	mkdir -p $at/run/millrace
	mount --rbind /dev $at/dev &&
	mount --bind /proc $at/proc &&
	mount --bind /run/millrace $at/run/millrace || return
	cp /etc/resolv.conf /etc/hosts /etc/nsswitch.conf $at/etc/
	sendmail_pair $at/var/lib/millrace/tls/current || return
	# The package gives these to a user; a daemon that is root wants root's.
	chown -R root: $at/etc/mail $at/var/spool/mqueue
	rm -rf $at/var/spool/mqueue/*
	mkdir -p $at/var/lib/sendmail/host_status

	printf 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n' \
	    > $at/usr/lib/sasl2/Sendmail.conf
	in_sendmail sh -c 'mkdir -p /etc/sasl2; cp /usr/lib/sasl2/Sendmail.conf /etc/sasl2/
	    cp /usr/lib/sasl2/Sendmail.conf /etc/mail/sasl/'
	echo "$password" | in_sendmail saslpasswd2 -p -c \
	    -u "${address#*@}" "${address%@*}" || return

	sendmail_mc > $at/etc/mail/sendmail.mc
	case $sendmail_milters in *forward*) forward_maps || return ;; esac
	in_sendmail sh -c 'm4 /etc/mail/sendmail.mc > /etc/mail/sendmail.cf' ||
	    return
	in_sendmail sh -c 'newaliases; echo sendmail.example.org > /etc/mail/local-host-names' \
	    > "$WORLD/log/sendmail" 2>&1
	in_sendmail /usr/libexec/sendmail/sendmail -bD -q1s -L sendmail \
	    >> "$WORLD/log/sendmail" 2>&1 &
	wait_for sendmail_serves || {
		cat "$WORLD/log/sendmail" >&2
		return 1
	}
}

# Where submission.mc has it.
sendmail_pair() {
	install -D -m 600 "$WORLD/tls/sendmail.example.org.key" "$1/key.pem" &&
	install -m 644 "$WORLD/tls/sendmail.example.org.pem" "$1/chain.pem"
}

sendmail_serves() {
	listening "$SMHOME4" 587 && listening "$SMHOME4" 465 &&
	listening 127.0.0.2 25 &&
	listening "$SMHOME4" 25 && listening "[$SMHOME6]" 25
}

sendmail_mc() {
	local part user="" world=""
	local client="CLIENT_OPTIONS(\`Family=inet, Addr=$SMHOME4')dnl"
	case $sendmail_milters in *forward*)
		# To itself it speaks from loopback, by IPv4; to all others by
		# IPv6.
		client="dnl"
		user=", InputMailFilters=dkim-sign;forward"
		world=", InputMailFilters=auth-policy;forward"
	esac
	cat <<-EOF
	divert(0)dnl
	define(\`_USE_ETC_MAIL_')dnl
	include(\`/usr/share/sendmail/cf/m4/cf.m4')dnl
	OSTYPE(\`debian')dnl
	define(\`confDOMAIN_NAME', \`sendmail.example.org')dnl
	define(\`confDONT_PROBE_INTERFACES', \`True')dnl
	define(\`confMIN_QUEUE_AGE', \`0')dnl
	define(\`confQUEUE_LA', \`1000')dnl
	define(\`confREFUSE_LA', \`1000')dnl
	define(\`confMAX_HEADERS_LENGTH', \`2000000')dnl
	define(\`confPID_FILE', \`/run/sendmail.pid')dnl
	define(\`confTO_IDENT', \`0')dnl
	$client
	CLIENT_OPTIONS(\`Family=inet6, Addr=$SMHOME6')dnl
	FEATURE(\`nocanonify')dnl
	FEATURE(\`no_default_msa')dnl
	DAEMON_OPTIONS(\`Name=loopback, Addr=127.0.0.2, Port=25$user')dnl
	DAEMON_OPTIONS(\`Name=MTA, Addr=$SMHOME4, Port=25, Listen=512$world')dnl
	DAEMON_OPTIONS(\`Name=MTA6, Family=inet6, Addr=$SMHOME6, Port=25$world')dnl
	RELAY_DOMAIN(\`inbound.example')dnl
	VIRTUSER_DOMAIN(\`home.example')dnl
	FEATURE(\`accept_unresolvable_domains')dnl
	define(\`SMART_HOST', \`esmtp:[mx.gmail.example]')dnl
	$(for part in $sendmail_milters submission; do
		sendmail_contrib $part
	done)
	MAILER(\`local')dnl
	MAILER(\`smtp')dnl
	EOF
}

# The settings that we ship, at addresses of this host. One milter alone is on
# every port.
sendmail_contrib() {
	local filters=""
	case $sendmail_milters in *forward*) ;; *)
		filters="s/, InputMailFilters=dkim-sign;forward//"
	esac
	sed -e "s|run/millrace/forward.sock|run/millrace/forward-2.sock|" \
	    -e '/^DAEMON_OPTIONS.*Name=MTA/d' \
	    -e "s/Family=inet6, Port=sub/Addr=$SMHOME4, Listen=512, Port=sub/" \
	    -e "$filters" "$ROOT/contrib/sendmail/$1.mc"
}

# The queue is empty.
sendmail_idle() {
	[ -z "$(find $SENDMAIL_ROOT/var/spool/mqueue -type f -print -quit)" ]
}
