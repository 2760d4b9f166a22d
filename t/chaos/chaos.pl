#!/usr/bin/perl

# Breaks Redis under load, on real processes of this machine, and counts what
# came of it.  Two nginx machines take records from sixteen connections while
# servers are killed, stopped, restarted, failed over and resharded; then the
# whole store is read and held against what every single client was answered.
#
#   chaos.pl [--smoke] [--events] [--only=NAME,...] [--kills=N]
#            [--faults=FAULT,...] [--write] [--list]
#
#   --smoke   a few faults on the smallest topologies, in some seconds
#   --events  the campaigns of events only, with two kills each
#   --only    these campaigns
#   --kills   of each campaign of kills, instead of 20
#   --faults  these instead of the campaigns' own: kill,kill,stop
#   --write   puts the table into docs/durability.md; only after all campaigns
#
# It ends with 0 when no campaign has found what must not be: duplicates,
# records that are there although they were refused, torn records, requests
# without an answer, and, where the level of durability rules it out, records
# that were answered 201 and lost.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";

use Chaos::Events;
use Chaos::Load;
use Chaos::Page;
use Chaos::Store;
use Chaos::Topology;
use Getopt::Long;
use JSON::PP;
use SecOps;

my %opt = (kills => 20);
GetOptions(\%opt, 'smoke', 'events', 'only=s', 'kills=i', 'faults=s', 'write',
    'list')
    or die "usage: $0 [--smoke] [--events] [--only=NAME,...] [--kills=N]"
        . " [--faults=F,...] [--write]\n";

my @failovers = qw(kill stop restart comeback twice);
my @kills = ('kill') x $opt{kills};

# certain: nothing that was answered 201 may be lost.  With "memory" that is
# what a failover costs, and it is counted.

my @campaigns = (
    { name => 'single-fsync', kind => 'single', durability => 'fsync',
      faults => [@kills, qw(stop restart)], certain => 1 },
    { name => 'sentinel-memory', kind => 'sentinel', durability => 'memory',
      faults => \@failovers },
    { name => 'sentinel-memory-tls', kind => 'sentinel', tls => 1,
      durability => 'memory', faults => \@failovers },
    { name => 'sentinel-replicas', kind => 'sentinel',
      durability => 'replicas=1', faults => [@kills, qw(stop restart comeback)],
      certain => 1 },
    { name => 'sentinel-replicas-tls', kind => 'sentinel', tls => 1,
      durability => 'replicas=1', faults => \@failovers },
    { name => 'sentinel-all-replicas', kind => 'sentinel',
      durability => 'replicas=2', faults => \@failovers, certain => 1 },
    { name => 'cluster-memory', kind => 'cluster', durability => 'memory',
      faults => [@failovers, 'reshard'] },
    { name => 'cluster-memory-tls', kind => 'cluster', tls => 1,
      durability => 'memory', faults => [@failovers, 'reshard'] },
    { name => 'cluster-replicas', kind => 'cluster',
      durability => 'replicas=1', faults => [@failovers, 'reshard'] },
    { name => 'cluster-replicas-tls', kind => 'cluster', tls => 1,
      durability => 'replicas=1', faults => [@failovers, 'reshard'] },
);

# events, votes on them, and counters, of which none may be lost: each server has
# its own file, and comes back with it

my @events = (
    { name => 'events-single', kind => 'single', durability => 'fsync',
      load => 'Chaos::Events', every => 6, faults => ['kill', 'kill'],
      certain => 1 },
    { name => 'events-cluster', kind => 'masters', durability => 'fsync',
      load => 'Chaos::Events', every => 6, faults => ['kill', 'kill'],
      certain => 1 },
);

my @smoke = (
    { name => 'single-fsync', kind => 'single', durability => 'fsync',
      faults => [qw(kill kill)], certain => 1 },
    { name => 'sentinel-replicas', kind => 'sentinel',
      durability => 'replicas=1', faults => ['kill'], certain => 1 },
);

my %faults = (kill => \&fault_kill, stop => \&fault_stop,
    restart => \&fault_restart, comeback => \&fault_comeback,
    twice => \&fault_twice, reshard => \&fault_reshard);


sub say_ { printf STDERR "# %s\n", join '', @_ }


# --- faults: each returns when it began and which shards it concerns --------

sub fault_kill {
    my ($topology) = @_;
    my $victim = $topology->victim();
    my $shards = $topology->shards($victim);
    my $begin = time();

    $victim->kill9();
    $topology->take_over($victim) or die "nobody took over\n";
    $topology->can('rejoin') && $topology->rejoin($victim);

    return ($begin, $shards);
}


sub fault_stop {
    my ($topology) = @_;
    my $victim = $topology->victim();
    my $shards = $topology->shards($victim);
    my $begin = time();

    $victim->pause();
    sleep 5;
    $victim->resume();

    return ($begin, $shards);
}


sub fault_restart {
    my ($topology) = @_;
    my $victim = $topology->victim();
    my $shards = $topology->shards($victim);
    my $begin = time();

    $topology->restart($victim);

    return ($begin, $shards);
}


sub fault_comeback { # as a master, which it takes itself for
    my ($topology) = @_;
    my $victim = $topology->victim();
    my $shards = $topology->shards($victim);
    my $begin = time();

    $victim->kill9();
    $topology->take_over($victim) or die "nobody took over\n";
    $topology->revive($victim);

    wait_for(sub { (eval { $victim->cmd('ROLE') }
        // eval { $victim->cmd('ROLE') } // [''])->[0] eq 'slave' }, 40)
        or die "the old master was not demoted\n";

    return ($begin, $shards);
}


sub fault_twice {
    my ($topology) = @_;
    my $victim = $topology->victim();
    my $shards = $topology->shards($victim);
    my $begin = time();

    my $next = $topology->fail_over($victim) or die "no failover\n";
    $topology->fail_over($next) or die "no second failover\n";

    return ($begin, $shards);
}


sub fault_reshard {
    my ($topology) = @_;
    my $begin = time();
    my $shards;

    foreach (1 .. 4) {
        my $moved = $topology->reshard();
        $shards->{$_} = 1 foreach keys %$moved;
    }

    return ($begin, $shards);
}


# --- a campaign -------------------------------------------------------------

sub machine {
    my ($conf, $durability) = @_;
    my $machine = SecOps->new(workers => 1, log_level => 'info');

    # the records' audit is read to the last entry
    $machine->run(<<"EOT");
%%MAIN%%
events { }
http {
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location /api/ {
            secops_api;
            $conf
            secops_durability $durability;
            secops_audit_maxlen 0;
            secops_auth header;
        }
    }
}
EOT
    return $machine;
}


sub campaign {
    my ($campaign) = @_;
    my ($kind, $durability) = @$campaign{qw(kind durability)};

    my $t = SecOps->new();
    my $topology = Chaos::Topology->new($kind, $t, tls => $campaign->{tls});
    my @machines = map { machine($topology->conf(), $durability) } 1 .. 2;
    my @ports = map { $_->port(0) } @machines;

    foreach my $machine (@machines) {
        wait_for(sub { my $r = $machine->request('GET', '/api/v1/health');
            $r && $r->{status} == 200 }, 30) or die "a machine is not ready\n"
            . $machine->error_log();
    }

    my $clients = $campaign->{load} // 'Chaos::Load';
    my $job = $clients->prepare($machines[0]);
    my $load = $clients->new(ports => \@ports, connections => 16, job => $job,
        pause => $campaign->{pause} // 0.03, file => $t->dir() . '/history');
    my (@seconds, @spans);

    flows($load) or die "no load\n";

    foreach my $fault (@{$campaign->{faults}}) {
        sleep $campaign->{every} if $campaign->{every};

        my $from = time();
        my ($begin, $shards) = $faults{$fault}->($topology);

        my $success = wait_for(sub { $load->success($begin, $shards) }, 40);
        my $took = $success ? $success - $begin : undef;

        push @seconds, $took // 40;
        say_ sprintf '%s: %s: first success after %s', $campaign->{name},
            $fault, defined $took ? sprintf('%.2f s', $took) : 'never';

        $topology->heal() or die "it did not heal\n";
        flows($load) or die "no load after $fault\n";
        push @spans, [$fault, $from, time()];
    }

    sleep $campaign->{every} // 1;
    my $history = $load->end();

    $topology->heal() or die "it did not heal\n";

    my $told = $clients->settle($machines[0], $job, $history);
    my $store = $clients->store()->snapshot(map { $_->{socket} }
        $topology->masters());
    my $cut = () = join('', map { $_->log() } @{$t->{redis}})
        =~ /Truncating the AOF/g;
    my $verdict = $clients->store()->judge($store, $history, $cut, $told);

    say_ "$campaign->{name}: Redis has truncated $cut files; halved by that: "
        . join ', ', @{$verdict->{halved}} if $cut;

    foreach my $machine (@machines) {
        $machine->quit(20);
        push @{$verdict->{nginx}}, $machine->faults();
    }

    $_->stop() foreach @{$t->{redis}};

    return { %$campaign, %$verdict, seconds => \@seconds,
        lost_in => lost_in($verdict->{lost}, $history, @spans) };
}


sub flows { # successes on all shards, sent from now on
    my ($load) = @_;
    my $since = time();

    return wait_for(sub {
        my %shards;
        foreach my $entry (reverse @{$load->history()}) {
            last if $entry->{answered} < $since;
            $shards{$entry->{shard}} = 1
                if $entry->{status} == 201 && $entry->{sent} >= $since;
        }
        return keys %shards == 16;
    }, 60);
}


# fault -> how many of the lost ones were sent while it went on

sub lost_in {
    my ($lost, $history, @spans) = @_;
    my %lost = map { $_ => 1 } @$lost;
    my (%in, %span);

    foreach my $entry (grep { $lost{$_->{id}} } @$history) {
        my ($span) = grep { $_->[1] <= $entry->{sent}
            && $entry->{sent} < $_->[2] } @spans;
        $in{$span ? $span->[0] : 'between'}++;

        my $when = sprintf '%s, machine %d', $span ? $span->[0] : 'between',
            $entry->{machine};
        my $at = $entry->{sent} - ($span ? $span->[1] : $spans[0][1]);
        push @{$span{$when}}, $at;
    }

    foreach my $when (sort keys %span) {
        my @at = sort { $a <=> $b } @{$span{$when}};
        say_ sprintf '  lost in %s: %d, sent from %.2f to %.2f s after its'
            . ' beginning', $when, scalar @at, $at[0], $at[-1];
    }

    return \%in;
}


# what must not be, in words

sub faults_of {
    my ($result) = @_;
    my @faults;

    foreach my $what (qw(duplicates refused torn)) {
        my $found = $result->{$what};
        push @faults, @$found . " $what: @$found[0 .. ($#$found > 3 ? 3
            : $#$found)]" if @$found;
    }

    my $lost = $result->{lost};
    push @faults, @$lost . " lost: @$lost[0 .. ($#$lost > 3 ? 3 : $#$lost)]"
        if $result->{certain} && @$lost;
    push @faults, "$result->{status}{0} without an answer"
        if $result->{status}{0};
    push @faults, "nginx: $_" foreach @{$result->{nginx} // []};

    my $other = join ' ', grep { !/^(?:0|200|201|500|503)$/ }
        sort keys %{$result->{status}};
    push @faults, "answers $other" if $other ne '';

    push @faults, 'no load' if ($result->{status}{201} // 0) < 100;

    return @faults;
}


my @chosen = $opt{smoke} ? @smoke : $opt{events} ? @events
    : (@campaigns, @events);

if ($opt{only}) {
    my %only = map { $_ => 1 } split /,/, $opt{only};
    @chosen = grep { $only{$_->{name}} } @chosen;
}

if ($opt{faults}) {
    $_->{faults} = [ split /,/, $opt{faults} ] foreach @chosen;
}

if ($opt{list}) {
    print "$_->{name}\n" foreach @chosen;
    exit 0;
}

my ($bad, @rows) = (0);

foreach my $campaign (@chosen) {
    my $begin = time();
    my $result = eval { campaign($campaign) };

    if (!$result) {
        say_ "$campaign->{name}: $@";
        print "not ok - $campaign->{name}: ran to its end\n";
        $bad++;
        next;
    }

    my @faults = faults_of($result);
    my $status = $result->{status};

    say_ sprintf '%s: %d faults, %d requests: %s; %d records, %d lost, %.0f s',
        $campaign->{name}, scalar @{$campaign->{faults}}, $result->{requests},
        join(', ', map { "$status->{$_} x $_" } sort keys %$status),
        $result->{records}, scalar @{$result->{lost}}, time() - $begin;
    say_ "  $_" foreach @faults;
    say_ Chaos::Page::row($result);

    print @faults ? 'not ok' : 'ok', " - $campaign->{name}\n";

    $bad++ if @faults;
    push @rows, $result;
}

print '1..', scalar @chosen, "\n";

if ($opt{write} && !$opt{only} && !$opt{smoke} && !$opt{faults}) {
    if ($bad) {
        say_ 'docs/durability.md stays as it is';
    } else {
        Chaos::Page->write(\@rows);
    }
}

exit($bad ? 1 : 0);
