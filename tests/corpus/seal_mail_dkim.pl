#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Seals many messages with Mail::DKIM. Arguments: the file of the private key,
# d=, s=, t=, and the name of the server in Authentication-Results. Standard
# input: for each message "LENGTH CHAIN" in a line, CHAIN being none or pass,
# then its bytes. Output: the length of the new fields in a line, then these,
# each with its CRLF.

use strict;
use warnings;

use Mail::DKIM::ARC::Signer;
use Mail::DKIM::TextWrap;

my ( $key, $domain, $selector, $time, $server ) = @ARGV;

binmode STDIN;
binmode STDOUT;
$| = 1;
while ( my $line = <STDIN> ) {
	my ( $length, $chain ) = split ' ', $line;
	my $message = '';
	while ( length $message < $length ) {
		read STDIN, $message, $length - length $message, length $message
			or die "the message ends early\n";
	}
	my $signer = Mail::DKIM::ARC::Signer->new(
		Algorithm => 'rsa-sha256',
		Chain     => $chain,
		Domain    => $domain,
		SrvId     => $server,
		Selector  => $selector,
		KeyFile   => $key,
		Timestamp => $time,
	);
	$signer->PRINT($message);
	$signer->CLOSE;
	die $signer->result_detail . "\n" unless $signer->result eq 'sealed';
	my $fields = $signer->as_string;
	print length $fields, "\n", $fields;
}
