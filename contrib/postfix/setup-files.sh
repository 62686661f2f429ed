# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# setup-files.sh: how setup changes files. Every step works on copies in
# $STAGE; so what will change is a diff, and a step that fails has changed
# nothing. A run that does change something keeps the files as they were and
# as it left them in a folder of its own, $SAVED/NNNN:
#
#	before/PATH after/PATH	copies; a file that was not there has none
#	files			"SHA256-BEFORE SHA256-AFTER PATH", "-" for none
#	domain			the domain that was set up
#	units			units that were enabled
#
# --undo takes the last run back, and only if each file still is as that run
# left it, or as it was before. Alias files that were edited stay as they are.

SAVED=/var/lib/millrace/setup
STAGE=""
staged=()

# stage PATH: prints where the copy is that may be changed.
stage() {
	local path
	path=$(realpath -m -- "$1") || return
	if ! grep -qxF -- "$path" "$STAGE/.paths" 2> /dev/null; then
		mkdir -p "$STAGE$(dirname "$path")" || return
		if [ -e "$path" ]; then
			cp -p -- "$path" "$STAGE$path" || return
		fi
		echo "$path" >> "$STAGE/.paths"
	fi
	echo "$STAGE$path"
}

# stage_line PATH LINE: the file has that line.
stage_line() {
	local copy
	copy=$(stage "$1") || return
	grep -qxF -- "$2" "$copy" 2> /dev/null || printf '%s\n' "$2" >> "$copy"
}

# The staged files that differ, in $staged.
staged_changes() {
	local path
	staged=()
	[ -e "$STAGE/.paths" ] || return 0
	while read -r path; do
		if [ -e "$STAGE$path" ] &&
		    ! cmp -s -- "$STAGE$path" "$path"; then
			staged+=("$path")
		fi
	done < "$STAGE/.paths"
}

show_changes() {
	local path
	for path in "${staged[@]}"; do
		if [ -e "$path" ]; then
			diff -u --label "$path" --label "$path" \
			    "$path" "$STAGE$path"
		else
			diff -u --label /dev/null --label "$path" \
			    /dev/null "$STAGE$path"
		fi
	done
	return 0
}

checksum() {
	local sum=-
	[ ! -e "$1" ] || sum=$(sha256sum < "$1") || return
	echo "${sum%% *}"
}

last_run() {
	find "$SAVED" -maxdepth 1 -name '[0-9]*' 2> /dev/null | sort | tail -n 1
}

# A folder for this run, in $run, with the files as they are.
save_files() {
	local last path
	last=$(last_run)
	run=$(printf '%s/%04d' "$SAVED" $((10#$(basename "${last:-0000}") + 1)))
	mkdir -m 700 "$run" && mkdir "$run/before" "$run/after" || return
	echo "$domain" > "$run/domain" && : > "$run/files" &&
	    : > "$run/units" || return
	for path in "${staged[@]}"; do
		mkdir -p "$run/after$(dirname "$path")" &&
		cp -p -- "$STAGE$path" "$run/after$path" || return
		if [ -e "$path" ]; then
			mkdir -p "$run/before$(dirname "$path")" &&
			cp -p -- "$path" "$run/before$path" || return
		fi
		echo "$(checksum "$run/before$path")" \
		    "$(checksum "$run/after$path") $path" >> "$run/files"
	done
	sync -f -- "$run"
}

# put COPY PATH: at once, or not at all, even when the power fails.
put() {
	mkdir -p "$(dirname "$2")" &&
	cp -p -- "$1" "$2.millrace" && sync -- "$2.millrace" &&
	mv -f -- "$2.millrace" "$2"
}

# install_files PATTERN: the staged files whose paths match.
install_files() {
	local path
	for path in "${staged[@]}"; do
		[[ $path =~ $1 ]] || continue
		put "$run/after$path" "$path" || return
	done
}

# What undo leaves alone: alias files are there to be edited, and an edit is
# never thrown away.
kept=()
is_kept() {
	local path
	for path in "${kept[@]}"; do
		[ "$path" != "$1" ] || return 0
	done
	return 1
}

# restore_files RUN: every file as it was before that run.
restore_files() {
	local was is path failed=0
	while read -r was is path; do
		rm -f -- "$path.millrace"
		if [ "$(checksum "$path")" = "$was" ] || is_kept "$path"; then
			continue
		elif [ "$was" = - ]; then
			rm -f -- "$path" || failed=1
			rmdir -p -- "$(dirname "$path")" 2> /dev/null
		else
			put "$1/before$path" "$path" || failed=1
		fi
	done < "$1/files"
	return $failed
}

# undo_check RUN: says what stands in the way.
undo_check() {
	local was is now path status=0
	while read -r was is path; do
		if [ "$(checksum "$1/before$path")" != "$was" ]; then
			say "$1/before$path: the saved copy is damaged"
			status=1
		fi
		now=$(checksum "$path")
		if [[ $now = "$is" || $now = "$was" ]]; then
			continue
		elif [[ $path = /etc/millrace/domains/*/aliases ]]; then
			kept+=("$path")
		else
			say "$path was changed since:"
			diff -u --label "as set up" --label "now" -N \
			    "$1/after$path" "$path"
			status=1
		fi
	done < "$1/files"
	return $status
}
