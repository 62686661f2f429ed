# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# milter.sh: our daemons, as the user they run as on a real host.

CONF=/etc/millrace
SIGNER=$ROOT/build/dkim-sign/dkim-sign
POLICY=$ROOT/build/auth-policy/auth-policy
FORWARD=$ROOT/build/forward/forward
MILLRACE=$ROOT/build/tools/millrace
MILTER_SOCKET=/run/millrace/dkim-sign.sock
POLICY_SOCKET=/run/millrace/auth-policy.sock
FORWARD_SOCKET=/run/millrace/forward.sock
POLICY_PID=${WORLD:-}/policy.pid

# conf FILE: writes $CONF/FILE from its input.
conf() {
	mkdir -p "$(dirname "$CONF/$1")" && cat > "$CONF/$1"
}

# Users, groups and folders as contrib/systemd has them on a real host. The
# group postfix is for the socket.
milter_user() {
	getent passwd millrace-sign > /dev/null && return
	groupadd --system millrace-keys &&
	groupadd --system millrace-verdict &&
	groupadd --force --system millrace-users &&
	useradd --system --no-create-home --home-dir / \
	    --shell /usr/sbin/nologin \
	    --groups millrace-keys,postfix,millrace-users millrace-sign &&
	useradd --system --no-create-home --home-dir / \
	    --shell /usr/sbin/nologin --user-group \
	    --groups millrace-verdict millrace-policy &&
	useradd --system --no-create-home --home-dir / \
	    --shell /usr/sbin/nologin --user-group \
	    --groups millrace-verdict,millrace-keys,millrace-users \
	    millrace-forward &&
	install -d -m 751 -g millrace-keys "$STATE" "$STATE/domains" &&
	install -d -o millrace-sign /run/millrace
}

# secret FOLDER GROUP: a secret of the host, for those of a group.
secret() {
	install -d -m 750 -g "$2" "$STATE/$1" &&
	head -c 32 /dev/urandom | base64 > "$STATE/$1/20260101.secret" &&
	chgrp "$2" "$STATE/$1/20260101.secret" &&
	chmod 640 "$STATE/$1/20260101.secret"
}

# hosted DOMAIN: the domain's folders, and its keys, published.
hosted() {
	mkdir -p "$CONF/domains/$1" &&
	milter_user &&
	"$MILLRACE" -c "$CONF" dkim keygen "$1" > "$WORLD/log/keygen-$1" &&
	"$MILLRACE" -c "$CONF" dkim dns "$1" > "$WORLD/dns/$1" &&
	dns_add < "$WORLD/dns/$1"
}

# control USER DAEMON: a folder for its control socket, and the setting.
control() {
	install -d -o "millrace-$1" "/run/millrace-$1" &&
	echo "control_socket = \"/run/millrace-$1/$2.control\""
}

# signer_conf LINE...: dkim-sign.conf, beyond the socket.
signer_conf() {
	printf '%s\n' "socket = \"unix:$MILTER_SOCKET\"" \
	    'socket_group = "postfix"' "$@" | conf dkim-sign.conf
}

# signer_start: dkim-sign, back when it serves. Its log is $WORLD/log/mail,
# as everybody's; what it says on stderr is $WORLD/log/dkim-sign.
signer_start() {
	local from
	from=$(mail_log_line)
	setpriv --reuid millrace-sign --regid millrace-sign --init-groups \
	    -- "$SIGNER" -c "$CONF" >> "$WORLD/log/dkim-sign" 2>&1 &
	signer_pid=$!
	wait_for signer_ready "$from" || {
		tail -n 20 "$WORLD/log/dkim-sign" >&2
		mail_log 'dkim-sign' "$from" | tail -n 20 >&2
		return 1
	}
}

signer_ready() {
	mail_log 'dkim-sign.*ready' "$1" && [ -S "$MILTER_SOCKET" ]
}

# signer_reload: back when the log says how it went; fails if it went wrong.
signer_reload() {
	local from
	from=$(mail_log_line)
	kill -USR1 "$signer_pid" &&
	wait_for mail_log 'dkim-sign.*reload' "$from" &&
	mail_log 'dkim-sign.*reloaded' "$from" > /dev/null
}

# signer_stop: in order; back when it has ended.
signer_stop() {
	local from
	from=$(mail_log_line)
	kill -USR2 "$signer_pid" &&
	wait_for gone "$signer_pid" &&
	mail_log 'dkim-sign.*stopped' "$from" > /dev/null
}

# gone PID: it has ended, whether or not its parent has taken notice.
gone() {
	! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2> /dev/null
}

# signer_memory KEY: VmRSS, VmHWM, in KiB.
signer_memory() {
	awk -v key="$1:" '$1 == key { print $2 }' "/proc/$signer_pid/status"
}

# held_start NAME USER SOCKET PIDFILE PROGRAM ARGUMENT...: a daemon, back when
# it serves; its socket is held for it, as systemd does, so that whatever ends
# it, there is another one at once. $held is who holds it.
held_start() {
	local name=$1 user=$2 socket=$3 pidfile=$4 from
	shift 4
	from=$(mail_log_line)
	"$WORLD_LIB/hold-socket" "$socket" postfix "$pidfile" \
	    setpriv --reuid "$user" --regid "$user" --init-groups -- "$@" \
	    >> "$WORLD/log/$name" 2>&1 &
	held=$!
	wait_for mail_log "$name.*ready" "$from" || {
		tail -n 20 "$WORLD/log/$name" >&2
		mail_log "$name" "$from" | tail -n 20 >&2
		return 1
	}
}

policy_start() {
	held_start auth-policy millrace-policy "$POLICY_SOCKET" "$POLICY_PID" \
	    "$POLICY" -c "$CONF" && policy_holder=$held
}

# policy_reload: back when the log says that it went well.
policy_reload() {
	local from
	from=$(mail_log_line)
	kill -USR1 "$(cat "$POLICY_PID")" &&
	wait_for mail_log 'auth-policy.*reloaded' "$from"
}

# held_stop NAME HOLDER PIDFILE: a daemon whose socket is held stops in order,
# and for good; back when it has ended.
held_stop() {
	local from pid
	from=$(mail_log_line)
	pid=$(cat "$3")
	kill "$2" &&
	wait_for gone "$2" &&
	kill -USR2 "$pid" &&
	wait_for gone "$pid" &&
	mail_log "$1\\[.*stopped" "$from" > /dev/null
}

policy_stop() {
	held_stop auth-policy "$policy_holder" "$POLICY_PID"
}

# forward_start [HOST]: forward. A second HOST ("-2") has its own in $CONF-2,
# and so on. $forward_conf is its configuration.
forward_start() {
	local host=${1:-}
	conf "../millrace$host/forward.conf" <<< "${forward_conf:-}" &&
	install -d -o millrace-forward -m 700 "$STATE$host/forward" &&
	held_start forward millrace-forward \
	    "${FORWARD_SOCKET%.sock}$host.sock" "$WORLD/forward$host.pid" \
	    "$FORWARD" -c "$CONF$host" && forward_holder=$held
}

forward_stop() {
	held_stop forward "$forward_holder" "$WORLD/forward.pid"
}
