# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# forward.sh: our two hosts as forwarders, Postfix and Sendmail, each with a
# forward and SRS secrets of its own, behind one auth-policy. Both have the
# same domains; alpha.example (Postfix) and beta.example (Sendmail) are for
# mail that goes round in circles. The mailboxes of our users, of strangers
# and of everybody else are on the far side.

# forward_hosts: all of it.
forward_hosts() {
	local domain
	milter_user && dns_start &&
	    strangers_start sender.example lists.example forger.example &&
	    account alice@example.org secret &&
	    account carol@home.example secret &&
	    dovecot_start &&
	    far_start "$SENDER4" "$SENDER6" "$LIST4" "$LIST6" || return
	conf millrace.conf <<< 'resolver = {"127.0.0.1"}' &&
	conf ../millrace-2/millrace.conf \
	    <<< "state_directory = \"$STATE-2\"" || return
	for domain in example.org home.example second.example \
	    xn--bcher-kva.example alpha.example; do
		hosted $domain || return
	done
	secret verdict millrace-verdict && secret srs millrace-keys &&
	cp -a "$STATE" "$STATE-2" && rm -rf "$STATE-2/srs" &&
	rm -rf "$STATE-2/domains/alpha.example" &&
	STATE=$STATE-2 secret srs millrace-keys &&
	CONF=$CONF-2 hosted beta.example || return
	forward_aliases "" alpha beta && forward_aliases -2 beta alpha &&
	conf auth-policy.conf < /dev/null &&
	signer_conf && signer_start &&
	policy_start && forward_start && forward_start -2 &&
	forward_domains > /etc/postfix/millrace-domains &&
	postfix_start auth-policy dkim-sign forward &&
	sendmail_start alice@example.org secret auth-policy dkim-sign forward
}

# forward_aliases HOST OWN OTHER: what a host's domains forward.
forward_aliases() {
	conf "../millrace$1/domains/home.example/aliases" <<-EOF &&
	# what an alias can be
	i: me@gmail.example
	i+vip: vip@gmail.example
	john: john.private@gmail.example
	jane: jane.private@gmail.example
	keep: *@gmail.example
	team: me@gmail.example, carol, you@gmail.example
	twice: me@gmail.example, i, me@gmail.example
	other: i@second.example
	gone: !refuse This address is closed
	*: box@gmail.example
	$(seq 1000 | sed 's/.*/n&: t&@gmail.example/')
	EOF
	conf "../millrace$1/domains/second.example/aliases" <<-EOF &&
	i: second@gmail.example
	EOF
	conf "../millrace$1/domains/xn--bcher-kva.example/aliases" <<-EOF &&
	i: idn@gmail.example
	office: büro@gmail.example
	päivi: büro@gmail.example
	EOF
	conf "../millrace$1/domains/$2.example/aliases" <<-EOF
	round: round@$3.example
	EOF
}

# What Postfix reads as the list of forward's domains and as transports.
forward_domains() {
	local domain
	for domain in home second xn--bcher-kva bücher alpha; do
		echo "$domain.example unforwarded:"
	done
	echo "carol@home.example smtp:mx.gmail.example"
}

# What Sendmail reads instead: its domains, the way out for them, and users.
forward_maps() {
	local domain at=$SENDMAIL_ROOT/etc/mail
	for domain in home second xn--bcher-kva beta; do
		echo "$domain.example" >&3
		printf '%s.example\tmillrace:[127.0.0.1]\n' $domain
	done 3> $at/relay-domains > $at/mailertable
	printf 'alpha.example\tesmtp:[mail.example.org]\n' >> $at/mailertable
	printf 'carol@home.example\tcarol@store.example\n' > $at/virtusertable
	in_sendmail sh -c 'cd /etc/mail; for map in mailertable virtusertable
	    do makemap hash $map < $map || exit; done'
}
