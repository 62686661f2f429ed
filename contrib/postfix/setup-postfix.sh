# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# setup-postfix.sh: how the settings of the *.postconf files join those that a
# Postfix has already. In all of it $cf is the folder of the staged copies.

# How a setting joins one that is there: a list takes our elements beside its
# own. Any other is set where nobody has set it; where somebody did, and
# differently, that is a conflict, which is named and left alone.
lists=" smtpd_milters non_smtpd_milters internal_mail_filter_classes
 virtual_mailbox_domains transport_maps smtp_header_checks "

# What Debian's package itself writes is nobody's choice.
stock="
smtpd_tls_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem
smtpd_tls_key_file=/etc/ssl/private/ssl-cert-snakeoil.key
"

# The ports of users, by the names that services have for them.
declare -A ports=([submission]="submission 587" [submissions]="submissions smtps urd ssmtp 465")

conflicts=()
conflict() { conflicts+=("$*"); }

# What main.cf says, read once and written once: the value in force, the names
# that stand in the file, those that will, and which we have to write.
declare -A value_of in_file explicit
additions=()

load_settings() {
	local all set line
	all=$(postconf -c "$cf" 2> /dev/null) &&
	set=$(grep -oE '^[A-Za-z0-9_]+' "$cf/main.cf") || return
	while IFS= read -r line; do
		value_of[${line%% =*}]=${line#*=}
	done <<< "$all"
	while read -r line; do
		in_file[$line]=yes explicit[$line]=yes
	done <<< "$set"
	[ -z "$replace" ] || forget_milters
}

# forget_milters: none is there, nor who answers for SPF.
forget_milters() {
	local name now rest
	value_of[smtpd_milters]="" value_of[non_smtpd_milters]=""
	! is_set millrace_before || put_setting millrace_before ""
	for name in "${!explicit[@]}"; do
		[[ $name == smtpd_*_restrictions ]] || continue
		now=$(get "$name")
		rest=$(sed -E -e 's/check_policy_service[[:space:]]+(\{[^}]*spf[^}]*\}|[^,[:space:]]*spf[^,[:space:]]*)[[:space:]]*,?[[:space:]]*//g' \
		    -e 's/[,[:space:]]+$//' <<< "$now")
		[ "$rest" = "$now" ] || put_setting "$name" "$rest"
	done
}

get() {
	local value=${value_of[$1]-}
	printf '%s\n' "${value# }"
}
is_set() { [ -n "${explicit[$1]-}" ]; }
put_setting() {
	value_of[$1]=" $2" explicit[$1]=yes
	additions+=("$1")
}

# A setting that stands there is changed in its place; a new one comes at the
# end, with our reason for it.
save_settings() {
	local name reason last="" edits=() added=()
	for name in "${additions[@]}"; do
		if [ -n "${in_file[$name]-}" ]; then
			edits+=("$name = $(get "$name")")
			continue
		fi
		# Some have one in common.
		reason=${reason_of[$name]-}
		[ "$reason" = "$last" ] || added+=("${reason%$'\n'}")
		added+=("$name = $(get "$name")")
		last=$reason
	done
	[ ${#edits[@]} = 0 ] || postconf -c "$cf" -e "${edits[@]}" || return
	[ ${#added[@]} = 0 ] || printf '%s\n' "${added[@]}" >> "$cf/main.cf"
}

# split LIST: its elements, braces kept together, in $items.
split() {
	local i c depth=0 item=""
	items=()
	for ((i = 0; i < ${#1}; i++)); do
		c=${1:i:1}
		case $c in
		"{") depth=$((depth + 1)) ;;
		"}") depth=$((depth - 1)) ;;
		esac
		if [ $depth = 0 ] && [[ $c == [,[:space:]] ]]; then
			[ -z "$item" ] || items+=("$item")
			item=""
		else
			item+=$c
		fi
	done
	[ -z "$item" ] || items+=("$item")
}

# join_list CURRENT OURS SEPARATOR: auth-policy comes before what is there, for
# it must see what the sender signed; all others after it, in our order, since
# what they sign must not be edited any more. A list that has ours in that
# order stays as it is.
join_list() {
	local ours current item front=() back=() middle=() found=()
	split "$2"; ours=("${items[@]}")
	split "$1"; current=("${items[@]}")
	for item in "${current[@]}"; do
		if [[ " ${ours[*]} " == *" $item "* ]]; then
			found+=("$item")
		else
			middle+=("$item")
		fi
	done
	if [ "${found[*]}" = "${ours[*]}" ]; then
		echo "$1"
		return
	fi
	for item in "${ours[@]}"; do
		# shellcheck disable=SC2016
		case $item in
		'$millrace_policy') front+=("$item") ;;
		*) back+=("$item") ;;
		esac
	done
	item=$(printf "$3%s" "${front[@]}" "${middle[@]}" "${back[@]}")
	echo "${item#"$3"}"
}

# settings_wanted: the files' settings, in $names and $wanted, with the comment
# above each in $reason_of; of several lines for one setting the last one counts,
# for it knows the others. "#" alone divides a comment: what is above is about
# the file.
settings_wanted() {
	local file line name reason="" is_read=""
	names=()
	declare -gA wanted=() reason_of=()
	while IFS= read -r line; do
		case $line in
		"#") reason="" is_read="" ;;
		"#"*)
			[ -z "$is_read" ] || reason=""
			is_read="" reason=${reason:-$'\n'}$line$'\n' ;;
		*)
			name=${line%%=*}
			name=${name%% }
			[ -n "${wanted[$name]+set}" ] || names+=("$name")
			line=${line#*=}
			wanted[$name]=${line# } reason_of[$name]=$reason
			is_read=yes ;;
		esac
	done < <(for file in host passwords submission auth-policy dkim-sign \
	    forward; do
		cat "$here/$file.postconf" && echo "#"
	done)
	# Postfix 3.11 and some before know it: the client hears 421 and comes
	# anew, where "tempfail" puts off all that its session still brings.
	if [[ $known == *$'\n'"milter_default_action = shutdown"$'\n'* ]]; then
		for name in "${names[@]}"; do
			wanted[$name]=${wanted[$name]//=tempfail/=shutdown}
		done
	fi
	if resolver_validates; then
		names+=(smtp_dns_support_level)
		wanted[smtp_dns_support_level]=dnssec
		wanted[smtp_tls_security_level]=dane
		stock+="smtp_tls_security_level=may"$'\n'
	elif [ "$(get smtp_tls_security_level)" = dane ]; then
		wanted[smtp_tls_security_level]=dane
	fi
}

# resolver_validates: the first name server is on this host, so that nobody
# stands between, and sets the AD bit (RFC 6840 5.7) for the root's SOA.
resolver_validates() {
	local server answer
	server=$(awk '$1 == "nameserver" { print $2; exit }' /etc/resolv.conf)
	case $server in 127.* | ::1) ;; *) return 1 ;; esac
	answer=$(timeout 3 bash -c 'exec 3<> "/dev/udp/$1/53" &&
	    printf "\0\1\1\40\0\1\0\0\0\0\0\0\0\0\6\0\1" >&3 &&
	    head -c 4 <&3 | od -An -tu1' - "$server" 2> /dev/null) || return
	# shellcheck disable=SC2086
	set -- $answer
	[ $((${4:-0} & 32)) != 0 ]
}

# join_setting NAME VALUE
join_setting() {
	local now
	now=$(get "$1")
	if [[ $known != *$'\n'"$1 ="* && $1 != millrace_* ]]; then
		conflict "this Postfix does not know $1: left out"
	elif [[ $lists == *[[:space:]]"$1"[[:space:]]* ]]; then
		# Its default names another setting, here an empty one.
		# shellcheck disable=SC2016
		if [ "$now" = '$virtual_mailbox_maps' ] &&
		    [ -z "$(get virtual_mailbox_maps)" ]; then
			now=""
		fi
		local joined
		joined=$(join_list "$now" "$2" ", ")
		[ "$joined" = "$now" ] || put_setting "$1" "$joined"
	elif [ "$now" = "$2" ] && is_set "$1"; then
		:
	elif ! is_set "$1" || [[ $1 == millrace_* ]] ||
	    [[ $stock == *$'\n'"$1=$now"$'\n'* ]]; then
		put_setting "$1" "$2"
	else
		conflict "$1 is \"$now\" here and stays so; we would say" \
		    "\"$2\" (why: contrib/postfix/*.postconf)"
	fi
}

stage_settings() {
	local name before now known
	known=$'\n'$(postconf -d) || return
	settings_wanted && own_certificate || return
	before=$(get smtpd_milters)
	# What other services had keeps its name, for them.
	if [ -n "$before" ] && ! is_set millrace_before &&
	    [[ $before != *'$millrace_policy'* ]]; then
		put_setting millrace_before "$before"
		conflict "these milters stay, beside ours: $before. Where ours" \
		    "do what they did: --replace-milters"
	fi
	# Programs of this host had those as well, and are no strangers.
	now=$(get non_smtpd_milters)
	if [[ $now == *'$smtpd_milters'* ]]; then
		before=""
		! is_set millrace_before || before='$millrace_before'
		put_setting non_smtpd_milters "${now//'$smtpd_milters'/$before}"
	fi
	for name in "${names[@]}"; do
		[ -n "${wanted[$name]+set}" ] || continue
		case $name in
		virtual_mailbox_maps) stage_mailboxes || return ;;
		*) join_setting "$name" "${wanted[$name]}" || return ;;
		esac
	done
}

# A certificate that a person has installed stays.
own_certificate() {
	local name
	for name in smtpd_tls_cert_file smtpd_tls_key_file; do
		if ! is_set $name; then
			continue
		elif [[ $stock == *$'\n'"$name=$(get $name)"$'\n'* ]]; then
			postconf -c "$cf" -X $name || return
		else
			unset 'wanted[smtpd_tls_chain_files]'
		fi
	done
}

# forward knows its addresses itself; a host that keeps a map for others has
# one more, that says so of the domain.
stage_mailboxes() {
	local now map=/etc/postfix/millrace-mailboxes
	now=$(get virtual_mailbox_maps)
	[ -n "$now" ] || return 0
	stage_line $map "@$domain forward" > /dev/null &&
	case $now in *$map*) ;; *)
		put_setting virtual_mailbox_maps "$now, texthash:$map" ;;
	esac
}

# service_of NAME: the service/type that master.cf has on that port.
service_of() {
	local service type rest services
	services=$(postconf -c "$cf" -M) || return
	while read -r service type rest; do
		[ "$type" = inet ] || continue
		if [[ " ${ports[$1]:-$1} " == *" ${service##*:} "* ]]; then
			echo "$service/$type"
			return
		fi
	done <<< "$services"
}

option() { postconf -c "$cf" -P -h "$1" 2> /dev/null; }
option_is_set() { postconf -c "$cf" -P "$1" 2> /dev/null | grep -q .; }

# The -M and -P lines of the files.
stage_services() {
	local file kind line made=" "
	for file in submission forward; do
		while read -r kind line; do
			stage_service "$kind" "$line" || return
		done < <(sed -n "s/^#\tpostconf \(-[MP]\) '\(.*\)'$/\1 \2/p" \
		    "$here/$file.postconf")
	done
	pin_services
}

# stage_service KIND LINE: a service is added where its port is free. Of one
# that was there our milters join those it had; its other options are its own.
stage_service() {
	local name=${2%%/*} rest=${2#*/} service option value now
	if [[ $rest != inet* ]]; then
		option=${2%%=*}
		postconf -c "$cf" -M "$option" 2> /dev/null | grep -q . ||
		    postconf -c "$cf" -M "$2"
		return
	fi
	service=$(service_of "$name") || return
	if [ "$1" = -M ]; then
		[ -n "$service" ] && return
		made+="$name "
		postconf -c "$cf" -M "$2"
		return
	fi
	option=${rest#*/}
	value=${option#*=}
	option=${option%%=*}
	now=$(option "$service/$option") || return
	if [ "$option" = smtpd_milters ]; then
		# shellcheck disable=SC2016
		if ! option_is_set "$service/$option" &&
		    is_set millrace_before; then
			now='$millrace_before'
		fi
		[[ -n $replace || $now != *"{"* ]] || {
			conflict "$service has milters of its own; put" \
			    "$value behind them in master.cf"
			return 0
		}
		[ -z "$replace" ] || now=""
		now=$(join_list "$now" "$value" ",")
		[ "$(option "$service/$option")" = "$now" ] ||
		    postconf -c "$cf" -P "$service/$option=$now"
	elif [[ $made == *" $name "* ]]; then
		postconf -c "$cf" -P "$service/$option=$value"
	elif [ "$now" != "$value" ] || ! option_is_set "$service/$option"; then
		conflict "$service was there and stays; if it is for users:" \
		    "postconf -P '$service/$option=$value'"
	fi
}

# Our milters are for port 25: a service for mail that comes back from a
# content filter, say, keeps what it had.
pin_services() {
	local service type rest services before=""
	services=$(postconf -c "$cf" -M) || return
	# shellcheck disable=SC2016
	! is_set millrace_before || before='$millrace_before'
	while read -r service type rest; do
		[ "$type" = inet ] && [[ " $rest " == *" smtpd "* ]] || continue
		case ${service##*:} in smtp | 25) continue ;; esac
		option_is_set "$service/$type/smtpd_milters" ||
		postconf -c "$cf" -P \
		    "$service/$type/smtpd_milters=$before" || return
	done <<< "$services"
}

# whose SETTING: the domain stands in that list.
whose() {
	local item
	split "$(postconf -x -h "$1" 2> /dev/null)"
	for item in "${items[@]}"; do
		case $item in
		texthash:/etc/postfix/millrace-domains) ;;
		*:*) [ -z "$(postmap -q "$2" "$item" 2> /dev/null)" ] || return 0 ;;
		/*) ! grep -qixF -- "$2" "$item" 2> /dev/null || return 0 ;;
		*) [ "${item,,}" != "$2" ] || return 0 ;;
		esac
	done
	return 1
}

# domain_is_free: nobody else has the domain's mail; says who has it.
domain_is_free() {
	local list status=0
	for list in mydestination virtual_alias_domains relay_domains \
	    virtual_mailbox_domains; do
		# Its default is the keys of virtual_alias_maps: then a map
		# that has the domain as such.
		whose $list "$domain" || continue
		say "$domain stands in $list: its mail is taken already." \
		    "If forward is to have it, stop Postfix, which would" \
		    "refuse it meanwhile, take it out there" \
		    "(now: $list = $(postconf -h $list)) and run this again:" \
		    "it starts Postfix."
		status=1
	done
	if whose virtual_alias_maps "@$domain"; then
		conflict "virtual_alias_maps has @$domain, and rewrites what" \
		    "forward should have: take it out"
	fi
	return $status
}
