# nginx is reloaded while it works: a hundred times, under load.  Each time the
# old workers end with their links, no request fails, and nothing stays behind
# in the master, whose memory every worker begins with.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::Load;
use SecOps::Records;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();
my $fake = SecOps::Fake->new($t);
my $conf = conf(location => 'secops_redis_timeout 10s;', http => <<'EOT');
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_timeout 10s;
            secops_redis_connect_timeout 10s;
            secops_auth header;
        }
    }
EOT

$fake->play("HANDSHAKE\n");
$t->run($conf);

# with a sanitizer as many as fit into the time, and three at least

my $slow = $t->sanitized();
my $wanted = $slow ? 15 : 100;
my $limit = 12;


sub links { # that Redis has, without the test's own
    return -1 + grep { /\S/ } split /\n/, $redis->cmd('CLIENT', 'LIST');
}


sub files { # open in the master
    my @files = glob '/proc/' . $t->master() . '/fd/*';
    return scalar @files;
}


ok(wait_for(sub { links() == 2 }), 'each worker has its link');

my $fresh = SecOps::Load->new($t, clients => 2, fresh => 1, reads => 1,
    ids => 1, pause => 0.002);
my $kept = SecOps::Load->new($t, clients => 1, reads => 1, pause => 0.002);
ok(wait_for(sub { $fresh->sent() > 50 }), 'requests flow');

my ($reloads, $stuck, $master, $files) = (0, 0);
my %pids;
my $from = time();

while ($reloads < $wanted
    && (!$slow || $reloads < 3 || time() < $from + $limit)) {
    $pids{$_}++ foreach $t->workers();
    $t->reload() or $stuck++;
    $reloads++;

    # its heap takes some dozens of reloads to find its size
    if ($reloads == 50) {
        ($master, $files) = ($t->rss($t->master()), files());
    }
}

my $grown = $t->rss($t->master()) - ($master // $t->rss($t->master()));
my $seconds = sprintf '%.1f', time() - $from;
my $seen = $fresh->finish()->end();
my $kept_seen = $kept->finish()->end();

diag("$reloads reloads in $seconds s, "
    . "$seen->{requests} + $kept_seen->{requests} requests, "
    . "the master grew by $grown kB");

cmp_ok($reloads, '>=', $slow ? 3 : $wanted, 'nginx was reloaded many times');
is($stuck, 0, 'each time all old workers ended');
cmp_ok(scalar keys %pids, '>=', 2 * ($reloads - 1), '... and new ones began');

is($seen->{failed} + $kept_seen->{failed}, 0, 'the clients ran to their end');
cmp_ok($seen->{requests}, '>', 2 * $reloads, 'requests came all the time');
is($seen->{lost}, 0, 'no request was lost');
is($kept_seen->{lost}, 0, '... on connections that are kept neither');
is(join(' ', sort grep { /^\d/ && $seen->{$_} } keys %$seen), '200 201',
    'every answer was a success');
is(join(' ', sort grep { /^\d/ && $kept_seen->{$_} } keys %$kept_seen),
    '200 201', '... on connections that are kept as well');
is($seen->{mixed} + $kept_seen->{mixed}, 0, '... and the right one');

my $missing = 0;
foreach my $id (@{$seen->{ids}}) {
    my $key = 'secops:{global:' . shard_of($id)
        . "}:rec:sn_ti_lookup_result:$id";
    $missing++ unless $redis->cmd('EXISTS', $key);
}
is($missing, 0, 'every record that was answered 201 is in Redis');

ok(wait_for(sub { links() == 2 }), 'Redis has the links of the new workers')
    or diag(links());

SKIP: {
    skip 'too few reloads to tell', 2 if $reloads < 100;
    cmp_ok($grown, '<', 512, 'the master did not grow');
    is(files(), $files, '... and opened no more files');
}


# a command under way: its worker stays for it, and the others serve

my @old = $t->workers();
$fake->stop();
$fake->listen();
my $mark = $fake->play("HANDSHAKE");
ok($fake->wait($mark), 'a link begins');
SKIP: {
    # either worker may get the request, each has a link
    $mark = $fake->play("EXPECT 6");
    my $request = start($t, 'POST', path(), records(), port => 1);
    if (!$fake->wait($mark, 1)) {
        $request->close();
        skip 'the other worker had it', 5;
    }

    ok($t->reload(undef, keep_old => 1), 'a reload while a record is stored');
    is_stored(post($t, records()), '... others are served by new workers');
    ok(wait_for(sub { 3 == $t->workers() }), '... one old worker stays');
    $fake->play("SEND $stored\nWAITCLOSE");
    is_stored($request->answer('POST'), '... and gives the answer');
    $request->close();                  # or nginx may linger for it
    ok(wait_for(sub { 2 == $t->workers() }), '... and ends then');
}


# a configuration that is wrong changes nothing

@old = $t->workers();
my $wrong = $conf;
$wrong =~ s/secops_auth header/secops_auth nothing/;
$t->allow(qr/\[emerg\].*unknown method "nothing"/);
$t->conf($wrong);
kill 'HUP', $t->master();
ok($t->wait_log('unknown method "nothing"'),
    'a wrong configuration is refused');
is_deeply([$t->workers()], \@old, '... the workers are the same');
is_stored(post($t, records()), '... and serve');

$t->done();
