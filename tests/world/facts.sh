# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# facts.sh: one line for each thing checked, in one of two forms: words for
# people (demo), TAP for ./check. FACTS=tap chooses the second.

FACTS=${FACTS:-words}
facts_passed=0 facts_failed=0 facts_skipped=0

fact_print() {
	local n=$((facts_passed + facts_failed + facts_skipped))
	case $FACTS:$1 in
	tap:passed) echo "ok $n - $2" ;;
	tap:failed) echo "not ok $n - $2" ;;
	tap:skipped) echo "ok $n - $2 # SKIP $3" ;;
	*:skipped) printf '    skipped  %s (%s)\n' "$2" "$3" ;;
	*) printf '    %-7s  %s\n' "$1" "$2" ;;
	esac
}

# fact TEXT COMMAND...: passed if COMMAND succeeds. What it printed is shown
# when it does not.
fact() {
	local text=$1 said
	shift
	if said=$("$@" 2>&1); then
		facts_passed=$((facts_passed + 1))
		fact_print passed "$text"
	else
		facts_failed=$((facts_failed + 1))
		fact_print failed "$text"
		printf '%s\n' "${said:-(said nothing)}" | head -n 20 |
		    cut -c 1-300 | sed 's/^/#   /'
		return 1
	fi
}

skip() {
	facts_skipped=$((facts_skipped + 1))
	fact_print skipped "$1" "$2"
}

# The last line, and the exit status.
facts_end() {
	if [ "$FACTS" = tap ]; then
		echo "1..$((facts_passed + facts_failed + facts_skipped))"
	else
		echo
		printf '%s passed, %s failed\n' $facts_passed $facts_failed
	fi
	[ $facts_failed = 0 ] && [ $facts_passed -gt 0 ]
	exit
}

# Small commands for facts.
equal() { [ "$1" = "$2" ] || { echo "got '$1', want '$2'"; return 1; }; }
at_most() { [ "$1" -le "$2" ] || { echo "got $1, at most $2"; return 1; }; }
at_least() { [ "$1" -ge "$2" ] || { echo "got $1, at least $2"; return 1; }; }
no() { ! "$@"; }
