# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# far.sh: the far side, playing Gmail. It keeps every message, byte for byte,
# as $FAR/N.eml, and what it saw of the session as N.json beside it.

FAR=${WORLD:-}/far

# far_start [ADDRESS...]: at these addresses too, for the strangers that take
# mail.
far_start() {
	tls_cert mx.gmail.example &&
	mkdir -p "$FAR" &&
	touch "$FAR/answers" || return
	"$WORLD_LIB/far-side" --hostname mx.gmail.example --dir "$FAR" \
	    --cert "$WORLD/tls/mx.gmail.example.pem" \
	    --key "$WORLD/tls/mx.gmail.example.key" \
	    --answers "$FAR/answers" "$FAR4" "$FAR6" "$@" \
	    2> "$WORLD/log/far-side" &
	wait_for test -e "$FAR/ready"
}

# far_answers RECIPIENT STAGE CODE TEXT...: from now on the far side answers
# so, where STAGE is rcpt or data (the end of the message).
far_answers() {
	echo "$*" >> "$FAR/answers"
}

far_count() {
	find "$FAR" -name '*.json' | wc -l
}

far_has() {
	[ "$(far_count)" -ge "$1" ]
}

# far_find TEXT: the message file in which TEXT stands; the last, if several.
far_find() {
	local json
	for json in $(ls -r "$FAR" | grep '\.json$'); do
		if grep -aqF -- "$1" "$FAR/${json%.json}.eml"; then
			echo "$FAR/${json%.json}.eml"
			return
		fi
	done
	return 1
}

# far_await TEXT: waits for that message and names its file.
far_await() {
	wait_for far_find "$1" && far_find "$1"
}

# far_saw MESSAGE KEY: one value of what the far side saw.
far_saw() {
	[ -f "${1%.eml}.json" ] &&
	python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))[sys.argv[2]]
print(" ".join(value) if isinstance(value, list) else value)' \
	    "${1%.eml}.json" "$2"
}
