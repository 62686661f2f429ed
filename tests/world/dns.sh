# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# dns.sh: the world's DNS: one unbound on 127.0.0.1 that serves one zone file
# for the root, so everything that is not in the file does not exist, and what
# people paste into their zones can be pasted here as it is. For what is below
# dead.example nobody answers.

dns_start() {
	local zone
	mkdir -p "$WORLD/dns"
	{
		echo '$TTL 60'
		echo '. IN SOA ns. admin. 1 3600 600 86400 60'
		echo '. IN NS ns.'
		echo 'ns. IN A 127.0.0.1'
		cat "$WORLD_LIB/zone"
	} > "$WORLD/dns/zone"
	{
		cat <<-EOF
		server:
			interface: 127.0.0.1
			access-control: 127.0.0.0/8 allow
			directory: "$WORLD/dns"
			username: ""
			chroot: ""
			pidfile: "$WORLD/dns/pid"
			use-syslog: no
			logfile: "$WORLD/log/dns"
			module-config: "iterator"
			edns-buffer-size: 4096
		EOF
		# unbound answers these by itself otherwise.
		for zone in 2.0.192.in-addr.arpa 100.51.198.in-addr.arpa \
		    113.0.203.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa; do
			printf '\tlocal-zone: "%s." nodefault\n' $zone
		done
		printf '\tlocal-zone: "dead.example." always_deny\n'
		cat <<-EOF
		remote-control:
			control-enable: no
		auth-zone:
			name: "."
			zonefile: "$WORLD/dns/zone"
			for-downstream: yes
			for-upstream: yes
			fallback-enabled: no
		EOF
	} > "$WORLD/dns/unbound.conf"
	unbound -d -c "$WORLD/dns/unbound.conf" &
	dns_pid=$!
	wait_for dns_serves
}

dns_serial() {
	awk '$3 == "SOA" { print $6 }' "$WORLD/dns/zone"
}

# The server has the zone file as it is now.
dns_serves() {
	[ "$(dig +short +tries=1 +time=1 @127.0.0.1 . SOA |
	    awk '{ print $3 }')" = "$(dns_serial)" ]
}

# dns_add: publishes the zone lines that it reads, parentheses, comments
# and all; back when they are served.
dns_add() {
	local next=$(($(dns_serial) + 1))
	sed -i "s/^\\(\\. IN SOA ns\\. admin\\.\\) [0-9]*/\\1 $next/" \
	    "$WORLD/dns/zone" &&
	cat >> "$WORLD/dns/zone" &&
	kill -HUP "$dns_pid" &&
	wait_for dns_serves || {
		grep error "$WORLD/log/dns" >&2
		return 1
	}
}
