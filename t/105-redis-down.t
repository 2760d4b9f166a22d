# No Redis: requests are told so at once and may come again, nginx tries again
# a few times in a second, which costs nothing, says so once, and is back
# within a second of Redis.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $redis = $t->redis(tcp => 1, start => 0);
my $fake = SecOps::Fake->new($t);

$t->run(conf(http => <<'EOT'));
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_timeout 5s;
            secops_auth header;
        }
    }
EOT

my ($worker) = $t->workers();


sub is_down {
    my ($r, $name) = @_;
    is_refused($r, 503, 'Unable to persist record', "$name: not stored");
    is($r->{headers}{'retry-after'}, 1, '... come again in a second');
}


# back within a second of the moment when Redis answers

sub is_back {
    my ($passed, $name) = @_;
    ok(wait_for(sub { post($t, records())->{status} == 201 }),
        "$name: a record is stored again");
    cmp_ok($passed->(), '<', 1, '... within a second of Redis');
}


# Six more attempts, which this counts: a few in a second, and no fewer than
# one.

sub tries_seldom {
    my ($count, $name) = @_;
    my ($tries, $cpu) = ($count->(), $t->cpu($worker));
    my ($from, $passed) = (time(), stopwatch());

    ok(wait_for(sub { $count->() >= $tries + 6 }), "$name: it is tried again");

    my $seconds = time() - $from;
    $passed = $passed->();
    $tries = $count->() - $tries;
    $cpu = $t->cpu($worker) - $cpu;

    cmp_ok($tries, '<=', $seconds * 4 + 2, "... a few times in a second ($tries"
        . " in $seconds s)");
    cmp_ok($tries, '>=', $passed, '... but at least once');
    cmp_ok($cpu, '<', 0.2, "... which costs nothing ($cpu s)");
}


# never there

my $url = quotemeta $redis->url();
my $tried = qr/secops redis "$url": not available/;

ok($t->wait_log("\\[error\\].*$tried: connect failed"), 'Redis is not there');
ok(wait_for(sub { $t->logged(0, $tried) > 5 }), 'it is tried again and again');

tries_seldom(sub { $t->logged(0, $tried) }, 'no Redis');
is($t->logged(0, qr/\[error\].*$tried/), 1, 'the log has one error for all of them');

my ($tries, $from, $passed) = ($t->logged(0, $tried), time(), stopwatch());
is_down(post($t, records()), 'no Redis') foreach 1 .. 20;
cmp_ok($passed->() / 20, '<', 0.1, '... at once');
cmp_ok($t->logged(0, $tried) - $tries, '<=', 4 * (time() - $from) + 2,
    'requests do not make it try more often');

$redis->start();
is_back(stopwatch(), 'Redis was started');
ok($t->wait_log("\\[notice\\].*\"$url\": ready"), '... so says the log');


# gone and back, as often as it likes

foreach my $how ('stop', 'kill9') {
    $redis->$how();
    ok(wait_for(sub { post($t, records())->{status} == 503 }),
        "$how: requests learn it");
    is_down(post($t, records()), $how);

    $redis->start();
    is_back(stopwatch(), $how);
}


# a connection that an admin closes, or Redis after a while, is no failure

my $failures = $t->logged(0, $tried);
$redis->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok($t->wait_log("\\[notice\\].*\"$url\": connection lost: closed by Redis"),
    'a link that was closed while nothing waited is a notice');
is_back(stopwatch(), 'a link was closed');
is($t->logged(0, $tried), $failures, '... at the first attempt');


# A Redis that takes connections and drops them, ready or not: the attempts
# are as few as with none at all.

foreach my $case (['at once', "ACCEPT\nCLOSE\n"],
                  ['when it is ready', "HANDSHAKE\nCLOSE\n"])
{
    my ($name, $steps) = @$case;

    my $before = $fake->seen(qr/^accept/);
    $fake->play($steps x 200);
    ok(wait_for(sub { $fake->seen(qr/^accept/) > $before + 6 }), "drops $name");

    tries_seldom(sub { $fake->seen(qr/^accept/) }, "drops $name");

    my $r = post($t, records(), port => 1);
    like($r->{status}, qr/^50[03]$/, '... a request has its answer');

    $fake->stop();
    $fake->listen();
    $fake->play("HANDSHAKE\nAUTO");
    my $passed = stopwatch();
    ok(wait_for(sub { post($t, records(), port => 1)->{status} == 201 }),
        "$name, no more: a record is stored");
    cmp_ok($passed->(), '<', 1, '... within a second');
    $fake->stop();
    $fake->listen();
}

is(($t->workers())[0], $worker, 'it is the same worker all the time');

$t->done();
