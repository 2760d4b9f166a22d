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
my $hertz = POSIX::sysconf(&POSIX::_SC_CLK_TCK);


sub cpu { # seconds, of the worker
    my @stat = split ' ', $t->read("/proc/$worker/stat") =~ s/^.*\) //r;
    return ($stat[11] + $stat[12]) / $hertz;
}


sub logged {
    my ($pattern) = @_;
    return scalar(() = $t->error_log() =~ /$pattern/g);
}


sub is_down {
    my ($r, $name) = @_;
    is_refused($r, 503, 'Unable to persist record', "$name: not stored");
    is($r->{headers}{'retry-after'}, 1, '... come again in a second');
}


# back within a second of the moment when Redis answers

sub is_back {
    my ($from, $name) = @_;
    ok(wait_for(sub { post($t, records())->{status} == 201 }),
        "$name: a record is stored again");
    cmp_ok(time() - $from, '<', 1, '... within a second of Redis');
}


# never there

my $url = quotemeta $redis->url();
my $tried = qr/secops redis "$url": not available/;

ok($t->wait_log("\\[error\\].*$tried: connect failed"), 'Redis is not there');
ok(wait_for(sub { logged($tried) > 5 }), 'it is tried again and again');

my ($tries, $cpu, $from) = (logged($tried), cpu(), time());
sleep 2;
my $seconds = time() - $from;
$tries = logged($tried) - $tries;
$cpu = cpu() - $cpu;

cmp_ok($tries, '<=', $seconds * 4 + 2, "a few times in a second ($tries)");
cmp_ok($tries, '>=', $seconds, '... but at least once');
cmp_ok($cpu, '<', 0.2, "... which costs nothing ($cpu s)");
is(logged(qr/\[error\].*$tried/), 1, 'the log has one error for all of them');

$from = time();
is_down(post($t, records()), 'no Redis') foreach 1 .. 20;
cmp_ok((time() - $from) / 20, '<', 0.1, '... at once');
cmp_ok(logged($tried), '<', 40, 'requests do not make it try more often');

$redis->start();
is_back(time(), 'Redis was started');
ok($t->wait_log("\\[notice\\].*\"$url\": ready"), '... so says the log');


# gone and back, as often as it likes

foreach my $how ('stop', 'kill9') {
    $redis->$how();
    ok(wait_for(sub { post($t, records())->{status} == 503 }),
        "$how: requests learn it");
    is_down(post($t, records()), $how);

    $redis->start();
    is_back(time(), $how);
}


# a connection that an admin closes, or Redis after a while, is no failure

my $failures = logged($tried);
$redis->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok($t->wait_log("\\[notice\\].*\"$url\": connection lost: closed by Redis"),
    'a link that was closed while nothing waited is a notice');
is_back(time(), 'a link was closed');
is(logged($tried), $failures, '... at the first attempt');


# A Redis that takes connections and drops them, ready or not: the attempts
# are as few as with none at all.

foreach my $case (['at once', "ACCEPT\nCLOSE\n"],
                  ['when it is ready', "HANDSHAKE\nCLOSE\n"])
{
    my ($name, $steps) = @$case;

    $fake->play($steps x 200);
    ok(wait_for(sub { $fake->seen(qr/^accept/) > 6 }), "drops $name");

    ($tries, $cpu, $from) = ($fake->seen(qr/^accept/), cpu(), time());
    sleep 1.5;
    $seconds = time() - $from;
    $tries = $fake->seen(qr/^accept/) - $tries;
    $cpu = cpu() - $cpu;

    cmp_ok($tries, '<=', $seconds * 4 + 2, "... tried seldom ($tries)");
    cmp_ok($tries, '>=', $seconds, '... but tried');
    cmp_ok($cpu, '<', 0.2, "... which costs nothing ($cpu s)");

    my $r = post($t, records(), port => 1);
    like($r->{status}, qr/^50[03]$/, '... a request has its answer');

    $fake->stop();
    $fake->listen();
    $fake->play("HANDSHAKE\nAUTO");
    $from = time();
    ok(wait_for(sub { post($t, records(), port => 1)->{status} == 201 }),
        "$name, no more: a record is stored");
    cmp_ok(time() - $from, '<', 1, '... within a second');
    $fake->stop();
    $fake->listen();
}

is(($t->workers())[0], $worker, 'it is the same worker all the time');

$t->done();
