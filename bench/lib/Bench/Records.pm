package Bench::Records;

# The records that are sent, and a store that is filled with them.

use strict;
use warnings;

use IO::Socket::INET;
use POSIX ();


# 64 lookups of 1 KB, the same in each run

sub bodies {
    my $seed = 20260101;
    my $some = sub {
        my ($n) = @_;
        $seed = ($seed * 1103515245 + 12345) & 0x7fffffff;
        return ($seed >> 8) % $n;
    };
    my $one = sub { return $_[$some->(scalar @_)] };
    my $when = sub { return sprintf '2025-%02d-%02d %02d:%02d:%02d',
        1 + $some->(12), 1 + $some->(28), map { $some->($_) } 24, 60, 60 };

    return map { body($_, $some, $one, $when) } 0 .. 63;
}


sub body {
    my ($number, $some, $one, $when) = @_;

    my $verdicts = join ',', map {
        sprintf '{"vendor":"%s","verdict":"%s","signature":"%s-%06d",'
            . '"seen":"%s"}', $one->(qw(Avira Clam Dr.Web Emsisoft Norman)),
            $one->('malware', 'phishing', 'clean', 'not rated'),
            $one->(qw(Trojan Dropper Loader)), $some->(1000000), $when->()
    } 1 .. 5;

    return sprintf '{"observable":"host-%07d.example.net",'
        . '"observable_type":"Domain name","finding":"%s",'
        . '"source_engine":"%s","lookup_type":"domain",'
        . '"result":"%d of 70 vendors say \"%s\"","threat_score":%.1f,'
        . '"confidence":%d,"first_seen":"%s","last_seen":"%s",'
        . '"security_incident":"SIR%07d","reference":'
        . '"https://lookup.example.net/report/%08x%08x",'
        . '"details":{"verdicts":[%s],"registrar":"Beispiel \u2013 %d",'
        . '"asn":%d,"country":"%s","tags":["%s","%s"],"parked":false,'
        . '"note":null}}',
        $number, $one->(qw(Malicious Suspicious Clean Unknown)),
        $one->(qw(VirusTotal Shodan OTX AbuseIPDB)), $some->(70),
        $one->(qw(malware phishing spam)), $some->(1000) / 10, $some->(101),
        $when->(), $when->(), $some->(10000000), $some->(1 << 22),
        $some->(1 << 22), $verdicts, $some->(900), 1000 + $some->(60000),
        $one->(qw(DE NL RO US SG BR)), map { $one->(qw(c2 cdn tor scan vpn)) }
        1, 2;
}


# Stores records through the module, in batches of 1000 over four connections,
# about random subjects.  Returns some of their ids, evenly from all of them.

sub fill {
    my ($port, $path, $records, $subjects) = @_;
    my @parts = map { [ split /(?<="host-)\d{7}/ ] } bodies();
    my $batches = int(($records + 999) / 1000);
    my $take = int(20000 / $batches) || 1;
    my (@pipes, @ids);

    foreach my $child (0 .. 3) {
        my $pid = open(my $pipe, '-|') // die "can not fork: $!\n";

        if (!$pid) {
            @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
            srand(1 + $child);
            my $share = int(($batches + 3 - $child) / 4);
            my @found = eval { fill_part($port, $path, $share, \@parts,
                $subjects, $take) };
            print STDERR $@ if $@;
            print map { "$_\n" } @found;
            close STDOUT;
            POSIX::_exit($@ ? 1 : 0);
        }

        push @pipes, $pipe;
    }

    foreach my $pipe (@pipes) {
        chomp(my @part = <$pipe>);
        push @ids, @part;
        close $pipe or die "the store could not be filled\n";
    }

    return @ids;
}


sub fill_part {
    my ($port, $path, $batches, $parts, $subjects, $take) = @_;
    my @ids;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $port) or die "can not connect: $!\n";

    foreach (1 .. $batches) {
        my $body = '{"data":[' . join(',', map {
            $_->[0] . sprintf('%07d', int rand $subjects) . $_->[1]
        } map { $parts->[$_ % 64] } 1 .. 1000) . ']}';

        print $socket "POST $path HTTP/1.1\r\nHost: bench\r\n"
            . "X-SecOps-User: bench\r\nX-SecOps-Roles: sn_sec_cmn.api_write"
            . "\r\nContent-Type: application/json\r\nContent-Length: "
            . length($body) . "\r\n\r\n$body";

        my $answer = answer($socket);
        die "a batch was not stored: " . substr($answer, 0, 200) . "\n"
            unless $answer =~ /"stored":1000,/;

        my @found = $answer =~ /"sys_id":"(\w+)"/g;
        push @ids, @found[0 .. ($take > 1000 ? 999 : $take - 1)];
    }

    return @ids;
}


sub answer { # the body of one
    my ($socket) = @_;
    my $got = '';

    while (1) {
        sysread($socket, $got, 65536, length $got)
            or die "the connection was lost\n";
        my $end = index $got, "\r\n\r\n";
        next if $end < 0;
        my ($length) = substr($got, 0, $end) =~ /^Content-Length: (\d+)/m;
        return substr $got, $end + 4 if length $got >= $end + 4 + $length;
    }
}


1;
