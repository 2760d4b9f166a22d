# What the dearest pages of events cost those beside them: the longest time that
# a worker works at one stretch, by its processor's time, and its memory.  The
# cases are those of make worst-case; see docs/security.md.  And pages of a Redis
# Cluster, read at two machines.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Cluster;
use SecOps::Events;
use SecOps::Records;
use SecOps::Worst;

my $t = SecOps->new(log_level => 'error');

SKIP: {
    skip('a sanitizer has its own time', 1) if $t->sanitized();

    my $worst = SecOps::Worst->new($t, $t->redis(aof => 'no'), keyless => 1);
    my @cases = grep { $_->{fault} eq 'L' } $worst->cases();

    is(@cases, 4, 'the dearest pages of events');

    foreach my $case (@cases) {
        my $cost = $worst->measure($case, times => 1);
        my $answers = $case->{at_once} // 1;

        like($cost->{status}, qr{^200(?:/200)*$}, "$case->{name}: answered");
        cmp_ok($cost->{piece}, '<', 10, '... at no stretch of 10 ms');
        cmp_ok($cost->{rss}, '<', 10 * $answers,
            '... in the memory that is stated');
        note(sprintf '%.1f ms of %.0f ms, Redis %.1f ms, %.1f MB',
            @$cost{qw(piece cpu redis rss)});
    }

    $t->quit();
}


# --- a cluster, and two machines --------------------------------------------

my $one = SecOps->new();
my $two = SecOps->new(workers => 2);
my $cluster = SecOps::Cluster->new($one, replicas => 0);
my $url = $cluster->node(0)->url();

$_->run(conf(location => 'secops_redis_cluster on;') =~ s/%%REDIS%%/$url/r
    =~ s/secops_auth header;(?=\s+secops_redis_c)/secops_auth header api_key;/r)
    foreach $one, $two;

my $here = SecOps::Events->new($one, $cluster->node(0));
my $job = $here->job('Triage', decision_points => ['n']);
my $there = SecOps::Events->new($two, $cluster->node(0));
$there->{keys} = $here->{keys};

my @sent;

foreach my $i (1 .. 10) {
    my $from = $i % 2 ? $here : $there;
    my $r = $from->send([ map { { job_id => $job, event_id => "$i-$_",
        raw_body => { n => $_ % 7 }, title => "$i-$_" } } 1 .. 40 ]);
    is($r->{status}, 201, 'events are sent to one machine or the other');
    push @sent, map { $_->{event_id} } @{$r->{json}};
}

is($here->call('PUT', "events/$job/$_/feedback", { feedback => 'Drop' })
    ->{status}, 200, "$_ gets a label") foreach '3-7', '8-14';

my %pages = (here => ($here->pages("job=$job&limit=30"))[0],
    there => ($there->pages("job=$job&limit=30"))[0]);

is_deeply($pages{there}, $pages{here}, 'both machines have the same list');
is(join(' ', sort map { $_->{event_id} } @{$pages{here}}),
    join(' ', sort @sent), '... of all events');
is_deeply([ grep { $_->{title} ne $_->{event_id} } @{$pages{here}} ], [],
    '... each with its own title');
is(scalar(grep { $_->{bucket_state} eq 'known' } @{$pages{here}}), 50,
    '... those of the bucket that is known among them');
is_deeply([ map { $_->{event_id} }
    @{($there->pages("job=$job&label=Drop&limit=1"))[0]} ], [ '8-14', '3-7' ],
    '... and those with a label, the newest first');

my ($cursor, @rows) = ('');

for (my $i = 0; defined $cursor; $i++) {
    my $from = $i % 2 ? $here : $there;
    my $r = $from->list("job=$job&limit=37" . ($cursor && "&cursor=$cursor"));
    push @rows, map { $_->{event_id} } @{$r->{json}{result}};
    $cursor = $r->{json}{next};
}

is(join(' ', @rows), join(' ', map { $_->{event_id} } @{$pages{here}}),
    'a cursor of one machine is one of the other');

is($two->quit(), 0, 'a machine leaves');
is_deeply([$two->faults()], [], '... and it has nothing to complain of');

$one->done();
