# What the dearest lists of records cost those beside them: the longest time that
# a worker works at one stretch, by its processor's time, and its memory.  The
# cases are those of make worst-case; see docs/security.md.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Worst;

my $t = SecOps->new(log_level => 'error');

plan(skip_all => 'a sanitizer has its own time') if $t->sanitized();

my $worst = SecOps::Worst->new($t, $t->redis(aof => 'no'), keyless => 1);
my @cases = grep { $_->{fault} eq 'Lists'
    && $_->{name} =~ /at once|sorted|looked into/ } $worst->cases();

is(@cases, 3, 'the dearest lists');

foreach my $case (@cases) {
    my $cost = $worst->measure($case, times => 1);
    my $answers = $case->{at_once} // 1;

    # four of them at once may take longer than secops_query_scan gives to one
    like($cost->{status}, qr{^(?:200|400/?)(?:/(?:200|400))*$},
        "$case->{name}: answered");
    cmp_ok($cost->{piece}, '<', 10, '... at no stretch of 10 ms');
    cmp_ok($cost->{rss}, '<', 33 * $answers, '... in the memory that is stated');
    note(sprintf '%.1f ms of %.0f ms, %.1f MB', @$cost{qw(piece cpu rss)});
}

$t->done();
