#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Reads Authentication-Results fields with Mail::AuthenticationResults. Each
# line of standard input is a field's value in hexadecimal; the answer is what
# authres_driver.c prints for such a field, or "fault" and an empty line.

use strict;
use warnings;

use Mail::AuthenticationResults::Parser;

sub hex_of { return '-' . unpack 'H*', shift // '' }

sub answer {
	my $field = Mail::AuthenticationResults::Parser->new->parse(shift);
	my @lines = 'id ' . hex_of( $field->value->value );
	foreach my $entry ( @{ $field->children } ) {
		next if ref($entry) !~ /::Entry$/;
		my ( $reason, @properties ) = '';
		foreach my $part ( @{ $entry->children } ) {
			next if ref($part) !~ /::SubEntry$/;
			if ( $part->key eq 'reason' ) {
				$reason = $part->value;
				next;
			}
			my ( $type, $name ) = split /\./, $part->key, 2;
			( $type, $name ) = ( '-', $type ) if !defined $name;
			push @properties, $type, $name, hex_of( $part->value );
		}
		push @lines, join ' ', $entry->key // '-', $entry->value // '-',
		    hex_of($reason), @properties;
	}
	return join "\n", @lines, '';
}

$| = 1;
while ( my $line = <STDIN> ) {
	chomp $line;
	print eval { answer( pack 'H*', $line ) } // "fault\n", "\n";
}
