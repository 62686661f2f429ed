# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# dovecot.sh: Dovecot, for nothing but the passwords of submission. Accounts
# are where Millrace has them: STATE/domains/DOMAIN/users, a passwd-file. Its
# configuration is the one that we ship, but for where Postfix finds it.

STATE=/var/lib/millrace
AUTH_SOCKET=/run/millrace/auth

# account ADDRESS PASSWORD: makes one.
account() {
	local dir=$STATE/domains/${1#*@}
	install -d -m 751 "$dir" &&
	echo "${1%@*}:{SHA512-CRYPT}$(openssl passwd -6 "$2")" \
	    >> "$dir/users" &&
	groupadd --force --system millrace-users &&
	chgrp millrace-users "$dir/users" && chmod 640 "$dir/users"
}

dovecot_start() {
	groupadd --force --system millrace-users &&
	mkdir -p "$WORLD/dovecot" || return
	cat > "$WORLD/dovecot/dovecot.conf" <<-EOF
	protocols =
	listen = 127.0.0.1
	base_dir = /run/dovecot
	state_dir = $WORLD/dovecot
	ssl = no
	syslog_facility = mail
	!include $WORLD/dovecot/millrace.conf
	EOF
	sed "s|/var/spool/postfix/private/auth|$AUTH_SOCKET|" \
	    "$ROOT/contrib/dovecot/millrace.conf" \
	    > "$WORLD/dovecot/millrace.conf"
	dovecot -F -c "$WORLD/dovecot/dovecot.conf" &
	wait_for test -S $AUTH_SOCKET
}
