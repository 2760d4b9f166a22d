# What others feel while one tenant does its worst, one request after the other:
# they are answered, with 201 and nothing else, and never wait for long.  How
# much of its rate another tenant keeps is measured by make worst-case, on a
# machine that does nothing else; here it is enough that nobody is cut off.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Neighbour;
use SecOps::Worst;

my $t = SecOps->new(log_level => 'error');
my $redis = $t->redis(aof => 'no');
my $slow = $t->sanitized() ? 10 : 1;

# those whose domain is filled in no time
my @cases = grep { "$_->{fault} $_->{name}" !~ /20 000|audit|full domain/ }
    SecOps::Worst->cases();

my $r = SecOps::Neighbour::measure($t, $redis, seconds => 8, rate => 100,
    cases => \@cases, conf => 'secops_redis_timeout 30s;');

note(SecOps::Neighbour::told($r));

cmp_ok($r->{attacks}, '>', 5, 'one tenant does its worst');
is(SecOps::Neighbour::failed($r), 0,
    "R.2, R.4, R.5, R.12, R.13, R.15: another's records are all stored")
    or diag(explain($r->{statuses}));
cmp_ok($r->{gap}, '<', 5 * $slow, '... and it never waits for long');
cmp_ok($r->{beside}, '>', 0.1 * $r->{alone}, '... nor is it cut off');

$t->done();
