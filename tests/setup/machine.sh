# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# machine.sh: mail.example.org as a machine of its own: a fresh Debian (see
# root) with a network of its own, joined to the world by one cable. Everybody
# else is in the world's network. Daemons of the machine end with the world.

# The other end of the cable.
GATE4=192.0.2.1 GATE6=2001:db8::1
# With SUITE the machine has another Debian than this host, and builds Millrace.
MACHINE_ROOT=/var/cache/millrace-tests/setup-root${SUITE:+-$SUITE}
SETUP=/src/contrib/postfix/setup

# machine_world: the cable, the DNS on both its ends, the far side, strangers.
machine_world() {
	local at
	machine_software > "$WORLD/log/install" 2>&1 || {
		tail -n 5 "$WORLD/log/install" >&2
		return 1
	}
	unshare --net sleep infinity &
	machine_pid=$!
	wait_for machine_has_network &&
	# With the first one of 192.0.2.0/24 the other goes too.
	ip addr del "$HOME4/24" dev lo && ip addr del "$HOME6/64" dev lo &&
	ip addr del "$SMHOME6/64" dev lo &&
	ip link add world type veth peer name eth0 netns $machine_pid &&
	ip addr add "$GATE4/24" dev world &&
	ip addr add "$GATE6/64" dev world nodad &&
	ip link set world up || return
	for at in "link set lo up" "addr add $HOME4/24 dev eth0" \
	    "addr add $HOME6/64 dev eth0 nodad" "link set eth0 up" \
	    "route add default via $GATE4" \
	    "-6 route add default via $GATE6"; do
		# shellcheck disable=SC2086
		on_cable ip $at || return
	done
	dns_start && strangers_start sender.example &&
	far_start "$SENDER4" "$SENDER6" && machine_dns
}

# What lies above the fresh Debian: our sources in /src, and Millrace.
machine_software() {
	mkdir -p "$WORLD/software/src" &&
	if [ -n "${SUITE-}" ]; then
		git -C "$ROOT" ls-files -z |
		    tar -C "$ROOT" --null -T - -cf - |
		    tar -C "$WORLD/software/src" -xf -
	else
		make -s -C "$BUILD" install DESTDIR="$WORLD/software"
	fi
}

machine_has_network() {
	! [ /proc/self/ns/net -ef "/proc/$machine_pid/ns/net" ]
}

on_cable() {
	nsenter --net="/proc/$machine_pid/ns/net" -- "$@"
}

# The machine's own resolver answers as the world's does.
machine_dns() {
	sed -e "s|^\(\s*pidfile: \).*|\1\"$WORLD/dns/pid-2\"|" \
	    -e "s|log/dns|log/dns-2|" "$WORLD/dns/unbound.conf" \
	    > "$WORLD/dns/machine.conf" &&
	on_cable unbound -c "$WORLD/dns/machine.conf" &&
	wait_for machine_dns_answers
}
machine_dns_answers() {
	[ -n "$(on_cable dig +short +tries=1 +time=1 @127.0.0.1 . SOA)" ]
}

# machine_publish: zone lines, for the world and the machine.
machine_publish() {
	dns_add && kill -HUP "$(cat "$WORLD/dns/pid-2")"
}

# machine_root NAME: a fresh Debian in $MACHINE.
machine_root() {
	MACHINE=$WORLD/$1
	mkdir -p "$MACHINE" "$WORLD/.upper/$1" "$WORLD/.work/$1" &&
	mount -t overlay "$1" -o "lowerdir=$WORLD/software:$MACHINE_ROOT,upperdir=$WORLD/.upper/$1,workdir=$WORLD/.work/$1" \
	    "$MACHINE" &&
	{ [ -n "${SUITE-}" ] || mount --bind "$ROOT" "$MACHINE/src"; } || return
	rm -f "$MACHINE/etc/resolv.conf"
	echo "nameserver 127.0.0.1" > "$MACHINE/etc/resolv.conf"
	printf '%s\n' "127.0.0.1 localhost" "::1 localhost" \
	    > "$MACHINE/etc/hosts"
}

# machine NAME: that one without systemd, as a container. It logs as the world
# does.
machine() {
	machine_root "$1" &&
	mount --rbind /dev "$MACHINE/dev" &&
	mount --rbind /proc "$MACHINE/proc" &&
	mount -t tmpfs -o mode=755 run "$MACHINE/run"
}

# The tree of cgroups in which systemd can have a branch of its own.
machine_cgroups() { findmnt -n -t cgroup2 -o TARGET -O rw | head -n 1; }

# machine_boot NAME: that one with systemd. It logs to its journal.
machine_boot() {
	machine_root "$1" || return
	machine_branch=$(machine_cgroups)/${WORLD##*/}
	mkdir "$machine_branch" || return
	trap machine_halt EXIT
	(
		echo $BASHPID > "$machine_branch/cgroup.procs" &&
		exec nsenter --net="/proc/$machine_pid/ns/net" -- \
		    unshare --mount --pid --cgroup --uts --ipc --fork \
		    --kill-child --propagation private -- \
		    "$ROOT/tests/setup/boot" "$MACHINE"
	) > "$WORLD/log/boot" 2>&1 < /dev/null &
	machine_shell=$!
	wait_for machine_is_up
}

# The first process of the machine, seen from here. Before it is systemd,
# nobody answers there.
machine_is_up() {
	machine_init=$(cat "/proc/$machine_shell/task/$machine_shell/children")
	machine_init=${machine_init%% *}
	[ -n "$machine_init" ] &&
	[ "$(on_machine systemctl is-active multi-user.target)" = active ]
}

machine_halt() {
	[ -z "${machine_init-}" ] || kill -KILL "$machine_init"
	wait "$machine_shell"
	find "$machine_branch" -depth -type d -exec rmdir {} \;
}

# on_machine COMMAND...
on_machine() {
	local enter=(on_cable chroot "$MACHINE")
	[ -z "${machine_init-}" ] ||
	    enter=(nsenter --target "$machine_init" --mount --uts --ipc --net
		--pid --cgroup --root --wd --)
	"${enter[@]}" env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
	    "PATH=${MACHINE_PATH-}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
	    "$@"
}

# machine_setup NAME OPTION...: as a user would; what it says is kept.
machine_setup() {
	local name=$1
	shift
	on_machine $SETUP "$@" > "$WORLD/log/$name" 2>&1
}

# machine_files: a line for each file of the settings, with mode and checksum.
# (Users of services stay, once they are made; so do random names of theirs.)
machine_files() {
	(cd "$MACHINE" && find etc -xdev -type f ! -name '*passwd*' \
	    ! -name '*group*' ! -name '*shadow*' ! -name '.pwd.lock' \
	    -printf '%m %U %G %p\n' -exec sha256sum {} \; | sort -k 2)
}

# machine_serves: on the ports that are asked for.
machine_serves() {
	local port
	for port; do
		[ -n "$(on_cable ss -Hltn "sport = :$port")" ] || return
	done
}

# machine_postfix: Debian's, as a person gets it with "Internet Site".
machine_postfix() {
	echo "postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string mail.example.org
postfix postfix/destinations string mail.example.org, localhost" |
	    on_machine debconf-set-selections &&
	on_machine DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	    --no-install-recommends install postfix dovecot-core \
	    > "$WORLD/log/apt" 2>&1
}
