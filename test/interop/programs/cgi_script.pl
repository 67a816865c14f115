#!/usr/bin/perl
# Answers with its parameters and the length of its input.
use strict;
use warnings;
my $length = 0;
while (read(STDIN, my $piece, 65536)) { $length += length $piece }
print "Content-Type: text/plain\r\n\r\n";
print "$ENV{REQUEST_METHOD} $ENV{SCRIPT_NAME} $ENV{PATH_INFO} $ENV{QUERY_STRING} $length\n";
