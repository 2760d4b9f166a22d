#!/usr/bin/env perl

# Usage: find.pl
#
# make bench-find: what it costs to find records, with few of them stored and
# with many.  The two take turns of a second, each with a Redis of its own, so
# that the machine's slow moments are the same for both.  Prints the table of
# docs/performance.md.
#
#   RUNS 3                  rounds
#   DURATION 3              seconds of each in a round
#   BENCH_RECORDS 500000    of the larger one; the smaller one has 10,000
#   WALK 200000             records of a walk, where there are so many
#   WRITE 1                 writes the table into docs/performance.md as well

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use POSIX ();
use Time::HiRes qw(sleep);

use Bench::Figures;
use Bench::Page;
use Bench::Records;
use Bench::Redis;
use Bench::Servers;
use Bench::Turns;

my $root = abs_path("$FindBin::Bin/..");
my %stored = (few => 10_000, many => $ENV{BENCH_RECORDS} || 500_000);
my $walk = $ENV{WALK} || 200_000;
my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';
my $table = '/api/now/table/sn_ti_lookup_result';
my $turns = Bench::Turns->new(
    name    => 'find',
    bench   => $FindBin::Bin,
    build   => abs_path($ENV{SECOPS_BUILD_DIR} // "$root/build"),
    runs    => 3,
    seconds => 3,
);
my $servers = $turns->servers();
my $caller = $turns->file('caller', 'Content-Type: application/json',
    'X-SecOps-User: bench', 'X-SecOps-Roles: sn_sec_cmn.api_write');

END { $turns->stop() if $turns }


# Records about many subjects, of which one has 50.  What a walk is to see is
# written last: a minute later than all that came before.

sub fill {
    my ($name) = @_;
    my $redis = $servers->redis($name);
    my $server = $servers->module($redis, $redis, '', "module-$name");
    my $last = $stored{$name} < $walk ? $stored{$name} : $walk;
    my $subjects = $stored{$name} / 5;
    my $port = $server->{port};

    Bench::Records::fill($port, $path, $stored{$name} - $last, $subjects)
        if $stored{$name} > $last;

    # a walk looks a minute further back, as lists may be out of order
    sleep($stored{$name} > $last ? 62 : 2);

    my $since = POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime);
    Bench::Records::fill($port, $path, $last - 1000, $subjects);
    one_subject($port);

    return {
        redis => $redis, server => $server, walked => $last,
        since => $since,
        url   => "http://127.0.0.1:$port",
    };
}


# the last thousand, 50 of them about host-9999999.example.net: they come within
# a second, as on a busy day

sub one_subject {
    my ($port) = @_;
    my @bodies = Bench::Records::bodies();
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $port) or die "can not connect: $!\n";

    foreach my $batch (0 .. 49) {
        my $body = '{"data":[' . join(',', map {
            my $number = sprintf '%07d', $_ % 20 ? 8_000_000 + $_ : 9_999_999;
            $bodies[$_ % 64] =~ s/(?<="host-)\d{7}/$number/r;
        } 20 * $batch + 1 .. 20 * $batch + 20) . ']}';

        print $socket "POST $path HTTP/1.1\r\nHost: bench\r\n"
            . "X-SecOps-User: bench\r\nX-SecOps-Roles: sn_sec_cmn.api_write"
            . "\r\nContent-Type: application/json\r\nContent-Length: "
            . length($body) . "\r\n\r\n$body";
        die "the subject was not stored\n"
            unless Bench::Records::answer($socket) =~ /"stored":20,/;
        sleep 0.02;
    }
}


sub escaped { return $_[0] =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ger }


sub new_case {
    my ($kind, $name, $of, $line, %more) = @_;

    return $turns->turn(
        name    => "$kind $name",
        server  => $of->{server},
        redis   => $of->{redis},
        url     => $of->{url},
        kind    => 'get',
        lines   => $turns->file("$kind-$name", $line),
        headers => $caller,
        conns   => 4,
        status  => 200,
        keys    => 0,
        before  => sub { Bench::Redis::settle($of->{redis}) },
        %more,
    );
}


my %of = map { $_ => fill($_) } qw(few many);
my $subject = '/api/secops/v1/subjects/host-9999999.example.net';

my @items = map { [ @$_ ] } (
    [ map { new_case('page', $_, $of{$_}, "$table?sysparm_limit=100") }
        qw(few many) ],
    [ map { new_case('subject', $_, $of{$_}, $subject) } qw(few many) ],
    [ map { new_case('about', $_, $of{$_}, "$table?sysparm_limit=100"
        . '&sysparm_query=' . escaped('observable=host-9999999.example.net'))
    } qw(few many) ],
    [ map { new_case('walk', $_, $of{$_}, "$table?sysparm_limit=1"
        . '&sysparm_query=' . escaped("sys_created_on>=$of{$_}{since}"
        . '^threat_score>101'), conns => 1, warmup => 5, seconds => 5) }
        qw(few many) ],
);

my @rows = $turns->rounds(@items);
my $text = table();

print "\n", $text;
Bench::Page::put("$root/docs/performance.md", 'find', $text) if $ENV{WRITE};


sub table {
    my %what = (
        page    => 'a page of the 100 newest',
        subject => 'what is known about a subject of 50 records',
        about   => 'these 50 records as a list',
    );
    my $text = sprintf "| one request | %s records | %s records | ratio |\n"
        . "|---|--:|--:|--:|\n",
        map { Bench::Figures::number($stored{$_}) } qw(few many);

    foreach my $kind (qw(page subject about)) {
        $text .= sprintf "| %s | %s us | %s us | %s |\n", $what{$kind},
            map({ Bench::Figures::cpu(\@rows, "$kind $_", 'both') }
                qw(few many)),
            Bench::Figures::with_spread('%.2f', Bench::Figures::ratios(\@rows,
                "$kind many", "$kind few", 'both'));
    }

    return $text . "\n" . join '', map {
        my $us = Bench::Figures::median(\@rows, "walk $_", 'both');
        sprintf "A walk over %s of %s records: %s ms, %s records per second"
            . " of the processor.\n", map({ Bench::Figures::number($_) }
            $of{$_}{walked}, $stored{$_}), sprintf('%.0f', $us / 1000),
            Bench::Figures::number(1000 * sprintf '%.0f',
                1000 * $of{$_}{walked} / $us);
    } qw(few many);
}
