# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# set-up.sh: a world in which a stranger's mail is forwarded, for the ledger and
# the fault points: Postfix with what contrib/ has for all three daemons, whose
# sockets are held as systemd does it, so that one that is killed comes back.

LEDGER=$ROOT/tests/ledger
FORWARD_SOCKET=/run/millrace/forward.sock FORWARD_PID=${WORLD:-}/forward.pid
SIGNER_PID=${WORLD:-}/signer.pid
BOX=${WORLD:-}/box

# plan PYTHON: with the plan at hand.
plan() {
	python3 -c "import os, sys; sys.path.insert(0, '$LEDGER'); import plan; $1"
}

# aliases N: the files, in their Nth state; put in place by a rename.
aliases() {
	plan "
for domain, text in plan.ALIASES.items():
    path = f'$CONF/domains/{domain}/aliases'
    with open(path + '.new', 'w') as file:
        file.write(text.format(moving=plan.MOVING[$1 % 2]) + 'edited$1: i\n')
    os.rename(path + '.new', path)"
}

# held NAME USER PROGRAM SOCKET PIDFILE: starts it as systemd does.
held() {
	local from
	from=$(mail_log_line)
	"$WORLD_LIB/hold-socket" "$4" postfix "$5" \
	    setpriv --reuid "$2" --regid "$2" --init-groups \
	    -- "$3" -c "$CONF" >> "$WORLD/log/$1" 2>&1 &
	wait_for mail_log "$1.*ready" "$from"
}

# The far side, and the stranger's own host, where bounces go.
far_sides() {
	tls_cert mx.gmail.example && mkdir -p "$FAR" "$BOX" &&
	    touch "$FAR/answers" "$BOX/answers" || return
	far_side "$FAR" mx.gmail.example "$FAR4" "$FAR6" &&
	    far_side "$BOX" mx.sender.example "$SENDER4" "$SENDER6"
}

far_side() {
	local dir=$1 name=$2
	shift 2
	"$WORLD_LIB/far-side" --hostname "$name" --dir "$dir" \
	    --cert "$WORLD/tls/mx.gmail.example.pem" \
	    --key "$WORLD/tls/mx.gmail.example.key" \
	    --answers "$dir/answers" --trouble "$dir.trouble" "$@" \
	    2>> "$WORLD/log/far-side" &
	wait_for test -e "$dir/ready"
}

forwarding_world() {
	milter_user && dns_start && strangers_start sender.example &&
	    dns_add <<< 'nothing.example. IN MX 10 mx.sender.example.' &&
	    hosted inbound.example && hosted example.net && dovecot_start ||
	    return
	conf millrace.conf <<< 'resolver = {"127.0.0.1"}'
	conf auth-policy.conf < /dev/null
	conf forward.conf < /dev/null
	conf dkim-sign.conf < /dev/null
	install -d -o millrace-forward -m 700 "$STATE/forward"
	aliases 0
	secret srs millrace-keys && secret verdict millrace-verdict &&
	    policy_start && LD_PRELOAD=${FORWARD_PRELOAD:-} \
	    held forward millrace-forward "$FORWARD" \
		"$FORWARD_SOCKET" "$FORWARD_PID" &&
	    held dkim-sign millrace-sign "$SIGNER" "$MILTER_SOCKET" \
		"$SIGNER_PID" &&
	    far_sides && postfix_start dkim-sign auth-policy && forwarding_mta
}

# The settings that we ship; errors of clients cost no time, nor do the far
# side's make Postfix give it up for a while.
forwarding_mta() {
	local shipped=$ROOT/contrib/postfix/forward.postconf
	printf '%s unforwarded:\n' inbound.example example.net \
	    > /etc/postfix/millrace-domains
	sed -e '/^#/d' -e 's|unix:millrace/|unix:/run/millrace/|' "$shipped" |
	    xargs -d '\n' postconf -e &&
	    postconf -M "$(sed -n "s/^#\tpostconf -M '\(.*\)'$/\1/p" \
		"$shipped")" &&
	    postconf -e 'relay_domains =' 'virtual_alias_domains = example.org' \
		smtpd_error_sleep_time=0 smtpd_client_connection_count_limit=0 \
		smtp_destination_concurrency_failed_cohort_limit=50 \
		smtp_tls_security_level=none &&
	    postfix reload 2> /dev/null
}
