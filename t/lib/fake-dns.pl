#!/usr/bin/perl

# A name server that knows what a file says: "name address address ..." on each
# line, IPv4 or IPv6, read anew for each question, so that a test changes an
# answer by writing the file.  Other names do not exist; without the file no
# question is answered.  Every answer is for this moment only (TTL 0).
#
#   fake-dns.pl PORT FILE

use strict;
use warnings;

use IO::Socket::INET;
use Socket qw(AF_INET AF_INET6 inet_pton);

my ($port, $file) = @ARGV;

my $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port",
    Proto => 'udp') or die "127.0.0.1:$port: $!\n";

while (1) {
    my $peer = recv($socket, my $query, 512, 0) // next;
    open my $names, '<', $file or next;
    my %addresses = map { my ($name, @list) = split; (lc $name, \@list) }
        <$names>;

    my $answer = answer($query, \%addresses) // next;
    send $socket, $answer, 0, $peer;
}


sub answer {
    my ($query, $addresses) = @_;

    return unless length $query > 12;

    my ($id, $flags, $questions) = unpack 'n3', $query;
    my ($at, @labels) = (12);

    while (my $length = ord substr $query, $at, 1) {
        push @labels, lc substr $query, $at + 1, $length;
        $at += $length + 1;
    }

    my $question = substr $query, 12, $at + 5 - 12;
    my $type = unpack 'n', substr $query, $at + 1, 2;
    my $list = $addresses->{join '.', @labels};

    my $family = $type == 1 ? AF_INET : $type == 28 ? AF_INET6 : undef;
    my @records = map { pack('n n n N n/a*', 0xc00c, $type, 1, 0, $_) }
        grep { defined } map { defined $family ? inet_pton($family, $_) : () }
        @{$list // []};

    return pack('n6', $id, 0x8580 | ($list ? 0 : 3), 1, scalar @records, 0, 0)
        . $question . join '', @records;
}
