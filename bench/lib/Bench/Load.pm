package Bench::Load;

# The runs of wrk, and what they cost.

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(sleep);

use Bench::Processor;
use Bench::Redis;


sub wrk {
    my ($case, $seconds, %more) = @_;
    my %env = (
        BENCH_KIND     => $case->{kind},
        BENCH_LINES    => $case->{lines},
        BENCH_HEADERS  => $case->{headers},
        BENCH_BATCH    => $case->{records},
        BENCH_SUBJECTS => $case->{subjects},
        BENCH_DELAY    => $case->{delay},
        %more,
    );
    my $threads = $case->{threads} > $case->{conns} ? $case->{conns}
        : $case->{threads};
    my @command = ('timeout', $seconds + 30, 'wrk', "-t$threads",
        "-c$case->{conns}", "-d${seconds}s", '--timeout', '5s', '-s',
        $case->{script}, $case->{url});

    my $pid = open(my $wrk, '-|') // die "can not fork: $!\n";

    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        foreach my $name (keys %env) {
            $ENV{$name} = $env{$name} // next;
        }
        exec @command or POSIX::_exit(127);
    }

    my $out = do { local $/; <$wrk> } // '';
    close $wrk or die "wrk failed:\n$out";

    my ($result) = $out =~ /^BENCH (.*)$/m or die "wrk said:\n$out";
    return { map { split /=/ } split ' ', $result };
}


# Before the timed run; here each status is looked at.

sub warm_up {
    my ($case) = @_;
    my $warm = wrk($case, $case->{warmup}, BENCH_STATUS => $case->{status});

    die sprintf "%s: %d of %d answers were not %d but, for one, %d\n",
        $case->{name}, @$warm{qw(bad requests)}, @$case{'status'},
        $warm->{odd} if $warm->{bad} || !$warm->{good};

    adjust($case, $warm) if $case->{rate};
    sleep 0.2;                      # what was cut off comes to its end
}


sub timed {
    my ($case) = @_;
    my ($server, $redis) = @$case{qw(server redis)};
    my $keys = stored($case);
    my $before = Bench::Processor::sample($server, $redis);
    my $run = wrk($case, $case->{seconds});
    sleep 0.2;
    my $after = Bench::Processor::sample($server, $redis);

    $keys = stored($case) - $keys;
    my $expected = $run->{requests} * $case->{records};

    die "$case->{name}: $expected records were answered and $keys stored\n"
        if $case->{keys} && ($keys < $expected
            || $keys > $expected + $case->{conns} * $case->{records});

    return row($case, $run, $before, $after);
}


sub stored { # one key for each record, and none else comes in a timed run
    my ($case) = @_;
    return $case->{keys} ? Bench::Redis::ask($case->{redis}, 'dbsize') : 0;
}


# A connection waits between answer and request; what the warm-up missed of
# the rate tells by how much less.

sub adjust {
    my ($case, $warm) = @_;
    my $took = 1000 * $case->{conns} * $warm->{us} / 1e6 / $warm->{requests};
    my $should = 1000 * $case->{conns} / $case->{rate};

    $case->{delay} += $should - $took;
    $case->{delay} = 0 if $case->{delay} < 0;
}


sub row {
    my ($case, $run, $before, $after) = @_;
    my %spent = Bench::Processor::spent($before, $after);
    my $count = $run->{requests} * $case->{records} || 1;

    return {
        case    => $case->{name},
        count   => $count,
        rate    => $count / ($run->{us} / 1e6),
        p50     => $run->{p50} / 1000,
        p99     => $run->{p99} / 1000,
        server  => $spent{server} * 1e6 / $count,
        redis   => $spent{redis} * 1e6 / $count,
        both    => ($spent{server} + $spent{redis}) * 1e6 / $count,
        load    => $spent{load} * 1e6 / $count,
        errors  => $run->{errors},
        other   => $spent{other},
    };
}


# Several runs of a case as one: what each request cost is their mean, weighed
# by the requests.

sub together {
    my (@rows) = @_;
    return $rows[0] if @rows == 1;

    my %sum = (case => $rows[0]{case}, map { $_ => 0 }
        qw(count errors other));
    my $seconds = 0;

    foreach my $row (@rows) {
        $seconds += $row->{count} / $row->{rate};
        $sum{other} += $row->{other} / @rows;
        $sum{$_} += $row->{$_} // 0 foreach qw(count errors);
        $sum{$_} += ($row->{$_} // 0) * $row->{count}
            foreach qw(server redis both load);
    }

    $sum{$_} /= $sum{count} foreach qw(server redis both load);
    $sum{rate} = $sum{count} / $seconds;
    return \%sum;
}


1;
