# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# zones.sh: a name server (nsd) with the zones of a machine, delegated to it
# from the root that the world's resolver has, as a registrar and a provider
# do it. The zones are empty until something is published.

# The deepest first: a name belongs to the first that has it.
ZONES="example.org org 0.18.198.in-addr.arpa 2.0.0.0.1.0.0.2.ip6.arpa"
ZONES_AT="$GATE4 $GATE6"

zones_start() {
	local zone
	mkdir -p "$WORLD/zones" || return
	for zone in $ZONES; do
		# What is published counts at once.
		printf '%s\n' '$TTL 0' \
		    "$zone. SOA ns.provider.example. hostmaster 1 9 9 9 0" \
		    "$zone. NS ns.provider.example." > "$WORLD/zones/$zone"
	done
	echo "example.org. NS ns.provider.example." >> "$WORLD/zones/org"
	for zone in ${ZONES#example.org }; do
		echo "$zone. NS ns.provider.example."
	done > "$WORLD/zones/delegation"
	cat >> "$WORLD/zones/delegation" <<-END
	ns.provider.example. A $GATE4
	ns.provider.example. AAAA $GATE6
	END
	{
		cat <<-END
		server:
			username: ""
			chroot: ""
			zonesdir: "$WORLD/zones"
			pidfile: ""
			database: ""
			xfrdfile: "$WORLD/zones/xfrd"
			zonelistfile: "$WORLD/zones/list"
			logfile: "$WORLD/log/nsd"
		END
		printf '\tip-address: %s\n' $ZONES_AT
		printf 'remote-control:\n\tcontrol-enable: no\n'
		printf 'zone:\n\tname: %s\n\tzonefile: %s\n' \
		    $(for zone in $ZONES; do echo "$zone $zone"; done)
	} > "$WORLD/zones/nsd.conf"
	# The world's resolvers ask; they don't answer for the root themselves.
	sed -i 's/for-downstream: yes/for-downstream: no/' \
	    "$WORLD/dns/unbound.conf" "$WORLD/dns/machine.conf"
	nsd -d -c "$WORLD/zones/nsd.conf" &
	zones_pid=$!
	wait_for zones_serve ns.provider.example. NS example.org &&
	machine_publish < "$WORLD/zones/delegation"
}

# zones_serve DATA TYPE NAME: at each address.
zones_serve() {
	local at
	for at in $ZONES_AT; do
		dig +short +tries=1 +time=1 "@$at" "$3" "$2" |
		    grep -qxF -- "$1" || return
	done
}

# zones_publish: adds the lines that it reads, each to its zone; back when they
# are served.
zones_publish() {
	local line zone
	while read -r line; do
		for zone in $ZONES; do
			[[ ${line%% *} == *$zone. ]] || continue
			echo "$line" >> "$WORLD/zones/$zone"
			break
		done
	done
	zones_publications=$((${zones_publications-0} + 1))
	echo "publication.example.org. TXT \"$zones_publications\"" \
	    >> "$WORLD/zones/example.org"
	kill -HUP "$zones_pid" &&
	wait_for zones_serve "\"$zones_publications\"" TXT \
	    publication.example.org
}
