# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# readme.sh: contrib/sendmail/README.md, followed in the root of sendmail-root
# with Debian's own sendmail.mc: there Sendmail is mail.example.org, the one
# host of ours. All others are in a network of their own behind it, so that
# none of their addresses is one of ours.

README=$ROOT/contrib/sendmail/README.md
README_PASSWORD=wheel-and-water
# What README has a person do where there is no systemd and no network.
README_TOOLS=$SENDMAIL_ROOT/usr/local/sbin

# readme_world: all that README takes for granted.
readme_world() {
	milter_user && outside && dns_start &&
	strangers_start sender.example || return
	conf millrace.conf <<< 'resolver = {"127.0.0.1"}' &&
	conf domains/example.org/aliases <<-EOF &&
	i: me@gmail.example
	john: john.private@gmail.example
	EOF
	conf domains/second.example/aliases <<< 'i: second@gmail.example' &&
	hosted example.org && hosted second.example &&
	secret verdict millrace-verdict && secret srs millrace-keys &&
	signer_conf "$(control sign dkim-sign)" &&
	control policy auth-policy | conf auth-policy.conf &&
	forward_conf=$(control forward forward) &&
	signer_start && policy_start && forward_start &&
	tls_cert mx.gmail.example && outside_far
}

# outside: the others move out. They reach us, and we reach them.
outside() {
	local address
	ip netns add outside &&
	ip link add home type veth peer name away netns outside &&
	ip -n outside link set lo up &&
	ip -n outside link set away up && ip link set home up &&
	ip addr flush dev lo scope global &&
	ip addr add "$HOME4/32" dev home &&
	ip addr add "$HOME6/128" dev home nodad || return
	for address in "$USER4/24" "$SENDER4/24" "$FAR4/24" "$USER6/64" \
	    "$SENDER6/64" "$FAR6/64"; do
		ip -n outside addr add "$address" dev away \
		    $(case $address in *:*) echo nodad ;; esac) || return
	done
	ip route add 198.51.100.0/24 dev home &&
	ip route add 203.0.113.0/24 dev home &&
	ip route add 2001:db8:7::/64 dev home &&
	ip route add 2001:db8:f::/64 dev home &&
	ip -n outside route add "$HOME4" dev away &&
	ip -n outside route add "$HOME6" dev away
}

out_there() {
	ip netns exec outside "$@"
}

# As far_start.
outside_far() {
	mkdir -p "$FAR" && touch "$FAR/answers" || return
	out_there "$WORLD_LIB/far-side" --hostname mx.gmail.example \
	    --dir "$FAR" --cert "$WORLD/tls/mx.gmail.example.pem" \
	    --key "$WORLD/tls/mx.gmail.example.key" \
	    --answers "$FAR/answers" "$FAR4" "$FAR6" "$SENDER4" "$SENDER6" \
	    2> "$WORLD/log/far-side" &
	wait_for test -e "$FAR/ready"
}

# readme_root: the root sees what is installed on a host with Millrace, but
# for what README brings.
readme_root() {
	local at=$SENDMAIL_ROOT dir library
	mount --rbind /dev $at/dev && mount --bind /proc $at/proc || return
	for dir in /etc/millrace /var/lib/millrace /run/millrace; do
		mkdir -p $at$dir && mount --rbind $dir $at$dir || return
	done
	for dir in sign policy forward; do
		mkdir -p $at/run/millrace-$dir &&
		mount --bind /run/millrace-$dir $at/run/millrace-$dir || return
	done
	cp /etc/resolv.conf /etc/hosts /etc/nsswitch.conf $at/etc/
	grep '^millrace' /etc/group >> $at/etc/group
	install -D -t $at/usr/local/bin "$MILLRACE" &&
	install -D -t $at/usr/local/libexec/millrace \
	    "$ROOT/contrib/tls/install-certificate" &&
	install -D -m 644 -t $at/usr/local/share/doc/millrace/examples \
	    "$ROOT"/contrib/sendmail/*.mc &&
	install -t $at/usr/bin "$(command -v openssl)" &&
	mkdir -p $at/usr/lib/ssl && cp /etc/ssl/openssl.cnf $at/usr/lib/ssl/ ||
	    return
	ldd "$MILLRACE" "$(command -v openssl)" | awk '$2 == "=>" { print $3 }' |
	while read -r library; do
		[ -e $at/lib/x86_64-linux-gnu/${library##*/} ] ||
		    cp "$library" $at/lib/x86_64-linux-gnu/ || return
	done
	readme_tools
}

readme_tools() {
	local tool
	cat > $README_TOOLS/apt <<-'EOF'
	#!/bin/sh
	# Is what is to be installed there? openssl was copied.
	[ "$1" = install ] && shift
	for package; do
		[ $package = openssl ] || dpkg -s $package > /dev/null || exit
	done
	EOF
	cat > $README_TOOLS/systemctl <<-EOF
	#!/bin/sh
	# The sockets are held already; are they those of these units?
	case "\$*" in
	"enable --now "*) shift 2
		for unit; do
			unit=\${unit%et}
			grep -q "^ListenStream=/run/millrace/\${unit#millrace-}\$" \
			    "/usr/local/share/units/\${unit}et" || exit
		done ;;
	"try-reload-or-restart millrace-dkim-sign millrace-forward")
		kill -USR1 $signer_pid $(cat "$WORLD/forward.pid") ;;
	"restart sendmail") /etc/init.d/sendmail restart ;;
	*) exit 64 ;;
	esac
	EOF
	# sensible-mda(8), which is a package of its own.
	cat > $SENDMAIL_ROOT/usr/sbin/sensible-mda <<-'EOF'
	#!/bin/sh
	cat >> /var/mail/$2
	EOF
	install -D -m 644 -t $SENDMAIL_ROOT/usr/local/share/units \
	    "$ROOT"/contrib/systemd/*.socket &&
	chmod 755 $README_TOOLS/apt $README_TOOLS/systemctl \
	    $SENDMAIL_ROOT/usr/sbin/sensible-mda &&
	in_sendmail useradd alice
}

# readme_blocks: the indented lines of README; those of m4 are told by how they
# begin.
readme_blocks() {
	sed -n 's/^    //p' "$README"
}

readme_m4() {
	readme_blocks | grep -E '^[A-Za-z_]+\(`'
}

# "A line for each domain", and there are two.
readme_commands() {
	readme_blocks | grep -vE '^[A-Za-z_]+\(`' |
	    sed -E '/(relay-domains|mailertable)$/{
		p
		s/example.org/second.example/
	    }'
}

# What README says of the .mc files, and what a world under test needs: a busy
# machine refuses nobody, none of its clients waits, its network is no bogus
# one, and it knows its authority.
readme_mc() {
	local mail=$SENDMAIL_ROOT/etc/mail lines=$WORLD/readme
	readme_m4 | grep -v RELAY_MAILER_ARGS > "$lines.sendmail"
	readme_m4 | grep RELAY_MAILER_ARGS > "$lines.submit"
	cat >> "$lines.sendmail" <<-'EOF'
	define(`confQUEUE_LA', `1000')dnl
	define(`confREFUSE_LA', `1000')dnl
	define(`confMIN_QUEUE_AGE', `0')dnl
	EOF
	sed -i -e '/^\(dnl \)\?DAEMON_OPTIONS/d' -e '/greet_pause/d' \
	    $mail/sendmail.mc &&
	readme_put '^MAILER_DEFINITIONS' "$lines.sendmail" $mail/sendmail.mc &&
	readme_put '^FEATURE\(`msp' "$lines.submit" $mail/submit.mc &&
	sed -i -e '/^Connect:192\.0\.2/d' -e '/^Client.*:\t/d' $mail/access
}

# readme_put PATTERN LINES FILE: the lines come before the first match.
readme_put() {
	awk -v pattern="$1" -v lines="$2" '
	    !done && $0 ~ pattern { done = 1
		while ((getline line < lines) > 0) print line }
	    { print }' "$3" > "$3.new" && cat "$3.new" > "$3" && rm "$3.new"
}

# readme_each COMMAND...: with each command of README, in order.
readme_each() {
	local line
	while read -r line <&3; do
		"$@" "$line" || return
	done 3< <(readme_commands)
}

# readme_do LINE: what a person does. saslpasswd2 asks twice on a terminal, and
# reads a pipe with -p alone. The certificate comes while he is at it.
readme_do() {
	local from
	from=$(mail_log_line)
	case $1 in "make "*)
		[ -e "$WORLD/log/certificate" ] || readme_certificate || return
	esac
	readme_shell "${1/#saslpasswd2/saslpasswd2 -p}" || return
	case $1 in *try-reload*)
		wait_for mail_log 'dkim-sign.*reloaded' "$from" &&
		wait_for mail_log 'forward.*reloaded' "$from"
	esac
}

readme_shell() {
	in_sendmail env SSL_CERT_FILE=/root/ca.pem \
	    PATH="/usr/local/sbin:/usr/local/bin:$PATH" bash -c "$1" \
	    <<< $README_PASSWORD
}

# As the hook of an ACME client does.
readme_certificate() {
	tls_cert mail.example.org &&
	cp "$WORLD"/tls/mail.example.org.{key,pem} "$CA" \
	    $SENDMAIL_ROOT/root &&
	readme_shell '/usr/local/libexec/millrace/install-certificate \
	    --name mail.example.org --reload true \
	    /root/mail.example.org.key /root/mail.example.org.pem' \
	    > "$WORLD/log/certificate" 2>&1
}

# readme_serves [PORT...]: all that README has without any.
readme_serves() {
	local port
	for port in ${*:-25 465 587}; do
		listening "*" $port || listening 0.0.0.0 $port || return
	done
	listening 127.0.0.1 10025
}
