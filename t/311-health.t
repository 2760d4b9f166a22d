# Readiness, as load balancers and clients ask for it: true only when Redis has
# just accepted a write.  A probe that merely finds a connection would send
# traffic to a machine that can store nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(server => <<'EOT'));
        location = /ready {
            rewrite ^ /api/v1/health break;
            secops_api health;
            secops_redis %%REDIS%%;
        }
EOT

my $v1 = '/api/v1/health';
my $v2 = '/api/v2/health';


sub health { return $t->request('GET', $_[0], $_[1]) }


sub ready {
    my ($name) = @_;

    my $r = health($v1);
    is($r->{status}, 200, "$name: ready");
    is($r->{body}, '{"status":true,"connected":true}', '... in the form of v1');
    is($r->{headers}{'content-type'}, 'application/json', '... JSON');
    is($r->{headers}{'retry-after'}, undef, '... nothing to wait for');

    $r = health($v2);
    is($r->{status}, 200, "$name: ready in v2");
    is($r->{body}, '{"status":"OK","reason":"","reason_details":""}',
        '... in the form of v2');
}


sub not_ready {
    my ($name) = @_;

    ok(wait_for(sub { health($v1)->{status} == 503 }), "$name: not ready");

    my $r = health($v1);
    is($r->{status}, 503, '... each time');
    is($r->{body}, '{"status":false,"connected":false}',
        '... in the form of v1');
    is($r->{headers}{'retry-after'}, 1, '... and says when to ask again');

    $r = health($v2);
    is($r->{status}, 503, "$name: not ready in v2");
    is($r->{json}{status}, 'NOK', '... in the form of v2');
    is($r->{json}{reason}, 'Redis is not writable', '... with the reason');
    is($r->{headers}{'retry-after'}, 1, '... and says when to ask again');
}


sub ready_again {
    my ($name) = @_;
    ok(wait_for(sub { health($v1)->{status} == 200 }), "$name: ready again");
    is(post($t, records())->{status}, 201, '... and a record is stored');
}


ready('Redis is up');

is(health($_)->{status}, 200, "$_ is answered as well") foreach "$v1/", "$v2/",
    "$v1?x=y", "$v1/?";
is(health('/ready')->{body}, '{"status":true,"connected":true}',
    'a location of its own needs no secops_auth');
is(health($v1, { 'X-SecOps-User' => 'x', 'X-SecOps-Roles' => 'none' })
    ->{status}, 200, 'identity and role do not matter');
is(health($v1, { 'X-Arcanna-Api-Key' => 'unknown' })->{status}, 200,
    'neither does a key');

my $r = $t->request('HEAD', $v1);
is($r->{status}, 200, 'HEAD is answered');
is($r->{body}, '', '... without a body');
is_refused_v1($t->request('POST', $v1, {}, '{}'), 405, 'Method not supported',
    'POST is not');
is_refused(health('/api/v3/health'), 404,
    'Requested URI does not represent any resource', 'there is no v3');
is_refused($t->request('GET', '/api/now/table/sn_ti_lookup_result/x'), 401,
    'User is not authenticated', 'other paths ask for an identity');

$redis->cmd('FLUSHALL');
health($v1);
is_deeply([keys_like($redis)], ['secops:{health}'],
    'the probe writes a key of its own');
cmp_ok($redis->cmd('TTL', 'secops:{health}'), '>', 0, '... that expires');
cmp_ok($redis->cmd('TTL', 'secops:{health}'), '<=', 60, '... soon');


$redis->cmd(qw(CONFIG SET maxmemory 1));
not_ready('out of memory');
ok($t->wait_log('not ready: OOM'), '... and the log says so');
$redis->cmd(qw(CONFIG SET maxmemory 0));
ready_again('memory was added');

$redis->cmd(qw(REPLICAOF 127.0.0.1 1));
not_ready('a read-only replica');
$redis->cmd(qw(REPLICAOF NO ONE));
ready_again('the replica was promoted');

$redis->cmd(qw(ACL SETUSER default -set));
not_ready('a user that may not write');
$redis->cmd(qw(ACL SETUSER default +set));
ready_again('the user was given the right');

$redis->cmd(qw(CONFIG SET min-replicas-to-write 1));
not_ready('fewer replicas than Redis wants');
$redis->cmd(qw(CONFIG SET min-replicas-to-write 0));
ready_again('Redis wants no replica');

$redis->stop();
not_ready('Redis was stopped');
$redis->start();
ready_again('Redis was started');

$redis->kill9();
not_ready('Redis was killed');
$redis->start();
ready_again('Redis was started after that');

$redis->pause();
my $passed = stopwatch();
$r = $t->request('GET', $v1);
is($r && $r->{status}, 503, 'Redis hangs: not ready');
cmp_ok($passed->(), '<', 8, '... and told so in time');
$redis->resume();
ready_again('Redis woke up');
ready('at last');

$t->done();
