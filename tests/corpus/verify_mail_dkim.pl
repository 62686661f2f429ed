#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Verifies many messages with Mail::DKIM. Arguments: NAME=TEXT, the TXT records
# of the DNS there is. Standard input: for each message its length in a line,
# then its bytes. Output: for each message a line with the result of its
# topmost signature: "pass", or the result and why.

use strict;
use warnings;

use Mail::DKIM::Verifier;
use Net::DNS;

my %zone = map { split /=/, $_, 2 } @ARGV;

{
	no warnings 'redefine';
	*Mail::DKIM::DNS::query = sub {
		my ( $name, $type ) = @_;
		my $text = $zone{ lc $name };
		return if !defined $text || $type ne 'TXT';
		return Net::DNS::RR->new(
			owner   => $name,
			type    => 'TXT',
			txtdata => [ $text =~ /(.{1,255})/g ],
		);
	};
}

binmode STDIN;
$| = 1;
while ( my $length = <STDIN> ) {
	my $message = '';
	while ( length $message < $length ) {
		read STDIN, $message, $length - length $message, length $message
			or die "the message ends early\n";
	}
	my $verifier = Mail::DKIM::Verifier->new;
	$verifier->PRINT($message);
	$verifier->CLOSE;
	my ($first) = $verifier->signatures;
	my $result = $first ? $first->result_detail : 'no signature';
	$result =~ s/\s+/ /g;
	print "$result\n";
}
