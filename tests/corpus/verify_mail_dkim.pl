#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Verifies many messages with Mail::DKIM. Arguments: --arc for ARC chains instead
# of DKIM signatures, then NAME=TEXT, the TXT records of the DNS there is. Standard input: for each message its length in a line,
# then its bytes. Output: for each message a line with the result of its
# topmost signature, or of the chain: "pass", or the result and why.

use strict;
use warnings;

use Mail::DKIM::ARC::Verifier;
use Mail::DKIM::Verifier;
use Net::DNS;

my $arc = @ARGV && $ARGV[0] eq '--arc' && shift;
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
	my $verifier = $arc ? Mail::DKIM::ARC::Verifier->new : Mail::DKIM::Verifier->new;
	$verifier->PRINT($message);
	$verifier->CLOSE;
	my ($first) = $arc ? ($verifier) : $verifier->signatures;
	my $result = $first ? $first->result_detail : 'no signature';
	$result = 'pass' if $arc && $verifier->result eq 'pass';
	$result =~ s/\s+/ /g;
	print "$result\n";
}
