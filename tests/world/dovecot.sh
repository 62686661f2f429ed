# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# dovecot.sh: Dovecot, for nothing but the passwords of submission. Accounts
# are where Millrace has them: STATE/domains/DOMAIN/users, a passwd-file.

STATE=/var/lib/millrace

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
	auth_mechanisms = plain login
	auth_default_realm = example.org
	auth_failure_delay = 1 secs
	passdb {
		driver = passwd-file
		args = username_format=%n $STATE/domains/%d/users
	}
	userdb {
		driver = static
		args = uid=nobody gid=nogroup home=/nonexistent
	}
	service auth {
		extra_groups = millrace-users
		unix_listener /run/millrace/auth {
			mode = 0660
			user = postfix
			group = postfix
		}
	}
	EOF
	dovecot -F -c "$WORLD/dovecot/dovecot.conf" &
	wait_for 20 test -S /run/millrace/auth
}
