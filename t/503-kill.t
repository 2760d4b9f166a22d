# Redis is killed under load, again and again, with an append-only file that is
# synced with every write.  What was answered 201 is there afterwards, every
# single record; whoever was answered otherwise knows it; and nginx goes on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Load;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis(aof => 'always');

$t->run(conf());

my @workers = $t->workers();
my $load = SecOps::Load->new($t, clients => 3, ids => 1, reads => 1,
    pause => 0.001);


sub more { # answers came since then
    my ($count) = @_;
    return wait_for(sub { $load->sent() > $count + 400 });
}


ok(more(0), 'records are stored');

foreach my $n (1 .. ($ENV{SECOPS_SOAK} ? 30 : 4)) {
    my ($r, $without) = (undef, 0);

    $redis->kill9();

    my $end = time() + 0.4;
    do {
        $r = post($t, records()) // { status => 'none' };
        $without++ if $r->{status} eq 503
            && ($r->{headers}{'retry-after'} // '') ne 1;
    } while (time() < $end && $r->{status} =~ /^50[03]$/);
    like($r->{status}, qr/^50[03]$/, "kill $n: answered meanwhile");
    is($without, 0, '... and told when to come again');

    $redis->start();
    wait_for(sub { (eval { $redis->cmd('PING') } // '') eq 'PONG' });
    my $passed = stopwatch($t->workers(), $redis->pid());
    ok(wait_for(sub { post($t, records())->{status} == 201 }),
        '... Redis is back, a record is stored');
    cmp_ok($passed->(), '<', 1, '... within a second');
    ok(more($load->sent()), '... and the load goes on');
}

my $seen = $load->finish()->end();
my $missing = 0;

foreach my $id (@{$seen->{ids}}) {
    my $key = 'secops:{global:' . shard_of($id)
        . "}:rec:sn_ti_lookup_result:$id";
    my $record = $redis->cmd('GET', $key) // '';
    $missing++ unless $record =~ /"sys_id":"$id"/;
}

diag("$seen->{requests} requests: "
    . join ', ', map { "$seen->{$_} x $_" } sort grep { /^\d/ } keys %$seen);

is($seen->{failed}, 0, 'the clients ran to their end');
is($seen->{lost}, 0, 'every request was answered');
is(join(' ', grep { !/^(?:200|201|500|503)$/ } grep { /^\d/ } keys %$seen), '',
    '... with 201 and 200, or 503 and 500');
cmp_ok($seen->{503} // 0, '>', 0, 'there were some of 503');
is($seen->{blunt}, 0, '... all with Retry-After');
is($seen->{mixed}, 0, 'every success was the right record');
cmp_ok(scalar @{$seen->{ids}}, '>', 100, 'many were answered 201');
is($missing, 0, '... every one of them is in Redis');
is_deeply([$t->workers()], \@workers, 'no worker ended');

$t->done();
