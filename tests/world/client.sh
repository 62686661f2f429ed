# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# client.sh: users and strangers who send mail, and looking at what they sent.

# send NAME SWAKS-OPTION...: one message; its SMTP dialogue is in
# $WORLD/log/NAME.smtp. The status is swaks's: 0 when the message was taken.
send() {
	local name=$1
	shift
	swaks --tls-verify --tls-ca-path "$CA" --timeout 60 \
	    --header "Message-Id: <$name@example.org>" --header "X-Mailer: swaks" \
	    "$@" > "$WORLD/log/$name.smtp" 2>&1
}

# said NAME PATTERN: a line of that dialogue.
said() {
	grep -aE -- "$2" "$WORLD/log/$1.smtp"
}

# queue_id NAME: under which Postfix queued it.
queue_id() {
	sed -n 's/.*queued as \([0-9A-Za-z]*\).*/\1/p' "$WORLD/log/$1.smtp"
}

# header MESSAGE FIELD...: these header fields, as they stand.
header() {
	local message=$1
	shift
	awk -v fields=" ${*,,} " '
	    { sub(/\r$/, "") }
	    /^$/ { exit }
	    !/^[ \t]/ { name = tolower(substr($0, 1, index($0, ":") - 1))
		show = index(fields, " " name " ") }
	    show' "$message"
}
