# Two machines behind a load balancer share one Redis and nothing else: what is
# stored at one is there at the other at once, byte for byte, and one that is
# reloaded, or dies, takes nothing with it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $one = SecOps->new();
my $two = SecOps->new(workers => 2);
my $redis = $one->redis(tcp => 1);
my $url = $redis->url();

my $conf = conf() =~ s/%%REDIS%%/$url/r;
$one->run($conf);
$two->run($conf);

my @machines = ([$one, $two], [$two, $one]);
my %shared;

foreach my $pair (@machines) {
    my ($here, $there) = @$pair;

    foreach my $table (@tables) {
        my $r = post($here, $table->{record}, endpoint => $table->{endpoint});
        my $read = get($there, $r->{headers}{location});

        is($read->{status}, 200, "$table->{endpoint}: stored here, read there");
        is_deeply($read->{json}{result}, in_table($table->{table}, $r->{json}),
            '... the same record');
    }

    my $r = post($here, records(), domain => 'acme');
    is(get($there, $r->{headers}{location})->{status}, 404,
        'a domain is kept apart there as well');
    is(get($there, $r->{headers}{location}, domain => 'acme')->{status}, 200,
        '... and known by the same name');

    $r = post($here, { data => [ map { records() } 1 .. 50 ] });
    is_deeply([grep {
        get($there, "/api/now/table/sn_ti_lookup_result/$_->{sys_id}")
            ->{status} != 200
    } @{$r->{json}{records}}], [], 'a batch is there as a whole');
}

my %ids;
for my $i (1 .. 50) {
    $ids{post($_, records(observable => 'same'))->{json}{sys_id}}++
        foreach $one, $two;
}
is(keys %ids, 100, 'machines do not give the same id twice');
is(keys %{{ map { shard_of($_) => 1 } keys %ids }}, 1,
    '... and agree upon a subject\'s shard');
is($redis->cmd('LLEN', (keys_like($redis, 'secops:{global:'
    . shard_of((keys %ids)[0]) . '}:sub:sn_ti_lookup_result:*'))[0])
    >= 100 ? 1 : 0, 1, '... so that its records stand in one index');

my $kept = post($one, records());
ok($one->reload(), 'one is reloaded');
is_deeply(get($one, $kept->{headers}{location})->{json}{result},
    in_table('sn_ti_lookup_result', $kept->{json}),
    '... and reads what it has stored before');
is(get($two, $kept->{headers}{location})->{status}, 200,
    '... as does the other');

$one->stop();
is_deeply(get($two, $kept->{headers}{location})->{json}{result},
    in_table('sn_ti_lookup_result', $kept->{json}),
    'one is gone, its record is not');
is_stored(post($two, records()), '... and the other goes on');

$two->quit();
$redis->restart();
$one->run();
is_deeply(get($one, $kept->{headers}{location})->{json}{result},
    in_table('sn_ti_lookup_result', $kept->{json}),
    'all were restarted, the record is there');

$_->stop() foreach $one, $two;
ok(!$two->faults(), 'the second has nothing to complain about');
$one->done();
