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

use Bench::Turns;

my %build = (
    old => abs_path($ARGV[0] // die "usage: $0 OLD_BUILD\n"),
    new => abs_path($ENV{SECOPS_BUILD_DIR} // "$FindBin::Bin/../build"),
);
my $turns = Bench::Turns->new(
    name    => 'pair',
    bench   => $FindBin::Bin,
    runs    => 7,
    seconds => 6,
);
my $caller = $turns->file('caller', 'Content-Type: application/json',
    'X-SecOps-User: bench', 'X-SecOps-Roles: itil,sn_sec_cmn.api_write');

END { $turns->stop() if $turns }


sub new_case {
    my ($name) = @_;
    my $servers = $turns->servers($build{$name});
    my $redis = $servers->redis("redis-$name");
    my $server = $servers->module($redis, $redis, '', $name,
        $name eq 'new' ? $ENV{SETTINGS} : '');

    return $turns->store(
        name     => $name,
        server   => $server,
        redis    => $redis,
        port     => $server->{port},
        headers  => $caller,
        subjects => $ENV{SUBJECTS},
    );
}


my @rows = $turns->rounds([map { new_case($_) } qw(old new)]);

Bench::Turns::print_ratios('%-7s new / old %s', \@rows, 'new', 'old');
