#!/usr/bin/env perl

# Usage: pair.pl OLD_BUILD
#
# What a record costs with this build's module and with another one's, whose
# build folder is given: the two take turns of a second, each with a Redis of
# its own, so that the machine's slow moments are the same for both.  Prints the
# ratio of each round, new to old, and their median.
#
#   RUNS 7      rounds
#   DURATION 6  turns of each in a round
#   CONNS 64    connections
#   SUBJECTS    about so many subjects, at random, instead of 64
#   SETTINGS    directives of the new build's location, which the old one may
#               not know: SETTINGS='secops_retention 90d;'

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp;

use Bench::Figures;
use Bench::Load;
use Bench::Records;
use Bench::Redis;
use Bench::Rounds;
use Bench::Servers;

binmode STDOUT, ':encoding(UTF-8)';
STDOUT->autoflush(1);
$SIG{$_} = sub { print STDERR "ended by SIG$_[0]\n"; exit 130 }
    foreach qw(INT TERM HUP);
$SIG{PIPE} = 'IGNORE';
$ENV{PATH} .= ':/usr/sbin:/sbin';
$ENV{LC_ALL} = 'C';

my $root = abs_path("$FindBin::Bin/..");
my %build = (
    old => abs_path($ARGV[0] // die "usage: $0 OLD_BUILD\n"),
    new => abs_path($ENV{SECOPS_BUILD_DIR} // "$root/build"),
);
my %opt = (
    runs    => $ENV{RUNS} || 7,
    seconds => ($ENV{DURATION} || 6) / 2,
    quiet   => 100,
);
my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';
my $dir = File::Temp->newdir('secops-pair-XXXXXX', TMPDIR => 1);
my @servers;

chmod 0755, "$dir";

END { $_->stop() foreach @servers }


sub file {
    my ($name, @lines) = @_;
    Bench::Servers::write_file("$dir/$name", join '', map { "$_\n" } @lines);
    return "$dir/$name";
}


my $bodies = file('bodies', Bench::Records::bodies());
my $caller = file('caller', 'Content-Type: application/json',
    'X-SecOps-User: bench', 'X-SecOps-Roles: itil,sn_sec_cmn.api_write');


sub new_case {
    my ($name) = @_;
    my $servers = Bench::Servers->new(dir => "$dir", build => $build{$name},
        bench => $FindBin::Bin, workers => 2);

    push @servers, $servers;

    my $redis = $servers->redis("redis-$name");
    my $server = $servers->module($redis, $redis, '', $name,
        $name eq 'new' ? $ENV{SETTINGS} : '');

    return {
        name    => $name,
        server  => $server,
        redis   => $redis,
        url     => "http://127.0.0.1:$server->{port}$path",
        kind    => 'post',
        lines   => $bodies,
        headers => $caller,
        records => 1,
        conns   => $ENV{CONNS} || 64,
        subjects => $ENV{SUBJECTS},
        status  => 201,
        keys    => 1,
        before  => sub { Bench::Redis::empty($redis);
                         Bench::Redis::touch($redis, 400_000) },
        script  => "$FindBin::Bin/load.lua",
        threads => 2,
        warmup  => 1,
        seconds => 1,
    };
}


my @pair = map { new_case($_) } qw(old new);
my @rows = Bench::Rounds::run(\%opt, sub { print "@_\n" }, \@pair);

foreach my $figure (qw(server redis both)) {
    my @spread = Bench::Figures::ratios(\@rows, 'new', 'old', $figure);
    printf "%-7s new / old %s: %s us, %s us\n", $figure,
        Bench::Figures::with_spread('%.3f', @spread),
        map { Bench::Figures::cpu(\@rows, $_, $figure) } qw(new old);
}
