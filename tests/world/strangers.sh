# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# strangers.sh: who sends us mail from outside: an honest sender, a list that
# passes mail on, a forger. Each has a DKIM key of its own, made by openssl.

STRANGERS=${WORLD:-}/strangers

# strangers_start DOMAIN...: their keys, in files and published.
strangers_start() {
	local domain
	mkdir -p "$STRANGERS" || return
	for domain; do
		openssl genrsa -traditional -out "$STRANGERS/$domain.pem" 2048 \
		    2>> "$WORLD/log/openssl" || return
		echo "s._domainkey.$domain. IN TXT (" \
		    "$(strangers_record "$domain") )"
	done > "$STRANGERS/zone"
	dns_add < "$STRANGERS/zone"
}

# The key record of a domain, as strings for a zone file.
strangers_record() {
	printf 'v=DKIM1; k=rsa; p=%s' "$(openssl rsa -pubout -outform DER \
	    -in "$STRANGERS/$1.pem" 2> /dev/null | base64 -w 0)" |
	    fold -w 250 | sed 's/.*/"&"/' | tr '\n' ' '
}

# stranger NAME OPTION...: one message, the one that it reads, in the way that
# tests/world/stranger does it; its SMTP dialogue is in $WORLD/log/NAME.smtp.
# The status is 0 when the message was taken.
stranger() {
	local name=$1
	shift
	"$WORLD_LIB/stranger" --name "$name" "$@" > "$WORLD/log/$name.smtp" 2>&1
}
