package Bench::Rounds;

# The order in which cases are measured, so that they can be compared.

use strict;
use warnings;

use Bench::Load;
use Bench::Processor;
use Bench::Redis;


# One round runs each case once: a drift of the machine hits all alike.  An item
# is a case or a pair of them.  opt: runs, seconds, quiet; say: told how far it
# is.  Returns the rows.

sub run {
    my ($opt, $say, @items) = @_;
    my @rows;

    foreach my $round (1 .. $opt->{runs}) {
        foreach my $item (@items) {
            my @cases = ref $item eq 'ARRAY' ? @$item : $item;
            my @new = quietest($opt, @cases);
            $say->("round $round  ", progress($_)) foreach @new;
            push @rows, @new;
        }
    }

    return @rows;
}


# With quiet below 100: waits until other programs leave the machine alone, and
# takes a run again in which they did not; of five, the one that was disturbed
# least.

sub quietest {
    my ($opt, @cases) = @_;
    my ($least, @best);

    foreach (1 .. 5) {
        Bench::Processor::wait_quiet($opt->{quiet}) if $opt->{quiet} < 100;
        my @rows = in_turns(2 * $opt->{seconds}, @cases);
        my ($other) = sort { $b <=> $a } map { $_->{other} } @rows;
        ($least, @best) = ($other, @rows) if !@best || $other < $least;
        last if $least <= $opt->{quiet};
    }

    return @best;
}


# A pair is compared by a few percent: its cases take turns, so that the
# machine's slow moments are the same for both.

sub in_turns {
    my ($turns, @cases) = @_;
    my %rows;

    foreach my $case (@cases) {
        $case->{before}->();
        $case->{commands} = $case->{alone}->($case) if $case->{alone};
        Bench::Load::warm_up($case) unless $case->{alone};
    }

    foreach my $turn (1 .. (@cases > 1 ? $turns : 1)) {
        foreach my $case ($turn % 2 ? @cases : reverse @cases) {
            $case->{each}->() if $case->{each};
            push @{$rows{$case->{name}}}, $case->{alone}
                ? Bench::Redis::alone($case) : Bench::Load::timed($case);
        }
    }

    return map { Bench::Load::together(@{$rows{$_->{name}}}) } @cases;
}


sub progress {
    my ($row) = @_;

    return sprintf '%-20s %8.0f/s  p99 %7s ms  server %6.1f us'
        . '  redis %5.1f us  others %4.1f %%%s', @$row{qw(case rate)},
        defined $row->{p99} ? sprintf('%.2f', $row->{p99}) : '-',
        map({ $row->{$_} // 0 } qw(server redis other)),
        $row->{errors} ? "  $row->{errors} errors" : '';
}


1;
