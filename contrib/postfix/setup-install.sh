# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# setup-install.sh: what setup needs before there are settings: packages,
# Millrace itself, free ports, users and folders. What is installed stays,
# whatever becomes of the settings.

packages() {
	echo postfix dovecot-core openssl ca-certificates
	have_millrace || awk '$1 == "build" { print $2 }' \
	    "$top/tests/world/packages.list"
	command -v systemd-sysusers > /dev/null ||
	    echo systemd-standalone-sysusers systemd-standalone-tmpfiles
}

have_millrace() {
	local program
	for program in millrace $DAEMONS; do
		command -v "$program" > /dev/null || return
	done
}

missing_packages() {
	# shellcheck disable=SC2016
	comm -23 <(packages | tr ' ' '\n' | sort -u) \
	    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' |
	    awk '$1 == "installed" { print $2 }' | sort -u)
}

# The packages of MTAs conflict: one would remove the other.
other_mta() {
	# shellcheck disable=SC2016
	dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' |
	    awk '$1 == "installed" && /mail-transport-agent/ &&
	    $2 != "postfix" { print $2 }'
}

step_install() {
	local missing mta
	command -v dpkg-query apt-get > /dev/null ||
	    die 69 "this is neither Debian nor Ubuntu"
	mta=$(other_mta)
	[ -z "$mta" ] || die 78 "this host has $mta, and Postfix would" \
	    "replace it. Remove it first, or take a host of its own."
	missing=$(missing_packages)
	if have_millrace; then
		[ -n "$missing" ] || return 0
	elif [ ! -e "$top/configure.ac" ]; then
		die 69 "millrace is not installed: run this from its sources"
	fi
	[ -z "$missing" ] || echo "These packages will be installed:" $missing
	have_millrace ||
	    echo "Millrace will be built in $top/build, and installed."
	if [ -n "$dry" ]; then
		echo "The settings can be compared when they are there."
		exit 0
	fi
	agree "Go on?"
	unchanged="no setting was changed; what was installed stays"
	if [ -n "$missing" ]; then
		echo "Installing the packages ..."
		# shellcheck disable=SC2086
		install_packages $missing 9>&- ||
		    die 73 "apt-get failed; no setting was changed"
	fi
	have_millrace && return
	echo "Building Millrace, which takes some minutes on a small host ..."
	build_millrace ||
	    die 73 "Millrace could not be built; no setting was changed"
}

install_packages() {
	export DEBIAN_FRONTEND=noninteractive
	if [[ " $* " == *" postfix "* ]]; then
		debconf-set-selections <<-END || return
		postfix postfix/main_mailer_type select Internet Site
		postfix postfix/mailname string ${host:-mail.$domain}
		postfix postfix/destinations string ${host:-mail.$domain}, localhost
		END
	fi
	quietly apt-get -q -y update || say "the lists of packages are old"
	quietly apt-get -q -y --no-install-recommends install "$@"
}

# quietly COMMAND...: what it says is shown when it fails.
quietly() {
	"$@" > "$STAGE/.said" 2>&1 || {
		cat "$STAGE/.said" >&2
		return 1
	}
}

# Without --enable-werror, which is for us: another compiler warns of more.
build_millrace() {
	(
		cd "$top" && { [ -e configure ] || quietly autoreconf -fi; } &&
		mkdir -p build && cd build &&
		{ [ -e Makefile ] || quietly ../configure -q; } &&
		quietly make -s -j"$(nproc)" && quietly make -s install
	)
}

# Where Postfix does not run, another server may have its ports, and it could
# not be started. Those that listen (0A) are told by the kernel: a bare host may
# have no ss.
ports_are_free() {
	local port taken=()
	with_systemd && ! postfix status 2> /dev/null || return 0
	for port in 25 465 587; do
		! awk -v end="$(printf ':%04X' $port)$" '
			$2 ~ end && $4 == "0A" { found = 1 }
			END { exit !found }' /proc/net/tcp /proc/net/tcp6 \
			2> /dev/null || taken+=("$port")
	done
	[ ${#taken[@]} = 0 ] || die 78 "another server than Postfix has port" \
	    "${taken[*]}: stop it first, as chasquid by \"systemctl disable" \
	    "--now chasquid\"; $unchanged"
}

# Users, groups and folders: made once, each time the same.
step_users() {
	quietly systemd-sysusers && quietly systemd-tmpfiles --create --prefix="$STATE" \
	    --prefix="$CONF" --prefix=/run/millrace
}
