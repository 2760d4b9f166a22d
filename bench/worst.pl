#!/usr/bin/env perl

# Usage: worst.pl [pattern]
#
# make worst-case: what the worst requests cost one by one, with the default
# limits, and what another tenant feels of them.  Prints the table of
# docs/security.md, and ends with 1 when one is above the limits.
#
# A piece is the processor's time that a worker takes between two looks at its
# events, during which it serves nobody else: t/tools/turns.c.  Memory is what
# the worker's peak is above what it had before.  Redis' longest command is that
# of its SLOWLOG.  Each request is done several times, each time by a new worker
# and in a new domain; of the times the least counts, of memory the most: what
# others do on the machine adds to times.  Where several are sent at once, a
# piece is of any of them, and memory of all.
#
#   TIMES 3        how often each is done
#   SECONDS 60     of the other tenant's writes under all of them; 0: not at all
#   WRITE 1        writes the table into docs/security.md as well

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../t/lib";

use SecOps;
use SecOps::Neighbour;
use SecOps::Worst;

binmode $_, ':encoding(UTF-8)' foreach *STDOUT, *STDERR;
STDOUT->autoflush(1);

my %limit = (piece => 100, redis => 10, rss => 64);
my $pattern = $ARGV[0] // '';
my $times = $ENV{TIMES} || 3;
my $seconds = $ENV{SECONDS} // 60;

my $t = SecOps->new(log_level => 'error');
my $redis = $t->redis(aof => 'no');
my $worst = SecOps::Worst->new($t, $redis);
my (@rows, @above);

print "| request | answer | body | worker at a stretch | worker in all | memory"
    . " | Redis' longest command |\n|---|--:|--:|--:|--:|--:|--:|\n";

foreach my $case (chosen($worst)) {
    my $cost = $worst->measure($case, times => $times);
    my %one = (%$cost, rss => $cost->{rss} / ($case->{at_once} // 1));
    my @over = grep { $one{$_} > $limit{$_} } sort keys %limit;

    push @rows, sprintf '| %s | %s | %s | %s ms | %s ms | %s MB | %s ms |',
        $case->{name} =~ s/\|/\\|/gr, $cost->{status}, size($cost->{sent}),
        map { figure($_) } @$cost{qw(piece cpu rss redis)};
    push @above, map { "$case->{fault} $case->{name}: $_ "
        . figure($cost->{$_}) } @over;

    print "$rows[-1]", @over ? "  <-- $case->{fault}: @over" : '', "\n";
}

$t->quit();

if ($seconds) {
    my $other = SecOps->new(log_level => 'error');
    my $r = SecOps::Neighbour::measure($other, $other->redis(aof => 'no'),
        seconds => $seconds, chosen => \&chosen);

    print "\n", SecOps::Neighbour::told($r);
    push @above, 'another tenant keeps less than 90 % of its rate'
        if SecOps::Neighbour::kept($r) < 90;
    push @above, 'another tenant got other answers than 201'
        if SecOps::Neighbour::failed($r);

    $other->quit();
}

page() if $ENV{WRITE};

print map { "above the limits: $_\n" } @above;
exit(@above ? 1 : 0);


sub chosen {
    return grep { "$_->{fault} $_->{name}" =~ /$pattern/i } $_[0]->cases();
}


sub figure { my ($x) = @_; return sprintf $x < 9.95 ? '%.1f' : '%.0f', $x }

sub size {
    my ($bytes) = @_;
    return $bytes < 1000 ? "$bytes B" : sprintf '%.0f KB', $bytes / 1000;
}


sub page { # between its markers
    my $page = root() . '/docs/security.md';
    my $text = $t->read($page);
    utf8::decode($text);
    my $table = join "\n", '| request | answer | body | worker at a stretch'
        . " | worker in all | memory | Redis' longest command |",
        '|---|--:|--:|--:|--:|--:|--:|', @rows, '';

    $text =~ s/(<!-- worst -->\n).*?(<!-- \/worst -->)/$1\n$table\n$2/s
        or die "docs/security.md has no place for the table\n";
    utf8::encode($text);
    $t->write($page, $text);
}
