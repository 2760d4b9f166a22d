package SecOps::Stopwatch;

# Times of which a test says "no longer than": what passed, less what the
# processes of the test waited for a processor that others had.  So the bounds
# may be as tight as what they guard, on a machine that is busy too.
#
#     my $passed = stopwatch();
#     my $r = $t->request(...);
#     cmp_ok($passed->(), '<', 0.5, 'answered at once');
#
# The kernel counts, for each process, how long it was ready to run and did not
# (the second field of /proc/PID/schedstat).  They wait for one another, so that
# their waits follow one another, and all of them are counted: this process,
# those it started (nginx, Redis, what plays Redis) and theirs.  Where many of
# them run at once, as under a load that the test makes, they would be excused by
# one another: there stopwatch() is told the pids that count, with this process.
#
# What must not be sooner than a time needs no more than time(): to be late
# makes no such assertion wrong.

use strict;
use warnings;

use Time::HiRes qw(time);

use parent 'Exporter';

our @EXPORT = qw(stopwatch);


sub stopwatch { # -> a function that tells the seconds since then
    my (@pids) = @_;
    my $from = time();
    my $before = waited(@pids);

    return sub {
        my $passed = time() - $from;
        my $now = waited(@pids);
        $passed -= $now->{$_} - ($before->{$_} // 0) foreach keys %$now;
        return $passed;
    };
}


sub waited { # -> pid => seconds, of this process and these, or all its own
    my (@pids) = @_;
    my (%children, %waited);

    foreach my $stat (@pids ? () : glob '/proc/[0-9]*/stat') {
        my ($pid, $parent) = slurp($stat) =~ /^(\d+) .*\) \S (\d+)/s or next;
        push @{$children{$parent}}, $pid;
    }

    unshift @pids, $$;
    while (defined(my $pid = shift @pids)) {
        my (undef, $ns) = split ' ', slurp("/proc/$pid/schedstat");
        $waited{$pid} = $ns / 1e9 if defined $ns;
        push @pids, @{$children{$pid} // []};
    }

    return \%waited;
}


sub slurp { # '': the process has ended, or there is no such file here
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return scalar(<$file>) // '';
}


1;
