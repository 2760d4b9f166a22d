package Bench::Processor;

# Processor time: of process trees, of the machine.

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(sleep time);

my $hz = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $cpus = processors();

# a kernel without statistics of the scheduler has no such file, or a zero
my $precise = scheduled($$) > 0;


sub processors {
    open my $file, '<', '/proc/stat' or die "can not read /proc/stat: $!\n";
    return scalar grep { /^cpu\d/ } <$file>;
}


sub tree { # a process and all that descend from it
    my ($root) = @_;
    my (%children, @found);

    foreach my $stat (glob '/proc/[0-9]*/stat') {
        open my $file, '<', $stat or next;
        my ($pid, $parent) = (<$file> // '') =~ /^(\d+) .*\) \S (\d+)/
            or next;
        push @{$children{$parent}}, $pid;
    }

    my @next = ($root);
    while (defined(my $pid = shift @next)) {
        push @found, $pid;
        push @next, @{$children{$pid} // []};
    }

    return @found;
}


sub cpu { # seconds, of a process and its descendants
    my ($root) = @_;
    my $seconds = 0;

    $seconds += $precise ? scheduled($_) : ticks($_) foreach tree($root);
    return $seconds;
}


sub ticks { # as ps has it: in hundredths
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/stat" or return 0;
    my @field = split ' ', (<$file> // '') =~ s/^.*\) //r;
    return ($field[11] + $field[12]) / $hz;
}


sub scheduled { # what the scheduler gave the threads that are there
    my ($pid) = @_;
    my $nanoseconds = 0;

    foreach my $stat (glob "/proc/$pid/task/*/schedstat") {
        open my $file, '<', $stat or next;
        $nanoseconds += (split ' ', <$file> // '0')[0];
    }

    return $nanoseconds / 1e9;
}


sub machine { # seconds that the processors were busy, all programs together
    open my $file, '<', '/proc/stat' or die "can not read /proc/stat: $!\n";
    my (undef, $user, $nice, $system, undef, undef, $irq, $soft)
        = split ' ', scalar <$file>;
    return ($user + $nice + $system + $irq + $soft) / $hz;
}


sub sample {
    my ($server, $redis) = @_;
    my @times = times;
    return {
        server => $server ? cpu($server->{pid}) : 0,
        redis  => $redis ? cpu($redis->{pid}) : 0,
        load   => $times[0] + $times[1] + $times[2] + $times[3],
        all    => machine(),
        time   => time(),
    };
}


# between two samples; other: the share of the machine, in percent, that
# programs took which are no part of the run

sub spent {
    my ($before, $after) = @_;
    my %spent = map { $_ => $after->{$_} - $before->{$_} } keys %$after;
    my $other = $spent{all} - $spent{server} - $spent{redis} - $spent{load};

    $spent{other} = $other < 0 ? 0 : 100 * $other / $cpus / $spent{time};
    return %spent;
}


# until other programs took no more than so many percent of a second, a minute
# at most

sub wait_quiet {
    my ($percent) = @_;

    foreach (1 .. 60) {
        my $before = sample();
        sleep 1;
        my %spent = spent($before, sample());
        return if $spent{other} <= $percent;
    }
}


1;
