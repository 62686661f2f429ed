# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# world.sh: the library that `demo` and the end-to-end tests share. A script
# sources it, calls world_enter "$@", and from there on runs in a world of its
# own: own network (loopback only), mounts, processes and host name. Every
# daemon in it ends with it, and the host's files are seen but never changed.
#
#	192.0.2.25	2001:db8::25	mail.example.org, ours
#	192.0.2.26	2001:db8::26	sendmail.example.org, ours too
#	198.51.100.7	2001:db8:7::7	a user at home
#	198.51.100.25	2001:db8:7::25	mx.sender.example, an honest stranger
#	198.51.100.40	2001:db8:7::40	mx.lists.example, which passes mail on
#	198.51.100.66	2001:db8:7::66	mx.forger.example
#	203.0.113.25	2001:db8:f::25	mx.gmail.example, the far side
#
# $WORLD is the run directory; MTA and milters log to $WORLD/log/mail.
# KEEP=1 leaves the run directory behind.

set -u -o pipefail

WORLD_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$WORLD_LIB/../.." && pwd)
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1

HOME4=192.0.2.25 HOME6=2001:db8::25
SMHOME4=192.0.2.26 SMHOME6=2001:db8::26
USER4=198.51.100.7 USER6=2001:db8:7::7
SENDER4=198.51.100.25 SENDER6=2001:db8:7::25
LIST4=198.51.100.40 LIST6=2001:db8:7::40
FORGER4=198.51.100.66 FORGER6=2001:db8:7::66
FAR4=203.0.113.25 FAR6=2001:db8:f::25
export HOME4 HOME6 SMHOME4 SMHOME6 USER4 USER6 FAR4 FAR6
export SENDER4 SENDER6 LIST4 LIST6 FORGER4 FORGER6

# Ends the script: for what no test can go on without.
die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# wait_for COMMAND...: until COMMAND succeeds, polling. The pause is for the
# processor's sake only; the condition decides, however busy the machine is.
wait_for() {
	local deadline=$((SECONDS + 120))
	until "$@" > /dev/null 2>&1; do
		if [ $SECONDS -ge $deadline ]; then
			echo "${0##*/}: waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

# world_enter "$@": the rest of the script runs inside.
world_enter() {
	if [ -n "${WORLD:-}" ]; then
		world_furnish || die "cannot make a world of its own"
		return
	fi
	[ "$(id -u)" = 0 ] || die "needs root, for namespaces: sudo $0"
	WORLD=$(mktemp -d "${TMPDIR:-/tmp}/millrace.XXXXXXXX") || exit 1
	chmod 755 "$WORLD"
	export WORLD
	local status=0 inside
	unshare --net --mount --pid --uts --ipc --fork --kill-child \
	    --mount-proc --propagation private -- bash "$0" "$@" <&0 &
	inside=$!
	# unshare itself ignores them; with it everything in the world ends, and
	# then this shell goes on to tidy up.
	trap 'kill -KILL $inside' INT TERM HUP
	wait $inside || status=$?
	wait $inside 2> /dev/null || :
	if [ "${KEEP:-0}" = 1 ]; then
		echo "kept: $WORLD" >&2
	else
		rm -rf "$WORLD"
	fi
	exit $status
}

world_furnish() {
	local dir
	hostname mail.example.org &&
	ip link set lo up || return
	for dir in "$HOME4/24" "$SMHOME4/24" "$USER4/24" "$FAR4/24"; do
		ip addr add "$dir" dev lo || return
	done
	# Of 198.51.100.0/24 all are ours by that; IPv6 wants each by name.
	for dir in "$HOME6" "$SMHOME6" "$USER6" "$SENDER6" "$LIST6" \
	    "$FORGER6" "$FAR6"; do
		ip addr add "$dir/64" dev lo nodad || return
	done

	# What is written to /etc and /var goes to the run directory.
	for dir in etc var; do
		mkdir -p "$WORLD/$dir" "$WORLD/.work/$dir" &&
		mount -t overlay "world-$dir" -o \
		    "lowerdir=/$dir,upperdir=$WORLD/$dir,workdir=$WORLD/.work/$dir" \
		    "/$dir" || return
	done
	mount -t tmpfs -o mode=755 run /run &&
	mount -t tmpfs -o mode=755 spool /var/spool &&
	mkdir -p /run/lock /run/millrace "$WORLD/log" "$WORLD/tls" || return

	# A /dev of its own, so that /dev/log is ours.
	mkdir -p "$WORLD/.dev" &&
	mount -t tmpfs -o mode=755 dev "$WORLD/.dev" || return
	for dir in null zero full random urandom tty; do
		touch "$WORLD/.dev/$dir" &&
		mount --bind "/dev/$dir" "$WORLD/.dev/$dir" || return
	done
	ln -s /proc/self/fd "$WORLD/.dev/fd"
	ln -s /proc/self/fd/0 "$WORLD/.dev/stdin"
	ln -s /proc/self/fd/1 "$WORLD/.dev/stdout"
	ln -s /proc/self/fd/2 "$WORLD/.dev/stderr"
	mkdir -m 1777 "$WORLD/.dev/shm"
	mount --move "$WORLD/.dev" /dev || return

	rm -f /etc/resolv.conf
	echo "nameserver 127.0.0.1" > /etc/resolv.conf
	printf '%s\n' "127.0.0.1 localhost" "::1 localhost" \
	    "$HOME4 mail.example.org" > /etc/hosts
	printf '%s\n' "passwd: files" "group: files" "shadow: files" \
	    "hosts: files dns" "services: files" "protocols: files" \
	    > /etc/nsswitch.conf
	echo mail.example.org > /etc/mailname

	"$WORLD_LIB/syslog-sink" /dev/log "$WORLD/log/mail" &
	wait_for test -S /dev/log
}

# listening ADDRESS PORT: somebody does, IPv6 addresses in brackets.
listening() {
	ss -Hltn | awk -v at="$1:$2" '$4 == at { found = 1 }
	    END { exit !found }'
}

# mail_log PATTERN [FROM_LINE]: the lines of the mail log that match.
mail_log() {
	tail -n "+${2:-1}" "$WORLD/log/mail" | grep -aE -- "$1"
}

# mail_log_line: the number of the line that comes next.
mail_log_line() {
	echo $(($(wc -l < "$WORLD/log/mail") + 1))
}

for part in facts client tls dns dovecot postfix sendmail far milter \
    strangers forward readme; do
	# shellcheck source=/dev/null
	. "$WORLD_LIB/$part.sh" || die "$part.sh is missing"
done
unset part
