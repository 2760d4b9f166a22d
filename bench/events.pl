#!/usr/bin/env perl

# Usage: events.pl
#
# make bench-events: what an event costs beside a record, a decision beside a
# record that is read, and an event among many beside one among few.  What is
# compared takes turns of a second, each with a Redis of its own, so that the
# machine's slow moments are the same for all.  Prints the table of
# docs/performance.md.
#
#   RUNS 5                 rounds
#   DURATION 3             seconds of each in a round
#   CONNS 64               connections
#   BENCH_EVENTS 500000    events that are many; few are 10,000
#   WHAT "write key read growth"    which parts
#   WRITE 1                writes the table into docs/performance.md as well

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);

use Bench::Events;
use Bench::Figures;
use Bench::Page;
use Bench::Records;
use Bench::Redis;
use Bench::Servers;
use Bench::Turns;

my $root = abs_path("$FindBin::Bin/..");
my $turns = Bench::Turns->new(
    name    => 'events',
    bench   => $FindBin::Bin,
    build   => abs_path($ENV{SECOPS_BUILD_DIR} // "$root/build"),
    runs    => 5,
    seconds => 3,
);
my %what = map { $_ => 1 } split ' ', $ENV{WHAT} || 'write key read growth';
my %stored = (few => 10_000, many => $ENV{BENCH_EVENTS} || 500_000);
my $touched = 400_000;
my $records = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';
my $events = '/api/v1/events/';
my $dir = $turns->dir();
my @json = 'Content-Type: application/json';
my @headers = (@json, 'X-SecOps-User: bench',
    'X-SecOps-Roles: sn_sec_cmn.api_write');

END { $turns->stop() if $turns }


# A Redis and a server of its own; callers by headers at the one port, by api
# keys at the other.

sub place {
    my ($name) = @_;
    my $servers = $turns->servers();
    my $redis = $servers->redis("redis-$name");
    my $by_key = Bench::Servers::port();
    my $server = $servers->module($redis, $redis, <<"END", "server-$name");
    server {
        listen 127.0.0.1:$by_key reuseport backlog=4096;

        location /api/ {
            secops_api;
            secops_redis "$redis->{url}";
            secops_auth api_key;
        }
    }
END

    return { redis => $redis, server => $server, port => $server->{port},
        by_key => $by_key };
}


sub new_case {
    my ($name, $at, $path, %more) = @_;

    return $turns->turn(
        name    => $name,
        server  => $at->{server},
        redis   => $at->{redis},
        url     => 'http://127.0.0.1:' . ($more{port} // $at->{port}) . $path,
        kind    => 'post',
        lines   => "$dir/$name.lines",
        headers => "$dir/$name.headers",
        conns   => $ENV{CONNS} || 64,
        status  => 201,
        keys    => 0,
        before  => sub { },
        %more,
    );
}


sub prepare { # what a case sends, and as whom
    my ($name, $headers, @lines) = @_;
    $turns->file("$name.headers", @$headers);
    $turns->file("$name.lines", @lines);
}


sub emptied { # with memory that was touched before
    my ($at) = @_;
    Bench::Redis::empty($at->{redis});
    Bench::Redis::touch($at->{redis}, $touched);
}


# --- an event beside a record -----------------------------------------------

sub writes {
    my ($kind, $by_key) = @_;
    my ($record, $event) = map { place("$kind-$_") } qw(record event);
    my @names = map { "$kind $_" } qw(record event);

    return [
        new_case($names[0], $record, $records, keys => 1,
            $by_key ? (port => $record->{by_key}) : (),
            before => sub {
                emptied($record);
                prepare($names[0], $by_key ? [ @json, 'x-arcanna-api-key: '
                    . record_key($record->{port}) ] : \@headers,
                    Bench::Records::bodies());
            }),
        new_case($names[1], $event, $events, keys => 1,
            $by_key ? (port => $event->{by_key}) : (),
            before => sub {
                emptied($event);
                my ($job, $key) = Bench::Events::job($event->{port});
                prepare($names[1], $by_key ? [ @json,
                    "x-arcanna-api-key: $key" ] : \@headers,
                    Bench::Events::bodies($job));
            }),
    ];
}


sub record_key { # that may write records
    my ($port) = @_;
    my $answer = Bench::Events::ask($port, 'POST', '/api/v2/resources',
        '{"k":{"type":"api_key","properties":{"name":"bench",'
        . '"scopes":["write:records"]}}}');
    my ($value) = $answer =~ /"value":"([^"]+)"/ or die "no key: $answer\n";
    return $value;
}


# --- a decision beside a record that is read --------------------------------

# Ten thousand of each; of the events' buckets none was judged, or each was, and
# the job trained.

sub reads {
    my %at = map { $_ => place("read-$_") } qw(record none consensus);
    my $table = '/api/now/table/sn_ti_lookup_result';
    my @ids = Bench::Records::fill($at{record}{port}, $records, 10_000, 2500);

    prepare('read record', \@headers, map { "$table/$_" } @ids);

    foreach my $name (qw(none consensus)) {
        my ($port, $redis) = @{$at{$name}}{qw(port redis)};
        my ($job) = Bench::Events::job($port);
        my @all = Bench::Events::fill($port, $redis, $job, 10_000);

        Bench::Events::judge($port, $job, @all[0 .. 63])
            if $name eq 'consensus';
        prepare("read $name", \@headers, map { "/api/v1/events/$job/$_" } @all);
    }

    return [ map { new_case("read $_", $at{$_}, '', kind => 'get',
        status => 200) } qw(record none consensus) ];
}


# --- among few, among many --------------------------------------------------

sub filled {
    my ($at, $name) = @_;
    my ($job) = Bench::Events::job($at->{port});

    Bench::Events::fill($at->{port}, $at->{redis}, $job, $stored{$name});
    prepare("event $name", \@headers, Bench::Events::bodies($job));
}


sub growth {
    my ($few, $many) = map { place("growth-$_") } qw(few many);

    Bench::Redis::touch($many->{redis}, $stored{many} + $touched);
    filled($many, 'many');
    Bench::Redis::touch($few->{redis}, $touched);
    filled($few, 'few');

    return [
        new_case('event few', $few, $events, each => sub {
            Bench::Redis::empty($few->{redis});
            filled($few, 'few') }),
        new_case('event many', $many, $events,
            before => sub { Bench::Redis::settle($many->{redis}) },
            each => sub { Bench::Redis::touch($many->{redis}, $touched / 4) }),
    ];
}


# --- all of it --------------------------------------------------------------

my @items = (
    $what{write}  ? writes('write') : (),
    $what{key}    ? writes('key', 1) : (),
    $what{read}   ? reads() : (),
    $what{growth} ? growth() : (),
);
my @rows = $turns->rounds(@items);
my $text = table();

print "\n", $text;
Bench::Page::put("$root/docs/performance.md", 'events', $text) if $ENV{WRITE};


# what is compared, with what, by their cases

sub compared {
    return (
        [ 'an event, caller in headers', 'a record',
            'write event', 'write record' ],
        [ 'an event, input key', 'a record, api key',
            'key event', 'key record' ],
        [ 'a decision, none yet', 'a record by id',
            'read none', 'read record' ],
        [ 'a decision by consensus', 'a record by id',
            'read consensus', 'read record' ],
        [ map({ 'an event among ' . Bench::Figures::number($stored{$_}) }
            qw(many few)), 'event many', 'event few' ],
    );
}


sub table {
    my @lines;

    foreach my $line (compared()) {
        my ($name, $other, $case, $beside) = @$line;
        next unless Bench::Figures::measured(\@rows, $case);

        push @lines, [ $name, $other, map({ Bench::Figures::cpu(\@rows, $case,
            $_) } qw(server redis)), map({ Bench::Figures::with_spread('%.2f',
            Bench::Figures::ratios(\@rows, $case, $beside, $_)) }
            qw(server redis both)) ];
    }

    return Bench::Figures::table([ 'one request', 'beside', 'server µs',
        'Redis µs', 'server', 'Redis', 'together' ], @lines);
}
